"""schema: what the JSON of a result looks like, for programs."""

from __future__ import annotations

from gettext import gettext as _

import click

from cpx_tool.cli import options
from cpx_tool.cli.output import show
from cpx_tool.report import schema as result_schema


@click.command(
    "schema",
    cls=options.Command,
    help=_(
        "Print the JSON Schema of results.\n\n"
        "It describes what --json and --report json=FILE of this version give."
    ),
)
def schema() -> None:
    show(result_schema.text())
