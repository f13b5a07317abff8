"""The forecast as calendar entries: which days, the same entry twice, no names and no PIN."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from cpx_tool.catalogue.sets import find_set
from cpx_tool.i18n import say
from cpx_tool.judge.judge import judge
from cpx_tool.model.calendar import Reminder
from cpx_tool.model.cardset import CardSet
from cpx_tool.model.finding import Checklist
from cpx_tool.model.message import Message
from cpx_tool.model.observation import Observation
from cpx_tool.report.reminders import reminders
from support.build import NOW, PEOPLE, card, emulated, with_card, without_cards

Judged = Callable[[Observation], Checklist]
Say = Callable[[Message], str]
DOCTOR = "medecin-generaliste"
DAY = timedelta(days=1)


@pytest.fixture
def good(good: Observation) -> Observation:
    """The good set as if its cards were real."""
    return replace(good, emulated=False)


@pytest.fixture
def card_set() -> CardSet:
    return find_set("centre-sante")


@pytest.fixture
def changed(good: Observation, key: rsa.RSAPrivateKey) -> Callable[..., Observation]:
    """The good set with the médecin's card changed."""

    def make(**changes: Any) -> Observation:
        who = replace(PEOPLE[DOCTOR], **changes)
        return with_card(good, DOCTOR, lambda found: card(key, who, found.slot.id))

    return make


def both(checklist: Checklist, speak: Say = say) -> tuple[Reminder, Reminder]:
    order, end = reminders(checklist, speak)
    return order, end


def test_one_day_to_order_and_one_day_of_the_end(good: Observation, judged: Judged) -> None:
    order, end = both(judged(good))
    assert (order.day, end.day) == (date(2026, 10, 3), date(2027, 1, 1))
    assert order.summary == "Order the test cards “Centre de santé” again"
    assert end.summary == "The test cards “Centre de santé” stop being usable"
    assert order.stamp == end.stamp == NOW
    assert order.alarms
    assert end.alarms


def test_what_to_do_stands_in_it(good: Observation, judged: Judged) -> None:
    for reminder in both(judged(good)):
        lines = reminder.description.split("\n")
        assert lines[0].startswith("The cards of the set can be used until 2027-01-01;")
        for words in (
            "https://esante.gouv.fr/documents/414",
            "monserviceclient.developpement@esante.gouv.fr",
            "Part 3.2: write 1 for the set “Centre de santé” in the column IGC-Santé.",
            "90 days ahead are our assumption",
        ):
            assert words in reminder.description
        assert reminder.url == "https://esante.gouv.fr/documents/414"


def test_a_set_of_ones_own_is_not_on_the_form(
    good: Observation, judged: Judged, card_set: CardSet
) -> None:
    own = judge(good, replace(card_set, title="Ours", igc=()))
    text = both(own)[0].description
    assert "write 1 for the set that these cards came in" in text
    assert "“Ours”" not in text


def test_a_second_import_replaces_the_first(good: Observation, judged: Judged) -> None:
    first = both(judged(good))
    later = replace(good, observed_at=NOW + 5 * DAY, run_id="f" * 16)
    second = both(judge(later, judged(good).card_set, lead=30 * DAY))
    assert [r.uid for r in first] == [r.uid for r in second]
    assert first[0].uid != first[1].uid
    assert first[0].day != second[0].day


def test_another_end_other_cards_or_another_set_are_other_entries(
    good: Observation, judged: Judged, changed: Callable[..., Observation], card_set: CardSet
) -> None:
    uids = [r.uid for r in both(judged(good))]
    others = (
        judged(changed(not_after=NOW + 100 * DAY)),
        judged(changed(card_number="3100000099")),
        judge(good, replace(card_set, name="other")),
    )
    for other in others:
        assert not {r.uid for r in both(other)} & set(uids)


def test_the_order_of_the_readers_does_not_count(good: Observation, judged: Judged) -> None:
    backwards = replace(good, cards=good.cards[::-1])
    assert [r.uid for r in both(judged(backwards))] == [r.uid for r in both(judged(good))]


def test_what_is_late_stands_on_the_day_of_the_observation(
    changed: Callable[..., Observation], judged: Judged
) -> None:
    order, end = both(judged(changed(not_after=NOW - 40 * DAY)))
    assert order.day == NOW.date()
    assert end.day == (NOW - 40 * DAY).date()
    assert "not complete now: 1 expired" in order.description


def revoked(seen: Observation, key: rsa.RSAPrivateKey) -> Observation:
    """The observation with the médecin's card revoked."""
    who = replace(PEOPLE[DOCTOR], serial=99)
    return with_card(emulated(seen, key, 99), DOCTOR, lambda f: card(key, who, f.slot.id))


def test_a_revoked_card_is_to_be_ordered_on_the_day_of_the_observation(
    good: Observation, judged: Judged, key: rsa.RSAPrivateKey
) -> None:
    order, end = both(judged(revoked(good, key)))
    assert (order.day, end.day) == (NOW.date(), date(2027, 1, 1))
    for reminder in (order, end):
        assert "The set is not complete now: 1 not usable.\nIts other cards end on 2027-01-01;" in (
            reminder.description
        )
        assert "can be used until" not in reminder.description
    assert "After that day these cards are refused too" in end.description


def test_without_a_date_there_may_still_be_something_to_order(
    good: Observation, judged: Judged, key: rsa.RSAPrivateKey
) -> None:
    others = (role for role in PEOPLE if role != DOCTOR)
    (order,) = reminders(judged(without_cards(revoked(good, key), *others)), say)
    assert order.day == NOW.date()
    assert "end on" not in order.description


def test_the_stamp_and_the_days_are_those_of_utc(good: Observation, judged: Judged) -> None:
    elsewhere = datetime.fromisoformat("2026-12-01T00:30:00+14:00")
    order, _ = both(judged(replace(good, observed_at=elsewhere)))
    assert order.stamp == datetime(2026, 11, 30, 10, 30, tzinfo=UTC)
    assert order.stamp.utcoffset() == timedelta(0)
    assert order.day == date(2026, 11, 30)


def test_emulated_cards_are_said_to_be(good: Observation, judged: Judged) -> None:
    for reminder in both(judged(replace(good, emulated=True))):
        assert reminder.summary.startswith("EMULATED CARDS: ")
        assert reminder.description.startswith("EMULATED CARDS: nothing here")
    assert "EMULATED" not in "".join(r.summary + r.description for r in both(judged(good)))


def test_no_dates_no_entry(good: Observation, judged: Judged) -> None:
    assert reminders(judged(without_cards(good, *PEOPLE)), say) == ()


def test_card_numbers_only(good: Observation, judged: Judged) -> None:
    text = "".join(r.summary + r.description + r.uid for r in both(judged(good)))
    assert PEOPLE[DOCTOR].card_number in text
    for person in PEOPLE.values():
        for secret in (person.surname, person.common_name):
            assert secret
            assert secret not in text
    assert "1234" not in text


def test_in_the_language_of_the_user(good: Observation, judged: Judged, shout: Say) -> None:
    order, _ = both(judged(good), shout)
    assert order.summary == "ORDER THE TEST CARDS “CENTRE DE SANTÉ” AGAIN"
    assert "PART 3.2" in order.description


def test_no_control_character_gets_in(good: Observation, card_set: CardSet) -> None:
    odd = replace(card_set, title="A\r\nBEGIN:VALARM\x00B")
    order, end = both(judge(good, odd))
    for text in (order.summary, end.summary, *order.description.split("\n")):
        assert text.isprintable()
