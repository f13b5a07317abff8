"""list-endpoints."""

from __future__ import annotations

from gettext import gettext as _

import click

from cpx_tool import wiring
from cpx_tool.cli import options
from cpx_tool.cli.output import paper, show
from cpx_tool.i18n import say
from cpx_tool.report import endpoints as report


@click.command(
    "list-endpoints",
    cls=options.Command,
    help=_(
        "List the test servers that have a name.\n\n"
        "Those that this version knows, each with its source, and your own of the configuration "
        "file. None is contacted by this command, nor by another one unless you name it."
    ),
)
@options.json_option
def list_endpoints(as_json: bool) -> None:
    known = wiring.known_endpoints()
    show(report.render_json(known, say) if as_json else report.render(known, say, paper()))
