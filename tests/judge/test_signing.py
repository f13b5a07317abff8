"""What the keys signed, judged: no card, no module, signatures of the test's own keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from cpx_tool.catalogue.signing import signing_rules
from cpx_tool.emulate.profile import CPS3_MECHANISMS, CPS4_MECHANISMS
from cpx_tool.errors import BadInput, ExitCode
from cpx_tool.i18n import say
from cpx_tool.judge.signing import judge_signing, signing_exit_code
from cpx_tool.model.eligibility import Key
from cpx_tool.model.fault import INTERRUPTED, Fault, FaultKind
from cpx_tool.model.finding import Finding, Outcome, Verdict
from cpx_tool.model.observation import (
    CardObservation,
    Hash,
    Observation,
    PinRecord,
    PinRefusal,
    PinResult,
    SignatureTry,
)
from cpx_tool.model.signing import Expectation, SigningChecklist, SignResult, mechanism_name
from cpx_tool.observe.sign_errand import SignErrand
from support.build import (
    AUTHENTICATION_ID,
    FLAGS,
    NOW,
    PEOPLE,
    SIGNATURE_ID,
    card,
    no_login,
    observation,
    signature,
)

CHECKS = ("SIGN-NEEDED", "SIGN-VERIFIES", "SIGN-COMPLETE", "SIGN-REFUSED")
_LABELS = {AUTHENTICATION_ID: "CPS_PRIV_AUT", SIGNATURE_ID: "CPS_PRIV_SIG"}
_KEYS = {Key.AUTHENTICATION: AUTHENTICATION_ID, Key.SIGNATURE: SIGNATURE_ID}
NUMBER = "3100000012"


def test_a_card_is_called_by_its_slot_too(signed: CardObservation) -> None:
    seen = observation(signed)
    by_slot = judge_signing(seen, f"slot-{signed.slot.id}")
    assert by_slot == judge_signing(seen, NUMBER)
    assert SignErrand(f"slot-{signed.slot.id}").concerns(signed)
    assert not SignErrand("slot-9").concerns(signed)


def fault(code: str = "CKR_GENERAL_ERROR", kind: FaultKind = FaultKind.ERROR) -> Fault:
    return Fault(kind, "C_Sign", code, module="libcps3_pkcs11_lux.so")


@pytest.fixture(scope="session")
def signed(key: rsa.RSAPrivateKey) -> CardObservation:
    """A CPS4 as the Cryptolib shows it: what it refuses there is refused."""
    return _signed(card(key, PEOPLE["medecin-generaliste"]), key, CPS4_MECHANISMS)


def _signed(
    seen: CardObservation, key: rsa.RSAPrivateKey, announced: Sequence[str]
) -> CardObservation:
    assert seen.token is not None
    tries = []
    for rule in (rule for rule in signing_rules() if rule.mechanism in announced):
        for which, key_id in _KEYS.items():
            tried = signature(key, key_id, _LABELS[key_id], rule.mechanism, rule.hash)
            if rule.expects(which) is Expectation.REFUSES:
                tried = replace(tried, signature=b"", seconds=0.0, fault=fault())
            tries.append(tried)
    token = replace(seen.token, mechanisms=tuple(announced))
    return replace(seen, token=token, signatures=tuple(tries))


def changed(
    seen: CardObservation,
    key_id: str,
    mechanism: str,
    change: Callable[[SignatureTry], SignatureTry],
) -> CardObservation:
    """The card with that try changed; `mechanism` as `mechanism_name` says it."""
    tries = [
        change(t) if (t.key_id, mechanism_name(t.mechanism, t.hash)) == (key_id, mechanism) else t
        for t in seen.signatures
    ]
    assert tries != list(seen.signatures)
    return replace(seen, signatures=tuple(tries))


def refused(tried: SignatureTry) -> SignatureTry:
    return replace(tried, signature=b"", fault=fault("CKR_MECHANISM_INVALID"))


def spoilt(tried: SignatureTry) -> SignatureTry:
    return replace(tried, signature=tried.signature[:-1] + bytes([tried.signature[-1] ^ 1]))


def judged(*cards: CardObservation) -> SigningChecklist:
    return judge_signing(observation(*cards))


def finding(checklist: SigningChecklist, check: str) -> Finding:
    (found,) = (f for card in checklist.cards for f in card.findings if f.check == check)
    return found


def outcomes(checklist: SigningChecklist) -> dict[str, Outcome]:
    return {check: finding(checklist, check).outcome for check in CHECKS}


ALL_PASSED = dict.fromkeys(CHECKS, Outcome.PASSED)


def test_a_cps4_as_the_cryptolib_shows_it_passes(signed: CardObservation) -> None:
    checklist = judged(signed)
    assert outcomes(checklist) == ALL_PASSED
    assert checklist.verdict is Verdict.PASSED
    assert signing_exit_code(checklist) is ExitCode.PASSED
    known = finding(checklist, "SIGN-REFUSED")
    assert say(known.message) == "4 refusals, all known of the Cryptolib CPS."
    assert say(finding(checklist, "SIGN-VERIFIES").message) == "14 signatures verified."


def test_a_cps3_without_pss_passes(key: rsa.RSAPrivateKey, signed: CardObservation) -> None:
    checklist = judged(_signed(signed, key, CPS3_MECHANISMS))
    assert outcomes(checklist) == ALL_PASSED


def test_another_module_may_do_what_the_cryptolib_refuses(
    key: rsa.RSAPrivateKey, signed: CardObservation
) -> None:
    name = "CKM_SHA256_RSA_PKCS"
    done = signature(key, AUTHENTICATION_ID, "CPS_PRIV_AUT", name)
    checklist = judged(changed(signed, AUTHENTICATION_ID, name, lambda _: done))
    assert outcomes(checklist) == ALL_PASSED


@pytest.mark.parametrize(
    ("key_id", "mechanism"),
    [
        (AUTHENTICATION_ID, "CKM_RSA_PKCS (SHA-256)"),
        (SIGNATURE_ID, "CKM_RSA_PKCS (SHA-256)"),
        (AUTHENTICATION_ID, "CKM_RSA_PKCS_PSS (SHA-256)"),
    ],
)
def test_what_is_needed_must_not_be_refused(
    signed: CardObservation, key_id: str, mechanism: str
) -> None:
    checklist = judged(changed(signed, key_id, mechanism, refused))
    assert outcomes(checklist) == {**ALL_PASSED, "SIGN-NEEDED": Outcome.FAILED}
    told = say(finding(checklist, "SIGN-NEEDED").message)
    assert mechanism in told
    assert "CKR_MECHANISM_INVALID" in told
    assert signing_exit_code(checklist) is ExitCode.FAILED


def test_what_opensc_does_not_do_with_a_cps3_is_no_fault_of_the_card(
    key: rsa.RSAPrivateKey, signed: CardObservation
) -> None:
    def limited(tried: SignatureTry) -> SignatureTry:
        code = "CKR_MECHANISM_INVALID"
        if tried.mechanism == "CKM_SHA256_RSA_PKCS":
            code = "CKR_FUNCTION_NOT_SUPPORTED"
        limit = Fault(FaultKind.ERROR, "C_SignInit", code, module="opensc-pkcs11.so")
        return replace(tried, signature=b"", fault=limit)

    cps3 = _signed(signed, key, CPS3_MECHANISMS)
    tries = [limited(t) if t.key_id == SIGNATURE_ID else t for t in cps3.signatures]
    checklist = judged(replace(cps3, signatures=tuple(tries)))
    assert outcomes(checklist) == {
        **ALL_PASSED,
        "SIGN-NEEDED": Outcome.ERROR,
        "SIGN-REFUSED": Outcome.FAILED,
    }
    for check in ("SIGN-NEEDED", "SIGN-REFUSED"):
        hint = finding(checklist, check).hint
        assert hint is not None
        assert say(hint).startswith("Nothing speaks against the card. Use the Cryptolib CPS")
    assert checklist.verdict is Verdict.INCOMPLETE

    also = limited(next(t for t in tries if t.key_id == AUTHENTICATION_ID))
    both = changed(
        checklist.cards[0].observed, AUTHENTICATION_ID, "CKM_RSA_PKCS (SHA-256)", lambda _: also
    )
    assert finding(judged(both), "SIGN-NEEDED").outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("key_id", "mechanism"),
    [
        (SIGNATURE_ID, "CKM_RSA_PKCS_PSS (SHA-256)"),
        (SIGNATURE_ID, "CKM_SHA256_RSA_PKCS"),
        (AUTHENTICATION_ID, "CKM_RSA_PKCS (SHA-1)"),
    ],
)
def test_a_refusal_that_nobody_documents_is_a_warning(
    signed: CardObservation, key_id: str, mechanism: str
) -> None:
    checklist = judged(changed(signed, key_id, mechanism, refused))
    assert outcomes(checklist) == {**ALL_PASSED, "SIGN-REFUSED": Outcome.FAILED}
    assert mechanism in say(finding(checklist, "SIGN-REFUSED").message)
    assert checklist.verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("key_id", "mechanism"),
    [
        (AUTHENTICATION_ID, "CKM_RSA_PKCS (SHA-256)"),
        (AUTHENTICATION_ID, "CKM_SHA1_RSA_PKCS_PSS"),
        (SIGNATURE_ID, "CKM_SHA1_RSA_PKCS"),
    ],
)
def test_a_wrong_signature_is_always_a_failure(
    signed: CardObservation, key_id: str, mechanism: str
) -> None:
    checklist = judged(changed(signed, key_id, mechanism, spoilt))
    assert outcomes(checklist) == {**ALL_PASSED, "SIGN-VERIFIES": Outcome.FAILED}
    assert mechanism in say(finding(checklist, "SIGN-VERIFIES").message)
    assert checklist.verdict is Verdict.FAILED


def test_a_signature_over_another_hash_is_wrong(signed: CardObservation) -> None:
    lies = changed(
        signed,
        AUTHENTICATION_ID,
        "CKM_RSA_PKCS (SHA-1)",
        lambda tried: replace(tried, hash=Hash.SHA256),
    )
    assert finding(judged(lies), "SIGN-VERIFIES").outcome is Outcome.FAILED


def test_what_cards_must_announce(key: rsa.RSAPrivateKey, signed: CardObservation) -> None:
    without = [name for name in CPS4_MECHANISMS if name != "CKM_RSA_PKCS"]
    checklist = judged(_signed(signed, key, without))
    assert outcomes(checklist) == {**ALL_PASSED, "SIGN-NEEDED": Outcome.FAILED}
    told = say(finding(checklist, "SIGN-NEEDED").message)
    assert told == "The token does not announce: CKM_RSA_PKCS."


@pytest.mark.parametrize(
    "end", [fault("SIGSEGV", FaultKind.CRASH), fault("20 s", FaultKind.HANG), fault(INTERRUPTED)]
)
def test_a_crash_leaves_the_rest_untold(signed: CardObservation, end: Fault) -> None:
    tries = signed.signatures
    cut = replace(tries[4], signature=b"", fault=end)
    checklist = judged(replace(signed, signatures=(*tries[:4], cut)))
    assert outcomes(checklist) == {**ALL_PASSED, "SIGN-COMPLETE": Outcome.FAILED}
    told = say(finding(checklist, "SIGN-COMPLETE").message)
    assert "13 signatures were not tried." in told
    assert [t.result for t in checklist.cards[0].tries] == [
        *[SignResult.VERIFIED] * 4,
        SignResult.CUT_OFF,
    ]


def test_a_crash_in_what_is_needed_leaves_it_unanswered(signed: CardObservation) -> None:
    cut = replace(signed.signatures[1], fault=fault("SIGSEGV", FaultKind.CRASH))
    checklist = judged(replace(signed, signatures=(signed.signatures[0], cut)))
    assert outcomes(checklist) == {
        "SIGN-NEEDED": Outcome.SKIPPED,
        "SIGN-VERIFIES": Outcome.PASSED,
        "SIGN-COMPLETE": Outcome.FAILED,
        "SIGN-REFUSED": Outcome.PASSED,
    }


def test_an_observation_of_check_set_is_not_complete(key: rsa.RSAPrivateKey) -> None:
    checklist = judged(card(key, PEOPLE["infirmier"]))
    assert finding(checklist, "SIGN-COMPLETE").outcome is Outcome.SKIPPED
    assert checklist.verdict is Verdict.INCOMPLETE
    assert signing_exit_code(checklist) is ExitCode.FAILED


def test_a_key_without_a_certificate_verifies_nothing(signed: CardObservation) -> None:
    alone = replace(signed, certificates=signed.certificates[:1])
    checklist = judged(alone)
    found = finding(checklist, "SIGN-VERIFIES")
    assert found.outcome is Outcome.ERROR
    assert "signature key" in say(found.message)


def test_a_key_that_is_no_personal_one(key: rsa.RSAPrivateKey, signed: CardObservation) -> None:
    assert signed.keys is not None
    stray = replace(signed.keys[0], id="99", label="Stray")
    tried = replace(signature(key, "99", "Stray"), signature=b"", fault=fault())
    keys = (*signed.keys, stray)
    checklist = judged(replace(signed, keys=keys, signatures=(*signed.signatures, tried)))
    assert (checklist.cards[0].tries[-1].key, checklist.cards[0].tries[-1].expected) == (None, None)
    told = say(finding(checklist, "SIGN-REFUSED").message)
    assert "Refused (key “Stray”): CKM_RSA_PKCS (SHA-256)." in told


def test_a_mechanism_of_a_newer_version_cannot_be_verified(signed: CardObservation) -> None:
    newer = replace(signed.signatures[0], mechanism="CKM_SHA512_RSA_PKCS")
    checklist = judged(replace(signed, signatures=(*signed.signatures, newer)))
    assert checklist.cards[0].tries[-1].result is SignResult.NOT_VERIFIABLE
    assert finding(checklist, "SIGN-VERIFIES").outcome is Outcome.ERROR


# --- PIN safety, and no card --------------------------------------------------------------------


def test_pin_safety_alone_ends_with_its_own_code(signed: CardObservation) -> None:
    stopped = no_login(signed, PinRecord(PinResult.REFUSED, PinRefusal.COUNT_LOW, FLAGS))
    checklist = judged(stopped)
    assert outcomes(checklist) == dict.fromkeys(CHECKS, Outcome.SKIPPED)
    assert all(finding(checklist, check).blocked_by_pin for check in CHECKS)
    assert signing_exit_code(checklist) is ExitCode.PIN_SAFETY


def test_a_wrong_pin_is_a_failure(signed: CardObservation) -> None:
    wrong = no_login(signed, PinRecord(PinResult.WRONG, flags=FLAGS))
    assert signing_exit_code(judged(wrong)) is ExitCode.FAILED


def test_without_a_card_nothing_is_checked() -> None:
    assert signing_exit_code(judged()) is ExitCode.NOTHING_CHECKED
    assert judged().verdict is not Verdict.PASSED


def test_nothing_is_asked_of_a_set(signed: CardObservation) -> None:
    asked = {f.check for f in judged(signed).all_findings()}
    assert not asked & {"SET-COMPLETE", "CARD-IN-SET", "CARD-ROLE", "SIGN-AUTH", "SIGN-PSS"}
    assert asked >= {"MODULE-LOADED", "PIN-ALLOWED", "PIN-ACCEPTED", "KEY-PRESENT", "KEY-MATCHES"}


# --- one card of several ------------------------------------------------------------------------


@pytest.fixture
def two(signed: CardObservation, key: rsa.RSAPrivateKey) -> Observation:
    return observation(signed, card(key, PEOPLE["infirmier"], 1))


def test_the_card_of_that_number_alone_is_judged(two: Observation) -> None:
    checklist = judge_signing(two, NUMBER)
    assert [card.key for card in checklist.cards] == [NUMBER]
    assert checklist.verdict is Verdict.PASSED


def test_a_number_that_no_card_has(two: Observation) -> None:
    with pytest.raises(BadInput, match="There is no card"):
        judge_signing(two, "3100000099")


def test_an_interrupted_run_may_not_have_come_to_that_card(two: Observation) -> None:
    checklist = judge_signing(replace(two, interrupted=True), "3100000099")
    assert checklist.cards == ()


def test_judging_is_repeatable(signed: CardObservation) -> None:
    assert judged(signed) == judged(signed)
    assert judged(signed).observation.observed_at == NOW
