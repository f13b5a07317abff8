"""list-checks and explain: what is checked, without a card."""

from __future__ import annotations

from gettext import gettext as _

import click

from cpx_tool.cli import options
from cpx_tool.cli.output import paper, show
from cpx_tool.errors import BadInput, nearest
from cpx_tool.i18n import say
from cpx_tool.judge.checks import BY_ID, CHECKS
from cpx_tool.model.message import msg
from cpx_tool.report import checks as checks_report


@click.command("list-checks", cls=options.Command, help=_("List every check with its stable id."))
@options.json_option
def list_checks(as_json: bool) -> None:
    rows = [
        checks_report.CheckRow(c.id, c.severity, c.scope.value, c.title, c.hint) for c in CHECKS
    ]
    show(
        checks_report.render_json(rows, say)
        if as_json
        else checks_report.render(rows, say, paper())
    )


@click.command("explain", cls=options.Command, help=_("Say what a check proves and its remedy."))
@click.argument("check_id", metavar="ID")
def explain(check_id: str) -> None:
    check = BY_ID.get(check_id.strip().upper())
    if check is None:
        hint = nearest(check_id.upper(), BY_ID, msg("See: cpx-tool list-checks"))
        raise BadInput(msg("There is no check {name}.", name=check_id), hint)
    row = checks_report.CheckRow(
        check.id, check.severity, check.scope.value, check.title, check.hint
    )
    show(checks_report.render_one(row, say, paper()))
