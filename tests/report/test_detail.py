"""Handshakes, quiet and verbose."""

from __future__ import annotations

from dataclasses import replace

from cpx_tool.i18n import say
from cpx_tool.judge.tls import judge_handshakes, tls_verdict
from cpx_tool.model.observation import Observation
from cpx_tool.report import tls
from cpx_tool.report.canvas import Paper
from cpx_tool.report.detail import Detail
from support.handshakes import alert, by_card, connection


def rendered(seen: Observation, detail: Detail) -> str:
    judged = judge_handshakes(seen)
    return tls.render(seen, judged, tls_verdict(judged), say, Paper(detail=detail))


def test_several_handshakes_show_their_steps_when_verbose(good: Observation) -> None:
    shaken = (by_card(connection()), by_card(alert("bad_certificate")))
    seen = replace(good, cards=(), handshakes=shaken)
    normal, verbose = (rendered(seen, detail) for detail in (Detail.NORMAL, Detail.VERBOSE))
    assert "TLS-HELLO" not in normal
    assert verbose.count("TLS-HELLO") == 2
    assert normal.splitlines()[-1] == verbose.splitlines()[-1]


def test_a_handshake_shows_no_steps_when_quiet(good: Observation) -> None:
    seen = replace(good, cards=(), handshakes=(by_card(alert("bad_certificate")),))
    quiet = rendered(seen, Detail.QUIET)
    assert "TLS-ACCEPTED — expected: " in quiet
    assert "TLS-HELLO" not in quiet
    assert quiet.splitlines()[-1].startswith("FAILED — 1 handshake")
