"""A CPS3 as it is read without contacts: an application of its own, in which no PIN is.

The middleware looks for this AID on a card with this ATR, finds no PIN, and lets the technical key
sign at once (ANS, Cryptolib CPS, card-cps3.c and the group "sans contact" of its tests). Data
objects there, and the identifier of the directory, are not published: there are none, and it is a
choice.
"""

from __future__ import annotations

from collections.abc import Collection

from cpx_tool.emulate.card import EmulatedCard, KeySlot
from cpx_tool.emulate.chip import pkcs15
from cpx_tool.emulate.chip.contents import Contents, HeldKey
from cpx_tool.emulate.chip.files import Directory, Elementary
from cpx_tool.emulate.chip.keys import CardKey
from cpx_tool.emulate.chip.layout import (
    CERTIFICATES,
    FIRST_CERTIFICATE,
    KEYS,
    OBJECTS,
    TOKEN,
    card_files,
    chip_serial,
    new_file,
    path_of,
    serial_file,
)

AID = bytes.fromhex("E828BD080F8025000001FF0020")
_LABEL = "CPX IAS CL"
_APPLICATION = 0x0002
_REFERENCE = 0x83
"""CKA_ID's last byte, and the bit of a local key."""


def contactless_contents(
    card: EmulatedCard, technical: KeySlot, marks: Collection[str]
) -> Contents:
    """Files and the one key; there is no PIN, and no EF_ACTUA (card-cps3.c).

    The serial number is another than with contacts: the middleware would take EF.DIR of the other
    side from its cache.
    """
    assert technical.key is not None  # noqa: S101 - it always has one
    application = Directory(_APPLICATION, AID)
    serial = chip_serial(card.profile, ("contactless", *marks))
    entry = pkcs15.application_template(AID, _LABEL, path_of(_APPLICATION))
    root = card_files(serial, entry, application)
    application.add(*_files(card, technical, serial))
    key = HeldKey(CardKey(technical.key), qualified=False, free=True)
    return Contents(root=root, pins={}, keys={_REFERENCE: key})


def _files(card: EmulatedCard, technical: KeySlot, serial: str) -> list[Elementary]:
    assert technical.key is not None  # noqa: S101 - it always has one
    kinds = ((0xA0, KEYS), (0xA4, CERTIFICATES))
    place, id_ = path_of(_APPLICATION, FIRST_CERTIFICATE), bytes.fromhex(technical.id)
    key = pkcs15.KeyEntry(
        technical.key_label, id_, _REFERENCE, technical.key.key_size, qualified=False, free=True
    )
    certificate = pkcs15.FileEntry(technical.certificate_label, place, id_)
    number = serial_file(serial)[-5:]
    info = pkcs15.token_info(card.profile.label, number, pss=False, login=False)
    directory = ((tag, path_of(_APPLICATION, fid)) for tag, fid in kinds)
    return [
        new_file(OBJECTS, pkcs15.object_directory(directory)),
        new_file(TOKEN, info),
        new_file(KEYS, pkcs15.private_keys([key])),
        new_file(CERTIFICATES, pkcs15.certificates([certificate])),
        new_file(FIRST_CERTIFICATE, technical.certificate),
    ]
