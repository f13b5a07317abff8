"""What the judgement says: outcomes, findings, the checklist and its verdict."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cpx_tool.model.cardset import CardSet, ExpectedCard
from cpx_tool.model.dossier import Dossier
from cpx_tool.model.eligibility import Eligibility
from cpx_tool.model.forecast import Forecast
from cpx_tool.model.handshake import Connection, Handshake
from cpx_tool.model.identity import Identity
from cpx_tool.model.message import Message
from cpx_tool.model.observation import CardObservation, Observation


class Outcome(StrEnum):
    """Four outcomes. Not run is not passed."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    """An earlier fact is missing."""
    ERROR = "error"
    """This fact could not be had."""


class Severity(StrEnum):
    """Whether a failure decides the verdict."""

    BLOCKER = "blocker"
    WARNING = "warning"


class Verdict(StrEnum):
    """The whole run in one word."""

    PASSED = "passed"
    FAILED = "failed"
    INCOMPLETE = "incomplete"


class CardResult(StrEnum):
    """One card in one word."""

    PASSED = "passed"
    INTERCHANGEABLE = "interchangeable"
    """Nothing is wrong, but which of several roles the card has cannot be told."""
    FAILED = "failed"
    INCOMPLETE = "incomplete"


class Place(StrEnum):
    """Where a presented card stands with respect to the set."""

    EXPECTED = "expected"
    EXTRA = "extra"
    """Right kind, but one more than the set holds."""
    DUPLICATE = "duplicate"
    """This card number was already presented."""
    FOREIGN = "foreign"
    """A card that this set does not hold."""
    UNRECOGNISED = "unrecognised"
    """Nothing shows that it is a CPx card."""
    UNREAD = "unread"
    """Its certificates were not read, so nothing is known of it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's answer about one subject. `subject` is the card's key, or a fixed word.

    `check` is the stable id. `hint` is set when the outcome asks for something to be done.
    `blocked_by_pin` marks what only PIN safety kept from being known.
    """

    check: str
    severity: Severity
    subject: str
    outcome: Outcome
    title: Message
    message: Message
    hint: Message | None = None
    blocked_by_pin: bool = False
    code: str = ""
    """The cause, where a check tells several apart: stable, the same in every language."""


@dataclass(frozen=True, slots=True)
class JudgedHandshake:
    """A client at an endpoint, step by step. `subject` is who knocked: the card's key, the file's
    path, "" for nobody; `identity` who its certificate is. `decisive` is the connection that the
    findings are about, None where nothing could be presented.
    """

    handshake: Handshake
    subject: str
    identity: Identity | None
    decisive: Connection | None
    findings: tuple[Finding, ...]
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class JudgedCard:
    """A card, who it is, the role it was matched to and what was found.

    `key` is unique in the checklist: the card number, or the slot where there is none.
    `expected` is None for a card without a place; `interchangeable` holds the roles among
    which the assignment could not be decided (empty when it is certain). `eligibility` has one
    answer for each use.
    """

    key: str
    observed: CardObservation
    identity: Identity | None
    dossier: Dossier
    place: Place
    expected: ExpectedCard | None
    interchangeable: tuple[ExpectedCard, ...]
    findings: tuple[Finding, ...]
    not_before: datetime | None = None
    not_after: datetime | None = None
    eligibility: tuple[Eligibility, ...] = ()
    handshakes: tuple[JudgedHandshake, ...] = ()

    def all_findings(self) -> tuple[Finding, ...]:
        """Those of the card, then those of its handshakes."""
        return self.findings + tuple(f for one in self.handshakes for f in one.findings)

    @property
    def result(self) -> CardResult:
        """What the blockers say of the card itself: what a server makes of it may be the server's
        fault. A card of an uncertain role is interchangeable at best.
        """
        outcomes = {f.outcome for f in self.findings if f.severity is Severity.BLOCKER}
        if Outcome.FAILED in outcomes:
            return CardResult.FAILED
        if outcomes != {Outcome.PASSED}:
            return CardResult.INCOMPLETE
        return CardResult.INTERCHANGEABLE if self.interchangeable else CardResult.PASSED


@dataclass(frozen=True, slots=True)
class Checklist:
    """The judged observation: what was expected, what was seen, what was found."""

    observation: Observation
    card_set: CardSet
    cards: tuple[JudgedCard, ...]
    missing: tuple[ExpectedCard, ...]
    findings: tuple[Finding, ...]
    """Findings about the workstation and the set; those of the cards are in `cards`."""
    verdict: Verdict
    forecast: Forecast

    def all_findings(self) -> tuple[Finding, ...]:
        """Every finding, the workstation's and the set's first."""
        return self.findings + tuple(f for card in self.cards for f in card.all_findings())
