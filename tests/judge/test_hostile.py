"""What a card or a saved observation may contain, and must not do to the judge."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from cpx_tool.i18n import say
from cpx_tool.judge.judge import judge
from cpx_tool.judge.verdict import exit_code
from cpx_tool.model.cardset import CardSet
from cpx_tool.model.finding import Checklist, Outcome, Verdict
from cpx_tool.model.observation import CardObservation, Observation, SignatureTry
from cpx_tool.model.token import CertificateObject
from support.build import AUTHENTICATION_ID, PEOPLE, PKCS1, card, with_card

DOCTOR = "medecin-generaliste"
HOSTILE_NAMES = {
    "control characters": "DOC\x00\x07\x08\r\n0007512",
    "an ANSI escape": "\x1b[2J\x1b[31mDOC\x1b]0;title\x07",
    "a C1 escape": "\x9b31mDOC",
    "a right-to-left override": "DOC\u202e2157000",
    "ten kilobytes": "D" * 10_000,
    "format braces": "{0} {name} {reason!r}",
}


def doctor(seen: Observation, key: rsa.RSAPrivateKey, **changes: Any) -> Observation:
    person = replace(PEOPLE[DOCTOR], **changes)
    return with_card(seen, DOCTOR, lambda found: card(key, person, found.slot.id))


def errors(checklist: Checklist) -> set[str]:
    return {f.check for f in checklist.all_findings() if f.outcome is Outcome.ERROR}


def _with_first(item: CertificateObject, seen: CardObservation) -> CardObservation:
    return replace(seen, certificates=(item, *seen.certificates[1:]))


@pytest.mark.parametrize("name", HOSTILE_NAMES.values(), ids=HOSTILE_NAMES)
@pytest.mark.parametrize("field", ["surname", "title"])
def test_a_hostile_name_is_judged_like_any_other(
    good: Observation, key: rsa.RSAPrivateKey, card_set: CardSet, name: str, field: str
) -> None:
    checklist = judge(doctor(good, key, **{field: name}), card_set)
    assert errors(checklist) == set()
    assert len(checklist.cards) == 6
    for found in checklist.all_findings():
        assert "\x1b" not in say(found.message)


@pytest.mark.parametrize("size", [0, 1, 100_000, 5_000_000])
def test_a_certificate_of_an_absurd_size_is_unreadable(
    good: Observation, card_set: CardSet, size: int
) -> None:
    seen = with_card(
        good,
        DOCTOR,
        lambda found: replace(
            found, certificates=tuple(replace(c, der=b"\x30" * size) for c in found.certificates)
        ),
    )
    checklist = judge(seen, card_set)
    failed = {f.check for f in checklist.all_findings() if f.outcome is Outcome.FAILED}
    assert {"CERT-READABLE", "CARD-CPX", "SET-COMPLETE"} <= failed
    assert errors(checklist) == set()


def test_a_certificate_damaged_anywhere_never_breaks_a_check(
    good: Observation, card_set: CardSet
) -> None:
    dice = random.Random(20260115)  # noqa: S311
    for _ in range(150):
        der = bytearray(good.cards[1].certificates[0].der)
        der[dice.randrange(len(der))] ^= 1 << dice.randrange(8)
        broken = replace(good.cards[1].certificates[0], der=bytes(der))
        seen = with_card(good, DOCTOR, partial(_with_first, broken))
        checklist = judge(seen, card_set)
        assert not any(
            say(f.message).startswith("This check itself") for f in checklist.all_findings()
        )


def test_ten_thousand_signatures_of_an_unknown_key_prove_nothing(
    good: Observation, card_set: CardSet
) -> None:
    stray = (SignatureTry("00", "CPS_PRIV_AUT", PKCS1, b"", b""),) * 10_000
    seen = with_card(good, DOCTOR, lambda found: replace(found, signatures=stray))
    checklist = judge(seen, card_set)
    assert (checklist.verdict, exit_code(checklist)) == (Verdict.INCOMPLETE, 1)


@pytest.mark.parametrize("signature", [b"", b"\x00" * 256, b"\xff" * 100_000])
def test_a_signature_that_is_none_does_not_verify(
    good: Observation, card_set: CardSet, signature: bytes
) -> None:
    tried = SignatureTry(AUTHENTICATION_ID, "CPS_PRIV_AUT", PKCS1, b"challenge", signature)
    seen = with_card(
        good, DOCTOR, lambda found: replace(found, signatures=(tried, *found.signatures[1:]))
    )
    failed = {f.check for f in judge(seen, card_set).all_findings() if f.outcome is Outcome.FAILED}
    assert failed - {"CARD-ROLE"} == {"SIGN-AUTH"}


def test_a_token_that_shows_nothing_of_itself(good: Observation, card_set: CardSet) -> None:
    bare = with_card(good, DOCTOR, lambda found: replace(found, token=None))
    checklist = judge(bare, card_set)
    assert errors(checklist) == set()
    assert checklist.verdict is not Verdict.PASSED
