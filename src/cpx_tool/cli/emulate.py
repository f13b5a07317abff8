"""emulate: cards without cards."""

from __future__ import annotations

from dataclasses import replace
from gettext import gettext as _
from pathlib import Path

import click

from cpx_tool import wiring
from cpx_tool.catalogue.sets import find_set
from cpx_tool.cli import options
from cpx_tool.cli.check import with_contents
from cpx_tool.cli.output import note, paper, show
from cpx_tool.emulate.defects import Defect
from cpx_tool.i18n import say
from cpx_tool.model.message import msg
from cpx_tool.report import emulation as emulation_report


@click.command(
    "emulate",
    cls=options.Command,
    help=_(
        "Write emulated cards of a set.\n\n"
        "One SoftHSM token per card, with the PIN 1234; right, or wrong in a chosen way."
    ),
)
@options.set_option
@click.option(
    "--into",
    metavar=_("DIR"),
    required=True,
    type=options.AnyPath(),
    help=_("The directory to write; an emulation that is there is replaced."),
)
@click.option(
    "--defect",
    "defects",
    metavar=_("NAME[=CARD]"),
    multiple=True,
    type=options.OfOne(Defect),
    help=_("Make a card wrong: {names}. CARD is a role, a position, or all.").format(
        names=", ".join(defect.value for defect in Defect)
    ),
)
@click.option("--reuse", is_flag=True, help=_("Keep what is there when it is the same."))
@options.json_option
def emulate(
    set_name: str, into: Path, defects: tuple[str, ...], reuse: bool, as_json: bool
) -> None:
    card_set = with_contents(find_set(set_name))
    before = wiring.emulation_there(into)
    emulation = wiring.emulate(card_set, into, defects, reuse)
    if before not in (None, (emulation.set_name, *emulation.defects)):
        note(msg("Replaced what was in {path}: {what}.", path=str(into), what=before))
    if as_json:
        show(emulation_report.render_json(emulation))
    else:
        named = replace(emulation, set_name=set_name)  # as typed: it may be one's own file
        show(emulation_report.render(named, say, paper()))
