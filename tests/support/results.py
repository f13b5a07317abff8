"""Results as workstations leave them: real ones of each command, for as many hosts as wanted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from cpx_tool.adapters.observation_file import load
from cpx_tool.catalogue.sets import find_set
from cpx_tool.i18n import say
from cpx_tool.judge.fleet import fleet_exit_code, merge
from cpx_tool.judge.judge import judge
from cpx_tool.judge.station import judge_station, station_exit_code
from cpx_tool.judge.tls import judge_handshakes, tls_exit_code, tls_verdict
from cpx_tool.judge.verdict import exit_code
from cpx_tool.model.fleet import Fleet, Merger
from cpx_tool.report import checklist_json, tls
from cpx_tool.report.results import of_fleet, of_station
from cpx_tool.wiring import read_results
from support.pages import knocking
from support.station import station

SAMPLE = Path(__file__).parents[2] / "fixtures" / "observation.json"
BEGIN = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
COMMANDS = ("check-set", "doctor", "tls-test")

_HOST = "poste-qa-1"
_RUN = "a798b1ceac9dcd97"
_NUMBERS = "994500"
"""What the numbers of the sample's cards begin with."""


def moment(minutes: float = 0) -> str:
    """So many minutes after the first result."""
    return (BEGIN + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def body(command: str, **changes: Any) -> dict[str, Any]:
    """A result of that command, with other values at its top; `host` is the workstation's."""
    found: dict[str, Any] = json.loads(_template(command))
    host = changes.pop("host", None)
    if host is not None:
        found["workstation"]["host"] = host
    return {**found, **changes}


def write(path: Path, content: dict[str, Any]) -> Path:
    """The result as a file, as the tool itself writes it."""
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return path


def fleet(folder: Path, count: int) -> Iterator[Path]:
    """So many results: of each workstation one of each command, a set of six cards of its own."""
    for number in range(count):
        host, command = divmod(number, len(COMMANDS))
        text = _template(COMMANDS[command])
        text = text.replace(_HOST, f"poste-{host:04}").replace(_RUN, f"{number:016x}")
        text = text.replace(_NUMBERS, f"{host:06}").replace(
            _observed(COMMANDS[command]), moment(host)
        )
        path = folder / f"{number:05}.json"
        path.write_text(text, encoding="utf-8")
        yield path


def fleet_pages(folder: Path, name: str) -> dict[str, str]:
    """Pages of a fleet: of few workstations, of many, and of results that call all things so."""
    few, many, named = (folder / each for each in ("few", "many", "named"))
    for each in (few, many, named):
        each.mkdir()
    list(fleet(few, 9))
    list(fleet(many, 150))
    (few / "cut.json").write_text("{")
    copy = body("check-set", host="poste-0099", run_id="1", observed_at=moment(1), emulated=True)
    write(few / "emulated.json", copy)
    write(few / "passed.json", body("doctor", host="poste-0100", verdict="passed", findings=[]))
    write(few / "once.json", body("check-set", host="a", run_id="2", observed_at=moment()))
    write(few / "twice.json", body("check-set", host="b", run_id="3", observed_at=moment(1)))
    write(few / "again.json", body("check-set", host="b", run_id="3", observed_at=moment(1)))
    evil = body("check-set", host=f'"><script>document.title = "taken"</script>{name}', run_id=name)
    evil["set"]["name"] = evil["cards"][0]["identity"]["card_number"] = name
    evil["missing"] = [{"role": name, "title": name}]
    for finding in evil["cards"][0]["findings"]:
        finding.update(outcome="failed", message=name, hint=name, code=name)
    write(named / f"{name[:200]}.json", evil)
    (named / f"{name[:200]}2.json").write_text("[]")
    return {"fleet": _page(few), "wide fleet": _page(many), "hostile fleet": _page(named)}


def merged(folder: Path) -> Fleet:
    """What the files of a folder say together, some days later."""
    merger = Merger("server", "0123456789abcdef", "1.0", BEGIN + timedelta(days=5))
    return merge(read_results([str(folder)]), merger)


def _page(folder: Path) -> str:
    found = merged(folder)
    return of_fleet(found, fleet_exit_code(found)).html(say, "en")


@cache
def _observed(command: str) -> str:
    return str(body(command)["observed_at"])


@cache
def _template(command: str) -> str:
    return {"check-set": _check_set, "doctor": _doctor, "tls-test": _tls_test}[command]()


def _check_set() -> str:
    seen = load(SAMPLE)
    checklist = judge(seen, find_set("centre-sante"))
    text = checklist_json.render(checklist, exit_code(checklist), say)
    return text.replace('"emulated": true', '"emulated": false', 1)


def _tls_test() -> str:
    seen = load(SAMPLE)
    cards = tuple(knocking(card) for card in seen.cards)
    seen = replace(seen, cards=cards, emulated=False)
    shaken = judge_handshakes(seen)
    return tls.render_json(seen, shaken, tls_verdict(shaken), tls_exit_code(shaken), say)


def _doctor() -> str:
    examination = judge_station(replace(station(), host=_HOST))
    code = station_exit_code(examination)
    return of_station(examination, _RUN, code, hints=False).json(say)
