"""The one attempt at a card's PIN: what the gate and the ledger say, who is asked, C_Login."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from cpx_tool.model.fault import CARD_CHANGED, CARD_TIME, INTERRUPTED, Fault, FaultKind
from cpx_tool.model.observation import CardObservation, PinRecord, PinRefusal, PinResult
from cpx_tool.model.token import Slot, TokenContents, TokenInfo, seal
from cpx_tool.observe.certificates import card_key, prove
from cpx_tool.observe.pin_safety import (
    FLAG_REFUSALS,
    LoginTurn,
    RunMemory,
    Situation,
    refusal,
    uses_pad,
)
from cpx_tool.ports import (
    Ledger,
    LedgerFault,
    Operator,
    Pin,
    PinOrigin,
    PinSource,
    Step,
    TokenFault,
    Tokens,
)

_TOO_LATE = frozenset((CARD_TIME, INTERRUPTED))
"""Codes of calls that were not made."""
_LATE_REFUSALS = {
    CARD_CHANGED: PinRefusal.STATE_UNKNOWN,
    **dict.fromkeys(_TOO_LATE, PinRefusal.NOT_REACHED),
    **{flag.value: reason for flag, reason in FLAG_REFUSALS.items()},
}
"""What the login itself still refuses, by its fault's code."""

_PIN_RESULTS = {
    "CKR_PIN_INCORRECT": PinResult.WRONG,
    "CKR_PIN_LOCKED": PinResult.LOCKED,
    "CKR_USER_ALREADY_LOGGED_IN": PinResult.ALREADY_LOGGED_IN,
}


Notice: TypeAlias = Callable[[Step, CardObservation | None], None]
"""Hears the step a card comes to, and what was seen of it until then."""


@dataclass(frozen=True, slots=True)
class LoginMeans:
    """What a login needs beside the card. `operator` is None where nobody is at the keyboard."""

    pins: PinSource
    ledger: Ledger
    operator: Operator | None
    now: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a card is: the slot, its reader's name where one is joined, and how it is read."""

    slot: Slot
    reader: str | None = None
    contactless: bool = False


@dataclass(frozen=True, slots=True)
class PinAttempt:
    """The attempt on one card, of which `contents` were read in this `place`.

    While `pause` is entered, the card's time stands still. It is this card's turn.
    """

    tokens: Tokens
    means: LoginMeans
    turn: LoginTurn
    pause: Callable[[], AbstractContextManager[None]]
    place: Place
    contents: TokenContents
    notice: Notice

    def make(self, card: CardObservation) -> CardObservation:
        """The card with what came of it: at most one C_Login. Raises `TokenFault` where a person
        cannot be asked any more.
        """
        means = self.means
        situation, earlier = _situation(card, means, self.place)
        card, refused = self._gate(card, situation)
        if refused is not None and refused.refusal is PinRefusal.ALREADY_TRIED:
            with self.pause():
                situation = _once_more(situation, means.operator, self.turn.memory)
            card, refused = self._gate(card, situation)
        if refused is not None and refused.refusal is PinRefusal.EARLIER_RUN and earlier:
            with self.pause():
                situation = _confirmed(situation, earlier, means.operator)
            card, refused = self._gate(card, situation)
        if refused is not None:
            return replace(card, pin=replace(refused, earlier=earlier))
        # a person takes as long as the person likes: the card is looked at again afterwards
        with self.pause():
            pin = _obtain(card, means, situation)
        situation = replace(situation, pin_length=pin.length if pin else None)
        card, refused = self._gate(card, situation)
        at = means.now()
        if refused is None:
            refused = _note(means.ledger, situation.card, at, earlier)
        if refused is not None:
            return replace(card, pin=replace(refused, flags=pin_flags(card.token)))
        self.notice(Step.LOGGING_IN, replace(card, pin=_open_end(card.token, pad=pin is None)))
        record = self._login(card, pin)
        if _used_no_try(record):
            left = None if record.result is PinResult.ACCEPTED else earlier
            with suppress(LedgerFault):  # the note made before then stands, and says "failed"
                means.ledger.close(situation.card, at, left)
        return replace(card, pin=record)

    def _gate(
        self, card: CardObservation, situation: Situation
    ) -> tuple[CardObservation, PinRecord | None]:
        """The card with its token's state of now, and the refusal if there is one."""
        fresh, faults = self._fresh(card.slot.id)
        proof = prove(card.certificates, card.data)
        refused = refusal(proof, fresh, situation, self.turn.memory)
        if refused is PinRefusal.STATE_UNKNOWN and {f.code for f in faults} & _TOO_LATE:
            refused = PinRefusal.NOT_REACHED
        card = replace(card, token=fresh or card.token, faults=card.faults + faults)
        if refused is None:
            return card, None
        return card, PinRecord(PinResult.REFUSED, refused, pin_flags(fresh))

    def _fresh(self, slot_id: int) -> tuple[TokenInfo | None, tuple[Fault, ...]]:
        """The token's state now; None when it is not the card that was read."""
        try:
            fresh = self.tokens.token_info(slot_id)
        except TokenFault as error:
            return None, (error.fault,)
        seen = self.contents.info
        if (fresh.serial, fresh.label) != (seen.serial, seen.label):
            return None, (Fault(FaultKind.ERROR, "C_GetTokenInfo", CARD_CHANGED),)
        return fresh, ()

    def _login(self, card: CardObservation, pin: Pin | None) -> PinRecord:
        ders = [item.der for item in self.contents.certificates]
        expected = seal(self.contents.info.label, self.contents.info.serial, ders)
        before = self.turn.memory
        self.turn.remember_try(card_key(card))
        flags, pad = pin_flags(card.token), pin is None
        try:
            self.tokens.login(card.slot.id, pin, expected)
        except TokenFault as error:
            refused = _LATE_REFUSALS.get(error.fault.code)
            if refused is not None:  # seen before C_Login: no try was used
                self.turn.memory = before
                return PinRecord(PinResult.REFUSED, refused, flags, error.fault, pad)
            result = _PIN_RESULTS.get(error.fault.code, PinResult.FAILED)
            if pin is not None and pin.origin is PinOrigin.GIVEN:
                self.turn.remember_refusal()  # refused, or nobody knows: it goes no further
            return PinRecord(result, None, flags, error.fault, pad)
        return PinRecord(PinResult.ACCEPTED, None, flags, pad=pad)


def _situation(
    card: CardObservation, means: LoginMeans, place: Place
) -> tuple[Situation, datetime | None]:
    """What the gate has to know beside the card, and when a try failed before."""
    key = card_key(card)
    try:
        earlier = means.ledger.failed_at(key)
    except LedgerFault:  # `_note` fails as well, and says it
        earlier = None
    situation = Situation(
        card=key,
        attended=means.operator is not None,
        contactless=place.contactless,
        failed_earlier=earlier is not None,
    )
    return situation, earlier


def _confirmed(situation: Situation, earlier: datetime, operator: Operator | None) -> Situation:
    """The same without the earlier failure, where a person says that it may be tried again."""
    if operator is None or not operator.confirms(situation.card, earlier):
        return situation
    return replace(situation, failed_earlier=False)


def _once_more(situation: Situation, operator: Operator | None, memory: RunMemory) -> Situation:
    """The same as if the PIN had not been tried, where a person says so of a card that accepted it
    and was taken out too early.
    """
    if situation.card not in memory.unfinished or operator is None:
        return situation
    return replace(situation, once_more=operator.confirms_once_more(situation.card))


def _obtain(card: CardObservation, means: LoginMeans, situation: Situation) -> Pin | None:
    """The PIN; None when the operator was told to type it on the pad."""
    if card.token is not None and uses_pad(card.token) and means.operator is not None:
        means.operator.type_on_pad(situation.card, card.reader)
        return None
    return means.pins.pin()


def _note(ledger: Ledger, card: str, at: datetime, earlier: datetime | None) -> PinRecord | None:
    """Write the try into the ledger before it is made; without that it is not made."""
    try:
        if ledger.open(card, at, earlier):
            return None
        earlier = ledger.failed_at(card)
    except LedgerFault as error:
        fault = Fault(FaultKind.ERROR, "ledger", error.code)
        return PinRecord(PinResult.REFUSED, PinRefusal.LEDGER_UNAVAILABLE, fault=fault)
    return PinRecord(PinResult.REFUSED, PinRefusal.EARLIER_RUN, earlier=earlier)


def _used_no_try(record: PinRecord) -> bool:
    """Accepted, refused before C_Login, or not looked at by the card."""
    harmless = (PinResult.ACCEPTED, PinResult.REFUSED, PinResult.ALREADY_LOGGED_IN)
    return record.result in harmless


def _open_end(token: TokenInfo | None, *, pad: bool) -> PinRecord:
    """What stands in the ledger from now on: a try whose end nobody knows."""
    fault = Fault(FaultKind.ERROR, "C_Login", INTERRUPTED)
    return PinRecord(PinResult.FAILED, None, pin_flags(token), fault, pad)


def pin_flags(token: TokenInfo | None) -> tuple[str, ...]:
    """The flags of a token, its PIN's among them; none where it was not read."""
    return tuple(token.flags) if token else ()
