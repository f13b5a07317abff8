"""virtual-cards: emulated cards in the virtual readers of the real PC/SC service."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from gettext import gettext as _
from typing import Any, TypeVar

import click

from cpx_tool import wiring
from cpx_tool.catalogue.sets import find_set
from cpx_tool.cli import options
from cpx_tool.cli.check import with_contents
from cpx_tool.cli.output import paper, show
from cpx_tool.emulate.defects import Defect
from cpx_tool.errors import BadInput
from cpx_tool.i18n import say
from cpx_tool.model.message import msg
from cpx_tool.model.virtual import VirtualDeck
from cpx_tool.report import virtual_cards as report

F = TypeVar("F", bound=Callable[..., Any])

_PORTS = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")
_LAST_PORT = 65535
_MOST_READERS = 64
_LONGEST_DELAY = 60_000


class Group(options.Group):
    """A group of commands that takes `--lang`, as each of them does."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(options.language_option())


@click.group(
    "virtual-cards",
    cls=Group,
    help=_(
        "Put emulated cards into virtual readers.\n\n"
        "Every program on this machine sees them, through the PC/SC service and its driver vpcd: "
        "the Cryptolib CPS, OpenSC, this tool. They are no security device, and no real cards."
    ),
    epilog=options.EXIT_CODES,
    subcommand_metavar=_("COMMAND [ARGS]..."),
)
def virtual_cards() -> None:
    pass


def _delay_option(name: str, help_text: str) -> Callable[[F], F]:
    return click.option(
        name,
        metavar=_("MS"),
        default=0,
        type=click.IntRange(0, _LONGEST_DELAY),
        help=help_text,
    )


@virtual_cards.command(
    "start",
    cls=options.Command,
    help=_(
        "Have the cards of a set in the virtual readers.\n\n"
        "As many as there are readers; it goes on until Ctrl-C, or virtual-cards stop. PIN 1234; "
        "the code that unblocks it is 87654321."
    ),
)
@options.set_option
@click.option(
    "--port",
    "ports",
    metavar=_("N[-M]"),
    multiple=True,
    help=_("Where virtual readers listen on this machine; without it, as vpcd is configured."),
)
@click.option(
    "--defect",
    "defects",
    metavar=_("NAME[=CARD]"),
    multiple=True,
    type=options.OfOne(defect for defect in Defect if defect is not Defect.PRODUCTION),
    help=_("Make a card's contents wrong: {names}. CARD is a role, a position, or all.").format(
        names=", ".join(defect.value for defect in Defect if defect is not Defect.PRODUCTION)
    ),
)
@click.option(
    "--fault",
    "faults",
    metavar=_("NAME[=CARD]"),
    multiple=True,
    type=options.OfOne(wiring.FAULTS),
    help=_("Make a chip behave wrong: {names}.").format(names=", ".join(wiring.FAULTS)),
)
@_delay_option("--delay", _("How long each command takes, in milliseconds."))
@_delay_option("--signing-delay", _("How much longer those take that use a key."))
@options.json_option
def start(
    set_name: str,
    ports: tuple[str, ...],
    defects: tuple[str, ...],
    faults: tuple[str, ...],
    delay: int,
    signing_delay: int,
    as_json: bool,
) -> None:
    card_set = with_contents(find_set(set_name))
    wish = wiring.VirtualWish(defects, faults, _numbers(ports), delay / 1000, signing_delay / 1000)
    wiring.run_virtual_cards(
        card_set,
        wish,
        lambda deck: _show(replace(deck, set_name=set_name), as_json),  # as typed
    )


@virtual_cards.command(
    "insert",
    cls=options.Command,
    help=_("Put a card into a reader.\n\nCARD is its number, its role, or its position."),
)
@click.argument("card", metavar=_("CARD"))
@click.option(
    "--port",
    metavar=_("N"),
    type=click.IntRange(1, _LAST_PORT),
    help=_("The port of the reader; without it, the first that is free."),
)
@options.json_option
def insert(card: str, port: int | None, as_json: bool) -> None:
    _show(wiring.insert_virtual(card, port), as_json)


@virtual_cards.command(
    "remove",
    cls=options.Command,
    help=_("Take a card out of its reader.\n\nCARD is its number, its role, or its position."),
)
@click.argument("card", metavar=_("CARD"))
@options.json_option
def remove(card: str, as_json: bool) -> None:
    _show(wiring.remove_virtual(card), as_json)


@virtual_cards.command(
    "status", cls=options.Command, help=_("Show the cards, and in which readers they are.")
)
@options.json_option
def status(as_json: bool) -> None:
    _show(wiring.virtual_status(), as_json)


@virtual_cards.command("stop", cls=options.Command, help=_("Take all cards out, and end start."))
def stop() -> None:
    show(say(report.stopped(wiring.stop_virtual())) + "\n")


def _show(deck: VirtualDeck, as_json: bool) -> None:
    show(report.render_json(deck) if as_json else report.render(deck, say, paper()))


def _numbers(words: tuple[str, ...]) -> tuple[int, ...]:
    """Ports of "N" and "N-M". Raises `BadInput`."""
    found = [port for word in words for port in _range(word)]
    if len(found) > _MOST_READERS:
        raise _no_ports(words[-1])
    return tuple(dict.fromkeys(found))


def _range(word: str) -> range:
    ends = _PORTS.fullmatch(word)
    if ends is None:
        raise _no_ports(word)
    first = int(ends[1])
    last = int(ends[2] or first)
    if not 0 < first <= last <= _LAST_PORT or last - first >= _MOST_READERS:
        raise _no_ports(word)
    return range(first, last + 1)


def _no_ports(word: str) -> BadInput:
    return BadInput(
        msg("These are no ports of virtual readers: {word}.", word=word),
        msg("Give one as 35963, or several as 35963-35968."),
    )
