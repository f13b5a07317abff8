"""An emulated card on a chip: which file holds what.

The description is the one that becomes a token of SoftHSM, too (`emulate/card.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from cpx_tool.emulate.card import AID, EmulatedCard, KeySlot
from cpx_tool.emulate.chip import pkcs15
from cpx_tool.emulate.chip.contents import UNBLOCKING_PIN, USER_PIN, Contents, HeldKey
from cpx_tool.emulate.chip.files import MASTER_FILE, Access, Directory, Elementary
from cpx_tool.emulate.chip.keys import CardKey
from cpx_tool.emulate.chip.pin import Pin
from cpx_tool.emulate.chip.tlv import oid, tlv
from cpx_tool.emulate.profile import ISSUER_NUMBER
from cpx_tool.model.token import SIGNATURE_LABEL, DataObject
from cpx_tool.pki.luhn import luhn_key

ROOT_NAME = bytes.fromhex("8025000001FF0100")
"""AID of the MF, and of a CPS4's ChipDoc part."""

PIN = "1234"
"""The published PIN of the ANS's test cards."""
UNBLOCKING_CODE = "87654321"
"""The emulator's own: real cards' codes are their holders'."""

_TRIES, _UNBLOCKING_TRIES, _UNBLOCKING_USES = 3, 10, 100
"""Of a real CPx card (OpenSC, pull request 2217)."""

_APPLICATION = 0x0001
_SERIAL, _DIRECTORY, _ATR, _UPDATE = 0xD003, 0x2F00, 0x2F01, 0xD010
_OBJECTS, _TOKEN = 0x5031, 0x5032
_PINS, _KEYS, _CERTIFICATES, _DATA = 0x7001, 0x7002, 0x7003, 0x7004
_FIRST_CERTIFICATE = 0xB001
_SERIAL_SHORT_ID = 0x1C

_CARD_DATA = "CPS_DATA"
_DATA_FILES = {
    _CARD_DATA: 0xD107,
    "CPS_ID_CARD": 0xD101,
    "CPS_NAME_PS": 0xD102,
    "CPS_LANG_PS": 0xD103,
    "CPS_INFO_PS": 0xD104,
}
"""CPS_DATA's is in the middleware's sources, and so are those of activities; the others are
choices."""
_FIRST_ACTIVITY, _ACTIVITY = 0xD120, "CPS_ACTIVITY_"
_BILLING = "CPS_SIT_FACT"
_BILLING_PATH = bytes.fromhex("3F007F014000")
_FIRST_OLD_ACTIVITY = 0x4010

_QUALIFIED = SIGNATURE_LABEL
_CONTACT_LABEL = "CPX IAS"

_LOCAL_KEY = 0x80
"""A CPS3 has it in references of keys, a CPS4 has not [seen]."""


def contents_of(card: EmulatedCard, pin: str = PIN) -> Contents:
    """The files, PINs and keys of a CPS3 or a CPS4, as the card's profile says."""
    return Contents(
        root=_root(card),
        pins={
            USER_PIN: Pin(pin.encode(), _TRIES),
            UNBLOCKING_PIN: Pin(UNBLOCKING_CODE.encode(), _UNBLOCKING_TRIES, _UNBLOCKING_USES),
        },
        keys={
            _reference(card, slot): HeldKey(CardKey(slot.key), _is_qualified(slot))
            for slot in card.slots
            if slot.key is not None
        },
        old_files=dict(_old_files(card)) if card.profile.cps3 else {},
    )


def serial_file(serial: str) -> bytes:
    """EF.SN: the issuer's number, eight digits, and a Luhn key with its filler.

    The middleware shows the eight digits as the token's serial number [seen]; they are hex where
    two emulated cards had to be told apart.
    """
    key = luhn_key(serial) if serial.isdigit() else "0"
    return bytes.fromhex(f"5A0A{ISSUER_NUMBER}{serial}{key}F")


def file_of_serial(contents: Contents) -> Elementary:
    """EF.SN."""
    return _elementary(contents.root, _SERIAL)


def file_of_certificate(contents: Contents) -> Elementary:
    """The authentication certificate's."""
    application = contents.root.children[_APPLICATION]
    assert isinstance(application, Directory)  # noqa: S101 - we made it
    return _elementary(application, _FIRST_CERTIFICATE)


def _elementary(directory: Directory, fid: int) -> Elementary:
    found = directory.children[fid]
    assert isinstance(found, Elementary)  # noqa: S101 - we made it
    return found


def _root(card: EmulatedCard) -> Directory:
    root = Directory(MASTER_FILE, ROOT_NAME)
    application = Directory(_APPLICATION, bytes.fromhex(AID))
    place = _path(_APPLICATION)
    root.add(
        _file(_SERIAL, serial_file(card.profile.serial), short_id=_SERIAL_SHORT_ID),
        _file(_ATR, _atr_file()),
        _file(
            _DIRECTORY,
            pkcs15.application_template(bytes.fromhex(AID), _CONTACT_LABEL, place),
        ),
        application,
    )
    if card.profile.cps3:
        root.add(_file(_UPDATE, _update_file(card.profile.not_before)))
    application.add(*_directories(card), *_certificate_files(card), *_data_files(card))
    return root


def _file(fid: int, content: bytes, *, short_id: int | None = None) -> Elementary:
    return Elementary(fid, bytearray(content), short_id=short_id)


def _directories(card: EmulatedCard) -> Iterator[Elementary]:
    """ODF, TokenInfo and what they lead to."""
    profile = card.profile
    kinds = ((0xA0, _KEYS), (0xA4, _CERTIFICATES), (0xA7, _DATA), (0xA8, _PINS))
    yield _file(
        _OBJECTS, pkcs15.object_directory((tag, _path(_APPLICATION, fid)) for tag, fid in kinds)
    )
    serial = serial_file(profile.serial)[-5:]
    info = pkcs15.token_info(profile.label, serial, pss=not profile.cps3)
    yield _file(_TOKEN, info)
    yield _file(_KEYS, pkcs15.private_keys([*_key_entries(card)]))
    yield _file(_CERTIFICATES, pkcs15.certificates([*_certificate_entries(card)]))
    yield _file(_DATA, pkcs15.data_objects([*_data_entries(card)]))
    yield _file(
        _PINS,
        pkcs15.pins(
            [
                pkcs15.PinEntry("Code porteur", USER_PIN, len(PIN), unblocking=False),
                pkcs15.PinEntry(
                    "Code de déblocage", UNBLOCKING_PIN, len(UNBLOCKING_CODE), unblocking=True
                ),
            ]
        ),
    )


def _key_entries(card: EmulatedCard) -> Iterator[pkcs15.KeyEntry]:
    for slot in card.slots:
        if slot.key is not None:
            yield pkcs15.KeyEntry(
                slot.key_label,
                bytes.fromhex(slot.id),
                _reference(card, slot),
                slot.key.key_size,
                _is_qualified(slot),
            )


def _reference(card: EmulatedCard, slot: KeySlot) -> int:
    """The key's number is the last byte of CKA_ID."""
    number = bytes.fromhex(slot.id)[-1]
    return number | _LOCAL_KEY if card.profile.cps3 else number


def _is_qualified(slot: KeySlot) -> bool:
    return slot.certificate_label == _QUALIFIED


def _certificate_files(card: EmulatedCard) -> Iterator[Elementary]:
    for fid, slot in enumerate(card.slots, start=_FIRST_CERTIFICATE):
        yield _file(fid, slot.certificate)


def _certificate_entries(card: EmulatedCard) -> Iterator[pkcs15.FileEntry]:
    for fid, slot in enumerate(card.slots, start=_FIRST_CERTIFICATE):
        path = _path(_APPLICATION, fid)
        yield pkcs15.FileEntry(slot.certificate_label, path, bytes.fromhex(slot.id))


@dataclass(frozen=True, slots=True)
class _Placed:
    """A data object and its file."""

    item: DataObject
    fid: int

    @property
    def writable(self) -> bool:
        return self.item.label == _CARD_DATA


def _placed(data: Sequence[DataObject]) -> Iterator[_Placed]:
    for item in data:
        if item.label.startswith(_ACTIVITY):
            yield _Placed(item, _FIRST_ACTIVITY + _activity_number(item) - 1)
        elif item.label in _DATA_FILES:
            yield _Placed(item, _DATA_FILES[item.label])


def _activity_number(item: DataObject) -> int:
    return int(item.label.removeprefix(_ACTIVITY)[:2])


def _data_files(card: EmulatedCard) -> Iterator[Elementary]:
    for placed in _placed(card.data):
        yield Elementary(
            placed.fid,
            bytearray(placed.item.value),
            read=Access.PIN if placed.item.private else Access.FREE,
            update=Access.PIN if placed.writable else Access.NEVER,
        )


def _data_entries(card: EmulatedCard) -> Iterator[pkcs15.FileEntry]:
    for placed in _placed(card.data):
        yield pkcs15.FileEntry(
            placed.item.label,
            _path(_APPLICATION, placed.fid),
            private=placed.item.private,
            modifiable=placed.writable,
        )


def _old_files(card: EmulatedCard) -> Iterator[tuple[bytes, Elementary]]:
    """The billing situation, and an activity for each: their own format is not published, so that
    these hold what the new ones hold.
    """
    for item in card.data:
        if item.label == _BILLING:
            yield _BILLING_PATH, _old_file(_BILLING_PATH, item)
        elif item.label.startswith(_ACTIVITY):
            path = _path(_FIRST_OLD_ACTIVITY + _activity_number(item) - 1)
            yield path, _old_file(path, item)


def _old_file(path: bytes, item: DataObject) -> Elementary:
    fid = int.from_bytes(path[-2:], "big")
    return Elementary(fid, bytearray(item.value), read=Access.PIN)


def _path(*fids: int) -> bytes:
    return b"".join(fid.to_bytes(2, "big") for fid in (MASTER_FILE, *fids))


def _update_file(issued: datetime) -> bytes:
    """EF_ACTUA: when the last update began and ended, BCD.

    The middleware keeps what it read of a card on disk, and reads a CPS3 again when this changed
    [seen]: a card that is emulated anew has the same serial number. A CPS4 has no such file.
    """
    moment = bytes.fromhex(f"{issued:%Y%m%d%H%M%S}")
    return tlv(0xEC, tlv(0x81, moment), tlv(0x82, moment))


def _atr_file() -> bytes:
    """EF.ATR (ISO/IEC 7816-4, 12.2.2). The stray first byte is on real cards; OpenSC wants
    pre-issuing data and sizes of buffers, and selects the AID [seen].
    """
    sizes = b"".join(tlv(0x02, (260).to_bytes(2, "big")) for _ in range(4))
    return b"\x80" + b"".join(
        (
            tlv(0x43, b"\xb8"),
            tlv(0x46, bytes.fromhex("04B0ECC1")),
            tlv(0x47, bytes.fromhex("940180")),
            tlv(0x4F, ROOT_NAME),
            tlv(0xE0, sizes),
            tlv(0x78, oid("2B0F")),
            tlv(0x82, bytes.fromhex("9000")),
        )
    )
