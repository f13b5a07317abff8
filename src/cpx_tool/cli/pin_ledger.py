"""pin-ledger: the PIN tries that failed, over runs."""

from __future__ import annotations

from gettext import gettext as _
from pathlib import Path

import click

from cpx_tool import wiring
from cpx_tool.cli import options
from cpx_tool.cli.output import note, paper, show
from cpx_tool.errors import BadInput
from cpx_tool.i18n import say
from cpx_tool.model.message import msg
from cpx_tool.ports import Ledger, LedgerFault
from cpx_tool.report import pin_ledger as ledger_report


@click.command(
    "pin-ledger",
    cls=options.Command,
    help=_(
        "Show the PIN tries that failed.\n\n"
        "On these cards no PIN is tried again until a person says so: at the question that "
        "check-set asks, or with --forget. PINs do not stand in the ledger."
    ),
)
@click.option(
    "--forget",
    "card",
    metavar=_("NUMBER"),
    help=_("You made sure of this card's PIN: it may be tried once more."),
)
@click.option(
    "--emulated",
    metavar=_("DIR"),
    type=options.AnyPath(),
    help=_("The ledger of the emulated cards in DIR: they have one of their own."),
)
@options.json_option
def pin_ledger(card: str | None, emulated: Path | None, as_json: bool) -> None:
    ledger = wiring.pin_ledger(emulated)
    try:
        if card is not None:
            _forget(ledger, card)
        entries = ledger.entries()
    except LedgerFault as error:
        raise wiring.unusable_ledger(ledger.path, error) from None
    if as_json:
        show(ledger_report.render_json(str(ledger.path), entries))
    else:
        show(ledger_report.render(str(ledger.path), entries, say, paper()))


def _forget(ledger: Ledger, card: str) -> None:
    if ledger.failed_at(card) is None:
        raise BadInput(
            msg("The ledger has no failed try on card {card}.", card=card),
            msg("cpx-tool pin-ledger shows what it has."),
        )
    ledger.forget(card)
    note(msg("Card {card}: the PIN may be tried once more.", card=card))
