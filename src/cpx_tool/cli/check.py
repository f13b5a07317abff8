"""check-set and judge: the main job, with cards and without."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from gettext import gettext as _
from pathlib import Path

import click

from cpx_tool import wiring
from cpx_tool.catalogue.sets import find_set
from cpx_tool.cli import knocking, logins, options, reporting, saving
from cpx_tool.cli.drawer_run import CardByCard
from cpx_tool.cli.interruption import code_of, listen, tell_first
from cpx_tool.cli.keeping import Keeper, find_keeper
from cpx_tool.cli.live import LiveView
from cpx_tool.cli.operator import at_terminal
from cpx_tool.cli.output import ASKING, note, tell
from cpx_tool.errors import BadInput, ExitCode
from cpx_tool.i18n import say
from cpx_tool.judge.drawer_run import DrawerRun
from cpx_tool.judge.judge import NO_MORE
from cpx_tool.judge.judge import judge as judge_observation
from cpx_tool.judge.verdict import exit_code
from cpx_tool.model.cardset import CardSet
from cpx_tool.model.fetch import Fetched
from cpx_tool.model.finding import Checklist
from cpx_tool.model.message import msg
from cpx_tool.model.observation import Observation, PinRefusal
from cpx_tool.model.trust import TrustMaterial
from cpx_tool.observe.card import KeysErrand
from cpx_tool.observe.handshakes import KeysAndServersErrand, KnockErrand
from cpx_tool.observe.session import Errand
from cpx_tool.report import virtual_cards
from cpx_tool.report.detail import Detail
from cpx_tool.report.reminders import reminders
from cpx_tool.report.results import of_set


@click.command(
    "check-set",
    cls=options.Command,
    help=_(
        "Check all cards of a set.\n\n"
        "Reads every card that the PKCS#11 module shows, logs in once on each card that is "
        "proven to be a test card, lets its keys sign, and gives one verdict. At a terminal, with "
        "more cards in the set than in the readers, it asks for one card after the other."
    ),
)
@options.set_option
@options.emulated_option
@options.module_option
@logins.login_options
@knocking.endpoint_option
@knocking.knocking_options
@options.warning_option
@options.ca_dir_option
@options.crl_option
@options.online_option
@options.timeout_option
@options.card_timeout_option
@options.at_once_option
@options.reorder_option
@options.calendar_option
@options.eligibility_option
@reporting.report_options("check-set")
@options.observation_option("judge")
@click.option(
    "--resume",
    is_flag=True,
    help=_("Go on from an interrupted run of this set: what it read is not read again."),
)
@options.detail_options
@options.json_option
@click.pass_context
def check_set(
    context: click.Context,
    /,
    set_name: str,
    emulated: Path | None,
    module: str | None,
    ask_pin: bool,
    non_interactive: bool,
    login: bool | None,
    endpoints: tuple[str, ...],
    ca_files: tuple[Path, ...],
    proxy: str | None,
    tls_max: str,
    expect_status: int | None,
    insecure: bool,
    warn_days: int,
    ca_dirs: tuple[Path, ...],
    crl_files: tuple[Path, ...],
    online: bool,
    timeout: float,
    card_timeout: float,
    at_once: int | None,
    reorder_days: int,
    ics: Path | None,
    eligibility: bool,
    report_dir: Path | None,
    reports: tuple[reporting.Target, ...],
    save_observation: Path | None,
    resume: bool,
    quiet: bool,
    verbose: bool,
    as_json: bool,
) -> None:
    detail = options.detail_of(quiet=quiet, verbose=verbose)
    means = logins.login_means(ask_pin, non_interactive, login)
    knocked = wiring.Knocking(endpoints, timeout, ca_files, proxy, tls_max, insecure, expect_status)
    knocking.refuse_without_endpoint(knocked)
    card_set = with_contents(find_set(set_name))
    written = reporting.Asked(reports, report_dir, as_json, detail)
    written.check()
    for target in (save_observation, ics):
        if target is not None:
            wiring.check_writable(target)
    at_hand = wiring.trust_at_hand(ca_dirs, crl_files)
    source = wiring.Source(emulated, module, timeout, card_timeout, at_once)
    if emulated is not None and at_once is not None and at_once > 1:
        note(_ONE_AFTER_THE_OTHER)
    keeper = find_keeper(card_set, set_name, emulated, needed=resume)
    state = DrawerRun(card_set)
    if resume:
        state = keeper.take_up(state, logs_in=isinstance(means, wiring.Login))
    else:
        keeper.mention()
    asks = emulated is None and not non_interactive and at_terminal()
    errand: Errand = KeysErrand()
    if endpoints:
        wanted = wiring.errands(knocked, at_hand, emulated)
        errand = KeysAndServersErrand(KnockErrand(wanted, None))
    try:
        run = _Run(source, means, at_hand, errand, detail)
        observation, stop = _walk(run, state, keeper, asks=asks)
        if emulated is None and not observation.cards:
            _tell_of_virtual_cards()
        fetched: tuple[Fetched, ...] | None = None
        if online and stop is None:
            observation, fetched, stop = _ask_network(observation, timeout, detail)
        unsaved = (
            None
            if save_observation is None
            else saving.save_observation(observation, save_observation)
        )
        asked = _Asked(warn_days, reorder_days, ics, eligibility, written, fetched, stop)
        _report(context, _judged(observation, card_set, NO_MORE, asked), asked, unsaved)
    finally:
        keeper.tell()


_ONE_AFTER_THE_OTHER = msg("--at-once is not used: emulated cards are read one after the other.")


def _tell_of_virtual_cards() -> None:
    """No certificate was read that could tell: a person would look for what ails real cards."""
    deck = wiring.virtual_deck()
    for told in virtual_cards.unread(deck) if deck else ():
        note(told)


@dataclass(frozen=True, slots=True)
class _Run:
    """Where the cards are, how to log in, and what is at hand to judge them with."""

    source: wiring.Source
    means: wiring.Login | PinRefusal
    at_hand: TrustMaterial
    errand: Errand
    detail: Detail


def _walk(
    of: _Run, state: DrawerRun, keeper: Keeper, *, asks: bool
) -> tuple[Observation, wiring.Interrupted | None]:
    """What was seen, and the interruption if one came: the report tells what there is by then."""
    walk: CardByCard | None = None
    seen: Observation | None = None
    try:
        with wiring.open_run(
            of.source, of.means, of.at_hand, LiveView(of.detail), of.errand
        ) as run:
            walk = CardByCard(state, run, keeper.keep)
            seen = walk.collect(asks=asks)
    except wiring.Interrupted as stop:
        return stop.observation, stop
    except KeyboardInterrupt as stop:
        if seen is None:
            raise
        return seen, wiring.Interrupted(seen, stop)  # all is read; the module was let go of
    else:
        return seen, None
    finally:
        tell_first()
        keeper.end(state if walk is None else walk.state)


def _ask_network(
    observation: Observation, timeout: float, detail: Detail
) -> tuple[Observation, tuple[Fetched, ...] | None, wiring.Interrupted | None]:
    """What the network adds; an interruption costs no more than that."""
    listen()
    tell(ASKING, detail)
    try:
        found, fetched = wiring.cards_online(observation, NO_MORE, timeout)
    except KeyboardInterrupt as stop:
        return observation, None, wiring.Interrupted(observation, stop)
    else:
        return found, fetched, None
    finally:
        tell_first()


@click.command(
    "judge",
    cls=options.Command,
    help=_(
        "Judge a saved observation again.\n\n"
        "Without cards: FILE was written by --save-observation. Same checks, same exit codes."
    ),
)
@click.argument("file", metavar=_("FILE"), type=options.AnyPath())
@options.set_option
@options.warning_option
@options.ca_dir_option
@options.crl_option
@options.online_option
@options.fetch_timeout_option
@options.reorder_option
@options.calendar_option
@options.eligibility_option
@reporting.report_options("judge")
@options.detail_options
@options.json_option
@click.pass_context
def judge(
    context: click.Context,
    /,
    file: Path,
    set_name: str,
    warn_days: int,
    ca_dirs: tuple[Path, ...],
    crl_files: tuple[Path, ...],
    online: bool,
    timeout: float,
    reorder_days: int,
    ics: Path | None,
    eligibility: bool,
    report_dir: Path | None,
    reports: tuple[reporting.Target, ...],
    quiet: bool,
    verbose: bool,
    as_json: bool,
) -> None:
    detail = options.detail_of(quiet=quiet, verbose=verbose)
    card_set = with_contents(find_set(set_name))
    written = reporting.Asked(reports, report_dir, as_json, detail)
    written.check()
    at_hand = wiring.trust_at_hand(ca_dirs, crl_files)
    observation = wiring.load_observation(file)
    fetched: tuple[Fetched, ...] | None = None
    if online:
        tell(ASKING, detail)
        observation, fetched = wiring.cards_online(observation, at_hand, timeout)
    asked = _Asked(warn_days, reorder_days, ics, eligibility, written, fetched)
    _report(context, _judged(observation, card_set, at_hand, asked), asked)


@dataclass(frozen=True, slots=True)
class _Asked:
    """How to judge, and what to print and write of it."""

    warn_days: int
    reorder_days: int
    ics: Path | None
    eligibility: bool
    written: reporting.Asked
    fetched: tuple[Fetched, ...] | None
    stop: wiring.Interrupted | None = None

    def code(self, checklist: Checklist) -> ExitCode:
        """The verdict's, unless the run was interrupted."""
        if self.stop is None:
            return exit_code(checklist)
        return ExitCode(code_of(self.stop.signal))


def _judged(
    observation: Observation, card_set: CardSet, more_trust: TrustMaterial, asked: _Asked
) -> Checklist:
    return judge_observation(
        observation,
        card_set,
        timedelta(days=asked.warn_days),
        more_trust,
        timedelta(days=asked.reorder_days),
    )


def _report(
    context: click.Context, checklist: Checklist, asked: _Asked, unsaved: BadInput | None = None
) -> None:
    """Write calendar and reports, show the verdict, and end with its code."""
    uncalendared = None if asked.ics is None else _save_calendar(checklist, asked.ics)
    reporting.finish(
        context,
        of_set(
            checklist,
            context.info_name or "",
            asked.code(checklist),
            asked.fetched,
            explain_uses=asked.eligibility,
        ),
        asked.written,
        unsaved=(unsaved, uncalendared),
        interrupted=asked.stop is not None,
    )


def _save_calendar(checklist: Checklist, path: Path) -> BadInput | None:
    """Why it could not be saved."""
    found = reminders(checklist, say)
    if not found:
        note(msg("No calendar file was written: no card of the set shows when it ends."))
        return None
    try:
        wiring.save_calendar(found, path)
    except BadInput as error:
        return error
    note(msg("Calendar saved in {path}", path=str(path)))
    return None


def with_contents(card_set: CardSet) -> CardSet:
    """The set, when its contents are known. Raises `BadInput` otherwise."""
    if card_set.cards:
        return card_set
    raise BadInput(
        msg(
            "The contents of the set “{title}” ({size} cards) are not published, so there is "
            "nothing to compare the cards with.",
            title=card_set.title,
            size=card_set.size,
        ),
        msg(
            "Make a set file of the cards in your hand: cpx-tool enrol-set --set {name} "
            "--into my-set.toml, then use --set ./my-set.toml.",
            name=card_set.name,
        ),
    )
