"""The PIN gate: in doubt the answer is no."""

from __future__ import annotations

import pytest

from cpx_tool.model.observation import PinRefusal
from cpx_tool.model.token import TokenFlag, TokenInfo
from cpx_tool.observe.pin_safety import RunMemory, refusal
from cpx_tool.pki.proof import Proof
from support.fakes import token_info

FRESH = RunMemory()
NO_PIN = TokenInfo("CPS3v3-2900000001", "TEST", "IAS ECC", "29000000", (TokenFlag.INITIALIZED,))

TABLE = [
    (Proof.PROVEN, token_info(), FRESH, None),
    (Proof.NOT_PROVEN, token_info(), FRESH, PinRefusal.NOT_PROVEN_TEST),
    (Proof.PRODUCTION, token_info(), FRESH, PinRefusal.PRODUCTION),
    (Proof.PROVEN, None, FRESH, PinRefusal.STATE_UNKNOWN),
    (Proof.PROVEN, NO_PIN, FRESH, PinRefusal.NO_PIN_ON_CARD),
    (Proof.PROVEN, token_info("x", TokenFlag.PIN_COUNT_LOW), FRESH, PinRefusal.COUNT_LOW),
    (Proof.PROVEN, token_info("x", TokenFlag.PIN_FINAL_TRY), FRESH, PinRefusal.FINAL_TRY),
    (Proof.PROVEN, token_info("x", TokenFlag.PIN_LOCKED), FRESH, PinRefusal.LOCKED),
    (Proof.PROVEN, token_info("x", TokenFlag.PIN_TO_BE_CHANGED), FRESH, PinRefusal.TO_BE_CHANGED),
    (Proof.PROVEN, token_info("x", TokenFlag.PROTECTED_PATH), FRESH, PinRefusal.PROTECTED_PATH),
    (Proof.PROVEN, token_info(), RunMemory(frozenset({"card"})), PinRefusal.ALREADY_TRIED),
    (Proof.PROVEN, token_info(), RunMemory(frozenset({"other"})), None),
    (
        Proof.PROVEN,
        token_info(),
        RunMemory(given_pin_refused=True),
        PinRefusal.REFUSED_ELSEWHERE,
    ),
]


@pytest.mark.parametrize(("proof", "token", "memory", "expected"), TABLE)
def test_decision_table(
    proof: Proof, token: TokenInfo | None, memory: RunMemory, expected: PinRefusal | None
) -> None:
    assert refusal(proof, token, "card", memory) is expected


def test_the_cryptolibs_final_try_comes_with_count_low_and_is_told_as_final_try() -> None:
    token = token_info("x", TokenFlag.PIN_COUNT_LOW, TokenFlag.PIN_FINAL_TRY)
    assert refusal(Proof.PROVEN, token, "card", FRESH) is PinRefusal.FINAL_TRY


@pytest.mark.parametrize("proof", [Proof.NOT_PROVEN, Proof.PRODUCTION])
@pytest.mark.parametrize("flag", list(TokenFlag))
def test_no_flag_makes_an_unproven_card_accept_a_try(proof: Proof, flag: TokenFlag) -> None:
    assert refusal(proof, token_info("x", flag), "card", FRESH) is not None
