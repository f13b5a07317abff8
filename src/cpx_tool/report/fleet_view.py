"""What the reports of a fleet have in common: what is wrong, check by check, and where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from cpx_tool.model.finding import Outcome, Severity
from cpx_tool.model.fleet import (
    WORST_FIRST,
    Command,
    Fleet,
    Reason,
    Station,
    Summary,
    Trouble,
    Unmerged,
    rank,
)
from cpx_tool.model.message import Message, msg, nmsg
from cpx_tool.report.tally import Tally, tally
from cpx_tool.report.words import Say, clipped

EMULATED = "◆"
"""Beside whatever is of emulated cards."""

REASONS: Mapping[Reason, Message] = {
    Reason.NOT_THERE: msg("there is no such file"),
    Reason.NO_FILES: msg("there is no .json file"),
    Reason.UNREADABLE: msg("it cannot be read"),
    Reason.NOT_A_FILE: msg("it is not a regular file"),
    Reason.LOOP: msg("a link leads to a folder that was read already"),
    Reason.TOO_LARGE: msg("it is too large for a result"),
    Reason.NOT_UTF8: msg("it is not UTF-8 (PowerShell's > writes UTF-16: use --report json=FILE)"),
    Reason.NOT_JSON: msg("it is not JSON, or not whole"),
    Reason.NOT_A_RESULT: msg("it is JSON, but not a result of cpx-tool"),
    Reason.NEWER_SCHEMA: msg("it was written by a newer cpx-tool: merge with that version"),
    Reason.NO_VERDICT: msg("the command ended with an error before there was a result"),
    Reason.OBSERVATION: msg("it is an observation: judge it first (cpx-tool judge)"),
    Reason.MERGED_ALREADY: msg("it is the result of a merge itself"),
}
NO_NAME = msg("(no name)")
_MOST_SUBJECTS = 3


@dataclass(slots=True)
class Said:
    """One sentence of a check, and the workstations whose results say it."""

    message: str
    hint: str
    codes: list[str] = field(default_factory=list)
    hosts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Each workstation with the cards, files or endpoints there."""


@dataclass(slots=True)
class Wrong:
    """What one check found wrong anywhere; its severity and outcome are the worst of all."""

    check: str
    severity: Severity
    outcome: Outcome
    said: list[Said]
    hosts: int = 0


def host_name(host: str) -> Message:
    """A workstation; one that gave no name is called so."""
    return msg("{name}", name=clipped(host)) if host else NO_NAME


def at_host(host: str, subjects: Sequence[str], say: Say) -> str:
    """A workstation with the first of the cards, files or endpoints that it is about."""
    name = say(host_name(host))
    if not subjects:
        return name
    more = len(subjects) - _MOST_SUBJECTS
    told = [clipped(subject) for subject in subjects[:_MOST_SUBJECTS]]
    if more > 0:
        told.append(say(nmsg("{count} more", "{count} more", more)))
    return f"{name} ({', '.join(told)})"


def what(summary: Summary) -> str:
    """Command and set of a result, as the words of the command line."""
    return f"{summary.command.value} {clipped(summary.set_name)}".strip()


def why(unmerged: Unmerged) -> Message:
    """Why a file was not merged, with the detail behind it."""
    reason = REASONS[unmerged.reason]
    if not unmerged.detail:
        return reason
    return msg("{reason} ({detail})", reason=reason, detail=unmerged.detail)


def has_cards(summary: Summary) -> bool:
    """Whether "emulated or real" is a question of it."""
    return summary.command is not Command.DOCTOR


def wrong(fleet: Fleet) -> list[Wrong]:
    """What is not as it should be on the workstations, the worst first; each sentence once."""
    by_check: dict[str, dict[tuple[str, str], Said]] = {}
    worst: dict[str, Trouble] = {}
    for host, trouble in _all(fleet):
        known = worst.setdefault(trouble.check, trouble)
        if _rank(trouble) < _rank(known):
            worst[trouble.check] = trouble
        sentences = by_check.setdefault(trouble.check, {})
        key = (trouble.message, trouble.hint)
        said = sentences.setdefault(key, Said(trouble.message, trouble.hint))
        said.hosts[host] = said.hosts.get(host, ()) + trouble.subjects
        if trouble.code and trouble.code not in said.codes:
            said.codes.append(trouble.code)
    found = [_wrong(worst[check], list(said.values())) for check, said in by_check.items()]
    return sorted(found, key=lambda one: (rank(one.severity, one.outcome), -one.hosts))


def check_tally(fleet: Fleet) -> Tally:
    """The checks of all workstations, each at its worst there, and those of the merging."""
    answers = (station.answers().values() for station in fleet.gathered.stations)
    return tally(chain(chain.from_iterable(answers), fleet.findings))


def worst_first(stations: Iterable[Station]) -> list[Station]:
    """Those that failed, those of which not all is known, the others; each by name."""
    return sorted(stations, key=lambda station: WORST_FIRST.index(station.verdict))


def station_troubles(station: Station) -> Iterator[Trouble]:
    """What is wrong on one workstation: what has a remedy, and what decides where nothing else
    says why.
    """
    for counted in station.results:
        yield from _shown(counted.newest.troubles)


def _all(fleet: Fleet) -> Iterator[tuple[str, Trouble]]:
    for station in fleet.gathered.stations:
        for trouble in station_troubles(station):
            yield station.host, trouble


def _shown(troubles: Iterable[Trouble]) -> list[Trouble]:
    told = list(troubles)
    explained = any(_decides(one) and _speaks(one) for one in told)
    return [one for one in told if _speaks(one) or (_decides(one) and not explained)]


def _speaks(trouble: Trouble) -> bool:
    return trouble.outcome is not Outcome.SKIPPED or bool(trouble.hint)


def _decides(trouble: Trouble) -> bool:
    return trouble.severity is Severity.BLOCKER


def _rank(trouble: Trouble) -> int:
    return rank(trouble.severity, trouble.outcome)


def _wrong(worst: Trouble, said: list[Said]) -> Wrong:
    hosts = {host for one in said for host in one.hosts}
    ordered = sorted(said, key=lambda one: -len(one.hosts))
    return Wrong(worst.check, worst.severity, worst.outcome, ordered, len(hosts))
