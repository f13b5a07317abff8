"""Findings for a person: what needs attention, check by check, and the verdict in one line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from cpx_tool.model.finding import Finding, Outcome, Severity, Verdict
from cpx_tool.model.message import Message, msg, nmsg
from cpx_tool.report.canvas import Canvas
from cpx_tool.report.tally import NOTICED, tally
from cpx_tool.report.words import VERDICTS, Say

MARKS = {
    Outcome.PASSED: ("✓", "green"),
    Outcome.FAILED: ("✗", "bold red"),
    Outcome.SKIPPED: ("–", "yellow"),
    Outcome.ERROR: ("?", "bold yellow"),
}
VERDICT_STYLES = {
    Verdict.PASSED: "bold green",
    Verdict.FAILED: "bold red",
    Verdict.INCOMPLETE: "bold yellow",
}
_WARNING = ("!", "yellow")

Names: TypeAlias = Callable[[Sequence[str]], str]
"""Subjects of findings → how they are named together; "" for none that needs a name."""


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence and the subjects it is about. `hint` is "" where a later one has the same."""

    message: str
    subjects: tuple[str, ...]
    hint: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """What one check found wrong; `worst` speaks for all."""

    worst: Finding
    told: tuple[Told, ...]


def attention(canvas: Canvas, findings: Sequence[Finding], names: Names, say: Say) -> None:
    """What is not as it should be, check by check, each with its subjects and its remedy."""
    for group in grouped(findings, say):
        _group(canvas, group, names, say)


def grouped(findings: Sequence[Finding], say: Say) -> list[Group]:
    """What is not as it should be, check by check, the worst first; each sentence once."""
    by_check: dict[str, list[Finding]] = {}
    for finding in _shown(findings):
        by_check.setdefault(finding.check, []).append(finding)
    ranked = sorted(by_check.values(), key=lambda group: min(map(_rank, group)))
    return [Group(min(group, key=_rank), _told(group, say)) for group in ranked]


def everything(canvas: Canvas, head: str, findings: Sequence[Finding], say: Say) -> None:
    """Each finding in a line, whatever its outcome, below the name of what they are about."""
    canvas.line(head, "bold")
    for finding in findings:
        mark, style = mark_of(finding)
        told = msg("{check}: {message}", check=finding.check, message=finding.message)
        canvas.item(mark, say(told), style, indent=2)
    canvas.line()


def verdict_line(
    canvas: Canvas, verdict: Verdict, subjects: Message, findings: Sequence[Finding], say: Say
) -> None:
    """The verdict, how many subjects, how many checks."""
    parts = ", ".join(map(say, (subjects, *counts(findings))))
    canvas.line(f"{say(VERDICTS[verdict])} — {parts}", VERDICT_STYLES[verdict])


def _shown(findings: Sequence[Finding]) -> list[Finding]:
    """What has a remedy; and what decides and was not answered, where nothing else says why."""
    explained = {f.subject for f in findings if _is_open(f) and _needs_attention(f)}
    return [
        f for f in findings if _needs_attention(f) or (_is_open(f) and f.subject not in explained)
    ]


def _needs_attention(finding: Finding) -> bool:
    if finding.outcome is Outcome.SKIPPED:
        return finding.hint is not None
    return finding.outcome is not Outcome.PASSED


def _is_open(finding: Finding) -> bool:
    return finding.severity is Severity.BLOCKER and finding.outcome is not Outcome.PASSED


def _rank(finding: Finding) -> int:
    """Failures first, then what could not be answered, then warnings."""
    if finding.severity is Severity.WARNING:
        return 2
    return 0 if finding.outcome is Outcome.FAILED else 1


def _group(canvas: Canvas, group: Group, names: Names, say: Say) -> None:
    mark, style = mark_of(group.worst)
    title = msg("{check} — expected: {title}", check=group.worst.check, title=group.worst.title)
    canvas.item(mark, say(title), style)
    for told in group.told:
        name = names(told.subjects)
        named = say(msg("{names}: {message}", names=name, message=told.message))
        canvas.line(named if name else told.message, indent=4)
        if told.hint:
            canvas.item("→", told.hint, indent=4)
    canvas.line()


def _told(findings: Sequence[Finding], say: Say) -> tuple[Told, ...]:
    by_words: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        hint = say(finding.hint) if finding.hint else ""
        by_words.setdefault((hint, say(finding.message)), []).append(finding)
    hints = [hint for hint, _ in by_words]
    return tuple(
        Told(
            message=message,
            subjects=tuple(finding.subject for finding in same),
            hint="" if hint in hints[number + 1 :] else hint,
            codes=tuple(dict.fromkeys(finding.code for finding in same if finding.code)),
        )
        for number, ((hint, message), same) in enumerate(by_words.items())
    )


def mark_of(finding: Finding) -> tuple[str, str]:
    """Mark and style: of its outcome, or of a warning."""
    noticed = finding.outcome in NOTICED or finding.hint is not None
    if finding.severity is Severity.WARNING and noticed:
        return _WARNING
    return MARKS[finding.outcome]


def counts(findings: Sequence[Finding]) -> list[Message]:
    """Checks passed; then only what is not nothing."""
    found = tally(findings)
    failed, unanswered, warnings = found.failed, found.unanswered, found.warnings
    always = [nmsg("{count} check passed", "{count} checks passed", found.passed)]
    counted = (
        (failed, nmsg("{count} failed", "{count} failed", failed)),
        (unanswered, nmsg("{count} not answered", "{count} not answered", unanswered)),
        (warnings, nmsg("{count} warning", "{count} warnings", warnings)),
    )
    return always + [message for count, message in counted if count]
