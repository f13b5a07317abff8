"""What cards are good for: a matrix, its reasons, and the whole text with its sources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from cpx_tool.catalogue.uses import TITLES, uses
from cpx_tool.model.eligibility import Cause, Eligibility, Entitlement, Source
from cpx_tool.model.finding import JudgedCard
from cpx_tool.model.message import Message, msg
from cpx_tool.report.canvas import Canvas, Cell
from cpx_tool.report.words import Say

_MARKS: dict[Entitlement, Cell] = {
    Entitlement.YES: ("✓", "green"),
    Entitlement.NO: ("✗", "red"),
    Entitlement.NOT_KNOWN: ("?", "yellow"),
}
_FIRST: Cell = ("!", "yellow")
"""A yes, but something is to be done first."""

_LEGEND = msg(
    "By the certificates of the card: ✓ yes, ✗ no, ? not known, ! unblock the PIN first. Sources: "
    "--eligibility."
)

Named = tuple[str, Sequence[Eligibility]]
"""A card's name, empty where there is only one card, and its answers."""


def matrix(canvas: Canvas, cards: Sequence[JudgedCard], say: Say, *, reasons: bool = True) -> None:
    """One line for each card, one column for each use; then why, where it is no plain yes."""
    heads = [say(msg("Good for")), *(rule.use.value for rule in uses())]
    rows = [[(card.key, "bold"), *map(_mark, card.eligibility)] for card in cards]
    canvas.columns(heads, rows)
    if reasons:
        for (mark, style), told in _grouped((card.key, card.eligibility) for card in cards):
            canvas.item(mark, say(told), style, indent=2)
    canvas.line(say(_LEGEND), "dim")
    canvas.line()


def explained(canvas: Canvas, cards: Iterable[Named], say: Say) -> None:
    """Each use with each answer: its cards, its reason, what to do, and who says so.

    For one card alone: `explained(canvas, [("", card.eligibility)], say)`.
    """
    named = list(cards)
    for rule in uses():
        title = msg("{use} — {title}", use=rule.use.value, title=TITLES[rule.use])
        canvas.line(say(title), "bold")
        told: dict[Eligibility, list[str]] = {}
        for name, cells in named:
            for cell in cells:
                if cell.use is rule.use:
                    told.setdefault(cell, []).append(name)
        for cell, names in told.items():
            _explain(canvas, cell, ", ".join(filter(None, names)), say)
    canvas.line()


def cells_body(cells: Iterable[Eligibility], say: Say) -> list[dict[str, Any]]:
    """One card's answers as JSON."""
    return [
        {
            "use": cell.use.value,
            "answer": cell.answer.value,
            "cause": cell.cause.value,
            "reason": say(cell.reason),
            "hint": say(cell.hint) if cell.hint else None,
            "source": {
                "document": cell.source.document,
                "section": cell.source.section,
                "check": cell.source.check,
            },
        }
        for cell in cells
    ]


def _mark(cell: Eligibility) -> Cell:
    return _FIRST if cell.cause is Cause.PIN_LOCKED else _MARKS[cell.answer]


def _grouped(cards: Iterable[Named]) -> Iterator[tuple[Cell, Message]]:
    """What is no plain yes, with its mark: each reason once, with its uses and cards."""
    found: dict[tuple[Cell, Message, tuple[str, ...]], list[str]] = {}
    for name, cells in cards:
        for (mark, reason), codes in _reasons(cells).items():
            found.setdefault((mark, reason, tuple(codes)), []).append(name)
    for (mark, reason, of_uses), names in found.items():
        told = msg("{uses} — {cards}: {reason}", uses=of_uses, cards=tuple(names), reason=reason)
        yield mark, told


def _reasons(cells: Sequence[Eligibility]) -> dict[tuple[Cell, Message], list[str]]:
    """Of one card: what is no plain yes, and its uses."""
    found: dict[tuple[Cell, Message], list[str]] = {}
    for cell in cells:
        if _mark(cell) != _MARKS[Entitlement.YES]:
            found.setdefault((_mark(cell), cell.reason), []).append(cell.use.value)
    return found


def _explain(canvas: Canvas, cell: Eligibility, names: str, say: Say) -> None:
    mark, style = _mark(cell)
    reason = say(cell.reason)
    named = say(msg("{names}: {message}", names=names, message=reason))
    canvas.item(mark, named if names else reason, style, indent=2)
    if cell.hint is not None:
        canvas.item("→", say(cell.hint), indent=4)
    canvas.line(say(source_words(cell.source)), "dim", indent=4)


def source_words(source: Source) -> Message:
    """Who says so."""
    if source.check is None:
        return msg(
            "Source: {document}, {section}", document=source.document, section=source.section
        )
    return msg(
        "Source: {document}, {section}; check {check}",
        document=source.document,
        section=source.section,
        check=source.check,
    )
