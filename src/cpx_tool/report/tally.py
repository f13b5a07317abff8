"""How many checks came to what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from cpx_tool.model.finding import Finding, Outcome, Severity
from cpx_tool.model.fleet import Answered

NOTICED = (Outcome.FAILED, Outcome.ERROR)
"""What somebody has to look at, be it a warning only."""


@dataclass(frozen=True, slots=True)
class Tally:
    """`failed` and `unanswered` are blockers, `warnings` those that found something."""

    passed: int
    failed: int
    unanswered: int
    warnings: int


def tally(findings: Iterable[Finding | Answered]) -> Tally:
    """Count them. A warning that was not asked counts nowhere."""
    counted = Counter((one.severity, one.outcome) for one in findings)
    blocker, warning = Severity.BLOCKER, Severity.WARNING
    return Tally(
        passed=counted[blocker, Outcome.PASSED] + counted[warning, Outcome.PASSED],
        failed=counted[blocker, Outcome.FAILED],
        unanswered=counted[blocker, Outcome.SKIPPED] + counted[blocker, Outcome.ERROR],
        warnings=sum(counted[warning, outcome] for outcome in NOTICED),
    )
