"""sign-test: each key, each mechanism, verified in software."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from gettext import gettext as _
from pathlib import Path

import click

from cpx_tool import wiring
from cpx_tool.cli import logins, options, reporting, saving
from cpx_tool.cli.interruption import code_of
from cpx_tool.cli.live import LiveView
from cpx_tool.cli.visiting import until_interrupted
from cpx_tool.errors import BadInput, ExitCode
from cpx_tool.judge.signing import judge_signing, signing_exit_code
from cpx_tool.model.observation import Observation
from cpx_tool.observe.sign_errand import SignErrand
from cpx_tool.report.results import of_signing


@click.command(
    "sign-test",
    cls=options.Command,
    help=_(
        "Let each key of the cards sign by each mechanism.\n\n"
        "Logs in once on each card that is proven to be a test card, and lets both keys sign by "
        "each mechanism that the token announces and that is used in the field. Each signature is "
        "verified in software with the certificate. Shows how long each took."
    ),
)
@click.option("--card", "number", metavar=_("NUMBER"), help=_("The card of that number only."))
@options.emulated_option
@options.module_option
@click.option(
    "--observation",
    "file",
    metavar=_("FILE"),
    type=options.AnyPath(),
    help=_("Judge what was saved (--save-observation) again, without cards."),
)
@logins.login_options
@options.emulated_timeout_option
@options.card_timeout_option
@options.observation_option("sign-test --observation")
@reporting.report_options("sign-test")
@options.detail_options
@options.json_option
@click.pass_context
def sign_test(
    context: click.Context,
    /,
    number: str | None,
    emulated: Path | None,
    module: str | None,
    file: Path | None,
    ask_pin: bool,
    non_interactive: bool,
    login: bool | None,
    timeout: float,
    card_timeout: float,
    save_observation: Path | None,
    reports: tuple[reporting.Target, ...],
    report_dir: Path | None,
    quiet: bool,
    verbose: bool,
    as_json: bool,
) -> None:
    detail = options.detail_of(quiet=quiet, verbose=verbose)
    written = reporting.Asked(reports, report_dir, as_json, detail)
    written.check()
    wanted = "".join(number.split()) if number is not None else None
    stop: wiring.Interrupted | None = None
    unsaved: BadInput | None = None
    if file is not None:
        of_cards = (emulated, module, save_observation, login)
        if ask_pin or non_interactive or any(option is not None for option in of_cards):
            raise click.UsageError(_("--observation excludes the options that concern cards."))
        observation = wiring.load_observation(file)
    else:
        means = logins.login_means(ask_pin, non_interactive, login)
        if save_observation is not None:
            wiring.check_writable(save_observation)
        source = wiring.Source(emulated, module, timeout, card_timeout)
        at_hand = wiring.trust_at_hand((), ())
        errand = SignErrand(wanted)
        visit = partial(wiring.visit_cards, source, means, at_hand, LiveView(detail), errand)
        observation, stop = until_interrupted(visit)
        if save_observation is not None:
            unsaved = saving.save_observation(observation, save_observation)
    _report(context, _Seen(observation, wanted, stop, unsaved), written)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What there is to judge, the card that is wanted, and what came between."""

    observation: Observation
    number: str | None
    stop: wiring.Interrupted | None
    unsaved: BadInput | None


def _report(context: click.Context, seen: _Seen, written: reporting.Asked) -> None:
    """Show the verdict, and end with its code; what could not be saved is told after it."""
    checklist = judge_signing(seen.observation, seen.number)
    code = signing_exit_code(checklist)
    if seen.stop is not None:
        code = ExitCode(code_of(seen.stop.signal))
    reporting.finish(
        context,
        of_signing(checklist, code),
        written,
        unsaved=(seen.unsaved,),
        interrupted=seen.stop is not None,
    )
