"""Until when a set can be used, as of one moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from cpx_tool.model.cardset import ExpectedCard
from cpx_tool.model.eligibility import Cause


@dataclass(frozen=True, slots=True)
class CardForecast:
    """One card of the set. `days_left` are whole days, 0 once it is over.

    `lost` is why it is good for nothing already now; None for a card that can be used.
    """

    key: str
    card_number: str | None
    usable_until: datetime | None
    days_left: int | None
    lost: Cause | None

    @property
    def counts(self) -> bool:
        """Its date means something for the set: it is not lost for another reason than a date."""
        dated = (None, Cause.EXPIRED, Cause.NOT_YET_VALID)
        return self.usable_until is not None and self.lost in dated


@dataclass(frozen=True, slots=True)
class Forecast:
    """The cards that have a place in the set, as of `at`.

    `usable_until` is when the first of their certificates ends, be that in the past; None when no
    card shows it. `first` are the cards that end on that day. `lead` is how long before that the
    next set should be ordered, an assumption; `reorder_by` is the day that comes of it, and no
    later than today where a card is lost for good.
    """

    at: datetime
    lead: timedelta
    cards: tuple[CardForecast, ...]
    missing: tuple[ExpectedCard, ...]
    usable_until: datetime | None = None
    days_left: int | None = None
    first: tuple[str, ...] = ()
    reorder_by: date | None = None

    @property
    def complete(self) -> bool:
        """Every card of the set is there and can be used now."""
        return not self.missing and bool(self.cards) and all(c.lost is None for c in self.cards)

    @property
    def over(self) -> bool:
        """The first of the cards has ended already."""
        return self.usable_until is not None and self.usable_until < self.at

    @property
    def reorder_now(self) -> bool:
        """The day to order has come."""
        return self.reorder_by is not None and self.reorder_by <= self.at.astimezone(UTC).date()
