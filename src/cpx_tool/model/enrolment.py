"""Which card is which, as the operator and the cards say it: what is settled, what is to be asked.

To enrol a card is to write its number beside its role in a set file.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cpx_tool.model.cardset import CardSet, ExpectedCard, Product
from cpx_tool.model.drawer import Awaited, SeenCard
from cpx_tool.model.message import Message


class How(StrEnum):
    """How the role of an enrolled card is known."""

    CERTAIN = "certain"
    """Its certificates leave no other role."""
    DERIVED = "derived"
    """The answers about other cards leave no other role."""
    ANSWERED = "answered"
    """Somebody said so."""
    PROPOSED = "proposed"
    """Named after its certificates, and nobody was asked: the set's contents are not published."""


class Why(StrEnum):
    """Why a card is not enrolled. Stable codes, shown in reports."""

    PRODUCTION = "production"
    UNREADABLE = "unreadable"
    UNRECOGNISED = "unrecognised"
    NOT_PROVEN_TEST = "not-proven-test"
    NOT_STATABLE = "not-statable"
    """It carries no number, or no type, that a set file can state."""
    SAME_NUMBER = "same-number"
    """Two different cards carry this number."""
    FOREIGN = "foreign"
    EXTRA = "extra"
    DIFFERS = "differs"
    """It resembles a card of the set, but contradicts what the set states."""
    SET_ASIDE = "set-aside"
    """The operator left it out."""


@dataclass(frozen=True, slots=True)
class EnrolledCard:
    """A card with its line in the set file: `expected` pins it by its number."""

    card: SeenCard
    expected: ExpectedCard
    how: How


@dataclass(frozen=True, slots=True)
class RefusedCard:
    """A card that gets no line in the set file, why, and what to do about it."""

    card: SeenCard
    why: Why
    reason: Message
    hint: Message | None = None


class Ask(StrEnum):
    """What is asked about one card."""

    ROLE = "role"
    """Which of the set's roles it has."""
    PRODUCT = "product"
    """What it was ordered as. For a set without published contents, as are the next two."""
    NAME = "name"
    """The name of its role in the set file."""
    TITLE = "title"
    """The words shown for it."""


@dataclass(frozen=True, slots=True)
class Question:
    """The next thing to ask about one card.

    `roles` are those it may have (ROLE), `products` those it may be (PRODUCT), `default` what is
    proposed (None: nothing is) and `taken` the names that it must not get (NAME).
    """

    ask: Ask
    card: SeenCard
    roles: tuple[ExpectedCard, ...] = ()
    products: tuple[Product, ...] = ()
    default: str | None = None
    taken: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said about one card: a role's name, a product ("": not known), a name, a title.

    `value` is None when the card was set aside. `proposed`: the default, and nobody was asked.
    """

    card: str
    ask: Ask
    value: str | None
    proposed: bool = False


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Cards × set × answers so far. `awaited` is empty where the set's contents are not known."""

    card_set: CardSet
    enrolled: tuple[EnrolledCard, ...]
    questions: tuple[Question, ...]
    refused: tuple[RefusedCard, ...]
    awaited: tuple[Awaited, ...] = ()

    @property
    def placed(self) -> int:
        """How many cards have a role, or will have one when the questions are answered."""
        if not self.card_set.cards:
            return len(self.enrolled) + len({question.card.key for question in self.questions})
        return self.card_set.size - sum(group.count for group in self.awaited)

    @property
    def complete(self) -> bool:
        """Nothing to ask, and as many cards as the set holds (any number, if that is unknown)."""
        return not self.questions and self.placed == (self.card_set.size or self.placed)


@dataclass(frozen=True, slots=True)
class Decided:
    """The enrolment in the end. `agreed`: it is to be written; `stopped`: by the operator."""

    enrolment: Enrolment
    agreed: bool
    emulated: bool
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class News:
    """What one reading brought: new cards (with their role, where it is settled), cards that are
    not enrolled, and cards that were there already. `hindrances` are what may have kept a card
    from being read: a sentence and its remedy each.
    """

    arrived: tuple[tuple[SeenCard, ExpectedCard | None], ...]
    refused: tuple[RefusedCard, ...]
    again: tuple[SeenCard, ...]
    hindrances: tuple[tuple[Message, Message], ...]


@dataclass(frozen=True, slots=True)
class Confirm:
    """Shall this be written? `plainly`: it is complete, or need not be."""

    enrolment: Enrolment
    plainly: bool
