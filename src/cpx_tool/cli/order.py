"""order-guide: ordering test cards and certificates, step by step."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from gettext import gettext as _
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from cpx_tool import wiring
from cpx_tool.catalogue.order import order_guide as load_guide
from cpx_tool.catalogue.sets import find_set
from cpx_tool.cli import options
from cpx_tool.cli.live import LiveView
from cpx_tool.cli.output import conclude, note, paper
from cpx_tool.errors import BadInput, NothingToCheck, nearest
from cpx_tool.i18n import say
from cpx_tool.judge.judge import judge
from cpx_tool.judge.order import change, exit_code, follow
from cpx_tool.judge.order_verifiers import Evidence
from cpx_tool.judge.software import judge_software
from cpx_tool.model.cardset import CardSet
from cpx_tool.model.finding import Checklist
from cpx_tool.model.message import msg
from cpx_tool.model.order import Way
from cpx_tool.model.software import SoftwareChecklist
from cpx_tool.model.trust import TrustMaterial
from cpx_tool.report import order as order_report

ALL = "all"
_OF_SEVERAL_WORDS = ("--tick", "--untick", "--p12")


class Command(options.Command):
    """A command some of whose options take all the words up to the next option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """click's options take one value each time: the option is repeated for each word."""
        return super().parse_args(ctx, spread(args))


def spread(arguments: Sequence[str]) -> list[str]:
    """`--tick A B` as `--tick A --tick B`."""
    spread: list[str] = []
    option, waiting = "", False
    for word in arguments:
        if word.startswith("-"):
            name, given, _value = word.partition("=")
            option = name if name in _OF_SEVERAL_WORDS else ""
            waiting = bool(option) and not given
        elif waiting:
            waiting = False
        elif option:
            spread.append(option)
        spread.append(word)
    return spread


def complete_step(
    context: click.Context,  # noqa: ARG001
    param: click.Parameter,  # noqa: ARG001
    incomplete: str,
) -> list[CompletionItem]:
    """The steps of the order, whatever case they are written in."""
    return options.some_of((step.id for step in load_guide().steps), incomplete.upper())


@click.command(
    "order-guide",
    cls=Command,
    help=_(
        "Show how to order test cards and certificates.\n\n"
        "A checklist: which set, which parts of form 414, whom to send it to, and how the ORG "
        "certificates are requested and withdrawn. You tick the steps; --verify finds out from "
        "the cards in the readers, without a PIN, what it can. It touches no card otherwise."
    ),
)
@click.option(
    "--for",
    "way",
    type=click.Choice([*(way.value for way in Way), ALL]),
    default=ALL,
    show_default=True,
    help=_("How your software calls INSi: with a card, with ORG certificates, or both."),
)
@click.option(
    "--tick",
    metavar="ID...",
    multiple=True,
    shell_complete=complete_step,
    help=_("Tick these steps; kept until --untick or --reset."),
)
@click.option(
    "--untick",
    metavar="ID...",
    multiple=True,
    shell_complete=complete_step,
    help=_("Take these ticks back."),
)
@click.option("--reset", is_flag=True, help=_("Start without ticks; the old ones are kept."))
@click.option("--verify", is_flag=True, help=_("Look at the cards at hand; no PIN is tried."))
@options.emulated_option
@options.module_option
@click.option(
    "--observation",
    metavar=_("FILE"),
    type=options.AnyPath(),
    help=_("Look at a saved observation (--save-observation) instead of cards."),
)
@click.option(
    "--set",
    "set_name",
    metavar=_("NAME|FILE"),
    shell_complete=options.complete_set,
    help=_("The set that you ordered, when it is not the recommended one."),
)
@click.option(
    "--p12",
    "p12_files",
    metavar=_("FILE..."),
    multiple=True,
    type=options.AnyPath(),
    help=_("Also look at these files of certificates, as check-p12 does."),
)
@options.password_file_option
@options.emulated_timeout_option
@click.option("--full", is_flag=True, help=_("Show ticked steps in full, too."))
@click.option("--markdown", "as_markdown", is_flag=True, help=_("Print a Markdown task list."))
@options.json_option
@click.pass_context
def order_guide(
    context: click.Context,
    /,
    way: str,
    tick: tuple[str, ...],
    untick: tuple[str, ...],
    reset: bool,
    verify: bool,
    emulated: Path | None,
    module: str | None,
    observation: Path | None,
    set_name: str | None,
    p12_files: tuple[Path, ...],
    password_file: Path | None,
    timeout: float,
    full: bool,
    as_markdown: bool,
    as_json: bool,
) -> None:
    _refuse_together(
        {"--json": as_json, "--markdown": as_markdown},
        {"--emulated": emulated, "--module": module, "--observation": observation},
    )
    if not verify:
        _refuse_without_verify(
            {"--emulated": emulated, "--module": module, "--observation": observation}
            | {"--set": set_name, "--p12": p12_files or None, "--password-file": password_file}
        )
    guide, tick, untick = load_guide(), _known(tick), _known(untick)
    evidence = None
    if verify:
        source = wiring.Source(emulated, module, timeout)
        card_set, at_hand = find_set(set_name or guide.recommended), wiring.trust_at_hand((), ())
        files = _files(p12_files, password_file, source, at_hand)
        evidence = Evidence(_cards(source, observation, card_set, at_hand, needed=not files), files)
    ticks = _ticks(tick, untick, reset)
    progress = follow(guide, list(Way) if way == ALL else [Way(way)], ticks, evidence)
    code = exit_code(progress, evidence)
    if as_json:
        text = order_report.render_json(progress, code, say)
    elif as_markdown:
        text = order_report.render_markdown(progress, say)
    else:
        text = order_report.render(progress, say, paper(), full=full)
    conclude(context, text, code)


def _ticks(tick: Collection[str], untick: Collection[str], reset: bool) -> Mapping[str, datetime]:
    """The ticks, after the changes asked for. Raises `BadInput`: then nothing was changed."""
    both = tuple(name for name in tick if name in untick)
    if both:
        raise BadInput(
            msg("To be ticked and unticked at once: {steps}.", steps=both),
            msg("Name each step once."),
        )
    file = wiring.order_ticks()
    if reset:
        kept = file.put_aside()
        if kept is not None:
            note(msg("The former ticks are kept in {path}", path=str(kept)))
    before = file.read()
    after = change(before, tick, untick, wiring.now())
    if after != before:
        file.write(after)
    return after


def _known(names: Sequence[str]) -> tuple[str, ...]:
    """The ids as they are written. Raises `BadInput` for one that is none."""
    ids = {step.id for step in load_guide().steps}
    wanted = tuple(name.strip().upper() for name in names)
    for given, name in zip(names, wanted, strict=True):
        if name not in ids:
            hint = nearest(name, ids, msg("See: cpx-tool order-guide"))
            raise BadInput(msg("There is no step {name}.", name=given), hint)
    return wanted


def _files(
    paths: Sequence[Path],
    password_file: Path | None,
    source: wiring.Source,
    at_hand: TrustMaterial,
) -> SoftwareChecklist | None:
    if not paths:
        return None
    return judge_software(
        wiring.read_software(paths, password_file, source.emulated, at_hand, None)
    )


def _cards(
    source: wiring.Source,
    file: Path | None,
    card_set: CardSet,
    at_hand: TrustMaterial,
    *,
    needed: bool,
) -> Checklist | None:
    """None where there is no module, and none is needed: there are files to look at."""
    try:
        observation = (
            wiring.load_observation(file)
            if file is not None
            else wiring.read_cards(source, at_hand, LiveView())
        )
    except NothingToCheck:
        if needed:
            raise
        return None
    return judge(observation, card_set, more_trust=at_hand)


def _refuse_together(*choices: Mapping[str, object]) -> None:
    for choice in choices:
        given = tuple(name for name, value in choice.items() if value)
        if len(given) > 1:
            raise BadInput(
                msg("These options exclude each other: {options}.", options=given),
                msg("Give one of them."),
            )


def _refuse_without_verify(given: Mapping[str, object]) -> None:
    useless = tuple(name for name, value in given.items() if value is not None)
    if useless:
        raise BadInput(
            msg("Without --verify no card is looked at: {options}.", options=useless),
            msg("Add --verify, or leave them out."),
        )
