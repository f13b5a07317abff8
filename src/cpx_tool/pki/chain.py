"""Follows a certificate's chain of issuers up to an anchor, offline (RFC 5280, 6.1).

- An issuer is found by its full name and, where both certificates state it, the key identifier;
  never by CN alone: a second PKI has CAs of the same CN. Its signature decides.
- Every issuer must be a CA (basic constraints, keyCertSign, path length) and valid at the moment
  asked for. Whether the certificate itself has expired is another question, asked elsewhere.
- An anchor is believed for its SHA-256 fingerprint, so its own signature proves nothing more and
  is not looked at. Nothing else is believed, wherever it was found.
- All alternatives are tried (cross-signed CAs, renewed ones), within bounds: what a file holds
  must not decide how long this takes.
- A critical extension that is not processed here ends the chain, and so do name constraints,
  critical or not, which no CA of the IGC-Santé carries.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cpx_tool.model.certificate import Certificate
from cpx_tool.model.identity import Pki
from cpx_tool.model.message import Message, msg
from cpx_tool.model.trust import (
    Anchor,
    AnchorOrigin,
    Anchors,
    Authority,
    ChainOutcome,
    ChainResult,
    Flaw,
    MissingIssuer,
    WeakLink,
    Weakness,
)
from cpx_tool.pki.canonical import canonical, label_of
from cpx_tool.pki.certificate import BadCertificate
from cpx_tool.pki.identity import issuing_pki
from cpx_tool.pki.link import KEY_USAGE, NAME_CONSTRAINTS, Link, Pool, read_link
from cpx_tool.pki.signed import Answer, verify

MAX_PATH = 8
"""Certificates in a chain. Those of the IGC-Santé have three."""

MAX_SIGNATURES = 64
"""Signatures verified for one certificate, over all alternatives."""

_PROCESSED = frozenset(
    {
        "2.5.29.14",  # subject key identifier
        "2.5.29.15",  # key usage
        "2.5.29.17",  # subject alternative name: asked by nobody here
        "2.5.29.19",  # basic constraints
        "2.5.29.31",  # CRL distribution points
        "2.5.29.32",  # certificate policies: any is acceptable
        "2.5.29.35",  # authority key identifier
        "2.5.29.37",  # extended key usage: no purpose is asked
    }
)
_MIN_BITS = {"RSA": 2048, "EC": 224}
_RANKS = {
    ChainOutcome.VERIFIED: 3,
    ChainOutcome.ISSUER_NOT_AT_HAND: 2,
    ChainOutcome.NOT_TRUSTED: 1,
    ChainOutcome.BROKEN: 0,
}
_TRUST = {AnchorOrigin.KNOWN: 3, AnchorOrigin.EMULATED: 2, AnchorOrigin.ACCEPTED: 1}


def judge_chain(certificate: bytes, pool: Pool, anchors: Anchors, at: datetime) -> ChainResult:
    """Follow the chain of a certificate (DER) through `pool`, as of `at` (aware). Never raises.

    `pool` holds possible issuers, the anchors' certificates among them; `anchors` says which of
    them are believed, and what the catalogue knows of those that are missing.
    """
    try:
        link = read_link(certificate)
    except BadCertificate as error:
        return ChainResult(ChainOutcome.BROKEN, error.reason, flaw=Flaw.DAMAGED)
    return judge_link(link, pool, anchors, at)


def judge_link(link: Link, pool: Pool, anchors: Anchors, at: datetime) -> ChainResult:
    """`judge_chain` of a certificate that is read already."""
    flaw = unusable(link)
    if flaw is not None:
        return _broken((link,), *flaw)
    result = _Search(pool, anchors, at).climb((link,))
    if result.outcome in (ChainOutcome.ISSUER_NOT_AT_HAND, ChainOutcome.NOT_TRUSTED):
        return _other_pki(result, anchors) or result
    return result


@dataclass(slots=True)
class _Search:
    """One search, depth first; `spent` counts the signatures verified."""

    pool: Pool
    anchors: Anchors
    at: datetime
    spent: int = 0

    def climb(self, path: tuple[Link, ...]) -> ChainResult:
        """The best that can be said of a path whose signatures hold."""
        end = path[-1]
        anchor = self.anchors.of(end.certificate.sha256)
        if end.self_issued and (anchor or _signs(end, end) is Answer.HOLDS):
            return _verified(path, anchor) if anchor else _not_trusted(path, self.anchors)
        best = max(self._further(path), key=_rank)
        here = _verified(path, anchor) if anchor else best
        return here if _trust(here) > _trust(best) else best

    def _further(self, path: tuple[Link, ...]) -> Iterator[ChainResult]:
        """A result for each possible issuer, up to a known anchor; at least one."""
        candidates = self._candidates(path)
        if isinstance(candidates, ChainResult):
            yield candidates
            return
        for candidate in candidates:
            result = self._try(path, candidate)
            yield result
            if result.anchor and result.anchor.origin is AnchorOrigin.KNOWN:
                return
            if result.flaw is Flaw.TOO_MANY:
                return

    def _candidates(self, path: tuple[Link, ...]) -> Sequence[Link] | ChainResult:
        end = path[-1]
        if not end.issuer:
            return _broken(path, Flaw.DAMAGED, msg("The issuer's name cannot be read."))
        alike = self.pool.named(end.issuer)
        named = [link for link in alike if end.may_be_issued_by(link)]
        fresh = [link for link in named if not _stands_in(path, link)]
        if not fresh:
            return self._no_candidate(path, alike=bool(alike), loop=bool(named))
        if len(path) >= MAX_PATH:
            reason = msg("The chain is longer than {limit} certificates.", limit=MAX_PATH)
            return _broken(path, Flaw.TOO_LONG, reason)
        return sorted(fresh, key=self._preference)

    def _no_candidate(self, path: tuple[Link, ...], *, alike: bool, loop: bool) -> ChainResult:
        end = path[-1]
        if end.may_be_issued_by(end):
            flaw = _not_signed(end, end)
            if flaw is not None:
                return _broken(path, *flaw)
        if loop:
            return _broken(path, Flaw.LOOP, msg("The issuers issue each other, without an end."))
        return _not_at_hand(path, self.anchors, other_key=alike)

    def _preference(self, link: Link) -> tuple[int, bool, str]:
        anchor = self.anchors.of(link.certificate.sha256)
        trust = _TRUST[anchor.origin] if anchor else 0
        return -trust, _out_of_date(link, self.at) is not None, link.certificate.sha256

    def _try(self, path: tuple[Link, ...], candidate: Link) -> ChainResult:
        if self.spent == MAX_SIGNATURES:
            reason = msg(
                "There are too many possible issuers: {limit} signatures were tried.",
                limit=MAX_SIGNATURES,
            )
            return _broken(path, Flaw.TOO_MANY, reason)
        self.spent += 1
        flaw = _not_signed(path[-1], candidate)
        if flaw is not None:
            return _broken(path, *flaw)
        longer = (*path, candidate)
        flaw = unusable(candidate) or _no_issuer(longer) or _out_of_date(candidate, self.at)
        return _broken(longer, *flaw) if flaw is not None else self.climb(longer)


def _rank(result: ChainResult) -> tuple[int, int, bool, int]:
    """What is missing, or was not tried, hides what is broken: the chain may still be whole."""
    untried = result.flaw is Flaw.TOO_MANY
    return _RANKS[result.outcome], _trust(result), untried, len(result.path)


def _trust(result: ChainResult) -> int:
    """A known anchor before an accepted one, before none."""
    return _TRUST[result.anchor.origin] if result.anchor else 0


def _signs(issuer: Link, subject: Link) -> Answer:
    return verify(subject.signed, issuer.certificate.public_key)


def _not_signed(subject: Link, candidate: Link) -> tuple[Flaw, Message] | None:
    answer = _signs(candidate, subject)
    names = {"subject": _name(subject), "issuer": _name(candidate)}
    if answer is Answer.FAILS:
        return Flaw.SIGNATURE, msg(
            "The signature on {subject} is not that of {issuer}, the issuer it names.", **names
        )
    if answer is Answer.UNSUPPORTED:
        return Flaw.ALGORITHM, msg(
            "The signature on {subject} cannot be verified with the key of {issuer}: "
            "{algorithm} is not supported.",
            algorithm=subject.certificate.signature_algorithm,
            **names,
        )
    return None


def unusable(link: Link) -> tuple[Flaw, Message] | None:
    """Why nothing can rest on a certificate, whoever issued it."""
    if link.damaged:
        return Flaw.DAMAGED, msg(
            "{name} cannot be read where it decides ({parts}).",
            name=_name(link),
            parts=link.damaged,
        )
    if NAME_CONSTRAINTS in link.present:
        return Flaw.CRITICAL_EXTENSION, msg(
            "{name} may issue for some names only (name constraints): this is not processed here.",
            name=_name(link),
        )
    unknown = sorted(link.critical - _PROCESSED)
    if unknown:
        return Flaw.CRITICAL_EXTENSION, msg(
            "{name} carries a critical extension that is not processed here ({oids}).",
            name=_name(link),
            oids=tuple(unknown),
        )
    return None


def _no_issuer(path: tuple[Link, ...]) -> tuple[Flaw, Message] | None:
    """Why the last certificate of a path may not issue the one before."""
    issuer = path[-1]
    name = _name(issuer)
    if not issuer.certificate.is_ca:
        return Flaw.NOT_A_CA, msg("{name} is not a CA, so it cannot issue.", name=name)
    if KEY_USAGE in issuer.present and "keyCertSign" not in issuer.certificate.key_usage:
        return Flaw.KEY_USAGE, msg("{name} may not sign certificates (key usage).", name=name)
    below = sum(not link.self_issued for link in path[1:-1])
    if issuer.path_length is not None and below > issuer.path_length:
        return Flaw.PATH_LENGTH, msg(
            "{name} allows {allowed} CAs below itself, but there are {found}.",
            name=name,
            allowed=issuer.path_length,
            found=below,
        )
    return None


def _out_of_date(issuer: Link, at: datetime) -> tuple[Flaw, Message] | None:
    start, end = issuer.certificate.not_before, issuer.certificate.not_after
    name = _name(issuer)
    if start is None or end is None:
        return Flaw.DAMAGED, msg("The validity dates of {name} cannot be read.", name=name)
    if at < start:
        return Flaw.NOT_YET_VALID, msg(
            "{name} is not valid before {start}.", name=name, start=start
        )
    if at > end:
        return Flaw.EXPIRED, msg("{name} expired on {end}.", name=name, end=end)
    return None


def _stands_in(path: tuple[Link, ...], candidate: Link) -> bool:
    """The same CA: name and key (a CA that is certified twice is one CA)."""
    key = candidate.certificate.public_key
    return any(
        link.subject == candidate.subject and link.certificate.public_key == key for link in path
    )


def _verified(path: tuple[Link, ...], anchor: Anchor) -> ChainResult:
    name = _name(path[-1])
    reason = {
        AnchorOrigin.KNOWN: msg("Every signature holds, up to {name}, a known CA.", name=name),
        AnchorOrigin.EMULATED: msg(
            "Every signature holds, up to {name}, which the emulation made.", name=name
        ),
        AnchorOrigin.ACCEPTED: msg(
            "Every signature holds, up to {name}, which is not a known CA: you accepted it.",
            name=name,
        ),
    }[anchor.origin]
    return _result(ChainOutcome.VERIFIED, reason, path, anchor=anchor)


def _not_trusted(path: tuple[Link, ...], anchors: Anchors) -> ChainResult:
    """One that has the name of a CA in the catalogue may be that CA, unless the catalogue knows
    the fingerprint: then it is an impostor (`_other_pki`).
    """
    end = path[-1]
    claimed = next((known for known in anchors.known if canonical(known.name) == end.subject), None)
    if claimed is not None and claimed.sha256 is None:
        reason = msg(
            "The chain ends at {name}. This version does not know the fingerprint of {code}, and "
            "you did not accept this certificate.",
            name=_name(end),
            code=claimed.code,
        )
        result = _result(ChainOutcome.NOT_TRUSTED, reason, path)
        return replace(result, unproven=claimed.code)
    reason = msg(
        "The chain ends at {name}, which is neither a known CA nor one you accepted.",
        name=_name(end),
    )
    return _result(ChainOutcome.NOT_TRUSTED, reason, path)


def _not_at_hand(path: tuple[Link, ...], anchors: Anchors, *, other_key: bool) -> ChainResult:
    certificate = path[-1].certificate
    known = _issuer_in_catalogue(certificate, anchors)
    published = (known.url,) if known else ()
    missing = MissingIssuer(
        name=certificate.issuer,
        key_id=certificate.authority_key_id,
        code=known.code if known else None,
        addresses=tuple(dict.fromkeys((*published, *certificate.issuer_urls))),
    )
    name = known.code if known else label_of(certificate.issuer)
    reason = (
        msg(
            "The issuer's certificate is not at hand: {name} (one with another key is).",
            name=name,
        )
        if other_key
        else msg("The issuer's certificate is not at hand: {name}.", name=name)
    )
    return _result(ChainOutcome.ISSUER_NOT_AT_HAND, reason, path, missing=missing)


def _broken(path: tuple[Link, ...], flaw: Flaw, reason: Message) -> ChainResult:
    return _result(ChainOutcome.BROKEN, reason, path, flaw=flaw)


def _result(
    outcome: ChainOutcome,
    reason: Message,
    path: tuple[Link, ...],
    *,
    anchor: Anchor | None = None,
    missing: MissingIssuer | None = None,
    flaw: Flaw | None = None,
) -> ChainResult:
    certificates = tuple(link.certificate for link in path)
    weak = tuple(_weak_links(path))
    return ChainResult(outcome, reason, certificates, anchor, missing, flaw, weak)


def _weak_links(path: tuple[Link, ...]) -> Iterator[WeakLink]:
    """Weak digests of the signatures that count, and short keys."""
    for link in path:
        certificate = link.certificate
        digest = link.signed.weak_digest
        if digest and not link.self_issued:
            yield WeakLink(Weakness.WEAK_DIGEST, certificate.sha256, digest)
        bits = certificate.key_bits
        if 0 < bits < _MIN_BITS.get(certificate.key_algorithm, 0):
            detail = f"{certificate.key_algorithm} {bits}"
            yield WeakLink(Weakness.SHORT_KEY, certificate.sha256, detail)


def _other_pki(result: ChainResult, anchors: Anchors) -> ChainResult | None:
    """The same result as WRONG_PKI when an issuer's name or key shows another PKI."""
    reasons = [_mistaken(certificate, anchors) for certificate in result.path]
    if result.outcome is ChainOutcome.NOT_TRUSTED:
        reasons.append(_impostor(result.path[-1], anchors))
    reason = next(filter(None, reasons), None)
    if reason is None:
        return None
    return ChainResult(ChainOutcome.WRONG_PKI, reason, result.path, weak=result.weak)


def _impostor(root: Certificate, anchors: Anchors) -> Message | None:
    """A root with a known name: not being an anchor, it has another fingerprint."""
    name = canonical(root.subject)
    for known in anchors.known:
        if known.sha256 is not None and canonical(known.name) == name:
            return msg(
                "The chain ends at a certificate that has the name of {code}, "
                "but not its fingerprint: another PKI.",
                code=known.code,
            )
    return None


def _mistaken(certificate: Certificate, anchors: Anchors) -> Message | None:
    if issuing_pki(certificate) is Pki.IGC_SANTE_RECETTE:
        return msg(
            "The issuer is of the RECETTE clone of the IGC-Santé TEST (OU=RECETTE), "
            "another PKI with the same CN: {name}.",
            name=label_of(certificate.issuer),
        )
    common_name = certificate.issuer_value("CN")
    alike = [known for known in anchors.known if _common_name(known) == common_name]
    for known in alike:
        if canonical(known.name) == canonical(certificate.issuer):
            return _other_key(certificate, known)
    if alike:
        return msg(
            "The issuer has the CN of {code}, but another full name: another PKI.",
            code=alike[0].code,
        )
    return None


def _other_key(certificate: Certificate, known: Authority) -> Message | None:
    wanted = certificate.authority_key_id
    if wanted is None or known.key_id is None or wanted == known.key_id:
        return None
    return msg(
        "The issuer has the name of {code}, but another key ({key_id}): another PKI.",
        code=known.code,
        key_id=wanted,
    )


def _issuer_in_catalogue(certificate: Certificate, anchors: Anchors) -> Authority | None:
    issuer = canonical(certificate.issuer)
    return next((known for known in anchors.known if canonical(known.name) == issuer), None)


def _common_name(authority: Authority) -> str | None:
    return next((value for rdn in authority.name for kind, value in rdn if kind == "CN"), None)


def _name(link: Link) -> str:
    return label_of(link.certificate.subject) or link.certificate.sha256[:16]
