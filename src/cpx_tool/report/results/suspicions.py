"""Which part is at fault, of one result or of two compared, as an `Answer`."""

from __future__ import annotations

from cpx_tool.errors import ExitCode
from cpx_tool.model.blame import Blame, Comparison
from cpx_tool.report import blame as blame_report
from cpx_tool.report import compare as compare_report
from cpx_tool.report.canvas import Paper
from cpx_tool.report.result import Answer, Run
from cpx_tool.report.results.observed import run_of
from cpx_tool.report.words import Say


def of_blame(blame: Blame, code: ExitCode) -> Answer:
    """The answer of blame."""

    def body(told: ExitCode, say: Say) -> str:
        return blame_report.render_json(blame, told, say)

    def page(say: Say, paper: Paper) -> str:
        return blame_report.render(blame, say, paper)

    def html_page(told: ExitCode, say: Say, language: str) -> str:
        # its template engine takes a while to load
        from cpx_tool.report.html import render_blame  # noqa: PLC0415

        return render_blame(blame, told, say, language)

    return Answer(run_of(blame.observation, "blame"), code, body, page, html_page)


def of_comparison(comparison: Comparison, code: ExitCode) -> Answer:
    """The answer of compare."""
    run = _run(comparison)

    def body(told: ExitCode, say: Say) -> str:
        return compare_report.render_json(comparison, told, say)

    def page(say: Say, paper: Paper) -> str:
        return compare_report.render(comparison, say, paper)

    def html_page(told: ExitCode, say: Say, language: str) -> str:
        # its template engine takes a while to load
        from cpx_tool.report.html import render_comparison  # noqa: PLC0415

        return render_comparison(comparison, run, told, say, language)

    return Answer(run, code, body, page, html_page)


def _run(comparison: Comparison) -> Run:
    """The same for the same two results: their hosts and runs, and the later moment."""
    sides = [comparison.left.observation, comparison.right.observation]
    later = max(sides, key=lambda seen: seen.observed_at)
    return Run(
        command="compare",
        tool_version=later.tool_version,
        run_id="-".join(dict.fromkeys(seen.run_id for seen in sides)),
        host=", ".join(dict.fromkeys(seen.workstation.host for seen in sides)),
        observed_at=later.observed_at,
        emulated=any(seen.emulated for seen in sides),
    )
