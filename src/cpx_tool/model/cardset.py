"""A set of test cards as ordered: which cards it must hold."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExpectedCard:
    """One card of a set. None or empty means: not stated, so not judged.

    `role` is the stable name within the set ("medecin-generaliste"); codes are those of
    TRE_G02 (`card_type`), TRE_G15 (`profession`), TRE_G16 (`future_profession`) and TRE_R01
    (`specialities`: one of them is expected). `card_number` is the ten digits printed on it.
    """

    role: str
    title: str
    card_type: int
    profession: int | None = None
    future_profession: int | None = None
    nominative: bool | None = None
    specialities: tuple[str, ...] = ()
    card_number: str | None = None


@dataclass(frozen=True, slots=True)
class CardSet:
    """A set of the order form. `cards` is empty when its contents are not published.

    `size` is the number of cards; `igc` the PKIs it is offered under.
    """

    name: str
    title: str
    size: int
    igc: tuple[str, ...]
    reference: str | None = None
    aliases: tuple[str, ...] = ()
    source: str = ""
    cards: tuple[ExpectedCard, ...] = ()
