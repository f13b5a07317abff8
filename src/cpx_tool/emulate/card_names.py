"""How a person names one of the emulated cards of a set: one rule wherever a card is named."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CardName:
    """What a card can be named by, besides its position in the set. `number` may be empty."""

    number: str
    role: str
    title: str


def meant(name: str, cards: Sequence[CardName]) -> list[int]:
    """The places, from 0, of the cards that have this number, role or position (from 1); where
    none has, of the one card that has it in its title. Empty where it is none, or several.
    """
    exact = exactly(name, cards)
    found = exact or by_title(name, cards)
    return found if exact or len(found) == 1 else []


def exactly(name: str, cards: Sequence[CardName]) -> list[int]:
    """The places of the cards that have this number, role or position."""
    wanted = name.strip().lower()
    return [
        at
        for at, card in enumerate(cards)
        if wanted and wanted in (card.number, card.role, str(at + 1))
    ]


def by_title(part: str, cards: Sequence[CardName]) -> list[int]:
    """The places of the cards that have this in their titles; case, accents, hyphens and blanks
    do not count.
    """
    word = _plain(part)
    return [at for at, card in enumerate(cards) if word and word in _plain(card.title)]


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if c.isalnum()).casefold()
