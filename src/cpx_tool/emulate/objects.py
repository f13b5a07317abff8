"""The CPS_* data objects of an emulated card: BER-TLV, consistent with its certificates.

Only the fields that the ANS's own CPS Gestion was seen to show are filled in: the format's
document is not published.
"""

from __future__ import annotations

from cpx_tool.emulate.profile import ISSUER_NUMBER, Profile
from cpx_tool.model.token import DataObject

_CPS = 0
_CPS_DATA_BYTES = 128
_SECTOR_HEALTH_CENTRE = b"SA05"
_CIVILITY_MADAME = 22


def data_objects(card: Profile) -> tuple[DataObject, ...]:
    """Free objects first, then those that need the PIN."""
    free = (
        ("CPS_DATA", bytes(_CPS_DATA_BYTES)),
        ("CPS_ID_CARD", _id_card(card)),
        ("CPS_NAME_PS", _name(card)),
        ("CPS_LANG_PS", _tlv(b"\x5f\x2d", b"fr")),
        ("CPS_INFO_PS", _info(card)),
    )
    protected = [("CPS_ACTIVITY_01_PS", _activity(card))]
    if card.cps3:  # the module adds the CPS2ter part for CPS3 only
        protected.append(("CPS_SIT_FACT", _billing()))
    return (
        *(DataObject(label, value, private=False) for label, value in free),
        *(DataObject(label, value, private=True) for label, value in protected),
    )


def _id_card(card: Profile) -> bytes:
    return _tlv(
        b"\xe3",
        _tlv(b"\x80", _bcd(f"0{ISSUER_NUMBER}"))
        + _tlv(b"\x81", _bcd(card.card_number))
        + _tlv(b"\x82", bytes([card.category]))
        + _tlv(b"\x83", _bcd(f"{card.not_before:%Y%m%d}"))
        + _tlv(b"\x84", _bcd(f"{card.not_after:%Y%m}")),
    )


def _name(card: Profile) -> bytes:
    fields = _tlv(b"\x80", bytes([_CIVILITY_MADAME]))
    fields += _tlv(b"\x81", (card.surname or card.pseudonym or "").encode("latin-1")[:27])
    if card.given_name:
        fields += _tlv(b"\x83", card.given_name.encode("latin-1"))
        fields += _tlv(b"\x84", card.given_name.encode("latin-1"))
    return _tlv(b"\xe4", fields)


def _info(card: Profile) -> bytes:
    fields = _tlv(b"\x80", bytes([card.card_type])) + _tlv(b"\x81", card.common_name.encode())
    if card.profession is not None:
        fields += _tlv(b"\x82", bytes([card.profession]))
    return _tlv(b"\xed", fields)


def _activity(card: Profile) -> bytes:
    structure = card.structure or "10B0000001"
    company = card.organisation or "CABINET EMULE"
    return _tlv(
        b"\xee",
        _tlv(b"\x80", b"\x00\x00")
        + _tlv(b"\x84", company.encode("latin-1"))
        + _tlv(b"\x85", structure.encode())
        + _tlv(b"\x86", _SECTOR_HEALTH_CENTRE),
    )


def _billing() -> bytes:
    return _tlv(b"\xe0", _tlv(b"\xa0", _tlv(b"\x80", b"\x01") + _tlv(b"\x84", b"\x00")))


def _tlv(tag: bytes, value: bytes) -> bytes:
    if len(value) < 0x80:  # noqa: PLR2004 - the short form of a BER length
        return tag + bytes([len(value)]) + value
    return tag + bytes([0x81, len(value)]) + value


def _bcd(digits: str) -> bytes:
    """Packed digits, filled with F to a whole byte."""
    return bytes.fromhex(digits + "F" * (len(digits) % 2))
