"""Observed workstation → examination."""

from __future__ import annotations

from cpx_tool.errors import ExitCode
from cpx_tool.judge.check import Scope
from cpx_tool.judge.checks import CHECKS
from cpx_tool.judge.station_facts import station_facts
from cpx_tool.judge.station_fixes import fixes
from cpx_tool.judge.verdict import verdict
from cpx_tool.model.finding import Outcome, Verdict
from cpx_tool.model.station import Examination, Station

OF_A_RUN = (
    "PCSC-SERVICE",
    "PCSC-READERS",
    "MODULE-LOADED",
    "MODULE-VERSION",
    "MODULE-QUIRKS",
    "MODULE-FILES",
    "MODULE-COMPETING",
    "MODULE-TRACES",
    "MODULE-CACHE",
)
"""Checks of a run with cards that are asked of the workstation alone, too."""


def judge_station(station: Station) -> Examination:
    """Judge the workstation. Pure: same input, same answer."""
    facts = station_facts(station)
    asked = (
        check.run(facts, "station")
        for check in CHECKS
        if check.scope is Scope.STATION or check.id in OF_A_RUN
    )
    findings = tuple(finding for finding in asked if finding is not None)
    return Examination(station, findings, fixes(station, findings), verdict(findings))


def station_exit_code(examination: Examination) -> ExitCode:
    """The documented exit code: 4 where nothing at all could be looked at."""
    answered = (Outcome.PASSED, Outcome.FAILED)
    if not any(finding.outcome in answered for finding in examination.findings):
        return ExitCode.NOTHING_CHECKED
    return ExitCode.PASSED if examination.verdict is Verdict.PASSED else ExitCode.FAILED
