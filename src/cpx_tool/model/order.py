"""The guide to ordering test cards and certificates: its steps, and how far one got with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cpx_tool.model.finding import Checklist
from cpx_tool.model.message import Message
from cpx_tool.model.software import SoftwareChecklist


class Way(StrEnum):
    """How software calls the INSi téléservice: it decides which steps are needed."""

    INSI_CARD = "insi-card"
    """With a nominative card of a person: CPS, CPE or CPF."""
    INSI_ORG = "insi-org"
    """With two certificates of an organisation (ORG): INSI-AUTO and INSI-MANU."""


class Group(StrEnum):
    """The parts of the guide, in the order in which they are shown."""

    WHY = "why"
    ORDER = "order"
    WAIT = "wait"
    ORG = "org"
    WITHDRAWAL = "withdrawal"
    CHECK = "check"


class Verifier(StrEnum):
    """What the tool can find out of a step by itself."""

    SET_COMPLETE = "set-complete"
    ISSUER = "issuer"
    VALIDITY = "validity"
    ADMINISTRATOR = "technical-administrator"
    INSI_CARD = "insi-card"
    INSI_AUTO = "certificate-insi-auto"
    INSI_MANU = "certificate-insi-manu"

    @property
    def looks_at_cards(self) -> bool:
        """It looks at cards; the others look at .p12 files."""
        return self not in (Verifier.INSI_AUTO, Verifier.INSI_MANU)


@dataclass(frozen=True, slots=True)
class Entry:
    """What to write or choose, literally, and where: the form and the portal are French.

    An `example` may be put in one's own words.
    """

    field: str
    value: str
    example: bool = False


@dataclass(frozen=True, slots=True)
class StepWords:
    """The sentences of a step: what to do, why, and in detail `how`.

    `needs` are its prerequisites, `otherwise` says what to do when it cannot be done so, and
    `unpublished` what no source says.
    """

    title: Message
    why: Message
    how: Message | None = None
    needs: tuple[Message, ...] = ()
    otherwise: Message | None = None
    unpublished: Message | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `id` is stable; `after` are the ids of the steps it waits for.

    `where` are addresses, `sources` keys of the guide's sources. Without a `verifier` only a
    person can tell that the step is done.
    """

    id: str
    group: Group
    ways: tuple[Way, ...]
    words: StepWords
    sources: tuple[str, ...]
    after: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    write: tuple[Entry, ...] = ()
    verifier: Verifier | None = None


@dataclass(frozen=True, slots=True)
class Guide:
    """All steps, each one after those it waits for. `sources` are titles by their keys.

    `recommended` is the name of the set to order.
    """

    recommended: str
    sources: Mapping[str, str]
    steps: tuple[Step, ...]


class VerificationOutcome(StrEnum):
    """What a verifier found."""

    VERIFIED = "verified"
    CONTRADICTED = "contradicted"
    NOT_VERIFIABLE = "not-verifiable"
    """What is at hand here neither shows it nor shows the opposite."""


@dataclass(frozen=True, slots=True)
class Verification:
    """A verifier's answer about a step."""

    outcome: VerificationOutcome
    reason: Message
    hint: Message | None = None


@dataclass(frozen=True, slots=True)
class StepState:
    """How a step stands: what the person ticked, and what the tool found. Neither is the other.

    `waits_for` are the steps before it that are not done; `verification` is None where nothing
    was looked at.
    """

    step: Step
    ticked_at: datetime | None = None
    verification: Verification | None = None
    waits_for: tuple[str, ...] = ()

    @property
    def done(self) -> bool:
        """Ticked or verified, and nothing speaks against it."""
        if self.contradicted:
            return False
        return self.ticked_at is not None or self.verified

    @property
    def verified(self) -> bool:
        """The tool found it to be so."""
        return self._found(VerificationOutcome.VERIFIED)

    @property
    def contradicted(self) -> bool:
        """The tool found the opposite."""
        return self._found(VerificationOutcome.CONTRADICTED)

    def _found(self, outcome: VerificationOutcome) -> bool:
        return self.verification is not None and self.verification.outcome is outcome


@dataclass(frozen=True, slots=True)
class Progress:
    """The steps of the chosen ways. `cards` and `files` are what was looked at, if anything."""

    guide: Guide
    ways: tuple[Way, ...]
    states: tuple[StepState, ...]
    cards: Checklist | None = None
    files: SoftwareChecklist | None = None

    @property
    def verifying(self) -> bool:
        """Something was looked at."""
        return self.cards is not None or self.files is not None

    @property
    def ticked(self) -> int:
        """How many steps are ticked."""
        return sum(state.ticked_at is not None for state in self.states)

    @property
    def next(self) -> StepState | None:
        """The first step that is not done: it waits for earlier ones only. None: all are done."""
        return next((state for state in self.states if not state.done), None)
