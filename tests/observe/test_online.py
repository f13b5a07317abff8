"""What is asked for, of whom, and in which order; what comes is read and believed by nobody."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import pytest
from asn1crypto import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509 import load_der_x509_certificate

from cpx_tool.catalogue.authorities import authorities
from cpx_tool.i18n import say
from cpx_tool.model.fetch import Address, Document, Fetched, FetchProblem
from cpx_tool.model.identity import Pki
from cpx_tool.model.trust import ChainOutcome, RevocationOutcome, TrustMaterial
from cpx_tool.observe.online import MAX_NAMED, MAX_ROUNDS, Online, ask, look_up, published
from cpx_tool.pki.certificate import read_certificate
from cpx_tool.pki.crl import MAX_CRL
from cpx_tool.pki.ocsp import MAX_OCSP, MEDIA_TYPE
from cpx_tool.pki.trust import make_trust
from support.fakes import FakeWeb
from support.paths import SHARED_CERTS, shared_cert
from support.pki import AT, CrlSpec, OcspSpec, Spec, authority, dn, key, leaf, names, pem, root

WEB = "http://ca.example"
ROOT = root()
CA = authority(ROOT).but(
    extra=names(ca=[f"{WEB}/top.cer"], crl=[f"{WEB}/top.crl"], responder=[f"{WEB}/ocsp"])
)
LDAP = "ldap://ca.example/cn=ca"
LEAF = leaf(CA).but(
    extra=names(ca=[f"{WEB}/ca.cer"], crl=[f"{WEB}/ca.crl", LDAP], responder=[f"{WEB}/ocsp/leaf"])
)
PAGES: Mapping[str, bytes] = {
    f"{WEB}/ca.cer": CA.der(),
    f"{WEB}/top.cer": ROOT.der(),
    f"{WEB}/ca.crl": CrlSpec(CA).der(),
    f"{WEB}/top.crl": CrlSpec(ROOT).der(),
    f"{WEB}/ocsp/leaf": OcspSpec(LEAF, CA).der(),
    f"{WEB}/ocsp": OcspSpec(CA, ROOT).der(),
}


def material(*specs: Spec, accepted: Sequence[Spec] = (ROOT,)) -> TrustMaterial:
    return TrustMaterial(
        certificates=tuple(spec.der() for spec in specs),
        accepted=tuple(hashlib.sha256(spec.der()).hexdigest() for spec in accepted),
    )


NOTHING = Online(TrustMaterial(), ())


def online(web: FakeWeb, *specs: Spec, at_hand: TrustMaterial | None = None) -> Online:
    found = look_up([spec.der() for spec in specs], at_hand or material(), (), web, AT)
    assert [f.url for f in found.fetched] == web.urls
    for fetched in found.fetched:
        assert (fetched.content is None) is (fetched.failure is not None)
    assert (found.gained.accepted, found.gained.emulated) == ((), ())
    return found


def problems(found: Online) -> dict[str, FetchProblem]:
    return {f.url: f.failure.problem for f in found.fetched if f.failure is not None}


def test_issuers_first_then_revocation() -> None:
    web = FakeWeb(PAGES)
    found = online(web, LEAF)
    assert web.urls == [
        f"{WEB}/ca.cer",
        f"{WEB}/top.cer",
        f"{WEB}/ca.crl",
        LDAP,
        f"{WEB}/ocsp/leaf",
        f"{WEB}/top.crl",
        f"{WEB}/ocsp",
    ]
    assert found.gained.certificates == (CA.der(), ROOT.der())
    assert found.gained.crls == (PAGES[f"{WEB}/ca.crl"], PAGES[f"{WEB}/top.crl"])
    assert found.gained.answers == (PAGES[f"{WEB}/ocsp/leaf"], PAGES[f"{WEB}/ocsp"])
    assert problems(found) == {LDAP: FetchProblem.NAME}

    trust = make_trust(found.gained.plus(material()), ())
    chain = trust.chain(LEAF.der(), AT)
    assert chain.outcome is ChainOutcome.VERIFIED
    revocation = trust.revocation(chain, AT)
    assert revocation.outcome is RevocationOutcome.GOOD
    assert revocation.others == ()


def test_what_is_asked_and_how_much_may_come() -> None:
    web = FakeWeb(PAGES)
    online(web, LEAF)
    by_url = {request.url: request for request in web.requests}
    assert by_url[f"{WEB}/ca.cer"].limit == 1_000_000
    assert by_url[f"{WEB}/ca.crl"].limit == MAX_CRL
    question = by_url[f"{WEB}/ocsp/leaf"]
    assert (question.limit, question.media_type) == (MAX_OCSP, MEDIA_TYPE)
    assert question.body != by_url[f"{WEB}/ocsp"].body
    assert all(not r.body for url, r in by_url.items() if "ocsp" not in url)


def test_what_was_fetched_is_told() -> None:
    found = online(FakeWeb(PAGES), LEAF)
    told = {f.url: (f.document, f.about, say(f.content)) for f in found.fetched if f.content}
    assert told[f"{WEB}/ca.cer"] == (Document.CERTIFICATE, "ca", "A certificate: ca.")
    assert told[f"{WEB}/ca.crl"] == (
        Document.CRL,
        "ca",
        "CRL of ca, made on 2025-05-31 00:00 UTC.",
    )
    assert told[f"{WEB}/ocsp/leaf"] == (
        Document.OCSP,
        "leaf",
        "OCSP answer, made on 2025-05-31 23:00 UTC.",
    )


def test_what_is_at_hand_is_not_fetched() -> None:
    web = FakeWeb(PAGES)
    online(web, LEAF, at_hand=material(CA, ROOT))
    assert not any(url.endswith(".cer") for url in web.urls)


def test_inspected_certificates_may_be_each_others_issuers() -> None:
    web = FakeWeb(PAGES)
    online(web, LEAF, CA, ROOT)
    assert not any(url.endswith(".cer") for url in web.urls)


def test_each_address_is_asked_once() -> None:
    web = FakeWeb(PAGES)
    online(web, LEAF, LEAF, leaf(CA, "other").but(extra=LEAF.extra, serial=77))
    questions = [r.body for r in web.requests if r.url == f"{WEB}/ocsp/leaf"]
    assert len(set(questions)) == len(questions) == 2
    others = [url for url in web.urls if url != f"{WEB}/ocsp/leaf"]
    assert len(set(others)) == len(others)


@pytest.mark.parametrize("accepted", [(), (CA.but(serial=9),)])
def test_without_a_verified_chain_no_crl_is_worth_a_question(accepted: tuple[Spec, ...]) -> None:
    web = FakeWeb(PAGES)
    found = online(web, LEAF, at_hand=material(accepted=accepted))
    assert web.urls == [f"{WEB}/ca.cer", f"{WEB}/top.cer"]
    assert (found.gained.crls, found.gained.answers) == ((), ())


def test_nothing_is_fetched_for_what_is_broken_or_names_nothing() -> None:
    web = FakeWeb(PAGES)
    assert online(web, LEAF.but(extra=())) == NOTHING
    forged = LEAF.but(signer=key("forger"))
    online(web, forged, at_hand=material(CA, ROOT))
    assert look_up([b"hello", b""], TrustMaterial(), (), web, AT) == NOTHING
    assert web.urls == []


def test_an_address_that_holds_something_else_is_asked_once() -> None:
    web = FakeWeb({f"{WEB}/ca.cer": ROOT.der()})
    assert online(web, LEAF).gained.certificates == (ROOT.der(),)
    assert web.urls == [f"{WEB}/ca.cer"]


def test_a_certificate_that_two_addresses_hold_is_one() -> None:
    twice = names(ca=[f"{WEB}/ca.cer", f"{WEB}/again.cer"])
    web = FakeWeb({**PAGES, f"{WEB}/again.cer": CA.der()})
    found = online(web, LEAF.but(extra=twice))
    assert found.gained.certificates == (CA.der(), ROOT.der())


def test_a_bundle_that_holds_a_lot() -> None:
    many = b"".join(pem(CA.but(serial=serial).der()) for serial in range(1, 41))
    (gain,) = ask([Address(Document.CERTIFICATE, f"{WEB}/x")], FakeWeb({f"{WEB}/x": many}))
    assert len(gain.certificates) == 32


def test_a_damaged_certificate_of_a_bundle_costs_no_other() -> None:
    body = pem(CA.der()) + pem(CA.der()[:-9]) + pem(ROOT.der())
    (gain,) = ask([Address(Document.CERTIFICATE, f"{WEB}/x")], FakeWeb({f"{WEB}/x": body}))
    assert gain.certificates == (CA.der(), ROOT.der())
    assert gain.fetched.content is not None
    told = say(gain.fetched.content)
    assert told.startswith("2 certificates: ca")
    assert "Number 2 is left out: " in told
    assert "damaged" in told


def test_without_a_network_everything_is_told_and_nothing_gained() -> None:
    web = FakeWeb()
    found = online(web, LEAF)
    assert problems(found) == {f"{WEB}/ca.cer": FetchProblem.NAME}
    assert found.gained == TrustMaterial()


def test_the_catalogue_knows_where_an_issuer_is_that_names_no_address() -> None:
    shared_cert("CA_TEST_ACI-ST-PP-TEST.cer")
    own = (SHARED_CERTS / "CA_TEST_ACI-ST-PP-TEST.cer").read_bytes()
    web = FakeWeb()
    look_up([own], TrustMaterial(), authorities(), web, AT)
    # itself an anchor: its root is not needed
    assert web.urls == []
    (known,) = (a for a in authorities() if a.code == "ACR-ST-TEST")
    look_up([own], TrustMaterial(), (known,), web, AT)
    assert web.urls == [known.url]


def test_a_chain_without_an_end_is_not_followed_for_ever() -> None:
    depth = MAX_ROUNDS + 3
    specs = [Spec(dn("top"), key("top"), dn("beyond"), key("beyond"))]
    for n in range(depth):
        above = specs[-1]
        own = authority(above, f"ca{n}").but(path_length=None)
        specs.append(own.but(extra=names(ca=[f"{WEB}/{n}.cer"])))
    pages = {f"{WEB}/{n}.cer": specs[n].der() for n in range(depth)}
    web = FakeWeb(pages)
    online(web, specs[-1])
    assert len(web.urls) == MAX_ROUNDS


def test_nobody_is_asked_about_a_certificate_without_a_serial_number() -> None:
    whole = x509.Certificate.load(LEAF.der())
    whole["tbs_certificate"]["serial_number"] = 1 << 2000
    assert isinstance(CA.own_key, ec.EllipticCurvePrivateKey)
    signed = whole["tbs_certificate"].dump(force=True)
    whole["signature_value"] = CA.own_key.sign(signed, ec.ECDSA(SHA256()))
    der = whole.dump(force=True)
    assert read_certificate(der).serial is None
    web = FakeWeb(PAGES)
    look_up([der], material(CA, ROOT), (), web, AT)
    assert web.urls == [f"{WEB}/ca.crl", LDAP, f"{WEB}/top.crl", f"{WEB}/ocsp"]


def test_a_certificate_that_names_a_lot() -> None:
    cas, crls, responders = ([f"{WEB}/{n}.{kind}" for n in range(50)] for kind in "abc")
    web = FakeWeb({cas[0]: authority(ROOT).der()})
    greedy = leaf(CA).but(extra=names(ca=cas, crl=crls, responder=responders))
    online(web, greedy, at_hand=material(ROOT))
    assert web.urls == [url for urls in (cas, crls, responders) for url in urls[:MAX_NAMED]]
    card = read_certificate(greedy.der())
    assert len(published((), [card])) == 2 * MAX_NAMED


# --- what comes -------------------------------------------------------------------------------


def came(document: Document, body: bytes) -> Fetched:
    (gain,) = ask([Address(document, f"{WEB}/x", "x")], FakeWeb({f"{WEB}/x": body}))
    if gain.fetched.failure is not None:
        assert (gain.certificates, gain.crls, gain.answers) == ((), (), ())
    return gain.fetched


def bundle(*specs: Spec) -> bytes:
    certificates = [load_der_x509_certificate(spec.der()) for spec in specs]
    return pkcs7.serialize_certificates(certificates, Encoding.DER)


@pytest.mark.parametrize(
    ("document", "body", "words"),
    [
        (Document.CERTIFICATE, CA.der(), "A certificate: ca."),
        (Document.CERTIFICATE, pem(CA.der()), "A certificate: ca."),
        (Document.CERTIFICATE, bundle(CA, ROOT), "2 certificates: "),
        (Document.CRL, pem(CrlSpec(CA).der(), "X509 CRL"), "CRL of ca"),
    ],
)
def test_forms_that_are_read(document: Document, body: bytes, words: str) -> None:
    content = came(document, body).content
    assert content is not None
    assert words in say(content)


HTML = b"\r\n<!DOCTYPE html><html><title>Log in</title>"


@pytest.mark.parametrize(
    ("document", "body", "words"),
    [
        (Document.CERTIFICATE, b"", "empty"),
        (Document.CERTIFICATE, HTML, "web page"),
        (Document.CERTIFICATE, CrlSpec(CA).der(), "not a certificate"),
        (Document.CERTIFICATE, pem(CA.der())[:200], "damaged"),
        (Document.CERTIFICATE, bundle(CA)[:-9], "damaged"),
        (Document.CRL, b"", "empty"),
        (Document.CRL, HTML, "web page"),
        (Document.CRL, CA.der(), "not a CRL"),
        (Document.CRL, pem(CA.der()), "holds no CRL"),
        (Document.OCSP, b"", "not an OCSP answer"),
        (Document.OCSP, HTML, "web page"),
        (Document.OCSP, CA.der(), "not an OCSP answer"),
        (Document.OCSP, b"\x30\x03\x0a\x01\x06", "unauthorized"),
    ],
)
def test_what_was_not_expected(document: Document, body: bytes, words: str) -> None:
    failure = came(document, body).failure
    assert failure is not None
    assert failure.problem is FetchProblem.UNEXPECTED
    assert words in say(failure.reason)


def test_an_answer_about_another_certificate() -> None:
    other = OcspSpec(leaf(CA, "other").but(serial=77), CA)
    found = online(FakeWeb({**PAGES, f"{WEB}/ocsp/leaf": other.der()}), LEAF)
    assert problems(found)[f"{WEB}/ocsp/leaf"] is FetchProblem.UNEXPECTED
    assert len(found.gained.answers) == 1


# --- the addresses of trust fetch -------------------------------------------------------------


def test_addresses_of_cas_and_of_what_certificates_name() -> None:
    known = [a for a in authorities() if a.pki is Pki.IGC_SANTE_TEST]
    found = published(known, [read_certificate(LEAF.der())])
    assert [(a.document, a.url) for a in found] == [
        *((Document.CERTIFICATE, ca.url) for ca in known),
        *((Document.CRL, ca.crl_url) for ca in known),
        (Document.CERTIFICATE, f"{WEB}/ca.cer"),
        (Document.CRL, f"{WEB}/ca.crl"),
        (Document.CRL, LDAP),
    ]
    assert [a.url for a in found if not a.is_web] == [LDAP]


def test_an_address_that_the_catalogue_has_is_not_asked_twice() -> None:
    card = read_certificate(shared_cert("TESTCARD_igcsante_sign_infirmier_00B6077602_2020.der"))
    known = [a for a in authorities() if a.pki is Pki.IGC_SANTE_TEST]
    found = published(known, [card, card])
    assert len(found) == 19
    assert not found[-1].is_web
