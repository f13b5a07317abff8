"""icalendar: reminders as a calendar file (RFC 5545)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

from icalendar import Alarm, Calendar, Event

from cpx_tool.adapters.files import WRITE_HINT, write_file
from cpx_tool.model.calendar import Reminder

_ONE_DAY = timedelta(days=1)


def save(reminders: Iterable[Reminder], product: str, path: Path) -> None:
    """Write the calendar; the file is whole or not there. Raises `BadInput`."""
    write_file(path, calendar(reminders, product), WRITE_HINT)


def calendar(reminders: Iterable[Reminder], product: str) -> bytes:
    """The bytes of the file; `product` names the program that made it."""
    whole = Calendar()
    whole.add("prodid", f"-//cpx-tool//{product}//EN")
    whole.add("version", "2.0")
    for reminder in reminders:
        whole.add_component(_event(reminder))
    content: bytes = whole.to_ical()
    return content


def _event(reminder: Reminder) -> Event:
    event = Event()
    event.add("uid", reminder.uid)
    event.add("dtstamp", reminder.stamp)
    event.add("dtstart", reminder.day)
    if reminder.day < date.max:  # one day long all the same (RFC 5545, 3.6.1)
        event.add("dtend", reminder.day + _ONE_DAY)
    event.add("summary", reminder.summary)
    event.add("description", reminder.description)
    event.add("url", reminder.url)
    event.add("transp", "TRANSPARENT")  # the day stays free
    for moment in reminder.alarms:
        event.add_component(_alarm(reminder, moment))
    return event


def _alarm(reminder: Reminder, moment: timedelta) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", reminder.summary)
    alarm.add("trigger", moment)
    return alarm
