"""list-checks: what is checked, without a card."""

from __future__ import annotations

from gettext import gettext as _

import click

from cpx_tool.cli import options
from cpx_tool.cli.output import paper, show
from cpx_tool.i18n import say
from cpx_tool.judge.check import Check
from cpx_tool.judge.checks import CHECKS
from cpx_tool.report import checks as checks_report


def row_of(check: Check) -> checks_report.CheckRow:
    """A check as reports show it."""
    return checks_report.CheckRow(
        check.id, check.severity, check.scope.value, check.title, check.hint
    )


@click.command("list-checks", cls=options.Command, help=_("List every check with its stable id."))
@options.json_option
def list_checks(as_json: bool) -> None:
    rows = [row_of(check) for check in CHECKS]
    show(
        checks_report.render_json(rows, say)
        if as_json
        else checks_report.render(rows, say, paper())
    )
