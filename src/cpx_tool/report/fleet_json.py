"""The fleet as JSON: a line for each workstation, card and file, so that it stays small."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from cpx_tool.errors import ExitCode
from cpx_tool.model.finding import Outcome, Severity
from cpx_tool.model.fleet import (
    TWO_PLACES_WINDOW,
    Answered,
    Counted,
    Fleet,
    FleetCard,
    Place,
    Repeat,
    Station,
    Trouble,
    TwoPlaces,
    Unmerged,
    UnseenRole,
)
from cpx_tool.report.fleet_view import has_cards, why
from cpx_tool.report.json import SCHEMA_VERSION, escaped, finding_body, moment
from cpx_tool.report.words import Say

COMMAND = "merge"
"""Of all results only this one has the key `command`."""

_NOTICED = (Outcome.FAILED, Outcome.ERROR)


def render(fleet: Fleet, code: ExitCode, say: Say) -> str:
    """One JSON object with a final newline."""
    return "".join(pieces(fleet, code, say))


def pieces(fleet: Fleet, code: ExitCode, say: Say) -> Iterator[str]:
    """The same, a line at a time."""
    yield _line(_head(fleet, code, say)).removesuffix("}")
    for name, rows in _lists(fleet, say):
        yield f',\n"{name}": ['
        between = "\n"
        for row in rows:
            yield between + _line(row)
            between = ",\n"
        yield "]" if between == "\n" else "\n]"
    yield "\n}\n"


def _line(body: Any) -> str:
    """JSON in one line. What is not printable stands there as \\u escapes."""
    return escaped(json.dumps(body, ensure_ascii=False))


def _head(fleet: Fleet, code: ExitCode, say: Say) -> dict[str, Any]:
    gathered = fleet.gathered
    newest = gathered.newest()
    of_cards = [one.emulated for one in newest if has_cards(one)]
    older = sum(one.older for station in gathered.stations for one in station.results)
    return {
        "schema_version": SCHEMA_VERSION,
        "command": COMMAND,
        "tool_version": gathered.merger.tool_version,
        "run_id": gathered.merger.run_id,
        "host": gathered.merger.host,
        "merged_at": moment(gathered.merger.at),
        "verdict": fleet.verdict.value,
        "exit_code": int(code),
        "emulated": bool(of_cards) and all(of_cards),
        "counts": {
            "hosts": len(gathered.stations),
            "results": len(newest),
            "emulated": sum(of_cards),
            "older": older,
            "repeated": len(gathered.repeats),
            "not_merged": len(gathered.unmerged),
            "cards": len(gathered.cards),
        },
        "two_places_seconds": int(TWO_PLACES_WINDOW.total_seconds()),
        "findings": [finding_body(finding, say) for finding in fleet.findings],
    }


def _lists(fleet: Fleet, say: Say) -> Iterator[tuple[str, Iterable[Any]]]:
    gathered = fleet.gathered
    yield "hosts", map(_station, gathered.stations)
    yield "cards", map(_card, gathered.cards)
    yield "unseen_roles", map(_unseen, gathered.unseen)
    yield "two_places", map(_two_places, gathered.two_places)
    yield "ahead", map(_place, gathered.ahead)
    yield "repeats", map(_repeat, gathered.repeats)
    yield "not_merged", (_unmerged(one, say) for one in gathered.unmerged)


def _station(station: Station) -> dict[str, Any]:
    answers = station.answers().values()
    return {
        "host": station.host,
        "verdict": station.verdict.value,
        "checks": {answered.check: kind(answered) for answered in answers},
        "results": [_result(counted) for counted in station.results],
    }


def kind(answered: Answered) -> str:
    """One word: a warning that failed, or could not be answered, is a warning."""
    if answered.severity is Severity.WARNING and answered.outcome in _NOTICED:
        return "warning"
    return answered.outcome.value


def _result(counted: Counted) -> dict[str, Any]:
    newest = counted.newest
    return {
        "command": newest.command.value,
        "set": newest.set_name or None,
        "verdict": newest.verdict.value,
        "exit_code": newest.exit_code,
        "observed_at": moment(newest.observed_at),
        "tool_version": newest.tool_version,
        "run_id": newest.run_id or None,
        "emulated": newest.emulated,
        "interrupted": newest.interrupted,
        "older": counted.older,
        "file": newest.file,
        "sha256": newest.sha256,
        "troubles": [_trouble(trouble) for trouble in newest.troubles],
        "troubles_omitted": newest.omitted,
    }


def _trouble(trouble: Trouble) -> dict[str, Any]:
    return {
        "check": trouble.check,
        "severity": trouble.severity.value,
        "outcome": trouble.outcome.value,
        "message": trouble.message,
        "hint": trouble.hint or None,
        "code": trouble.code or None,
        "subjects": list(trouble.subjects),
    }


def _card(card: FleetCard) -> dict[str, Any]:
    return {
        "card_number": card.number,
        "emulated": card.emulated,
        "holder": card.holder or None,
        "roles": list(card.roles),
        "hosts": [
            {
                "host": at_host.host,
                "at": moment(at_host.seen.at),
                "result": at_host.seen.result.value if at_host.seen.result else None,
                "role": at_host.seen.role or None,
            }
            for at_host in card.hosts
        ],
    }


def _unseen(unseen: UnseenRole) -> dict[str, Any]:
    return {
        "set": unseen.set_name,
        "role": unseen.role,
        "hosts": unseen.hosts,
        "emulated": unseen.emulated,
    }


def _two_places(conflict: TwoPlaces) -> dict[str, Any]:
    return {
        "card_number": conflict.number,
        "first": _place(conflict.first),
        "second": _place(conflict.second),
    }


def _place(place: Place) -> dict[str, Any]:
    return {"host": place.host, "at": moment(place.at), "file": place.file}


def _repeat(repeat: Repeat) -> dict[str, Any]:
    return {"file": repeat.file, "first": repeat.first, "how": repeat.how.value}


def _unmerged(unmerged: Unmerged, say: Say) -> dict[str, Any]:
    return {
        "file": unmerged.file,
        "reason": unmerged.reason.value,
        "detail": unmerged.detail or None,
        "counts": unmerged.counts,
        "message": say(why(unmerged)),
    }
