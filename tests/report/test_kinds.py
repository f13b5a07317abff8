"""The table of reports, and the names of their files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from cpx_tool.errors import ExitCode
from cpx_tool.i18n import say
from cpx_tool.judge.blame import blame
from cpx_tool.judge.compare import compare
from cpx_tool.judge.signing import judge_signing
from cpx_tool.judge.station import judge_station
from cpx_tool.model.finding import Checklist
from cpx_tool.model.observation import Observation
from cpx_tool.report import checklist_json, console
from cpx_tool.report.canvas import Paper
from cpx_tool.report.kinds import KINDS, file_name, kinds_of
from cpx_tool.report.result import Handshakes, Result, Run
from cpx_tool.report.results import (
    of_blame,
    of_comparison,
    of_handshakes,
    of_set,
    of_signing,
    of_software,
    of_station,
)
from support.software import AUTO, file
from support.software import judged as judged_files
from support.station import station

NOON = datetime(2026, 11, 28, 12, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("host", "run_id", "name"),
    [
        ("poste-1", "0a1b", "cpx-check-set-poste-1-20261128T120005Z-0a1b.xml"),
        ("", "", "cpx-check-set-20261128T120005Z.xml"),
        ("../../etc/x", "/", "cpx-check-set-.._.._etc_x-20261128T120005Z-_.xml"),
        ("Poste é\x00\n", "a", "cpx-check-set-Poste____-20261128T120005Z-a.xml"),
        ("h" * 300, "r" * 300, f"cpx-check-set-{'h' * 63}-20261128T120005Z-{'r' * 63}.xml"),
    ],
)
def test_a_name_has_host_time_and_run_and_leads_nowhere_else(
    host: str, run_id: str, name: str
) -> None:
    run = Run("check-set", "0.1.0", run_id, host, NOON)
    assert file_name(run, "xml") == name
    paris = NOON.astimezone(timezone(timedelta(hours=1)))
    assert file_name(Run("check-set", "0.1.0", run_id, host, paris), "xml") == name


def test_no_two_kinds_share_a_name() -> None:
    assert len({kind.suffix for kind in KINDS.values()}) == len(KINDS)


def test_json_and_text_are_what_the_command_prints(
    good: Observation, judged: Callable[[Observation], Checklist]
) -> None:
    checklist = judged(good)
    result = of_set(checklist, "judge", ExitCode.PASSED)
    written = KINDS["json"].render(result, say, "en")
    assert written == checklist_json.render(checklist, ExitCode.PASSED, say)
    assert json.loads(written)["exit_code"] == 0
    assert KINDS["text"].render(result, say, "en") == console.render(checklist, say, Paper())


def test_a_page_is_made_of_the_same_json_in_its_language(
    good: Observation, judged: Callable[[Observation], Checklist]
) -> None:
    result = of_set(judged(good), "judge", ExitCode.PASSED)
    page = KINDS["html"].render(result, say, "fr")
    assert '<html lang="fr"' in page
    assert hashlib.sha256(result.json(say).encode()).hexdigest() in page


def test_a_kind_is_of_the_commands_that_can_make_it(
    good: Observation, judged: Callable[[Observation], Checklist]
) -> None:
    checklist = judged(good)
    results = [
        of_set(checklist, "check-set", ExitCode.PASSED),
        of_set(checklist, "judge", ExitCode.PASSED),
        of_handshakes(Handshakes(good, (), checklist.verdict), ExitCode.PASSED),
        of_signing(judge_signing(good), ExitCode.PASSED),
        of_station(judge_station(station()), "f00", ExitCode.PASSED, hints=False),
        of_software(judged_files(file(AUTO)), "poste-1", "f00", ExitCode.PASSED),
        of_blame(blame(good, None), ExitCode.PASSED),
        of_comparison(compare(good, good, None), ExitCode.PASSED),
    ]
    for result in results:
        kinds = kinds_of(result.run.command)
        assert ("junit" in kinds) is isinstance(result, Result)
        assert {"html", "json", "text"} <= set(kinds)
        for kind in kinds.values():
            assert kind.render(result, say, "en").endswith("\n")


def test_a_comparison_is_named_after_both_runs_and_the_later_moment(good: Observation) -> None:
    other = replace(
        good,
        run_id="b",
        observed_at=good.observed_at + timedelta(days=1),
        workstation=replace(good.workstation, host="poste-2"),
    )
    for pair in ((good, other), (other, good)):
        run = of_comparison(compare(*pair, None), ExitCode.PASSED).run
        assert run.observed_at == other.observed_at
        hosts = "__".join(seen.workstation.host for seen in pair)
        runs = "-".join(seen.run_id for seen in pair)
        assert file_name(run, "html") == f"cpx-compare-{hosts}-20260116T093000Z-{runs}.html"
