"""Certificate files read, for a person and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cpx_tool.model.certificate import Certificate, Period
from cpx_tool.model.identity import Category, Coded, Identifier, Identity, Pki, ProductKind
from cpx_tool.model.message import Message, msg
from cpx_tool.model.trust import ChainResult, Revocation
from cpx_tool.pki.canonical import whole
from cpx_tool.pki.extensions import usage_name
from cpx_tool.report.canvas import Canvas, Paper
from cpx_tool.report.json import SCHEMA_VERSION, identity_body, moment, to_text
from cpx_tool.report.trust import chain_body, chain_lines, revocation_body
from cpx_tool.report.words import Say, day

CATEGORIES = {
    Category.TEST_CARD: msg("TEST card"),
    Category.TEST_MODULE: msg("TEST security module"),
    Category.TEST_SOFTWARE: msg("TEST software certificate"),
    Category.PRODUCTION_CARD: msg("PRODUCTION card"),
    Category.PRODUCTION_MODULE: msg("PRODUCTION security module"),
    Category.PRODUCTION_SOFTWARE: msg("PRODUCTION software certificate"),
    Category.NOT_KNOWN: msg("not known"),
}
KINDS = {
    ProductKind.CARD: msg("card"),
    ProductKind.PERSON_SOFTWARE: msg("software certificate of a person"),
    ProductKind.ORGANISATION: msg("software certificate of an organisation"),
    ProductKind.AUTHORITY: msg("certification authority"),
    ProductKind.NOT_KNOWN: msg("not known"),
}
PKIS = {
    Pki.IGC_SANTE_TEST: msg("IGC-Santé TEST"),
    Pki.IGC_SANTE: msg("IGC-Santé (production)"),
    Pki.IGC_SANTE_RECETTE: msg("RECETTE clone of the IGC-Santé TEST"),
    Pki.IGC_CPS_TEST: msg("IGC-CPS 2ter TEST"),
    Pki.IGC_CPS: msg("IGC-CPS 2ter (production)"),
    Pki.EMULATED: msg("emulated by cpx-tool, not of the ANS"),
    Pki.NOT_KNOWN: msg("not known"),
}


_STATES = {"expired": msg("expired"), "not-yet-valid": msg("not yet valid")}


@dataclass(frozen=True, slots=True)
class Inspected:
    """One certificate of a file, or why there is none."""

    file: str
    certificate: Certificate | None
    identity: Identity | None
    problem: Message | None
    chain: ChainResult | None = None
    revocation: Revocation | None = None


def render(found: Sequence[Inspected], say: Say, paper: Paper, at: datetime) -> str:
    """A block of lines for each certificate; `at` is the moment that they are judged for."""
    canvas = Canvas(paper)
    for entry in found:
        canvas.line(entry.file, "bold")
        if entry.certificate is None or entry.identity is None:
            problem = entry.problem or msg("not known")
            canvas.line(say(problem), "red", indent=2)
        else:
            lines = _lines(entry.certificate, entry.identity, say, at)
            if entry.chain is not None and entry.revocation is not None:
                lines += chain_lines(entry.chain, entry.revocation, say)
            for name, value in lines:
                canvas.line(say(msg("{name}: {value}", name=name, value=value)), indent=2)
        canvas.line()
    return canvas.text()


def render_json(found: Sequence[Inspected], say: Say, at: datetime) -> str:
    """All certificates as one JSON object; `at` is the moment that they are judged for."""
    return to_text(
        {
            "schema_version": SCHEMA_VERSION,
            "at": moment(at),
            "certificates": [_body(entry, say, at) for entry in found],
        }
    )


def _lines(
    certificate: Certificate, identity: Identity, say: Say, at: datetime
) -> list[tuple[Message, str]]:
    holder = identity.holder
    lines = [
        (msg("Product"), say(KINDS[identity.kind])),
        (msg("Category"), say(CATEGORIES[identity.category])),
        (msg("PKI"), say(PKIS[identity.pki])),
        (msg("Holder"), holder.display),
        (msg("Title"), holder.title),
        (msg("Organisation"), holder.organisation),
        (msg("Card type"), _shown(identity.card_type, say)),
        (msg("Card number"), identity.card_number),
        (msg("Profession"), _shown(identity.profession, say)),
        (msg("Future profession"), _shown(identity.future_profession, say)),
        (
            msg("Specialities"),
            ", ".join(_shown(coded, say) or "" for coded in identity.specialities),
        ),
        (msg("Identifier"), _identifier(holder.identifier)),
        (msg("Structure"), _identifier(holder.structure)),
        (msg("Server names"), ", ".join(certificate.dns_names)),
        (msg("Logon name"), certificate.upn),
        (msg("Key usage"), ", ".join(certificate.key_usage)),
        (
            msg("Extended key usage"),
            ", ".join(map(usage_name, certificate.extended_key_usage)),
        ),
        (msg("Key"), _key(certificate)),
        (msg("Valid"), _valid(certificate, at, say)),
        (msg("Private key to be used"), _period(certificate.key_period, say)),
        (msg("Subject"), whole(certificate.subject)),
        (msg("Issuer"), whole(certificate.issuer)),
        (msg("Serial number"), _serial(certificate)),
        (msg("SHA-256"), certificate.sha256),
        (msg("Damaged or unreadable"), ", ".join(certificate.problems)),
    ]
    return [(name, value) for name, value in lines if value]


def _valid(certificate: Certificate, at: datetime, say: Say) -> str:
    period = _period((certificate.not_before, certificate.not_after), say)
    state = _STATES.get(_validity(certificate, at))
    return say(msg("{period} ({state})", period=period, state=state)) if state else period


def _period(dates: Period | None, say: Say) -> str:
    if dates is None:
        return ""
    start, end = (day(date) or "?" for date in dates)
    return say(msg("from {start} to {end}", start=start, end=end))


def _validity(certificate: Certificate, at: datetime) -> str:
    start, end = certificate.not_before, certificate.not_after
    if start is not None and at < start:
        return "not-yet-valid"
    if end is not None and at > end:
        return "expired"
    return "valid" if start and end else "not-known"


def _key(certificate: Certificate) -> str:
    bits = f" {certificate.key_bits}" if certificate.key_bits else ""
    return f"{certificate.key_algorithm}{bits}"


def _serial(certificate: Certificate) -> str | None:
    return None if certificate.serial is None else f"{certificate.serial:x}"


def _identifier(identifier: Identifier | None) -> str:
    return f"{identifier.value} ({identifier.kind})" if identifier else ""


def _shown(coded: Coded | None, say: Say) -> str | None:
    if coded is None:
        return None
    if coded.label is None:
        return say(msg("unknown code {code}", code=coded.code))
    return f"{coded.label} ({coded.code})"


def _body(entry: Inspected, say: Say, at: datetime) -> dict[str, Any]:
    certificate = entry.certificate
    if certificate is None or entry.identity is None:
        return {"file": entry.file, "problem": say(entry.problem) if entry.problem else None}
    return {
        "file": entry.file,
        "problem": None,
        "sha256": certificate.sha256,
        "serial": _serial(certificate),
        "subject": whole(certificate.subject),
        "issuer": whole(certificate.issuer),
        "not_before": moment(certificate.not_before),
        "not_after": moment(certificate.not_after),
        "validity": _validity(certificate, at),
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
        "identity": identity_body(entry.identity),
        "unreadable_parts": list(certificate.problems),
        "chain": chain_body(entry.chain, say) if entry.chain else None,
        "revocation": revocation_body(entry.revocation, say) if entry.revocation else None,
    }


def _key_period(period: Period | None) -> dict[str, Any] | None:
    if period is None:
        return None
    return {"not_before": moment(period[0]), "not_after": moment(period[1])}
