"""doctor: the workstation itself, without any card."""

from __future__ import annotations

from gettext import gettext as _

import click

from cpx_tool import wiring
from cpx_tool.cli import options
from cpx_tool.cli.output import conclude, paper, tell
from cpx_tool.i18n import say
from cpx_tool.judge.station import judge_station, station_exit_code
from cpx_tool.report import doctor as doctor_report


@click.command(
    "doctor",
    cls=options.Command,
    help=_(
        "Examine the workstation, without any card.\n\n"
        "System and session, the PC/SC service and who may use it, readers and what keeps them "
        "from being listed, the middleware, clock, CA certificates, Python packages. Each finding "
        "has its remedy. Nothing is changed, and the network is not asked."
    ),
)
@click.option(
    "--fix-hints",
    is_flag=True,
    help=_("Also print the commands that mend what is wrong; none is run."),
)
@options.module_option
@options.module_timeout_option
@options.json_option
@click.pass_context
def doctor(
    context: click.Context,
    /,
    fix_hints: bool,
    module: str | None,
    timeout: float,
    as_json: bool,
) -> None:
    examination = judge_station(wiring.examine(wiring.Source(None, module, timeout), tell))
    code = station_exit_code(examination)
    if as_json:
        text = doctor_report.render_json(examination, code, say, hints=fix_hints)
    else:
        text = doctor_report.render(examination, say, paper(), hints=fix_hints)
    conclude(context, text, code)
