"""Until when a set can be used and when to order the next one, in two or three lines."""

from __future__ import annotations

from cpx_tool.model.cardset import CardSet
from cpx_tool.model.eligibility import Cause
from cpx_tool.model.finding import Checklist
from cpx_tool.model.forecast import Forecast
from cpx_tool.model.message import Message, msg, nmsg
from cpx_tool.report.canvas import Canvas
from cpx_tool.report.words import Say, day

FORM = "https://esante.gouv.fr/documents/414"
MAIL = "monserviceclient.developpement@esante.gouv.fr"


def lines(canvas: Canvas, checklist: Checklist, say: Say) -> None:
    """What the dates mean for the set as a whole."""
    for message, style in sentences(checklist.forecast):
        canvas.line(say(message), style)
    canvas.line()


def sentences(told: Forecast) -> list[tuple[Message, str]]:
    """The same, each with its style on a canvas."""
    found: list[tuple[Message, str]] = []
    if not told.complete:
        found.append((incomplete(told), "yellow"))
    if told.usable_until is not None:
        found.append((_usable(told), "bold red" if told.over else ""))
    if told.reorder_by is not None:
        found.append((_reorder(told), "yellow" if told.reorder_now else ""))
    return found


def incomplete(told: Forecast) -> Message:
    """What keeps the set from being complete; who these are, the table of cards shows."""
    return msg("The set is not complete now: {lacks}.", lacks=tuple(_lacks(told)))


def end(told: Forecast) -> Message:
    """The same as on the console, without the days left: they pass."""
    date, cards = day(told.usable_until), told.first
    if told.over:
        return _over(told)
    if told.complete:
        return msg(
            "The cards of the set can be used until {date}; first to end: {cards}.",
            date=date,
            cards=cards,
        )
    return msg("Its other cards end on {date}; first to end: {cards}.", date=date, cards=cards)


def _usable(told: Forecast) -> Message:
    """The day on which the first cards end, and which they are."""
    date, cards = day(told.usable_until), told.first
    if told.over:
        return _over(told)
    left = nmsg("{count} day left", "{count} days left", told.days_left or 0)
    if not told.complete:
        return _others(told, left)
    if len(cards) == len(told.cards):
        return msg("Usable until {date} ({left}): all its cards end then.", date=date, left=left)
    return msg(
        "Usable until {date} ({left}); first to end: {cards}.",
        date=date,
        left=left,
        cards=cards,
    )


def _over(told: Forecast) -> Message:
    return msg(
        "Not usable as a whole since {date}: {cards} expired.",
        date=day(told.usable_until),
        cards=told.first,
    )


def _others(told: Forecast, left: Message) -> Message:
    """A set that is not complete cannot be used until a day: only its other cards end then."""
    date, cards = day(told.usable_until), told.first
    if len(cards) == sum(card.counts for card in told.cards):
        return msg("Its other cards end on {date} ({left}).", date=date, left=left)
    return msg(
        "Its other cards end on {date} ({left}); first to end: {cards}.",
        date=date,
        left=left,
        cards=cards,
    )


def what_to_order(card_set: CardSet) -> Message:
    """What to write into part 3 of the order form, as the ANS's ordering guide says."""
    if card_set.igc:
        return msg(
            "Part 3.1: what the cards are for. Part 3.2: write 1 for the set “{title}” in the "
            "column IGC-Santé.",
            title=card_set.title,
        )
    return msg(
        "Part 3.1: what the cards are for. Part 3.2: write 1 for the set that these cards came "
        "in, in the column IGC-Santé."
    )


def assumption(told: Forecast) -> Message:
    """How far ahead, and that nobody published it."""
    return nmsg(
        "{count} day ahead is our assumption: no published document says how long an order takes.",
        "{count} days ahead are our assumption: no published document says how long an order "
        "takes.",
        told.lead.days,
    )


def _reorder(told: Forecast) -> Message:
    if told.reorder_now:
        return msg("Order the next set now (form 414, part 3). {why}", why=assumption(told))
    return msg(
        "Order the next set by {date} (form 414, part 3). {why}",
        date=told.reorder_by.isoformat() if told.reorder_by else "",
        why=assumption(told),
    )


def _lacks(told: Forecast) -> list[Message]:
    lost = [card.lost for card in told.cards if card.lost is not None]
    dated = (Cause.EXPIRED, Cause.NOT_YET_VALID)
    expired = lost.count(Cause.EXPIRED)
    early = lost.count(Cause.NOT_YET_VALID)
    other = sum(cause not in dated for cause in lost)
    missing = len(told.missing)
    counted = (
        (missing, nmsg("{count} missing", "{count} missing", missing)),
        (expired, nmsg("{count} expired", "{count} expired", expired)),
        (early, nmsg("{count} not yet valid", "{count} not yet valid", early)),
        (other, nmsg("{count} not usable", "{count} not usable", other)),
    )
    return [message for count, message in counted if count]
