"""The CPS_* objects of a card, for information only.

Their format is not published. The fields read here are those that the ANS's own viewer
(cpgeslux 6.08) reads and shows; one that does not look as expected is None, and its tag stands
in `problems`. The holder's identity is taken from the certificates, never from here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from cpx_tool.pki.tlv import first_value, is_whole

T = TypeVar("T")

FREE_OBJECTS = ("CPS_ID_CARD", "CPS_NAME_PS", "CPS_INFO_PS")
"""Those that say who the card is, and that need no PIN."""

REST = "rest"
"""Among `problems`: something behind the fields that were read is no field."""

_CARD_NUMBER_DIGITS = 10


@dataclass(frozen=True, slots=True)
class IdCard:
    """CPS_ID_CARD: ten-digit card number, TRE_G01 category, dates "YYYY-MM-DD" and "YYYY-MM"."""

    card_number: str | None
    category: int | None
    issued: str | None
    expires: str | None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NamePs:
    """CPS_NAME_PS: TRE_G03 civility and the names of the holder."""

    civility: int | None
    surname: str | None
    other_surname: str | None
    given_names: tuple[str, ...]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InfoPs:
    """CPS_INFO_PS: TRE_G02 type, PS_IdNat, TRE_G15 and TRE_G16 codes, name used in practice.

    `orientations` is the block that software takes specialities from, unread: nothing shows
    how it is built.
    """

    card_type: int | None
    holder_id: str | None
    profession: int | None
    future_profession: int | None
    practice_name: str | None
    orientations: bytes | None = None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ActivityPs:
    """CPS_ACTIVITY_nn_PS, which needs the PIN: TRE_G17 mode of practice, probably the company's
    name, Struct_IdNat, TRE_R02 sector.
    """

    mode: int | None
    company: str | None
    structure: str | None
    sector: str | None
    problems: tuple[str, ...] = ()


def read_id_card(value: bytes) -> IdCard | None:
    """CPS_ID_CARD, tag E3; None when it is something else."""
    content = first_value(value, 0xE3)
    if content is None:
        return None
    fields = _Fields.of(content)
    return IdCard(
        card_number=fields.read(0x81, _card_number),
        category=fields.read(0x82, _byte),
        issued=fields.read(0x83, _date),
        expires=fields.read(0x84, _month),
        problems=tuple(fields.problems),
    )


def read_name_ps(value: bytes) -> NamePs | None:
    """CPS_NAME_PS, tag E4; None when it is something else."""
    content = first_value(value, 0xE4)
    if content is None:
        return None
    fields = _Fields.of(content)
    return NamePs(
        civility=fields.read(0x80, _byte),
        surname=fields.read(0x81, _text),
        other_surname=fields.read(0x82, _text),
        given_names=fields.read(0x83, _texts) or (),
        problems=tuple(fields.problems),
    )


def read_info_ps(value: bytes) -> InfoPs | None:
    """CPS_INFO_PS, tag ED; None when it is something else."""
    content = first_value(value, 0xED)
    if content is None:
        return None
    fields = _Fields.of(content)
    return InfoPs(
        card_type=fields.read(0x80, _first_byte),
        holder_id=fields.read(0x81, _text),
        profession=fields.read(0x82, _byte),
        future_profession=fields.read(0x83, _byte),
        practice_name=fields.read(0x84, _text),
        orientations=fields.read(0x85, bytes),
        problems=tuple(fields.problems),
    )


def read_activity_ps(value: bytes) -> ActivityPs | None:
    """CPS_ACTIVITY_nn_PS, tag EE; None when it is something else."""
    content = first_value(value, 0xEE)
    if content is None:
        return None
    fields = _Fields.of(content)
    return ActivityPs(
        mode=fields.read(0x80, _first_byte),
        company=fields.read(0x84, _text),
        structure=fields.read(0x85, _text),
        sector=fields.read(0x86, _sector),
        problems=tuple(fields.problems),
    )


@dataclass(frozen=True, slots=True)
class _Fields:
    """The fields inside an object; `problems` grows with those that are not as expected."""

    content: bytes
    problems: list[str]

    @classmethod
    def of(cls, content: bytes) -> _Fields:
        return cls(content, [] if is_whole(content) else [REST])

    def read(self, tag: int, meaning: Callable[[bytes], T | None]) -> T | None:
        """What the field says; None where it is absent, blank or not as expected."""
        value = first_value(self.content, tag)
        if not value:
            return None
        read = meaning(value)
        if read is None:
            self.problems.append(f"{tag:02X}")
        return None if read in _BLANK else read


def _card_number(value: bytes) -> str | None:
    digits = _bcd(value)
    return digits if digits and len(digits) == _CARD_NUMBER_DIGITS else None


def _byte(value: bytes) -> int | None:
    return value[0] if len(value) == 1 else None


def _first_byte(value: bytes) -> int | None:
    return value[0]


def _text(value: bytes) -> str | None:
    """Latin-1, as in the ANS's code tables; the encoding on cards is not published."""
    text = value.decode("latin-1").strip(" \0")
    return text if text.isprintable() else None


def _texts(value: bytes) -> tuple[str, ...] | None:
    """Several, separated by FF."""
    texts = [_text(part) for part in value.split(b"\xff")]
    return None if None in texts else tuple(text for text in texts if text)


def _sector(value: bytes) -> str | None:
    """The ANS's viewer makes an S of the first letter, whatever it is."""
    text = _text(value)
    return f"S{text[1:]}" if text else text


_BLANK: tuple[object, ...] = ("", ())


def _bcd(value: bytes) -> str | None:
    """Decimal digits, two in a byte, "F" filling the last half byte."""
    digits = value.hex().rstrip("f")
    return digits if digits.isdigit() else None


def _date(value: bytes) -> str | None:
    """AAAAMMJJ to ISO 8601."""
    digits = _bcd(value) or ""
    if len(digits) != len("AAAAMMJJ"):
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).isoformat()
    except ValueError:
        return None


def _month(value: bytes) -> str | None:
    """AAAAMM, or AAAAMMJJ of which the day is not shown, to "YYYY-MM"."""
    digits = _bcd(value) or ""
    first_day = _date(bytes.fromhex(digits[:6] + "01")) if len(digits) >= len("AAAAMM") else None
    return first_day[: len("YYYY-MM")] if first_day else None
