"""An OCSP answer counts when the issuer, or whom it let answer, made it about that certificate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from asn1crypto import core
from asn1crypto import ocsp as asn1
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA224, SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier
from hypothesis import given, settings
from hypothesis import strategies as st

from cpx_tool.i18n import say
from cpx_tool.model.certificate import Certificate
from cpx_tool.model.trust import Revocation, RevocationOutcome, RevocationSource
from cpx_tool.pki.certificate import BadCertificate, read_certificate
from cpx_tool.pki.crl import SKEW, read_crl
from cpx_tool.pki.ocsp import (
    MAX_AGE,
    MAX_OCSP,
    BadOcsp,
    is_about,
    judge_ocsp,
    question,
    read_ocsp,
)
from support.paths import shared_cert
from support.pki import (
    AT,
    CrlSpec,
    OcspSpec,
    Spec,
    authority,
    dn,
    key,
    leaf,
    responder,
    root,
    rsa_key,
)

ROOT = root()
CA = authority(ROOT)
LEAF = leaf(CA)
RESPONDER = responder(CA)
GOOD = OcspSpec(LEAF, CA)
DELEGATED = GOOD.but(signer=RESPONDER, sent=(RESPONDER,))
HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
COMPROMISED = x509.ReasonFlags.key_compromise
HELD = x509.ReasonFlags.certificate_hold
Outcome = RevocationOutcome


def read(spec: Spec) -> Certificate:
    return read_certificate(spec.der())


def answers(
    *specs: OcspSpec, at: datetime = AT, crls: tuple[CrlSpec, ...] = ()
) -> tuple[Revocation, ...]:
    found = judge_ocsp(
        read(LEAF),
        read(CA),
        [read_ocsp(spec.der()) for spec in specs],
        [read_crl(crl.der()) for crl in crls],
        at,
    )
    assert all(say(answer.reason) for answer in found)
    return found


def answer(spec: OcspSpec, at: datetime = AT, crls: tuple[CrlSpec, ...] = ()) -> Revocation:
    (found,) = answers(spec, at=at, crls=crls)
    return found


def refused(spec: OcspSpec, words: str, at: datetime = AT) -> None:
    """The answer is not used, and the reason says why."""
    found = answer(spec, at)
    assert (found.outcome, found.source) == (Outcome.NO_CRL, None)
    assert words in say(found.reason)


# --- the question -----------------------------------------------------------------------------


def test_the_question_is_the_one_that_pyca_asks() -> None:
    subject, issuer = (x509.load_der_x509_certificate(spec.der()) for spec in (LEAF, CA))
    asked = ocsp.OCSPRequestBuilder().add_certificate(subject, issuer, GOOD.digest).build()
    assert question(read(LEAF), read(CA)) == asked.public_bytes(Encoding.DER)


def test_the_question_about_a_real_card() -> None:
    card = read_certificate(
        shared_cert("TESTCARD_igcsante_auth_CPEnominative_30B0057881-CPET0002_2017.der")
    )
    issuer = read_certificate(shared_cert("CA_TEST_ACI-ST-PP-TEST.cer"))
    asked = ocsp.load_der_ocsp_request(question(card, issuer))
    assert asked.serial_number == card.serial
    assert asked.issuer_key_hash.hex() == card.authority_key_id == issuer.subject_key_id


# --- what is said -----------------------------------------------------------------------------


@pytest.mark.parametrize("by_key", [False, True])
@pytest.mark.parametrize("spec", [GOOD, DELEGATED], ids=["issuer", "responder"])
def test_good_by_the_issuer_and_by_whom_it_lets_answer(spec: OcspSpec, by_key: bool) -> None:
    found = answer(spec.but(by_key=by_key))
    assert (found.outcome, found.source) == (Outcome.GOOD, RevocationSource.OCSP)
    assert (found.this_update, found.next_update) == (spec.made, spec.due)
    assert (found.revoked_at, found.cause) == (None, None)
    assert "says OCSP" in say(found.reason)


def test_revoked_with_date_and_reason() -> None:
    found = answer(GOOD.but(revoked=(AT - DAY, COMPROMISED)))
    assert (found.outcome, found.source) == (Outcome.REVOKED, RevocationSource.OCSP)
    assert (found.revoked_at, found.cause) == (AT - DAY, "keyCompromise")
    assert "REVOKED on 2025-05-31 00:00 UTC (keyCompromise), says OCSP" in say(found.reason)


def test_revoked_without_a_reason() -> None:
    found = answer(GOOD.but(revoked=(AT - DAY, None)))
    assert (found.outcome, found.cause) == (Outcome.REVOKED, None)
    assert "no reason" in say(found.reason)


def test_a_revocation_counts_for_ever() -> None:
    spec = GOOD.but(revoked=(AT, COMPROMISED))
    assert answer(spec).outcome is Outcome.REVOKED
    assert answer(spec, at=AT + 300 * DAY).outcome is Outcome.REVOKED
    told_later = spec.but(made=AT + 30 * DAY, due=AT + 31 * DAY)
    assert answer(told_later).outcome is Outcome.REVOKED
    refused(told_later, "after that moment", at=AT - SECOND)


def test_an_answer_that_says_revoked_is_never_a_good_one() -> None:
    for cause in (COMPROMISED, HELD, None):
        spec = GOOD.but(revoked=(AT + SKEW, cause))
        assert answer(spec).outcome is Outcome.REVOKED
        refused(spec, "a revocation after that moment", at=AT - SECOND)
    nowhere = replace(read_ocsp(GOOD.but(revoked=(AT, None)).der()).singles[0], revoked_at=None)
    whole = replace(read_ocsp(GOOD.but(revoked=(AT, None)).der()), singles=(nowhere,))
    (found,) = judge_ocsp(read(LEAF), read(CA), [whole], [], AT)
    assert found.outcome is Outcome.NO_CRL


def test_a_hold_of_later_says_nothing_of_before() -> None:
    hold = GOOD.but(revoked=(AT - DAY, HELD))
    assert answer(hold).outcome is Outcome.REVOKED
    refused(hold.but(made=AT + DAY, due=AT + 2 * DAY), "after that moment")


def test_unknown_to_the_responder() -> None:
    found = answer(GOOD.but(unknown=True))
    assert (found.outcome, found.source) == (Outcome.UNKNOWN, RevocationSource.OCSP)


def test_stale_after_the_next_update_only() -> None:
    assert GOOD.due is not None
    assert answer(GOOD, at=GOOD.due).outcome is Outcome.GOOD
    late = answer(GOOD, at=GOOD.due + SECOND)
    assert (late.outcome, late.next_update) == (Outcome.STALE, GOOD.due)


def test_without_a_next_update_an_answer_counts_for_a_day() -> None:
    spec = GOOD.but(due=None)
    assert answer(spec, at=spec.made + MAX_AGE).outcome is Outcome.GOOD
    assert answer(spec, at=spec.made + MAX_AGE + SECOND).outcome is Outcome.STALE


def test_clocks_may_differ_a_little() -> None:
    assert answer(GOOD, at=GOOD.made - SKEW).outcome is Outcome.GOOD
    refused(GOOD, "after that moment", at=GOOD.made - SKEW - SECOND)


def test_after_the_certificate_expired_good_means_nothing() -> None:
    last = LEAF.end
    spec = GOOD.but(made=last, due=last + DAY)
    assert answer(spec, at=last + HOUR).outcome is Outcome.GOOD
    refused(spec.but(made=last + SECOND), "expired", at=last + HOUR)
    revoked = spec.but(made=last + SECOND, revoked=(AT, None))
    assert answer(revoked, at=last + HOUR).outcome is Outcome.REVOKED


def test_a_certificate_whose_end_cannot_be_read_is_revoked_or_nothing_is_said() -> None:
    endless = replace(read(LEAF), not_after=None)
    for spec, outcome in ((GOOD, Outcome.NO_CRL), (GOOD.but(revoked=(AT, None)), Outcome.REVOKED)):
        (found,) = judge_ocsp(endless, read(CA), [read_ocsp(spec.der())], [], AT)
        assert found.outcome is outcome


def test_dates_that_contradict_each_other() -> None:
    refused(GOOD.but(produced=GOOD.made - SKEW - SECOND), "contradict")
    assert answer(GOOD.but(produced=GOOD.made - SKEW)).outcome is Outcome.GOOD

    def due_before_made(data: asn1.ResponseData) -> None:
        data["responses"][0]["next_update"] = GOOD.made - SECOND

    refused(GOOD.but(tweak=due_before_made), "contradict")


# --- about which certificate ------------------------------------------------------------------


@pytest.mark.parametrize("digest", [GOOD.digest, SHA256(), SHA384(), SHA512()])
def test_the_hash_may_be_any_of_the_usual(digest: HashAlgorithm) -> None:
    assert answer(GOOD.but(digest=digest)).outcome is Outcome.GOOD


TWIN = authority(ROOT).but(own_key=key("twin"))
"""A CA with the name of the other."""


@pytest.mark.parametrize(
    "spec",
    [
        GOOD.but(subject=leaf(CA).but(serial=99)),
        GOOD.but(issuer=TWIN, subject=leaf(TWIN), signer=CA),
        GOOD.but(issuer=authority(ROOT, "other").but(own_key=key("ca")), signer=CA),
        GOOD.but(digest=SHA224()),
    ],
    ids=["serial", "key", "name", "hash"],
)
def test_an_answer_about_another_certificate_is_none(spec: OcspSpec) -> None:
    if spec.issuer.subject != CA.subject:
        spec = spec.but(subject=leaf(spec.issuer))
    assert answers(spec) == ()
    assert not is_about(read_ocsp(spec.der()), read(LEAF), read(CA))


def test_among_several_the_one_about_it_counts() -> None:
    def with_another(data: asn1.ResponseData) -> None:
        other = data["responses"][0].copy()
        other["cert_id"]["serial_number"] = 99
        other["cert_status"] = asn1.CertStatus("unknown", asn1.StatusUnknown())
        data["responses"] = [other, data["responses"][0]]

    assert answer(GOOD.but(tweak=with_another)).outcome is Outcome.GOOD


# --- by whom ----------------------------------------------------------------------------------

OTHER = responder(CA, "other")


def usage(*oids: ObjectIdentifier) -> tuple[tuple[x509.ExtensionType, bool], ...]:
    return ((x509.ExtendedKeyUsage(oids), False),)


def by(spec: Spec, **changes: object) -> OcspSpec:
    return GOOD.but(signer=spec, sent=(spec,), **changes)


UNKNOWN_EXTENSION = x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x05\x00")
STRANGER = responder(root("stranger"))


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (GOOD.but(signing_key=key("forger")), "not that of ca"),
        (DELEGATED.but(signing_key=key("forger")), "not that of responder"),
        (DELEGATED.but(signing_key=CA.own_key), "not that of responder"),
        (DELEGATED.but(sent=()), "of which ca says nothing"),
        (DELEGATED.but(sent=(OTHER,)), "of which ca says nothing"),
        (by(RESPONDER.but(extra=())), "no OCSPSigning"),
        (by(RESPONDER.but(extra=usage(ExtendedKeyUsageOID.CLIENT_AUTH))), "no OCSPSigning"),
        (
            by(RESPONDER.but(extra=usage(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE))),
            "no OCSPSigning",
        ),
        (by(STRANGER), "has no certificate of ca itself"),
        (by(responder(ROOT)), "has no certificate of ca itself"),
        (by(responder(TWIN)), "has no certificate of ca itself"),
        (by(responder(TWIN).but(aki=False)), "has no certificate of ca itself"),
        (by(RESPONDER.but(signer=key("forger"))), "has no certificate of ca itself"),
        (by(RESPONDER.but(issuer=dn("other"))), "has no certificate of ca itself"),
        (
            by(RESPONDER.but(issuer_key=key("twin"), signer=CA.own_key)),
            "has no certificate of ca itself",
        ),
        (
            DELEGATED.but(signer=OTHER, by_key=True, signing_key=RESPONDER.own_key),
            "of which ca says nothing",
        ),
        (by(LEAF), "no OCSPSigning"),
        (by(RESPONDER.but(usage=("key_encipherment",))), "may not sign"),
        (
            by(RESPONDER.but(extra=(*RESPONDER.extra, (UNKNOWN_EXTENSION, True)))),
            "critical extension",
        ),
    ],
)
def test_an_answer_of_somebody_else_is_not_used(spec: OcspSpec, words: str) -> None:
    refused(spec, words)
    refused(spec.but(revoked=(AT - DAY, COMPROMISED)), words)


@pytest.mark.parametrize("names", [("content_commitment",), None])
def test_key_usages_with_which_a_responder_may_sign(names: tuple[str, ...] | None) -> None:
    assert answer(by(RESPONDER.but(usage=names))).outcome is Outcome.GOOD


def test_the_certificate_of_a_ca_sent_along_changes_nothing() -> None:
    assert answer(GOOD.but(sent=(CA,))).outcome is Outcome.GOOD
    assert answer(DELEGATED.but(sent=(CA, OTHER, RESPONDER))).outcome is Outcome.GOOD
    refused(GOOD.but(sent=(CA,), signing_key=key("forger")), "not that of ca")


def test_a_responder_with_the_name_of_the_ca() -> None:
    alike = RESPONDER.but(subject=CA.subject)
    assert answer(by(alike)).outcome is Outcome.GOOD


def test_a_responder_is_valid_when_it_answers_and_at_that_moment() -> None:
    made = GOOD.made
    assert answer(by(RESPONDER.but(end=AT))).outcome is Outcome.GOOD
    refused(by(RESPONDER.but(end=AT - SECOND)), "was not valid")
    assert answer(by(RESPONDER.but(start=made + SKEW))).outcome is Outcome.GOOD
    refused(by(RESPONDER.but(start=made + SKEW + SECOND)), "was not valid")
    later = {"made": AT + DAY, "due": AT + 2 * DAY, "revoked": (AT - DAY, COMPROMISED)}
    assert answer(by(RESPONDER.but(start=AT + HOUR), **later)).outcome is Outcome.REVOKED
    refused(by(RESPONDER.but(end=AT + HOUR), **later), "was not valid")


def test_a_responder_that_is_revoked() -> None:
    revoking = CrlSpec(CA, {RESPONDER.serial: (AT - DAY, COMPROMISED)})
    found = answer(DELEGATED, crls=(revoking,))
    assert found.outcome is Outcome.NO_CRL
    assert "responder is revoked" in say(found.reason)
    assert answer(DELEGATED, crls=(CrlSpec(CA),)).outcome is Outcome.GOOD
    forged = CrlSpec(CA, revoking.revoked, signer=key("forger"))
    assert answer(DELEGATED, crls=(forged,)).outcome is Outcome.GOOD


def test_a_certificate_of_a_responder_that_cannot_be_read_is_passed_over() -> None:
    damaged = b"\x30\x03\x02\x01\x05"
    with pytest.raises(BadCertificate):
        read_certificate(damaged)
    assert answer(DELEGATED.but(sent=(damaged, RESPONDER))).outcome is Outcome.GOOD


def test_an_rsa_key_signs_too() -> None:
    """pyca's builder signs with any key; this is its answer as it stands."""
    ca = CA.but(own_key=rsa_key(2048))
    subject = leaf(ca)
    pyca = [x509.load_der_x509_certificate(spec.der()) for spec in (subject, ca)]
    builder = ocsp.OCSPResponseBuilder().add_response(
        pyca[0], pyca[1], GOOD.digest, ocsp.OCSPCertStatus.GOOD, GOOD.made, GOOD.due, None, None
    )
    response = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, pyca[1]).sign(
        rsa_key(2048), SHA256()
    )
    read_answer = read_ocsp(response.public_bytes(Encoding.DER))
    (found,) = judge_ocsp(read(subject), read(ca), [read_answer], [], AT)
    assert found.outcome is Outcome.GOOD


# --- bytes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (ocsp.OCSPResponseStatus.MALFORMED_REQUEST, "malformedRequest"),
        (ocsp.OCSPResponseStatus.INTERNAL_ERROR, "internalError"),
        (ocsp.OCSPResponseStatus.TRY_LATER, "tryLater"),
        (ocsp.OCSPResponseStatus.SIG_REQUIRED, "sigRequired"),
        (ocsp.OCSPResponseStatus.UNAUTHORIZED, "unauthorized"),
    ],
)
def test_a_responder_that_gives_no_answer(status: ocsp.OCSPResponseStatus, word: str) -> None:
    der = ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)
    unreadable(der, word)


def unreadable(der: bytes, words: str) -> None:
    with pytest.raises(BadOcsp) as error:
        read_ocsp(der)
    assert words in say(error.value.reason)


@pytest.mark.parametrize(
    "der",
    [
        b"",
        b"\x30\x00",
        b"<html>",
        LEAF.der(),
        GOOD.der()[:-1],
        GOOD.der() + b"\x00",
        b"\x30\x03\x0a\x01\x00",  # successful, and nothing more
    ],
)
def test_bytes_that_are_no_answer(der: bytes) -> None:
    unreadable(der, "damaged")


def test_a_responder_whose_name_is_read_in_part_is_nobody() -> None:
    """What is left of it could be the name of somebody."""
    country = bytes.fromhex("0603550406")
    damaged = GOOD.but(patch=lambda data: data.replace(country, b"\x04" + country[1:], 1))
    assert read_ocsp(GOOD.der()).responder_name
    unreadable(damaged.der(), "damaged")


def test_the_size_is_bounded() -> None:
    unreadable(b"\x30" * (MAX_OCSP + 1), "too large")


def test_another_kind_of_answer() -> None:
    whole = asn1.OCSPResponse.load(GOOD.der())
    whole["response_bytes"]["response_type"] = "1.2.3.4"
    unreadable(whole.dump(force=True), "kind")


def test_critical_extensions_end_it_others_do_not() -> None:
    nonce = x509.OCSPNonce(b"12345678")
    assert answer(GOOD.but(extra=((nonce, False),))).outcome is Outcome.GOOD
    unreadable(GOOD.but(extra=((nonce, True),)).der(), "critical extension")

    def critical(of: str) -> Callable[[asn1.ResponseData], None]:
        def tweak(data: asn1.ResponseData) -> None:
            data["responses"][0]["single_extensions"] = [
                {
                    "extn_id": "crl",
                    "critical": of == "critical",
                    "extn_value": core.ParsableOctetString(asn1.CrlId({"crl_num": 1}).dump()),
                }
            ]

        return tweak

    assert answer(GOOD.but(tweak=critical("no"))).outcome is Outcome.GOOD
    unreadable(GOOD.but(tweak=critical("critical")).der(), "critical extension")


SAMPLE = DELEGATED.but(revoked=(AT - DAY, COMPROMISED)).der()


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1, max_size=6),
    st.integers(0, 2000),
)
def test_mutated_answers_are_refused_or_say_the_same(
    changes: list[tuple[int, int]], cut: int
) -> None:
    changed = bytearray(SAMPLE)
    for place, value in changes:
        changed[place % len(changed)] = value
    try:
        found = read_ocsp(bytes(changed[: cut or None]))
    except BadOcsp:
        return
    for result in judge_ocsp(read(LEAF), read(CA), [found], [], AT):
        assert result.outcome in (Outcome.NO_CRL, Outcome.REVOKED)
        assert result.revoked_at in (None, AT - DAY)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(BadOcsp):
        read_ocsp(data)


@pytest.mark.parametrize("date", [b"00010101000000Z", b"99991231235959Z"])
def test_the_ends_of_time(date: bytes) -> None:
    def everywhere(data: bytes) -> bytes:
        made, due = b"20250531230000Z", b"20250601010000Z"
        assert (data.count(made), data.count(due)) == (2, 1)
        return data.replace(made, date).replace(due, date)

    for spec in (GOOD, DELEGATED):
        found = answer(spec.but(patch=everywhere))
        assert found.outcome in (Outcome.NO_CRL, Outcome.STALE)
    for at in (AT.replace(year=1), AT.replace(year=9999)):
        assert answer(DELEGATED, at=at).outcome is Outcome.NO_CRL
