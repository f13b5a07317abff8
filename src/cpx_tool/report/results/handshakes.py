"""Judged handshakes with servers as a `Result`."""

from __future__ import annotations

from datetime import datetime

from cpx_tool.errors import ExitCode
from cpx_tool.model.finding import JudgedHandshake
from cpx_tool.pki.certificate import BadCertificate, read_certificate
from cpx_tool.report import tls
from cpx_tool.report.canvas import Paper
from cpx_tool.report.result import Handshakes, Result, Suite, SuiteKind, distinct
from cpx_tool.report.results.observed import run_of, stated, station_facts
from cpx_tool.report.words import Say


def of_handshakes(told: Handshakes, code: ExitCode) -> Result:
    """The result of tls-test."""
    seen = told.observation

    def body(known: ExitCode, say: Say) -> str:
        return tls.render_json(seen, told.judged, told.verdict, known, say)

    def page(say: Say, paper: Paper) -> str:
        return tls.render(seen, told.judged, told.verdict, say, paper)

    def html_page(known: ExitCode, say: Say, language: str) -> str:
        # its template engine takes a while to load
        from cpx_tool.report.html import render_handshakes  # noqa: PLC0415

        return render_handshakes(seen, told.judged, told.verdict, known, say, language)

    at = seen.observed_at
    return Result(
        run=run_of(seen, "tls-test"),
        judged=told,
        code=code,
        suites=(
            Suite(SuiteKind.RUN, "", (), at),
            *distinct(handshake_suite(judged, at) for judged in told.judged),
        ),
        body=body,
        page=page,
        html_page=html_page,
        facts=station_facts(seen),
    )


def handshake_suite(judged: JudgedHandshake, at: datetime) -> Suite:
    """One client at one endpoint, observed at that moment."""
    shaken, decisive = judged.handshake, judged.decisive
    steps = decisive.seconds if decisive else {}
    return Suite(
        kind=SuiteKind.HANDSHAKE,
        subject=f"{judged.subject} {shaken.endpoint.url}".strip(),
        findings=judged.findings,
        observed_at=at,
        seconds={check: steps[step] for check, step in tls.TIMED.items() if step in steps},
        not_after=_not_after(shaken.client.certificate),
        facts=stated(
            {
                "endpoint": shaken.endpoint.url,
                "endpoint_name": shaken.endpoint.name,
                "client": shaken.client.kind.value,
                "insecure": str(shaken.insecure).lower(),
                "result": judged.verdict.value,
                "tls_version": decisive.version if decisive else "",
                "cipher": decisive.cipher if decisive else "",
                "scheme": decisive.scheme if decisive else "",
            }
        ),
    )


def _not_after(der: bytes) -> datetime | None:
    try:
        return read_certificate(der).not_after if der else None
    except BadCertificate:
        return None
