"""Virtual cards, and in which readers they are."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from cpx_tool.model.message import Message, msg, nmsg
from cpx_tool.model.virtual import VirtualDeck, VirtualSeat
from cpx_tool.report.canvas import Canvas, Paper
from cpx_tool.report.console import emulated_banner
from cpx_tool.report.json import SCHEMA_VERSION, to_text
from cpx_tool.report.words import Say

_WAITS = msg(
    "waits: the PC/SC service has not asked this card anything. Another virtual card is in that "
    "reader, or the service is held up or does not run."
)


_CPS4 = "CPS4"
"""How labels of the tokens of these cards begin."""
_CPS3_FOR_OPENSC = msg(
    "OpenSC reads no CPS4: for OpenSC, start CPS3 cards (--defect pkcs1-only=all). The Cryptolib "
    "CPS reads both."
)


def unread(deck: VirtualDeck) -> tuple[Message, ...]:
    """That virtual cards are in readers, for a run that was shown no card, and what to do where
    it is known; nothing where none is in a reader.
    """
    inside = [seat for seat in deck.seats if seat.port is not None and not seat.waits]
    if not inside:
        return ()
    told = nmsg(
        "You have {count} virtual card in a reader, and the PKCS#11 module shows none "
        "(cpx-tool virtual-cards status).",
        "You have {count} virtual cards in readers, and the PKCS#11 module shows none "
        "(cpx-tool virtual-cards status).",
        len(inside),
    )
    return (told, _CPS3_FOR_OPENSC) if _any_cps4(inside) else (told,)


def _any_cps4(seats: Iterable[VirtualSeat]) -> bool:
    return any(seat.label.startswith(_CPS4) for seat in seats)


def stopped(deck: VirtualDeck) -> Message:
    """That all are out; `deck` is as it was, or after it."""
    return nmsg(
        "{count} virtual card is out of use, and start has ended.",
        "{count} virtual cards are out of use, and start has ended.",
        len(deck.seats),
    )


def render(deck: VirtualDeck, say: Say, paper: Paper) -> str:
    """A table of cards, and the command that checks them."""
    canvas = Canvas(paper)
    canvas.line(say(emulated_banner()), "bold magenta")
    heads = (msg("Card"), msg("Token"), msg("Role"), msg("Reader"), msg("Tries"), msg("Faults"))
    canvas.table([say(head) for head in heads], [_row(seat, say) for seat in deck.seats])
    if any(seat.waits for seat in deck.seats):
        canvas.item("→", say(_WAITS))
        canvas.line()
    if _any_cps4(deck.seats):
        canvas.item("→", say(_CPS3_FOR_OPENSC))
        canvas.line()
    words = ["check-set", "--set", deck.set_name, "--ca-dir", deck.ca_directory]
    command = shlex.join(["cpx-tool", *words])
    # not wrapped: this line is copied into a shell
    return canvas.text() + say(msg("Next: {command}", command=command)) + "\n"


def render_json(deck: VirtualDeck) -> str:
    """One JSON object."""
    return to_text(
        {
            "schema_version": SCHEMA_VERSION,
            "set": deck.set_name,
            "ca_directory": deck.ca_directory,
            "ports": list(deck.ports),
            "cards": [_body(seat) for seat in deck.seats],
        }
    )


def _row(seat: VirtualSeat, say: Say) -> list[tuple[str, str]]:
    return [
        (seat.card_number, ""),
        (seat.label, ""),
        (seat.role or seat.title, ""),
        _reader(seat, say),
        _tries(seat),
        (", ".join(seat.faults), "yellow"),
    ]


def _reader(seat: VirtualSeat, say: Say) -> tuple[str, str]:
    if seat.port is None:
        return "—", ""
    if seat.waits:
        return say(msg("port {port}, waits", port=str(seat.port))), "yellow"
    return say(msg("port {port}", port=str(seat.port))), ""


def _tries(seat: VirtualSeat) -> tuple[str, str]:
    if seat.tries is None:
        return "—", ""
    return str(seat.tries), "" if seat.tries > 1 else "yellow"


def _body(seat: VirtualSeat) -> dict[str, object]:
    return {
        "role": seat.role or None,
        "title": seat.title,
        "card_number": seat.card_number,
        "label": seat.label,
        "port": seat.port,
        "waits": seat.waits,
        "tries_left": seat.tries,
        "faults": list(seat.faults),
    }
