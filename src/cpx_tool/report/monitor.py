"""The result in one line, as plugins of Nagios and Icinga print it: status, text, figures.

After the Monitoring Plugins Development Guidelines, "Plugin Output for Nagios". The exit codes
stay those of this tool.
"""

from __future__ import annotations

from collections.abc import Iterable

from cpx_tool.model.finding import Finding, Outcome, Severity, Verdict
from cpx_tool.model.fleet import Fleet
from cpx_tool.model.message import msg
from cpx_tool.report.result import Result, SuiteKind
from cpx_tool.report.tally import Tally, tally
from cpx_tool.report.words import VERDICTS, Say, one_line

_STATUS = {Verdict.PASSED: "OK", Verdict.FAILED: "CRITICAL", Verdict.INCOMPLETE: "UNKNOWN"}
_OF_RUN = (
    ("cards", SuiteKind.CARD),
    ("handshakes", SuiteKind.HANDSHAKE),
    ("files", SuiteKind.FILE),
)
_OF_FLEET = (("hosts", SuiteKind.HOST),)
_NAMED = 5
_LONGEST = 1000
"""In characters: Intune keeps 2,048 of a line."""


def render(result: Result, say: Say) -> str:
    """One line with a final newline: `CPX DOCTOR OK: text | label=value…`."""
    counted = tally(result.all_findings())
    status = _STATUS[result.verdict]
    if result.verdict is Verdict.PASSED and counted.warnings:
        status = "WARNING"
    words = [say(VERDICTS[result.verdict])]
    if result.run.emulated:
        words.append(say(msg("emulated cards")))
    words += _named(result)
    text = ", ".join(words)[:_LONGEST]
    head = f"CPX {result.run.command.upper()} {status}"
    return f"{_plain(f'{head}: {text}')} | {_figures(result, counted)}\n"


def _named(result: Result) -> list[str]:
    """The checks that are the reason, each with its subject."""
    for wanted in (_failed, _unanswered, _warned):
        found = [
            f"{finding.check} ({suite.subject})" if suite.subject else finding.check
            for suite in result.suites
            for finding in suite.findings
            if wanted(finding)
        ]
        if found:
            return found[:_NAMED] + ["…"] * (len(found) > _NAMED)
    return []


def _failed(finding: Finding) -> bool:
    return finding.severity is Severity.BLOCKER and finding.outcome is Outcome.FAILED


def _unanswered(finding: Finding) -> bool:
    return finding.severity is Severity.BLOCKER and finding.outcome in (
        Outcome.ERROR,
        Outcome.SKIPPED,
    )


def _warned(finding: Finding) -> bool:
    return finding.severity is Severity.WARNING and finding.outcome in (
        Outcome.FAILED,
        Outcome.ERROR,
    )


def _figures(result: Result, counted: Tally) -> str:
    figures = [
        ("passed", counted.passed),
        ("failed", counted.failed),
        ("unanswered", counted.unanswered),
        ("warnings", counted.warnings),
        *((label, _subjects(result, kind)) for label, kind in _counted(result)),
    ]
    told = [f"{label}={count};;;0" for label, count in figures]
    left = _days_left(result)
    return " ".join(told if left is None else [*told, f"days_left={left}"])


def _counted(result: Result) -> tuple[tuple[str, SuiteKind], ...]:
    """Merged results have workstations, with what was on them: a 0 for cards would be wrong."""
    return _OF_FLEET if isinstance(result.judged, Fleet) else _OF_RUN


def _subjects(result: Result, kind: SuiteKind) -> int:
    return sum(suite.kind is kind for suite in result.suites)


def _days_left(result: Result) -> int | None:
    """Until the first of all certificates ends; of a set, what its forecast says."""
    return result.days_left if result.days_left is not None else _least(result)


def _least(result: Result) -> int | None:
    ends: Iterable[int | None] = (suite.days_left for suite in result.suites)
    return min((days for days in ends if days is not None), default=None)


def _plain(text: str) -> str:
    """Without what has a meaning in such a line: the bar begins the figures."""
    return one_line(text).replace("|", "¦")
