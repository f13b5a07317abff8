"""Marks: a sign, a word and a kind that the style sheet knows. No colour speaks alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cpx_tool.model.eligibility import Cause, Eligibility, Entitlement
from cpx_tool.model.finding import CardResult, Finding, Outcome, Severity, Verdict
from cpx_tool.model.message import Message, msg
from cpx_tool.report.findings import MARKS
from cpx_tool.report.tally import NOTICED
from cpx_tool.report.words import RESULTS, VERDICTS, Say


class Kind(StrEnum):
    """How a finding counts, the worst first. The values are class names of the style sheet."""

    FAILED = "failed"
    ERROR = "error"
    WARNING = "warning"
    SKIPPED = "skipped"
    PASSED = "passed"


WORDS = {
    Kind.FAILED: msg("Failed"),
    Kind.ERROR: msg("Not determined"),
    Kind.WARNING: msg("Warning"),
    Kind.SKIPPED: msg("Not run"),
    Kind.PASSED: msg("Passed"),
}
_SIGNS = {
    Kind.FAILED: MARKS[Outcome.FAILED][0],
    Kind.ERROR: MARKS[Outcome.ERROR][0],
    Kind.WARNING: "!",
    Kind.SKIPPED: MARKS[Outcome.SKIPPED][0],
    Kind.PASSED: MARKS[Outcome.PASSED][0],
}
_OF_OUTCOME = {
    Outcome.FAILED: Kind.FAILED,
    Outcome.ERROR: Kind.ERROR,
    Outcome.SKIPPED: Kind.SKIPPED,
    Outcome.PASSED: Kind.PASSED,
}
_OF_VERDICT = {
    Verdict.PASSED: Kind.PASSED,
    Verdict.FAILED: Kind.FAILED,
    Verdict.INCOMPLETE: Kind.WARNING,
}
_OF_RESULT = {
    CardResult.PASSED: Kind.PASSED,
    CardResult.INTERCHANGEABLE: Kind.WARNING,
    CardResult.FAILED: Kind.FAILED,
    CardResult.INCOMPLETE: Kind.WARNING,
}
_OF_ANSWER = {
    Entitlement.YES: Kind.PASSED,
    Entitlement.NO: Kind.FAILED,
    Entitlement.NOT_KNOWN: Kind.ERROR,
}
_ANSWERS = {
    Entitlement.YES: msg("yes"),
    Entitlement.NO: msg("no"),
    Entitlement.NOT_KNOWN: msg("not known"),
}
_UNBLOCK = msg("yes, once the PIN is unblocked")


@dataclass(frozen=True, slots=True)
class Mark:
    """What is shown: the sign for the eye, the word for everybody."""

    kind: str
    sign: str
    word: str


@dataclass(frozen=True, slots=True)
class Tally:
    """How many findings there are of a kind."""

    mark: Mark
    count: int


def kind_of(finding: Finding) -> Kind:
    """A warning that failed, or could not be answered, is a warning."""
    if finding.severity is Severity.WARNING and finding.outcome in NOTICED:
        return Kind.WARNING
    return _OF_OUTCOME[finding.outcome]


def of_kind(kind: Kind, say: Say) -> Mark:
    """The mark of a finding."""
    return worded(kind, WORDS[kind], say)


def of_finding(finding: Finding, say: Say) -> Mark:
    """The mark of this finding."""
    return of_kind(kind_of(finding), say)


def of_outcome(outcome: Outcome, say: Say) -> Mark:
    """The mark of an outcome of which the severity is not known."""
    return of_kind(_OF_OUTCOME[outcome], say)


def of_verdict(verdict: Verdict, say: Say) -> Mark:
    """The mark of a whole run, or of one handshake."""
    return worded(_OF_VERDICT[verdict], VERDICTS[verdict], say)


def of_result(result: CardResult, say: Say) -> Mark:
    """The mark of one card."""
    return worded(_OF_RESULT[result], RESULTS[result], say)


def of_checks(findings: Sequence[Finding], say: Say) -> Mark:
    """The mark of a card that no set judges: of what decides among its findings."""
    deciding = {f.outcome for f in findings if f.severity is Severity.BLOCKER}
    if Outcome.FAILED in deciding:
        return of_verdict(Verdict.FAILED, say)
    whole = deciding <= {Outcome.PASSED} and findings
    return of_verdict(Verdict.PASSED if whole else Verdict.INCOMPLETE, say)


def of_answer(cell: Eligibility, say: Say) -> Mark:
    """The mark of one card for one use."""
    if cell.cause is Cause.PIN_LOCKED:
        return worded(Kind.WARNING, _UNBLOCK, say)
    return worded(_OF_ANSWER[cell.answer], _ANSWERS[cell.answer], say)


def worst(findings: Iterable[Finding]) -> Kind | None:
    """The worst kind among them; None where there are none."""
    kinds = set(map(kind_of, findings))
    return next((kind for kind in Kind if kind in kinds), None)


def tallies(findings: Iterable[Finding], say: Say) -> list[Tally]:
    """How many there are of each kind; none of which there is none."""
    counted = Counter(map(kind_of, findings))
    return [Tally(of_kind(kind, say), counted[kind]) for kind in Kind if counted[kind]]


def worded(kind: Kind, word: Message, say: Say) -> Mark:
    """A mark with a word of its own."""
    return Mark(kind.value, _SIGNS[kind], say(word))
