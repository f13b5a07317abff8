"""Until when the set as a whole can be used, and when to order the next one. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from cpx_tool.model.cardset import ExpectedCard
from cpx_tool.model.eligibility import LOSSES, Cause
from cpx_tool.model.finding import JudgedCard, Place
from cpx_tool.model.forecast import CardForecast, Forecast

DEFAULT_LEAD = timedelta(days=90)
"""Our assumption: nothing published says how long an order takes."""

_FOR_GOOD = (Cause.EXPIRED, Cause.REVOKED)


def forecast(
    cards: Iterable[JudgedCard],
    missing: tuple[ExpectedCard, ...],
    at: datetime,
    lead: timedelta = DEFAULT_LEAD,
) -> Forecast:
    """What the certificates' ends mean for the set (RFC 5280, 4.1.2.5).

    Cards without a place in the set do not count; nor do the dates of cards that are none of it
    for another reason than a date (a production card, say).
    """
    held = tuple(_card(card, at) for card in cards if card.place is Place.EXPECTED)
    ends = {c.key: c.usable_until for c in held if c.usable_until and c.counts}
    late = any(card.lost in _FOR_GOOD for card in held)
    if not ends:
        return Forecast(at, lead, held, missing, reorder_by=_day(at) if late else None)
    end = min(ends.values())
    return Forecast(
        at=at,
        lead=lead,
        cards=held,
        missing=missing,
        usable_until=end,
        days_left=_days(end, at),
        first=tuple(key for key, other in ends.items() if _day(other) == _day(end)),
        reorder_by=min(_before(end, lead), _day(at)) if late else _before(end, lead),
    )


def _card(card: JudgedCard, at: datetime) -> CardForecast:
    end = card.not_after
    return CardForecast(
        key=card.key,
        card_number=card.identity.card_number if card.identity else None,
        usable_until=end,
        days_left=_days(end, at) if end else None,
        lost=next((cell.cause for cell in card.eligibility if cell.cause in LOSSES), None),
    )


def _days(end: datetime, at: datetime) -> int:
    return max((end - at).days, 0)


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


def _before(end: datetime, lead: timedelta) -> date:
    try:
        return _day(end) - lead
    except OverflowError:  # a certificate of the first years
        return date.min
