"""Chips of emulated cards, whole or damaged."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from cpx_tool.emulate.card import EmulatedCard, KeySlot
from cpx_tool.emulate.chip.chip import Chip, Kind
from cpx_tool.emulate.chip.chipdoc import ChipDoc
from cpx_tool.emulate.chip.contactless import contactless_contents
from cpx_tool.emulate.chip.contents import USER_PIN, Contents
from cpx_tool.emulate.chip.ias_ecc import IasEcc
from cpx_tool.emulate.chip.layout import contents_of, file_of_certificate, file_of_serial
from cpx_tool.emulate.profile import CPS3_ATR, CPS3_CONTACTLESS_ATR, CPS4_ATR
from cpx_tool.errors import BadInput
from cpx_tool.model.message import msg
from cpx_tool.pki.emulated import all_emulated

_CPS3 = Kind(bytes.fromhex(CPS3_ATR), IasEcc, waits=True)
_CPS4 = Kind(bytes.fromhex(CPS4_ATR), ChipDoc, waits=False, channels=frozenset({0, 1}))
"""A CPS3 speaks T=0; a CPS4 T=1, and the middleware uses its logical channel 1 [seen]. Whether it
has more is not known.
"""
_CONTACTLESS = Kind(bytes.fromhex(CPS3_CONTACTLESS_ATR), IasEcc, waits=False)

_TEST = 0x80
"""TRE_G01: the first category of test cards."""


class Damage(StrEnum):
    """What is wrong with the chip, besides what its certificates say."""

    WRONG_SERIAL_FILE = "wrong-serial-file"
    """EF.SN is another issuer's: the middleware takes the card for none of its own."""
    DAMAGED_CERTIFICATE_FILE = "damaged-certificate-file"
    """Bytes of the authentication certificate are not what they were."""
    PIN_NEARLY_LOCKED = "pin-nearly-locked"
    """One try of the PIN is left."""
    PIN_LOCKED = "pin-locked"
    """No try is left."""


def make_chip(card: EmulatedCard, damages: Collection[Damage] = ()) -> Chip:
    """A CPS3 or a CPS4, as the card's profile says, with all tries of its PIN left.

    Raises `BadInput` for a card that claims to be a real one: no reader ever shows such a chip.
    """
    _refuse_real(card, *card.slots)
    contents = contents_of(card, _marks(damages))
    for damage in damages:
        _DAMAGE[damage](contents)
    return Chip(_CPS3 if card.profile.cps3 else _CPS4, contents)


def make_contactless_chip(
    card: EmulatedCard, technical: KeySlot, damages: Collection[Damage] = ()
) -> Chip:
    """A CPS3 as a reader without contacts meets it: there is no PIN, and the technical key alone.

    Raises `BadInput` for a card that claims to be a real one, for a CPS4, which the middleware does
    not read this way, and for damages to a PIN.
    """
    _refuse_real(card, technical)
    if not card.profile.cps3:
        raise BadInput(
            msg(
                "Card {number} is a CPS4: nothing reads it without contacts.", number=_number(card)
            ),
            msg("Make it a CPS3, too: --defect pkcs1-only=CARD."),
        )
    if not _OF_NO_PIN.issuperset(damages):
        raise BadInput(
            msg(
                "Card {number} has no PIN where it is read without contacts.", number=_number(card)
            ),
            msg("Leave out the fault of the PIN, or “contactless”."),
        )
    contents = contactless_contents(card, technical, _marks(damages))
    for damage in damages:
        _DAMAGE[damage](contents)
    return Chip(_CONTACTLESS, contents)


def _marks(damages: Collection[Damage]) -> tuple[str, ...]:
    """Of damages to files that the middleware keeps."""
    return tuple(damage.value for damage in damages if damage in _KEPT)


def _number(card: EmulatedCard) -> str:
    return card.profile.card_number


def _refuse_real(card: EmulatedCard, *slots: KeySlot) -> None:
    """By category, and by who issued the certificates that it would show."""
    issued = all_emulated(slot.whole_certificate for slot in slots)
    if card.profile.category < _TEST or not issued:
        raise BadInput(
            msg(
                "Card {number} claims to be a real card: it is put into no virtual reader.",
                number=card.profile.card_number,
            ),
            msg("Virtual cards are test cards of the emulator; leave out “production”."),
        )


def _wrong_serial(contents: Contents) -> None:
    content = file_of_serial(contents).content
    content[2:7] = bytes(5)


def _damaged_certificate(contents: Contents) -> None:
    content = file_of_certificate(contents).content
    half = len(content) // 2
    content[half : half + 16] = bytes(16)


def _nearly_locked(contents: Contents) -> None:
    contents.pin(USER_PIN).left = 1


def _locked(contents: Contents) -> None:
    contents.pin(USER_PIN).left = 0


_KEPT = (Damage.DAMAGED_CERTIFICATE_FILE,)
_OF_NO_PIN = frozenset({Damage.WRONG_SERIAL_FILE, Damage.DAMAGED_CERTIFICATE_FILE})
_DAMAGE = {
    Damage.WRONG_SERIAL_FILE: _wrong_serial,
    Damage.DAMAGED_CERTIFICATE_FILE: _damaged_certificate,
    Damage.PIN_NEARLY_LOCKED: _nearly_locked,
    Damage.PIN_LOCKED: _locked,
}
