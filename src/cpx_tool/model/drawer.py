"""Cards of a drawer, put in one after the other: what is awaited, what a reading brought."""

from __future__ import annotations

from dataclasses import dataclass

from cpx_tool.model.cardset import ExpectedCard
from cpx_tool.model.finding import JudgedCard
from cpx_tool.model.identity import Identity
from cpx_tool.model.message import Message


@dataclass(frozen=True, slots=True)
class SeenCard:
    """A card that was read. `key` is its number, or its slot where no number could be had."""

    key: str
    reader: str | None
    identity: Identity | None


@dataclass(frozen=True, slots=True)
class Awaited:
    """That many cards of these roles are still to come; `count` is less where they are alike."""

    count: int
    roles: tuple[ExpectedCard, ...]


@dataclass(frozen=True, slots=True)
class InsertCard:
    """The next card, please: it would be the `number`th of `size` (0: nobody knows)."""

    number: int
    size: int
    awaited: tuple[Awaited, ...]


@dataclass(frozen=True, slots=True)
class RealCard:
    """A production card in a reader. `reason` says what shows it; its holder is not named."""

    card: SeenCard
    reason: Message
    hint: Message


@dataclass(frozen=True, slots=True)
class CheckNews:
    """What one reading brought to a check.

    `judged` are cards read to the end, as they stand among all that were read; `unfinished` those
    that were not, and why; `again` those that had been read before and were put in once more.
    `hindrances` are what may have kept a card from being read: a sentence and its remedy each.
    """

    judged: tuple[JudgedCard, ...] = ()
    real: tuple[RealCard, ...] = ()
    unfinished: tuple[tuple[SeenCard, Message], ...] = ()
    again: tuple[SeenCard, ...] = ()
    hindrances: tuple[tuple[Message, Message], ...] = ()
