"""One line for Nagios and Icinga: status, text, figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from cpx_tool.errors import ExitCode
from cpx_tool.i18n import say
from cpx_tool.judge.station import judge_station
from cpx_tool.judge.verdict import exit_code
from cpx_tool.model.finding import Checklist, Finding, Outcome, Severity, Verdict
from cpx_tool.model.message import msg
from cpx_tool.model.observation import Observation
from cpx_tool.report import monitor as report
from cpx_tool.report.result import Result, Suite, SuiteKind
from cpx_tool.report.results import of_set, of_station
from support.build import NOW, without_cards
from support.reports import monitor
from support.station import station

Judged = Callable[[Observation], Checklist]


def result(checklist: Checklist) -> Result:
    return of_set(checklist, "check-set", exit_code(checklist))


def test_a_set_that_lacks_a_card(good: Observation, judged: Judged) -> None:
    checklist = judged(without_cards(good, "infirmier"))
    text = report.render(result(checklist), say)
    assert text.startswith("CPX CHECK-SET CRITICAL: FAILED, emulated cards, SET-COMPLETE | passed=")
    _, _, figures = monitor(text)
    assert (figures["failed"], figures["unanswered"]) == (1, 0)
    assert (figures["cards"], figures["files"], figures["days_left"]) == (5, 0, 350)


def finding(severity: Severity, outcome: Outcome, number: int = 0) -> Finding:
    return Finding(f"SOME-CHECK-{number}", severity, "", outcome, msg("x"), msg("x"))


@pytest.mark.parametrize(
    ("verdict", "one", "status"),
    [
        (Verdict.PASSED, finding(Severity.BLOCKER, Outcome.PASSED), "OK"),
        (Verdict.PASSED, finding(Severity.WARNING, Outcome.FAILED), "WARNING"),
        (Verdict.PASSED, finding(Severity.WARNING, Outcome.SKIPPED), "OK"),
        (Verdict.FAILED, finding(Severity.BLOCKER, Outcome.FAILED), "CRITICAL"),
        (Verdict.INCOMPLETE, finding(Severity.BLOCKER, Outcome.SKIPPED), "UNKNOWN"),
    ],
)
def test_each_verdict_has_its_status(
    good: Observation, judged: Judged, verdict: Verdict, one: Finding, status: str
) -> None:
    of = result(judged(good))
    suite = Suite(SuiteKind.CARD, "123", (one,), NOW)
    of = replace(of, suites=(suite,), judged=replace(of.judged, verdict=verdict))
    told, text, _ = monitor(report.render(of, say))
    assert told == status
    assert ("SOME-CHECK-0 (123)" in text) is (status != "OK")


def test_no_name_ends_the_line_or_begins_the_figures(good: Observation, judged: Judged) -> None:
    of = result(judged(good))
    subject = "a|b\nc\x1b\ud800 " + "x" * 5000
    many = tuple(finding(Severity.BLOCKER, Outcome.FAILED, n) for n in range(9))
    suite = Suite(SuiteKind.FILE, subject, many, NOW)
    of = replace(of, suites=(suite,), judged=replace(of.judged, verdict=Verdict.FAILED))
    line = report.render(of, say)
    line.encode()
    status, text, figures = monitor(line)
    assert status == "CRITICAL"
    assert "SOME-CHECK-0 (a¦b�c��" in text
    assert len(line) < 2048  # Intune keeps no more
    assert figures["failed"] == 9


def test_what_has_ended_counts_below_zero(good: Observation, judged: Judged) -> None:
    of = replace(result(judged(good)), days_left=None)
    over = tuple(
        replace(suite, observed_at=suite.observed_at + timedelta(days=400)) for suite in of.suites
    )
    assert monitor(report.render(replace(of, suites=over), say))[2]["days_left"] == -50


def test_a_workstation_has_no_days() -> None:
    examination = judge_station(station())
    of = of_station(examination, "f00", ExitCode.PASSED, hints=False)
    assert "days_left" not in monitor(report.render(of, say))[2]
