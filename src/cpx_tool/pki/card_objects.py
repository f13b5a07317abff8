"""The free CPS_* objects of a card, for information only.

Their format is not published. The fields read here are those that the ANS's own viewer
(cpgeslux 6.08) reads and shows; a field that does not look as expected is None. The holder's
identity is taken from the certificates, never from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from cpx_tool.pki.tlv import first_value

_CARD_NUMBER_DIGITS = 10


@dataclass(frozen=True, slots=True)
class IdCard:
    """CPS_ID_CARD: ten-digit card number, TRE_G01 category, dates "YYYY-MM-DD" and "YYYY-MM"."""

    card_number: str | None
    category: int | None
    issued: str | None
    expires: str | None


@dataclass(frozen=True, slots=True)
class NamePs:
    """CPS_NAME_PS: TRE_G03 civility and the names of the holder."""

    civility: int | None
    surname: str | None
    other_surname: str | None
    given_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InfoPs:
    """CPS_INFO_PS: TRE_G02 type, PS_IdNat, TRE_G15 and TRE_G16 codes, name used in practice."""

    card_type: int | None
    holder_id: str | None
    profession: int | None
    future_profession: int | None
    practice_name: str | None


def read_id_card(value: bytes) -> IdCard | None:
    """CPS_ID_CARD, tag E3; None when it is something else."""
    fields = first_value(value, 0xE3)
    if fields is None:
        return None
    number = _bcd(first_value(fields, 0x81))
    return IdCard(
        card_number=number if number and len(number) == _CARD_NUMBER_DIGITS else None,
        category=_byte(first_value(fields, 0x82)),
        issued=_date(first_value(fields, 0x83)),
        expires=_month(first_value(fields, 0x84)),
    )


def read_name_ps(value: bytes) -> NamePs | None:
    """CPS_NAME_PS, tag E4; None when it is something else."""
    fields = first_value(value, 0xE4)
    if fields is None:
        return None
    given = (first_value(fields, 0x83) or b"").split(b"\xff")
    return NamePs(
        civility=_byte(first_value(fields, 0x80)),
        surname=_text(first_value(fields, 0x81)),
        other_surname=_text(first_value(fields, 0x82)),
        given_names=tuple(name for name in map(_text, given) if name),
    )


def read_info_ps(value: bytes) -> InfoPs | None:
    """CPS_INFO_PS, tag ED; None when it is something else."""
    fields = first_value(value, 0xED)
    if fields is None:
        return None
    card_type = first_value(fields, 0x80)
    return InfoPs(
        card_type=card_type[0] if card_type else None,
        holder_id=_text(first_value(fields, 0x81)),
        profession=_byte(first_value(fields, 0x82)),
        future_profession=_byte(first_value(fields, 0x83)),
        practice_name=_text(first_value(fields, 0x84)),
    )


def _byte(value: bytes | None) -> int | None:
    return value[0] if value is not None and len(value) == 1 else None


def _text(value: bytes | None) -> str | None:
    """Latin-1, as in the ANS's code tables; the encoding on cards is not published."""
    text = (value or b"").decode("latin-1").strip(" \0")
    return text if text and text.isprintable() else None


def _bcd(value: bytes | None) -> str | None:
    """Decimal digits, two in a byte, "F" filling the last half byte."""
    digits = (value or b"").hex().rstrip("f")
    return digits if digits.isdigit() else None


def _date(value: bytes | None) -> str | None:
    """AAAAMMJJ to ISO 8601."""
    digits = _bcd(value) or ""
    if len(digits) != len("AAAAMMJJ"):
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).isoformat()
    except ValueError:
        return None


def _month(value: bytes | None) -> str | None:
    """AAAAMM, or AAAAMMJJ of which the day is not shown, to "YYYY-MM"."""
    digits = _bcd(value) or ""
    first_day = _date(bytes.fromhex(digits[:6] + "01")) if len(digits) >= len("AAAAMM") else None
    return first_day[: len("YYYY-MM")] if first_day else None
