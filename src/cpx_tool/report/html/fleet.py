"""The fleet as one page: workstations × checks, cards × workstations, what was not merged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from types import SimpleNamespace

from cpx_tool.errors import ExitCode
from cpx_tool.model.finding import CardResult, Outcome, Severity
from cpx_tool.model.fleet import (
    WORST_FIRST,
    Answered,
    AtHost,
    Counted,
    Fleet,
    FleetCard,
    Place,
    Station,
)
from cpx_tool.model.guidance import Kind
from cpx_tool.model.message import msg, nmsg
from cpx_tool.report import fleet_json
from cpx_tool.report.fleet import emulated, headline, summary
from cpx_tool.report.fleet_view import (
    Said,
    Wrong,
    at_host,
    host_name,
    what,
    why,
    worst_first,
    wrong,
)
from cpx_tool.report.html import lines, marks
from cpx_tool.report.html.explanations import Explanation, Explanations, besides
from cpx_tool.report.html.fleet_labels import FLEET_LABELS
from cpx_tool.report.html.frame import provenance
from cpx_tool.report.html.labels import LABELS
from cpx_tool.report.html.lines import Subject
from cpx_tool.report.html.marks import Mark
from cpx_tool.report.html.page import page
from cpx_tool.report.result import Run
from cpx_tool.report.words import Say, clipped, day

MOST_ROWS = 400
"""Of the matrix of checks: what is wrong comes first, and a browser shows it at once."""

MOST_COLUMNS = 20
"""Of the matrix of cards; where more workstations saw cards, each row names its own."""

_MOST_SENTENCES = 8
_MOST_HOSTS = 12


@dataclass(frozen=True, slots=True)
class SaidView:
    """One sentence, and where it was said."""

    message: str
    hint: str
    codes: tuple[Subject, ...]
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WrongView:
    """What one check found wrong; `more` tells of sentences that are not shown, "" for none.
    `explained` are the texts of the check and its codes that do not stand further up.
    """

    mark: Mark
    check: str
    title: str
    decides: str
    where: str
    said: tuple[SaidView, ...]
    more: str
    explained: tuple[Explanation, ...]


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One result that counts. `again`: the row above has the same host; a filter may hide it."""

    host: str
    again: bool
    verdict: Mark
    what: str
    emulated: bool
    interrupted: bool
    observed: str
    version: str
    exit_code: int
    older: int


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One workstation. A cell is None where the check was not asked."""

    host: str
    verdict: Mark
    cells: tuple[Mark | None, ...]


@dataclass(frozen=True, slots=True)
class CardCell:
    """A card at a workstation, and the day."""

    host: str
    mark: Mark | None
    day: str


@dataclass(frozen=True, slots=True)
class CardRow:
    """One card. `cells` stand under the workstations, None where it was not seen; or are those
    that saw it, where the page has no columns for them.
    """

    number: str
    emulated: bool
    holder: str
    roles: str
    cells: tuple[CardCell | None, ...]


def render(fleet: Fleet, run: Run, code: ExitCode, say: Say, lang: str) -> str:
    """One HTML page. The digest on it is that of `fleet_json.render` of the same arguments; `run`
    is that of the merge.
    """
    gathered = fleet.gathered
    told = emulated(gathered)
    explanations = Explanations(say)
    stations = worst_first(gathered.stations)
    columns, calm = _columns(stations)
    at_hosts = sorted({one.host for card in gathered.cards for one in card.hosts})
    wide = len(at_hosts) <= MOST_COLUMNS
    worded = {kind.value: marks.of_kind(kind, say) for kind in marks.Kind}
    words = {name: say(message) for name, message in (LABELS | FLEET_LABELS).items()}
    values = {
        "label": SimpleNamespace(**words),
        "provenance": provenance(run, code, fleet_json.pieces(fleet, code, say), say),
        "emulated": say(told) if told else "",
        "interrupted": "",
        "verdict": marks.of_verdict(fleet.verdict, say),
        "heading": say(headline(gathered)),
        "summary": [say(part) for part in summary(fleet)],
        "problems": [_wrong(one, fleet, explanations, say) for one in wrong(fleet)],
        "tallies": _verdicts(stations, say),
        "results": _results(stations, say),
        "columns": columns,
        "titles": {check: say(title) for check, title in fleet.titles.items()},
        "rows": [_matrix_row(station, columns, worded, say) for station in stations[:MOST_ROWS]],
        "more_rows": _more_rows(len(stations) - MOST_ROWS, say),
        "calm": calm,
        "at_hosts": [say(host_name(host)) for host in at_hosts] if wide else [],
        "cards": [_card(card, at_hosts if wide else None, say) for card in gathered.cards],
        "merge_lines": lines.lines(fleet.findings, say),
        "merge_explained": besides(fleet.findings, None, explanations),
        "not_merged": ((one.file, say(why(one)), one.counts) for one in gathered.unmerged),
        "any_not_merged": bool(gathered.unmerged),
        "repeats": gathered.repeats,
        "two_places": [
            (one.number, _place(one.first, say), _place(one.second, say))
            for one in gathered.two_places
        ],
        "unseen": gathered.unseen,
    }
    return page("fleet.html", values, say, lang, ("fleet.css",))


def _verdicts(stations: Sequence[Station], say: Say) -> list[marks.Tally]:
    """How many results have each verdict, for the filter."""
    counted = Counter(one.newest.verdict for station in stations for one in station.results)
    return [
        marks.Tally(marks.of_verdict(verdict, say), counted[verdict])
        for verdict in WORST_FIRST
        if counted[verdict]
    ]


def _results(stations: Iterable[Station], say: Say) -> Iterator[ResultRow]:
    for station in stations:
        for number, counted in enumerate(station.results):
            yield _result(say(host_name(station.host)), counted, say, again=number > 0)


def _result(host: str, counted: Counted, say: Say, *, again: bool) -> ResultRow:
    newest = counted.newest
    return ResultRow(
        host=host,
        again=again,
        verdict=marks.of_verdict(newest.verdict, say),
        what=what(newest),
        emulated=newest.emulated,
        interrupted=newest.interrupted,
        observed=f"{newest.observed_at:%Y-%m-%d %H:%M}",
        version=clipped(newest.tool_version),
        exit_code=newest.exit_code,
        older=counted.older,
    )


def _columns(stations: Iterable[Station]) -> tuple[list[str], list[str]]:
    """The checks that did not pass everywhere, in the order they were asked in; the others."""
    passed: dict[str, bool] = {}
    for station in stations:
        for answered in station.answers().values():
            good = answered.outcome is Outcome.PASSED
            passed[answered.check] = passed.get(answered.check, True) and good
    columns = [check for check, good in passed.items() if not good]
    return columns, [check for check, good in passed.items() if good]


def _matrix_row(
    station: Station, columns: Sequence[str], worded: Mapping[str, Mark], say: Say
) -> MatrixRow:
    answers = station.answers()
    asked = (answers.get(check) for check in columns)
    return MatrixRow(
        host=say(host_name(station.host)),
        verdict=marks.of_verdict(station.verdict, say),
        cells=tuple(worded[fleet_json.kind(one)] if one else None for one in asked),
    )


def _more_rows(more: int, say: Say) -> str:
    if more <= 0:
        return ""
    told = nmsg(
        "{count} more workstation, none of them worse, is in the table above and in the JSON "
        "report.",
        "{count} more workstations, none of them worse, are in the table above and in the JSON "
        "report.",
        more,
    )
    return say(told)


def _wrong(one: Wrong, fleet: Fleet, explanations: Explanations, say: Say) -> WrongView:
    title = fleet.titles.get(one.check)
    decides = one.severity is Severity.BLOCKER
    more = len(one.said) - _MOST_SENTENCES
    worst = fleet_json.kind(Answered(one.check, one.severity, one.outcome))
    shown = one.said[:_MOST_SENTENCES]
    explained = (
        *explanations.of(Kind.CHECK, [one.check]),
        *explanations.of(Kind.TLS_CAUSE, [code for said in shown for code in said.codes]),
    )
    return WrongView(
        mark=marks.of_kind(marks.Kind(worst), say),
        check=one.check,
        title=say(title) if title else "",
        decides=say(msg("decides the verdict") if decides else msg("does not change the verdict")),
        where=say(nmsg("on {count} workstation", "on {count} workstations", one.hosts)),
        said=tuple(_said(said, explanations, say) for said in shown),
        more=say(nmsg("… and {count} more", "… and {count} more", more)) if more > 0 else "",
        explained=explained,
    )


def _said(said: Said, explanations: Explanations, say: Say) -> SaidView:
    names = [
        at_host(host, subjects, say) for host, subjects in islice(said.hosts.items(), _MOST_HOSTS)
    ]
    more = len(said.hosts) - _MOST_HOSTS
    if more > 0:
        rest = say(nmsg("{count} more", "{count} more", more))
        names.append(rest)
    codes = lines.causes(said.codes, explanations)
    return SaidView(said.message, said.hint, codes, tuple(names))


def _card(card: FleetCard, columns: Sequence[str] | None, say: Say) -> CardRow:
    cells: tuple[CardCell | None, ...]
    if columns is None:
        cells = tuple(_cell(one, say) for one in card.hosts)
    else:
        at = {one.host: one for one in card.hosts}
        cells = tuple(_cell(at[host], say) if host in at else None for host in columns)
    return CardRow(
        number=clipped(card.number),
        emulated=card.emulated,
        holder=clipped(card.holder),
        roles=", ".join(map(clipped, card.roles)),
        cells=cells,
    )


def _cell(one: AtHost, say: Say) -> CardCell:
    result: CardResult | None = one.seen.result
    mark = marks.of_result(result, say) if result else None
    return CardCell(say(host_name(one.host)), mark, day(one.seen.at))


def _place(place: Place, say: Say) -> str:
    return f"{say(host_name(place.host))}, {place.at:%Y-%m-%d %H:%M:%S} UTC"
