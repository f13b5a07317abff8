"""Which of the cards at hand a command is about."""

from __future__ import annotations

from collections.abc import Sequence

from cpx_tool.errors import BadInput
from cpx_tool.judge.reading import ReadCard, unique_keys
from cpx_tool.model.message import msg


def is_called(card: ReadCard, number: str | None) -> bool:
    """Whether it is the card of that number, or in that slot ("slot-1"); every card without one."""
    return number in (None, card.key, f"slot-{card.observed.slot.id}")


def choose_cards(cards: Sequence[ReadCard], number: str | None) -> list[tuple[str, ReadCard]]:
    """Those with that card number (or key, or "slot-N"), all without one; each with its key.

    Raises `BadInput` when none has that number.
    """
    keyed = list(zip(unique_keys(card.key for card in cards), cards, strict=True))
    chosen = [(key, card) for key, card in keyed if number == key or is_called(card, number)]
    if not chosen and number is not None:
        raise BadInput(
            msg(
                "There is no card {number}: the cards here are {numbers}.",
                number=number,
                numbers=tuple(key for key, _ in keyed),
            ),
            msg("Give one of these numbers, or leave --card out."),
        )
    return chosen
