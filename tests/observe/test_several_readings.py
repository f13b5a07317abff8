"""One run, several readings: what is remembered from one to the next, and what is asked again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cpx_tool.model.fault import CARD_REMOVED
from cpx_tool.model.observation import (
    CardObservation,
    PinRefusal,
    PinResult,
    ReaderSlots,
)
from cpx_tool.model.reader import Pcsc, PcscStatus, Reader, ReaderState
from cpx_tool.model.token import CertificateObject, PrivateContents, PrivateKey, TokenContents
from cpx_tool.observe.walk import Walk
from support.fakes import FakeOperator, FakeTokens, ckr, token_info
from support.walks import login_means, walk_over

KEYS = PrivateContents((PrivateKey("CPS_PRIV_AUT", "20", 2048),), ())
READER = "Fake reader 0"


class OneReader:
    """Satisfies `ports.Readers`: what is in the reader at each look, the last for ever."""

    def __init__(self, *states: ReaderState) -> None:
        self.states = list(states)

    def observe(self) -> Pcsc:
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return Pcsc(PcscStatus.OK, (Reader(READER, state),))


@pytest.fixture
def tokens(card_der: bytes) -> FakeTokens:
    """A card in the one slot."""
    item = CertificateObject("Certificat d'Authentification CPS", "20", card_der)
    info = replace(token_info("CPS4v1-2800262487"), mechanisms=("CKM_RSA_PKCS",))
    return FakeTokens({0: TokenContents(info, (item,), ())}, private=KEYS)


def walk_of(
    tokens: FakeTokens,
    operator: FakeOperator | None = None,
    *states: ReaderState,
) -> Walk:
    readers = OneReader(*(states or (ReaderState.CARD_PRESENT,)))
    return walk_over(tokens, login_means(operator=operator), readers)


def read(walk: Walk, *known: CardObservation) -> CardObservation:
    _, (card,) = walk.observe(known)
    return card


@pytest.mark.parametrize(("yes", "logins"), [(True, 2), (False, 1)])
def test_a_card_pulled_after_its_login_is_asked_about(
    tokens: FakeTokens, yes: bool, logins: int
) -> None:
    operator = FakeOperator(yes)
    walk = walk_of(tokens, operator)
    tokens.faults["sign"] = ckr("CKR_DEVICE_REMOVED", "C_Sign")
    first = read(walk)
    assert (first.whole, first.pulled, operator.asked) == (False, True, [])
    tokens.faults.clear()
    second = read(walk, first)
    assert operator.asked == ["2800262487, once more"]
    assert tokens.logins == {0: logins}
    assert second.whole is yes
    if yes:
        assert read(walk, second) == second
        assert tokens.logins == {0: logins}


def test_nobody_is_asked_where_nobody_is(tokens: FakeTokens) -> None:
    walk = walk_of(tokens)
    tokens.faults["sign"] = ckr("CKR_DEVICE_REMOVED", "C_Sign")
    read(walk)
    tokens.faults.clear()
    again = read(walk)
    assert again.pin is not None
    assert again.pin.refusal is PinRefusal.ALREADY_TRIED
    assert tokens.logins == {0: 1}


@pytest.mark.parametrize("code", ["CKR_PIN_INCORRECT", "CKR_DEVICE_REMOVED", "CKR_GENERAL_ERROR"])
def test_a_pin_that_was_not_accepted_is_not_asked_about(tokens: FakeTokens, code: str) -> None:
    operator = FakeOperator()
    walk = walk_of(tokens, operator)
    tokens.faults["login"] = ckr(code)
    read(walk)
    tokens.faults.clear()
    again = read(walk)
    assert again.pin is not None
    assert again.pin.refusal is PinRefusal.ALREADY_TRIED
    assert (operator.asked, tokens.logins) == ([], {0: 1})


def test_a_try_called_off_before_the_login_was_none(tokens: FakeTokens) -> None:
    walk = walk_of(tokens, FakeOperator())
    tokens.faults["login"] = ckr("card-changed")
    first = read(walk)
    assert not first.whole
    tokens.faults.clear()
    second = read(walk, first)
    assert second.pin is not None
    assert second.pin.result is PinResult.ACCEPTED


def test_a_reader_that_is_empty_by_then_explains_any_fault(tokens: FakeTokens) -> None:
    """Not every module says that the card is gone; a person may say so then, too."""
    operator = FakeOperator()
    walk = walk_of(
        tokens, operator, ReaderState.CARD_PRESENT, ReaderState.EMPTY, ReaderState.CARD_PRESENT
    )
    tokens.faults["sign"] = ckr("CKR_GENERAL_ERROR", "C_Sign")
    first = read(walk)
    assert [fault.code for fault in first.faults] == [CARD_REMOVED]
    assert (first.whole, first.pulled) == (False, True)
    tokens.faults.clear()
    assert read(walk, first).whole
    assert operator.asked == ["2800262487, once more"]


def test_a_fault_of_a_card_that_stayed_in_is_a_finding(tokens: FakeTokens) -> None:
    walk = walk_of(tokens)
    tokens.faults["sign"] = ckr("CKR_FUNCTION_NOT_SUPPORTED", "C_Sign")
    first = read(walk)
    assert (first.faults, first.whole) == ((), True)
    assert read(walk, first) == first
    assert tokens.logins == {0: 1}


def test_after_each_card_it_is_told_how_all_stand(tokens: FakeTokens) -> None:
    told: list[tuple[CardObservation, ...]] = []

    def keep(_: ReaderSlots, cards: tuple[CardObservation, ...]) -> None:
        told.append(cards)

    tokens.contents[1] = tokens.contents[0]
    _, cards = walk_of(tokens).observe((), keep)
    assert [[card.token is not None for card in cards] for cards in told] == [
        [True, False],
        [True, True],
    ]
    assert told[-1] == cards
