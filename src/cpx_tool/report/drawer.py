"""What two conversations at a drawer say in the same words."""

from __future__ import annotations

from collections.abc import Sequence

from cpx_tool.model.drawer import InsertCard, SeenCard
from cpx_tool.model.message import Message, msg
from cpx_tool.report.canvas import Canvas
from cpx_tool.report.enrolment import card_name, still_expected
from cpx_tool.report.words import Say


def read_already(canvas: Canvas, cards: Sequence[SeenCard], say: Say) -> None:
    """Cards that were put in a second time."""
    for card in cards:
        known = msg("Read already: {card}. Put in another one.", card=card_name(card, say))
        canvas.item("=", say(known))


def hindrances(canvas: Canvas, found: Sequence[tuple[Message, Message]], say: Say) -> None:
    """What may have kept a card from being read, and what to do."""
    for reason, hint in found:
        canvas.item("!", say(reason), "yellow")
        canvas.item("→", say(hint), indent=2)


def insert_next(canvas: Canvas, asked: InsertCard, say: Say) -> None:
    """The next card, please; of a set whose cards are known, which ones are still to come."""
    canvas.line()
    if not asked.size:
        wanted = msg("Insert the next card (number {number}).", number=asked.number)
        canvas.line(say(wanted), "bold")
        return
    where = msg("Insert the next card ({number} of {size}).", number=asked.number, size=asked.size)
    canvas.line(say(where), "bold")
    if asked.awaited:
        canvas.line(say(still_expected(asked.awaited)))


def keys(canvas: Canvas, say: Say, *what: Message) -> str:
    """What may be typed, and the prompt."""
    canvas.line(", ".join(map(say, what)), "dim")
    return canvas.text() + "> "
