"""Words that several reports share: outcomes, places, PC/SC answers with their remedies."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

from cpx_tool.model.finding import Outcome, Place, Verdict
from cpx_tool.model.identity import Coded
from cpx_tool.model.message import Message, msg
from cpx_tool.model.reader import CardKind, Pcsc, PcscStatus, ReaderState

Say: TypeAlias = Callable[[Message], str]
"""Turns a message into a sentence of the chosen language."""

VERDICTS = {
    Verdict.PASSED: msg("PASSED"),
    Verdict.FAILED: msg("FAILED"),
    Verdict.INCOMPLETE: msg("INCOMPLETE"),
}

OUTCOMES = {
    Outcome.PASSED: msg("passed"),
    Outcome.FAILED: msg("failed"),
    Outcome.SKIPPED: msg("skipped"),
    Outcome.ERROR: msg("error"),
}

PLACES = {
    Place.EXPECTED: msg("expected"),
    Place.EXTRA: msg("one too many"),
    Place.DUPLICATE: msg("duplicate"),
    Place.FOREIGN: msg("not of this set"),
    Place.UNRECOGNISED: msg("not a CPx card"),
}

STATES = {
    ReaderState.EMPTY: msg("empty"),
    ReaderState.CARD_PRESENT: msg("card present"),
    ReaderState.MUTE: msg("mute card"),
    ReaderState.IN_USE: msg("in use by another program"),
    ReaderState.UNAVAILABLE: msg("unavailable"),
}

KINDS = {
    CardKind.CPS3: msg("CPS3"),
    CardKind.CPS3_CONTACTLESS: msg("CPS3, contactless"),
    CardKind.CPS4: msg("CPS4"),
    CardKind.CPX_LIKE: msg("CPx-like, not in the middleware's list"),
    CardKind.VITALE: msg("Vitale card"),
    CardKind.UNKNOWN: msg("unknown"),
}

_NO_CARD = (
    msg("There are readers, but no card in any of them."),
    msg("Insert a card, chip first and facing up, and run the command again."),
)

_ANSWERS = {
    PcscStatus.NO_SERVICE: (
        msg("The PC/SC service is not running."),
        msg(
            "Start it: “sudo systemctl start pcscd.socket” on Linux (package pcscd), the service "
            "“Smart Card” (SCardSvr) on Windows."
        ),
    ),
    PcscStatus.ACCESS_REFUSED: (
        msg("The PC/SC service refuses access to this user or session."),
        msg(
            "Over ssh or in CI, polkit refuses by default: install the polkit rule of the "
            "folder udev/, or run from the desktop session."
        ),
    ),
    PcscStatus.NO_READER: (
        msg("The PC/SC service runs, but it sees no reader."),
        msg(
            "Plug in the reader. If it is plugged in, install its driver (package libccid), try "
            "another USB port, and see the folder udev/."
        ),
    ),
    PcscStatus.ERROR: (
        msg("The PC/SC service gave an unexpected answer."),
        msg("Restart the service and plug the reader in again."),
    ),
}


_KEPT = "\n\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}"
_LONGEST_NAME = 128


def pcsc_answer(pcsc: Pcsc) -> tuple[Message, Message] | None:
    """Why no card can be reached through PC/SC, and what to do; None when there is a card."""
    if pcsc.status in _ANSWERS:
        reason, hint = _ANSWERS[pcsc.status]
        if pcsc.detail and pcsc.status is PcscStatus.ERROR:
            reason = msg("{reason} ({detail})", reason=reason, detail=pcsc.detail)
        return reason, hint
    if pcsc.status is not PcscStatus.OK:
        return None
    if not pcsc.readers:
        return _ANSWERS[PcscStatus.NO_READER]
    no_card = (ReaderState.EMPTY, ReaderState.UNAVAILABLE)
    return _NO_CARD if all(r.state in no_card for r in pcsc.readers) else None


def short_label(coded: Coded) -> str:
    """The abbreviation in brackets where the label has one ("CPS"), else the label or code."""
    label = coded.label or coded.code
    brackets = re.search(r"\(([^()]+)\)$", label)
    return brackets[1] if brackets else label


def day(moment: datetime | None) -> str:
    """ISO date in UTC, "" for none."""
    return moment.astimezone(UTC).date().isoformat() if moment else ""


def printable(text: str) -> str:
    """Without control characters: names come from cards and files, and reach a terminal.

    The no-break spaces of French typography stay.
    """
    return "".join(c if c.isprintable() or c in _KEPT else "\ufffd" for c in text)


def one_line(text: str) -> str:
    """`printable`, line breaks included: a name must not look like lines of the report."""
    return printable(text).replace("\n", "\ufffd")


def clipped(text: str) -> str:
    """A name at the length that X.520 allows it (ub-name, twice: given name and surname)."""
    return text if len(text) <= _LONGEST_NAME else text[:_LONGEST_NAME] + "…"
