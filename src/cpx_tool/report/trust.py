"""CA certificates, chains and revocation, for a person and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cpx_tool.catalogue.pkis import PKIS
from cpx_tool.errors import ExitCode
from cpx_tool.model.fetch import is_web
from cpx_tool.model.identity import Pki
from cpx_tool.model.message import Message, msg
from cpx_tool.model.trust import (
    Anchor,
    AnchorOrigin,
    Authority,
    ChainOutcome,
    ChainResult,
    Imported,
    ImportStatus,
    MissingIssuer,
    Revocation,
    RevocationOutcome,
    RevocationSource,
    StoredAuthority,
    StoredCrl,
    StoreListing,
    WeakLink,
    Weakness,
)
from cpx_tool.pki.canonical import label_of, whole
from cpx_tool.report.canvas import Canvas, Paper
from cpx_tool.report.json import SCHEMA_VERSION, moment, to_text
from cpx_tool.report.words import Say, day, filled, printable

CHAINS = {
    ChainOutcome.VERIFIED: msg("verified"),
    ChainOutcome.ISSUER_NOT_AT_HAND: msg("not verified"),
    ChainOutcome.NOT_TRUSTED: msg("NOT TRUSTED"),
    ChainOutcome.WRONG_PKI: msg("WRONG PKI"),
    ChainOutcome.BROKEN: msg("BROKEN"),
}
STATUSES = {
    ImportStatus.KNOWN: msg("imported"),
    ImportStatus.ISSUED_BY_ANCHOR: msg("imported"),
    ImportStatus.ACCEPTED: msg("ACCEPTED"),
    ImportStatus.CRL: msg("imported"),
    ImportStatus.DUPLICATE: msg("unchanged"),
    ImportStatus.NOT_A_CA: msg("left out"),
    ImportStatus.UNKNOWN: msg("REFUSED"),
    ImportStatus.OTHER_FINGERPRINT: msg("REFUSED"),
    ImportStatus.CRL_REFUSED: msg("REFUSED"),
    ImportStatus.UNREADABLE: msg("UNREADABLE"),
}
GROUPS = (
    (msg("Imported"), (ImportStatus.KNOWN, ImportStatus.ISSUED_BY_ANCHOR, ImportStatus.CRL)),
    (msg("ACCEPTED because you said so"), (ImportStatus.ACCEPTED,)),
    (msg("Already in the store"), (ImportStatus.DUPLICATE,)),
    (msg("Left out, not the certificate of a CA"), (ImportStatus.NOT_A_CA,)),
    (
        msg("REFUSED"),
        (ImportStatus.UNKNOWN, ImportStatus.OTHER_FINGERPRINT, ImportStatus.CRL_REFUSED),
    ),
    (msg("UNREADABLE"), (ImportStatus.UNREADABLE,)),
)
"""What became of imported files, in the order of a report. The last two want attention."""
_WANT_ATTENTION = [statuses for _, statuses in GROUPS[-2:]]


def chain_lines(chain: ChainResult, revocation: Revocation, say: Say) -> list[tuple[Message, str]]:
    """Named lines for one certificate: chain, addresses, weaknesses, revocation."""
    lines = [(msg("Chain"), told(CHAINS[chain.outcome], chain.reason, say))]
    if chain.outcome is ChainOutcome.VERIFIED:
        path = " ← ".join(label_of(c.subject) for c in reversed(chain.path))
        lines.append((msg("Chain, from the top"), path))
    if chain.anchor is not None and chain.anchor.pki is not None:
        lines.append((msg("Trusted as"), say(PKIS[chain.anchor.pki])))
    if chain.missing is not None and chain.missing.addresses:
        lines.append((msg("Get it from"), _web(chain.missing.addresses)))
    lines += [(msg("Weak"), _weak(weak, chain, say)) for weak in chain.weak]
    if chain.outcome is ChainOutcome.VERIFIED and len(chain.path) > 1:
        lines.append((msg("Revocation"), _revocation(revocation, say)))
        lines += [(msg("Not counted"), say(other)) for other in revocation.others]
        if revocation.addresses:
            lines.append((msg("CRL published at"), _web(revocation.addresses)))
    return lines


def chain_body(chain: ChainResult, say: Say) -> dict[str, Any]:
    """A chain as JSON."""
    return {
        "outcome": chain.outcome.value,
        "message": say(chain.reason),
        "flaw": chain.flaw.value if chain.flaw else None,
        "path": [
            {"sha256": c.sha256, "subject": whole(c.subject), "not_after": moment(c.not_after)}
            for c in chain.path
        ],
        "anchor": _anchor(chain.anchor),
        "missing_issuer": _missing(chain.missing),
        "weak": [
            {"weakness": w.weakness.value, "sha256": w.sha256, "detail": w.detail}
            for w in chain.weak
        ],
    }


def revocation_body(revocation: Revocation, say: Say) -> dict[str, Any]:
    """A revocation answer as JSON."""
    return {
        "outcome": revocation.outcome.value,
        "message": say(revocation.reason),
        "revoked_at": moment(revocation.revoked_at),
        "cause": revocation.cause,
        "authority": revocation.authority,
        "source": revocation.source.value if revocation.source else None,
        "crl": _dates(revocation, RevocationSource.CRL),
        "ocsp": _dates(revocation, RevocationSource.OCSP),
        "not_counted": [say(other) for other in revocation.others],
        "addresses": list(revocation.addresses),
    }


def _dates(revocation: Revocation, source: RevocationSource) -> dict[str, Any] | None:
    if revocation.source is not source:
        return None
    return {
        "this_update": moment(revocation.this_update),
        "next_update": moment(revocation.next_update),
    }


def render_import(done: Sequence[Imported], say: Say, paper: Paper) -> str:
    """What was imported and what was not: a line for each, and more for what was refused."""
    canvas = Canvas(paper)
    for head, statuses in GROUPS:
        items = [item for item in done if item.status in statuses]
        if not items:
            continue
        counted = say(msg("{head}: {count}", head=head, count=len(items)))
        if statuses in _WANT_ATTENTION:
            canvas.line(counted, "bold red")
            _refused_lines(items, say, canvas)
        else:
            canvas.line(counted, "bold")
            for item in items:
                canvas.line(_import_line(item, say), indent=2)
    return canvas.text()


def _import_line(item: Imported, say: Say) -> str:
    if item.status is ImportStatus.CRL:
        return say(item.reason)
    if item.status is ImportStatus.NOT_A_CA:
        return item.file
    return label_of(item.name) or item.file


def _refused_lines(items: Sequence[Imported], say: Say, canvas: Canvas) -> None:
    """Each reason with all that were refused for it; after those of one remedy, the remedy."""
    remedies: dict[str, dict[str, list[Imported]]] = {}
    for item in items:
        hint = say(item.hint) if item.hint is not None else ""
        remedies.setdefault(hint, {}).setdefault(say(item.reason), []).append(item)
    for hint, reasons in remedies.items():
        for reason, refused in reasons.items():
            canvas.line(reason, indent=2)
            for item in refused:
                canvas.line(_refused_name(item, say), indent=4)
                if item.sha256 is not None:
                    canvas.line(f"SHA-256 {item.sha256.upper()}", "dim", indent=6)
        if hint:
            canvas.line(f"→ {hint}", indent=2)


def _refused_name(item: Imported, say: Say) -> str:
    if not item.name:
        return item.file
    return say(msg("{name} ({state})", name=label_of(item.name), state=item.file))


def render_import_json(done: Sequence[Imported], code: ExitCode, say: Say) -> str:
    """One JSON object."""
    entries = [imported_body(item, say) for item in done]
    return to_text({"schema_version": SCHEMA_VERSION, "exit_code": int(code), "imported": entries})


def imported_body(item: Imported, say: Say) -> dict[str, Any]:
    """What became of a certificate or CRL, as JSON."""
    return {
        "file": item.file,
        "status": item.status.value,
        "imported": item.status.imported,
        "refused": item.status.refused,
        "code": item.code,
        "subject": whole(item.name) or None,
        "sha256": item.sha256,
        "reason": say(item.reason),
        "hint": say(item.hint) if item.hint else None,
    }


def render_list(listing: StoreListing, say: Say, paper: Paper) -> str:
    """The store: CAs, CRLs, what does not belong."""
    canvas = Canvas(paper)
    canvas.line(say(msg("Store: {directory}", directory=listing.directory)))
    if listing.authorities:
        heads = (msg("CA"), msg("Believed"), msg("PKI"), msg("Expires"))
        canvas.columns(
            [say(head) for head in heads],
            [_row(item, say) for item in listing.authorities],
            [_acceptance(item) for item in listing.authorities],
        )
    else:
        canvas.line(
            say(
                msg(
                    "It holds no CA certificate. `cpx-tool trust where` says where to get them, "
                    "`cpx-tool trust import FILE` brings them in."
                )
            )
        )
    for crl in listing.crls:
        canvas.line(say(_crl_words(crl)))
    for problem in listing.problems:
        canvas.line(say(msg("Not used, not as it was written: {file}", file=problem)), "red")
    for place, count in listing.others:
        canvas.line(
            say(msg("Also looked at: {place} (certificates: {count})", place=place, count=count))
        )
    return canvas.text()


def render_list_json(listing: StoreListing) -> str:
    """One JSON object."""
    body = {
        "schema_version": SCHEMA_VERSION,
        "directory": listing.directory,
        "authorities": [
            {
                "subject": whole(item.certificate.subject),
                "sha256": item.certificate.sha256,
                "not_before": moment(item.certificate.not_before),
                "not_after": moment(item.certificate.not_after),
                "anchor": _anchor(item.anchor),
                "acceptance": item.acceptance,
            }
            for item in listing.authorities
        ],
        "crls": [
            {
                "issuer": whole(crl.issuer),
                "this_update": moment(crl.this_update),
                "next_update": moment(crl.next_update),
            }
            for crl in listing.crls
        ],
        "problems": list(listing.problems),
        "others": [{"place": place, "certificates": count} for place, count in listing.others],
    }
    return to_text(body)


def render_where(
    known: Sequence[Authority],
    bundles: Sequence[tuple[Pki, str]],
    listing: StoreListing,
    say: Say,
) -> str:
    """Addresses of all CAs, with what is known of them and whether they are at hand.

    One address on one line, whatever the width: they are for copying.
    """
    stored = {item.certificate.sha256 for item in listing.authorities}
    lines = [
        say(msg("Download with a browser, then: cpx-tool trust import FILE…")),
        say(msg("Or let cpx-tool trust fetch do both.")),
        say(msg("Store: {directory}", directory=printable(listing.directory))),
    ]
    together = {Pki.IGC_SANTE_TEST: msg("All at once: for test cards, this file is enough")}
    for pki, bundle in bundles:
        head = say(together.get(pki, msg("All at once")))
        lines += ["", say(PKIS[pki]), f"  {head}", f"    {bundle}"]
        for authority in known:
            if authority.pki is pki:
                lines += _where(authority, authority.sha256 in stored, say)
    if any(authority.sha256 is None for authority in known):
        lines += ["", filled(say(_NO_FINGERPRINT), Paper().width)]
    return "\n".join(lines) + "\n"


_NO_FINGERPRINT = msg(
    "Fingerprint not known: nobody has shown this certificate to the makers of cpx-tool yet. "
    "trust import takes it where a CA that is known signed it; otherwise compare its fingerprint "
    "with one from another source, and add --accept-unknown."
)


def render_where_json(
    known: Sequence[Authority], bundles: Sequence[tuple[Pki, str]], listing: StoreListing
) -> str:
    """One JSON object."""
    stored = {item.certificate.sha256 for item in listing.authorities}
    body = {
        "schema_version": SCHEMA_VERSION,
        "directory": listing.directory,
        "bundles": [{"pki": pki.value, "url": url} for pki, url in bundles],
        "authorities": [
            {
                "code": authority.code,
                "pki": authority.pki.value,
                "name": whole(authority.name),
                "parent": authority.parent,
                "url": authority.url,
                "sha256": authority.sha256,
                "key_id": authority.key_id,
                "in_store": authority.sha256 in stored,
            }
            for authority in known
        ],
    }
    return to_text(body)


def _where(authority: Authority, stored: bool, say: Say) -> list[str]:
    state = msg("in the store") if stored else msg("not in the store")
    fingerprint = say(msg("Fingerprint not known to this version: see the end."))
    if authority.sha256 is not None:
        fingerprint = f"SHA-256 {authority.sha256.upper()}"
    head = f"  {authority.code}: {label_of(authority.name)} ({say(state)})"
    return [
        filled(head, Paper().width, "      "),
        f"    {authority.url}",
        f"    {fingerprint}",
    ]


def told(head: Message, reason: Message, say: Say) -> str:
    """A word and the sentence behind it."""
    return say(msg("{head}. {reason}", head=head, reason=reason))


def _revocation(revocation: Revocation, say: Say) -> str:
    if revocation.outcome in (RevocationOutcome.REVOKED, RevocationOutcome.GOOD):
        return say(revocation.reason)
    return told(msg("not known"), revocation.reason, say)


def _weak(weak: WeakLink, chain: ChainResult, say: Say) -> str:
    name = next(label_of(c.subject) for c in chain.path if c.sha256 == weak.sha256)
    return say(msg("{name}: {value}", name=name, value=weakness(weak)))


def weakness(weak: WeakLink) -> Message:
    """What is weak about a link of a chain."""
    if weak.weakness is Weakness.SHORT_KEY:
        return msg("short key ({detail})", detail=weak.detail)
    return msg("signature over {detail}", detail=weak.detail)


def _web(addresses: Sequence[str]) -> str:
    """The addresses that a browser opens, else all."""
    web = [a for a in addresses if is_web(a)]
    return ", ".join(web or addresses)


def _row(item: StoredAuthority, say: Say) -> list[tuple[str, str]]:
    certificate, anchor = item.certificate, item.anchor
    believed, style = msg("as issued by another CA"), ""
    if anchor is not None and anchor.origin is AnchorOrigin.KNOWN:
        believed = msg("known")
    elif anchor is not None:
        believed, style = msg("ACCEPTED by you"), "yellow"
    pki = say(PKIS[anchor.pki]) if anchor and anchor.pki else "—"
    name = label_of(certificate.subject)
    return [(name, ""), (say(believed), style), (pki, ""), (day(certificate.not_after), "")]


def _acceptance(item: StoredAuthority) -> tuple[str, ...]:
    """What an accepted CA is compared by, and the file to delete to take that back."""
    if item.anchor is None or item.anchor.origin is not AnchorOrigin.ACCEPTED:
        return ()
    return f"SHA-256 {item.certificate.sha256.upper()}", item.acceptance or ""


def _crl_words(crl: StoredCrl) -> Message:
    name, made = label_of(crl.issuer), day(crl.this_update)
    if crl.next_update is None:
        return msg("CRL of {name}, made on {date}", name=name, date=made)
    due = day(crl.next_update)
    return msg("CRL of {name}, made on {date}, good until {due}", name=name, date=made, due=due)


def _anchor(anchor: Anchor | None) -> dict[str, Any] | None:
    if anchor is None:
        return None
    return {
        "sha256": anchor.sha256,
        "origin": anchor.origin.value,
        "code": anchor.code,
        "pki": anchor.pki.value if anchor.pki else None,
    }


def _missing(missing: MissingIssuer | None) -> dict[str, Any] | None:
    if missing is None:
        return None
    return {
        "name": whole(missing.name),
        "key_id": missing.key_id,
        "code": missing.code,
        "addresses": list(missing.addresses),
    }
