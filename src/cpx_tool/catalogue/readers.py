"""Words for readers: their states, and the PC/SC service's answers with their remedies."""

from __future__ import annotations

from cpx_tool.model.fault import Fault
from cpx_tool.model.message import Message, msg
from cpx_tool.model.reader import Pcsc, PcscStatus, ReaderState
from cpx_tool.ports import MAX_SLOTS

STATES = {
    ReaderState.EMPTY: msg("empty"),
    ReaderState.CARD_PRESENT: msg("card present"),
    ReaderState.MUTE: msg("mute card"),
    ReaderState.IN_USE: msg("in use by another program"),
    ReaderState.UNAVAILABLE: msg("unavailable"),
}

NOT_A_READER = msg("not a PC/SC reader (GALSS, or a software token)")
"""Of a slot that is joined to no reader."""

_NO_CARD = (
    msg("There are readers, but no card in any of them."),
    msg("Insert a card, chip first and facing up, and run the command again."),
)

_ANSWERS = {
    PcscStatus.NO_SERVICE: (
        msg("The PC/SC service is not running."),
        msg(
            "Start it: on Linux (package pcscd) “sudo systemctl start pcscd.socket”, or “sudo "
            "pcscd” where systemd does not run; on Windows the service “Smart Card” (SCardSvr)."
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


_NO_TOKEN = (
    msg("The PKCS#11 module shows no card."),
    msg("Run cpx-tool list-readers to see what PC/SC shows of the card."),
)


def no_card_answer(pcsc: Pcsc) -> tuple[Message, Message]:
    """Why the module shows no card, and what to do."""
    return pcsc_answer(pcsc) or _NO_TOKEN


def too_many_slots(fault: Fault) -> Message:
    """The words for a module that shows thousands of slots; the walk makes such a fault."""
    return msg(
        "The module shows {count} slots, more than any workstation has readers: those after the "
        "first {limit} were not looked at.",
        count=fault.detail,
        limit=MAX_SLOTS,
    )


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
