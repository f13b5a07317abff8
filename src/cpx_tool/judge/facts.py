"""The facts a check may need: their names, their types, and why one may be missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from cpx_tool.judge.matching import Match, Placement
from cpx_tool.judge.reading import ReadCard, ReadCertificate
from cpx_tool.model.cardset import CardSet, ExpectedCard
from cpx_tool.model.certificate import Certificate
from cpx_tool.model.dossier import Dossier
from cpx_tool.model.fault import Fault
from cpx_tool.model.finding import Outcome
from cpx_tool.model.identity import Identity
from cpx_tool.model.message import Message, msg
from cpx_tool.model.middleware import Middleware
from cpx_tool.model.observation import (
    CardObservation,
    ModuleObservation,
    Observation,
    PinRecord,
    PinResult,
    SignatureTry,
)
from cpx_tool.model.reader import Pcsc
from cpx_tool.model.token import DataObject, PrivateKey, Slot, TokenInfo
from cpx_tool.pki.parts import STRUCTURE
from cpx_tool.pki.proof import TestProof

Certificates: TypeAlias = tuple[ReadCertificate, ...]

CARD_FACTS: Mapping[str, Any] = {
    "observed": CardObservation,
    "token": TokenInfo,
    "certificates": Certificates,
    "data": tuple[DataObject, ...],
    "authentication": Certificate,
    "signature": Certificate,
    "identity": Identity,
    "dossier": Dossier,
    "placement": Placement,
    "expected": ExpectedCard,
    "observed_at": datetime,
    "warning_period": timedelta,
    "pin": PinRecord,
    "proof": TestProof,
    "attempt": PinRecord,
    "keys": tuple[PrivateKey, ...],
    "authentication_id": str,
    "signature_id": str,
    "signed_by_authentication": SignatureTry,
    "signed_by_signature": SignatureTry,
    "signed_with_pss": SignatureTry | None,
}
"""Facts about one card. `attempt` is the PIN record of a card on which the PIN was tried."""

RUN_FACTS: Mapping[str, Any] = {
    "pcsc": Pcsc,
    "module": ModuleObservation,
    "slots": tuple[Slot, ...],
    "cards": tuple[CardObservation, ...],
    "faults": tuple[Fault, ...],
    "card_set": CardSet,
    "match": Match,
    "cut_short": bool,
    "middleware": Middleware,
}
"""Facts about the workstation and the set."""


_UNTOLD = frozenset({"extensions", "public key", STRUCTURE})
"""Problems of a certificate with which one cannot tell what it lacks from what cannot be read."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A fact that is not there: SKIPPED when an earlier one is missing, else ERROR."""

    outcome: Outcome
    reason: Message
    blocked_by_pin: bool = False
    hint: Message | None = None
    """What to do about it, where that is not said elsewhere."""


def workstation_facts(observation: Observation) -> Mapping[str, Any]:
    """What is known of the workstation, whatever cards should be there; "middleware" only where it
    was looked at.
    """
    no_module = Missing(Outcome.SKIPPED, msg("No PKCS#11 module was asked."))
    looked = {} if observation.middleware is None else {"middleware": observation.middleware}
    return {
        **looked,
        "pcsc": observation.pcsc,
        "module": observation.module or no_module,
        "slots": observation.slots,
        "cards": observation.cards,
        "faults": observation.faults,
        "cut_short": observation.cut_short,
    }


def run_facts(observation: Observation, card_set: CardSet, match: Match) -> Mapping[str, Any]:
    """What is known of the run as a whole: the workstation, and the set."""
    return {**workstation_facts(observation), "card_set": card_set, "match": match}


def card_facts(
    card: ReadCard, placement: Placement, observed_at: datetime, warning_period: timedelta
) -> Mapping[str, Any]:
    """What is known of one card; each name of `CARD_FACTS` is present."""
    seen = card.observed
    return {
        "observed": seen,
        "token": seen.token or _unread(),
        "certificates": card.certificates if seen.token else _unread(),
        "data": seen.data if seen.token else _unread(),
        "authentication": _certificate(card.authentication),
        "signature": _certificate(card.signature),
        "identity": card.identity or _no_identity(),
        "dossier": card.dossier if seen.token else _unread(),
        "placement": placement,
        "expected": placement.expected or _no_place(),
        "observed_at": observed_at,
        "warning_period": warning_period,
        "pin": seen.pin or _unread(),
        "proof": _proof(card),
        "attempt": _attempt(seen),
        "keys": _keys(seen),
        "authentication_id": _id(card.authentication),
        "signature_id": _id(card.signature),
        "signed_by_authentication": _signed(card, card.authentication),
        "signed_by_signature": _signed(card, card.signature),
        "signed_with_pss": _signed_with_pss(card),
    }


def _proof(card: ReadCard) -> TestProof | Missing:
    if card.observed.token is None:
        return _unread()
    return card.proof


def _unread() -> Missing:
    return Missing(Outcome.SKIPPED, msg("The card could not be read."))


def _no_identity() -> Missing:
    return Missing(Outcome.SKIPPED, msg("No certificate says who this card is."))


def _no_place() -> Missing:
    return Missing(Outcome.SKIPPED, msg("The card has no place in the set to compare with."))


def _certificate(found: ReadCertificate | None) -> Certificate | Missing:
    if found is None:
        return Missing(Outcome.SKIPPED, msg("The certificate is not on the card."))
    read = found.certificate
    if read is None or _UNTOLD & set(read.problems):
        return Missing(Outcome.SKIPPED, msg("The certificate is unreadable."))
    return read


def _id(found: ReadCertificate | None) -> str | Missing:
    if found is None:
        return Missing(Outcome.SKIPPED, msg("The certificate is not on the card."))
    return found.object.id


def _attempt(seen: CardObservation) -> PinRecord | Missing:
    if seen.pin is None:
        return _unread()
    if seen.pin.result is PinResult.REFUSED:
        return _no_login(seen.pin)
    return seen.pin


def _no_login(pin: PinRecord) -> Missing:
    if pin.result is PinResult.REFUSED:
        return Missing(Outcome.SKIPPED, msg("The PIN was not tried."), blocked_by_pin=True)
    return Missing(Outcome.SKIPPED, msg("The login did not succeed."))


def _keys(seen: CardObservation) -> tuple[PrivateKey, ...] | Missing:
    if seen.keys is not None:
        return seen.keys
    if seen.pin is None:
        return _unread()
    if seen.pin.result is PinResult.ACCEPTED:
        if seen.handshakes and not seen.all_hindrances:
            return Missing(
                Outcome.SKIPPED,
                msg("The keys were not asked for: tls-test saved this observation."),
                hint=msg("Judge it with tls-test --observation; check-set asks for the keys."),
            )
        return Missing(Outcome.ERROR, msg("The private keys could not be listed."))
    return _no_login(seen.pin)


def _signed(card: ReadCard, by: ReadCertificate | None) -> SignatureTry | Missing:
    keys = _keys(card.observed)
    if isinstance(keys, Missing):
        return keys
    if by is None:
        return Missing(Outcome.SKIPPED, msg("The certificate is not on the card."))
    for tried in card.observed.signatures:
        if tried.key_id == by.object.id and not tried.mechanism.endswith("_PSS"):
            return tried
    return Missing(Outcome.SKIPPED, msg("No signature was made with this key."))


def _signed_with_pss(card: ReadCard) -> SignatureTry | Missing | None:
    """None when the login succeeded and no such signature was tried."""
    keys, by = _keys(card.observed), card.authentication
    if isinstance(keys, Missing):
        return keys
    if by is None:
        return Missing(Outcome.SKIPPED, msg("The certificate is not on the card."))
    signatures = (s for s in card.observed.signatures if s.key_id == by.object.id)
    return next((s for s in signatures if s.mechanism.endswith("_PSS")), None)
