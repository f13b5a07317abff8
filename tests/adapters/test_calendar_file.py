"""Calendar files: read again with the library, and line by line as RFC 5545 wants them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from icalendar import Calendar

from cpx_tool.adapters.calendar_file import calendar, save
from cpx_tool.errors import BadInput
from cpx_tool.model.calendar import Reminder
from support.ics import check_lines

PRODUCT = "cpx-tool 1.2"
REMINDER = Reminder(
    uid="11111111-2222-5333-8444-555555555555",
    stamp=datetime(2026, 1, 15, 9, 30, tzinfo=UTC),
    day=date(2026, 10, 3),
    summary="Commander « Centre de santé » ; jeu, de six" + " é€😀" * 40,
    description="Une ligne\nUne autre : a; b, c \\ d\n" + "é" * 300,
    url="https://esante.gouv.fr/documents/414",
    alarms=(timedelta(days=-7), timedelta(hours=9)),
)


def test_what_was_written_is_read_again() -> None:
    whole = Calendar.from_ical(calendar([REMINDER], PRODUCT))
    (event,) = whole.events
    assert whole["version"] == "2.0"
    assert PRODUCT in whole["prodid"]
    assert event["uid"] == REMINDER.uid
    assert event["summary"] == REMINDER.summary
    assert event["description"] == REMINDER.description
    assert event["url"] == REMINDER.url
    assert event["transp"] == "TRANSPARENT"
    assert event["dtstamp"].dt == REMINDER.stamp
    alarms = [(a["action"], a["trigger"].dt, a["description"]) for a in event.walk("VALARM")]
    assert alarms == [("DISPLAY", moment, REMINDER.summary) for moment in REMINDER.alarms]


def test_a_whole_day() -> None:
    (event,) = Calendar.from_ical(calendar([REMINDER], PRODUCT)).events
    assert type(event["dtstart"].dt) is date
    assert (event["dtstart"].dt, event["dtend"].dt) == (date(2026, 10, 3), date(2026, 10, 4))
    text = calendar([REMINDER], PRODUCT).decode()
    assert "DTSTART;VALUE=DATE:20261003\r\n" in text
    assert "DTSTAMP:20260115T093000Z\r\n" in text


def test_the_last_day_of_all() -> None:
    last = replace(REMINDER, day=date.max)
    (event,) = Calendar.from_ical(calendar([last], PRODUCT)).events
    assert event["dtstart"].dt == date.max
    assert "dtend" not in event


def test_lines_are_ended_and_folded_as_the_rfc_wants() -> None:
    content = calendar([REMINDER, replace(REMINDER, uid="other")], PRODUCT)
    lines = check_lines(content)
    assert [line for line in lines if line.startswith("BEGIN")] == [
        "BEGIN:VCALENDAR",
        *["BEGIN:VEVENT", "BEGIN:VALARM", "BEGIN:VALARM"] * 2,
    ]


@pytest.mark.parametrize(
    "wrong",
    [b"BEGIN:VCALENDAR\nEND:VCALENDAR\r\n", b"X:" + b"a" * 74 + b"\r\n", b"X:a", b"\r\n", b"a\r\n"],
)
def test_the_check_of_lines_can_fail(wrong: bytes) -> None:
    with pytest.raises(AssertionError):
        check_lines(wrong)


def test_the_same_reminders_make_the_same_file() -> None:
    assert calendar([REMINDER], PRODUCT) == calendar([REMINDER], PRODUCT)


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "set.ics"
    save([REMINDER], PRODUCT, path)
    save([REMINDER], PRODUCT, path)
    assert path.read_bytes() == calendar([REMINDER], PRODUCT)
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        save([REMINDER], PRODUCT, tmp_path / "nowhere" / "set.ics")
