"""The ledger of PIN tries, for a person and as JSON."""

from __future__ import annotations

from collections.abc import Sequence

from cpx_tool.model.message import msg
from cpx_tool.model.observation import FailedTry
from cpx_tool.report.canvas import Canvas, Paper
from cpx_tool.report.json import SCHEMA_VERSION, moment, to_text
from cpx_tool.report.words import Say


def render(path: str, entries: Sequence[FailedTry], say: Say, paper: Paper) -> str:
    """A table of cards, or one line when there is none."""
    canvas = Canvas(paper)
    canvas.line(say(msg("Ledger: {path}", path=path)))
    if not entries:
        canvas.line(say(msg("No PIN try failed since the last good login.")))
        return canvas.text()
    heads = [say(msg("Card")), say(msg("Last failed try"))]
    rows = [[(e.card, "bold"), (say(msg("{date}", date=e.failed_at)), "")] for e in entries]
    canvas.table(heads, rows)
    return canvas.text()


def render_json(path: str, entries: Sequence[FailedTry]) -> str:
    """One JSON object."""
    return to_text(
        {
            "schema_version": SCHEMA_VERSION,
            "path": path,
            "failed": [{"card": e.card, "failed_at": moment(e.failed_at)} for e in entries],
        }
    )
