"""A check of one card after the other as values: no terminal, no reader, one reading at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from cpx_tool.i18n import say
from cpx_tool.judge import drawer_run
from cpx_tool.judge.collecting import Act
from cpx_tool.judge.drawer_run import DrawerRun
from cpx_tool.judge.insertion import emptied, inserted
from cpx_tool.judge.judge import judge
from cpx_tool.model.cardset import CardSet
from cpx_tool.model.drawer import CheckNews
from cpx_tool.model.fault import Fault, FaultKind
from cpx_tool.model.finding import CardResult, Verdict
from cpx_tool.model.middleware import Middleware, System
from cpx_tool.model.observation import (
    CardObservation,
    Observation,
    PinRecord,
    PinRefusal,
    PinResult,
)
from cpx_tool.model.reader import Pcsc, PcscStatus, Reader, ReaderState
from support.build import CPS4_ATR, NOW, PEOPLE, card, card_of, emulated, no_login, observation

Show = Callable[..., CardObservation]
DOCTOR, DENTIST, NURSE = "medecin-generaliste", "chirurgien-dentiste", "infirmier"
NUMBER = {role: person.card_number for role, person in PEOPLE.items()}
PULLED = Fault(FaultKind.ERROR, "C_Sign", "CKR_DEVICE_REMOVED")
REFUSED = PinRecord(PinResult.REFUSED, PinRefusal.ALREADY_TRIED)


@pytest.fixture(scope="session")
def show(key: rsa.RSAPrivateKey) -> Show:
    """A card of that role's person, changed, in the one reader there is; the same each time."""

    @cache
    def make(role: str, **changes: Any) -> CardObservation:
        return card(key, replace(PEOPLE[role], **changes))

    return make


@pytest.fixture
def start(card_set: CardSet) -> DrawerRun:
    return DrawerRun(card_set)


@pytest.fixture(scope="session")
def pulled(show: Show) -> CardObservation:
    """The doctor's card, taken out while its first key signed."""
    whole = show(DOCTOR)
    return replace(whole, signatures=(replace(whole.signatures[0], signature=b"", fault=PULLED),))


def put(run: DrawerRun, *cards: CardObservation) -> DrawerRun:
    return drawer_run.put(run, observation(*cards))


def hear(run: DrawerRun, *lines: str) -> DrawerRun:
    for line in lines:
        run = drawer_run.hear(run, line).run
    return run


def step(run: DrawerRun) -> int | None:
    """Which card of the set is asked for."""
    asked = drawer_run.prompt(run)
    return asked and asked.number


def expected(run: DrawerRun) -> list[tuple[int, tuple[str, ...]]]:
    asked = drawer_run.prompt(run)
    assert asked is not None
    return [(group.count, tuple(role.role for role in group.roles)) for group in asked.awaited]


def news_of(run: DrawerRun, seen: Observation, into: frozenset[str] | None = None) -> CheckNews:
    return drawer_run.news(run, drawer_run.put(run, seen), seen, into)


def judged(run: DrawerRun) -> Verdict:
    assert run.observation is not None
    return judge(run.observation, run.card_set).verdict


# --- one card after the other -----------------------------------------------------------------


def test_cards_are_asked_for_until_the_set_is_there(start: DrawerRun, good: Observation) -> None:
    run = start
    for number, role in enumerate(PEOPLE, start=1):
        assert step(run) == number
        seen = replace(good, cards=(card_of(good, role),))
        told = news_of(run, seen)
        assert [c.key for c in told.judged] == [NUMBER[role]]
        assert told.judged[0].result in (CardResult.PASSED, CardResult.INTERCHANGEABLE)
        run = drawer_run.put(run, seen)
    assert drawer_run.prompt(run) is None
    assert drawer_run.is_complete(run)
    assert judged(run) is judge(good, run.card_set).verdict is Verdict.PASSED


def test_cards_that_look_alike_are_expected_together(start: DrawerRun, show: Show) -> None:
    staff = ("cde-directeur", "cpe-employe", "cpe-employe-delegue")
    assert (2, staff) in expected(put(start, show(staff[1])))


def test_the_same_card_twice_counts_once(start: DrawerRun, show: Show) -> None:
    run = put(start, show(DOCTOR))
    again = observation(show(DOCTOR))
    told = news_of(run, again)
    assert ([c.key for c in told.again], told.judged, told.unfinished) == ([NUMBER[DOCTOR]], (), ())
    assert drawer_run.put(run, again).steps == run.steps


def test_what_stays_in_another_reader_is_no_news(start: DrawerRun, show: Show) -> None:
    run = put(start, show(DOCTOR))
    other = replace(show(DENTIST), reader="Reader 07")
    both = observation(show(DOCTOR), other)
    assert [c.key for c in news_of(run, both).judged] == [NUMBER[DENTIST]]
    mute = replace(both.pcsc, readers=(Reader("Reader 07", ReaderState.MUTE),))
    told = news_of(run, replace(both, cards=(show(DOCTOR),), pcsc=mute), frozenset({"Reader 07"}))
    assert (told.again, told.judged) == ((), ())
    assert "Reader 07 (mute card)" in say(told.hindrances[0][0])


def test_a_card_that_only_resembles_a_role_leaves_it_open(
    card_set: CardSet, show: Show, good: Observation
) -> None:
    """A set of one's own knows the card's number: this is the neighbour's."""
    roles = tuple(replace(role, card_number=NUMBER[role.role]) for role in card_set.cards)
    run = put(DrawerRun(replace(card_set, cards=roles)), show(DOCTOR, card_number="3100000099"))
    assert step(run) == 1
    run = put(run, show(DOCTOR))
    assert step(run) == 2
    assert judged(drawer_run.put(run, good)) is Verdict.FAILED


def test_a_foreign_card_is_told_and_can_be_taken_back(start: DrawerRun, show: Show) -> None:
    foreign = observation(show(DOCTOR, profession=21, title="Pharmacien"))
    (found,) = news_of(start, foreign).judged
    assert (found.expected, found.result) == (None, CardResult.FAILED)
    run = drawer_run.put(start, foreign)
    assert step(run) == 1
    assert hear(run, "b").cards == ()


def test_an_emulations_authority_is_remembered(
    start: DrawerRun, good: Observation, key: rsa.RSAPrivateKey, show: Show
) -> None:
    """What was at hand for one reading counts for its cards, whatever the next one brings."""
    first = emulated(observation(show(DOCTOR)), key)
    second = replace(emulated(observation(show(NURSE)), key), trust=good.trust)
    run = drawer_run.put(drawer_run.put(start, first), second)
    assert run.observation is not None
    assert set(first.trust.crls) <= set(run.observation.trust.crls)


def test_a_card_in_two_slots_is_judged_as_in_one_reading(start: DrawerRun, show: Show) -> None:
    first, second = show(DOCTOR), replace(no_login(show(DOCTOR), REFUSED), reader="Reader 01")
    both = observation(first, second)
    told = news_of(start, both)
    assert ([c.result for c in told.judged][:1], told.unfinished) == ([CardResult.PASSED], ())
    run = drawer_run.put(start, both)
    assert (step(run), run.cards) == (2, (first, second))
    assert drawer_run.put(run, both).cards == (first, second)


# --- real cards -------------------------------------------------------------------------------


def test_a_real_card_is_told_each_time_and_fills_no_role(start: DrawerRun, show: Show) -> None:
    real = observation(show(NURSE, category=0x00))
    run = start
    for _ in range(2):
        told = news_of(run, real, frozenset())
        assert [r.card.key for r in told.real] == [NUMBER[NURSE]]
        assert (told.judged, told.again) == ((), ())
        run = drawer_run.put(run, real)
        assert step(run) == 1
    assert judged(run) is Verdict.FAILED
    assert drawer_run.to_keep(run) is None
    assert judged(hear(run, "b")) is Verdict.INCOMPLETE


# --- pulled, mute, swapped --------------------------------------------------------------------


def test_a_card_pulled_too_early_is_awaited_again(
    start: DrawerRun, show: Show, pulled: CardObservation
) -> None:
    ((found, reason),) = news_of(start, observation(pulled)).unfinished
    assert (found.key, say(reason)) == (NUMBER[DOCTOR], "It was taken out too early.")
    run = put(start, pulled)
    assert (step(run), run.whole) == (1, ())
    again = put(run, show(DOCTOR))
    assert (step(again), again.steps) == (2, ((show(DOCTOR),),))


def test_of_two_readings_the_one_that_shows_more_counts(
    start: DrawerRun, show: Show, pulled: CardObservation
) -> None:
    """Its PIN is not tried a second time: what the first reading brought stays."""
    refused = no_login(show(DOCTOR), REFUSED)
    run = put(put(start, pulled), refused)
    assert run.cards == (pulled,)
    assert step(run) == 1
    ((_, reason),) = news_of(put(start, pulled), observation(refused)).unfinished
    assert say(reason) == "Its PIN was tried before in this run."
    assert put(put(start, show(DOCTOR)), pulled).cards == (show(DOCTOR),)


def test_a_card_that_could_not_be_read_at_all_is_of_the_last_reading_only(
    start: DrawerRun, show: Show
) -> None:
    gone = Fault(FaultKind.ERROR, "C_OpenSession", "CKR_TOKEN_NOT_PRESENT")
    whole = show(DOCTOR)
    unread = CardObservation(whole.slot, whole.reader, None, faults=(gone,))
    assert len(news_of(start, observation(unread)).unfinished) == 1
    run = put(start, unread)
    assert (step(run), run.cards) == (1, (unread,))
    assert put(run, whole).cards == (whole,)


@pytest.mark.parametrize("where", ["gate", "login"])
def test_a_card_swapped_before_the_login(start: DrawerRun, show: Show, where: str) -> None:
    changed = Fault(FaultKind.ERROR, "C_GetTokenInfo", "card-changed")
    pin = PinRecord(PinResult.REFUSED, PinRefusal.STATE_UNKNOWN)
    swapped = (
        replace(no_login(show(DOCTOR), pin), faults=(changed,))
        if where == "gate"
        else no_login(show(DOCTOR), replace(pin, fault=changed))
    )
    ((_, reason),) = news_of(start, observation(swapped)).unfinished
    assert say(reason) == "Another card was put in while this one was being read."
    assert swapped.pulled
    assert step(put(start, swapped)) == 1


def test_what_the_card_answers_is_a_result(start: DrawerRun, show: Show) -> None:
    """A key that never signs, as with OpenSC, a wrong PIN: another reading shows no more."""
    whole = show(DOCTOR)
    never = Fault(FaultKind.ERROR, "C_SignInit", "CKR_FUNCTION_NOT_SUPPORTED")
    mute_key = replace(
        whole, signatures=(replace(whole.signatures[1], signature=b"", fault=never),)
    )
    fault = Fault(FaultKind.ERROR, "C_Login", "CKR_PIN_INCORRECT")
    wrong = no_login(whole, PinRecord(PinResult.WRONG, fault=fault))
    for found in (mute_key, wrong):
        assert step(put(start, found)) == 2
        assert [c.result for c in news_of(start, observation(found)).judged] == [CardResult.FAILED]


def test_a_module_that_crashed_shows_nothing(start: DrawerRun, show: Show) -> None:
    crash = Fault(FaultKind.CRASH, "C_Sign", "SIGSEGV")
    whole = show(DOCTOR)
    run = put(start, replace(whole, signatures=(replace(whole.signatures[0], fault=crash),)))
    assert step(run) == 1


@pytest.mark.parametrize(
    ("fault", "pulled"),
    [
        (Fault(FaultKind.CRASH, "C_Login", "SIGSEGV"), False),
        (Fault(FaultKind.HANG, "C_Login", "20 s"), False),
        (Fault(FaultKind.EXCESS, "C_Login", "300 MiB"), False),
        (Fault(FaultKind.ERROR, "C_Login", "CKR_DEVICE_REMOVED"), True),
    ],
)
def test_a_login_that_nobody_answered(
    start: DrawerRun, show: Show, fault: Fault, pulled: bool
) -> None:
    """Nothing is known of the PIN: the card is awaited again, and nothing of it is kept."""
    cut = no_login(show(DOCTOR), PinRecord(PinResult.FAILED, fault=fault))
    run = put(start, cut)
    assert (cut.whole, cut.pulled, step(run)) == (False, pulled, 1)
    assert len(news_of(start, observation(cut)).unfinished) == 1
    assert drawer_run.to_keep(run) is None
    answered = PinRecord(PinResult.FAILED, fault=replace(PULLED, code="CKR_FUNCTION_FAILED"))
    assert no_login(show(DOCTOR), answered).whole


def test_the_mute_card_alone_in_its_reader(start: DrawerRun) -> None:
    upside_down = Pcsc(PcscStatus.OK, (Reader("Reader 00", ReaderState.MUTE),))
    ((reason, hint),) = news_of(start, replace(observation(), pcsc=upside_down)).hindrances
    assert "Reader 00 (mute card)" in say(reason)
    assert "chip first and facing up" in say(hint)


def test_empty_readers_are_no_news(start: DrawerRun) -> None:
    empty = Pcsc(PcscStatus.OK, (Reader("Reader 00", ReaderState.EMPTY),))
    assert news_of(start, replace(observation(), pcsc=empty)) == CheckNews()


# --- what is typed ----------------------------------------------------------------------------


def test_skip_back_and_stop(start: DrawerRun, show: Show) -> None:
    run = put(start, show(DOCTOR))
    assert step(hear(run, "s")) == 3
    assert step(hear(run, " S ", "b")) == 2
    heard = drawer_run.hear(run, "b")
    assert heard.remark is not None
    assert say(heard.remark) == f"Taken back: {NUMBER[DOCTOR]}."
    assert (step(heard.run), heard.run.cards) == (1, ())
    assert drawer_run.hear(run, "q").act is Act.STOP
    assert drawer_run.hear(run, "").act is Act.READ
    nothing = drawer_run.hear(start, "b")
    assert (nothing.act, nothing.run) == (Act.GO_ON, start)
    assert nothing.remark is not None


def test_skipping_says_that_no_certain_card_is_meant(start: DrawerRun, show: Show) -> None:
    remark = drawer_run.hear(put(start, show(DOCTOR)), "s").remark
    assert remark is not None
    assert say(remark) == "One card less is awaited, whichever does not come."


def test_a_skipped_card_is_not_complete(start: DrawerRun, good: Observation) -> None:
    run = drawer_run.put(start, replace(good, cards=good.cards[:5]))
    assert drawer_run.prompt(hear(run, "s")) is None
    assert not drawer_run.is_complete(hear(run, "s"))


def test_a_card_taken_back_needs_no_second_login(start: DrawerRun, show: Show) -> None:
    run = hear(put(start, show(DOCTOR)), "b")
    assert run.whole == (show(DOCTOR),)
    back = put(run, show(DOCTOR))
    assert (back.cards, back.aside) == ((show(DOCTOR),), ())


@pytest.mark.parametrize("word", ["w", "quit", "x", "é", "\ufffd"])
def test_what_means_nothing_changes_nothing(start: DrawerRun, word: str) -> None:
    heard = drawer_run.hear(start, word)
    assert (heard.run, heard.act) == (start, Act.GO_ON)
    assert heard.remark is not None
    assert word in say(heard.remark)


# --- the readers ------------------------------------------------------------------------------


def readers(**states: tuple[ReaderState, str]) -> Pcsc:
    return Pcsc(PcscStatus.OK, tuple(Reader(n, s, atr) for n, (s, atr) in states.items()))


EMPTY, MUTE = (ReaderState.EMPTY, ""), (ReaderState.MUTE, "")
CARD, OTHER = (ReaderState.CARD_PRESENT, CPS4_ATR), (ReaderState.CARD_PRESENT, "3B00")
IN_USE = (ReaderState.IN_USE, CPS4_ATR)


@pytest.mark.parametrize(
    ("before", "after", "into"),
    [
        (readers(a=EMPTY), readers(a=CARD), {"a"}),
        (readers(a=EMPTY), readers(a=MUTE), {"a"}),
        (readers(a=MUTE), readers(a=CARD), {"a"}),
        (readers(a=CARD), readers(a=OTHER), {"a"}),
        (readers(a=CARD, b=EMPTY), readers(a=CARD, b=CARD), {"b"}),
        (readers(), readers(a=CARD), {"a"}),
        (readers(a=CARD), readers(a=EMPTY), set()),
        (readers(a=CARD), readers(a=IN_USE), set()),
        (readers(a=CARD), Pcsc(PcscStatus.NO_SERVICE), set()),
    ],
)
def test_which_readers_got_a_card(before: Pcsc, after: Pcsc, into: set[str]) -> None:
    assert inserted(before, after) == into


def test_a_card_put_in_while_another_was_read() -> None:
    """PC/SC shows no difference between two cards of one kind."""
    look = readers(a=CARD, b=CARD)
    assert inserted(emptied(look, ["a", None]), look) == {"a"}


# --- after an interruption --------------------------------------------------------------------


def resume(run: DrawerRun, *, logs_in: bool = True) -> DrawerRun:
    """What a run makes of what the other one kept."""
    kept = drawer_run.to_keep(run)
    assert kept is not None
    return drawer_run.resumed(run.card_set, kept, logs_in=logs_in)


def test_a_resumed_run_goes_on_where_the_other_stopped(
    start: DrawerRun, show: Show, pulled: CardObservation
) -> None:
    real = show(DENTIST, category=0x00)
    again = resume(put(put(put(start, show(NURSE)), pulled), real))
    assert again.whole == (replace(show(NURSE), observed_at=NOW),)
    assert step(again) == 2
    assert hear(again, "b").cards == ()


def test_each_card_tells_when_it_was_read(start: DrawerRun, show: Show) -> None:
    """Over any number of interruptions; what is kept is as old as its oldest card."""
    days = [NOW, NOW + timedelta(days=2), NOW + timedelta(days=3)]
    seen = [
        replace(observation(show(r)), observed_at=d) for r, d in zip(PEOPLE, days, strict=False)
    ]
    first = drawer_run.put(start, seen[0])
    second = drawer_run.put(resume(first), seen[1])
    assert [card.observed_at for card in second.cards] == [NOW, None]
    third = drawer_run.put(resume(second), seen[2])
    assert [card.observed_at for card in third.cards] == [NOW, days[1], None]
    kept = drawer_run.to_keep(third)
    assert kept is not None
    assert (kept.observed_at, kept.interrupted) == (NOW, True)
    assert third.observation is not None
    assert third.observation.observed_at == days[2]


def test_only_what_is_proven_a_test_card_is_kept(start: DrawerRun, show: Show) -> None:
    unknown = show(DENTIST, category=0x07)
    kept = drawer_run.to_keep(put(put(start, show(NURSE)), unknown))
    assert kept is not None
    assert [card.reader for card in kept.cards] == [show(NURSE).reader]
    assert [card.certificates for card in kept.cards] == [show(NURSE).certificates]


@pytest.mark.parametrize("refusal", [PinRefusal.NOT_ASKED, PinRefusal.UNATTENDED])
def test_a_run_that_logs_in_reads_again_what_was_read_without(
    start: DrawerRun, show: Show, refusal: PinRefusal
) -> None:
    read_only = no_login(show(NURSE), PinRecord(PinResult.REFUSED, refusal))
    run = put(start, read_only)
    assert resume(run).whole == ()
    assert resume(run, logs_in=False).whole == (replace(read_only, observed_at=NOW),)


OF_THE_CARD = {
    PinRefusal.NOT_PROVEN_TEST,
    PinRefusal.PRODUCTION,
    PinRefusal.LOCKED,
    PinRefusal.FINAL_TRY,
    PinRefusal.COUNT_LOW,
    PinRefusal.TO_BE_CHANGED,
    PinRefusal.NO_PIN_ON_CARD,
    PinRefusal.CONTACTLESS,
}


@pytest.mark.parametrize("refusal", PinRefusal)
def test_what_another_run_pin_or_ledger_may_open_is_read_again(
    start: DrawerRun, show: Show, refusal: PinRefusal
) -> None:
    refused = no_login(show(DOCTOR), PinRecord(PinResult.REFUSED, refusal))
    again = resume(put(put(start, show(NURSE)), refused))
    assert len(again.cards) == (2 if refusal in OF_THE_CARD else 1)


def test_emulated_cards_in_real_readers_are_awaited_one_after_the_other(
    start: DrawerRun, good: Observation
) -> None:
    emulation = replace(good, cards=good.cards[:2], emulated=True, middleware=None)
    assert drawer_run.is_complete(drawer_run.put(start, emulation))  # none can be added to it
    in_readers = replace(emulation, middleware=Middleware(System.LINUX, "64-bit x86_64"))
    assert not drawer_run.is_complete(drawer_run.put(start, in_readers))
