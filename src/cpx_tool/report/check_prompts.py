"""The sentences of a check of one card after the other: what a reading brought, what is awaited."""

from __future__ import annotations

from cpx_tool.model.drawer import CheckNews, InsertCard, RealCard
from cpx_tool.model.finding import CardResult, JudgedCard, Outcome, Place, Severity
from cpx_tool.model.message import Message, msg
from cpx_tool.report.canvas import Canvas, Paper
from cpx_tool.report.drawer import hindrances, insert_next, keys, read_already
from cpx_tool.report.enrolment import card_name
from cpx_tool.report.words import PLACES, RESULTS, Say

_MARKS = {
    CardResult.PASSED: ("✓", "green"),
    CardResult.INTERCHANGEABLE: ("✓", "green"),
    CardResult.FAILED: ("✗", "bold red"),
    CardResult.INCOMPLETE: ("?", "yellow"),
}
_KEYS = (
    msg("Enter = look again"),
    msg("s = skip one card"),
    msg("b = take the last reading back"),
    msg("q = stop and judge what was read"),
)
_UNNOTICED = msg("No reader can be watched here: press Enter when the card is in.")


def render_news(news: CheckNews, say: Say, paper: Paper) -> str:
    """What a reading brought."""
    canvas = Canvas(paper)
    for real in news.real:
        _real(canvas, real, say)
    for card in news.judged:
        _judged(canvas, card, say)
    for unread, reason in news.unfinished:
        told = msg(
            "Not read to the end: {card}. {reason}", card=card_name(unread, say), reason=reason
        )
        canvas.item("!", say(told), "bold yellow")
        hint = msg("Put it in again, and leave it in until its result stands here.")
        canvas.item("→", say(hint), indent=2)
    read_already(canvas, news.again, say)
    hindrances(canvas, news.hindrances, say)
    return canvas.text()


def render_insert(asked: InsertCard, say: Say, paper: Paper, *, noticed: bool = True) -> str:
    """Asks for the next card; `noticed` says whether it is seen by itself that one is put in."""
    canvas = Canvas(paper)
    insert_next(canvas, asked, say)
    if not noticed:
        canvas.line(say(_UNNOTICED), "yellow")
    return keys(canvas, say, *_KEYS)


def _real(canvas: Canvas, real: RealCard, say: Say) -> None:
    """The holder is a real person: no name of theirs here."""
    where = f"{real.card.key} ({real.card.reader})"
    told = msg(
        "A REAL CARD, its PIN is not tried: {card}. {reason}", card=where, reason=real.reason
    )
    canvas.item("✗", say(told), "bold red")
    canvas.item("→", say(real.hint), "bold red", indent=2)


def _judged(canvas: Canvas, card: JudgedCard, say: Say) -> None:
    mark, style = _MARKS[card.result]
    told = msg(
        "Read: {card} — {role}: {result}",
        card=card_name(card, say),
        role=_role(card),
        result=RESULTS[card.result],
    )
    canvas.item(mark, say(told), style)
    for finding in card.findings:
        if finding.severity is Severity.BLOCKER and finding.outcome is Outcome.FAILED:
            canvas.item("→", say(finding.message), indent=2)


def _role(card: JudgedCard) -> Message:
    if card.expected is None or card.place is not Place.EXPECTED:
        return PLACES[card.place]
    if not card.interchangeable:
        return msg("{title}", title=card.expected.title)
    return msg("one of ({roles})", roles=tuple(role.title for role in card.interchangeable))
