"""A set of test cards as ordered: which cards it must hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Product(StrEnum):
    """What a card is ordered as. TRE_G02 has one code for CDE and CPE, and one for CDA and CPA."""

    CPS = "CPS"
    CPF = "CPF"
    CDE = "CDE"
    CPE = "CPE"
    CDA = "CDA"
    CPA = "CPA"


PRODUCTS_OF: Mapping[int, tuple[Product, ...]] = {
    0: (Product.CPS,),
    1: (Product.CPF,),
    2: (Product.CDE, Product.CPE),
    3: (Product.CDA, Product.CPA),
}
"""The products that one TRE_G02 code stands for."""


def products_text(code: int) -> str:
    """All that a TRE_G02 code may stand for: "CDE/CPE"; "?" for a code that is none of these."""
    return "/".join(PRODUCTS_OF.get(code, ("?",)))


@dataclass(frozen=True, slots=True)
class ExpectedCard:
    """One card of a set. None or empty means: not stated, so not judged.

    `role` is the stable name within the set ("medecin-generaliste"); codes are those of
    TRE_G02 (`card_type`), TRE_G15 (`profession`), TRE_G16 (`future_profession`) and TRE_R01
    (`specialities`: one of them is expected). `product` is finer than the type code, and stands on
    no certificate that was seen: it is the set's word. `title_patterns` are wildcards ("*", "?") of
    which one matches the holder's title, whatever its case and accents. `card_number` is the ten
    digits printed on the card.
    """

    role: str
    title: str
    card_type: int
    product: Product | None = None
    profession: int | None = None
    future_profession: int | None = None
    nominative: bool | None = None
    specialities: tuple[str, ...] = ()
    title_patterns: tuple[str, ...] = ()
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
