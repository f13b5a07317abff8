"""Chips of emulated cards for tests: spoken to in hex, and watched over."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cache

from cpx_tool.catalogue.sets import find_set
from cpx_tool.emulate.card import EmulatedCard, KeySlot, technical_slot
from cpx_tool.emulate.chip.chip import Chip
from cpx_tool.emulate.chip.contents import USER_PIN, Contents, HeldKey
from cpx_tool.emulate.chip.digest import Algorithm
from cpx_tool.emulate.chip.keys import CardKey
from cpx_tool.emulate.chip.make import Damage, make_chip, make_contactless_chip
from cpx_tool.emulate.chip.pin import Pin
from support.emulation import CACHE, cards, planned

DOCTOR = 1
"""The position in the set whose card has two activities."""


@cache
def set_cards(*defects: str) -> tuple[EmulatedCard, ...]:
    """The cards of Centre de santé."""
    return tuple(cards(planned(find_set("centre-sante"), *defects)))


def cps3_card() -> EmulatedCard:
    """A doctor's card that signs with PKCS#1 only."""
    return set_cards("pkcs1-only=all")[DOCTOR]


def cps4_card() -> EmulatedCard:
    """The same as a CPS4."""
    return set_cards()[DOCTOR]


def contactless_chip(*damages: Damage) -> Chip:
    """The CPS3 card, as a reader without contacts meets it."""
    return make_contactless_chip(cps3_card(), technical(), damages)


def technical() -> KeySlot:
    """What that card shows then."""
    profile = cps3_card().profile
    return technical_slot(profile, CACHE.technical(profile), CACHE.authorities().keys)


class Talk:
    """Commands and answers in hex, spaces as one likes."""

    def __init__(self, chip: Chip) -> None:
        self.chip = chip
        self.reset()

    def reset(self) -> None:
        """Power it off and on; a CPS4 is spoken to on the channel that it opens."""
        self.chip.reset()
        if len(self.chip.kind.channels) > 1:
            assert self(OPEN_CHIPDOC) == "9000"

    def __call__(self, command: str) -> str:
        """The status word; data, where there are some, come before it and a space."""
        answer = self.chip.transmit(bytes.fromhex(command))
        data, status = answer[:-2].hex().upper(), answer[-2:].hex().upper()
        return f"{data} {status}" if data else status

    def data(self, command: str) -> bytes:
        """All data of an answer that is good, GET RESPONSE included."""
        answer = self.chip.transmit(bytes.fromhex(command))
        data = answer[:-2]
        while answer[-2] == 0x61:
            answer = self.chip.transmit(bytes([0x00, 0xC0, 0x00, 0x00, answer[-1]]))
            data += answer[:-2]
        assert answer[-2:] == b"\x90\x00", answer.hex()
        return data

    def all(self, *commands: str) -> list[str]:
        """What each is answered."""
        return [self(command) for command in commands]


@dataclass(frozen=True, slots=True)
class WatchedKey(CardKey):
    """A key that is used after the holder's PIN was given, or the test fails."""

    pin: Pin

    def sign_hash(self, digest: bytes, algorithm: Algorithm) -> bytes:
        self._watch()
        return CardKey.sign_hash(self, digest, algorithm)

    def sign_pss(self, digest: bytes, algorithm: Algorithm) -> bytes:
        self._watch()
        return CardKey.sign_pss(self, digest, algorithm)

    def raw(self, block: bytes) -> bytes:
        self._watch()
        return CardKey.raw(self, block)

    def _watch(self) -> None:
        assert self.pin.verified, "a private operation without the PIN"


def watched(card: EmulatedCard) -> Chip:
    """The chip of `cps3_card` or `cps4_card`; no private operation passes without the PIN."""
    chip, contents = _made(card.profile.cps3)
    fresh = replace(contents, root=deepcopy(contents.root), pins=deepcopy(contents.pins))
    pin = fresh.pin(USER_PIN)
    keys = {
        number: HeldKey(WatchedKey(held.key.key, pin), held.qualified)
        for number, held in contents.keys.items()
    }
    return Chip(chip.kind, replace(fresh, keys=keys))


@cache
def _made(cps3: bool) -> tuple[Chip, Contents]:
    """To copy from: reading its certificates takes longer than most dialogues."""
    chip = make_chip(cps3_card() if cps3 else cps4_card())
    return chip, chip.contents


OPEN_CHIPDOC = "01A4040C 08 8025000001FF0100"
"""The Cryptolib's first command to a CPS4: it opens channel 1."""
HASH_ABC = "20" + "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"
"""SHA-256 of "abc", with its length before it."""
DIGEST_INFO_ABC = "33 3031300D060960864801650304020105000420" + HASH_ABC[2:]
"""The same as a DigestInfo."""

CPS3_DIALOGUE = (
    "00A40404 08 8025000001FF0100",
    "00A40904 04 3F00D003",
    "00C0000020",
    "00B000000C",
    "00B09C000C",
    "00A4090C 02 3F00",
    "00CB3FFF 0A 4D087006BF810102A080",
    "00C0000018",
    "00CB3FFF 0B 4D097007BF9002037F4880 00",
    "00200001",
    "00200001 04 31323334",
    "002241AA 03 800140",
    "002A90A0 07 9000 8003616263",
    "002241B6 06 800142840181",
    "002A9E9A00",
    "002A9E9A " + HASH_ABC + "00",
    "002241A4 06 800102840182",
    "00880000 " + DIGEST_INFO_ABC + "00",
    "002241B8 06 80011A840182",
    "102A8086 03 810102",
    "002A8086 02 0304 00",
    "00A40904 06 3F000001D107",
    "00D60000 03 414243",
    "0084000008",
    "A0A40000 02 3F00",
    "A0A40000 02 4010",
    "A0C0000009",
    "A0B0000010",
    "00240001 08 3132333434333231",
    "00200002 08 3837363534333231",
    "002C0201 04 31323334",
)
"""What the Cryptolib and OpenSC say to a CPS3, a few of each."""

CPS4_DIALOGUE = (
    OPEN_CHIPDOC,
    "01A40800 02 D003 00",
    "01B000000C",
    "01200001",
    "01200001 04 31323334",
    "01A40800 04 0001D120 00",
    "01B0000020",
    "012281B6 04 91022890",
    "012A9E9A " + HASH_ABC + "00",
    "012281B6 04 91022CA0",
    "012A9E9A " + HASH_ABC + "00",
    "012241B8 03 830120",
    "112A8086 04 00020304",
    "012A8086 02 0506 00",
    "01240101 04 34333231",
    "01200002 08 3837363534333231",
    "012C0381",
    "01240101 04 31323334",
    "0184000008",
)
"""What the Cryptolib says to a CPS4, a few of each."""

CONTACTLESS_DIALOGUE = (
    "00A40904 04 3F00D003 00",
    "00B000000C",
    "00A40904 04 3F002F00 00",
    "00B0000080",
    "00A40904 06 3F0000025032 00",
    "00B00000E7",
    "00200001 04 31323334",
    "002241A4 06 800102840183",
    "00880000 " + DIGEST_INFO_ABC + "00",
    "002241B8 06 80011A840183",
    "002A8086 03 810102 00",
)
"""What the Cryptolib says to a CPS3 without contacts, and what is in vain there."""

ABUSES = (
    "",
    "00",
    "00C0000000",
    "00C0000000",
    "0CA40904 04 3F00D003",  # secure messaging
    "04B0000010",
    "08200001 04 31323334",
    "0C2A9E9A00",
    "00B00000 000100",  # extended lengths
    "00A40904 000004 3F00D003 0000",
    "00200001 000004 31323334",
    "002A9E9A 000020" + "00" * 32 + "0000",
    "00D60000 0003E8" + "00" * 1000,
    "00B0000000 00FFFF",
    "00200001 FF 31323334",  # Lc that is more than there is
    "00A40904 02 3F00D003",
    "0070000001",  # channels are opened and closed
    "01A40000 02 3F00",
    "02200001 04 31323334",
    "0370800300",
    "00708001",
    "00C0000001",  # GET RESPONSE, again and beside
    "01C0000000",
    "00C00001FF",
    "10C0000000",
    "10200001 02 3132",  # a chain that another command breaks, and one that ends elsewhere
    "00C0000000",
    "00200001 02 3334",
    "10880000 01 00",
    "01880000 01 00",
    "A0C0000000",
    "A0FF000000",
)
"""What no program should say: lengths that lie, classes and channels that are not there."""
