"""The values a set file allows, one reader each; what is not allowed raises `BadValueError`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cpx_tool.catalogue.nomenclature import nomenclature
from cpx_tool.catalogue.strict_table import BadValueError
from cpx_tool.model.cardset import Product
from cpx_tool.model.message import msg

CARD_TYPES: Mapping[str, int] = {"CPS": 0, "CPF": 1, "CDE/CPE": 2, "CDA/CPA": 3}
"""The words of a set file and the codes of TRE_G02 they stand for."""

MAX_CARDS = 1000
_MAX_TEXT = 200
_MAX_INTEGER = 10**9
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_SPECIALITY = re.compile(r"[A-Z]{1,4}[0-9]{2,3}")
_CARD_NUMBER = re.compile(r"[0-9]{10}")


def text(value: object) -> str:
    """A line of text."""
    if not isinstance(value, str):
        raise BadValueError(msg("It must be a text between quotes."))
    if not value.strip() or not value.isprintable() or len(value) > _MAX_TEXT:
        raise BadValueError(
            msg("It must be one line of text, 1 to {limit} characters long.", limit=_MAX_TEXT)
        )
    return value


def texts(value: object) -> tuple[str, ...]:
    """A list of lines of text."""
    if not isinstance(value, list):
        raise BadValueError(msg('It must be a list of texts: ["…", "…"].'))
    return tuple(map(text, value))


def slug(value: object) -> str:
    """A stable name: it stands in reports and on the command line."""
    name = text(value)
    if not _SLUG.fullmatch(name):
        raise BadValueError(
            msg(
                '"{value}" must be lower-case letters, digits and single hyphens, '
                'as in "cpe-employe".',
                value=name,
            )
        )
    return name


def boolean(value: object) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise BadValueError(msg("It must be true or false, without quotes."))
    return value


def size(value: object) -> int:
    """A number of cards."""
    number = _integer(value)
    if not 1 <= number <= MAX_CARDS:
        raise BadValueError(
            msg("It must be a number of cards, from 1 to {limit}.", limit=MAX_CARDS)
        )
    return number


def card_type(value: object) -> int:
    """The TRE_G02 code of a card type given in words."""
    if not isinstance(value, str) or value not in CARD_TYPES:
        raise BadValueError(
            msg("It must be one of: {types}.", types=tuple(f'"{t}"' for t in CARD_TYPES))
        )
    return CARD_TYPES[value]


def product(value: object) -> Product:
    """A product in words: finer than a card type."""
    if not isinstance(value, str) or value not in list(Product):
        words = tuple(f'"{product}"' for product in Product)
        raise BadValueError(msg("It must be one of: {types}.", types=words))
    return Product(value)


def profession(value: object) -> int:
    """A code of TRE_G15."""
    return _code(value, ("TRE_G15",))


def future_profession(value: object) -> int:
    """A code of TRE_G16; of TRE_G15 too, whose codes it repeats, as our TRE_G16 is of 2020."""
    return _code(value, ("TRE_G16", "TRE_G15"))


def specialities(value: object) -> tuple[str, ...]:
    """Codes of TRE_R01. Only their form is judged: our table is older than the ANS's."""
    codes = texts(value)
    for code in codes:
        if not _SPECIALITY.fullmatch(code):
            raise BadValueError(
                msg('"{code}" is not a speciality code of TRE_R01, as "SM26" is.', code=code)
            )
    return codes


def card_number(value: object) -> str:
    """The ten digits printed on a card."""
    if not isinstance(value, str) or not is_card_number(value):
        raise BadValueError(msg("It must be the ten digits printed on the card, between quotes."))
    return value


def is_card_number(text: str) -> bool:
    """Whether it is ten digits, as printed on a card."""
    return _CARD_NUMBER.fullmatch(text) is not None


def _code(value: object, tables: tuple[str, ...]) -> int:
    number = _integer(value)
    if not any(f"{number:02d}" in nomenclature(table).labels for table in tables):
        raise BadValueError(
            msg("{code} is not a profession code of {table}.", code=number, table=tables[0])
        )
    return number


def _integer(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadValueError(msg("It must be a whole number, without quotes."))
    if abs(value) > _MAX_INTEGER:
        raise BadValueError(msg("This number is too large."))
    return value
