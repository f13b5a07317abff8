"""Merged results as a `Result`: a suite for each workstation, made when it is looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import overload

from cpx_tool.errors import ExitCode
from cpx_tool.model.finding import Finding, Outcome
from cpx_tool.model.fleet import Answered, Fleet, Station, Trouble, rank
from cpx_tool.model.message import Message, msg, nmsg
from cpx_tool.report import fleet as text
from cpx_tool.report import fleet_json
from cpx_tool.report.canvas import Paper
from cpx_tool.report.fleet_view import has_cards, what
from cpx_tool.report.result import Result, Run, Suite, SuiteKind
from cpx_tool.report.results.observed import stated
from cpx_tool.report.words import Say

_PASSED = msg("Passed")
_NOT_RUN = msg("Not run")


def of_fleet(fleet: Fleet, code: ExitCode) -> Result:
    """The result of merge."""
    merger = fleet.gathered.merger
    of_cards = [one.emulated for one in fleet.gathered.newest() if has_cards(one)]
    run = Run(
        command=fleet_json.COMMAND,
        tool_version=merger.tool_version,
        run_id=merger.run_id,
        host=merger.host,
        observed_at=merger.at,
        emulated=bool(of_cards) and all(of_cards),
    )
    suites = _Suites(fleet)

    def body(told: ExitCode, say: Say) -> str:
        return fleet_json.render(fleet, told, say)

    def page(say: Say, paper: Paper) -> str:
        return text.render(fleet, say, paper)

    def html_page(told: ExitCode, say: Say, language: str) -> str:
        # its template engine takes a while to load
        from cpx_tool.report.html.fleet import render  # noqa: PLC0415

        return render(fleet, run, told, say, language)

    return Result(
        run=run,
        judged=fleet,
        code=code,
        suites=suites,
        body=body,
        body_pieces=lambda told, say: fleet_json.pieces(fleet, told, say),
        page=page,
        html_page=html_page,
    )


@dataclass(frozen=True, slots=True)
class _Suites(Sequence[Suite]):
    """The run's, then one for each workstation: thousands of findings never stand side by side."""

    fleet: Fleet

    def __len__(self) -> int:
        return 1 + len(self.fleet.gathered.stations)

    @overload
    def __getitem__(self, number: int) -> Suite: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[Suite]: ...
    def __getitem__(self, number: int | slice) -> Suite | Sequence[Suite]:
        if isinstance(number, slice):
            return [self[one] for one in range(*number.indices(len(self)))]
        if number == 0:
            at = self.fleet.gathered.merger.at
            return Suite(SuiteKind.RUN, "", self.fleet.findings, at)
        return _suite(self.fleet.gathered.stations[number - 1], self.fleet.titles)


@dataclass(frozen=True, slots=True)
class _Findings(Sequence[Finding]):
    """Those of one workstation, made when they are looked at."""

    station: Station
    titles: Mapping[str, Message]

    def __len__(self) -> int:
        return len(self.station.answers())

    @overload
    def __getitem__(self, number: int) -> Finding: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[Finding]: ...
    def __getitem__(self, number: int | slice) -> Finding | Sequence[Finding]:
        return _findings(self.station, self.titles)[number]

    def __iter__(self) -> Iterator[Finding]:
        return iter(_findings(self.station, self.titles))


def _suite(station: Station, titles: Mapping[str, Message]) -> Suite:
    newest = [counted.newest for counted in station.results]
    facts = {
        what(one.newest): f"{one.newest.verdict.value}, exit code {one.newest.exit_code}, "
        f"{one.newest.observed_at:%Y-%m-%dT%H:%M:%SZ}, cpx-tool {one.newest.tool_version}"
        + (", emulated" if one.newest.emulated else "")
        + (f", {one.older} older" if one.older else "")
        for one in station.results
    }
    return Suite(
        kind=SuiteKind.HOST,
        subject=station.host or "-",
        findings=_Findings(station, titles),
        observed_at=max(one.observed_at for one in newest),
        facts=stated(
            {
                "tool_version": ", ".join(dict.fromkeys(one.tool_version for one in newest)),
                "run_id": ", ".join(dict.fromkeys(one.run_id for one in newest if one.run_id)),
                "emulated": str(any(one.emulated for one in newest)).lower(),
                "interrupted": str(any(one.interrupted for one in newest)).lower(),
                "verdict": station.verdict.value,
                **facts,
            }
        ),
        host=station.host or "-",
        verdict=station.verdict,
    )


def _findings(station: Station, titles: Mapping[str, Message]) -> list[Finding]:
    """One for each check: what it came to at worst, and all that it said so."""
    troubles: dict[str, list[Trouble]] = {}
    for counted in station.results:
        for trouble in counted.newest.troubles:
            troubles.setdefault(trouble.check, []).append(trouble)
    found = []
    for answered in station.answers().values():
        title = titles.get(answered.check) or msg("{name}", name=answered.check)
        told = [t for t in troubles.get(answered.check, ()) if _is(t, answered)]
        found.append(_told(answered, title, told) if told else _plain(answered, title))
    return found


def _is(trouble: Trouble, answered: Answered) -> bool:
    return rank(trouble.severity, trouble.outcome) == answered.rank


def _told(answered: Answered, title: Message, told: Sequence[Trouble]) -> Finding:
    worst = told[0]
    return Finding(
        check=answered.check,
        severity=answered.severity,
        subject="",
        outcome=answered.outcome,
        title=title,
        message=_sentence(told),
        hint=msg("{name}", name=worst.hint) if worst.hint else None,
        code=worst.code,
    )


def _sentence(told: Sequence[Trouble]) -> Message:
    worst = told[0]
    sentence = msg("{name}", name=worst.message)
    if worst.subjects:
        sentence = msg("{names}: {message}", names=worst.subjects, message=sentence)
    if len(told) == 1:
        return sentence
    more = nmsg("{count} more", "{count} more", len(told) - 1)
    return msg("{message} ({more})", message=sentence, more=more)


@lru_cache(maxsize=4096)
def _plain(answered: Answered, title: Message) -> Finding:
    """What has nothing to say: one value for all workstations."""
    message = _PASSED if answered.outcome is Outcome.PASSED else _NOT_RUN
    return Finding(answered.check, answered.severity, "", answered.outcome, title, message)
