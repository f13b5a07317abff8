"""What the keys of cards signed as a `Result`."""

from __future__ import annotations

from cpx_tool.errors import ExitCode
from cpx_tool.model.signing import SigningCard, SigningChecklist
from cpx_tool.report import signing
from cpx_tool.report.canvas import Paper
from cpx_tool.report.result import Result, Suite, SuiteKind
from cpx_tool.report.results.observed import card_facts, run_of, station_facts
from cpx_tool.report.words import Say

_TIMED = "SIGN-VERIFIES"
"""The check that every signature is looked at by."""


def of_signing(checklist: SigningChecklist, code: ExitCode) -> Result:
    """The result of sign-test."""

    def body(told: ExitCode, say: Say) -> str:
        return signing.render_json(checklist, told, say)

    def page(say: Say, paper: Paper) -> str:
        return signing.render(checklist, say, paper)

    def html_page(told: ExitCode, say: Say, language: str) -> str:
        # its template engine takes a while to load
        from cpx_tool.report.html import render_signing  # noqa: PLC0415

        return render_signing(checklist, told, say, language)

    seen = checklist.observation
    cards = (_suite(card, checklist) for card in checklist.cards)
    return Result(
        run=run_of(seen, "sign-test"),
        judged=checklist,
        code=code,
        suites=(Suite(SuiteKind.RUN, "", checklist.findings, seen.observed_at), *cards),
        body=body,
        page=page,
        html_page=html_page,
        facts=station_facts(seen),
    )


def _suite(card: SigningCard, checklist: SigningChecklist) -> Suite:
    return Suite(
        kind=SuiteKind.CARD,
        subject=card.key,
        findings=card.findings,
        observed_at=checklist.observation.observed_at,
        seconds={_TIMED: sum(judged.tried.seconds for judged in card.tries)},
        facts=card_facts(card.observed, card.identity),
    )
