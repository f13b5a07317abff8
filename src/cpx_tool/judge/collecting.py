"""What the two conversations at a drawer have in common: cards that come step by step, and what may
be typed meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Generic, Self, TypeVar

from cpx_tool.model.message import Message, msg

T = TypeVar("T")

SKIP, BACK, WRITE, STOP = "s", "b", "w", "q"
"""What may be typed, in any language."""

NOTHING_TO_TAKE_BACK = msg("There is nothing to go back to.")


class Act(StrEnum):
    """What is to be done after a line was heard."""

    GO_ON = "go-on"
    READ = "read"
    WRITE = "write"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Collected(Generic[T]):
    """What was collected. Each step brought these cards; an empty one skips a card."""

    steps: tuple[tuple[T, ...], ...] = field(default=(), kw_only=True)

    @property
    def cards(self) -> tuple[T, ...]:
        """Those of all steps, in the order in which they came."""
        return tuple(card for step in self.steps for card in step)

    @property
    def skipped(self) -> int:
        """How many cards are not to be waited for."""
        return self.steps.count(())

    def skip(self) -> Self:
        """One card less to wait for."""
        return replace(self, steps=(*self.steps, ()))

    def back(self) -> Self:
        """Without the last step."""
        return replace(self, steps=self.steps[:-1])


def taken_back(keys: Sequence[str]) -> Message:
    """That a step was taken back, which had brought these cards; none: it had skipped one."""
    if keys:
        return msg("Taken back: {cards}.", cards=tuple(keys))
    return msg("The skipped card is awaited again.")


def means_nothing(word: str) -> Message:
    """That nothing was made of what was typed."""
    return msg("“{word}” means nothing here.", word=word)
