"""Chains and revocation of the cards, with what is at hand."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509 import ocsp

from cpx_tool.i18n import say
from cpx_tool.judge.judge import judge
from cpx_tool.judge.trust_answers import crl_answer
from cpx_tool.model.cardset import CardSet
from cpx_tool.model.finding import Checklist, Finding, Outcome, Verdict
from cpx_tool.model.observation import CardObservation, Observation
from cpx_tool.model.trust import TrustMaterial
from cpx_tool.pki.trust import make_trust
from support.build import NOW, PEOPLE, card, with_card
from support.certificates import CRL_ADDRESS, ocsp_answer, revocation_list
from support.pki import AT, CrlSpec, authority, leaf, names, root

DOCTOR = "medecin-generaliste"
PASSED, FAILED, SKIPPED, ERROR = Outcome
CHECKS = ("CERT-ISSUER", "CERT-CHAIN", "CERT-ANCHOR", "CERT-CRL", "CERT-REVOKED")
ALL_WELL = dict.fromkeys(CHECKS, PASSED)
CA_ADDRESS = "http://igc-sante.esante.gouv.fr/AC%20TEST/ACI-FO-PP-TEST.cer"


def found(checklist: Checklist) -> dict[str, Finding]:
    """What the checks of trust say of the médecin's card."""
    (doctor,) = (c for c in checklist.cards if c.observed.slot.id == 1)
    return {f.check: f for f in doctor.findings if f.check in CHECKS}


def outcomes(checklist: Checklist) -> dict[str, Outcome]:
    return {check: finding.outcome for check, finding in found(checklist).items()}


def test_a_chain_up_to_the_emulation(good: Observation, card_set: CardSet) -> None:
    checklist = judge(good, card_set)
    assert outcomes(checklist) == ALL_WELL
    assert "the emulation made" in say(found(checklist)["CERT-ANCHOR"].message)


def test_nothing_at_hand_is_no_failure(good: Observation, card_set: CardSet) -> None:
    checklist = judge(replace(good, trust=TrustMaterial()), card_set)
    assert outcomes(checklist) == {"CERT-ISSUER": SKIPPED}
    issuer = found(checklist)["CERT-ISSUER"]
    assert say(issuer.message) == "The issuer's certificate is not at hand: ACI-FO-PP-TEST."
    assert issuer.hint is not None
    assert CA_ADDRESS in say(issuer.hint)
    assert checklist.verdict is Verdict.PASSED


def test_the_emulations_ca_says_nothing_of_a_real_card(
    good: Observation, card_set: CardSet
) -> None:
    checklist = judge(replace(good, emulated=False), card_set)
    assert outcomes(checklist) == {"CERT-ISSUER": PASSED, "CERT-ANCHOR": SKIPPED}
    hint = found(checklist)["CERT-ANCHOR"].hint
    assert hint is not None
    assert "--accept-unknown" in say(hint)


def test_an_accepted_ca_is_said_in_the_report(good: Observation, card_set: CardSet) -> None:
    trust = replace(good.trust, emulated=(), accepted=good.trust.emulated)
    checklist = judge(replace(good, trust=trust, emulated=False), card_set)
    assert outcomes(checklist) == {**ALL_WELL, "CERT-ANCHOR": FAILED}
    assert "a user accepted it" in say(found(checklist)["CERT-ANCHOR"].message)
    assert checklist.verdict is Verdict.PASSED


def test_what_is_at_hand_later_counts_as_well(good: Observation, card_set: CardSet) -> None:
    bare = replace(good, trust=TrustMaterial())
    assert outcomes(judge(bare, card_set, more_trust=good.trust)) == ALL_WELL


def test_no_crl(good: Observation, card_set: CardSet) -> None:
    checklist = judge(replace(good, trust=replace(good.trust, crls=())), card_set)
    assert outcomes(checklist) == {
        "CERT-ISSUER": PASSED,
        "CERT-CHAIN": PASSED,
        "CERT-ANCHOR": PASSED,
        "CERT-CRL": SKIPPED,
    }
    hint = found(checklist)["CERT-CRL"].hint
    assert hint is not None
    assert CRL_ADDRESS in say(hint)


def test_a_crl_made_after_a_certificate_expired_is_not_to_be_downloaded_again() -> None:
    top = root()
    ca = authority(top)
    expired = leaf(ca).but(end=AT - timedelta(days=2), extra=names(crl=["http://ca.example/crl"]))
    believed = (hashlib.sha256(top.der()).hexdigest(),)
    for made, hinted in ((AT - timedelta(days=1), False), (AT + timedelta(days=1), True)):
        crl = CrlSpec(ca, made=made, due=made + timedelta(days=7)).der()
        material = TrustMaterial((ca.der(), top.der()), crls=(crl,), accepted=believed)
        trust = make_trust(material, ())
        chain = trust.chain(expired.der(), AT)
        answer = crl_answer(chain, trust.revocation(chain, AT))
        assert answer is not None
        assert (answer.outcome, answer.hint is not None) == (SKIPPED, hinted)


def test_an_old_crl_tells_nothing(
    good: Observation, card_set: CardSet, key: rsa.RSAPrivateKey
) -> None:
    old = revocation_list(key, NOW - timedelta(days=30))
    checklist = judge(replace(good, trust=replace(good.trust, crls=(old,))), card_set)
    assert outcomes(checklist)["CERT-CRL"] is FAILED
    assert "CERT-REVOKED" not in outcomes(checklist)
    assert checklist.verdict is Verdict.PASSED


def test_an_old_crl_that_lists_the_card_still_counts(
    good: Observation, card_set: CardSet, key: rsa.RSAPrivateKey
) -> None:
    old = revocation_list(key, NOW - timedelta(days=30), 0x1234)
    checklist = judge(replace(good, trust=replace(good.trust, crls=(old,))), card_set)
    assert outcomes(checklist)["CERT-REVOKED"] is FAILED
    assert checklist.verdict is Verdict.FAILED


GOOD, REVOKED, UNKNOWN = (
    ocsp.OCSPCertStatus.GOOD,
    ocsp.OCSPCertStatus.REVOKED,
    ocsp.OCSPCertStatus.UNKNOWN,
)


def with_answer(
    seen: Observation, key: rsa.RSAPrivateKey, status: ocsp.OCSPCertStatus, **changes: object
) -> Observation:
    answer = ocsp_answer(key, NOW - timedelta(hours=1), status)
    return replace(seen, trust=replace(seen.trust, answers=(answer,), **changes))  # type: ignore[arg-type]


def test_an_ocsp_answer_does_for_a_crl(
    good: Observation, card_set: CardSet, key: rsa.RSAPrivateKey
) -> None:
    checklist = judge(with_answer(good, key, GOOD, crls=()), card_set)
    assert outcomes(checklist) == ALL_WELL
    assert "OCSP answer of" in say(found(checklist)["CERT-CRL"].message)
    assert "says OCSP" in say(found(checklist)["CERT-REVOKED"].message)


def test_an_ocsp_answer_revokes(
    good: Observation, card_set: CardSet, key: rsa.RSAPrivateKey
) -> None:
    checklist = judge(with_answer(good, key, REVOKED), card_set)
    assert outcomes(checklist)["CERT-REVOKED"] is FAILED
    assert checklist.verdict is Verdict.FAILED


def test_a_responder_that_does_not_know_the_card_says_nothing_of_it(
    good: Observation, card_set: CardSet, key: rsa.RSAPrivateKey
) -> None:
    checklist = judge(with_answer(good, key, UNKNOWN, crls=()), card_set)
    assert outcomes(checklist)["CERT-CRL"] is SKIPPED
    assert "does not know" in say(found(checklist)["CERT-CRL"].message)
    assert "CERT-REVOKED" not in outcomes(checklist)
    assert outcomes(judge(with_answer(good, key, UNKNOWN), card_set)) == ALL_WELL


def test_one_certificate_of_two_is_named(
    good: Observation, card_set: CardSet, key: rsa.RSAPrivateKey
) -> None:
    other = rsa.generate_private_key(65537, 2048)

    forged = card(other, PEOPLE[DOCTOR]).certificates[1]

    def with_forged(seen: CardObservation) -> CardObservation:
        return replace(seen, certificates=(seen.certificates[0], forged))

    chain = found(judge(with_card(good, DOCTOR, with_forged), card_set))["CERT-CHAIN"]
    assert chain.outcome is FAILED
    assert say(chain.message).startswith("Certificat de Signature CPS: The signature on")


@pytest.mark.parametrize("size", [0, 1, 3])
def test_what_is_no_certificate_and_no_crl_is_passed_over(
    good: Observation, card_set: CardSet, size: int
) -> None:
    junk = b"\x30\x82\xff" * size
    trust = good.trust.plus(TrustMaterial((junk,), (junk,), answers=(junk,)))
    assert outcomes(judge(replace(good, trust=trust), card_set)) == ALL_WELL
