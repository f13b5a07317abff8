"""Certificates are read whole, or refused with the declared error, and nothing else."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from asn1crypto import cms
from asn1crypto import x509 as asn1
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509 import load_der_x509_certificate
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cpx_tool.model.certificate import Certificate
from cpx_tool.pki.certificate import (
    MAX_BYTES,
    MAX_CERTIFICATE,
    MAX_CERTIFICATES,
    BadCertificate,
    read_certificate,
    read_certificates,
)
from cpx_tool.pki.extensions import read_extensions
from cpx_tool.pki.link import read_link
from support.certificates import EXTENSIONS as OF_A_CARD
from support.paths import shared_cert
from support.tree import (
    EXTENSIONS,
    ISSUER,
    KEY,
    SERIAL,
    SUBJECT,
    VALIDITY,
    Node,
    changed,
    part,
    tlv,
)

CATEGORY = "1.2.250.1.71.1.2.5"
CARD_TYPE = "1.2.250.1.71.1.2.2"
BOUNDED = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def pem(der: bytes, label: str = "CERTIFICATE") -> bytes:
    body = base64.encodebytes(der)
    return b"-----BEGIN %b-----\n%b-----END %b-----\n" % (label.encode(), body, label.encode())


def test_a_card_certificate_is_read_whole(card_der: bytes) -> None:
    read = read_certificate(card_der)

    assert read.problems == ()
    assert read.serial == 0x1234
    assert (read.not_before, read.not_after) == (
        datetime(2024, 1, 1, tzinfo=UTC),
        datetime(2027, 1, 1, tzinfo=UTC),
    )
    assert (read.category, read.card_type, read.profession) == (0x80, 0, 10)
    assert read.card_number == "8025000001/2800262487"
    assert read.specialities == ("SM26",)
    assert (read.key_algorithm, read.key_bits) == ("RSA", 2048)
    assert read.signature_algorithm == "sha256WithRSAEncryption"


def test_the_key_is_that_of_the_certificate(card_der: bytes) -> None:
    read = read_certificate(card_der)
    expected = load_der_x509_certificate(card_der).public_key().public_numbers()

    assert int(read.modulus, 16) == expected.n
    assert not read.modulus.startswith("0")


def test_values_of_the_multi_valued_rdn_are_found_by_type(card_der: bytes) -> None:
    read = read_certificate(card_der)

    assert len(read.subject[2]) == 3
    assert read.subject_value("GN") == "ADÈLE"
    assert read.subject_value("SN") == "DOC0007512"
    assert read.subject_value("CN") == "899700075122"
    assert read.issuer_value("CN") == "TEST AC IGC-SANTE FORT PERSONNES"


def test_a_legacy_cps2ter_card_that_pyca_refuses_is_read_all_the_same() -> None:
    der = shared_cert("TESTCARD_cps2ter_sign_medecin_899900038839_2016.der")
    with pytest.raises(ValueError, match="parsing asn1"):
        load_der_x509_certificate(der).subject.rfc4514_string()

    read = read_certificate(der)

    assert read.problems == ()
    assert read.subject_value("OU") == "Médecin"
    assert read.subject_value("GN") == "ADEMIS"
    assert read.signature_algorithm == "sha1WithRSAEncryption"
    assert read.crl_urls[0] == "http://annuaire.gip-cps.fr/crl/test/TEST CLASSE-1.crl"


def test_the_extensions_of_a_real_cpe_card() -> None:
    read = read_certificate(
        shared_cert("TESTCARD_igcsante_auth_CPEnominative_30B0057881-CPET0002_2017.der")
    )

    assert read.upn == "30B0057881/CPET0002@carte-cps.fr"
    assert read.key_usage == ("digitalSignature",)
    assert read.extended_key_usage == ("1.3.6.1.5.5.7.3.2", "1.3.6.1.4.1.311.20.2.2")
    assert read.policies == ("1.2.250.1.213.1.7.2.1.1.1.1",)
    assert read.crl_urls[0] == "http://igc-sante.esante.gouv.fr/CRL/ACI-ST-PP-TEST.crl"
    assert len(read.crl_urls) == 2
    assert read.issuer_urls == ("http://igc-sante.esante.gouv.fr/AC%20TEST/ACI-ST-PP-TEST.cer",)
    assert read.ocsp_urls == ("http://ocsp.esante.gouv.fr",)
    assert read.subject_key_id == "3f0f9c73269d3b91cb041b38e994b4d304c5a897"
    assert read.authority_key_id == "f8a1858903da52ffd336be03d8a8d96109363d92"


@pytest.mark.parametrize(
    ("value", "period"),
    [
        ("3011800f32303234303130313030303030305a", (datetime(2024, 1, 1, tzinfo=UTC), None)),
        ("3011810f32303236303130313030303030305a", (None, datetime(2026, 1, 1, tzinfo=UTC))),
        ("3000", (None, None)),
    ],
)
def test_the_private_key_may_end_before_its_certificate(
    make_certificate: Callable[..., bytes],
    value: str,
    period: tuple[datetime | None, datetime | None],
) -> None:
    read = read_certificate(make_certificate({"2.5.29.16": value}))

    assert (read.key_period, read.problems) == (period, ())


def test_the_names_of_a_real_server_certificate() -> None:
    read = read_certificate(shared_cert("TESTORG_servssl_platines_2017.der"))

    assert read.dns_names == (
        "platines.qualif1.henix.asipsante.fr",
        "platines.qualif2.henix.asipsante.fr",
    )


@pytest.mark.parametrize(
    ("oid", "der"),
    [
        (CATEGORY, "020180"),
        (CATEGORY, "04028000"),
        (CATEGORY, "0400"),
        (CATEGORY, ""),
        (CARD_TYPE, "0200"),
        (CARD_TYPE, "0201ff"),
        (CARD_TYPE, "0204010000ff"),
        (CARD_TYPE, "020100ff"),
        ("1.2.250.1.71.1.2.3", "1300"),
        ("1.2.250.1.71.1.2.3", "13020a41"),
        ("1.2.250.1.71.1.2.7", "0a010a"),
        ("1.2.250.1.71.4.2.5", "30030c0441"),
        ("2.5.29.15", "0342" + "00" * 66),
        ("2.5.29.16", "3003800130"),
        ("2.5.29.31", "3003a0ff00"),
        ("2.5.29.17", "ffff"),
    ],
)
def test_one_bad_extension_is_named_and_the_rest_is_read(
    make_certificate: Callable[..., bytes], oid: str, der: str
) -> None:
    good = {CATEGORY: "040180", CARD_TYPE: "020102"}

    read = read_certificate(make_certificate({**good, oid: der}))

    assert read.problems == (f"extension {oid}",)
    assert oid == CATEGORY or read.category == 0x80
    assert oid == CARD_TYPE or read.card_type == 2


def test_an_extension_that_stands_twice_counts_for_nothing(card_der: bytes) -> None:
    certificate = asn1.Certificate.load(card_der)
    extensions = certificate["tbs_certificate"]["extensions"]
    extensions.append(
        {"extn_id": CATEGORY, "critical": False, "extn_value": bytes.fromhex("040100")}
    )

    read = read_certificate(certificate.dump(force=True))

    assert read.category is None
    assert read.problems == (f"extension {CATEGORY}",)


def test_control_characters_in_a_name_are_not_passed_on(card_der: bytes) -> None:
    hostile = card_der.replace(b"DOC0007512", b"DOC\x1b[2J\r\n2")

    read = read_certificate(hostile)

    assert read.subject_value("SN") == "DOC\ufffd[2J\ufffd\ufffd2"
    assert read.problems == ("subject",)


def test_a_value_that_is_not_text_is_shown_in_hex(card_der: bytes) -> None:
    broken = card_der.replace("ADÈLE".encode(), b"AD\xff\xffLE")

    read = read_certificate(broken)

    assert read.subject_value("GN") == "#0c064144ffff4c45"
    assert read.problems == ("subject",)


@pytest.mark.parametrize("last", [datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)])
def test_the_end_of_time_is_a_date(make_certificate: Callable[..., bytes], last: datetime) -> None:
    assert read_certificate(make_certificate(not_after=last)).not_after == last


NULL = Node(0x05)
WITHOUT_COUNTRY = (
    (("title", "Médecin"),),
    (("GN", "ADÈLE"), ("SN", "DOC0007512"), ("CN", "899700075122")),
)


def with_value(value: bytes) -> Callable[[Node], Node]:
    return lambda node: replace(node, value=value, inside=[])


def with_tag(tag: int) -> Callable[[Node], Node]:
    return lambda node: replace(node, tag=tag)


def with_end(date: bytes, tag: int = 0x17) -> Callable[[bytes], bytes]:
    return lambda der: changed(der, part(VALIDITY, 1), lambda _: Node(tag, date))


def dropped(_: Node) -> None:
    return None


def with_part(
    place: int, *below: int, change: Callable[[Node], Node | None]
) -> Callable[[bytes], bytes]:
    return lambda der: changed(der, part(place, *below), change)


START: dict[str, Any] = {"not_before": None}
END: dict[str, Any] = {"not_after": None}
DAMAGE: dict[str, tuple[Callable[[bytes], bytes], tuple[str, ...], dict[str, Any]]] = {
    "month 13": (with_end(b"271301000000Z"), ("end of validity",), END),
    "30 February": (with_end(b"270230000000Z"), ("end of validity",), END),
    "no digit": (with_end(b"27010100000\xe9Z"), ("end of validity",), END),
    "year 0": (with_end(b"00000101000000Z", 0x18), ("end of validity",), END),
    "no time": (with_end(b"270101000000Z", 0x04), ("end of validity",), END),
    "no end": (with_part(VALIDITY, 1, change=dropped), ("end of validity",), END),
    "no start": (with_part(VALIDITY, 0, change=with_value(b"1")), ("start of validity",), START),
    "serial number too long": (
        with_part(SERIAL, change=with_value(b"\1" + bytes(200))),
        ("serial number",),
        {"serial": None},
    ),
    "serial number of no byte": (
        with_part(SERIAL, change=with_value(b"")),
        ("serial number",),
        {"serial": None},
    ),
    "subject that is no name": (
        with_part(SUBJECT, change=lambda _: Node(0x0C, b"Nobody")),
        ("structure", "subject"),
        {"subject": ()},
    ),
    "country of the subject": (
        with_part(SUBJECT, 0, 0, 0, change=with_tag(0x02)),
        ("subject",),
        {"subject": WITHOUT_COUNTRY},
    ),
    "key of no algorithm": (
        with_part(KEY, 0, 0, change=with_tag(0x04)),
        ("public key",),
        {"key_algorithm": "", "key_bits": 0, "modulus": ""},
    ),
    "key that is no number": (
        with_part(KEY, 1, 0, 0, change=with_tag(0x04)),
        ("public key",),
        {"key_bits": 0, "modulus": ""},
    ),
    "outer algorithm": (
        lambda der: changed(der, (1, 0), with_tag(0x04)),
        ("signature algorithm",),
        {"signature_algorithm": ""},
    ),
    "no signature": (lambda der: changed(der, (2,), dropped), ("structure",), {}),
    "extensions twice in their wrapping": (
        with_part(EXTENSIONS, change=lambda node: Node(0xA3, inside=[*node.inside, *node.inside])),
        ("structure", "extensions"),
        {},
    ),
    "a part behind the extensions": (
        lambda der: changed(der, (0,), lambda tbs: replace(tbs, inside=[*tbs.inside, NULL])),
        ("structure",),
        {},
    ),
    "one byte behind": (lambda der: der + b"\0", ("trailing data",), {}),
    "another one behind": (lambda der: der + der, ("trailing data",), {}),
    "cut off in the signature": (lambda der: der[:-200], ("truncated",), {}),
}
"""What is done to a certificate → the problems named, and the fields that change by it."""


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_named_and_the_rest_is_read(card_der: bytes, kind: str) -> None:
    damage, problems, lost = DAMAGE[kind]
    der = damage(card_der)
    assert der != card_der

    read, whole = read_certificate(der), read_certificate(card_der)

    assert read.problems == problems
    assert read.sha256 == hashlib.sha256(der).hexdigest()
    assert shown(replace(whole, **lost)) == shown(read)


def shown(read: Certificate) -> Certificate:
    """All that is read, without what any damage changes."""
    return replace(read, problems=(), sha256="", public_key=b"")


def test_a_certificate_cut_off_anywhere_is_refused_or_named(card_der: bytes) -> None:
    whole = read_certificate(card_der)
    alike = set()
    for length in range(len(card_der)):
        read = read_or_refuse(card_der[:length])
        if read is not None:
            assert "truncated" in read.problems
            assert (read.serial, read.issuer) == (whole.serial, whole.issuer)
            assert read.category in (None, whole.category)
            alike.add(shown(read) == shown(whole))
    assert alike == {True, False}


def test_extensions_that_stand_before_the_cut_are_read(card_der: bytes) -> None:
    value = bytes.fromhex(OF_A_CARD[CATEGORY])
    end = card_der.index(value) + len(value)

    read = read_certificate(card_der[:end])

    assert read.category == 0x80
    assert read.problems == ("truncated", "signature algorithm", "extensions")
    assert read_certificate(card_der[: end - 1]).category is None


def test_what_ends_before_its_validity_is_refused(card_der: bytes) -> None:
    with pytest.raises(BadCertificate, match="not a certificate"):
        read_certificate(card_der[: card_der.index(b"240101000000Z") - 4])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (bytes(MAX_CERTIFICATE + 1), "too large"),
        (b"hello", "not a certificate"),
        (bytes.fromhex("3084ffffffff"), "not a certificate"),
        (bytes.fromhex("308affffffffffffffffffff"), "not a certificate"),
        (bytes.fromhex("3080") * 5000, "not a certificate"),
    ],
    ids=["empty", "large", "text", "absurd-length", "more-absurd-length", "nested"],
)
def test_what_is_no_certificate(data: bytes, reason: str) -> None:
    with pytest.raises(BadCertificate, match=reason):
        read_certificate(data)


def test_a_huge_file_is_refused() -> None:
    with pytest.raises(BadCertificate, match="too large"):
        read_certificates(bytes(MAX_BYTES + 1))


def test_an_absurd_oid_is_no_obstacle() -> None:
    oid = b"\x06\x82\x4e\x20" + b"\xff" * 19_999 + b"\x7f"
    extension = b"\x30\x82\x4e\x26" + oid + b"\x04\x00"

    assert read_extensions(b"\x30\x82\x4e\x2a" + extension) == ({}, ("extensions",))


def read_or_refuse(data: bytes) -> Certificate | None:
    try:
        for der in read_certificates(data):
            return read_certificate(der)
    except BadCertificate:
        pass
    return None


@BOUNDED
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=6))
@example([(45, 0xA0)])
def test_a_mutated_certificate_is_read_or_refused(
    card_der: bytes, changes: list[tuple[int, int]]
) -> None:
    mutated = bytearray(card_der)
    for position, value in changes:
        mutated[position % len(mutated)] = value

    read = read_or_refuse(bytes(mutated))

    assert read is None or all(
        text.replace("\N{NO-BREAK SPACE}", " ").isprintable()
        for rdn in read.subject + read.issuer
        for _, text in rdn
    )


@BOUNDED
@given(
    st.binary(max_size=300), st.sampled_from([b"", b"\x30\x82", b"-----BEGIN CERTIFICATE-----\n"])
)
def test_random_bytes_are_refused(data: bytes, start: bytes) -> None:
    assert read_or_refuse(start + data) is None


def test_der_and_pem_give_the_same(card_der: bytes) -> None:
    assert read_certificates(card_der) == (card_der,)
    assert read_certificates(b"Bag Attributes\r\n" + pem(card_der)) == (card_der,)
    assert read_certificates(pem(card_der).replace(b"\n", b"\r\n")) == (card_der,)


def test_a_pem_file_with_several_keeps_their_order_and_leaves_the_rest(
    card_der: bytes, make_certificate: Callable[..., bytes]
) -> None:
    other = make_certificate({})
    data = pem(b"not looked at", "PRIVATE KEY") + pem(other) + pem(card_der)

    assert read_certificates(data) == (other, card_der)


@pytest.mark.parametrize("encoding", [Encoding.DER, Encoding.PEM])
def test_a_pkcs7_bundle(
    card_der: bytes, make_certificate: Callable[..., bytes], encoding: Encoding
) -> None:
    ders = (card_der, make_certificate({}))
    bundle = pkcs7.serialize_certificates([load_der_x509_certificate(d) for d in ders], encoding)

    assert set(read_certificates(bundle)) == set(ders)


def test_an_empty_pkcs7_bundle_is_refused() -> None:
    signed = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [],
            "encap_content_info": {"content_type": "data"},
            "signer_infos": [],
        }
    )
    bundle = cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump()

    with pytest.raises(BadCertificate, match="PKCS#7"):
        read_certificates(bundle)


def test_a_pem_file_without_a_certificate_says_what_it_holds() -> None:
    with pytest.raises(BadCertificate) as caught:
        read_certificates(pem(b"key", "PRIVATE KEY") + pem(b"request", "CERTIFICATE REQUEST"))

    assert caught.value.reason.params == {"found": ("PRIVATE KEY", "CERTIFICATE REQUEST")}


def test_a_crl_as_a_certificate_names_the_option_for_it() -> None:
    with pytest.raises(BadCertificate) as caught:
        read_certificates(pem(b"crl", "X509 CRL"))

    assert "--crl" in caught.value.reason.text


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n", "cut short"),
        (b"-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----\n", "base64"),
        (b"-----BEGIN PKCS7-----\nAAAA\n-----END PKCS7-----\n", "damaged"),
    ],
)
def test_damaged_pem(data: bytes, reason: str) -> None:
    with pytest.raises(BadCertificate, match=reason):
        read_certificates(data)


def test_a_damaged_block_does_not_hide_the_others(card_der: bytes) -> None:
    nothing = b"-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----\n"
    bundle = pem(b"no bundle", "PKCS7")

    assert read_certificates(nothing + pem(card_der) + bundle) == (b"", card_der, b"")


@pytest.mark.parametrize("rest", [b"", b"\n%%%\n-----END CERTIFICATE-----\n"])
def test_a_pem_text_that_breaks_is_read_up_to_there(card_der: bytes, rest: bytes) -> None:
    (der,) = read_certificates(pem(card_der)[:900] + rest)

    assert len(der) > 600
    assert card_der.startswith(der)
    assert "truncated" in read_certificate(der).problems


@pytest.mark.parametrize("encoding", [Encoding.DER, Encoding.PEM])
def test_a_bundle_without_end_is_refused(card_der: bytes, encoding: Encoding) -> None:
    many = [load_der_x509_certificate(card_der)] * (MAX_BYTES // len(card_der))
    few = MAX_CERTIFICATES // 2
    assert len(read_certificates(pkcs7.serialize_certificates(many[:few], encoding))) == few

    tiny = b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
    with pytest.raises(BadCertificate, match="more than"):
        read_certificates(tiny * (MAX_CERTIFICATES + 1))


def test_a_bundle_of_other_things_is_cut_without_unfolding_them() -> None:
    """asn1crypto takes seconds, and hundreds of megabytes, for these 400 000 elements."""
    head = bytes.fromhex("0201013100300b06092a864886f70d010701")
    signed = tlv(0x30, head + tlv(0xA0, tlv(0x30, b"") * 400_000) + tlv(0x31, b""))
    bundle = tlv(0x30, bytes.fromhex("06092a864886f70d010702") + tlv(0xA0, signed))

    with pytest.raises(BadCertificate, match="more than"):
        read_certificates(bundle)


def test_a_name_read_in_part_is_shown_and_equals_none(card_der: bytes) -> None:
    for place in (ISSUER, SUBJECT):
        der = changed(card_der, part(place, 0, 0, 0), with_tag(0x02))
        link = read_link(der)
        names = (link.certificate.issuer, link.certificate.subject)
        assert all(names)
        assert (link.issuer, link.subject).count(()) == 1


def test_an_extension_of_an_oid_that_is_none_is_named(card_der: bytes) -> None:
    bad = Node(0x30, inside=[Node(0x06), Node(0x04, b"\x05\x00")])
    der = changed(
        card_der, part(EXTENSIONS, 0), lambda node: replace(node, inside=[*node.inside, bad])
    )
    assert read_certificate(der).problems == ("extensions",)
    assert read_certificate(der).category == 0x80
