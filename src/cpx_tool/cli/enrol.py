"""enrol-set: a set file that knows each card by its number."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from gettext import gettext as _
from pathlib import Path

import click

from cpx_tool import wiring
from cpx_tool.catalogue.sets import find_set
from cpx_tool.cli import options
from cpx_tool.cli.enrol_dialogue import Dialogue
from cpx_tool.cli.live import LiveView
from cpx_tool.cli.operator import at_terminal
from cpx_tool.cli.output import conclude, paper
from cpx_tool.errors import BadInput, ExitCode, NothingToCheck
from cpx_tool.i18n import say
from cpx_tool.judge.assigning import read_assignments, refuse_misfits
from cpx_tool.judge.describing import own_set
from cpx_tool.judge.dialogue import Talk
from cpx_tool.judge.drawer import Drawer, read_cards
from cpx_tool.judge.enrolment import enrol_unasked, enrolled_set
from cpx_tool.judge.hindrances import hindrances
from cpx_tool.model.cardset import CardSet
from cpx_tool.model.enrolment import Answer, Decided
from cpx_tool.model.message import msg
from cpx_tool.model.observation import Observation
from cpx_tool.model.trust import TrustMaterial
from cpx_tool.report import enrolment as report

EXIT_CODES = _(
    "Exit codes: 0 the set file is written; 1 it is not: something stays open, or you stopped; "
    "2 wrong usage, unreadable input or unwritable output; 3 internal error; 4 no card could be "
    "read; 130 interrupted (143 by SIGTERM, 129 by SIGHUP)."
)


@click.command(
    "enrol-set",
    cls=options.Command,
    epilog=EXIT_CODES,
    help=_(
        "Make a set file that knows your cards.\n\n"
        "Reads the cards once, without a PIN, asks which is which where their certificates do not "
        "tell, and writes a set file that pins each card by its number. With more cards than "
        "readers it asks for one after the other."
    ),
)
@click.option(
    "--set",
    "set_name",
    metavar=_("NAME|FILE"),
    shell_complete=options.complete_set,
    help=_("The set as ordered, or a set file; without it, the cards are a set of your own."),
)
@click.option(
    "--into",
    metavar=_("FILE"),
    required=True,
    type=options.AnyPath(),
    help=_("The set file to write (.toml)."),
)
@options.emulated_option
@options.module_option
@click.option(
    "--observation",
    metavar=_("FILE"),
    type=options.AnyPath(),
    help=_("The cards of a saved observation instead of those in the readers."),
)
@click.option(
    "--assign",
    "assignments",
    metavar=_("ROLE=CARDNUMBER"),
    multiple=True,
    help=_("Say beforehand which card has a role."),
)
@click.option("--no-input", is_flag=True, help=_("Ask nothing; so it is without a terminal."))
@click.option(
    "--partial",
    "may_be_partial",
    is_flag=True,
    help=_("Write what is certain, even if more is open."),
)
@click.option("--force", is_flag=True, help=_("Replace the set file if it is there."))
@options.emulated_timeout_option
@options.json_option
@click.pass_context
def enrol_set(
    context: click.Context,
    /,
    set_name: str | None,
    into: Path,
    emulated: Path | None,
    module: str | None,
    observation: Path | None,
    assignments: tuple[str, ...],
    no_input: bool,
    may_be_partial: bool,
    force: bool,
    timeout: float,
    as_json: bool,
) -> None:
    card_set = find_set(set_name) if set_name is not None else own_set(into.stem)
    answers = read_assignments(assignments, card_set)
    wiring.check_set_target(into, replace=force)
    read = _reading(wiring.Source(emulated, module, timeout), observation)
    asks = at_terminal() and not no_input
    if asks:
        walks = emulated is None and observation is None
        look = wiring.look_at_readers if walks else None
        decided = Dialogue(Talk(card_set, answers, walks, may_be_partial), read, look).run()
    else:
        decided = _unasked(read(), card_set, answers, may_be_partial)
    if decided.agreed:
        comment = report.comment(into.name, say)
        wiring.write_set(enrolled_set(decided.enrolment), comment, into, replace=force)
    code = ExitCode.PASSED if decided.agreed else ExitCode.FAILED
    if as_json:
        text = report.render_json(decided, str(into), int(code), say)
    else:
        told = "" if asks else report.render(decided.enrolment, decided.emulated, say, paper())
        where = str(emulated) if emulated is not None else None
        text = told + report.ending(decided, str(into), where, say, paper())
    conclude(context, text, code)


def _reading(source: wiring.Source, observation: Path | None) -> Callable[[], Observation]:
    if observation is None:
        return partial(wiring.read_cards, source, TrustMaterial(), LiveView())
    if source.emulated is not None or source.module is not None:
        raise BadInput(
            msg("--observation cannot go with --emulated or --module."),
            msg("Leave one of them out."),
        )
    return partial(wiring.load_observation, observation)


def _unasked(
    seen: Observation, card_set: CardSet, answers: tuple[Answer, ...], may_be_partial: bool
) -> Decided:
    if not seen.cards:
        raise NothingToCheck(*hindrances(seen, card_set)[0])
    cards = Drawer().put(read_cards(seen)).all_cards
    refuse_misfits(answers, cards, card_set)
    found = enrol_unasked(cards, card_set, answers)
    agreed = bool(found.enrolled) and (found.complete or may_be_partial)
    return Decided(found, agreed, seen.emulated)
