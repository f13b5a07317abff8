"""Judged software certificates as a `Result`."""

from __future__ import annotations

from collections.abc import Sequence

from cpx_tool.errors import ExitCode
from cpx_tool.model.fetch import Fetched
from cpx_tool.model.software import JudgedFile, SoftwareChecklist
from cpx_tool.report import software
from cpx_tool.report.canvas import Paper
from cpx_tool.report.fetch import render_fetched
from cpx_tool.report.result import Result, Run, Suite, SuiteKind
from cpx_tool.report.results.observed import stated
from cpx_tool.report.words import Say


def of_software(
    checklist: SoftwareChecklist,
    host: str,
    run_id: str,
    code: ExitCode,
    fetched: Sequence[Fetched] | None = None,
) -> Result:
    """The result of check-p12; `fetched` is None where the network was not asked."""

    def body(told: ExitCode, say: Say) -> str:
        return software.render_json(checklist, run, told, say, fetched)

    def page(say: Say, paper: Paper) -> str:
        text = software.render(checklist, say, paper)
        return text if fetched is None else text + render_fetched(fetched, say, paper)

    def html_page(told: ExitCode, say: Say, language: str) -> str:
        # its template engine takes a while to load
        from cpx_tool.report.html import render_software  # noqa: PLC0415

        return render_software(checklist, run, told, say, language, fetched)

    seen = checklist.observation
    emulated = any(map(software.is_emulated, checklist.files))
    files = (_suite(file, checklist) for file in checklist.files)
    run = Run("check-p12", seen.tool_version, run_id, host, seen.judged_at, emulated)
    return Result(
        run=run,
        judged=checklist,
        code=code,
        suites=(Suite(SuiteKind.RUN, "", checklist.findings, seen.judged_at), *files),
        body=body,
        page=page,
        html_page=html_page,
        facts={"purpose": checklist.purpose.value},
    )


def _suite(file: JudgedFile, checklist: SoftwareChecklist) -> Suite:
    return Suite(
        kind=SuiteKind.FILE,
        subject=file.key,
        findings=file.findings,
        observed_at=checklist.observation.judged_at,
        not_after=file.certificate.not_after if file.certificate else None,
        facts=stated(
            {"result": file.result.value, "usage": file.usage.value if file.usage else ""}
        ),
    )
