"""pin-ledger: the PIN tries that did not succeed, or whose end is not known, over runs."""

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
        "Show the PIN tries that did not succeed.\n\n"
        "Those of which the end is not known, because the run was interrupted, stand here, too. "
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
            _forget(ledger, card, emulated is not None)
        entries = ledger.entries()
    except LedgerFault as error:
        raise wiring.unusable_ledger(ledger.path, error) from None
    if as_json:
        show(ledger_report.render_json(str(ledger.path), entries))
    else:
        show(ledger_report.render(str(ledger.path), entries, emulated is not None, say, paper()))


def _forget(ledger: Ledger, card: str, emulated: bool) -> None:
    if ledger.failed_at(card) is None:
        raise BadInput(
            msg("The ledger has no entry for card {card}.", card=card),
            msg("cpx-tool pin-ledger --emulated DIR shows what it has.")
            if emulated
            else msg(
                "cpx-tool pin-ledger shows what it has. Emulated cards have a ledger of their own: "
                "add --emulated DIR."
            ),
        )
    ledger.forget(card)
    note(msg("Card {card}: the PIN may be tried once more.", card=card))
