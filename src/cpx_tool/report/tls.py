"""Handshakes with servers, for a person and as JSON."""

from __future__ import annotations

from collections.abc import Sequence

from cpx_tool.errors import ExitCode
from cpx_tool.model.finding import Finding, JudgedHandshake, Outcome, Severity, Verdict
from cpx_tool.model.handshake import ClientKind, Connection, ServerProof, Step
from cpx_tool.model.message import msg, nmsg
from cpx_tool.model.observation import Observation
from cpx_tool.pki.canonical import label_of
from cpx_tool.pki.certificate import BadCertificate, read_certificate
from cpx_tool.report import handshakes
from cpx_tool.report.canvas import Canvas, Cell, Paper
from cpx_tool.report.console import emulated_banner
from cpx_tool.report.detail import Detail
from cpx_tool.report.findings import MARKS, attention, verdict_line
from cpx_tool.report.json import (
    SCHEMA_VERSION,
    module_body,
    moment,
    to_text,
    workstation_body,
)
from cpx_tool.report.tally import NOTICED
from cpx_tool.report.words import Say, clipped, day, holder_name, short_label

TIMED = {
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


def render(
    observation: Observation,
    judged: Sequence[JudgedHandshake],
    verdict: Verdict,
    say: Say,
    paper: Paper,
) -> str:
    """One handshake with all its steps, or a table of several (VERBOSE: the steps of each, too);
    what needs attention; verdict. QUIET: the last two only.
    """
    canvas = Canvas(paper)
    if observation.emulated:
        canvas.line(say(emulated_banner()), "bold magenta")
    if paper.detail is not Detail.QUIET:
        _course(canvas, judged, say, steps=paper.detail is Detail.VERBOSE)
    findings = [finding for one in judged for finding in one.findings]
    alone = len(judged) == 1  # then the headline names it
    attention(canvas, findings, lambda subjects: "" if alone else ", ".join(subjects), say)
    subjects = nmsg("{count} handshake", "{count} handshakes", len(judged))
    verdict_line(canvas, verdict, subjects, findings, say)
    return canvas.text()


def _course(canvas: Canvas, judged: Sequence[JudgedHandshake], say: Say, *, steps: bool) -> None:
    if len(judged) > 1:
        handshakes.table(canvas, judged, say)
    if len(judged) == 1 or steps:
        for one in judged:
            _steps(canvas, one, say)


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
            "handshakes": [handshakes.handshake_body(one, say) for one in judged],
        }
    )


def _steps(canvas: Canvas, judged: JudgedHandshake, say: Say) -> None:
    shaken = judged.handshake
    canvas.line(say(msg("{who} at {url}", who=who(judged, say), url=shaken.endpoint.shown)), "bold")
    if len(shaken.connections) > 1:
        told = msg("Two connections: the second offered TLS 1.2 at most.")
        canvas.line(say(told))
    canvas.line()
    folded = [] if canvas.paper.detail is Detail.VERBOSE else _not_reached(judged.findings)
    shown = [finding for finding in judged.findings if finding not in folded]
    rows = [_step(finding, judged.decisive, say) for finding in shown]
    heads = ("", msg("Step"), "ms", msg("What was seen"))
    canvas.columns([h if isinstance(h, str) else say(h) for h in heads], rows)
    if folded:
        names = tuple(finding.check for finding in folded)
        mark, style = MARKS[Outcome.SKIPPED]
        canvas.item(f"{mark} ", say(msg("Not reached: {checks}", checks=names)), style)
    canvas.line()
    if judged.decisive is None:
        canvas.line(say(msg("No server was contacted.")))
        canvas.line()
    elif judged.decisive.chain:
        _chain(canvas, judged.decisive, say)
    _presented(canvas, judged, say)


def _not_reached(findings: Sequence[Finding]) -> list[Finding]:
    """The last steps, where none of them was come to: they all say the same."""
    last: list[Finding] = []
    for finding in reversed(findings):
        alike = not last or finding.message == last[-1].message
        if finding.outcome is not Outcome.SKIPPED or not alike:
            break
        last.append(finding)
    return last[::-1] if len(last) > 1 else []


def _presented(canvas: Canvas, judged: JudgedHandshake, say: Say) -> None:
    """What the client has to present, whether or not it came to that."""
    client = judged.handshake.client
    if client.certificate:
        canvas.line(say(msg("The client's certificates:")))
        for number, der in enumerate((client.certificate, *client.issuers)):
            canvas.item(str(number), _certificate_line(der, say), indent=2)
        canvas.line()


def _step(finding: Finding, decisive: Connection | None, say: Say) -> list[Cell]:
    mark, style = MARKS[finding.outcome]
    if finding.severity is Severity.WARNING and finding.outcome in NOTICED:
        mark, style = "!", "yellow"
    step = TIMED.get(finding.check)
    seconds = decisive.seconds.get(step) if decisive is not None and step is not None else None
    return [
        (mark, style),
        (finding.check, "bold"),
        ("" if seconds is None else f"{seconds * 1000:.1f}", ""),
        (say(finding.message), ""),
    ]


def _chain(canvas: Canvas, connection: Connection, say: Say) -> None:
    canvas.line(say(msg("The server's certificates:")))
    for number, line in enumerate(chain_lines(connection, say)):
        canvas.item(str(number), line, indent=2)
    canvas.line()


def chain_lines(connection: Connection, say: Say) -> list[str]:
    """What the server sent, and how it was completed."""
    sent = [_certificate_line(der, say) for der in connection.chain]
    added = [_certificate_line(der, say) for der in _added(connection.chain, connection.proof)]
    told = [say(msg("{certificate} (not sent, at hand)", certificate=line)) for line in added]
    return sent + told


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


def who(judged: JudgedHandshake, say: Say) -> str:
    client = judged.handshake.client
    if client.kind is ClientKind.NOBODY:
        return say(msg("Nobody (no certificate is presented)"))
    identity = judged.identity
    if identity is None:
        return client.name
    kind = short_label(identity.card_type) if identity.card_type else ""
    return " ".join(filter(None, [kind, client.name, holder_name(identity, say)]))
