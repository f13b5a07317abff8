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
from cpx_tool.emulate.tlv import tlv
from cpx_tool.model.token import DataObject

CARD_DATA_BYTES = 128
"""CPS_DATA is as long as the card's file, whatever an application wrote into it."""

_NAME_BYTES = 27


def data_objects(card: Profile) -> tuple[DataObject, ...]:
    """Free objects first, then those that need the PIN."""
    free = (
        ("CPS_DATA", bytes(CARD_DATA_BYTES)),
        ("CPS_ID_CARD", _id_card(card)),
        ("CPS_NAME_PS", _name(card)),
        ("CPS_LANG_PS", tlv(0x5F2D, b"fr")),
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
    return tlv(
        0xE3,
        tlv(0x80, _bcd(f"{ISSUER_NUMBER}FF"))
        + tlv(0x81, _bcd(card.card_number))
        + tlv(0x82, bytes([card.category]))
        + tlv(0x83, _bcd(f"{card.not_before:%Y%m%d}"))
        + tlv(0x84, _bcd(f"{card.not_after:%Y%m}")),
    )


def _name(card: Profile) -> bytes:
    """The surname, or what the card is called by where it names nobody."""
    name = card.surname or card.pseudonym or ""
    if card.given_name is None:
        return tlv(0xE4, tlv(0x81, _text(name)))
    given = _text(card.given_name)
    civility = bytes([card.civility])
    fields = tlv(0x80, civility) + tlv(0x81, _text(name)) + tlv(0x83, given) + tlv(0x84, given)
    return tlv(0xE4, fields)


def _info(card: Profile) -> bytes:
    fields = tlv(0x80, bytes([card.card_type])) + tlv(0x81, card.common_name.encode("latin-1"))
    if card.profession is not None:
        fields += tlv(0x82, bytes([card.profession]))
    if card.future_profession is not None:
        fields += tlv(0x83, bytes([card.future_profession]))
    if card.surname is not None:
        fields += tlv(0x84, _text(card.surname))
    if card.speciality is not None:
        fields += tlv(0x85, card.speciality.encode("latin-1"))
    return tlv(0xED, fields)


def _activity(number: int, activity: Activity) -> bytes:
    return tlv(
        0xEE,
        tlv(0x80, bytes([activity.mode, 0]))
        + tlv(0x83, bytes([number]))
        + tlv(0x84, activity.company.encode("latin-1"))
        + tlv(0x85, activity.structure.encode("latin-1"))
        + tlv(0x86, activity.sector.encode("latin-1")),
    )


def _billing() -> bytes:
    situation = (
        tlv(0x80, b"\x01")
        + tlv(0x81, _bcd("0" * 10))
        + tlv(0x82, _bcd("0" * 6))
        + tlv(0x83, _bcd("0" * 6))
        + tlv(0x84, b"\x00")
    )
    return tlv(0xE0, tlv(0xA0, situation))


def _text(name: str) -> bytes:
    return name.encode("latin-1")[:_NAME_BYTES]


def _bcd(digits: str) -> bytes:
    """Packed, two in a byte."""
    return bytes.fromhex(digits)
