"""Handshakes of `tls-test` as one page."""

from __future__ import annotations

from collections.abc import Sequence

from cpx_tool.errors import ExitCode
from cpx_tool.model.finding import JudgedHandshake, Verdict
from cpx_tool.model.message import nmsg
from cpx_tool.model.observation import Observation
from cpx_tool.report import tls
from cpx_tool.report.findings import counts
from cpx_tool.report.html import lines, marks
from cpx_tool.report.html.frame import frame
from cpx_tool.report.html.page import page
from cpx_tool.report.html.station import station_view
from cpx_tool.report.html.steps import handshake_subject, handshake_views
from cpx_tool.report.results.observed import run_of
from cpx_tool.report.words import Say


def render(
    observation: Observation,
    judged: Sequence[JudgedHandshake],
    verdict: Verdict,
    code: ExitCode,
    say: Say,
    lang: str,
) -> str:
    """One HTML page. The digest on it is that of `tls.render_json` of the same arguments.

    `say` speaks the language of which `lang` is the code ("fr").
    """
    json = tls.render_json(observation, judged, verdict, code, say)
    findings = [finding for one in judged for finding in one.findings]
    subjects = nmsg("{count} handshake", "{count} handshakes", len(judged))
    values = {
        **frame(run_of(observation, ""), code, json, say),
        "station": station_view(observation, say),
        "verdict": marks.of_verdict(verdict, say),
        "servers": list(dict.fromkeys(one.handshake.endpoint.url for one in judged)),
        "summary": [say(part) for part in (subjects, *counts(findings))],
        "tallies": marks.tallies(findings, say),
        "attention": lines.attention(
            findings, lambda key: handshake_subject(key, judged), say, observation
        ),
        "handshakes": handshake_views(judged, say),
    }
    return page("handshakes.html", values, say, lang)
