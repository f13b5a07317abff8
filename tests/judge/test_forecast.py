"""Until when a set can be used: which cards count, which day it is, and its borders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from cpx_tool.judge.forecast import DEFAULT_LEAD, forecast
from cpx_tool.judge.judge import judge
from cpx_tool.model.cardset import CardSet
from cpx_tool.model.eligibility import Cause
from cpx_tool.model.forecast import Forecast
from cpx_tool.model.observation import Observation
from support.build import NOW, PEOPLE, card, emulated, observation, with_card, without_cards
from support.certificates import ISSUER

DOCTOR, NURSE = "medecin-generaliste", "infirmier"
END = datetime(2027, 1, 1, tzinfo=UTC)
"""When all good cards end."""
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
Told = Callable[..., Forecast]


@pytest.fixture
def told(good: Observation, card_set: CardSet, key: rsa.RSAPrivateKey) -> Told:
    """The forecast of the good set with one role's certificates changed."""

    def make(role: str = DOCTOR, lead: timedelta = DEFAULT_LEAD, **changes: Any) -> Forecast:
        who = replace(PEOPLE[role], **changes)
        seen = with_card(good, role, lambda found: card(key, who, found.slot.id))
        return judge(seen, card_set, lead=lead).forecast

    return make


def number(role: str) -> str:
    return PEOPLE[role].card_number


def test_a_good_set(told: Told) -> None:
    found = told()
    assert (found.usable_until, found.days_left) == (END, (END - NOW).days)
    assert found.first == tuple(number(role) for role in PEOPLE)
    assert (found.complete, found.over, found.reorder_now) == (True, False, False)
    assert found.reorder_by == date(2026, 10, 3)
    assert [c.lost for c in found.cards] == [None] * 6


def test_the_first_card_to_end_decides(told: Told) -> None:
    found = told(not_after=NOW + 200 * DAY)
    assert (found.usable_until, found.days_left) == (NOW + 200 * DAY, 200)
    assert found.first == (number(DOCTOR),)
    assert {c.days_left for c in found.cards if c.key != number(DOCTOR)} == {(END - NOW).days}


def test_cards_that_end_on_one_day_are_first_together(told: Told) -> None:
    same_day = told(not_after=END + timedelta(hours=23, minutes=59))
    assert len(same_day.first) == 6
    assert same_day.usable_until == END
    assert len(told(not_after=END + DAY).first) == 5
    assert told(not_after=END - SECOND).first == (number(DOCTOR),)


@pytest.mark.parametrize(
    ("lead", "day", "now"),
    [
        (0, date(2027, 1, 1), False),
        (90, date(2026, 10, 3), False),
        (350, date(2026, 1, 16), False),
        (351, date(2026, 1, 15), True),
        (352, date(2026, 1, 14), True),
    ],
)
def test_the_day_to_order(told: Told, lead: int, day: date, now: bool) -> None:
    found = told(lead=timedelta(days=lead))
    assert (found.reorder_by, found.reorder_now) == (day, now)
    assert found.lead.days == lead


def test_the_day_is_that_of_utc(told: Told) -> None:
    found = told(lead=timedelta(days=351))
    assert found.reorder_now
    day_before = datetime.fromisoformat("2026-01-15T00:30:00+14:00")
    assert not replace(found, at=day_before).reorder_now


def test_an_expired_card(told: Told) -> None:
    found = told(not_after=NOW - 3 * DAY)
    assert (found.usable_until, found.days_left) == (NOW - 3 * DAY, 0)
    assert (found.complete, found.over, found.reorder_now) == (False, True, True)
    assert found.first == (number(DOCTOR),)
    assert [c.lost for c in found.cards if c.key == number(DOCTOR)] == [Cause.EXPIRED]


def test_the_very_second_of_its_end(told: Told) -> None:
    at = told(not_after=NOW)
    assert (at.over, at.complete, at.days_left) == (False, True, 0)
    after = told(not_after=NOW - SECOND)
    assert (after.over, after.complete, after.days_left) == (True, False, 0)


def test_a_card_that_is_not_yet_valid(told: Told) -> None:
    found = told(not_before=NOW + DAY, not_after=NOW + 100 * DAY)
    assert (found.complete, found.over, found.reorder_now) == (False, False, False)
    assert found.usable_until == NOW + 100 * DAY


def test_a_card_that_is_not_there(good: Observation, card_set: CardSet) -> None:
    found = judge(without_cards(good, NURSE), card_set).forecast
    assert [role.role for role in found.missing] == [NURSE]
    assert (found.complete, found.reorder_now, len(found.cards)) == (False, False, 5)
    assert found.usable_until == END


def test_a_revoked_card_is_lost_whatever_its_date(
    good: Observation, card_set: CardSet, key: rsa.RSAPrivateKey
) -> None:
    seen = with_card(
        emulated(good, key, 99),
        DOCTOR,
        lambda f: card(key, replace(PEOPLE[DOCTOR], serial=99, not_after=NOW + DAY), f.slot.id),
    )
    found = judge(seen, card_set).forecast
    assert (found.complete, found.over, found.reorder_now) == (False, False, True)
    assert (found.usable_until, found.reorder_by) == (END, NOW.date())


def test_a_set_of_revoked_cards_only_is_to_be_ordered_now(
    good: Observation, card_set: CardSet, key: rsa.RSAPrivateKey
) -> None:
    seen = with_card(
        emulated(good, key, 99),
        DOCTOR,
        lambda f: card(key, replace(PEOPLE[DOCTOR], serial=99), f.slot.id),
    )
    others = (role for role in PEOPLE if role != DOCTOR)
    found = judge(without_cards(seen, *others), card_set).forecast
    assert (found.usable_until, found.reorder_by, found.reorder_now) == (None, NOW.date(), True)


@pytest.mark.parametrize("changes", [{"category": 0}, {"issuer": ISSUER[:-1]}])
def test_a_card_that_is_no_test_card_has_no_say_in_the_dates(
    told: Told, changes: dict[str, Any]
) -> None:
    found = told(not_after=NOW + DAY, **changes)
    assert (found.complete, found.usable_until) == (False, END)
    assert found.reorder_now is False


def test_cards_without_a_place_do_not_count(
    good: Observation, card_set: CardSet, key: rsa.RSAPrivateKey
) -> None:
    soon = {"not_after": NOW + DAY}
    others = (
        replace(PEOPLE[DOCTOR], profession=26, title="Audioprothésiste", card_number="3100000071"),
        replace(PEOPLE[DOCTOR], card_number="3100000099"),
        PEOPLE[DOCTOR],
    )
    more = [card(key, replace(who, **soon), 9 + n) for n, who in enumerate(others)]
    found = judge(emulated(observation(*good.cards, *more), key), card_set).forecast
    assert (found.complete, found.usable_until, len(found.cards)) == (True, END, 6)


def test_no_card(good: Observation, card_set: CardSet) -> None:
    found = judge(without_cards(good, *PEOPLE), card_set).forecast
    assert (found.usable_until, found.days_left, found.reorder_by) == (None, None, None)
    assert (found.complete, found.over, found.reorder_now) == (False, False, False)
    assert len(found.missing) == 6


def test_dates_at_the_edges_of_the_calendar(
    good: Observation, card_set: CardSet, told: Told
) -> None:
    (doctor,) = (c for c in judge(good, card_set).cards if c.key == number(DOCTOR))
    ancient = replace(doctor, not_after=datetime(1, 2, 1, tzinfo=UTC))
    assert forecast([ancient], (), NOW).reorder_by == date.min
    last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert forecast([replace(doctor, not_after=last)], (), NOW).reorder_by == date(9999, 10, 2)


def test_the_verdict_is_not_touched(told: Told, good: Observation, card_set: CardSet) -> None:
    verdicts = {judge(good, card_set, lead=n * DAY).verdict for n in (0, 90, 3650)}
    assert len(verdicts) == 1
