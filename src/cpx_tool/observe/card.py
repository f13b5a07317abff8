"""One card: read what is free, then what a login shows, and signatures."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace

from cpx_tool.model.fault import FaultKind
from cpx_tool.model.observation import (
    CardObservation,
    PinRecord,
    PinRefusal,
    PinResult,
    SignatureTry,
)
from cpx_tool.model.token import CertificateObject, PrivateKey, TokenInfo
from cpx_tool.observe.certificates import card_key
from cpx_tool.observe.pin_attempt import LoginMeans, Notice, PinAttempt, Place, pin_flags
from cpx_tool.observe.pin_safety import LoginTurn
from cpx_tool.pki.signature import digest_info_sha256
from cpx_tool.ports import Step, TokenFault, Tokens

CHALLENGE_BYTES = 32
PSS = "CKM_SHA256_RSA_PKCS_PSS"
PKCS1 = "CKM_RSA_PKCS"
"""With a DigestInfo: what both keys of CPS3 and CPS4 sign (seen with Cryptolib 5.2.2)."""


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
            refused = PinRecord(PinResult.REFUSED, self.means, pin_flags(contents.info))
            return replace(card, pin=refused)
        notice(Step.LOGGING_IN, card)
        attempt = PinAttempt(self.tokens, self.means, turn, self.pause, place, contents, notice)
        with self._turn(turn):
            try:
                card = attempt.make(card)
            except TokenFault as error:  # nobody is there to be asked any more
                record = PinRecord(PinResult.REFUSED, PinRefusal.NOT_REACHED, pin_flags(card.token))
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


def _is_as_before(earlier: CardObservation, now: CardObservation) -> bool:
    """Whether what it shows freely is what it showed then, the flags of its PIN among it. A copy,
    or a card personalised anew, has only its number in common.
    """
    free = [item for item in earlier.data if not item.private]
    return (
        earlier.certificates == now.certificates
        and free == [item for item in now.data if not item.private]
        and pin_flags(earlier.token) == pin_flags(now.token)
    )


def _authenticates(key: PrivateKey, certificates: Sequence[CertificateObject]) -> bool:
    return key.label == "CPS_PRIV_AUT" or any(
        item.id == key.id and "Authentification" in item.label for item in certificates
    )
