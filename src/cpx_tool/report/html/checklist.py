"""The judged checklist of a set as one page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cpx_tool.errors import ExitCode
from cpx_tool.model.finding import Checklist, JudgedCard, JudgedHandshake
from cpx_tool.model.message import Message, nmsg
from cpx_tool.report import checklist_json, forecast
from cpx_tool.report.console import pins_tried, why_no_card
from cpx_tool.report.findings import counts
from cpx_tool.report.html import lines, marks, timeline
from cpx_tool.report.html.cards import card_place, card_views, missing_views
from cpx_tool.report.html.frame import frame
from cpx_tool.report.html.lines import Named, Subject
from cpx_tool.report.html.matrix import check_rows, usages
from cpx_tool.report.html.page import page
from cpx_tool.report.html.station import station_view
from cpx_tool.report.html.steps import handshake_subject, handshake_views
from cpx_tool.report.results.observed import run_of
from cpx_tool.report.words import Say, clipped


def render(
    checklist: Checklist,
    code: ExitCode,
    say: Say,
    lang: str,
    fetched: list[dict[str, Any]] | None = None,
) -> str:
    """One HTML page. The digest on it is that of `checklist_json.render` of the same arguments.

    `say` speaks the language of which `lang` is the code ("fr").
    """
    seen = checklist.observation
    json = checklist_json.render(checklist, code, say, fetched)
    dates = [each for card in checklist.cards for each in (card.not_before, card.not_after)]
    scale = timeline.scale(seen.observed_at, *dates)
    cards = card_views(checklist, scale, say)
    findings = checklist.all_findings()
    shaken = [one for card in checklist.cards for one in card.handshakes]
    values = {
        **frame(run_of(seen, ""), code, json, say),
        "station": station_view(seen, say),
        "verdict": marks.of_verdict(checklist.verdict, say),
        "set": checklist.card_set,
        "summary": [say(part) for part in (_found(checklist), *counts(findings))],
        "tallies": marks.tallies(findings, say),
        "attention": lines.attention(findings, _named(checklist, shaken), say, seen),
        "no_card": [] if cards else [say(told) for told in why_no_card(seen, checklist.findings)],
        "cards": cards,
        "missing": missing_views(checklist, say),
        "now": scale.at(seen.observed_at),
        "ticks": scale.ticks(),
        "forecast": [say(told) for told, _ in forecast.sentences(checklist.forecast)]
        if cards
        else [],
        "usages": usages(checklist, cards, say) if cards else [],
        "rows": check_rows([card.all_findings() for card in checklist.cards], say),
        "run_tallies": marks.tallies(checklist.findings, say),
        "run_lines": lines.lines(checklist.findings, say),
        "handshakes": handshake_views(shaken, say),
        "pins_tried": say(pins_tried(card.observed for card in checklist.cards)),
        "fetched": fetched,
    }
    return page("checklist.html", values, say, lang)


def _found(checklist: Checklist) -> Message:
    size = checklist.card_set.size
    found = size - len(checklist.missing)
    return nmsg("{count} of {size} cards", "{count} of {size} cards", found, size=size)


def _named(checklist: Checklist, shaken: Sequence[JudgedHandshake]) -> Named:
    """A card by its number and holder; what was asked of a server with the address."""
    known = {
        card.key: Subject(_card_name(card), card_place(number))
        for number, card in enumerate(checklist.cards, start=1)
    }
    return lambda key: known.get(key) or handshake_subject(key, shaken)


def _card_name(card: JudgedCard) -> str:
    holder = clipped(card.identity.holder.display) if card.identity else ""
    return f"{card.key} {holder}".strip()
