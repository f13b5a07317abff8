"""The list of checks, for a person and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cpx_tool.model.finding import Severity
from cpx_tool.model.message import Message, msg
from cpx_tool.report.canvas import Canvas, Paper
from cpx_tool.report.json import SCHEMA_VERSION, to_text
from cpx_tool.report.words import Say

SEVERITIES = {Severity.BLOCKER: msg("blocker"), Severity.WARNING: msg("warning")}


@dataclass(frozen=True, slots=True)
class CheckRow:
    """A check as it is shown. `scope` is a value of judge/check.py Scope."""

    id: str
    severity: Severity
    scope: str
    title: Message
    hint: Message


def render(rows: Sequence[CheckRow], say: Say, paper: Paper) -> str:
    """A table: id, severity, what passes."""
    canvas = Canvas(paper)
    heads = [say(msg("Check")), say(msg("Severity")), say(msg("What must hold"))]
    canvas.table(
        heads,
        [[(row.id, ""), (say(SEVERITIES[row.severity]), ""), (say(row.title), "")] for row in rows],
    )
    return canvas.text()


def render_json(rows: Sequence[CheckRow], say: Say) -> str:
    """All checks as one JSON object."""
    return to_text(
        {
            "schema_version": SCHEMA_VERSION,
            "checks": [
                {
                    "id": row.id,
                    "severity": row.severity.value,
                    "scope": row.scope,
                    "title": say(row.title),
                    "hint": say(row.hint),
                }
                for row in rows
            ],
        }
    )
