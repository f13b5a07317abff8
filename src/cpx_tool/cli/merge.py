"""merge: many results, one fleet."""

from __future__ import annotations

from gettext import gettext as _
from pathlib import Path

import click

from cpx_tool import wiring
from cpx_tool.cli import options, reporting
from cpx_tool.cli.writing_over import spared
from cpx_tool.judge.fleet import fleet_exit_code
from cpx_tool.judge.fleet import merge as judge_merge
from cpx_tool.report.results import of_fleet


@click.command(
    "merge",
    cls=options.Command,
    help=_(
        "Merge the results of many workstations.\n\n"
        "PATH is the JSON report of a command (--report json=FILE), a folder of them, or a "
        "pattern in quotes. Of each workstation, command and set the newest result counts. What "
        "cannot be merged is named, passed over, and makes the verdict INCOMPLETE."
    ),
)
@click.argument("paths", metavar=_("PATH..."), nargs=-1, required=True, type=options.AnyPath())
@options.detail_options
@reporting.report_options("merge")
@options.json_option
@click.pass_context
def merge(
    context: click.Context,
    /,
    paths: tuple[Path, ...],
    quiet: bool,
    verbose: bool,
    reports: tuple[reporting.Target, ...],
    report_dir: Path | None,
    as_json: bool,
) -> None:
    detail = options.detail_of(quiet=quiet, verbose=verbose)
    written = reporting.Asked(reports, report_dir, as_json, detail)
    written.check()
    found = spared(wiring.read_results([str(path) for path in paths]), written.paths())
    fleet = judge_merge(found, wiring.this_merger())
    result = of_fleet(fleet, fleet_exit_code(fleet))
    reporting.finish(context, result, written)
