"""The examined workstation as one page."""

from __future__ import annotations

from dataclasses import dataclass

from cpx_tool.catalogue.readers import pcsc_answer
from cpx_tool.errors import ExitCode
from cpx_tool.model.finding import Finding
from cpx_tool.model.message import Message, msg
from cpx_tool.model.station import (
    Examination,
    Fix,
    Hold,
    Holders,
    NoModule,
    Packages,
    Station,
    Unknown,
    Usb,
)
from cpx_tool.report import doctor
from cpx_tool.report.findings import counts
from cpx_tool.report.html import lines, marks
from cpx_tool.report.html.frame import frame
from cpx_tool.report.html.lines import Subject
from cpx_tool.report.html.page import page
from cpx_tool.report.html.station import (
    StationView,
    module_facts,
    module_views,
    reader_view,
)
from cpx_tool.report.result import Run
from cpx_tool.report.words import Say

_HOLDS = {
    Hold.CONNECTED: msg("connected to the PC/SC service"),
    Hold.LOADED: msg("has the PC/SC library loaded"),
    Hold.DEVICE: msg("holds the reader's USB device itself"),
}


@dataclass(frozen=True, slots=True)
class FixView:
    """What mends it. The commands were not run."""

    check: str
    comment: str
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UsbView:
    """A reader on USB; `driver` is what PC/SC's driver calls it, or what holds it."""

    numbers: str
    name: str
    model: str
    drivers: str


@dataclass(frozen=True, slots=True)
class HolderView:
    """Another program that has to do with readers."""

    name: str
    pid: int
    user: str
    hold: str


def render(
    examination: Examination, run: Run, code: ExitCode, say: Say, lang: str, *, hints: bool
) -> str:
    """One HTML page. The digest on it is that of `doctor.render_json` of the same arguments.

    `say` speaks the language of which `lang` is the code ("fr").
    """
    station, findings = examination.station, examination.findings
    values = {
        **frame(run, code, doctor.render_json(examination, run, code, say, hints=hints), say),
        "station": _station_view(station, say),
        "verdict": marks.of_verdict(examination.verdict, say),
        "summary": [say(part) for part in counts(findings)],
        "tallies": marks.tallies(findings, say),
        "attention": lines.attention(findings, _nobody, say),
        "fixes": [_fix(fix, say) for fix in examination.fixes] if hints else None,
        "run_tallies": marks.tallies(findings, say),
        "run_lines": lines.lines(_in_order(findings), say),
        "usb": _usb(station.usb),
        "holders": _holders(station.holders, say),
    }
    return page("examination.html", values, say, lang)


def _nobody(_: str) -> Subject:
    """There is one workstation: the headline names it."""
    return Subject("")


def _in_order(findings: tuple[Finding, ...]) -> list[Finding]:
    order = list(marks.Kind)
    return sorted(findings, key=lambda finding: order.index(marks.kind_of(finding)))


def _station_view(station: Station, say: Say) -> StationView:
    answer = pcsc_answer(station.pcsc)
    packages, found = station.packages, station.middleware
    return StationView(
        facts=tuple((say(name), value) for name, value in _facts(station, say) if value),
        trouble=say(answer[0]) if answer else "",
        readers=[reader_view(reader, say) for reader in station.pcsc.readers],
        modules=module_views(None if isinstance(found, Unknown) else found, say),
        packages=_packages(packages),
    )


def _facts(station: Station, say: Say) -> list[tuple[Message, str]]:
    module, state, trust = station.module, station.state, station.trust
    told = module_facts(None if isinstance(module, NoModule) else module, say)
    return [
        (msg("Host"), station.host),
        *doctor.head(station, say),
        *told,
        (msg("Time zone"), station.clock.zone),
        (msg("State directory"), "" if isinstance(state, Unknown) else state.directory),
        (msg("CA certificates"), "" if isinstance(trust, Unknown) else trust.directory),
    ]


def _packages(packages: Packages) -> tuple[str, ...]:
    if isinstance(packages.requirements, Unknown):
        return ()
    return tuple(f"{one.name} {one.version}".strip() for one in packages.requirements)


def _fix(fix: Fix, say: Say) -> FixView:
    return FixView(fix.check, say(fix.comment), fix.commands)


def _usb(usb: Usb | Unknown) -> list[UsbView]:
    if isinstance(usb, Unknown):
        return []
    return [
        UsbView(
            numbers=reader.numbers,
            name=reader.name,
            model=reader.model,
            drivers=", ".join(dict.fromkeys(one.driver for one in reader.interfaces if one.driver)),
        )
        for reader in usb.readers
    ]


def _holders(holders: Holders | Unknown, say: Say) -> list[HolderView]:
    if isinstance(holders, Unknown):
        return []
    return [
        HolderView(one.process.name, one.process.pid, one.process.user, say(_HOLDS[one.hold]))
        for one in holders.holders
    ]
