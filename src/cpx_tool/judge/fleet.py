"""Summaries of results → the fleet: what counts, what is older, what cannot be."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeAlias

from cpx_tool.errors import ExitCode
from cpx_tool.judge.asking import ask
from cpx_tool.judge.check import Scope
from cpx_tool.judge.checks import CHECKS
from cpx_tool.judge.fleet_facts import fleet_facts
from cpx_tool.judge.verdict import verdict
from cpx_tool.model.finding import CardResult, Verdict
from cpx_tool.model.fleet import (
    CLOCK_TOLERANCE,
    TWO_PLACES_WINDOW,
    WORST_FIRST,
    AtHost,
    CardSeen,
    Counted,
    Fleet,
    FleetCard,
    Gathered,
    Merger,
    Place,
    Repeat,
    Repetition,
    Station,
    Summary,
    TwoPlaces,
    Unmerged,
    UnseenRole,
)
from cpx_tool.model.message import Message

_Key: TypeAlias = tuple[str, str, str, bool]
"""Host, command, set, emulated: of these, the newest result counts."""

_CardKey: TypeAlias = tuple[str, bool]

_WORST_CARD = (
    CardResult.FAILED,
    CardResult.INCOMPLETE,
    CardResult.INTERCHANGEABLE,
    CardResult.PASSED,
)
_COMMANDS = ("doctor", "check-set", "sign-test", "tls-test", "check-p12")


def merge(found: Iterable[Summary | Unmerged], merger: Merger) -> Fleet:
    """The fleet, of whatever order the files came in. Each summary is taken in and dropped, but
    for the newest of its kind. Pure: same input, same answer.
    """
    gathering = _Gathering(merger)
    for each in found:
        if isinstance(each, Unmerged):
            gathering.unmerged.append(each)
        else:
            gathering.take(each)
    gathered = gathering.gathered()
    findings = ask(Scope.FLEET, fleet_facts(gathered), "fleet")
    about_merging = verdict(findings)
    reached = [station.verdict for station in gathered.stations]
    return Fleet(gathered, _titles(gathered), findings, _worst((*reached, about_merging)))


def fleet_exit_code(fleet: Fleet) -> ExitCode:
    """Nothing was merged: 4. Else 0 for PASSED, 1 for what is not."""
    if not fleet.gathered.stations:
        return ExitCode.NOTHING_CHECKED
    return ExitCode.PASSED if fleet.verdict is Verdict.PASSED else ExitCode.FAILED


def _titles(gathered: Gathered) -> Mapping[str, Message]:
    asked = {answered.check for one in gathered.newest() for answered in one.answers}
    return {check.id: check.title for check in CHECKS if check.id in asked}


def _worst(verdicts: Iterable[Verdict]) -> Verdict:
    there = set(verdicts)
    return next((one for one in WORST_FIRST if one in there), Verdict.INCOMPLETE)


@dataclass
class _Gathering:
    """Grows with workstations, cards and files, not with what the results hold."""

    merger: Merger
    unmerged: list[Unmerged] = field(default_factory=list)
    _newest: dict[_Key, Summary] = field(default_factory=dict)
    _counts: Counter[_Key] = field(default_factory=Counter)
    _contents: dict[bytes, str] = field(default_factory=dict)
    _runs: dict[tuple[_Key, str], str] = field(default_factory=dict)
    _repeats: list[Repeat] = field(default_factory=list)
    _sightings: dict[_CardKey, list[Place]] = field(default_factory=lambda: defaultdict(list))
    _cards: dict[_CardKey, dict[str, CardSeen]] = field(default_factory=lambda: defaultdict(dict))
    _ahead: list[Place] = field(default_factory=list)
    _merged: int = 0

    def take(self, summary: Summary) -> None:
        """Take in one result."""
        self._merged += 1
        digest = bytes.fromhex(summary.sha256)
        first = self._contents.setdefault(digest, summary.file)
        if first != summary.file:
            self._repeats.append(Repeat(summary.file, first, Repetition.SAME_CONTENT))
            return
        key = (summary.host, summary.command.value, summary.set_name, summary.emulated)
        first = self._runs.setdefault((key, summary.run_id), summary.file)
        again = bool(summary.run_id) and first != summary.file
        if again:
            self._repeats.append(Repeat(summary.file, first, Repetition.SAME_RUN))
        else:
            self._counts[key] += 1
            if summary.observed_at > self.merger.at + CLOCK_TOLERANCE:
                self._ahead.append(Place(summary.host, summary.observed_at, summary.file))
        self._see(summary)
        known = self._newest.get(key)
        if known is None or _order(known) < _order(summary):
            self._newest[key] = summary

    def _see(self, summary: Summary) -> None:
        for card in summary.cards:
            key = (card.number, summary.emulated)
            self._sightings[key].append(Place(summary.host, card.at, summary.file))
            known = self._cards[key].get(summary.host)
            if known is None or _rank(known) < _rank(card):
                self._cards[key][summary.host] = card

    def gathered(self) -> Gathered:
        """All that was taken in, in an order of its own."""
        return Gathered(
            merger=self.merger,
            stations=tuple(self._stations()),
            cards=tuple(self._fleet_cards()),
            unmerged=tuple(self.unmerged),
            repeats=tuple(self._repeats),
            two_places=tuple(self._two_places()),
            unseen=tuple(self._unseen()),
            ahead=tuple(self._ahead),
            merged=self._merged,
        )

    def _stations(self) -> Iterator[Station]:
        by_host: dict[str, list[Counted]] = defaultdict(list)
        for key in sorted(self._newest, key=_station_order):
            counted = Counted(self._newest[key], self._counts[key] - 1)
            by_host[key[0]].append(counted)
        for host, results in by_host.items():
            reached = _worst(one.newest.verdict for one in results)
            yield Station(host, tuple(results), reached)

    def _fleet_cards(self) -> Iterator[FleetCard]:
        for number, emulated in sorted(self._cards):
            at_hosts = self._cards[number, emulated]
            hosts = tuple(AtHost(host, at_hosts[host]) for host in sorted(at_hosts))
            roles = sorted({card.role for card in at_hosts.values() if card.role})
            holder = next((card.holder for card in at_hosts.values() if card.holder), "")
            yield FleetCard(number, emulated, tuple(roles), holder, hosts)

    def _two_places(self) -> Iterator[TwoPlaces]:
        """Of real cards only: an emulated one is a directory, and can be copied."""
        for (number, emulated), places in sorted(self._sightings.items()):
            if emulated:
                continue
            ordered = sorted(places, key=lambda place: (place.at, place.host, place.file))
            for first, second in pairwise(ordered):
                near = second.at - first.at <= TWO_PLACES_WINDOW
                if near and first.host != second.host:
                    yield TwoPlaces(number, first, second)

    def _unseen(self) -> Iterator[UnseenRole]:
        checked: Counter[tuple[str, bool]] = Counter()
        missing: Counter[tuple[str, bool, str]] = Counter()
        for summary in self._newest.values():
            if summary.set_name:
                checked[summary.set_name, summary.emulated] += 1
                missing.update((summary.set_name, summary.emulated, r) for r in summary.missing)
        for (set_name, emulated, role), count in sorted(missing.items()):
            if count == checked[set_name, emulated]:
                yield UnseenRole(set_name, role, count, emulated)


def _order(summary: Summary) -> tuple[object, ...]:
    """The newer comes later; of one moment the worse, and then whatever is always the same."""
    worse = -WORST_FIRST.index(summary.verdict)
    return (summary.observed_at, worse, summary.sha256)


def _rank(card: CardSeen) -> tuple[object, ...]:
    """A card that was judged as one says more than one that signed; then as `_order`."""
    worse = -_WORST_CARD.index(card.result) if card.result else 0
    return (card.result is not None, card.at, worse, card.role, card.holder)


def _station_order(key: _Key) -> tuple[object, ...]:
    host, command, set_name, emulated = key
    return (host, _COMMANDS.index(command), set_name, emulated)
