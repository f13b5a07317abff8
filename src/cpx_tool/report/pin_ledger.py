"""The ledger of PIN tries, for a person and as JSON."""

from __future__ import annotations

from collections.abc import Sequence

from cpx_tool.model.message import msg
from cpx_tool.model.observation import FailedTry
from cpx_tool.report.canvas import Canvas, Paper
from cpx_tool.report.json import SCHEMA_VERSION, moment, to_text
from cpx_tool.report.words import Say

_MEANING = msg(
    "On these cards a PIN try did not succeed, or its end is not known (the run was interrupted):"
)
_OTHERS = msg("Emulated cards have a ledger of their own: --emulated DIR.")


def render(path: str, entries: Sequence[FailedTry], emulated: bool, say: Say, paper: Paper) -> str:
    """A table of cards, or a line when there is none; `emulated`: those of an emulation."""
    canvas = Canvas(paper)
    canvas.line(say(msg("Ledger: {path}", path=path)))
    if not entries:
        canvas.line(say(msg("It is empty: no card waits because of an earlier PIN try.")))
        if not emulated:
            canvas.line(say(_OTHERS), "dim")
        return canvas.text()
    canvas.line(say(_MEANING))
    heads = [say(msg("Card")), say(msg("Last try"))]
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
