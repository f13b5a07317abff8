"""A judged checklist as JSON."""

from __future__ import annotations

from typing import Any

from cpx_tool.errors import ExitCode
from cpx_tool.model.finding import Checklist, JudgedCard
from cpx_tool.model.forecast import Forecast
from cpx_tool.report.eligibility import cells_body
from cpx_tool.report.handshakes import handshake_body
from cpx_tool.report.json import (
    SCHEMA_VERSION,
    dossier_body,
    finding_body,
    identity_body,
    module_body,
    moment,
    pcsc_body,
    place_body,
    role_body,
    signature_body,
    to_text,
    workstation_body,
)
from cpx_tool.report.words import Say


def render(
    checklist: Checklist, code: ExitCode, say: Say, fetched: list[dict[str, Any]] | None = None
) -> str:
    """One JSON object, indented, with a final newline; `fetched` as `report.fetch` gives it."""
    seen = checklist.observation
    body = {
        "schema_version": SCHEMA_VERSION,
        "tool_version": seen.tool_version,
        "run_id": seen.run_id,
        "observed_at": moment(seen.observed_at),
        "emulated": seen.emulated,
        "interrupted": seen.cut_short,
        "taken_back": seen.taken_back,
        "verdict": checklist.verdict.value,
        "exit_code": int(code),
        "set": {
            "name": checklist.card_set.name,
            "title": checklist.card_set.title,
            "reference": checklist.card_set.reference,
            "size": checklist.card_set.size,
        },
        "workstation": workstation_body(seen.workstation),
        "pcsc": pcsc_body(seen.pcsc),
        "module": module_body(seen.module),
        "missing": [role_body(role) for role in checklist.missing],
        "forecast": _forecast(checklist.forecast),
        "findings": [finding_body(f, say) for f in checklist.findings],
        "cards": [_card(card, say) for card in checklist.cards],
        "fetched": fetched,
    }
    return to_text(body)


def _card(card: JudgedCard, say: Say) -> dict[str, Any]:
    return {
        "key": card.key,
        "result": card.result.value,
        "place": card.place.value,
        "read_at": moment(card.observed.observed_at),
        "role": role_body(card.expected) if card.expected else None,
        "interchangeable": [role_body(role) for role in card.interchangeable],
        "identity": identity_body(card.identity) if card.identity else None,
        "dossier": dossier_body(card.dossier),
        "not_before": moment(card.not_before),
        "not_after": moment(card.not_after),
        "eligibility": cells_body(card.eligibility, say),
        **place_body(card.observed),
        "signatures": [signature_body(tried) for tried in card.observed.signatures],
        "data_objects": [
            {"label": item.label, "bytes": len(item.value), "private": item.private}
            for item in card.observed.data
        ],
        "handshakes": [handshake_body(one, say) for one in card.handshakes],
        "findings": [finding_body(f, say) for f in card.findings],
    }


def _forecast(told: Forecast) -> dict[str, Any]:
    return {
        "complete_now": told.complete,
        "usable_until": moment(told.usable_until),
        "days_left": told.days_left,
        "first_to_end": list(told.first),
        "reorder_by": told.reorder_by.isoformat() if told.reorder_by else None,
        "reorder_now": told.reorder_now,
        "reorder_days": told.lead.days,
        "missing": [role_body(role) for role in told.missing],
        "cards": [
            {
                "key": card.key,
                "usable_until": moment(card.usable_until),
                "days_left": card.days_left,
                "lost": card.lost.value if card.lost else None,
            }
            for card in told.cards
        ],
    }
