"""The CPS_* data objects of an emulated card: BER-TLV, consistent with its certificates.

The format's document is not published. Tags and fields are those that the ANS's own viewer
(cpgeslux 6.08) reads; what it does not show is left out, except:

- CPS_ID_CARD 80 (eleven digits, meaning unknown): the card issuer's number, filled up with F.
- CPS_LANG_PS (unknown): a language preference as in ISO/IEC 7816-6, tag 5F2D.
- CPS_INFO_PS 85: the speciality's code, last in the object, where software looks for it.
- CPS_SIT_FACT: one situation, all numbers zero.
"""

from __future__ import annotations

from cpx_tool.emulate.profile import ISSUER_NUMBER, Activity, Profile
from cpx_tool.model.token import DataObject

CARD_DATA_BYTES = 128
"""CPS_DATA is as long as the card's file, whatever an application wrote into it."""

_NAME_BYTES = 27
_SHORT_FORM = 0x80
"""ISO/IEC 7816-4, 5.2.2: lengths below stand in one byte."""


def data_objects(card: Profile) -> tuple[DataObject, ...]:
    """Free objects first, then those that need the PIN."""
    free = (
        ("CPS_DATA", bytes(CARD_DATA_BYTES)),
        ("CPS_ID_CARD", _id_card(card)),
        ("CPS_NAME_PS", _name(card)),
        ("CPS_LANG_PS", _tlv("5F2D", b"fr")),
        ("CPS_INFO_PS", _info(card)),
    )
    protected = [
        (f"CPS_ACTIVITY_{number:02d}_PS", _activity(number, activity))
        for number, activity in enumerate(card.activities, start=1)
    ]
    if card.cps3:  # the middleware shows it on a CPS3 only
        protected.append(("CPS_SIT_FACT", _billing()))
    return (
        *(DataObject(label, value, private=False) for label, value in free),
        *(DataObject(label, value, private=True) for label, value in protected),
    )


def _id_card(card: Profile) -> bytes:
    return _tlv(
        "E3",
        _tlv("80", _bcd(f"{ISSUER_NUMBER}FF"))
        + _tlv("81", _bcd(card.card_number))
        + _tlv("82", bytes([card.category]))
        + _tlv("83", _bcd(f"{card.not_before:%Y%m%d}"))
        + _tlv("84", _bcd(f"{card.not_after:%Y%m}")),
    )


def _name(card: Profile) -> bytes:
    """The surname, or what the card is called by where it names nobody."""
    name = card.surname or card.pseudonym or ""
    if card.given_name is None:
        return _tlv("E4", _tlv("81", _text(name)))
    given = _text(card.given_name)
    civility = bytes([card.civility])
    fields = _tlv("80", civility) + _tlv("81", _text(name)) + _tlv("83", given) + _tlv("84", given)
    return _tlv("E4", fields)


def _info(card: Profile) -> bytes:
    fields = _tlv("80", bytes([card.card_type])) + _tlv("81", card.common_name.encode("latin-1"))
    if card.profession is not None:
        fields += _tlv("82", bytes([card.profession]))
    if card.future_profession is not None:
        fields += _tlv("83", bytes([card.future_profession]))
    if card.surname is not None:
        fields += _tlv("84", _text(card.surname))
    if card.speciality is not None:
        fields += _tlv("85", card.speciality.encode("latin-1"))
    return _tlv("ED", fields)


def _activity(number: int, activity: Activity) -> bytes:
    return _tlv(
        "EE",
        _tlv("80", bytes([activity.mode, 0]))
        + _tlv("83", bytes([number]))
        + _tlv("84", activity.company.encode("latin-1"))
        + _tlv("85", activity.structure.encode("latin-1"))
        + _tlv("86", activity.sector.encode("latin-1")),
    )


def _billing() -> bytes:
    situation = (
        _tlv("80", b"\x01")
        + _tlv("81", _bcd("0" * 10))
        + _tlv("82", _bcd("0" * 6))
        + _tlv("83", _bcd("0" * 6))
        + _tlv("84", b"\x00")
    )
    return _tlv("E0", _tlv("A0", situation))


def _text(name: str) -> bytes:
    return name.encode("latin-1")[:_NAME_BYTES]


def _tlv(tag: str, value: bytes) -> bytes:
    if len(value) >= _SHORT_FORM:
        return bytes.fromhex(tag) + bytes([0x81, len(value)]) + value
    return bytes.fromhex(tag) + bytes([len(value)]) + value


def _bcd(digits: str) -> bytes:
    """Packed, two in a byte."""
    return bytes.fromhex(digits)
