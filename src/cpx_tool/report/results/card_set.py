"""A judged set of cards as a `Result`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cpx_tool.errors import ExitCode
from cpx_tool.model.eligibility import Key
from cpx_tool.model.fetch import Fetched
from cpx_tool.model.finding import Checklist, JudgedCard
from cpx_tool.model.observation import CardObservation, SignatureTry
from cpx_tool.pki.personal_keys import personal_key
from cpx_tool.report import checklist_json, console
from cpx_tool.report.canvas import Paper
from cpx_tool.report.fetch import fetched_list, render_fetched
from cpx_tool.report.result import Result, Suite, SuiteKind, distinct
from cpx_tool.report.results.handshakes import handshake_suite
from cpx_tool.report.results.observed import card_facts, run_of, stated, station_facts
from cpx_tool.report.words import Say


def of_set(
    checklist: Checklist,
    command: str,
    code: ExitCode,
    fetched: Sequence[Fetched] | None = None,
    *,
    explain_uses: bool = False,
) -> Result:
    """`fetched` is None where the network was not asked; `explain_uses` is for the text."""

    def body(told: ExitCode, say: Say) -> str:
        return checklist_json.render(checklist, told, say, fetched_list(fetched, say))

    def page(say: Say, paper: Paper) -> str:
        text = console.render(checklist, say, paper, explain_uses=explain_uses)
        return text if fetched is None else text + render_fetched(fetched, say, paper)

    def html_page(told: ExitCode, say: Say, language: str) -> str:
        # its template engine takes a while to load
        from cpx_tool.report.html import render_checklist  # noqa: PLC0415

        return render_checklist(checklist, told, say, language, fetched_list(fetched, say))

    seen = checklist.observation
    missing = {role.role for role in checklist.missing}
    return Result(
        run=run_of(seen, command),
        judged=checklist,
        code=code,
        suites=tuple(distinct(_suites(checklist))),
        body=body,
        page=page,
        html_page=html_page,
        facts={"set": checklist.card_set.name, **station_facts(seen)},
        roles={role.role: role.role not in missing for role in checklist.card_set.cards},
        days_left=checklist.forecast.days_left,
    )


def _suites(checklist: Checklist) -> Iterator[Suite]:
    at = checklist.observation.observed_at
    yield Suite(SuiteKind.RUN, "", checklist.findings, at)
    for card in checklist.cards:
        yield Suite(
            kind=SuiteKind.CARD,
            subject=card.key,
            findings=card.findings,
            observed_at=card.observed.observed_at or at,
            seconds=_seconds(card.observed),
            not_after=card.not_after,
            facts=_facts(card),
        )
    for card in checklist.cards:
        for judged in card.handshakes:
            yield handshake_suite(judged, at)


def _facts(card: JudgedCard) -> dict[str, str]:
    role = card.expected.role if card.expected else ""
    place = {"role": role, "place": card.place.value, "result": card.result.value}
    return stated(place) | card_facts(card.observed, card.identity)


def _seconds(card: CardObservation) -> dict[str, float]:
    """How long the signatures took that a check is about."""
    found: dict[str, float] = {}
    for tried in card.signatures:
        check = _check_of(tried, card)
        if check is not None:
            found[check] = found.get(check, 0.0) + tried.seconds
    return found


def _check_of(tried: SignatureTry, card: CardObservation) -> str | None:
    key = personal_key(tried.key_label, tried.key_id, card.certificates)
    if "PSS" in tried.mechanism:
        return "SIGN-PSS" if key is Key.AUTHENTICATION else None
    return {Key.AUTHENTICATION: "SIGN-AUTH", Key.SIGNATURE: "SIGN-SIGN", None: None}[key]
