"""Which card an ATR hints at. A hint only: it tells neither the holder nor test from real.

"CPS3" and "CPS4" mean an ATR that the ANS's Cryptolib accepts, and it compares the whole ATR:
the masks it declares are not applied (module 3.01: a CPS3 ATR with another interface or version
byte is an empty slot, without any error). So a CPS3 ATR that differs only there is CPX_LIKE and
not CPS3: it is the answer that explains a slot that stays empty.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from cpx_tool.model.reader import CardKind

MAX_ATR_BYTES = 33
"""TS and at most 32 characters (ISO/IEC 7816-3, 8.1)."""

_CPX_MARK = bytes.fromhex("1225006480")
"""In the historical bytes of every contact CPS3 and CPS4."""


@dataclass(frozen=True, slots=True)
class KnownAtr:
    """An entry of atrs.toml: the bits of `atr` that `mask` holds must be equal."""

    kind: CardKind
    atr: bytes
    mask: bytes
    source: str

    def fits(self, atr: bytes) -> bool:
        """Whether the ATR is of this kind."""
        return len(atr) == len(self.atr) and all(
            seen & bits == known & bits
            for seen, known, bits in zip(atr, self.atr, self.mask, strict=True)
        )

    @property
    def exactness(self) -> int:
        """How many bits count."""
        return sum(byte.bit_count() for byte in self.mask)


@cache
def known_atrs() -> tuple[KnownAtr, ...]:
    """The entries of atrs.toml, the most exact first."""
    file = resources.files(__package__) / "atrs.toml"
    entries = tomllib.loads(file.read_text(encoding="utf-8"))["atr"]
    return tuple(sorted((_entry(**entry) for entry in entries), key=lambda e: -e.exactness))


def _entry(kind: str, atr: str, source: str, mask: str = "") -> KnownAtr:
    value = bytes.fromhex(atr)
    bits = bytes.fromhex(mask) or b"\xff" * len(value)
    return KnownAtr(CardKind(kind), value, bits, source)


def card_kind(atr_hex: str) -> CardKind:
    """The kind of card that an ATR hints at; a malformed ATR is UNKNOWN.

    `atr_hex`: pairs of hex digits in either case, with or without blanks.
    """
    try:
        atr = bytes.fromhex(atr_hex)
    except ValueError:
        return CardKind.UNKNOWN
    if not 0 < len(atr) <= MAX_ATR_BYTES:
        return CardKind.UNKNOWN
    for known in known_atrs():
        if known.fits(atr):
            return known.kind
    marked = not _is_contactless(atr) and _CPX_MARK in historical_bytes(atr)
    return CardKind.CPX_LIKE if marked else CardKind.UNKNOWN


def _is_contactless(atr: bytes) -> bool:
    """Made by the reader for a contactless card: 3B 8n 80 01 (PC/SC part 3, 3.1.3.2.3)."""
    return len(atr) > 3 and atr[0] == 0x3B and atr[1] >> 4 == 0x8 and atr[2:4] == b"\x80\x01"  # noqa: PLR2004


def historical_bytes(atr: bytes) -> bytes:
    """The historical bytes of an ATR (ISO/IEC 7816-3, 8.2); b"" when it is cut short."""
    if len(atr) < 2 or atr[0] not in (0x3B, 0x3F):  # noqa: PLR2004 - TS and T0
        return b""
    count = atr[1] & 0x0F
    indicator, position = atr[1], 2
    while indicator & 0xF0:
        groups = (indicator >> 4).bit_count()  # TA, TB, TC, TD that follow
        last = position + groups - 1
        if last >= len(atr):
            return b""
        indicator = atr[last] if indicator & 0x80 else 0  # TD is the last of its group
        position += groups
    found = atr[position : position + count]
    return found if len(found) == count else b""
