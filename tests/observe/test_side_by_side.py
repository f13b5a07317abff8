"""Cards walked side by side: nobody's result is lost, logins take turns, questions come home."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest

from cpx_tool.errors import BadInput, NothingToCheck
from cpx_tool.model.fault import CARD_TIME, INTERRUPTED, Fault, FaultKind
from cpx_tool.model.message import msg
from cpx_tool.model.observation import CardObservation, PinRefusal, PinResult
from cpx_tool.model.reader import Pcsc
from cpx_tool.model.token import (
    PrivateContents,
    PrivateKey,
    Seal,
    Slot,
    TokenContents,
    TokenFlag,
    TokenInfo,
)
from cpx_tool.observe.at_once import AtOnce
from cpx_tool.observe.pin_attempt import LoginMeans
from cpx_tool.observe.timed import TimedTokens
from cpx_tool.observe.walk import Module, Visit, Walk, WalkInterrupted
from cpx_tool.ports import Pin, PinOrigin, Step, TokenFault
from support.fakes import (
    FakeLedger,
    FakeOperator,
    FakePins,
    FakeProgress,
    FakeTokens,
    NoReaders,
    ckr,
)
from support.walks import NOW, MakeCertificate, card_numbered, login_means, module_of, walk_over

COUNT = 4
GONE = "CKR_DEVICE_REMOVED"
KEYS = PrivateContents((PrivateKey("CPS_PRIV_AUT", "20", 2048),), ())


@pytest.fixture(scope="module")
def contents(make_certificate: MakeCertificate) -> dict[int, TokenContents]:
    return {n: card_numbered(make_certificate, f"28002600{n:02}") for n in range(COUNT)}


@dataclass
class Bench:
    """The cards, and the processes of the module that were opened for them."""

    contents: dict[int, TokenContents]
    meet: threading.Barrier | None = None
    opened: list[FakeTokens] = field(default_factory=list)
    threads: dict[int, set[int]] = field(default_factory=dict)
    on_login: Callable[[int], None] = lambda _: None
    unable: bool = False

    def open(self) -> FakeTokens:
        tokens = _Process(dict(self.contents), private=KEYS, bench=self)
        self.opened.append(tokens)
        return tokens

    def walk(
        self,
        at_once: AtOnce,
        means: LoginMeans | None = None,
        progress: FakeProgress | None = None,
    ) -> tuple[CardObservation, ...]:
        module = Module("/fake.so", "option", self.open(), self.open, lambda _: at_once)
        means = means or login_means()
        _, cards = Walk(NoReaders(), module, means, progress or FakeProgress()).observe()
        return cards

    @property
    def logins(self) -> int:
        return sum(tokens.logins.total() for tokens in self.opened)


@dataclass
class _Process(FakeTokens):
    """One process of the module: remembers which threads drove it."""

    bench: Bench = field(kw_only=True)

    @property
    def generation(self) -> int:
        return id(self)

    def slots(self) -> tuple[Slot, ...]:
        if self.bench.unable and self is not self.bench.opened[0]:
            raise NothingToCheck(msg("no process"), msg("none"))
        return super().slots()

    def read(self, slot_id: int) -> TokenContents:
        self.bench.threads.setdefault(id(self), set()).add(threading.get_ident())
        if self.bench.meet is not None:
            self.bench.meet.wait(60)
        return super().read(slot_id)

    def login(self, slot_id: int, pin: Pin | None, expected: Seal) -> None:
        self.bench.on_login(slot_id)
        super().login(slot_id, pin, expected)


def test_every_card_is_walked_at_the_same_time_by_a_process_of_its_own(
    contents: dict[int, TokenContents],
) -> None:
    """The barrier opens only when all of them read at once."""
    bench = Bench(contents, meet=threading.Barrier(COUNT))
    progress = FakeProgress()
    cards = bench.walk(AtOnce(COUNT), progress=progress)
    assert [card.slot.id for card in cards] == list(range(COUNT))
    assert all(card.pin and card.pin.result is PinResult.ACCEPTED for card in cards)
    assert len(bench.opened) == COUNT
    assert all(len(threads) == 1 for threads in bench.threads.values())
    assert {n for n, step in progress.steps if step is Step.DONE} == set(range(COUNT))
    assert progress.ends == 1


def test_fewer_processes_than_cards_take_turns(contents: dict[int, TokenContents]) -> None:
    bench = Bench(contents)
    cards = bench.walk(AtOnce(2))
    assert len(bench.opened) == 2
    assert all(card.pin and card.pin.result is PinResult.ACCEPTED for card in cards)


def test_one_after_the_other_says_why(contents: dict[int, TokenContents]) -> None:
    bench, progress = Bench(contents), FakeProgress()
    bench.walk(AtOnce(1, msg("because")), progress=progress)
    assert progress.told == ["because"]
    assert len(bench.opened) == 1


def test_a_single_card_needs_no_reason(contents: dict[int, TokenContents]) -> None:
    bench, progress = Bench({0: contents[0]}), FakeProgress()
    bench.walk(AtOnce(1, msg("because")), progress=progress)
    assert progress.told == []


def test_processes_that_cannot_be_started_leave_their_cards_to_the_others(
    contents: dict[int, TokenContents],
) -> None:
    cards = Bench(contents, unable=True).walk(AtOnce(COUNT))
    assert all(card.pin and card.pin.result is PinResult.ACCEPTED for card in cards)


def test_a_given_pin_that_is_refused_costs_one_try_in_all(
    contents: dict[int, TokenContents],
) -> None:
    bench = Bench(contents, meet=threading.Barrier(COUNT))

    def wrong(_: int) -> None:
        raise TokenFault(ckr("CKR_PIN_INCORRECT"))

    given = login_means(FakePins(PinOrigin.GIVEN))
    attempts = []
    bench.on_login = lambda slot: (attempts.append(slot), wrong(slot))[0]
    cards = bench.walk(AtOnce(COUNT), given)
    assert len(attempts) == 1
    results = [card.pin.result for card in cards if card.pin]
    refusals = [card.pin.refusal for card in cards if card.pin]
    assert results.count(PinResult.WRONG) == 1
    assert refusals.count(PinRefusal.REFUSED_ELSEWHERE) == COUNT - 1


def test_two_logins_are_never_under_way_together(contents: dict[int, TokenContents]) -> None:
    inside: list[int] = []
    most: list[int] = []

    def note(slot: int) -> None:
        inside.append(slot)
        most.append(len(inside))
        threading.Event().wait(0.01)
        inside.remove(slot)

    bench = Bench(contents, meet=threading.Barrier(COUNT), on_login=note)
    bench.walk(AtOnce(COUNT))
    assert most == [1] * COUNT


def test_questions_are_asked_in_the_main_thread_while_nothing_is_shown(
    contents: dict[int, TokenContents],
) -> None:
    asked_in: list[int] = []

    class Pins(FakePins):
        def pin(self) -> Pin:
            asked_in.append(threading.get_ident())
            return super().pin()

    class Operator(FakeOperator):
        def confirms(self, card: str, failed_at: datetime) -> bool:
            asked_in.append(threading.get_ident())
            return super().confirms(card, failed_at)

    ledger = FakeLedger({"2800260001": NOW})
    progress = FakeProgress()
    means = login_means(Pins(), ledger, Operator())
    cards = Bench(contents).walk(AtOnce(COUNT), means, progress)
    assert all(card.pin and card.pin.result is PinResult.ACCEPTED for card in cards)
    assert set(asked_in) == {threading.get_ident()}
    assert progress.held == len(asked_in) == COUNT + 1


def test_an_error_of_a_question_ends_the_run(contents: dict[int, TokenContents]) -> None:
    class Nobody(FakePins):
        def pin(self) -> Pin:
            raise BadInput(msg("No PIN was typed."), msg("Type one."))

    means = login_means(Nobody())
    with pytest.raises(BadInput, match="No PIN was typed"):
        Bench(contents).walk(AtOnce(COUNT), means)


@pytest.mark.parametrize("at_once", [1, COUNT])
def test_an_interruption_keeps_what_was_seen(
    contents: dict[int, TokenContents], at_once: int
) -> None:
    class Impatient(FakePins):
        def pin(self) -> Pin:
            if self.asked == 1:
                raise KeyboardInterrupt(15)
            return super().pin()

    means = login_means(Impatient())
    bench = Bench(contents, meet=threading.Barrier(at_once))
    with pytest.raises(WalkInterrupted) as stop:
        bench.walk(AtOnce(at_once), means)
    assert stop.value.args == (15,)
    cards = stop.value.cards
    assert len(cards) == COUNT
    accepted = [c for c in cards if c.pin is not None and c.pin.result is PinResult.ACCEPTED]
    assert len(accepted) == 1
    cut = [card for card in cards if card not in accepted]
    assert all(INTERRUPTED in {fault.code for fault in card.faults} for card in cut)
    read = COUNT if at_once > 1 else 2
    assert sum(bool(card.certificates) for card in cards) == read


def test_a_card_that_was_read_keeps_that_when_nobody_can_be_asked_any_more(
    contents: dict[int, TokenContents],
) -> None:
    """The lanes wait for their turn, or for an answer, when the interruption comes."""

    class Impatient(FakePins):
        def pin(self) -> Pin:
            raise KeyboardInterrupt

    means = login_means(Impatient())
    bench = Bench(contents, meet=threading.Barrier(COUNT))
    with pytest.raises(WalkInterrupted) as stop:
        bench.walk(AtOnce(COUNT), means)
    assert all(card.certificates and card.token for card in stop.value.cards)
    assert bench.logins == 0


def test_an_interruption_in_the_middle_of_a_login_says_that_a_try_may_have_been_used(
    contents: dict[int, TokenContents],
) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    ledger = FakeLedger()
    means = login_means(ledger=ledger)
    with pytest.raises(WalkInterrupted) as stop:
        Bench(contents, on_login=interrupt).walk(AtOnce(1), means)
    first = stop.value.cards[0]
    assert first.pin is not None
    assert (first.pin.result, first.pin.fault and first.pin.fault.code) == (
        PinResult.FAILED,
        INTERRUPTED,
    )
    assert list(ledger.failed) == ["2800260000"]


def test_an_interruption_while_the_readers_are_looked_at_again_keeps_all(
    contents: dict[int, TokenContents],
) -> None:
    class Once(NoReaders):
        looks = 0

        def observe(self) -> Pcsc:
            self.looks += 1
            if self.looks > 1:
                raise KeyboardInterrupt
            return super().observe()

    tokens = FakeTokens({0: contents[0]}, private=KEYS, faults={"sign": ckr("CKR_X", "C_Sign")})
    with pytest.raises(WalkInterrupted) as stop:
        walk_over(tokens, readers=Once()).observe()
    assert stop.value.cards[0].keys == KEYS.keys


def test_the_time_that_people_and_other_logins_take_is_not_the_cards(
    contents: dict[int, TokenContents],
) -> None:
    times = iter([0.0, 100.0, 300.0, 305.0, 311.0])
    timed = TimedTokens(FakeTokens(dict(contents)), 111, lambda: next(times))
    with timed.paused():  # from 100 to 300
        pass
    timed.token_info(0)
    with pytest.raises(TokenFault):
        timed.token_info(0)


def test_a_card_whose_time_is_up_at_the_gate_is_not_reached(
    contents: dict[int, TokenContents],
) -> None:
    class Slow(FakeTokens):
        def token_info(self, slot_id: int) -> TokenInfo:
            raise TokenFault(Fault(FaultKind.HANG, "C_GetTokenInfo", CARD_TIME, "120 s"))

    tokens = Slow({0: contents[0]})
    _, (card,) = walk_over(tokens).observe()
    assert card.pin is not None
    assert card.pin.refusal is PinRefusal.NOT_REACHED
    assert tokens.logins.total() == 0


def test_once_more_is_asked_once(contents: dict[int, TokenContents]) -> None:
    """A card in two slots accepted its PIN, was pulled, and refuses it when it is tried again."""
    tokens = FakeTokens({0: contents[0]}, private=KEYS, faults={"sign": ckr(GONE, "C_Sign")})
    operator, ledger = FakeOperator(), FakeLedger()
    walk = walk_over(tokens, login_means(ledger=ledger, operator=operator))
    walk.observe()
    tokens.contents[1] = contents[0]
    tokens.faults = {"login": ckr("CKR_PIN_INCORRECT")}
    walk.observe()
    assert tokens.logins.total() == 2


def test_a_known_card_that_shows_other_flags_is_walked_again(
    contents: dict[int, TokenContents],
) -> None:
    tokens = FakeTokens({0: contents[0]}, private=KEYS)
    walk = walk_over(tokens)
    _, first = walk.observe()
    info = replace(contents[0].info, flags=(*contents[0].info.flags, TokenFlag.PIN_LOCKED))
    tokens.contents[0] = replace(contents[0], info=info)
    _, (second,) = walk.observe(first)
    assert second.token is not None
    assert TokenFlag.PIN_LOCKED in second.token.flags
    assert second.pin is not None
    assert second.pin.refusal is PinRefusal.LOCKED


def test_processes_are_let_go_of_together(contents: dict[int, TokenContents]) -> None:
    """The barrier opens only when all of them are asked to close at once."""
    meet = threading.Barrier(COUNT - 1)

    class Slow(FakeTokens):
        def close(self) -> None:
            meet.wait(60)

    module = Module(
        "/fake.so",
        "option",
        FakeTokens(dict(contents)),
        lambda: Slow(dict(contents)),
        lambda _: AtOnce(COUNT),
    )
    walk = Walk(NoReaders(), module, login_means(), FakeProgress())
    walk.observe()
    walk.close()
    assert not meet.broken


def test_a_card_past_its_time_is_left_and_no_pin_goes_out(
    contents: dict[int, TokenContents],
) -> None:
    clock = iter([0.0, 5.0, 11.0])
    tokens = FakeTokens(dict(contents))
    timed = TimedTokens(tokens, 10, lambda: next(clock))
    timed.token_info(0)
    with pytest.raises(TokenFault) as late:
        timed.login(0, Pin("1234", PinOrigin.PUBLISHED), Seal("", "", ()))
    assert (late.value.fault.code, late.value.fault.detail) == (CARD_TIME, "10 s")
    assert tokens.logins.total() == 0
    timed.logout(0)
    assert tokens.logouts[0] == 1


def test_a_card_that_took_too_long_says_that_its_pin_was_not_tried(
    contents: dict[int, TokenContents],
) -> None:
    tokens = FakeTokens(dict(contents))
    walk = Walk(
        NoReaders(), module_of(tokens), login_means(), FakeProgress(), visit=Visit(seconds=0)
    )
    _, cards = walk.observe()
    assert {card.faults[0].code for card in cards} == {CARD_TIME}
    assert tokens.logins.total() == 0


def test_a_known_card_is_read_and_not_walked_again(contents: dict[int, TokenContents]) -> None:
    tokens = FakeTokens(dict(contents), private=KEYS)
    walk = walk_over(tokens)
    _, first = walk.observe()
    _, second = walk.observe(first)
    assert second == first
    assert tokens.logins == dict.fromkeys(range(COUNT), 1)


def test_a_card_with_the_number_of_a_known_one_is_another(
    contents: dict[int, TokenContents], make_certificate: MakeCertificate
) -> None:
    copy = card_numbered(make_certificate, "2800260000")
    copy = replace(copy, certificates=(*copy.certificates, *copy.certificates))
    tokens = FakeTokens({0: contents[0]}, private=KEYS)
    walk = walk_over(tokens)
    _, first = walk.observe()
    tokens.contents[0] = copy
    _, (second,) = walk.observe(first)
    assert second.pin is not None
    assert second.pin.refusal is PinRefusal.ALREADY_TRIED
