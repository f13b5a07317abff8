"""Chips of emulated cards."""

from __future__ import annotations

from cpx_tool.emulate.card import EmulatedCard
from cpx_tool.emulate.chip.chip import Chip, Speech
from cpx_tool.emulate.chip.chipdoc import ChipDoc
from cpx_tool.emulate.chip.ias_ecc import IasEcc
from cpx_tool.emulate.chip.layout import contents_of

_CPS3 = Speech(waits=True, channels=frozenset({0}))
_CPS4 = Speech(waits=False, channels=frozenset({0, 1}))
"""A CPS3 speaks T=0; a CPS4 T=1, and the middleware uses its logical channel 1 [seen]."""


def make_chip(card: EmulatedCard) -> Chip:
    """A CPS3 or a CPS4, as the card's profile says, with all tries of its PIN left."""
    contents = contents_of(card)
    atr = bytes.fromhex(card.profile.atr)
    if card.profile.cps3:
        return Chip(atr, IasEcc(contents), _CPS3)
    return Chip(atr, ChipDoc(contents), _CPS4)
