"""Handshakes with servers, for a person and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cpx_tool.errors import ExitCode
from cpx_tool.model.finding import Finding, JudgedHandshake, Outcome, Severity, Verdict
from cpx_tool.model.handshake import ClientKind, Connection, Handshake, ServerProof, Step
from cpx_tool.model.message import msg, nmsg
from cpx_tool.model.observation import Observation
from cpx_tool.pki.canonical import label_of, whole
from cpx_tool.pki.certificate import BadCertificate, read_certificate
from cpx_tool.pki.names import read_name
from cpx_tool.report.canvas import Canvas, Cell, Paper
from cpx_tool.report.console import emulated_banner
from cpx_tool.report.findings import MARKS, VERDICT_STYLES, attention, verdict_line
from cpx_tool.report.json import (
    SCHEMA_VERSION,
    fault_body,
    finding_body,
    identity_body,
    module_body,
    moment,
    to_text,
    workstation_body,
)
from cpx_tool.report.words import VERDICTS, Say, clipped, day, holder_name, short_label

_TIMED = {
    "TLS-RESOLVE": Step.RESOLVE,
    "TLS-CONNECT": Step.CONNECT,
    "TLS-PROXY": Step.PROXY,
    "TLS-HELLO": Step.HELLO,
    "TLS-CHAIN": Step.CHAIN,
    "TLS-SIGNATURE": Step.SIGNATURE,
    "TLS-ACCEPTED": Step.VERDICT,
    "TLS-HTTP": Step.HTTP,
}
"""The step of a connection that a check is about, whose time it shows."""

_NOTICED = (Outcome.FAILED, Outcome.ERROR)


def render(
    observation: Observation,
    judged: Sequence[JudgedHandshake],
    verdict: Verdict,
    say: Say,
    paper: Paper,
) -> str:
    """One handshake with all its steps, or a table of several; what needs attention; verdict."""
    canvas = Canvas(paper)
    if observation.emulated:
        canvas.line(say(emulated_banner()), "bold magenta")
    if len(judged) == 1:
        _steps(canvas, judged[0], say)
    elif judged:
        table(canvas, judged, say)
    findings = [finding for one in judged for finding in one.findings]
    attention(canvas, findings, lambda subjects: ", ".join(filter(None, subjects)), say)
    subjects = nmsg("{count} handshake", "{count} handshakes", len(judged))
    verdict_line(canvas, verdict, subjects, findings, say)
    return canvas.text()


def table(canvas: Canvas, judged: Sequence[JudgedHandshake], say: Say) -> None:
    """Who knocked where, and what came of it: a row each."""
    heads = (msg("Presented"), msg("TLS"), msg("Signed with"), msg("HTTP"), msg("Result"))
    entries = [(_row(one, say), one.handshake.endpoint.url) for one in judged]
    canvas.line()
    canvas.entries([say(head) for head in heads], entries, movable=2)
    canvas.line()


def render_json(
    observation: Observation,
    judged: Sequence[JudgedHandshake],
    verdict: Verdict,
    code: ExitCode,
    say: Say,
) -> str:
    """One JSON object."""
    return to_text(
        {
            "schema_version": SCHEMA_VERSION,
            "tool_version": observation.tool_version,
            "run_id": observation.run_id,
            "observed_at": moment(observation.observed_at),
            "emulated": observation.emulated,
            "interrupted": observation.cut_short,
            "verdict": verdict.value,
            "exit_code": int(code),
            "workstation": workstation_body(observation.workstation),
            "module": module_body(observation.module),
            "handshakes": [handshake_body(one, say) for one in judged],
        }
    )


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


def _steps(canvas: Canvas, judged: JudgedHandshake, say: Say) -> None:
    shaken = judged.handshake
    canvas.line(say(msg("{who} at {url}", who=_who(judged, say), url=shaken.endpoint.url)), "bold")
    if len(shaken.connections) > 1:
        told = msg("Two connections: the second offered TLS 1.2 at most.")
        canvas.line(say(told))
    canvas.line()
    rows = [_step(finding, judged.decisive, say) for finding in judged.findings]
    heads = ("", msg("Step"), "ms", msg("What was seen"))
    canvas.columns([h if isinstance(h, str) else say(h) for h in heads], rows)
    canvas.line()
    if judged.decisive is not None and judged.decisive.chain:
        _chain(canvas, judged.decisive, say)


def _step(finding: Finding, decisive: Connection | None, say: Say) -> list[Cell]:
    mark, style = MARKS[finding.outcome]
    if finding.severity is Severity.WARNING and finding.outcome in _NOTICED:
        mark, style = "!", "yellow"
    step = _TIMED.get(finding.check)
    seconds = decisive.seconds.get(step) if decisive is not None and step is not None else None
    return [
        (mark, style),
        (finding.check, "bold"),
        ("" if seconds is None else f"{seconds * 1000:.1f}", ""),
        (say(finding.message), ""),
    ]


def _chain(canvas: Canvas, connection: Connection, say: Say) -> None:
    """What the server sent, and how it was completed."""
    proof = connection.proof
    canvas.line(say(msg("The server's certificates:")))
    for number, der in enumerate(connection.chain):
        canvas.item(str(number), _certificate_line(der, say), indent=2)
    for number, der in enumerate(_added(connection.chain, proof), start=len(connection.chain)):
        line = msg("{certificate} (not sent, at hand)", certificate=_certificate_line(der, say))
        canvas.item(str(number), say(line), indent=2)
    canvas.line()


def _added(sent: Sequence[bytes], proof: ServerProof | None) -> list[bytes]:
    return [der for der in proof.chain if der not in sent] if proof else []


def _certificate_line(der: bytes, say: Say) -> str:
    try:
        read = read_certificate(der)
    except BadCertificate as error:
        return say(error.reason)
    return say(
        msg(
            "{subject}, until {day}, issued by {issuer}",
            subject=clipped(label_of(read.subject)),
            day=day(read.not_after) or "—",
            issuer=clipped(label_of(read.issuer)),
        )
    )


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
    """The verdict, and the cause that decided it."""
    blockers = [f for f in judged.findings if f.severity is Severity.BLOCKER]
    cause = next((f.code for f in blockers if f.outcome in _NOTICED and f.code), "")
    cause = cause or next((f.code for f in blockers if f.blocked_by_pin), "")
    word = say(VERDICTS[judged.verdict])
    return f"{word} {cause}".strip()


def _who(judged: JudgedHandshake, say: Say) -> str:
    client = judged.handshake.client
    if client.kind is ClientKind.NOBODY:
        return say(msg("Nobody (no certificate is presented)"))
    identity = judged.identity
    if identity is None:
        return client.name
    kind = short_label(identity.card_type) if identity.card_type else ""
    return " ".join(filter(None, [kind, client.name, holder_name(identity, say)]))


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
