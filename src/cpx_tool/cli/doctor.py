"""doctor: the workstation itself, without any card."""

from __future__ import annotations

from gettext import gettext as _
from pathlib import Path

import click

from cpx_tool import wiring
from cpx_tool.cli import options, reporting
from cpx_tool.cli.output import tell
from cpx_tool.judge.station import judge_station, station_exit_code
from cpx_tool.report.results import of_station


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
@reporting.report_options("doctor")
@options.json_option
@click.pass_context
def doctor(
    context: click.Context,
    /,
    fix_hints: bool,
    module: str | None,
    timeout: float,
    reports: tuple[reporting.Target, ...],
    report_dir: Path | None,
    as_json: bool,
) -> None:
    written = reporting.Asked(reports, report_dir, as_json)
    written.check()
    examination = judge_station(wiring.examine(wiring.Source(None, module, timeout), tell))
    code = station_exit_code(examination)
    result = of_station(examination, wiring.new_run_id(), code, hints=fix_hints)
    reporting.finish(context, result, written)
