"""How many checks came to what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cpx_tool.model.finding import Finding, Outcome, Severity

_NOTICED = (Outcome.FAILED, Outcome.ERROR)


@dataclass(frozen=True, slots=True)
class Tally:
    """`failed` and `unanswered` are blockers, `warnings` those that found something."""

    passed: int
    failed: int
    unanswered: int
    warnings: int


def tally(findings: Sequence[Finding]) -> Tally:
    """Count them. A warning that was not asked counts nowhere."""
    blockers = [f.outcome for f in findings if f.severity is Severity.BLOCKER]
    return Tally(
        passed=sum(f.outcome is Outcome.PASSED for f in findings),
        failed=blockers.count(Outcome.FAILED),
        unanswered=blockers.count(Outcome.SKIPPED) + blockers.count(Outcome.ERROR),
        warnings=sum(f.severity is Severity.WARNING and f.outcome in _NOTICED for f in findings),
    )
