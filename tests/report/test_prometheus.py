"""The text format of Prometheus, read by Prometheus' own client."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from cpx_tool.errors import ExitCode
from cpx_tool.judge.station import judge_station
from cpx_tool.judge.tls import judge_handshake
from cpx_tool.judge.tls_causes import Cause
from cpx_tool.judge.verdict import exit_code
from cpx_tool.model.finding import Checklist, Verdict
from cpx_tool.model.observation import Observation
from cpx_tool.report import prometheus as report
from cpx_tool.report.result import Handshakes, Result
from cpx_tool.report.results import of_handshakes, of_set, of_software, of_station
from support.build import NOW, PEOPLE, observation, without_cards
from support.handshakes import case
from support.reports import prometheus, values
from support.software import AUTO, MANU, file
from support.software import judged as judged_files
from support.station import station

Judged = Callable[[Observation], Checklist]


def result(checklist: Checklist) -> Result:
    return of_set(checklist, "check-set", exit_code(checklist))


def test_a_good_set(good: Observation, judged: Judged) -> None:
    checklist = judged(good)
    series = prometheus(report.render(result(checklist)))
    assert {name for name, _ in series} == {
        "cpx_run_timestamp_seconds",
        "cpx_run_info",
        "cpx_exit_code",
        "cpx_verdict",
        "cpx_checks",
        "cpx_card_present",
        "cpx_set_days_left",
        "cpx_days_left",
    }
    common = {"command": "check-set", "host": "poste-1", "set": "centre-sante"}
    assert all(set(common.items()) <= labels for _, labels in series)
    assert values(series, "cpx_run_timestamp_seconds") == [NOW.timestamp()]
    assert values(series, "cpx_run_info", tool_version="0.0", emulated="true") == [1]
    assert values(series, "cpx_verdict", verdict="passed") == [1]
    assert values(series, "cpx_verdict", verdict="failed") == [0]
    assert values(series, "cpx_card_present") == [1] * 6
    assert values(series, "cpx_set_days_left") == [350]
    number = PEOPLE["infirmier"].card_number
    assert values(series, "cpx_days_left", kind="card", subject=number) == [350]
    passed = sum(values(series, "cpx_checks", outcome="passed"))
    assert passed == sum(f.outcome.value == "passed" for f in checklist.all_findings())


def test_what_is_wrong_is_counted(good: Observation, judged: Judged) -> None:
    seen = without_cards(replace(good, observed_at=NOW + timedelta(days=400)), "infirmier")
    series = prometheus(report.render(result(judged(seen))))
    assert values(series, "cpx_verdict", verdict="failed") == [1]
    assert values(series, "cpx_exit_code") == [1]
    assert values(series, "cpx_card_present", role="infirmier") == [0]
    assert sum(values(series, "cpx_card_present")) == 5
    assert set(values(series, "cpx_days_left")) == {-50}
    assert sum(values(series, "cpx_checks", severity="blocker", outcome="failed")) > 5


def test_the_series_are_the_same_whatever_was_found(good: Observation, judged: Judged) -> None:
    """An alert needs the series that is 0 now, and 1 when it is to ring."""

    def names(seen: Observation) -> set[tuple[str, frozenset[tuple[str, str]]]]:
        series = prometheus(report.render(result(judged(seen))))
        return {one for one in series if one[0] in ("cpx_verdict", "cpx_card_present")}

    assert names(good) == names(without_cards(good, "infirmier", "cpe-employe"))


def test_labels_are_escaped_and_come_back(good: Observation, judged: Judged) -> None:
    host = 'a"b\\c\nd\x1b\ud800é{}='
    seen = replace(good, workstation=replace(good.workstation, host=host))
    text = report.render(result(judged(seen)))
    text.encode()
    series = prometheus(text)
    hosts = {dict(labels)["host"] for _, labels in series}
    assert hosts == {'a"b\\c\nd��é{}='}


def test_a_workstation_has_no_cards() -> None:
    examination = judge_station(station())
    series = prometheus(report.render(of_station(examination, "f00", ExitCode.PASSED, hints=False)))
    assert not values(series, "cpx_card_present")
    assert not values(series, "cpx_days_left")
    assert values(series, "cpx_verdict", command="doctor", verdict="passed") == [1]


def test_files_have_days_left() -> None:
    checklist = judged_files(file(AUTO), file(MANU))
    series = prometheus(report.render(of_software(checklist, "poste-2", "f00", ExitCode.PASSED)))
    assert values(series, "cpx_days_left", kind="file", subject="INSI-AUTO.p12") == [350]


def test_insecure_has_a_gauge() -> None:
    shaken = [case(cause).handshake for cause in (Cause.INSECURE, Cause.NAME_UNKNOWN)]
    judged = tuple(judge_handshake(one, key=str(n)) for n, one in enumerate(shaken))
    told = Handshakes(observation(), judged, Verdict.FAILED)
    series = prometheus(report.render(of_handshakes(told, ExitCode.FAILED)))
    assert values(series, "cpx_insecure", subject="0 https://server.example/") == [1]
    assert values(series, "cpx_insecure", subject="1 https://server.example/") == [0]
