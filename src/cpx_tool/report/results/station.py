"""An examined workstation as a `Result`."""

from __future__ import annotations

from cpx_tool.errors import ExitCode
from cpx_tool.model.station import Examination, NoModule
from cpx_tool.report import doctor
from cpx_tool.report.canvas import Paper
from cpx_tool.report.result import Result, Run, Suite, SuiteKind
from cpx_tool.report.results.observed import stated
from cpx_tool.report.words import Say


def of_station(examination: Examination, run_id: str, code: ExitCode, *, hints: bool) -> Result:
    """The result of doctor; with `hints` the commands that mend what is wrong."""

    def body(told: ExitCode, say: Say) -> str:
        return doctor.render_json(examination, run, told, say, hints=hints)

    def page(say: Say, paper: Paper) -> str:
        return doctor.render(examination, say, paper, hints=hints)

    def html_page(told: ExitCode, say: Say, language: str) -> str:
        # its template engine takes a while to load
        from cpx_tool.report.html import render_examination  # noqa: PLC0415

        return render_examination(examination, run, told, say, language, hints=hints)

    station = examination.station
    run = Run("doctor", station.versions.tool, run_id, station.host, station.observed_at)
    module = "" if isinstance(station.module, NoModule) else station.module.path
    return Result(
        run=run,
        judged=examination,
        code=code,
        suites=(Suite(SuiteKind.RUN, "", examination.findings, station.observed_at),),
        body=body,
        page=page,
        html_page=html_page,
        facts=stated(
            {
                "system": station.system.name,
                "session": station.session.kind.value,
                "pcsc": station.pcsc.status.value,
                "pcsc_lite": station.versions.pcsc_lite,
                "module": module,
            }
        ),
    )
