"""One card: read what is free, prove it is a TEST card, log in once, sign."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias

from cpx_tool.model.certificate import Certificate
from cpx_tool.model.fault import (
    CARD_CHANGED,
    CARD_TIME,
    INTERRUPTED,
    Fault,
    FaultKind,
)
from cpx_tool.model.observation import (
    CardObservation,
    PinRecord,
    PinRefusal,
    PinResult,
    SignatureTry,
)
from cpx_tool.model.token import (
    CertificateObject,
    DataObject,
    PrivateKey,
    Slot,
    TokenContents,
    TokenInfo,
    seal,
)
from cpx_tool.observe.pin_safety import (
    FLAG_REFUSALS,
    LoginTurn,
    RunMemory,
    Situation,
    refusal,
    uses_pad,
)
from cpx_tool.pki.certificate import BadCertificate, read_certificate
from cpx_tool.pki.proof import Proof, prove_card
from cpx_tool.pki.signature import digest_info_sha256
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

CHALLENGE_BYTES = 32
PSS = "CKM_SHA256_RSA_PKCS_PSS"
PKCS1 = "CKM_RSA_PKCS"
"""With a DigestInfo: what both keys of CPS3 and CPS4 sign (seen with Cryptolib 5.2.2)."""

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
class CardWalk:
    """What walking a card needs: the module, fresh random bytes, and the means to log in; or, in
    their place, why this run logs in nowhere.

    `known` are cards of earlier readings by `card_key`: one of them is read, but not walked again.
    """

    tokens: Tokens
    means: LoginMeans | PinRefusal
    random: Callable[[int], bytes]
    known: Mapping[str, CardObservation] = field(default_factory=dict)
    pause: Callable[[], AbstractContextManager[None]] = nullcontext
    """While it is entered, the card's time stands still."""

    def observe(self, place: Place, turn: LoginTurn, notice: Notice) -> CardObservation:
        """Everything there is to see of the card there. Faults become part of it.

        Logins take turns with those of other cards. `notice` hears how far it is, and what was
        seen until then: an interruption may come at any time.
        """
        notice(Step.READING, None)
        card = CardObservation(place.slot, place.reader, None)
        try:
            contents = self.tokens.read(place.slot.id)
        except TokenFault as error:
            return replace(card, faults=(error.fault,))
        card = replace(
            card,
            token=contents.info,
            certificates=contents.certificates,
            data=contents.data,
        )
        earlier = self.known.get(card_key(card))
        if earlier is not None and _is_as_before(earlier, card):
            return replace(earlier, slot=place.slot, reader=place.reader)
        if isinstance(self.means, PinRefusal):
            refused = PinRecord(PinResult.REFUSED, self.means, _flags(contents.info))
            return replace(card, pin=refused)
        notice(Step.LOGGING_IN, card)
        with self._turn(turn):
            try:
                card = self._try_pin(card, contents, self.means, place, turn, notice)
            except TokenFault as error:  # nobody is there to be asked any more
                record = PinRecord(PinResult.REFUSED, PinRefusal.NOT_REACHED, _flags(card.token))
                card = replace(card, pin=record, faults=(*card.faults, error.fault))
        if card.pin is not None and card.pin.result is PinResult.ACCEPTED:
            notice(Step.SIGNING, card)
            card = self._observe_logged_in(card, contents.info)
            with turn:
                turn.remember_end(card_key(card), whole=card.whole)
        return card

    @contextmanager
    def _turn(self, turn: LoginTurn) -> Iterator[None]:
        """The turn to log in; others' logins, and their people, take the time they take."""
        with self.pause():
            turn.take()
        try:
            yield
        finally:
            turn.leave()

    def _try_pin(
        self,
        card: CardObservation,
        contents: TokenContents,
        means: LoginMeans,
        place: Place,
        turn: LoginTurn,
        notice: Notice,
    ) -> CardObservation:
        situation, earlier = _situation(card, means, place)
        card, refused = self._gate(card, contents.info, situation, turn.memory)
        if refused is not None and refused.refusal is PinRefusal.ALREADY_TRIED:
            with self.pause():
                situation = _once_more(situation, means.operator, turn.memory)
            card, refused = self._gate(card, contents.info, situation, turn.memory)
        if refused is not None and refused.refusal is PinRefusal.EARLIER_RUN and earlier:
            with self.pause():
                situation = _confirmed(situation, earlier, means.operator)
            card, refused = self._gate(card, contents.info, situation, turn.memory)
        if refused is not None:
            return replace(card, pin=replace(refused, earlier=earlier))
        # a person takes as long as the person likes: the card is looked at again afterwards
        with self.pause():
            pin = _obtain(card, means, situation)
        situation = replace(situation, pin_length=pin.length if pin else None)
        card, refused = self._gate(card, contents.info, situation, turn.memory)
        at = means.now()
        if refused is None:
            refused = _note(means.ledger, situation.card, at, earlier)
        if refused is not None:
            return replace(card, pin=replace(refused, flags=_flags(card.token)))
        notice(Step.LOGGING_IN, replace(card, pin=_open_end(card.token, pad=pin is None)))
        record = self._login(card, contents, pin, turn)
        if _used_no_try(record):
            left = None if record.result is PinResult.ACCEPTED else earlier
            with suppress(LedgerFault):  # the note made before then stands, and says "failed"
                means.ledger.close(situation.card, at, left)
        return replace(card, pin=record)

    def _gate(
        self, card: CardObservation, seen: TokenInfo, situation: Situation, memory: RunMemory
    ) -> tuple[CardObservation, PinRecord | None]:
        """The card with its token's state of now, and the refusal if there is one."""
        fresh, faults = self._fresh(card.slot.id, seen)
        proof = prove(card.certificates, card.data)
        refused = refusal(proof, fresh, situation, memory)
        if refused is PinRefusal.STATE_UNKNOWN and {f.code for f in faults} & _TOO_LATE:
            refused = PinRefusal.NOT_REACHED
        card = replace(card, token=fresh or card.token, faults=card.faults + faults)
        if refused is None:
            return card, None
        return card, PinRecord(PinResult.REFUSED, refused, _flags(fresh))

    def _fresh(self, slot_id: int, seen: TokenInfo) -> tuple[TokenInfo | None, tuple[Fault, ...]]:
        """The token's state now; None when it is not the card that was read."""
        try:
            fresh = self.tokens.token_info(slot_id)
        except TokenFault as error:
            return None, (error.fault,)
        if (fresh.serial, fresh.label) != (seen.serial, seen.label):
            return None, (Fault(FaultKind.ERROR, "C_GetTokenInfo", CARD_CHANGED),)
        return fresh, ()

    def _login(
        self, card: CardObservation, contents: TokenContents, pin: Pin | None, turn: LoginTurn
    ) -> PinRecord:
        ders = [item.der for item in contents.certificates]
        expected = seal(contents.info.label, contents.info.serial, ders)
        before = turn.memory
        turn.remember_try(card_key(card))
        flags, pad = _flags(card.token), pin is None
        try:
            self.tokens.login(card.slot.id, pin, expected)
        except TokenFault as error:
            refused = _LATE_REFUSALS.get(error.fault.code)
            if refused is not None:  # seen before C_Login: no try was used
                turn.memory = before
                return PinRecord(PinResult.REFUSED, refused, flags, error.fault, pad)
            result = _PIN_RESULTS.get(error.fault.code, PinResult.FAILED)
            if pin is not None and pin.origin is PinOrigin.GIVEN:
                turn.remember_refusal()  # refused, or nobody knows: it goes no further
            return PinRecord(result, None, flags, error.fault, pad)
        return PinRecord(PinResult.ACCEPTED, None, flags, pad=pad)

    def _observe_logged_in(self, card: CardObservation, token: TokenInfo) -> CardObservation:
        try:
            private = self.tokens.read_private(card.slot.id)
        except TokenFault as error:
            card = replace(card, faults=(*card.faults, error.fault))
        else:
            card = replace(card, keys=private.keys, data=card.data + private.data)
            card = replace(card, signatures=self._sign_all(card, private.keys, token))
        try:
            self.tokens.logout(card.slot.id)
        except TokenFault as error:
            card = replace(card, faults=(*card.faults, error.fault))
        return card

    def _sign_all(
        self, card: CardObservation, keys: Sequence[PrivateKey], token: TokenInfo
    ) -> tuple[SignatureTry, ...]:
        wanted = [(key, PKCS1) for key in keys]
        if PSS in token.mechanisms:
            wanted += [(key, PSS) for key in keys if _authenticates(key, card.certificates)]
        done: list[SignatureTry] = []
        for key, mechanism in wanted:
            tried = self._sign(card.slot.id, key, mechanism)
            done.append(tried)
            if tried.fault is not None and tried.fault.kind is not FaultKind.ERROR:
                break  # the login went with the process, and there is no second one
        return tuple(done)

    def _sign(self, slot_id: int, key: PrivateKey, mechanism: str) -> SignatureTry:
        challenge = self.random(CHALLENGE_BYTES)
        data = digest_info_sha256(challenge) if mechanism == PKCS1 else challenge
        tried = SignatureTry(key.id, key.label, mechanism, challenge)
        start = time.perf_counter()
        try:
            signature = self.tokens.sign(slot_id, key.id, mechanism, data)
        except TokenFault as error:
            return replace(tried, fault=error.fault)
        return replace(tried, signature=signature, seconds=time.perf_counter() - start)


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


def prove(certificates: Sequence[CertificateObject], data: Sequence[DataObject]) -> Proof:
    """Whether the card is proven a TEST card; an unreadable certificate proves nothing."""
    read: list[Certificate | None] = []
    for item in certificates:
        try:
            read.append(read_certificate(item.der))
        except BadCertificate:
            read.append(None)
    return prove_card(read, data).proof


def card_key(card: CardObservation) -> str:
    """What tells this card from another, in one run and over runs: the ten digits printed on it,
    as its certificates carry them.

    Without one it is the certificates themselves: label and serial may differ between slots.
    """
    for item in card.certificates:
        try:
            number = read_certificate(item.der).card_number
        except BadCertificate:
            continue
        if number:
            return number.rpartition("/")[2]
    return " ".join(seal("", "", [item.der for item in card.certificates]).certificates)


def _is_as_before(earlier: CardObservation, now: CardObservation) -> bool:
    """Whether what it shows freely is what it showed then, the flags of its PIN among it. A copy,
    or a card personalised anew, has only its number in common.
    """
    free = [item for item in earlier.data if not item.private]
    return (
        earlier.certificates == now.certificates
        and free == [item for item in now.data if not item.private]
        and _flags(earlier.token) == _flags(now.token)
    )


def _open_end(token: TokenInfo | None, *, pad: bool) -> PinRecord:
    """What stands in the ledger from now on: a try whose end nobody knows."""
    fault = Fault(FaultKind.ERROR, "C_Login", INTERRUPTED)
    return PinRecord(PinResult.FAILED, None, _flags(token), fault, pad)


def _flags(token: TokenInfo | None) -> tuple[str, ...]:
    return tuple(token.flags) if token else ()


def _authenticates(key: PrivateKey, certificates: Sequence[CertificateObject]) -> bool:
    return key.label == "CPS_PRIV_AUT" or any(
        item.id == key.id and "Authentification" in item.label for item in certificates
    )
