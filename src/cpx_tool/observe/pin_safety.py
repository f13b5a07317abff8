"""Decides whether a PIN may be tried: the one gate every login passes.

The whole decision stands as a table in docs/pin-safety.md, which the tests read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from threading import Lock

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
"""Why each of these flags forbids a try."""


UNPROVEN = {
    Proof.PRODUCTION: PinRefusal.PRODUCTION,
    Proof.NOT_PROVEN: PinRefusal.NOT_PROVEN_TEST,
}
"""Why each of these forbids it, too."""


@dataclass(frozen=True, slots=True)
class RunMemory:
    """What this run already did with the PIN.

    `tried` holds the identity of each card a PIN went to; `given_pin_refused` is set once a
    PIN typed or set by the user was refused: it is then a suspect on every card. `unfinished` are
    the cards that accepted it and could not be read to the end.
    """

    tried: frozenset[str] = frozenset()
    unfinished: frozenset[str] = frozenset()
    given_pin_refused: bool = False


class LoginTurn:
    """One login at a time over all cards of a run, also when they are walked side by side: a
    given PIN that one card refuses goes to no other. `memory` is read while it is entered.
    """

    def __init__(self) -> None:
        self.memory = RunMemory()
        self._lock = Lock()

    def take(self) -> None:
        """Wait for it."""
        self._lock.acquire()

    def leave(self) -> None:
        """Let the next one have it."""
        self._lock.release()

    def __enter__(self) -> None:
        self.take()

    def __exit__(self, *_: object) -> None:
        self.leave()

    def remember_try(self, card: str) -> None:
        """A PIN goes to the card of this key now. Whether it accepts it this time is open."""
        memory = self.memory
        self.memory = replace(
            memory, tried=memory.tried | {card}, unfinished=memory.unfinished - {card}
        )

    def remember_end(self, card: str, *, whole: bool) -> None:
        """The card of this key accepted the PIN; whether it was read to the end then."""
        others = self.memory.unfinished - {card}
        self.memory = replace(self.memory, unfinished=others if whole else others | {card})

    def remember_refusal(self) -> None:
        """The PIN that the user gave was refused, or nobody knows."""
        self.memory = replace(self.memory, given_pin_refused=True)


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything about a try that the card itself does not say.

    `card` is the card's key. `attended`: a person is at the keyboard. `contactless`: the reader
    reads the card without contacts. `failed_earlier`: the ledger has a try of another run that
    did not succeed, and no person has confirmed another one. `once_more`: a person has confirmed
    another one on a card that accepted the PIN in this run. `pin_length` is in characters, None as
    long as the PIN is not there.
    """

    card: str
    attended: bool = True
    contactless: bool = False
    failed_earlier: bool = False
    once_more: bool = False
    pin_length: int | None = None


def refusal(
    proof: Proof, token: TokenInfo | None, situation: Situation, memory: RunMemory
) -> PinRefusal | None:
    """Why the PIN must not be tried on this card now, or None when it may.

    `token` is CK_TOKEN_INFO read just before the try (PKCS#11 v2.40, 3.2: the CKF_USER_PIN_*
    flags), None when that failed. The Cryptolib sets COUNT_LOW after one wrong try, FINAL_TRY
    with it, LOCKED alone (Cryptolib CPS 5.2 sources, IC_GetTokenInfo). In doubt the answer is
    a refusal.
    """
    if proof is not Proof.PROVEN:
        return UNPROVEN[proof]
    if token is None:
        return PinRefusal.STATE_UNKNOWN
    return (
        _flagged(token, situation)
        or _remembered(token, situation, memory)
        or _badly_sized(token, situation)
    )


def uses_pad(token: TokenInfo) -> bool:
    """Whether the PIN is typed on the reader's own pad (PKCS#11 v2.40, 5.6, C_Login)."""
    return TokenFlag.PROTECTED_PATH in token.flags


def _flagged(token: TokenInfo, situation: Situation) -> PinRefusal | None:
    if situation.contactless:
        return PinRefusal.CONTACTLESS
    for flag in FORBIDDING_FLAGS:
        if flag in token.flags:
            return FLAG_REFUSALS[flag]
    if TokenFlag.PIN_INITIALIZED not in token.flags:
        return PinRefusal.NO_PIN_ON_CARD
    # a pad waits for fingers, and its reader counts the time
    return PinRefusal.PROTECTED_PATH if uses_pad(token) and not situation.attended else None


def _remembered(token: TokenInfo, situation: Situation, memory: RunMemory) -> PinRefusal | None:
    if situation.card in memory.tried and not situation.once_more:
        return PinRefusal.ALREADY_TRIED
    if memory.given_pin_refused and not uses_pad(token):  # on a pad, it is typed anew
        return PinRefusal.REFUSED_ELSEWHERE
    return PinRefusal.EARLIER_RUN if situation.failed_earlier else None


def _badly_sized(token: TokenInfo, situation: Situation) -> PinRefusal | None:
    if situation.pin_length is None or token.pin_lengths is None:
        return None
    shortest, longest = token.pin_lengths
    return None if shortest <= situation.pin_length <= longest else PinRefusal.PIN_LENGTH
