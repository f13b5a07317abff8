"""The examined workstation, for a person and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from cpx_tool.errors import ExitCode
from cpx_tool.model.finding import Finding, Outcome, Severity
from cpx_tool.model.message import Message, msg
from cpx_tool.model.station import Examination, Fix, NoModule, Station, Unknown, Versions
from cpx_tool.report.canvas import Canvas, Paper
from cpx_tool.report.findings import MARKS, attention, verdict_line
from cpx_tool.report.json import (
    SCHEMA_VERSION,
    finding_body,
    module_body,
    moment,
    pcsc_body,
    to_text,
)
from cpx_tool.report.result import Run
from cpx_tool.report.words import Say

_NO_FIX = msg("Nothing to mend by a command.")


def render(examination: Examination, say: Say, paper: Paper, *, hints: bool) -> str:
    """What this workstation is, what is well, what needs attention with its remedy, the verdict;
    with `hints` the commands that mend it.
    """
    canvas = Canvas(paper)
    station = examination.station
    canvas.line(say(msg("Workstation {host}", host=station.host)), "bold")
    rows = [((say(name), ""), (text, "")) for name, text in head(station, say)]
    canvas.pairs(rows, 2, canvas.column_behind([name for (name, _), _ in rows], 2))
    canvas.line()
    for finding in examination.findings:
        if _is_calm(finding):
            mark, style = MARKS[finding.outcome]
            canvas.item(
                mark, say(_calm(finding)), style if finding.outcome is Outcome.PASSED else "dim"
            )
    canvas.line()
    rest = [finding for finding in examination.findings if not _is_calm(finding)]
    attention(canvas, rest, lambda _: "", say)
    if hints:
        _hints(canvas, examination.fixes, say)
    verdict_line(canvas, examination.verdict, _subject(station), examination.findings, say)
    return canvas.text()


def render_json(
    examination: Examination, run: Run, code: ExitCode, say: Say, *, hints: bool
) -> str:
    """One JSON object; of `run` it has the id. A fact that is not known is `{"not_known": why}`."""
    station = examination.station
    return to_text(
        {
            "schema_version": SCHEMA_VERSION,
            "tool_version": run.tool_version,
            "run_id": run.run_id,
            "observed_at": moment(station.observed_at),
            "verdict": examination.verdict.value,
            "exit_code": int(code),
            "findings": [finding_body(f, say) for f in examination.findings],
            "fixes": [_fix_body(fix, say) for fix in examination.fixes] if hints else None,
            "workstation": {
                "host": station.host,
                **{
                    name: _body(getattr(station, name), say)
                    for name in ("versions", "system", "session", "service", "holders", "usb")
                },
                "pcsc": pcsc_body(station.pcsc),
                "module": _module(station, say),
                **{
                    name: _body(getattr(station, name), say)
                    for name in ("clock", "packages", "state", "ledger")
                },
                "trust": _trust(station, say),
            },
        }
    )


def _is_calm(finding: Finding) -> bool:
    """Nothing to be done about it."""
    if finding.outcome is Outcome.SKIPPED:
        return finding.hint is None
    return finding.outcome is Outcome.PASSED


def _calm(finding: Finding) -> Message:
    """The line of a check about which nothing is to be done; the last line of the report counts
    one that decides and was not answered.
    """
    check, message = finding.check, finding.message
    if finding.severity is Severity.BLOCKER and finding.outcome is Outcome.SKIPPED:
        return msg("{check} (not answered): {message}", check=check, message=message)
    return msg("{check}: {message}", check=check, message=message)


def head(station: Station, say: Say) -> list[tuple[Message, str]]:
    """What stands at the head: the system, when, which versions."""
    system = station.system
    return [
        (msg("System"), f"{system.name}, {system.kernel}, {system.machine}"),
        (msg("Observed"), say(msg("{date}", date=station.observed_at))),
        (msg("Versions"), _versions(station.versions)),
    ]


def _versions(versions: Versions) -> str:
    named = (
        ("cpx-tool", versions.tool),
        ("Python", versions.python),
        ("pcsc-lite", versions.pcsc_lite),
        ("ccid", versions.ccid),
        ("OpenSC", versions.opensc),
    )
    return ", ".join(f"{name} {version}" for name, version in named if version)


def _subject(station: Station) -> Message:
    return msg("workstation {host}", host=station.host)


def _hints(canvas: Canvas, fixes: Sequence[Fix], say: Say) -> None:
    """A block for a shell: comments and commands, none of which was run."""
    if not fixes:
        canvas.line(say(_NO_FIX))
        canvas.line()
        return
    canvas.line(say(msg("Commands that mend this; none was run:")), "bold")
    canvas.line()
    for fix in fixes:
        comment = msg("{check}: {comment}", check=fix.check, comment=fix.comment)
        canvas.verbatim(f"# {say(comment)}")
        for command in fix.commands:
            canvas.verbatim(command)
        canvas.line()


def _fix_body(fix: Fix, say: Say) -> dict[str, Any]:
    return {
        "check": fix.check,
        "comment": say(fix.comment),
        "commands": list(fix.commands),
    }


def _module(station: Station, say: Say) -> dict[str, Any] | None:
    if isinstance(station.module, NoModule):
        return {"not_known": say(station.module.reason)}
    return module_body(station.module)


def _trust(station: Station, say: Say) -> Any:
    if isinstance(station.trust, Unknown):
        return _body(station.trust, say)
    return {
        "directory": station.trust.directory,
        "anchors": sum(item.anchor is not None for item in station.trust.authorities),
        "certificates": len(station.trust.authorities),
        "crls": len(station.trust.crls),
        "problems": list(station.trust.problems),
        "others": [{"directory": path, "certificates": n} for path, n in station.trust.others],
    }


def _body(value: Any, say: Say) -> Any:
    """A frozen value as it is: names of fields are the keys."""
    if isinstance(value, Unknown):
        return {"not_known": say(value.why)}
    if isinstance(value, tuple):
        return [_body(item, say) for item in value]
    if is_dataclass(value) and not isinstance(value, Message):
        return {part.name: _body(getattr(value, part.name), say) for part in fields(value)}
    return _scalar(value, say)


def _scalar(value: Any, say: Say) -> Any:
    if isinstance(value, Message):
        return say(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return moment(value)
    return value.isoformat() if isinstance(value, date) else value
