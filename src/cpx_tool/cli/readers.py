"""list-readers."""

from __future__ import annotations

from gettext import gettext as _
from pathlib import Path

import click

from cpx_tool import wiring
from cpx_tool.cli import options
from cpx_tool.cli.output import conclude, paper, tell
from cpx_tool.i18n import say
from cpx_tool.report import readers


@click.command(
    "list-readers",
    cls=options.Command,
    help=_(
        "Show readers, cards and slots.\n\n"
        "Each PC/SC reader with what is in it and the PKCS#11 slot joined to it. No PIN is tried; "
        "the middleware, where there is one, may read the cards."
    ),
)
@options.emulated_option
@options.module_option
@options.emulated_timeout_option
@options.json_option
@click.pass_context
def list_readers(
    context: click.Context,
    /,
    emulated: Path | None,
    module: str | None,
    timeout: float,
    as_json: bool,
) -> None:
    seen = wiring.list_readers(wiring.Source(emulated, module, timeout), tell)
    virtual = 0 if emulated is not None else wiring.virtual_cards_inside()
    if as_json:
        text = readers.render_json(seen, emulated is not None, virtual)
    else:
        text = readers.render(seen, emulated is not None, say, paper(), virtual)
    conclude(context, text, readers.exit_code(seen))
