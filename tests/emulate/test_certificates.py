"""The certificates of emulated cards, read with openssl and asn1crypto, against real ones."""

from __future__ import annotations

import re
import subprocess
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from asn1crypto import core, x509
from cryptography.hazmat.primitives.serialization import Encoding

from cpx_tool.adapters.emulation_keys import pem_bundle
from cpx_tool.catalogue.nomenclature import label
from cpx_tool.catalogue.sets import find_set
from cpx_tool.emulate.authorities import AUTHORITIES
from cpx_tool.emulate.card import EmulatedCard
from cpx_tool.emulate.certificates import issuer_of
from cpx_tool.emulate.profile import Profile
from cpx_tool.model.identity import Category, Identity, Pki
from cpx_tool.pki.certificate import read_certificate
from cpx_tool.pki.identity import identify
from support.emulation import CACHE, bundle, cards, openssl, planned
from support.paths import shared_cert

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
REAL_AUTHENTICATION = "TESTCARD_igcsante_auth_CPEnominative_30B0057881-CPET0002_2017.der"
REAL_SIGNATURE = "TESTCARD_igcsante_sign_infirmier_00B6077602_2020.der"
OURS_TO_REAL = (
    ("EMULATED%20TEST%20AC", "TEST%20AC"),
    ("IGC-SANTE%20TEST%20EMULATED", "IGC-SANTE%20TEST"),
    ("0002%20000000000", "0002%20187512751"),
    ("CPX-TOOL%20EMULATION", "ASIP-SANTE"),
    ("emulated.invalid", "esante.gouv.fr"),
)
PRIVATE = "1.2.250.1.71."


@cache
def made(set_name: str = "centre-sante", *defects: str) -> dict[str, EmulatedCard]:
    """Cards by role."""
    profiles = planned(find_set(set_name), *defects, now=NOW)
    return {card.profile.role: card for card in cards(profiles)}


def authentication(card: EmulatedCard) -> bytes:
    return card.slots[0].certificate


def signature(card: EmulatedCard) -> bytes:
    return card.slots[1].certificate


def every_card() -> list[EmulatedCard]:
    return [*made().values(), *made("centre-hospitalier").values()]


def identity(der: bytes) -> Identity:
    return identify(read_certificate(der), label)


def extensions(der: bytes) -> list[tuple[str, bool, bytes]]:
    """OID, criticality and value, in the certificate's order."""
    found = x509.Certificate.load(der)["tbs_certificate"]["extensions"]
    return [
        (e["extn_id"].dotted, bool(e["critical"].native), e["extn_value"].contents) for e in found
    ]


def value(der: bytes, oid: str) -> bytes | None:
    return next((contents for found, _, contents in extensions(der) if found == oid), None)


def text(der: bytes, tmp_path: Path) -> str:
    path = tmp_path / "certificate.der"
    path.write_bytes(der)
    return openssl("x509", "-inform", "der", "-in", path, "-noout", "-text")


def as_real(content: str) -> str:
    for ours, real in OURS_TO_REAL:
        content = content.replace(ours, real)
    return content


def strings(contents: bytes) -> list[str]:
    """Every URI and OID of an extension's value, depth first."""
    found: list[str] = []

    def walk(item: Any) -> None:
        if isinstance(item, core.ObjectIdentifier):
            found.append(item.dotted)
        elif isinstance(item, core.Sequence | core.SequenceOf):
            for child in item:
                walk(child)
        elif item.contents is not None and item.method == 1:
            walk_all(item.contents)
        else:
            found.append(item.contents.decode("latin-1"))

    def walk_all(contents: bytes) -> None:
        while contents:
            item = core.load(contents)
            walk(item)
            contents = contents[len(item.dump()) :]

    walk_all(contents)
    return found


# --- against the real certificates ---------------------------------------------------------


@pytest.mark.parametrize(
    ("real", "role", "which"),
    [(REAL_AUTHENTICATION, "cpe-employe", 0), (REAL_SIGNATURE, "infirmier", 1)],
)
def test_extensions_have_the_order_and_criticality_of_the_real_ones(
    real: str, role: str, which: int
) -> None:
    ours = made()[role].slots[which].certificate
    wanted = [(oid, critical) for oid, critical, _ in extensions(shared_cert(real))]
    assert [(oid, critical) for oid, critical, _ in extensions(ours)] == wanted


@pytest.mark.parametrize(
    ("real", "role", "which"),
    [(REAL_AUTHENTICATION, "cpe-employe", 0), (REAL_SIGNATURE, "infirmier", 1)],
)
@pytest.mark.parametrize(
    "oid",
    [
        "2.5.29.19",  # basic constraints
        "2.5.29.15",  # key usage
        "2.5.29.37",  # extended key usage
        "1.2.250.1.71.1.2.5",  # category
        "1.2.250.1.71.1.2.2",  # card type
        "1.2.250.1.71.1.2.7",  # profession
    ],
)
def test_values_that_name_nobody_are_those_of_the_real_ones(
    real: str, role: str, which: int, oid: str
) -> None:
    ours = made()[role].slots[which].certificate
    assert value(ours, oid) == value(shared_cert(real), oid)


@pytest.mark.parametrize(
    ("real", "role", "which"),
    [(REAL_AUTHENTICATION, "cpe-employe", 0), (REAL_SIGNATURE, "infirmier", 1)],
)
@pytest.mark.parametrize("oid", ["2.5.29.32", "2.5.29.31", "2.5.29.46", "1.3.6.1.5.5.7.1.1"])
def test_policies_and_addresses_are_the_real_ones_under_another_domain(
    real: str, role: str, which: int, oid: str
) -> None:
    ours, theirs = value(made()[role].slots[which].certificate, oid), value(shared_cert(real), oid)
    assert ours is not None
    assert theirs is not None
    assert [as_real(word) for word in strings(ours)] == strings(theirs)
    assert "esante.gouv.fr" not in "".join(strings(ours))


def test_the_signature_certificate_has_the_shape_of_the_real_one_byte_for_byte() -> None:
    """Tag by tag: same types in the same places, names included."""

    def shape(name: x509.Name) -> list[list[tuple[str, int]]]:
        return [
            sorted((a["type"].dotted, a["value"].chosen.tag) for a in rdn) for rdn in name.chosen
        ]

    real = x509.Certificate.load(shared_cert(REAL_SIGNATURE))
    ours = x509.Certificate.load(signature(made()["infirmier"]))
    assert shape(ours.subject) == shape(real.subject)
    assert shape(ours.issuer) == shape(real.issuer)


def test_the_name_of_a_cpe_has_the_shape_of_a_real_one() -> None:
    real = x509.Certificate.load(shared_cert(REAL_AUTHENTICATION)).subject
    ours = x509.Certificate.load(authentication(made()["cpe-employe"])).subject
    order = [{a["type"].dotted for a in rdn} for rdn in real.chosen]
    assert [{a["type"].dotted for a in rdn} for rdn in ours.chosen] == order


@pytest.mark.parametrize(
    ("real", "code"),
    [("CA_TEST_ACR-ST-TEST.cer", "ACR-ST-TEST"), ("CA_TEST_ACI-ST-PP-TEST.cer", "ACI-ST-PP-TEST")],
)
def test_authorities_have_the_extensions_of_the_real_ones(real: str, code: str) -> None:
    ours = CACHE.authorities().certificates[code].public_bytes(Encoding.DER)
    theirs = shared_cert(real)
    assert [e[:2] for e in extensions(ours)] == [e[:2] for e in extensions(theirs)]
    for oid in ("2.5.29.19", "2.5.29.15"):
        assert value(ours, oid) == value(theirs, oid)
    for oid in ("2.5.29.32", "2.5.29.31"):
        if value(theirs, oid) is not None:
            assert [as_real(s) for s in strings(value(ours, oid) or b"")] == strings(
                value(theirs, oid) or b""
            )


# --- what is documented, without the real files ---------------------------------------------


def test_the_usages_of_the_two_certificates(tmp_path: Path) -> None:
    card = made()["medecin-generaliste"]
    shown = text(authentication(card), tmp_path)
    assert "X509v3 Key Usage: critical\n                Digital Signature\n" in shown
    assert "TLS Web Client Authentication, Microsoft Smartcard Login" in shown
    name = f"8.{card.profile.common_name[1:]}@carte-cps.fr"
    assert re.search(f"othername: UPN::?{re.escape(name)}", shown)  # OpenSSL 3.0 doubles the colon
    assert "Private Key Usage Period" not in shown
    shown = text(signature(card), tmp_path)
    assert "X509v3 Key Usage: critical\n                Non Repudiation\n" in shown
    assert "E-mail Protection" in shown
    assert "Not Before: Mar  3 00:00:00 2026 GMT, Not After: Mar  3 00:00:00 2029 GMT" in shown
    assert "Subject Alternative Name" not in shown


def test_the_upn_of_a_cpe_has_no_dot() -> None:
    card = made()["cpe-employe"]
    upn = read_certificate(authentication(card)).upn
    assert upn == f"{card.profile.common_name}@carte-cps.fr"


def test_keys_and_algorithms(tmp_path: Path) -> None:
    for card in every_card():
        for der in (authentication(card), signature(card)):
            shown = text(der, tmp_path)
            assert "Public-Key: (2048 bit)" in shown
            assert "Exponent: 65537" in shown
            assert shown.count("Signature Algorithm: sha256WithRSAEncryption") == 2


def test_openssl_follows_the_chain_of_every_certificate(tmp_path: Path) -> None:
    chain = bundle(tmp_path)
    roots = {code: tmp_path / f"{code}.pem" for code in AUTHORITIES if code.startswith("ACR")}
    for code, path in roots.items():
        path.write_bytes(pem_bundle([CACHE.authorities().certificates[code]]))
    for card in every_card():
        root = roots[str(issuer_of(card.profile).parent)]
        for der in (authentication(card), signature(card)):
            leaf = tmp_path / "leaf.der"
            leaf.write_bytes(der)
            moment = str(int(NOW.timestamp()))
            command = ["verify", "-x509_strict", "-attime", moment, "-CAfile", root]
            openssl(*command, "-untrusted", chain, leaf)


def test_a_chain_to_the_root_of_another_gamme_is_refused(tmp_path: Path) -> None:
    root, leaf = tmp_path / "root.pem", tmp_path / "leaf.der"
    root.write_bytes(pem_bundle([CACHE.authorities().certificates["ACR-ST-TEST"]]))
    leaf.write_bytes(authentication(made()["infirmier"]))
    command = ["openssl", "verify", "-CAfile", root, "-untrusted", bundle(tmp_path), leaf]
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0


def test_a_cps_is_under_fort_and_the_others_under_standard() -> None:
    for card in every_card():
        names = dict(pair for rdn in read_certificate(signature(card)).issuer for pair in rdn)
        gamme = "FORT" if card.profile.card_type == 0 else "STANDARD"
        assert names["CN"] == f"EMULATED TEST AC IGC-SANTE {gamme} PERSONNES"


def test_nobody_takes_the_issuer_for_the_ans() -> None:
    for card in every_card():
        certificate = read_certificate(authentication(card))
        assert identity(authentication(card)).pki is Pki.EMULATED
        issuer = [pair for rdn in certificate.issuer for pair in rdn]
        assert issuer[:4] == [
            ("C", "FR"),
            ("O", "CPX-TOOL EMULATION"),
            ("OU", "0002 000000000"),
            ("OU", "IGC-SANTE TEST EMULATED"),
        ]
        for address in (
            *certificate.crl_urls,
            *certificate.issuer_urls,
            *certificate.ocsp_urls,
        ):
            assert ".emulated.invalid" in unquote(address)


def test_the_multi_valued_rdn_is_sorted_as_der_wants_it() -> None:
    """Elements by their encodings, so by length first: the order is not the same on all cards."""
    orders = set()
    for card in every_card():
        subject = x509.Certificate.load(authentication(card)).subject
        for rdn in subject.chosen:
            encodings = [attribute.dump() for attribute in rdn]
            assert encodings == sorted(encodings)
        if card.profile.surname:
            orders.add(tuple(a["type"].native for a in subject.chosen[-1]))
            assert len(subject.chosen[-1]) == 3
    assert len(orders) > 1


def test_string_types() -> None:
    for card in every_card():
        subject = x509.Certificate.load(authentication(card)).subject
        for rdn in subject.chosen:
            for attribute in rdn:
                kind = core.PrintableString if attribute["type"].native == "country_name" else None
                assert isinstance(attribute["value"].chosen, kind or core.UTF8String)


def test_both_certificates_of_a_card_name_the_same_holder() -> None:
    for card in every_card():
        one, other = (x509.Certificate.load(slot.certificate).subject for slot in card.slots)
        assert one.dump() == other.dump()


def test_a_cps_has_no_organisation_and_a_cpe_has_one() -> None:
    for card in every_card():
        holder = identity(authentication(card)).holder
        assert (holder.organisation is None) == (card.profile.card_type == 0)
        assert holder.nominative == (card.profile.role != "cpe-anonyme")


def test_the_anonymous_cpe() -> None:
    holder = identity(authentication(made("centre-hospitalier")["cpe-anonyme"])).holder
    assert (holder.surname, holder.given_name) == (None, None)
    assert holder.pseudonym == "EMPLOYE000000009"


def test_identity_and_private_extensions() -> None:
    for card in every_card():
        who = identity(signature(card))
        assert who.category is Category.TEST_CARD
        assert (who.issuer_number, who.card_number) == ("8025000001", card.profile.card_number)
        assert who.card_type is not None
        assert int(who.card_type.code) == card.profile.card_type
        assert (int(who.profession.code) if who.profession else None) == card.profile.profession
        if who.profession:
            assert who.holder.title == who.profession.label
        assert who.holder.identifier is not None
        assert who.holder.identifier.key_valid is not False


def test_the_speciality_is_not_in_the_certificate() -> None:
    for oid, _, _ in extensions(signature(made()["medecin-generaliste"])):
        assert oid != "1.2.250.1.71.4.2.5"


def test_serials_have_sixteen_bytes_of_which_eight_are_the_authoritys() -> None:
    heads: dict[str, set[bytes]] = {}
    serials = set()
    for card in every_card():
        for slot in card.slots:
            contents = x509.Certificate.load(slot.certificate)["tbs_certificate"][
                "serial_number"
            ].contents
            assert len(contents) == 16
            serials.add(contents)
            heads.setdefault(issuer_of(card.profile).code, set()).add(contents[:8])
    assert len(serials) == 2 * len(every_card())
    assert sorted(map(len, heads.values())) == [1, 1]


# --- defects --------------------------------------------------------------------------------


def test_production_has_the_real_category_but_still_our_issuer() -> None:
    who = identity(authentication(made("centre-sante", "production")["medecin-generaliste"]))
    assert (who.category, who.pki) == (Category.PRODUCTION_CARD, Pki.EMULATED)
    policies = read_certificate(
        signature(made("centre-sante", "production")["medecin-generaliste"])
    ).policies
    assert policies[0].startswith("1.2.250.1.213.1.7.1.")


def test_wrong_profession_contradicts_the_title() -> None:
    who = identity(authentication(made("centre-sante", "wrong-profession")["medecin-generaliste"]))
    assert who.profession is not None
    assert (who.holder.title, who.profession.code) == ("Médecin", "26")


def test_swapped_certificates_differ_by_their_usages_only() -> None:
    card = made("centre-sante", "swapped")["medecin-generaliste"]
    assert card.slots[0].certificate_label == "Certificat d'Authentification CPS"
    for slot, usage in zip(card.slots, ("nonRepudiation", "digitalSignature"), strict=True):
        shown = read_certificate(slot.certificate)
        assert shown.key_usage == (usage,)
        assert slot.key is not None
        assert shown.modulus == f"{slot.key.public_key().public_numbers().n:x}"


def test_a_mismatched_key_is_another_one_and_no_cards_else() -> None:
    card = made("centre-sante", "key-mismatch")["medecin-generaliste"]
    keys = [slot.key.public_key().public_numbers().n for slot in card.slots if slot.key]
    certified = [int(read_certificate(slot.certificate).modulus, 16) for slot in card.slots]
    assert keys[0] not in certified
    assert keys[1] == certified[1]


def test_no_private_key_takes_the_authentication_key_away() -> None:
    card = made("centre-sante", "no-private-key")["medecin-generaliste"]
    assert [slot.key is None for slot in card.slots] == [True, False]


def test_a_broken_certificate_is_the_head_of_a_good_one() -> None:
    card = made("centre-sante", "broken-certificate")["medecin-generaliste"]
    shown = card.slots[1]
    assert shown.whole_certificate.startswith(shown.certificate)
    assert 0 < len(shown.certificate) < len(shown.whole_certificate)
    assert card.slots[0].certificate == card.slots[0].whole_certificate


def test_ids_of_the_two_generations() -> None:
    aid = "e828bd080f8025000001ff0010"
    cps4, cps3 = made()["infirmier"], made("centre-sante", "pkcs1-only=6")["infirmier"]
    assert [slot.id for slot in cps4.slots] == [aid + "20", aid + "10"]
    assert [slot.id for slot in cps3.slots] == [aid + "02", aid + "01"]


def test_only_the_profile_decides(tmp_path: Path) -> None:
    """Same profile, same keys: the same certificate, down to the serial."""
    profile: Profile = planned(find_set("centre-sante"), now=NOW)[0]
    one, other = cards([profile]), cards([profile])
    assert one[0].slots[0].certificate == other[0].slots[0].certificate
