"""Decides whether a PIN may be tried: the one gate every login passes."""

from __future__ import annotations

from dataclasses import dataclass

from cpx_tool.model.observation import PinRefusal
from cpx_tool.model.token import FORBIDDING_FLAGS, TokenFlag, TokenInfo
from cpx_tool.pki.proof import Proof

FLAG_REFUSALS = {
    TokenFlag.PIN_LOCKED: PinRefusal.LOCKED,
    TokenFlag.PIN_FINAL_TRY: PinRefusal.FINAL_TRY,
    TokenFlag.PIN_COUNT_LOW: PinRefusal.COUNT_LOW,
    TokenFlag.PIN_TO_BE_CHANGED: PinRefusal.TO_BE_CHANGED,
    TokenFlag.PROTECTED_PATH: PinRefusal.PROTECTED_PATH,
}
"""Why each of the forbidding flags forbids a try."""


@dataclass(frozen=True, slots=True)
class RunMemory:
    """What this run already did with the PIN.

    `tried` holds the identity of each card a PIN went to; `given_pin_refused` is set once a
    PIN typed or set by the user was refused: it is then a suspect on every card.
    """

    tried: frozenset[str] = frozenset()
    given_pin_refused: bool = False


def refusal(
    proof: Proof, token: TokenInfo | None, card: str, memory: RunMemory
) -> PinRefusal | None:
    """Why the PIN must not be tried on this card now, or None when it may.

    `token` is CK_TOKEN_INFO read just before the try (PKCS#11 v2.40, 3.2: the CKF_USER_PIN_*
    flags), None when that failed. The Cryptolib sets COUNT_LOW after one wrong try, FINAL_TRY
    with it, LOCKED alone (Cryptolib CPS 5.2 sources, IC_GetTokenInfo). In doubt the answer is
    a refusal.
    """
    if proof is not Proof.PROVEN:
        return PinRefusal.PRODUCTION if proof is Proof.PRODUCTION else PinRefusal.NOT_PROVEN_TEST
    if token is None:
        return PinRefusal.STATE_UNKNOWN
    return _flagged(token) or _remembered(card, memory)


def _flagged(token: TokenInfo) -> PinRefusal | None:
    for flag in FORBIDDING_FLAGS:
        if flag in token.flags:
            return FLAG_REFUSALS[flag]
    return None if TokenFlag.PIN_INITIALIZED in token.flags else PinRefusal.NO_PIN_ON_CARD


def _remembered(card: str, memory: RunMemory) -> PinRefusal | None:
    if card in memory.tried:
        return PinRefusal.ALREADY_TRIED
    return PinRefusal.REFUSED_ELSEWHERE if memory.given_pin_refused else None
