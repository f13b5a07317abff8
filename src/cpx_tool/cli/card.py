"""show-card: everything about a card, without a PIN."""

from __future__ import annotations

from gettext import gettext as _
from pathlib import Path

import click

from cpx_tool import wiring
from cpx_tool.cli import options
from cpx_tool.cli.live import LiveView
from cpx_tool.cli.output import ASKING, fetched_text, paper, show, tell
from cpx_tool.i18n import say
from cpx_tool.judge.sheet import make_sheets
from cpx_tool.model.fetch import Fetched
from cpx_tool.model.trust import TrustMaterial
from cpx_tool.report import sheet as sheet_report


@click.command(
    "show-card",
    cls=options.Command,
    help=_(
        "Show a card as a full sheet.\n\n"
        "Holder, type, identifiers, certificates with their chains, token and data objects, and "
        "where each value was read. No PIN is tried."
    ),
)
@click.option("--card", "number", metavar=_("NUMBER"), help=_("The card of that number only."))
@options.emulated_option
@options.module_option
@click.option(
    "--observation",
    "file",
    metavar=_("FILE"),
    type=options.AnyPath(),
    help=_("Show the cards of a saved observation (--save-observation) instead."),
)
@options.ca_dir_option
@options.crl_option
@options.online_option
@options.timeout_option
@options.sources_option
@options.json_option
def show_card(
    number: str | None,
    emulated: Path | None,
    module: str | None,
    file: Path | None,
    ca_dirs: tuple[Path, ...],
    crl_files: tuple[Path, ...],
    online: bool,
    timeout: float,
    with_sources: bool,
    as_json: bool,
) -> None:
    if file is not None and (emulated is not None or module is not None):
        raise click.UsageError(_("--observation excludes --emulated and --module."))
    at_hand = wiring.trust_at_hand(ca_dirs, crl_files)
    if file is not None:
        observation = wiring.load_observation(file)
    else:
        observation = wiring.read_cards(
            wiring.Source(emulated, module, timeout), at_hand, LiveView()
        )
        at_hand = TrustMaterial()  # the observation holds what counts
    fetched: tuple[Fetched, ...] | None = None
    if online:
        tell(ASKING)
        observation, fetched = wiring.cards_online(observation, at_hand, timeout)
    wanted = "".join(number.split()) if number is not None else None
    sheets = make_sheets(observation, at_hand, wanted, str(file) if file else None)
    if as_json:
        show(sheet_report.render_json(sheets, say, fetched))
    else:
        sheet = sheet_report.render(sheets, say, paper(), sources=with_sources)
        show(sheet + fetched_text(fetched))
