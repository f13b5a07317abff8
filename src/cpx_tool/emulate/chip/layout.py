"""An emulated card on a chip: which file holds what.

The description is the one that becomes a token of SoftHSM, too (`emulate/card.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from cpx_tool.emulate.card import AID, EmulatedCard, KeySlot
from cpx_tool.emulate.chip import pkcs15
from cpx_tool.emulate.chip.contents import UNBLOCKING_PIN, USER_PIN, Contents, HeldKey
from cpx_tool.emulate.chip.files import MASTER_FILE, Access, Directory, Elementary
from cpx_tool.emulate.chip.keys import CardKey
from cpx_tool.emulate.chip.pin import Pin
from cpx_tool.emulate.defects import Defect
from cpx_tool.emulate.profile import ISSUER_NUMBER, Profile
from cpx_tool.emulate.tlv import oid, tlv
from cpx_tool.model.token import PUBLISHED_TEST_PIN, SIGNATURE_LABEL, DataObject
from cpx_tool.pki.luhn import luhn_key

ROOT_NAME = bytes.fromhex("8025000001FF0100")
"""AID of the MF, and of a CPS4's ChipDoc part."""

UNBLOCKING_CODE = "87654321"
"""The emulator's own: real cards' codes are their holders'."""

_TRIES, _UNBLOCKING_TRIES, _UNBLOCKING_USES = 3, 10, 100
"""Of a real CPx card (OpenSC, pull request 2217)."""

_APPLICATION = 0x0001
_SERIAL, _DIRECTORY, _ATR, _UPDATE = 0xD003, 0x2F00, 0x2F01, 0xD010
OBJECTS, TOKEN = 0x5031, 0x5032
_PINS, KEYS, CERTIFICATES, _DATA = 0x7001, 0x7002, 0x7003, 0x7004
FIRST_CERTIFICATE = 0xB001
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


def contents_of(card: EmulatedCard, marks: Collection[str] = ()) -> Contents:
    """The files, PINs and keys of a CPS3 or a CPS4, as the card's profile says.

    `marks` are for `chip_serial`: what else makes its contents others.
    """
    return Contents(
        root=_root(card, _chip_serial(card, marks)),
        pins={
            USER_PIN: Pin(PUBLISHED_TEST_PIN.encode(), _TRIES),
            UNBLOCKING_PIN: Pin(UNBLOCKING_CODE.encode(), _UNBLOCKING_TRIES, _UNBLOCKING_USES),
        },
        keys={
            _reference(card, slot): HeldKey(CardKey(slot.key), _is_qualified(slot))
            for slot in card.slots
            if slot.key is not None
        },
        old_files=dict(_old_files(card)) if card.profile.cps3 else {},
    )


def _chip_serial(card: EmulatedCard, marks: Collection[str]) -> str:
    """Of a CPS4. A CPS3 has EF_ACTUA, by which the middleware sees that it is another."""
    profile = card.profile
    return profile.serial if profile.cps3 else chip_serial(profile, marks)


def chip_serial(profile: Profile, marks: Collection[str]) -> str:
    """Eight hex digits: those of the card's number, others where its contents were made others.

    The middleware keeps what it read of a card on disk under this number, TokenInfo included, and
    never looks again, whatever the card says of its last update (pkcs15.c, sc_pkcs15_bind_internal;
    card-cps4.c, cps4_verify_update: only a CPS3 with contacts is asked).
    """
    wrong = sorted({*(d.value for d in profile.defects - {Defect.PKCS1_ONLY}), *marks})
    if not wrong:
        return profile.serial
    unique = "/".join((profile.card_number, *wrong))
    return f"d{hashlib.sha256(unique.encode()).hexdigest()[:7]}"


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
    """The first certificate's: that of authentication, or the technical one."""
    (application,) = (c for c in contents.root.children.values() if isinstance(c, Directory))
    return _elementary(application, FIRST_CERTIFICATE)


def _elementary(directory: Directory, fid: int) -> Elementary:
    found = directory.children[fid]
    assert isinstance(found, Elementary)  # noqa: S101 - we made it
    return found


def _root(card: EmulatedCard, serial: str) -> Directory:
    application = Directory(_APPLICATION, bytes.fromhex(AID))
    place = path_of(_APPLICATION)
    entry = pkcs15.application_template(bytes.fromhex(AID), _CONTACT_LABEL, place)
    root = card_files(serial, entry, application)
    if card.profile.cps3:
        root.add(new_file(_UPDATE, _update_file(card.profile.not_before)))
    application.add(*_directories(card, serial), *_certificate_files(card), *_data_files(card))
    return root


def card_files(serial: str, entry: bytes, application: Directory) -> Directory:
    """The MF with what stands in each: EF.SN, EF.ATR, EF.DIR with this entry, the application."""
    root = Directory(MASTER_FILE, ROOT_NAME)
    root.add(
        new_file(_SERIAL, serial_file(serial), short_id=_SERIAL_SHORT_ID),
        new_file(_ATR, _atr_file()),
        new_file(_DIRECTORY, entry),
        application,
    )
    return root


def new_file(fid: int, content: bytes, *, short_id: int | None = None) -> Elementary:
    """A file that everybody may read."""
    return Elementary(fid, bytearray(content), short_id=short_id)


def _directories(card: EmulatedCard, serial: str) -> Iterator[Elementary]:
    """ODF, TokenInfo and what they lead to."""
    profile = card.profile
    kinds = ((0xA0, KEYS), (0xA4, CERTIFICATES), (0xA7, _DATA), (0xA8, _PINS))
    yield new_file(
        OBJECTS, pkcs15.object_directory((tag, path_of(_APPLICATION, fid)) for tag, fid in kinds)
    )
    number = serial_file(serial)[-5:]
    info = pkcs15.token_info(profile.label, number, pss=not profile.cps3)
    yield new_file(TOKEN, info)
    yield new_file(KEYS, pkcs15.private_keys([*_key_entries(card)]))
    yield new_file(CERTIFICATES, pkcs15.certificates([*_certificate_entries(card)]))
    yield new_file(_DATA, pkcs15.data_objects([*_data_entries(card)]))
    yield new_file(_PINS, pkcs15.pins([*_pin_entries()]))


def _pin_entries() -> Iterator[pkcs15.PinEntry]:
    length, longer = len(PUBLISHED_TEST_PIN), len(UNBLOCKING_CODE)
    yield pkcs15.PinEntry("Code porteur", USER_PIN, length, unblocking=False)
    yield pkcs15.PinEntry("Code de déblocage", UNBLOCKING_PIN, longer, unblocking=True)


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
    for fid, slot in enumerate(card.slots, start=FIRST_CERTIFICATE):
        yield new_file(fid, slot.certificate)


def _certificate_entries(card: EmulatedCard) -> Iterator[pkcs15.FileEntry]:
    for fid, slot in enumerate(card.slots, start=FIRST_CERTIFICATE):
        path = path_of(_APPLICATION, fid)
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
            path_of(_APPLICATION, placed.fid),
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
            path = path_of(_FIRST_OLD_ACTIVITY + _activity_number(item) - 1)
            yield path, _old_file(path, item)


def _old_file(path: bytes, item: DataObject) -> Elementary:
    fid = int.from_bytes(path[-2:], "big")
    return Elementary(fid, bytearray(item.value), read=Access.PIN)


def path_of(*fids: int) -> bytes:
    """From the MF down."""
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
