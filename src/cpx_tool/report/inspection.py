"""Certificate files read, for a person and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cpx_tool.catalogue.dossier import place_words
from cpx_tool.errors import ExitCode
from cpx_tool.model.certificate import Certificate, Period
from cpx_tool.model.dossier import Source, SourceKind
from cpx_tool.model.fetch import Fetched
from cpx_tool.model.identity import ProductKind
from cpx_tool.model.inspection import Inspected
from cpx_tool.model.message import msg
from cpx_tool.model.sheet import Validity
from cpx_tool.pki.canonical import whole
from cpx_tool.pki.certificate import validity_at
from cpx_tool.pki.extensions import usage_name
from cpx_tool.report.canvas import Canvas, Paper
from cpx_tool.report.dossier import Row, rows
from cpx_tool.report.fetch import fetched_lines, fetched_list
from cpx_tool.report.json import (
    SCHEMA_VERSION,
    dossier_body,
    identity_body,
    moment,
    serial_text,
    to_text,
)
from cpx_tool.report.trust import chain_body, chain_lines, revocation_body
from cpx_tool.report.words import Say, day

KINDS = {
    ProductKind.CARD: msg("card"),
    ProductKind.PERSON_SOFTWARE: msg("software certificate of a person"),
    ProductKind.ORGANISATION: msg("software certificate of an organisation"),
    ProductKind.AUTHORITY: msg("certification authority"),
    ProductKind.NOT_KNOWN: msg("not known"),
}


_STATES = {Validity.EXPIRED: msg("expired"), Validity.NOT_YET_VALID: msg("not yet valid")}


_WHO = (
    "category",
    "pki",
    "holder",
    "title",
    "organisation",
    "structure",
    "card_type",
    "product",
    "card_number",
    "profession",
    "future_profession",
    "specialities",
    "identifier",
)
"""The keys of the dossier that are shown, in order."""

_KEY_USAGE = Source(SourceKind.EXTENSION, "", "2.5.29.15")
_VALIDITY = Source(SourceKind.VALIDITY, "", "notBefore, notAfter")


def render(
    found: Sequence[Inspected],
    say: Say,
    paper: Paper,
    at: datetime,
    fetched: Sequence[Fetched] | None = None,
    *,
    sources: bool = False,
) -> str:
    """A block of lines for each certificate, then what was fetched; None when nothing was to.

    `at` is the moment that they are judged for. With `sources`, each value says where it was read.
    """
    canvas = Canvas(paper)
    for entry in found:
        canvas.line(entry.file, "bold")
        for row in _rows(entry, say, at):
            text = say(msg("{name}: {value}", name=row.head, value=row.text))
            canvas.line(text, row.style, indent=2)
            for source in row.sources if sources else ():
                canvas.item("←", source, "dim", indent=4)
        if entry.problem is not None:
            canvas.line(say(entry.problem), "red", indent=2)
        if entry.hint is not None:
            canvas.item("→", say(entry.hint), indent=2)
        canvas.line()
    if fetched is not None:
        fetched_lines(canvas, fetched, say)
        canvas.line()
    return canvas.text()


def render_json(
    found: Sequence[Inspected],
    code: ExitCode,
    say: Say,
    at: datetime,
    fetched: Sequence[Fetched] | None = None,
) -> str:
    """All certificates as one JSON object; `at` is the moment that they are judged for."""
    return to_text(
        {
            "schema_version": SCHEMA_VERSION,
            "exit_code": int(code),
            "at": moment(at),
            "certificates": [_body(entry, say, at) for entry in found],
            "fetched": fetched_list(fetched, say),
        }
    )


def _rows(entry: Inspected, say: Say, at: datetime) -> list[Row]:
    certificate, identity, dossier = entry.certificate, entry.identity, entry.dossier
    if certificate is None or identity is None or dossier is None:
        return []
    extended = ", ".join(map(usage_name, certificate.extended_key_usage))
    valid = _valid(certificate, at, say)
    found = [
        Row(msg("Product"), say(KINDS[identity.kind])),
        *rows(_WHO, dossier, identity.kind, say),
        Row(msg("Server names"), ", ".join(certificate.dns_names)),
        Row(msg("Logon name"), certificate.upn or ""),
        Row(msg("Key usage"), ", ".join(certificate.key_usage), (_place(_KEY_USAGE, say),)),
        Row(msg("Extended key usage"), extended),
        Row(msg("Key"), _key(certificate)),
        Row(msg("Valid"), valid, (_place(_VALIDITY, say),)),
        Row(msg("Private key to be used"), _period(certificate.key_period, say)),
        Row(msg("Subject"), whole(certificate.subject)),
        Row(msg("Issuer"), whole(certificate.issuer)),
        Row(msg("Serial number"), serial_text(certificate) or ""),
        Row(msg("SHA-256"), certificate.sha256),
        Row(msg("Damaged or unreadable"), ", ".join(certificate.problems)),
    ]
    if entry.chain is not None and entry.revocation is not None:
        found += [Row(*line) for line in chain_lines(entry.chain, entry.revocation, say)]
    return [row for row in found if row.text]


def _place(source: Source, say: Say) -> str:
    return say(place_words(source))


def certificate_body(certificate: Certificate) -> dict[str, Any]:
    """What a certificate says, as JSON."""
    return {
        "sha256": certificate.sha256,
        "serial": serial_text(certificate),
        "subject": whole(certificate.subject),
        "issuer": whole(certificate.issuer),
        "not_before": moment(certificate.not_before),
        "not_after": moment(certificate.not_after),
        "private_key_usage": _key_period(certificate.key_period),
        "key_usage": list(certificate.key_usage),
        "extended_key_usage": list(certificate.extended_key_usage),
        "policies": list(certificate.policies),
        "dns_names": list(certificate.dns_names),
        "upn": certificate.upn,
        "key": {"algorithm": certificate.key_algorithm, "bits": certificate.key_bits},
        "signature_algorithm": certificate.signature_algorithm,
        "subject_key_id": certificate.subject_key_id,
        "authority_key_id": certificate.authority_key_id,
        "addresses": {
            "crl": list(certificate.crl_urls),
            "issuer": list(certificate.issuer_urls),
            "ocsp": list(certificate.ocsp_urls),
        },
        "unreadable_parts": list(certificate.problems),
    }


def _valid(certificate: Certificate, at: datetime, say: Say) -> str:
    period = _period((certificate.not_before, certificate.not_after), say)
    validity = validity_at(certificate, at)
    state = _STATES.get(validity) if validity else None
    return say(msg("{period} ({state})", period=period, state=state)) if state else period


def _period(dates: Period | None, say: Say) -> str:
    if dates is None:
        return ""
    start, end = (day(date) or "?" for date in dates)
    return say(msg("from {start} to {end}", start=start, end=end))


def _key(certificate: Certificate) -> str:
    bits = f" {certificate.key_bits}" if certificate.key_bits else ""
    return f"{certificate.key_algorithm}{bits}"


def _body(entry: Inspected, say: Say, at: datetime) -> dict[str, Any]:
    certificate = entry.certificate
    if certificate is None or entry.identity is None:
        return {
            "file": entry.file,
            "problem": say(entry.problem) if entry.problem else None,
            "hint": say(entry.hint) if entry.hint else None,
        }
    return {
        "file": entry.file,
        "problem": None,
        "hint": None,
        **certificate_body(certificate),
        "validity": validity_at(certificate, at) or "not-known",
        "identity": identity_body(entry.identity),
        "dossier": dossier_body(entry.dossier) if entry.dossier else None,
        "chain": chain_body(entry.chain, say) if entry.chain else None,
        "revocation": revocation_body(entry.revocation, say) if entry.revocation else None,
    }


def _key_period(period: Period | None) -> dict[str, Any] | None:
    if period is None:
        return None
    return {"not_before": moment(period[0]), "not_after": moment(period[1])}
