"""tls-test: is this server reached, and does it accept this card; or which step fails."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from gettext import gettext as _
from pathlib import Path
from typing import NoReturn

import click
from click.core import ParameterSource

from cpx_tool import wiring
from cpx_tool.cli import knocking, logins, options, reporting, saving
from cpx_tool.cli.interruption import code_of
from cpx_tool.cli.live import LiveView
from cpx_tool.cli.visiting import until_interrupted
from cpx_tool.errors import BadInput, ExitCode
from cpx_tool.judge.presenting import nothing_presented
from cpx_tool.judge.tls import judge_handshakes, tls_exit_code, tls_verdict
from cpx_tool.model.observation import Observation
from cpx_tool.observe.handshakes import NO_CARD, KnockErrand
from cpx_tool.report.result import Handshakes
from cpx_tool.report.results import of_handshakes


@click.command(
    "tls-test",
    cls=options.Command,
    help=_(
        "Test mutual TLS with the card's key, step by step.\n\n"
        "Names the step that fails, and what to do. The key stays on the card: it is asked to "
        "sign once for each handshake, and only after the server's certificate was accepted. "
        "Nothing but the servers named is contacted."
    ),
)
@knocking.endpoint_option
@click.option("--card", "number", metavar=_("NUMBER"), help=_("Present the card of that number."))
@click.option("--all-cards", is_flag=True, help=_("Present each card, one after the other."))
@click.option("--no-card", is_flag=True, help=_("Present nothing: show what the server asks for."))
@click.option(
    "--p12",
    metavar=_("FILE"),
    type=options.AnyPath(),
    help=_("Present a software certificate (ORG) instead of a card."),
)
@options.password_file_option
@knocking.knocking_options
@options.emulated_option
@options.module_option
@logins.login_options
@options.ca_dir_option
@options.knock_timeout_option
@options.card_timeout_option
@click.option(
    "--observation",
    "file",
    metavar=_("FILE"),
    type=options.AnyPath(),
    help=_("Judge what was saved (--save-observation) again: nobody is asked anything."),
)
@options.observation_option("tls-test --observation")
@reporting.report_options("tls-test")
@options.detail_options
@options.json_option
@click.pass_context
def tls_test(
    context: click.Context,
    /,
    endpoints: tuple[str, ...],
    number: str | None,
    all_cards: bool,
    no_card: bool,
    p12: Path | None,
    password_file: Path | None,
    ca_files: tuple[Path, ...],
    proxy: str | None,
    tls_max: str,
    expect_status: int | None,
    insecure: bool,
    emulated: Path | None,
    module: str | None,
    ask_pin: bool,
    non_interactive: bool,
    login: bool | None,
    ca_dirs: tuple[Path, ...],
    timeout: float,
    card_timeout: float,
    file: Path | None,
    save_observation: Path | None,
    reports: tuple[reporting.Target, ...],
    report_dir: Path | None,
    quiet: bool,
    verbose: bool,
    as_json: bool,
) -> None:
    detail = options.detail_of(quiet=quiet, verbose=verbose)
    _refuse_contradictions(
        (number is not None, all_cards, no_card, p12 is not None),
        stray_password=password_file is not None and p12 is None,
        stray_login=(no_card or p12 is not None) and (ask_pin or login is True),
    )
    written = reporting.Asked(reports, report_dir, as_json, detail)
    written.check()
    card = None if number is None else "".join(number.split())
    if file is not None:
        _refuse_what_knocks(context)
        observation = wiring.load_observation(file)
        _report(context, _Seen(observation, None, card, saved=True), written)
    if not endpoints:
        raise click.UsageError(_("Name a server: --endpoint ADDRESS (see list-endpoints)."))
    means = logins.login_means(ask_pin, non_interactive, login)
    if save_observation is not None:
        wiring.check_writable(save_observation)
    at_hand = wiring.trust_at_hand(ca_dirs, ())
    asked = wiring.Knocking(endpoints, timeout, ca_files, proxy, tls_max, insecure, expect_status)
    wanted = wiring.errands(asked, at_hand, emulated)
    if no_card:
        visit = partial(wiring.knock_as_nobody, wanted)
    elif p12 is not None:
        visit = partial(wiring.knock_with_file, wanted, p12, password_file)
    else:
        source = wiring.Source(emulated, module, timeout, card_timeout)
        errand = KnockErrand(wanted, None if all_cards else card or NO_CARD, typed=ask_pin)
        visit = partial(wiring.knock_with_cards, source, means, at_hand, LiveView(detail), errand)
    seen = _Seen(*until_interrupted(visit), card)
    if save_observation is not None:
        seen.unsaved = saving.save_observation(seen.observation, save_observation)
    _report(context, seen, written)


_OF_A_FILE = {"file", "number", "reports", "report_dir", "as_json", "quiet", "verbose"}


def _refuse_what_knocks(context: click.Context) -> None:
    """`--observation` asks nobody: an option that says whom or how would be ignored."""
    for name in context.params:
        given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if given and name not in _OF_A_FILE:
            raise click.UsageError(
                _(
                    "--observation goes with --card, --report, --report-dir, --json, --quiet and "
                    "--verbose only."
                )
            )


def _refuse_contradictions(
    presented: tuple[bool, ...], *, stray_password: bool, stray_login: bool
) -> None:
    if stray_login:
        raise click.UsageError(_("--ask-pin and --login are for cards."))
    if stray_password:
        raise click.UsageError(_("--password-file is for --p12."))
    if sum(presented) > 1:
        raise click.UsageError(_("--card, --all-cards, --no-card and --p12 exclude each other."))


@dataclass
class _Seen:
    """What there is to judge, what came between, and the card that is wanted."""

    observation: Observation
    stop: wiring.Interrupted | None
    number: str | None
    unsaved: BadInput | None = None
    saved: bool = False
    """It comes from a file."""


def _report(context: click.Context, seen: _Seen, written: reporting.Asked) -> NoReturn:
    """Show the verdict, and end with its code; what could not be saved is told after it."""
    judged = judge_handshakes(seen.observation, seen.number)
    if not judged and seen.stop is None:
        raise nothing_presented(seen.observation, seen.number, saved=seen.saved)
    code = tls_exit_code(judged)
    if seen.stop is not None:
        code = ExitCode(code_of(seen.stop.signal))
    reporting.finish(
        context,
        of_handshakes(Handshakes(seen.observation, judged, tls_verdict(judged)), code),
        written,
        unsaved=(seen.unsaved,),
        interrupted=seen.stop is not None,
    )
