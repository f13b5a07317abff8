"""The whole result as JSON. Keys and codes are the same in every language."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from cpx_tool.errors import CpxError
from cpx_tool.model.cardset import ExpectedCard
from cpx_tool.model.certificate import Certificate
from cpx_tool.model.dossier import Dossier, Sighting, Source
from cpx_tool.model.fault import Fault
from cpx_tool.model.finding import Finding
from cpx_tool.model.identity import Coded, Identifier, Identity
from cpx_tool.model.observation import (
    CardObservation,
    ModuleObservation,
    PinRecord,
    SignatureTry,
    Workstation,
)
from cpx_tool.model.reader import Pcsc
from cpx_tool.model.token import tries_left
from cpx_tool.report.words import Say

SCHEMA_VERSION = 1


def workstation_body(workstation: Workstation) -> dict[str, Any]:
    """Where the cards were observed."""
    return {
        "host": workstation.host,
        "system": workstation.system,
        "python": workstation.python,
        "session": workstation.session or None,
        "pcsc_lite": workstation.pcsc_lite or None,
        "packages": list(workstation.packages),
    }


def render_error(error: CpxError, say: Say) -> str:
    """What `--json` gives when there is no result."""
    return to_text(
        {
            "schema_version": SCHEMA_VERSION,
            "verdict": None,
            "exit_code": int(error.exit_code),
            "error": {"reason": say(error.reason), "hint": say(error.hint)},
        }
    )


def to_text(body: Any) -> str:
    """JSON as every command prints it. What is not printable stands there as \\u escapes."""
    text = json.dumps(body, ensure_ascii=False, indent=2)
    return "\n".join(map(escaped, text.split("\n"))) + "\n"


def escaped(line: str) -> str:
    """A line of JSON with what is not printable as \\u escapes.

    Half of a surrogate pair, as a file name that is not UTF-8 gives, becomes U+FFFD: it would make
    the whole unreadable for strict readers (RFC 8259, 8.2), our own among them.
    """
    if line.isprintable():
        return line
    return "".join(c if c.isprintable() else _escape(c) for c in line)


def _escape(character: str) -> str:
    if "\ud800" <= character <= "\udfff":
        return "\N{REPLACEMENT CHARACTER}"
    return json.dumps(character)[1:-1]


def pcsc_body(pcsc: Pcsc) -> dict[str, Any]:
    """The PC/SC service and its readers."""
    return {
        "status": pcsc.status.value,
        "detail": pcsc.detail,
        "readers": [
            {
                "name": reader.name,
                "state": reader.state.value,
                "atr": reader.atr or None,
                "kind": reader.kind.value if reader.kind else None,
            }
            for reader in pcsc.readers
        ],
    }


def identity_body(identity: Identity) -> dict[str, Any]:
    """Who a certificate is."""
    holder = identity.holder
    return {
        "kind": identity.kind.value,
        "category": identity.category.value,
        "pki": identity.pki.value,
        "card_type": _coded(identity.card_type),
        "issuer_number": identity.issuer_number,
        "card_number": identity.card_number,
        "holder": {
            "display": holder.display,
            "common_name": holder.common_name,
            "surname": holder.surname,
            "given_name": holder.given_name,
            "pseudonym": holder.pseudonym,
            "title": holder.title,
            "organisation": holder.organisation,
            "nominative": holder.nominative,
            "identifier": _identifier(holder.identifier),
            "structure": _identifier(holder.structure),
        },
        "profession": _coded(identity.profession),
        "future_profession": _coded(identity.future_profession),
        "specialities": [_coded(item) for item in identity.specialities],
    }


def dossier_body(dossier: Dossier) -> dict[str, Any]:
    """Each value with its state and every place it was looked for."""
    return {
        key: {
            "state": entry.state.value,
            "value": value_body(entry.value),
            "origin": _source(entry.origin) if entry.origin else None,
            "sightings": [sighting_body(sighting) for sighting in entry.sightings],
        }
        for key, entry in dossier.entries()
    }


def sighting_body(sighting: Sighting[Any]) -> dict[str, Any]:
    """One look at one place."""
    return {
        **_source(sighting.source),
        "state": sighting.state.value,
        "value": value_body(sighting.value),
        "raw": sighting.raw or None,
    }


def value_body(value: Any) -> Any:
    """A value of the dossier: codes with their labels, times in UTC, the rest as it is."""
    if isinstance(value, tuple):
        return [value_body(item) for item in value]
    if isinstance(value, Coded):
        return _coded(value)
    if isinstance(value, Identifier):
        return _identifier(value)
    return moment(value) if isinstance(value, datetime) else value


def _source(source: Source) -> dict[str, Any]:
    return {
        "source": source.kind.value,
        "name": source.name or None,
        "place": source.detail or None,
    }


def place_body(card: CardObservation) -> dict[str, Any]:
    """Where a card was, and its token."""
    token = card.token
    return {
        "reader": card.reader,
        "slot": {"id": card.slot.id, "description": card.slot.description},
        "token": {
            "label": token.label,
            "manufacturer": token.manufacturer,
            "model": token.model,
            "serial": token.serial,
            "flags": [flag.value for flag in token.flags],
            "mechanisms": list(token.mechanisms),
        }
        if token
        else None,
        "pin": _pin(card.pin),
    }


def finding_body(finding: Finding, say: Say) -> dict[str, Any]:
    """What one check found."""
    return {
        "check": finding.check,
        "severity": finding.severity.value,
        "outcome": finding.outcome.value,
        "title": say(finding.title),
        "message": say(finding.message),
        "hint": say(finding.hint) if finding.hint else None,
        "blocked_by_pin": finding.blocked_by_pin,
        "code": finding.code or None,
    }


def _pin(pin: PinRecord | None) -> dict[str, Any] | None:
    if pin is None:
        return None
    return {
        "result": pin.result.value,
        "refusal": pin.refusal.value if pin.refusal else None,
        "flags": list(pin.flags),
        "tries_left": tries_left(pin.flags).value,
        "pad": pin.pad,
        "earlier_failure": moment(pin.earlier),
        "fault": fault_body(pin.fault),
    }


def signature_body(tried: SignatureTry) -> dict[str, Any]:
    """One signature that a key was asked for."""
    return {
        "key_label": tried.key_label,
        "key_id": tried.key_id,
        "mechanism": tried.mechanism,
        "hash": tried.hash.value,
        "seconds": round(tried.seconds, 4),
        "fault": fault_body(tried.fault),
    }


def module_body(module: ModuleObservation | None) -> dict[str, Any] | None:
    """The PKCS#11 module, or None when none was asked."""
    if module is None:
        return None
    info = module.info
    return {
        "path": module.path,
        "source": module.source,
        "manufacturer": info.manufacturer if info else None,
        "description": info.description if info else None,
        "version": info.version if info else None,
        "fault": fault_body(module.fault),
    }


def fault_body(fault: Fault | None) -> dict[str, Any] | None:
    """A failed call, or None."""
    if fault is None:
        return None
    return {
        "kind": fault.kind.value,
        "call": fault.call,
        "code": fault.code,
        "detail": fault.detail,
    }


def serial_text(certificate: Certificate) -> str | None:
    """The serial number as certificates show it: hexadecimal; None where it cannot be read."""
    return None if certificate.serial is None else f"{certificate.serial:x}"


def role_body(role: ExpectedCard) -> dict[str, Any]:
    """A role of a set."""
    return {"role": role.role, "title": role.title}


def _coded(coded: Coded | None) -> dict[str, Any] | None:
    return {"code": coded.code, "label": coded.label} if coded else None


def _identifier(identifier: Identifier | None) -> dict[str, Any] | None:
    if identifier is None:
        return None
    return {
        "value": identifier.value,
        "kind": identifier.kind,
        "key_valid": identifier.key_valid,
    }


def moment(when: datetime | None) -> str | None:
    """ISO 8601 in UTC, to the second."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if when else None
