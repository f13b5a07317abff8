"""A day in a calendar, with what to do on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Reminder:
    """One all-day entry. `uid` is the same for the same thing, so that a second import replaces
    the first; `stamp` is when this was known; `alarms` count from the first hour of the day.
    """

    uid: str
    stamp: datetime
    day: date
    summary: str
    description: str
    url: str
    alarms: tuple[timedelta, ...]
