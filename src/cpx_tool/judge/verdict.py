"""The whole run in one word, and its exit code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cpx_tool.errors import ExitCode
from cpx_tool.model.finding import Checklist, Finding, Outcome, Severity, Verdict


def verdict(findings: Iterable[Finding]) -> Verdict:
    """FAILED when a blocker failed, INCOMPLETE when one could not be answered, else PASSED.

    Warnings never change it. No blocker at all is not a pass.
    """
    blockers = [f for f in findings if f.severity is Severity.BLOCKER]
    if any(f.outcome is Outcome.FAILED for f in blockers):
        return Verdict.FAILED
    if not blockers or any(f.outcome is not Outcome.PASSED for f in blockers):
        return Verdict.INCOMPLETE
    return Verdict.PASSED


def exit_code(checklist: Checklist) -> ExitCode:
    """The documented exit code of a judged run, as `code_of_cards`."""
    return code_of_cards(len(checklist.cards), checklist.verdict, checklist.all_findings())


def code_of_cards(cards: int, reached: Verdict, findings: Sequence[Finding]) -> ExitCode:
    """No card at all: 4. Incomplete only because PIN safety kept something from being known: 5."""
    if not cards:
        return ExitCode.NOTHING_CHECKED
    if reached is Verdict.PASSED:
        return ExitCode.PASSED
    if reached is Verdict.INCOMPLETE and _only_pin_safety(findings):
        return ExitCode.PIN_SAFETY
    return ExitCode.FAILED


def _only_pin_safety(findings: Sequence[Finding]) -> bool:
    open_blockers = [
        finding
        for finding in findings
        if finding.severity is Severity.BLOCKER and finding.outcome is not Outcome.PASSED
    ]
    return bool(open_blockers) and all(finding.blocked_by_pin for finding in open_blockers)
