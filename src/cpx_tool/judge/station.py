"""Observed workstation → examination."""

from __future__ import annotations

from dataclasses import replace

from cpx_tool.errors import ExitCode
from cpx_tool.judge.asking import ask
from cpx_tool.judge.check import Scope
from cpx_tool.judge.station_facts import station_facts
from cpx_tool.judge.station_fixes import fixes
from cpx_tool.judge.verdict import verdict
from cpx_tool.model.finding import Finding, Outcome, Severity, Verdict
from cpx_tool.model.message import msg
from cpx_tool.model.reader import PcscStatus
from cpx_tool.model.station import Examination, NoModule, Station, Unknown

_ASKED = (Scope.RUN, Scope.STATION)
"""Of a run with cards, what needs no card."""


def judge_station(station: Station) -> Examination:
    """Judge the workstation. Pure: same input, same answer."""
    facts = station_facts(station)
    asked = (finding for scope in _ASKED for finding in ask(scope, facts, "station"))
    findings = tuple(_here(finding, station) for finding in asked)
    return Examination(station, findings, fixes(station, findings), verdict(findings))


_SERVICE = "PCSC-SERVICE"
_BY_HAND = {
    _SERVICE: msg("systemd does not run here: start the service with “sudo pcscd”."),
    "CLOCK-SYNCHRONISED": msg(
        "systemd does not run here: start a time service (chrony, say); in a container, set the "
        "clock of its host."
    ),
    "CLOCK-ZONE": msg(
        "Set it: sudo ln -sf /usr/share/zoneinfo/Europe/Paris /etc/localtime. Reports are in UTC "
        "in any case."
    ),
}
"""Remedies where systemd does not run."""


def _here(finding: Finding, station: Station) -> Finding:
    """The finding as it counts for a workstation without cards: a service that does not answer
    decides, and a remedy needs no systemd where there is none.
    """
    silent = station.pcsc.status in (PcscStatus.NO_SERVICE, PcscStatus.ERROR)
    if finding.check == _SERVICE and silent:
        finding = replace(finding, severity=Severity.BLOCKER)
    service = station.service
    by_hand = not isinstance(service, Unknown) and isinstance(service.start, Unknown)
    if not by_hand or finding.outcome is not Outcome.FAILED or finding.check not in _BY_HAND:
        return finding
    if finding.check == _SERVICE and station.pcsc.status is not PcscStatus.NO_SERVICE:
        return finding
    return replace(finding, hint=_BY_HAND[finding.check])


def station_exit_code(examination: Examination) -> ExitCode:
    """The documented exit code: 2 where a module was named that cannot be one, 4 where nothing at
    all could be looked at.
    """
    module = examination.station.module
    if isinstance(module, NoModule) and module.named:
        return ExitCode.USAGE
    answered = (Outcome.PASSED, Outcome.FAILED)
    if not any(finding.outcome in answered for finding in examination.findings):
        return ExitCode.NOTHING_CHECKED
    return ExitCode.PASSED if examination.verdict is Verdict.PASSED else ExitCode.FAILED
