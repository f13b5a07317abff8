"""Who the certificates of the field are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from cpx_tool.catalogue.nomenclature import label, nomenclature
from cpx_tool.model.certificate import Certificate
from cpx_tool.model.identity import Category, Identifier, Identity, Pki, ProductKind
from cpx_tool.pki.certificate import read_certificate
from cpx_tool.pki.identity import (
    identify,
    issuing_pki,
    person_identifier,
    structure_identifier,
)
from support.paths import SHARED_CERTS, shared_cert


def read(name: str) -> Identity:
    return identify(read_certificate(shared_cert(name)), label)


def issuer(*pairs: tuple[str, str]) -> tuple[tuple[tuple[str, str], ...], ...]:
    return tuple((pair,) for pair in pairs)


@pytest.fixture
def card(card_der: bytes) -> Certificate:
    return read_certificate(card_der)


REAL = {
    "CA_PROD_ACI-EL-ORG.cer": (ProductKind.AUTHORITY, Category.NOT_KNOWN, Pki.IGC_SANTE),
    "CA_PROD_ACR-EL.cer": (ProductKind.AUTHORITY, Category.NOT_KNOWN, Pki.IGC_SANTE),
    "CA_TEST_ACI-EL-ORG-TEST.cer": (
        ProductKind.AUTHORITY,
        Category.NOT_KNOWN,
        Pki.IGC_SANTE_TEST,
    ),
    "CA_TEST_ACI-EL-PP-TEST.cer": (ProductKind.AUTHORITY, Category.NOT_KNOWN, Pki.IGC_SANTE_TEST),
    "CA_TEST_ACI-ST-PP-TEST.cer": (ProductKind.AUTHORITY, Category.NOT_KNOWN, Pki.IGC_SANTE_TEST),
    "CA_TEST_ACR-EL-TEST.cer": (ProductKind.AUTHORITY, Category.NOT_KNOWN, Pki.IGC_SANTE_TEST),
    "CA_TEST_ACR-ST-TEST.cer": (ProductKind.AUTHORITY, Category.NOT_KNOWN, Pki.IGC_SANTE_TEST),
    "PRODORG_sign_signature.rpps.fr_2016.der": (
        ProductKind.ORGANISATION,
        Category.PRODUCTION_SOFTWARE,
        Pki.IGC_SANTE,
    ),
    "TESTCARD_cps2ter_sign_medecin_899900038839_2016.der": (
        ProductKind.CARD,
        Category.TEST_CARD,
        Pki.IGC_CPS_TEST,
    ),
    "TESTCARD_igcsante_auth_CPEnominative_30B0057881-CPET0002_2017.der": (
        ProductKind.CARD,
        Category.TEST_CARD,
        Pki.IGC_SANTE_TEST,
    ),
    "TESTCARD_igcsante_sign_infirmier_00B6077602_2020.der": (
        ProductKind.CARD,
        Category.TEST_CARD,
        Pki.IGC_SANTE_TEST,
    ),
    "TESTORG_authcli_10B0127189_2019.der": (
        ProductKind.ORGANISATION,
        Category.TEST_SOFTWARE,
        Pki.IGC_SANTE_TEST,
    ),
    "TESTORG_servssl_platines_2017.der": (
        ProductKind.ORGANISATION,
        Category.TEST_SOFTWARE,
        Pki.IGC_SANTE_TEST,
    ),
    "TESTORG_sign_testsign_318751275100020_2021.der": (
        ProductKind.ORGANISATION,
        Category.TEST_SOFTWARE,
        Pki.IGC_SANTE_TEST,
    ),
    "TESTORG_sign_tomwsrevoque_REVOKEDNAME_2019.der": (
        ProductKind.ORGANISATION,
        Category.TEST_SOFTWARE,
        Pki.IGC_SANTE_TEST,
    ),
    "TESTSOFT_igcsante_sign_PP_medecin_899900063480_2019.der": (
        ProductKind.PERSON_SOFTWARE,
        Category.TEST_SOFTWARE,
        Pki.IGC_SANTE_TEST,
    ),
}


@pytest.mark.parametrize("name", REAL)
def test_every_real_certificate_is_recognised(name: str) -> None:
    identity = read(name)

    assert (identity.kind, identity.category, identity.pki) == REAL[name]


def test_no_real_certificate_is_left_out() -> None:
    if not SHARED_CERTS.exists():
        pytest.skip("the real certificates are not beside this checkout")
    at_hand = {p.name for p in SHARED_CERTS.iterdir() if p.suffix in (".cer", ".der")}

    assert at_hand == set(REAL)


def test_a_real_cps2ter_card() -> None:
    identity = read("TESTCARD_cps2ter_sign_medecin_899900038839_2016.der")

    assert identity.card_type is not None
    assert identity.card_type.code == "00"
    assert identity.card_type.label == "Carte de Professionnel de Santé (CPS)"
    assert identity.profession is not None
    assert (identity.profession.code, identity.profession.label) == ("10", "Médecin")
    assert [(s.code, s.label) for s in identity.specialities] == [
        ("SM26", "Qualifié en Médecine Générale (SM)")
    ]
    assert (identity.issuer_number, identity.card_number) == ("8025000001", "2500577253")
    assert identity.holder.display == "ADEMIS TRAL"
    assert identity.holder.nominative
    assert identity.holder.title is None
    assert identity.holder.structure is None
    assert identity.holder.identifier == Identifier("899900038839", "RPPS", key_valid=True)


def test_a_real_nominative_cpe_card() -> None:
    identity = read("TESTCARD_igcsante_auth_CPEnominative_30B0057881-CPET0002_2017.der")

    assert identity.card_type is not None
    assert identity.card_type.label == "Carte de Personnel d'Etablissement (CDE/CPE)"
    assert identity.profession is None
    assert identity.card_number == "2600301752"
    assert identity.holder.nominative
    assert identity.holder.title == "Personnel santé ou social"
    assert identity.holder.organisation == "HOPITAL DES 3 DAMES"
    assert identity.holder.identifier == Identifier("30B0057881/CPET0002", "FINESS", None)
    assert identity.holder.structure == Identifier("10B0057881", "FINESS", None)


def test_a_real_infirmier_card_with_an_adeli_number() -> None:
    identity = read("TESTCARD_igcsante_sign_infirmier_00B6077602_2020.der")

    assert identity.profession is not None
    assert identity.profession.label == "Infirmier"
    assert identity.holder.identifier == Identifier("00B6077602", "ADELI", None)


def test_a_real_organisation_has_a_structure_and_no_person() -> None:
    holder = read("TESTORG_sign_testsign_318751275100020_2021.der").holder

    assert holder.identifier is None
    assert holder.structure == Identifier("318751275100020", "SIRET", key_valid=True)
    assert not holder.nominative


def test_an_anonymous_cpe_has_no_name(card: Certificate) -> None:
    subject = issuer(
        ("C", "FR"),
        ("OU", "10B0057881"),
        ("pseudonym", "EMPLOYE000000018"),
        ("CN", "30B0057881/000000018"),
    )

    holder = identify(replace(card, subject=subject, profession=None), label).holder

    assert not holder.nominative
    assert holder.display == "EMPLOYE000000018"


def test_unknown_codes_keep_their_code_without_a_label(card: Certificate) -> None:
    identity = identify(
        replace(card, card_type=7, profession=999, specialities=("ZZ99",), category=0x42), label
    )

    assert identity.card_type is not None
    assert (identity.card_type.code, identity.card_type.label) == ("07", None)
    assert identity.profession is not None
    assert (identity.profession.code, identity.profession.label) == ("999", None)
    assert identity.specialities[0].label is None
    assert identity.category is Category.NOT_KNOWN


def test_a_card_number_of_another_form_is_kept_as_it_is(card: Certificate) -> None:
    identity = identify(replace(card, card_number="42"), label)

    assert (identity.issuer_number, identity.card_number) == (None, "42")


def test_without_category_the_card_number_still_makes_it_a_card(
    make_certificate: Callable[..., bytes], card: Certificate
) -> None:
    assert identify(replace(card, category=None), label).kind is ProductKind.CARD
    bare = read_certificate(make_certificate({}))
    assert identify(bare, label).kind is ProductKind.NOT_KNOWN


ANS = ("O", "ASIP-SANTE")
UNIT = ("OU", "0002 187512751")
FORT = ("CN", "TEST AC IGC-SANTE FORT PERSONNES")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ((("C", "FR"), ANS, UNIT, ("OU", "IGC-SANTE TEST"), FORT), Pki.IGC_SANTE_TEST),
        (
            (("C", "FR"), ANS, UNIT, ("OU", "IGC-SANTE TEST"), ("OU", "RECETTE"), FORT),
            Pki.IGC_SANTE_RECETTE,
        ),
        ((("C", "FR"), ANS, UNIT, ("OU", "IGC-SANTE"), ("CN", "AC IGC-SANTE X")), Pki.IGC_SANTE),
        ((("C", "FR"), ANS, UNIT, ("OU", "IGC-SANTE"), FORT), Pki.IGC_SANTE),
        ((("C", "FR"), ANS, UNIT, ("OU", "IGC-SANTE TEST"), ("CN", "AC X")), Pki.NOT_KNOWN),
        ((("C", "FR"), ANS, ("OU", "RECETTE"), ("CN", "AC IGC-SANTE")), Pki.NOT_KNOWN),
        ((("C", "FR"), ("O", "OTHER"), UNIT, ("OU", "IGC-SANTE TEST"), FORT), Pki.NOT_KNOWN),
        ((("C", "BE"), ANS, UNIT, ("OU", "IGC-SANTE TEST"), FORT), Pki.NOT_KNOWN),
        ((FORT,), Pki.NOT_KNOWN),
        ((), Pki.NOT_KNOWN),
        (
            (("C", "FR"), ("O", "TEST"), ("OU", "TEST PROFESSIONNEL"), ("CN", "TEST CLASSE-1")),
            Pki.IGC_CPS_TEST,
        ),
        ((("C", "FR"), ("O", "TEST"), ("CN", "TEST CLASSE-1")), Pki.NOT_KNOWN),
        ((("C", "FR"), ("O", "GIP-CPS"), ("CN", "GIP-CPS CLASSE-1")), Pki.IGC_CPS),
        ((("C", "FR"), ("O", "CPX-TOOL EMULATION"), FORT), Pki.EMULATED),
        ((("C", "FR"), ("O", "CPX-TOOL EMULATION 2"), FORT), Pki.NOT_KNOWN),
        ((("C", "FR"), ("O", "CPX-TOOL EMULATION"), ANS, FORT), Pki.NOT_KNOWN),
    ],
)
def test_the_pki_is_known_by_the_full_name_of_the_issuer(
    card: Certificate, name: tuple[tuple[str, str], ...], expected: Pki
) -> None:
    assert issuing_pki(replace(card, issuer=issuer(*name))) is expected


@pytest.mark.parametrize(
    ("text", "kind", "key_valid"),
    [
        ("899700075122", "RPPS", True),
        ("899700075123", "RPPS", False),
        ("8997000751", "RPPS", False),
        ("00B1058110", "ADELI", None),
        ("500000000029751/CPAT0001", "SIRET", True),
        ("500000000029752/CPAT0001", "SIRET", False),
        ("30B0057881/CPET0002", "FINESS", None),
    ],
)
def test_person_identifiers(text: str, kind: str, key_valid: bool | None) -> None:
    assert person_identifier(text) == Identifier(text, kind, key_valid)


@pytest.mark.parametrize("text", ["", "INSI-AUTO", "799700075122", "8 99700075122", "8"])
def test_what_is_no_person_identifier(text: str) -> None:
    assert person_identifier(text) is None


@pytest.mark.parametrize(
    ("text", "kind", "key_valid"),
    [
        ("10B0127189", "FINESS", None),
        ("318751275100020", "SIRET", True),
        ("318751275100021", "SIRET", False),
        ("499700367909006", "CABINET-RPPS", None),
    ],
)
def test_structure_identifiers(text: str, kind: str, key_valid: bool | None) -> None:
    assert structure_identifier(text) == Identifier(text, kind, key_valid)


@pytest.mark.parametrize("text", ["", "Médecin", "0002 187512751", "899700075122"])
def test_what_is_no_structure_identifier(text: str) -> None:
    assert structure_identifier(text) is None


@pytest.mark.parametrize(
    ("table", "read_identifier"),
    [("TRE_G07", structure_identifier), ("TRE_G08", person_identifier)],
)
def test_the_prefixes_are_the_codes_of_the_nomenclature(
    table: str, read_identifier: Callable[[str], Identifier | None]
) -> None:
    """One digit only: the ANS's code 10 of TRE_G08, an address, is in no certificate."""
    labels = nomenclature(table).labels
    for digit in "0123456789":
        found = read_identifier(f"{digit}0B0127189")
        kind = found.kind if found else None
        assert (kind is not None) == (digit in labels), digit
        if kind is not None:
            told = labels[digit].upper()
            assert all(word in told for word in _WORDS.get(kind, kind).split("-")), digit


_WORDS = {"STUDENT": "ETUDIANT"}
"""The one kind that has an English name here."""
