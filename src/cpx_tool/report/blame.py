"""Which part is at fault, for a person and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cpx_tool.errors import ExitCode
from cpx_tool.model.blame import Blame, Part, Sureness, Suspicion
from cpx_tool.model.finding import Finding, Verdict
from cpx_tool.model.message import Message, msg
from cpx_tool.report.canvas import Canvas, Paper
from cpx_tool.report.console import emulated_banner
from cpx_tool.report.json import (
    SCHEMA_VERSION,
    finding_body,
    moment,
    to_text,
    workstation_body,
)
from cpx_tool.report.words import VERDICTS, Say

PARTS = {
    Part.CARD: msg("the card"),
    Part.READER: msg("the reader"),
    Part.SERVICE: msg("the PC/SC service"),
    Part.MIDDLEWARE: msg("the middleware"),
    Part.PIN: msg("the PIN"),
    Part.PROGRAM: msg("another program"),
    Part.HANDLING: msg("the handling of cards (nothing is broken)"),
    Part.OPTIONS: msg("how the run was started or ended"),
    Part.WORKSTATION: msg("the workstation"),
    Part.SET: msg("the set, or the set file"),
    Part.TRUST: msg("the CA certificates at hand here"),
    Part.CLOCK: msg("the clock of the workstation"),
    Part.NETWORK: msg("the network"),
    Part.SERVER: msg("the server, or what it expects"),
}
SURENESS = {
    Sureness.CERTAIN: msg("certain"),
    Sureness.LIKELY: msg("likely"),
    Sureness.POSSIBLE: msg("possible"),
}
_STYLES = {Sureness.CERTAIN: "bold red", Sureness.LIKELY: "bold yellow", Sureness.POSSIBLE: "bold"}
ONE_TRY = msg(
    "One try that tells: the same card in another reader, another card in this one, the same card "
    "at another workstation; then cpx-tool compare."
)


def render(blame: Blame, say: Say, paper: Paper) -> str:
    """Part by part, the surest first, each with why and the evidence; then what points nowhere."""
    canvas = Canvas(paper)
    seen = blame.observation
    if seen.emulated:
        canvas.line(say(emulated_banner()), "bold magenta")
    verdict = say(VERDICTS[blame.verdict])
    where = msg(
        "{verdict}, observed {date} on {host}",
        verdict=verdict,
        date=seen.observed_at,
        host=seen.workstation.host,
    )
    canvas.line(say(where), "bold")
    canvas.line()
    suspicions(canvas, blame.suspicions, say)
    if blame.unexplained:
        _unexplained(canvas, blame.unexplained, say)
    elif not blame.suspicions:
        canvas.line(say(nothing(blame.verdict)))
    return canvas.text()


def nothing(verdict: Verdict) -> Message:
    """Said where no part is suspected."""
    if verdict is Verdict.PASSED:
        return msg("Nothing is at fault.")
    return msg("Not known: what was observed points to no part.")


def suspicions(canvas: Canvas, told: Sequence[Suspicion], say: Say) -> None:
    """Each with its part, how sure it is, why, and what was seen."""
    for one in told:
        part, sure = PARTS[one.part], SURENESS[one.sureness]
        head = msg("At fault: {part} — {sureness}", part=part, sureness=sure)
        if one.subjects:
            head = msg("{head} — {subjects}", head=head, subjects=one.subjects)
        canvas.line(say(head), _STYLES[one.sureness])
        canvas.line(say(one.reason), indent=2)
        for seen in one.evidence:
            canvas.item("-", say(seen), indent=2)
        checks = tuple(dict.fromkeys(finding.check for finding in one.findings))
        if checks:
            canvas.line(say(msg("Explains: {checks}", checks=checks)), "dim", indent=2)
        canvas.line()


def _unexplained(canvas: Canvas, findings: Sequence[Finding], say: Say) -> None:
    canvas.line(say(msg("Not known: nothing points anywhere for these.")), "bold")
    for finding in findings:
        named = msg("{names}: {message}", names=finding.subject, message=finding.message)
        told = named if finding.subject != "run" else finding.message
        canvas.item(
            "-", say(msg("{check}: {message}", check=finding.check, message=told)), indent=2
        )
    canvas.item("→", say(ONE_TRY), indent=2)


def render_json(blame: Blame, code: ExitCode, say: Say) -> str:
    """One JSON object."""
    seen = blame.observation
    return to_text(
        {
            "schema_version": SCHEMA_VERSION,
            "tool_version": seen.tool_version,
            "run_id": seen.run_id,
            "observed_at": moment(seen.observed_at),
            "emulated": seen.emulated,
            "verdict": blame.verdict.value,
            "exit_code": int(code),
            "workstation": workstation_body(seen.workstation),
            "suspicions": suspicion_bodies(blame.suspicions, say),
            "unexplained": finding_bodies(blame.unexplained, say),
        }
    )


def suspicion_bodies(told: Sequence[Suspicion], say: Say) -> list[dict[str, Any]]:
    """Suspicions as JSON holds them."""
    return [
        {
            "part": one.part.value,
            "sureness": one.sureness.value,
            "rule": one.rule,
            "subjects": list(one.subjects),
            "reason": say(one.reason),
            "evidence": [say(seen) for seen in one.evidence],
            "checks": [{"check": f.check, "subject": f.subject} for f in one.findings],
        }
        for one in told
    ]


def finding_bodies(findings: Sequence[Finding], say: Say) -> list[dict[str, Any]]:
    """Findings with their subjects."""
    return [{"subject": f.subject, **finding_body(f, say)} for f in findings]
