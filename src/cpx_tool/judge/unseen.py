"""Why a module may not see a card that PC/SC sees, as far as the facts tell."""

from __future__ import annotations

from collections.abc import Sequence

from cpx_tool.catalogue.middleware import recognise
from cpx_tool.catalogue.middleware_words import QUIRKS
from cpx_tool.judge.words import sentences
from cpx_tool.model.message import Message, msg
from cpx_tool.model.middleware import Family
from cpx_tool.model.observation import ModuleObservation
from cpx_tool.model.reader import CardKind

OPENSC_READERS = 4
"""As many readers OpenSC shows by default: 16 slots, four for each."""


def _quirk(name: str) -> Message:
    return sentences([QUIRKS[name].happens, QUIRKS[name].remedy])


_VITALE = msg("A carte Vitale is no CPx card, and needs its own middleware: take it out.")
_NOT_CPX = msg("By its ATR it is no CPx card: take it out.")
_SOFTHSM = msg(
    "SoftHSM holds emulated cards only: name the module of real cards with --module FILE, or "
    "leave --module and CPX_PKCS11_MODULE out."
)
_NOT_IN_LIST = msg(
    "The Cryptolib compares the whole ATR, and this one is not in its list: update the Cryptolib "
    "CPS; if it is the newest, report the ATR (cpx-tool list-readers) to the ANS."
)
_CPS4 = msg(
    "A CPS4 card needs the Cryptolib CPS 5.2 or newer: cpx-tool list-modules shows the version."
)
_FOREIGN_KINDS = {CardKind.VITALE: _VITALE, CardKind.UNKNOWN: _NOT_CPX}
_OPENSC = {
    CardKind.CPS4: _quirk("OPENSC-NO-CPS4"),
    CardKind.CPS3_CONTACTLESS: _quirk("OPENSC-NO-CONTACTLESS"),
}
_CRYPTOLIB = {CardKind.CPS4: _CPS4, CardKind.CPX_LIKE: _NOT_IN_LIST}


def not_seen_words(
    kinds: Sequence[CardKind | None], beyond: int, module: ModuleObservation
) -> Message | None:
    """The remedy for cards of these kinds; None where nothing explains them. `beyond` is how many
    readers there are after the first `OPENSC_READERS`, 0 where a card in one of them was seen.
    """
    family = recognise(module.path, module.info)
    if family is Family.SOFTHSM:
        return None if module.source == "emulation" else _SOFTHSM
    words = [_words(kind, family) for kind in kinds]
    if family is Family.OPENSC and beyond:
        words.append(_quirk("OPENSC-FOUR-READERS"))
    found = [word for word in words if word is not None]
    return sentences(found) if found else None


def _words(kind: CardKind | None, family: Family | None) -> Message | None:
    if kind is None:
        return None
    if kind in _FOREIGN_KINDS:
        return _FOREIGN_KINDS[kind]
    by_family = {Family.OPENSC: _OPENSC, Family.CRYPTOLIB: _CRYPTOLIB}
    return by_family.get(family, {}).get(kind) if family is not None else None
