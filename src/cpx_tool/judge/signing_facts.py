"""The facts about one card whose keys signed by all mechanisms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from cpx_tool.catalogue.signing import rule_of
from cpx_tool.judge.facts import card_facts
from cpx_tool.judge.matching import Placement
from cpx_tool.judge.reading import ReadCard, ReadCertificate
from cpx_tool.model.finding import Place
from cpx_tool.model.observation import SignatureTry
from cpx_tool.model.signing import Expectation, JudgedTry, SignResult
from cpx_tool.model.token import PrivateKey, TokenInfo
from cpx_tool.pki.personal_keys import personal_key
from cpx_tool.pki.signature import verify_rsa

JudgedTries: TypeAlias = tuple[JudgedTry, ...]

SIGNING_FACTS: Mapping[str, Any] = {
    "keys": tuple[PrivateKey, ...],
    "token": TokenInfo,
    "tries": JudgedTries,
}

_NO_SET = Placement(Place.FOREIGN)
"""A card looked at by itself."""


def signing_facts(card: ReadCard, observed_at: datetime) -> Mapping[str, Any]:
    """Each name of `SIGNING_FACTS`, and those of a card by itself."""
    facts = card_facts(card, _NO_SET, observed_at, timedelta())
    tries = tuple(judge_try(tried, card) for tried in card.observed.signatures)
    return {**facts, "tries": tries}


def judge_try(tried: SignatureTry, card: ReadCard) -> JudgedTry:
    """What came of a try, by the certificate with the key's CKA_ID and by the catalogue."""
    key = personal_key(tried.key_label, tried.key_id, card.observed.certificates)
    rule = rule_of(tried.mechanism, tried.hash)
    expected = rule.expects(key) if rule is not None and key is not None else None
    return JudgedTry(tried, key, expected, _result(tried, expected, card.certificates))


def _result(
    tried: SignatureTry, expected: Expectation | None, certificates: tuple[ReadCertificate, ...]
) -> SignResult:
    if tried.cut_off:
        return SignResult.CUT_OFF
    if tried.fault is not None:
        known = expected is Expectation.REFUSES
        return SignResult.KNOWN_REFUSAL if known else SignResult.REFUSED
    own = (c.certificate for c in certificates if c.object.id == tried.key_id)
    certificate = next((c for c in own if c is not None and c.public_key), None)
    if certificate is None:
        return SignResult.NOT_VERIFIABLE
    try:
        good = verify_rsa(
            certificate.public_key, tried.mechanism, tried.challenge, tried.signature, tried.hash
        )
    except ValueError:  # of a newer version, or altered
        return SignResult.NOT_VERIFIABLE
    return SignResult.VERIFIED if good else SignResult.WRONG
