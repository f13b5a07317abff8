"""Validity as bars between two dates; positions are percents of the way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_MARGIN = timedelta(days=45)
_MOST_TICKS = 8


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of time on the scale."""

    start: float
    length: float


@dataclass(frozen=True, slots=True)
class Tick:
    """A first of January."""

    position: float
    text: str


@dataclass(frozen=True, slots=True)
class Scale:
    """The days from `first` to `last`, which are different; `now` is the moment judged for."""

    first: datetime
    last: datetime
    now: datetime

    def at(self, when: datetime) -> float:
        """Where a moment is, in percent; what is outside is at the end."""
        way = (when - self.first) / (self.last - self.first)
        return round(100 * min(max(way, 0.0), 1.0), 3)

    def bar(self, start: datetime, end: datetime) -> Bar:
        """A stretch, one that can be seen however short it is."""
        left = self.at(start)
        return Bar(left, max(round(self.at(end) - left, 3), 0.3))

    def ticks(self) -> list[Tick]:
        """The years, or every second one, and so on: no more than can be read."""
        years = list(range(self.first.year + 1, self.last.year + 1))
        step = max(1, -(-len(years) // _MOST_TICKS))
        return [
            Tick(self.at(datetime(year, 1, 1, tzinfo=UTC)), str(year)) for year in years[::step]
        ]


def scale(now: datetime, *moments: datetime | None) -> Scale:
    """One that shows now and all these, with a margin at both ends."""
    known = [now, *(each for each in moments if each is not None)]
    return Scale(_moved(min(known), -_MARGIN), _moved(max(known), _MARGIN), now)


def _moved(when: datetime, by: timedelta) -> datetime:
    """A certificate may name the last day that there is."""
    try:
        return when + by
    except OverflowError:
        return when
