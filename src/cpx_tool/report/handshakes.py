"""Handshakes as a table and as JSON: what several reports show of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cpx_tool.model.finding import JudgedHandshake, Outcome, Severity, Verdict
from cpx_tool.model.handshake import Connection, Handshake, ServerProof
from cpx_tool.model.message import msg
from cpx_tool.pki.canonical import whole
from cpx_tool.pki.certificate import BadCertificate, read_certificate
from cpx_tool.pki.names import read_name
from cpx_tool.report.canvas import Canvas, Cell
from cpx_tool.report.findings import VERDICT_STYLES
from cpx_tool.report.json import fault_body, finding_body, identity_body, moment
from cpx_tool.report.tally import NOTICED
from cpx_tool.report.words import VERDICTS, Say


def table(canvas: Canvas, judged: Sequence[JudgedHandshake], say: Say) -> None:
    """Who knocked where, and what came of it: a row each."""
    heads = (msg("Presented"), msg("TLS"), msg("Signed with"), msg("HTTP"), msg("Result"))
    entries = [(_row(one, say), one.handshake.endpoint.shown) for one in judged]
    canvas.line()
    canvas.entries([say(head) for head in heads], entries, movable=2)
    canvas.line()


def handshake_body(judged: JudgedHandshake, say: Say) -> dict[str, Any]:
    """One client at one endpoint, as JSON."""
    shaken = judged.handshake
    return {
        "endpoint": {"url": shaken.endpoint.url, "name": shaken.endpoint.name or None},
        "client": {
            "kind": shaken.client.kind.value,
            "name": shaken.client.name or None,
            "identity": identity_body(judged.identity) if judged.identity else None,
        },
        "insecure": shaken.insecure,
        "expect_status": shaken.expect_status,
        "verdict": judged.verdict.value,
        "codes": [f.code for f in judged.findings if f.code and f.outcome is not Outcome.PASSED],
        "findings": [finding_body(f, say) for f in judged.findings],
        "connections": [_connection(one) for one in shaken.connections],
        "decisive": _number(shaken, judged.decisive),
        "control": _connection(shaken.control) if shaken.control else None,
    }


def _row(judged: JudgedHandshake, say: Say) -> list[Cell]:
    connection = judged.decisive
    use = connection.signature if connection else None
    http = connection.http if connection else None
    return [
        (judged.subject or say(msg("nobody")), "bold"),
        ((connection.version if connection else "") or "—", ""),
        (_signed_with(connection) if use and use.fault is None else "—", ""),
        (str(http.status) if http else "—", ""),
        (_result(judged, say), VERDICT_STYLES[judged.verdict]),
    ]


def _signed_with(connection: Connection | None) -> str:
    if connection is None or connection.signature is None:
        return "—"
    return connection.signature.mechanism or connection.scheme


def _result(judged: JudgedHandshake, say: Say) -> str:
    """The verdict, and the cause that decided it; of one that passed, the warnings ("!")."""
    blockers = [f for f in judged.findings if f.severity is Severity.BLOCKER]
    cause = next((f.code for f in blockers if f.outcome in NOTICED and f.code), "")
    cause = cause or next((f.code for f in blockers if f.blocked_by_pin), "")
    word = say(VERDICTS[judged.verdict])
    if judged.verdict is Verdict.PASSED:
        cause = ", ".join(f.code for f in judged.findings if f.outcome in NOTICED and f.code)
        cause = f"! {cause}" if cause else ""
    return f"{word} {cause}".strip()


def _number(shaken: Handshake, decisive: Connection | None) -> int | None:
    return shaken.connections.index(decisive) if decisive is not None else None


def _connection(connection: Connection) -> dict[str, Any]:
    request, use, http = connection.request, connection.signature, connection.http
    return {
        "offered": connection.offered,
        "addresses": list(connection.addresses),
        "address": connection.address or None,
        "proxy": connection.proxy or None,
        "version": connection.version or None,
        "cipher": connection.cipher or None,
        "group": connection.group or None,
        "server_certificates": [_certificate(der) for der in connection.chain],
        "server_proof": _proof(connection.proof),
        "request": {
            "when": request.when.value,
            "authorities": [whole(read_name(name)[0]) for name in request.authorities],
            "authorities_count": request.count,
            "schemes": list(request.schemes),
        }
        if request
        else None,
        "signable": list(connection.signable),
        "scheme": connection.scheme or None,
        "signature": {
            "mechanism": use.mechanism or None,
            "seconds": round(use.seconds, 4),
            "fault": fault_body(use.fault),
        }
        if use
        else None,
        "presented": [_certificate(der) for der in connection.sent],
        "accepted": connection.accepted,
        "http": {
            "status": http.status,
            "reason": http.reason,
            "first_line": http.first_line or None,
            "server": http.server or None,
            "body_bytes": http.body_bytes,
        }
        if http
        else None,
        "stop": {
            "step": connection.stop.step.value,
            "end": connection.stop.end.value,
            "detail": connection.stop.detail or None,
        }
        if connection.stop
        else None,
        "seconds": {step.value: spent for step, spent in connection.seconds.items()},
    }


def _proof(proof: ServerProof | None) -> dict[str, Any] | None:
    if proof is None:
        return None
    return {
        "holds": proof.holds,
        "openssl_error": proof.error,
        "openssl_text": proof.text or None,
        "depth": proof.depth,
        "anchor": proof.anchor.value if proof.anchor else None,
        "chain": [_certificate(der) for der in proof.chain],
        "strict": proof.strict_text or None,
        "server_use": proof.server_use,
        "name": proof.name.value,
        "names": list(proof.names),
    }


def _certificate(der: bytes) -> dict[str, Any]:
    try:
        read = read_certificate(der)
    except BadCertificate:
        return {"sha256": None, "subject": None, "issuer": None, "not_after": None}
    return {
        "sha256": read.sha256,
        "subject": whole(read.subject),
        "issuer": whole(read.issuer),
        "not_after": moment(read.not_after),
    }
