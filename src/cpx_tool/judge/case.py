"""A judged result as the rules of blame and comparison look at it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from cpx_tool.judge.checks import BY_ID
from cpx_tool.judge.judge import NO_MORE, judge
from cpx_tool.judge.tls import judge_handshake
from cpx_tool.judge.verdict import verdict
from cpx_tool.model.cardset import CardSet
from cpx_tool.model.fault import Fault
from cpx_tool.model.finding import (
    Checklist,
    Finding,
    JudgedCard,
    JudgedHandshake,
    Outcome,
    Severity,
    Verdict,
)
from cpx_tool.model.observation import Observation, PinResult
from cpx_tool.model.trust import TrustMaterial

_NO_SET = CardSet(name="", title="", size=0, igc=())
_OF_THE_SET = frozenset({"card_set", "match", "placement", "expected"})
"""Facts that are none where no set was named."""
_TELLING_WARNINGS = (
    "PCSC-SERVICE",
    "PCSC-READERS",
    "MODULE-SEES-CARDS",
    "PCSC-SEES-CARDS",
    "CARD-LABEL",
    "CARD-DATA-AGREE",
)
"""Warnings that say which part is at fault."""


@dataclass(frozen=True, slots=True)
class Case:
    """A judged result, and what is wrong in it that nothing explains yet."""

    checklist: Checklist
    handshakes: tuple[JudgedHandshake, ...]
    """Those of the cards, and those without one."""
    open: tuple[Finding, ...]

    @property
    def seen(self) -> Observation:
        """What was observed."""
        return self.checklist.observation

    @property
    def cards(self) -> tuple[JudgedCard, ...]:
        """The cards that were seen."""
        return self.checklist.cards

    def wrong(self, *checks: str) -> tuple[Finding, ...]:
        """What is open of these checks."""
        return tuple(finding for finding in self.open if finding.check in checks)

    def of(self, subject: str) -> tuple[Finding, ...]:
        """What is open of that card, its handshakes included."""
        return tuple(f for f in self.open if subject in (f.subject, f.subject.split(" ")[0]))

    def without(self, explained: Iterable[Finding]) -> Case:
        """The same case, less what is explained."""
        gone = {id(finding) for finding in explained}
        return replace(self, open=tuple(f for f in self.open if id(f) not in gone))

    def outcome(self, subject: str, check: str) -> Outcome | None:
        """What that check found of that card; None where it was not asked."""
        found = (f for card in self.cards if card.key == subject for f in card.findings)
        return next((f.outcome for f in found if f.check == check), None)

    @property
    def verdict(self) -> Verdict:
        """The verdict, of what does not depend on a set where none was named."""
        return verdict(asked_findings(self))


def make_case(
    observation: Observation, card_set: CardSet | None, more_trust: TrustMaterial = NO_MORE
) -> Case:
    """Judge it, with a set where one is named."""
    checklist = judge(observation, card_set or _NO_SET, more_trust=more_trust)
    alone = tuple(judge_handshake(shaken) for shaken in observation.handshakes)
    shaken = (*(one for card in checklist.cards for one in card.handshakes), *alone)
    case = Case(checklist, shaken, ())
    return replace(case, open=tuple(f for f in asked_findings(case) if is_wrong(f)))


def asked_findings(case: Case) -> tuple[Finding, ...]:
    """All findings that were asked for."""
    extra = tuple(
        finding
        for one in case.handshakes
        if one.handshake in case.seen.handshakes
        for finding in one.findings
    )
    of_cards = case.checklist.all_findings()
    if case.seen.handshakes and not case.seen.cards:
        of_cards = ()  # no card was asked for: the servers were, without one
    if case.checklist.card_set is not _NO_SET:
        return (*of_cards, *extra)
    return (*(f for f in of_cards if not _OF_THE_SET & set(BY_ID[f.check].needs)), *extra)


def is_wrong(finding: Finding) -> bool:
    """Failed, or not answered where that is somebody's fault; of warnings, those that tell."""
    if finding.severity is Severity.WARNING and finding.check not in _TELLING_WARNINGS:
        return False
    if finding.outcome in (Outcome.FAILED, Outcome.ERROR):
        return True
    return finding.outcome is Outcome.SKIPPED and finding.check == "PIN-ALLOWED"


def faults_of(card: JudgedCard) -> tuple[Fault, ...]:
    """What went wrong in calls about that card; not that it refused the PIN."""
    pin = card.observed.pin
    if pin is not None and pin.result in (PinResult.WRONG, PinResult.LOCKED):
        return card.observed.hindrances
    return card.observed.all_hindrances
