"""The rule that decides whether a PIN may go to a card, case by case."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cpx_tool.model.certificate import Certificate
from cpx_tool.pki.certificate import read_certificate
from cpx_tool.pki.proof import Proof, prove_software, proves_test_card
from support.paths import shared_cert

TEST_POLICY = "1.2.250.1.213.1.7.2.1.1.1.1"


def name(*pairs: tuple[str, str]) -> Any:
    return tuple((pair,) for pair in pairs)


UNIT = ("OU", "0002 187512751")
TEST = name(
    ("C", "FR"),
    ("O", "ASIP-SANTE"),
    UNIT,
    ("OU", "IGC-SANTE TEST"),
    ("CN", "TEST AC IGC-SANTE FORT PERSONNES"),
)
PRODUCTION = name(
    ("C", "FR"),
    ("O", "ASIP-SANTE"),
    UNIT,
    ("OU", "IGC-SANTE"),
    ("CN", "AC IGC-SANTE FORT PERSONNES"),
)
RECETTE = (*TEST[:-1], (("OU", "RECETTE"),), TEST[-1])
CPS2TER = name(("C", "FR"), ("O", "TEST"), ("OU", "TEST PROFESSIONNEL"), ("CN", "TEST CLASSE-1"))
EMULATED = name(("C", "FR"), ("O", "CPX-TOOL EMULATION"), ("CN", "TEST AC"))
UNKNOWN = name(("C", "FR"), ("O", "SOMEBODY"), ("CN", "TEST AC IGC-SANTE FORT PERSONNES"))


@pytest.fixture
def card(card_der: bytes) -> Certificate:
    """A certificate of a test card as the IGC-Santé TEST issues it."""
    return replace(read_certificate(card_der), policies=(TEST_POLICY,))


def id_card(category: int) -> bytes:
    return bytes([0xE3, 3, 0x82, 1, category])


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"policies": ()},
        {"policies": ("2.5.29.32.0",)},
        {"issuer": RECETTE},
        {"issuer": CPS2TER, "policies": ("1.2.250.1.71.3.7.9.1.1.2.1",)},
        {"issuer": EMULATED},
        {"issuer": UNKNOWN},
        {"problems": ("extension 2.5.29.31", "extension 1.2.3")},
    ],
)
def test_proven(card: Certificate, changes: dict[str, Any]) -> None:
    other = replace(card, **changes)

    assert proves_test_card([other]).proof is Proof.PROVEN
    assert proves_test_card([card, other, other]).proof is Proof.PROVEN


PRODUCTION_MARKS = [
    {"category": 0x00},
    {"category": 0x02},
    {"category": 0x03},
    {"issuer": PRODUCTION},
    {"issuer": name(("C", "FR"), ("O", "GIP-CPS"), ("CN", "GIP-CPS CLASSE-1"))},
    {"policies": ("1.2.250.1.213.1.7.1.1.2.4.1",)},
    {"policies": (TEST_POLICY, "1.2.250.1.213.1.7.1.1.2.4.1")},
    {"issuer": EMULATED, "category": 0x00},
]


@pytest.mark.parametrize("changes", PRODUCTION_MARKS)
def test_one_production_mark_makes_it_a_production_card(
    card: Certificate, changes: dict[str, Any]
) -> None:
    marked = replace(card, **changes)

    assert proves_test_card([marked]).proof is Proof.PRODUCTION
    assert proves_test_card([card, marked]).proof is Proof.PRODUCTION
    assert proves_test_card([marked, card, None]).proof is Proof.PRODUCTION


@pytest.mark.parametrize(
    "changes",
    [
        {"category": None},
        {"category": None, "problems": ("extension 1.2.250.1.71.1.2.5",)},
        {"category": 0x82},
        {"category": 0x83},
        {"category": 0x81},
        {"category": 0xFF},
        {"issuer": UNKNOWN, "policies": ()},
        {"issuer": UNKNOWN, "policies": ("1.2.250.1.213.1.7.2.1.1.1.10",)},
        {"issuer": (), "policies": ()},
        {"policies": ("1.2.250.1.213.1.7.3.1",)},
        {"policies": (TEST_POLICY, "1.2.250.1.213.1.7.3.1")},
        {"issuer": CPS2TER, "policies": ("1.2.250.1.71.3.7.1.1.1.1",)},
        {"problems": ("issuer",)},
        {"problems": ("extensions",)},
        {"problems": ("extension 2.5.29.32",)},
        {"problems": ("subject",)},
        {"problems": ("public key",)},
        {"problems": ("trailing data",)},
        {"problems": ("truncated",)},
        {"problems": ("structure",)},
        {"problems": ("serial number",)},
        {"problems": ("start of validity",)},
        {"problems": ("end of validity",)},
        {"problems": ("signature algorithm",)},
        {"problems": ("something new",)},
        {"card_number": "8025000001/2800000000"},
    ],
)
def test_not_proven(card: Certificate, changes: dict[str, Any]) -> None:
    assert proves_test_card([card, replace(card, **changes)]).proof is Proof.NOT_PROVEN


def test_one_unreadable_certificate_leaves_the_card_unproven(card: Certificate) -> None:
    assert proves_test_card([card, None]).proof is Proof.NOT_PROVEN
    assert proves_test_card([None]).proof is Proof.NOT_PROVEN


def test_no_certificate_proves_nothing() -> None:
    assert proves_test_card([]).proof is Proof.NOT_PROVEN
    assert proves_test_card([], id_card(0x80)).proof is Proof.NOT_PROVEN


@pytest.mark.parametrize("category", [0x00, 0x02, 0x03])
def test_the_card_s_own_description_may_contradict(card: Certificate, category: int) -> None:
    assert proves_test_card([card], id_card(category)).proof is Proof.PRODUCTION


@pytest.mark.parametrize(
    "value", [id_card(0x80), id_card(0x42), b"", b"\xe3", bytes(32), b"\xe3\x04\x82\x02\x00\x00"]
)
def test_a_description_that_says_test_or_nothing_changes_nothing(
    card: Certificate, value: bytes
) -> None:
    assert proves_test_card([card], value).proof is Proof.PROVEN


@pytest.mark.parametrize("value", [id_card(0x80), b""])
def test_the_description_alone_proves_nothing(card: Certificate, value: bytes) -> None:
    assert proves_test_card([replace(card, category=None)], value).proof is Proof.NOT_PROVEN


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("TESTCARD_cps2ter_sign_medecin_899900038839_2016.der", Proof.PROVEN),
        ("TESTCARD_igcsante_auth_CPEnominative_30B0057881-CPET0002_2017.der", Proof.PROVEN),
        ("TESTCARD_igcsante_sign_infirmier_00B6077602_2020.der", Proof.PROVEN),
        ("PRODORG_sign_signature.rpps.fr_2016.der", Proof.PRODUCTION),
        ("CA_PROD_ACI-EL-ORG.cer", Proof.PRODUCTION),
        ("CA_TEST_ACI-ST-PP-TEST.cer", Proof.NOT_PROVEN),
        ("TESTORG_authcli_10B0127189_2019.der", Proof.NOT_PROVEN),
        ("TESTSOFT_igcsante_sign_PP_medecin_899900063480_2019.der", Proof.NOT_PROVEN),
    ],
)
def test_real_certificates(file: str, expected: Proof) -> None:
    assert proves_test_card([read_certificate(shared_cert(file))]).proof is expected


def test_a_production_certificate_among_test_ones_decides(card: Certificate) -> None:
    production = read_certificate(shared_cert("PRODORG_sign_signature.rpps.fr_2016.der"))

    assert proves_test_card([card, card, production]).proof is Proof.PRODUCTION


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"category": 0x00}, "production category"),
        ({"issuer": PRODUCTION}, "production PKI"),
        ({"policies": ("1.2.250.1.213.1.7.1.1",)}, "production policy"),
        ({"category": None}, "no category"),
        ({"problems": ("issuer",)}, "cannot be read where"),
        ({"issuer": UNKNOWN, "policies": ()}, "unknown issuer"),
    ],
)
def test_the_reason_is_given(card: Certificate, changes: dict[str, Any], words: str) -> None:
    assert words in proves_test_card([replace(card, **changes)]).reason.text


# --- software certificates ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "proof"),
    [
        ("TESTORG_authcli_10B0127189_2019.der", Proof.PROVEN),
        ("TESTSOFT_igcsante_sign_PP_medecin_899900063480_2019.der", Proof.PROVEN),
        ("PRODORG_sign_signature.rpps.fr_2016.der", Proof.PRODUCTION),
        ("TESTCARD_igcsante_sign_infirmier_00B6077602_2020.der", Proof.NOT_PROVEN),
    ],
)
def test_real_certificates_as_software(file: str, proof: Proof) -> None:
    assert prove_software(read_certificate(shared_cert(file))).proof is proof


@pytest.mark.parametrize("changes", PRODUCTION_MARKS)
def test_production_software(card: Certificate, changes: dict[str, Any]) -> None:
    software = replace(card, category=0x83)
    assert prove_software(software).proof is Proof.PROVEN
    assert prove_software(replace(software, **changes)).proof is Proof.PRODUCTION


@pytest.mark.parametrize(
    "changes",
    [
        {"category": None},
        {"category": 0x80},
        {"category": 0x82},
        {"issuer": UNKNOWN, "policies": ()},
        {"policies": (TEST_POLICY, "1.2.250.1.213.1.7.3.1")},
    ],
)
def test_software_that_proves_nothing(card: Certificate, changes: dict[str, Any]) -> None:
    software = replace(card, **{"category": 0x83, **changes})
    assert prove_software(software).proof is Proof.NOT_PROVEN
