"""Handshakes with servers, step by step, each with its time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cpx_tool.model.finding import Finding, JudgedHandshake
from cpx_tool.model.handshake import Connection
from cpx_tool.model.message import msg
from cpx_tool.report.html import lines, marks
from cpx_tool.report.html.lines import Line, Subject
from cpx_tool.report.html.marks import Mark, Tally
from cpx_tool.report.tls import TIMED, chain_lines, who
from cpx_tool.report.words import Say


@dataclass(frozen=True, slots=True)
class HandshakeView:
    """One client at one endpoint."""

    place: str
    who: str
    url: str
    verdict: Mark
    insecure: bool
    facts: tuple[tuple[str, str], ...]
    steps: list[Line]
    total: str
    chain: list[str]
    twice: bool
    """The second connection offered TLS 1.2 at most."""
    tallies: list[Tally]


def handshake_views(judged: Iterable[JudgedHandshake], say: Say) -> list[HandshakeView]:
    """Each of them, in this order."""
    return [_view(one, handshake_place(number), say) for number, one in enumerate(judged, start=1)]


def handshake_subject(key: str, judged: Sequence[JudgedHandshake]) -> Subject:
    """The subject of a handshake's findings: who knocked and the address, and where it stands."""
    for number, one in enumerate(judged, start=1):
        if any(finding.subject == key for finding in one.findings):
            return Subject(key, handshake_place(number))
    return Subject("")


def handshake_place(number: int) -> str:
    """The anchor of the n-th handshake."""
    return f"handshake-{number}"


def _view(judged: JudgedHandshake, place: str, say: Say) -> HandshakeView:
    connection = judged.decisive
    spent = sum(connection.seconds.values()) if connection else None
    return HandshakeView(
        place=place,
        who=who(judged, say),
        url=judged.handshake.endpoint.shown,
        verdict=marks.of_verdict(judged.verdict, say),
        insecure=judged.handshake.insecure,
        facts=_facts(connection, say) if connection else (),
        steps=_steps(judged.findings, connection, say),
        total=_milliseconds(spent),
        chain=chain_lines(connection, say) if connection else [],
        twice=len(judged.handshake.connections) > 1,
        tallies=marks.tallies(judged.findings, say),
    )


def _steps(findings: Sequence[Finding], connection: Connection | None, say: Say) -> list[Line]:
    seconds = connection.seconds if connection else {}
    longest = max(seconds.values(), default=0.0)
    found = []
    for finding in findings:
        step = TIMED.get(finding.check)
        spent = seconds.get(step) if step is not None else None
        share = round(100 * (spent or 0.0) / longest, 2) if longest > 0 else 0.0
        found.append(lines.line(finding, say, _milliseconds(spent), share))
    return found


def _facts(connection: Connection, say: Say) -> tuple[tuple[str, str], ...]:
    use, http = connection.signature, connection.http
    told = (
        (msg("Address"), connection.address),
        (msg("Proxy"), connection.proxy),
        (msg("Protocol"), connection.version),
        (msg("Cipher"), connection.cipher),
        (msg("Key exchange"), connection.group),
        (msg("Signature scheme"), connection.scheme),
        (msg("Signed with"), use.mechanism if use else ""),
        (msg("HTTP"), f"{http.status} {http.reason}".strip() if http else ""),
        (msg("Server software"), http.server if http else ""),
    )
    return tuple((say(name), value) for name, value in told if value)


def _milliseconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds * 1000:.1f}"
