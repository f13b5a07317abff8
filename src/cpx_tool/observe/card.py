"""One card: read what is free, prove it is a TEST card, log in once, sign."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from cpx_tool.model.certificate import Certificate
from cpx_tool.model.observation import (
    CardObservation,
    Fault,
    FaultKind,
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
from cpx_tool.observe.pin_safety import FLAG_REFUSALS, RunMemory, refusal
from cpx_tool.pki.certificate import BadCertificate, read_certificate
from cpx_tool.pki.proof import Proof, prove_card
from cpx_tool.pki.signature import digest_info_sha256
from cpx_tool.ports import Pin, PinOrigin, PinSource, TokenFault, Tokens

CHALLENGE_BYTES = 32
CARD_CHANGED = "card-changed"
PSS = "CKM_SHA256_RSA_PKCS_PSS"
PKCS1 = "CKM_RSA_PKCS"
"""With a DigestInfo: what both keys of CPS3 and CPS4 sign (seen with Cryptolib 5.2.2)."""

_LATE_REFUSALS = {
    CARD_CHANGED: PinRefusal.STATE_UNKNOWN,
    **{flag.value: reason for flag, reason in FLAG_REFUSALS.items()},
}
"""What the login itself still refuses, by its fault's code."""

_PIN_RESULTS = {"CKR_PIN_INCORRECT": PinResult.WRONG, "CKR_PIN_LOCKED": PinResult.LOCKED}


@dataclass(frozen=True, slots=True)
class CardWalk:
    """What walking a card needs: the module, the PIN's source and fresh random bytes.

    Without a source the card is only read.
    """

    tokens: Tokens
    pins: PinSource | None
    random: Callable[[int], bytes]

    def observe(
        self, slot: Slot, reader: str | None, memory: RunMemory
    ) -> tuple[CardObservation, RunMemory]:
        """Everything there is to see of the card in `slot`. Faults become part of it."""
        card = CardObservation(slot, reader, None)
        try:
            contents = self.tokens.read(slot.id)
        except TokenFault as error:
            return replace(card, faults=(error.fault,)), memory
        card = replace(
            card,
            token=contents.info,
            certificates=contents.certificates,
            data=contents.data,
        )
        if self.pins is None:
            refused = PinRecord(PinResult.REFUSED, PinRefusal.NOT_ASKED, _flags(contents.info))
            return replace(card, pin=refused), memory
        return self._observe_private(card, contents, self.pins, memory)

    def _observe_private(
        self, card: CardObservation, contents: TokenContents, pins: PinSource, memory: RunMemory
    ) -> tuple[CardObservation, RunMemory]:
        card, refused = self._gate(card, contents.info, memory)
        if refused is not None:
            return replace(card, pin=refused), memory
        pin = pins.pin()  # a prompt takes as long as the person likes: look again after it
        card, refused = self._gate(card, contents.info, memory)
        if refused is not None:
            return replace(card, pin=refused), memory
        flags = _flags(card.token)
        record, memory = self._login(card, contents, pin, flags, memory)
        card = replace(card, pin=record)
        if record.result is PinResult.ACCEPTED:
            card = self._observe_logged_in(card, contents.info)
        return card, memory

    def _gate(
        self, card: CardObservation, seen: TokenInfo, memory: RunMemory
    ) -> tuple[CardObservation, PinRecord | None]:
        """The card with its token's state of now, and the refusal if there is one."""
        fresh, faults = self._fresh(card.slot.id, seen)
        proof = prove(card.certificates, card.data)
        refused = refusal(proof, fresh, card_key(card), memory)
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
        self,
        card: CardObservation,
        contents: TokenContents,
        pin: Pin,
        flags: tuple[str, ...],
        memory: RunMemory,
    ) -> tuple[PinRecord, RunMemory]:
        ders = [item.der for item in contents.certificates]
        expected = seal(contents.info.label, contents.info.serial, ders)
        memory = replace(memory, tried=memory.tried | {card_key(card)})
        try:
            self.tokens.login(card.slot.id, pin, expected)
        except TokenFault as error:
            refused = _LATE_REFUSALS.get(error.fault.code)
            if refused is not None:  # seen before C_Login: no try was used
                return PinRecord(PinResult.REFUSED, refused, flags, error.fault), memory
            result = _PIN_RESULTS.get(error.fault.code, PinResult.FAILED)
            if pin.origin is PinOrigin.GIVEN:  # refused, or nobody knows: it goes no further
                memory = replace(memory, given_pin_refused=True)
            return PinRecord(result, None, flags, error.fault), memory
        return PinRecord(PinResult.ACCEPTED, None, flags), memory

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
    """What tells this card from another in one run: the number its certificates carry.

    Without one it is the certificates themselves: label and serial may differ between slots.
    """
    for item in card.certificates:
        try:
            number = read_certificate(item.der).card_number
        except BadCertificate:
            continue
        if number:
            return number
    return " ".join(seal("", "", [item.der for item in card.certificates]).certificates)


def _flags(token: TokenInfo | None) -> tuple[str, ...]:
    return tuple(token.flags) if token else ()


def _authenticates(key: PrivateKey, certificates: Sequence[CertificateObject]) -> bool:
    return key.label == "CPS_PRIV_AUT" or any(
        item.id == key.id and "Authentification" in item.label for item in certificates
    )
