"""The fleet for a person, 80 columns wide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TypeVar

from cpx_tool.model.finding import CardResult, Severity, Verdict
from cpx_tool.model.fleet import Counted, Fleet, FleetCard, Gathered, Station
from cpx_tool.model.message import Message, msg, nmsg
from cpx_tool.report.canvas import Canvas, Cell, Paper
from cpx_tool.report.detail import Detail
from cpx_tool.report.findings import MARKS, VERDICT_STYLES, attention
from cpx_tool.report.fleet_view import (
    EMULATED,
    Said,
    Wrong,
    at_host,
    check_tally,
    has_cards,
    host_name,
    what,
    why,
    worst_first,
    wrong,
)
from cpx_tool.report.words import RESULTS, VERDICTS, Say, clipped, day

_T = TypeVar("_T")

MOST_ROWS = 40
"""Of a table, unless VERBOSE: what is wrong comes first."""

_MOST_SENTENCES = 5
_MOST_HOSTS = 6
_OF_WARNING = ("!", "yellow")


def render(fleet: Fleet, say: Say, paper: Paper) -> str:
    """Workstations and their results, what needs attention and where, the cards and where they
    are, what was not merged, the verdict.
    """
    canvas = Canvas(paper)
    gathered = fleet.gathered
    canvas.line(say(headline(gathered)), "bold")
    told = emulated(gathered)
    if told:
        canvas.line(f"{EMULATED} {say(told)}", "bold magenta")
    canvas.line()
    if paper.detail is not Detail.QUIET and gathered.stations:
        _results(canvas, gathered.stations, say)
    for one in wrong(fleet):
        _wrong(canvas, one, fleet, say)
    if paper.detail is not Detail.QUIET and gathered.cards:
        _cards(canvas, gathered.cards, say)
    _merging(canvas, fleet, say)
    _verdict(canvas, fleet, say)
    return canvas.text()


def headline(gathered: Gathered) -> Message:
    """How much there is."""
    hosts = len(gathered.stations)
    results = nmsg("{count} result", "{count} results", gathered.merged)
    return nmsg(
        "Fleet of {count} workstation, {results}",
        "Fleet of {count} workstations, {results}",
        hosts,
        results=results,
    )


def emulated(gathered: Gathered) -> Message | None:
    """How many of the results that count are of emulated cards; None where none is."""
    of_cards = [one.emulated for one in gathered.newest() if has_cards(one)]
    if not any(of_cards):
        return None
    return nmsg(
        "EMULATED by cpx-tool, not of the ANS: {count} of {total} results about cards.",
        "EMULATED by cpx-tool, not of the ANS: {count} of {total} results about cards.",
        sum(of_cards),
        total=len(of_cards),
    )


def _results(canvas: Canvas, stations: Sequence[Station], say: Say) -> None:
    heads = (
        msg("Workstation"),
        msg("Command"),
        msg("Result"),
        msg("Observed (UTC)"),
        msg("Version"),
        msg("Exit"),
    )
    shown, more = _cut(worst_first(stations), canvas)
    rows = [
        _result_row(station if number == 0 else None, counted, say)
        for station in shown
        for number, counted in enumerate(station.results)
    ]
    canvas.table([say(head) for head in heads], rows)
    if more:
        rest = nmsg(
            "{count} more workstation, none of them worse: --verbose shows all.",
            "{count} more workstations, none of them worse: --verbose shows all.",
            more,
        )
        canvas.line(say(rest), "dim")
        canvas.line()


def _result_row(station: Station | None, counted: Counted, say: Say) -> list[Cell]:
    newest = counted.newest
    mark = f" {EMULATED}" if newest.emulated else ""
    older = f" +{counted.older}" if counted.older else ""
    return [
        (say(host_name(station.host)) if station else "", "bold"),
        (what(newest) + mark, ""),
        (say(VERDICTS[newest.verdict]), VERDICT_STYLES[newest.verdict]),
        (newest.observed_at.strftime("%Y-%m-%d %H:%M") + older, ""),
        (clipped(newest.tool_version), ""),
        (str(newest.exit_code), ""),
    ]


def _wrong(canvas: Canvas, one: Wrong, fleet: Fleet, say: Say) -> None:
    decides = one.severity is Severity.BLOCKER
    mark, style = MARKS[one.outcome] if decides else _OF_WARNING
    title = fleet.titles.get(one.check)
    told = msg("{check} — expected: {title}", check=one.check, title=title) if title else None
    canvas.item(mark, say(told) if told else one.check, style)
    hosts = nmsg("on {count} workstation", "on {count} workstations", one.hosts)
    canvas.line(say(hosts), "dim", indent=4)
    shown = one.said if canvas.paper.detail is Detail.VERBOSE else one.said[:_MOST_SENTENCES]
    for said in shown:
        named = msg("{names}: {message}", names=_hosts(said, say), message=said.message)
        canvas.line(say(named), indent=4)
    _more(canvas, len(one.said) - len(shown), say)
    for hint in dict.fromkeys(said.hint for said in shown if said.hint):
        canvas.item("→", hint, indent=4)
    canvas.line()


def _hosts(said: Said, say: Say) -> str:
    some = islice(said.hosts.items(), _MOST_HOSTS)
    names = [at_host(host, subjects, say) for host, subjects in some]
    more = len(said.hosts) - _MOST_HOSTS
    if more > 0:
        names.append(say(nmsg("{count} more", "{count} more", more)))
    return ", ".join(names)


def _more(canvas: Canvas, count: int, say: Say) -> None:
    if count > 0:
        canvas.line(say(nmsg("… and {count} more", "… and {count} more", count)), "dim", indent=4)


def _cards(canvas: Canvas, cards: Sequence[FleetCard], say: Say) -> None:
    """A row for each card, and the workstations where it was seen."""
    heads = [say(msg("Card")), say(msg("Role")), say(msg("Seen on"))]
    ordered = sorted(cards, key=_card_order)
    shown, more = _cut(ordered, canvas)
    canvas.table(heads, [_card_row(card, say) for card in shown])
    if more:
        rest = nmsg(
            "{count} more card: --verbose shows all.",
            "{count} more cards: --verbose shows all.",
            more,
        )
        canvas.line(say(rest), "dim")
        canvas.line()


def _card_order(card: FleetCard) -> bool:
    """What failed anywhere first."""
    return all(one.seen.result is not CardResult.FAILED for one in card.hosts)


def _card_row(card: FleetCard, say: Say) -> list[Cell]:
    failed = not _card_order(card)
    places = [
        f"{say(host_name(one.host))} {day(one.seen.at)}"
        + (f" {say(RESULTS[one.seen.result])}" if one.seen.result else "")
        for one in card.hosts[:_MOST_HOSTS]
    ]
    more = len(card.hosts) - _MOST_HOSTS
    if more > 0:
        places.append(say(nmsg("{count} more", "{count} more", more)))
    return [
        (clipped(card.number) + (f" {EMULATED}" if card.emulated else ""), "bold"),
        (", ".join(map(clipped, card.roles)) or "—", ""),
        (", ".join(places), "red" if failed else ""),
    ]


def _merging(canvas: Canvas, fleet: Fleet, say: Say) -> None:
    """What there is to say of the files themselves."""
    attention(canvas, fleet.findings, lambda _: "", say)
    gathered = fleet.gathered
    not_merged = [
        say(msg("{names}: {message}", names=one.file, message=why(one)))
        for one in gathered.unmerged
    ]
    _listed(canvas, msg("Not merged"), not_merged, say)
    repeats = [
        say(msg("{file}: as {first}", file=one.file, first=one.first)) for one in gathered.repeats
    ]
    _listed(canvas, msg("There twice"), repeats, say)
    conflicts = [
        say(
            msg(
                "{card}: {first} at {at}, {second} at {then}",
                card=one.number,
                first=host_name(one.first.host),
                at=one.first.at.strftime("%Y-%m-%d %H:%M:%S"),
                second=host_name(one.second.host),
                then=one.second.at.strftime("%H:%M:%S"),
            )
        )
        for one in gathered.two_places
    ]
    _listed(canvas, msg("At two workstations at once"), conflicts, say)


def _listed(canvas: Canvas, head: Message, lines: Iterable[str], say: Say) -> None:
    told = list(lines)
    if not told:
        return
    canvas.line(say(head), "bold")
    shown, more = _cut(told, canvas)
    for line in shown:
        canvas.line(line, indent=2)
    _more(canvas, more, say)
    canvas.line()


def _cut(rows: Sequence[_T], canvas: Canvas) -> tuple[Sequence[_T], int]:
    """What is shown of it, and how many are not."""
    if canvas.paper.detail is Detail.VERBOSE:
        return rows, 0
    return rows[:MOST_ROWS], max(0, len(rows) - MOST_ROWS)


def _verdict(canvas: Canvas, fleet: Fleet, say: Say) -> None:
    style = VERDICT_STYLES[fleet.verdict]
    parts = ", ".join(map(say, summary(fleet)))
    canvas.line(f"{say(VERDICTS[fleet.verdict])} — {parts}", style)


def summary(fleet: Fleet) -> list[Message]:
    """Workstations by their verdicts, then checks; only what is not nothing."""
    reached = [station.verdict for station in fleet.gathered.stations]
    told = [nmsg("{count} workstation", "{count} workstations", len(reached))]
    bad = reached.count(Verdict.FAILED)
    open_ = reached.count(Verdict.INCOMPLETE)
    lost = sum(one.counts for one in fleet.gathered.unmerged)
    checks = check_tally(fleet)
    some = (
        (bad, nmsg("{count} of them failed", "{count} of them failed", bad)),
        (open_, nmsg("{count} of them incomplete", "{count} of them incomplete", open_)),
        (lost, nmsg("{count} file not merged", "{count} files not merged", lost)),
        (checks.failed, nmsg("{count} check failed", "{count} checks failed", checks.failed)),
        (checks.warnings, nmsg("{count} warning", "{count} warnings", checks.warnings)),
    )
    return told + [message for count, message in some if count]
