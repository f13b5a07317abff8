"""blame and compare: which part is at fault, from one saved observation or from two."""

from __future__ import annotations

from gettext import gettext as _
from pathlib import Path

import click

from cpx_tool import wiring
from cpx_tool.catalogue.sets import find_set
from cpx_tool.cli import options, reporting
from cpx_tool.cli.check import with_contents
from cpx_tool.errors import ExitCode
from cpx_tool.judge.blame import blame as judge_blame
from cpx_tool.judge.compare import compare as judge_compare
from cpx_tool.model.cardset import CardSet
from cpx_tool.model.finding import Verdict
from cpx_tool.report.results import of_blame, of_comparison

some_set_option = click.option(
    "--set",
    "set_name",
    metavar=_("NAME|FILE"),
    shell_complete=options.complete_set,
    help=_("The set as ordered, or a set file; without it, nothing is said of missing cards."),
)


@click.command(
    "blame",
    cls=options.Command,
    help=_(
        "Say which part is at fault.\n\n"
        "FILE was written by --save-observation. Card, reader, PC/SC service, middleware, PIN, "
        "network, server, set file, clock…: each with the evidence and how sure it is; not known, "
        "where nothing points anywhere. Ends with 0 when nothing that decides is wrong."
    ),
)
@click.argument("file", metavar=_("FILE"), type=options.AnyPath())
@some_set_option
@options.ca_dir_option
@options.crl_option
@reporting.report_options("blame")
@options.json_option
@click.pass_context
def blame(
    context: click.Context,
    /,
    file: Path,
    set_name: str | None,
    ca_dirs: tuple[Path, ...],
    crl_files: tuple[Path, ...],
    reports: tuple[reporting.Target, ...],
    report_dir: Path | None,
    as_json: bool,
) -> None:
    written = reporting.Asked(reports, report_dir, as_json)
    written.check()
    card_set = find_some_set(set_name)
    at_hand = wiring.trust_at_hand(ca_dirs, crl_files)
    found = judge_blame(wiring.load_observation(file), card_set, at_hand)
    passed = found.verdict is Verdict.PASSED
    code = ExitCode.PASSED if passed else ExitCode.FAILED
    reporting.finish(context, of_blame(found, code), written)


def find_some_set(name: str | None) -> CardSet | None:
    """The set of that name or file, None where none is named. Raises `BadInput`."""
    return None if name is None else with_contents(find_set(name))


@click.command(
    "compare",
    cls=options.Command,
    help=_(
        "Compare two saved observations.\n\n"
        "A and B were written by --save-observation: two workstations, or before and after. "
        "Judges both in the same way, says what differs, and what that points to: card, reader, "
        "service, middleware, network, set file… Ends with 0 whatever differs."
    ),
)
@click.argument("left", metavar="A", type=options.AnyPath())
@click.argument("right", metavar="B", type=options.AnyPath())
@some_set_option
@options.ca_dir_option
@options.crl_option
@reporting.report_options("compare")
@options.json_option
@click.pass_context
def compare(
    context: click.Context,
    /,
    left: Path,
    right: Path,
    set_name: str | None,
    ca_dirs: tuple[Path, ...],
    crl_files: tuple[Path, ...],
    reports: tuple[reporting.Target, ...],
    report_dir: Path | None,
    as_json: bool,
) -> None:
    written = reporting.Asked(reports, report_dir, as_json)
    written.check()
    card_set = find_some_set(set_name)
    at_hand = wiring.trust_at_hand(ca_dirs, crl_files)
    seen = [wiring.load_observation(path) for path in (left, right)]
    found = judge_compare(seen[0], seen[1], card_set, at_hand)
    reporting.finish(context, of_comparison(found, ExitCode.PASSED), written)
