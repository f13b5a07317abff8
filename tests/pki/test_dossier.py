"""Every value says where it was read; absent, unreadable and not known stay apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from cpx_tool.catalogue.nomenclature import label
from cpx_tool.model.cardset import Product
from cpx_tool.model.certificate import Certificate
from cpx_tool.model.dossier import Dossier, Entry, Sighting, Source, SourceKind, State
from cpx_tool.model.identity import Coded, Identifier, Pki, ProductKind
from cpx_tool.model.token import DataObject
from cpx_tool.pki.certificate import read_certificate
from cpx_tool.pki.dossier import TECHNICAL_LABEL, make_dossier, matters
from cpx_tool.pki.identity import identify
from support.build import (
    AUTHENTICATION,
    PEOPLE,
    SIGNATURE,
    card,
    data_objects,
    id_card,
    info_ps,
    tlv,
)
from support.paths import shared_cert

READ, NOT_PRESENT, UNREADABLE, NOT_KNOWN, CONTRADICTORY = State
DOCTOR = PEOPLE["medecin-generaliste"]
NUMBER = "1.2.250.1.71.1.2.3"
PROFESSION = "1.2.250.1.71.1.2.7"
MEDECIN = Coded("10", "Médecin")
OWN_LABEL = "CPS4v1-3100000012"


@pytest.fixture(scope="session")
def pair(key: rsa.RSAPrivateKey) -> tuple[Certificate, Certificate]:
    """The médecin's authentication and signature certificate."""
    first, second = (read_certificate(c.der) for c in card(key, DOCTOR).certificates)
    return first, second


@pytest.fixture
def one(pair: tuple[Certificate, Certificate]) -> Certificate:
    return pair[0]


def of_file(certificate: Certificate | None) -> Dossier:
    return make_dossier([("", certificate)], label)


def of_card(
    authentication: Certificate | None,
    signature: Certificate | None,
    *data: DataObject,
    token_label: str = OWN_LABEL,
) -> Dossier:
    both = [(AUTHENTICATION, authentication), (SIGNATURE, signature)]
    return make_dossier(both, label, data, token_label)


def states(entry: Entry[Any]) -> list[State]:
    return [sighting.state for sighting in entry.sightings]


# --- a whole card -----------------------------------------------------------------------------


def test_each_value_of_a_card_with_all_its_sources(pair: tuple[Certificate, Certificate]) -> None:
    dossier = of_card(*pair, *data_objects(DOCTOR))
    assert dossier.card_number == Entry(
        READ,
        "3100000012",
        Source(SourceKind.EXTENSION, AUTHENTICATION, NUMBER),
        (
            Sighting(Source(SourceKind.EXTENSION, AUTHENTICATION, NUMBER), READ, "3100000012"),
            Sighting(Source(SourceKind.EXTENSION, SIGNATURE, NUMBER), READ, "3100000012"),
            Sighting(Source(SourceKind.DATA_OBJECT, "CPS_ID_CARD", "E3 81"), READ, "3100000012"),
            Sighting(Source(SourceKind.TOKEN_LABEL, "CPS4v1-3100000012"), READ, "3100000012"),
        ),
    )
    found = {key: entry.value for key, entry in dossier.entries() if entry.state is READ}
    assert found == {
        "card_type": Coded("00", "Carte de Professionnel de Santé (CPS)"),
        "product": Product.CPS,
        "category": Coded("80", "Carte de PS ou de Personnel de Santé de TEST"),
        "pki": Pki.IGC_SANTE_TEST,
        "issuer_number": "8025000001",
        "card_number": "3100000012",
        "nominative": True,
        "surname": "DOC0007512",
        "given_name": "ADÈLE",
        "common_name": "899700075122",
        "identifier": Identifier("899700075122", "RPPS", True),
        "title": "Médecin",
        "profession": MEDECIN,
        "specialities": (Coded("SM26", "Qualifié en Médecine Générale (SM)"),),
        "valid_from": datetime(2024, 1, 1, tzinfo=UTC),
        "valid_until": datetime(2027, 1, 1, tzinfo=UTC),
        "issued": "2024-01-15",
        "expires": "2027-01",
    }
    informative = {key for key, entry in dossier.entries() if entry.informative}
    assert informative == {"issued", "expires"}


PLACES = {
    "card_type": ("extension", "1.2.250.1.71.1.2.2", "ED 80"),
    "product": ("extension", "1.2.250.1.71.1.2.2", None),
    "category": ("extension", "1.2.250.1.71.1.2.5", "E3 82"),
    "pki": ("issuer", "", None),
    "issuer_number": ("extension", NUMBER, None),
    "card_number": ("extension", NUMBER, "E3 81"),
    "nominative": ("subject", "SN, GN", None),
    "civility": (None, None, "E4 80"),
    "surname": ("subject", "SN", "E4 81"),
    "given_name": ("subject", "GN", "E4 83"),
    "practice_name": (None, None, "ED 84"),
    "pseudonym": ("subject", "pseudonym", None),
    "common_name": ("subject", "CN", None),
    "identifier": ("subject", "CN", "ED 81"),
    "title": ("subject", "title", None),
    "profession": ("extension", PROFESSION, "ED 82"),
    "future_profession": ("extension", "1.2.250.1.71.1.2.8", "ED 83"),
    "specialities": ("extension", "1.2.250.1.71.4.2.5", "ED 85"),
    "organisation": ("subject", "O", None),
    "structure": ("subject", "OU", None),
    "valid_from": ("validity", "notBefore", None),
    "valid_until": ("validity", "notAfter", None),
    "issued": (None, None, "E3 83"),
    "expires": (None, None, "E3 84"),
}
"""Key → where a certificate says it, and the tags of a data object."""


@pytest.mark.parametrize("with_data", [True, False])
def test_every_place_is_looked_at_whatever_stands_there(one: Certificate, with_data: bool) -> None:
    data = data_objects(DOCTOR) if with_data else ()
    dossier = make_dossier([("a label", one)], label, data, "a token")
    for key, entry in dossier.entries():
        kind, detail, tags = PLACES[key]
        sources = {(s.source.kind.value, s.source.name, s.source.detail) for s in entry.sightings}
        wanted = {(kind, "a label", detail)} if kind else set()
        if tags is not None:
            name = {"E3": "CPS_ID_CARD", "E4": "CPS_NAME_PS", "ED": "CPS_INFO_PS"}[tags[:2]]
            wanted |= {("data-object", name, tags)}
        if key == "card_number":
            wanted |= {("token-label", "a token", "")}
        assert sources == wanted, key
    assert set(PLACES) == {key for key, _ in dossier.entries()}


# --- states -----------------------------------------------------------------------------------


def test_absent_unreadable_and_not_known_are_three_things(one: Certificate) -> None:
    absent = of_file(replace(one, profession=None))
    assert (absent.profession.state, absent.profession.value) == (NOT_PRESENT, None)
    broken = of_file(replace(one, profession=None, problems=(f"extension {PROFESSION}",)))
    assert (broken.profession.state, broken.profession.value) == (UNREADABLE, None)
    unknown = of_file(replace(one, profession=999))
    assert (unknown.profession.state, unknown.profession.value) == (NOT_KNOWN, Coded("999", None))
    nobody_looked = of_file(one)
    assert (nobody_looked.issued.state, nobody_looked.issued.sightings) == (NOT_KNOWN, ())


@pytest.mark.parametrize("problem", ["extensions", "truncated", "structure"])
def test_what_a_damaged_certificate_seems_to_lack_is_unreadable(
    one: Certificate, problem: str
) -> None:
    dossier = of_file(replace(one, profession=None, problems=(problem,)))
    assert dossier.profession.state is UNREADABLE
    assert dossier.future_profession.state is UNREADABLE
    assert dossier.card_type.state is READ
    in_subject = UNREADABLE if problem != "extensions" else NOT_PRESENT
    assert dossier.organisation.state is in_subject


def test_a_subject_that_is_broken_in_part(one: Certificate) -> None:
    subject = ((("title", "Médecin"),), (("SN", "#0401ff"), ("CN", "#0401fe")))
    dossier = of_file(replace(one, subject=subject, problems=("subject",)))
    assert (dossier.title.state, dossier.title.value) == (READ, "Médecin")
    for entry in (
        dossier.surname,
        dossier.given_name,
        dossier.nominative,
        dossier.common_name,
        dossier.identifier,
        dossier.organisation,
        dossier.structure,
    ):
        assert (entry.state, entry.value) == (UNREADABLE, None)
    assert of_file(replace(one, subject=subject)).surname.value == "#0401ff"


def test_an_issuer_that_nobody_knows_and_one_that_cannot_be_read(one: Certificate) -> None:
    stranger = ((("CN", "NOBODY"),),)
    assert of_file(replace(one, issuer=stranger)).pki.state is NOT_KNOWN
    assert of_file(replace(one, issuer=stranger, problems=("issuer",))).pki.state is UNREADABLE
    assert of_file(replace(one, issuer=(), problems=("issuer",))).pki.state is UNREADABLE
    assert of_file(replace(one, issuer=())).pki.state is NOT_PRESENT


def test_a_certificate_that_cannot_be_read_at_all() -> None:
    dossier = of_file(None)
    found = {entry.state for _, entry in dossier.entries() if entry.sightings}
    assert found == {UNREADABLE}
    assert {entry.value for _, entry in dossier.entries()} == {None}


def test_nothing_to_look_at() -> None:
    assert {entry.state for _, entry in make_dossier((), label).entries()} == {NOT_KNOWN}


@pytest.mark.parametrize(
    ("card_type", "state", "product"),
    [
        (0, READ, Product.CPS),
        (1, READ, Product.CPF),
        (2, NOT_KNOWN, None),
        (3, NOT_KNOWN, None),
        (7, NOT_KNOWN, None),
        (None, NOT_PRESENT, None),
    ],
)
def test_cde_and_cpe_are_not_told_apart(
    one: Certificate, card_type: int | None, state: State, product: Product | None
) -> None:
    entry = of_file(replace(one, card_type=card_type)).product
    assert (entry.state, entry.value) == (state, product)


def test_a_common_name_of_a_person_that_is_no_identifier(one: Certificate) -> None:
    subject = ((("CN", "INSI-AUTO"),),)
    entry = of_file(replace(one, subject=subject)).identifier
    assert (entry.state, entry.value) == (NOT_KNOWN, None)
    software = replace(one, subject=subject, category=0x83, card_type=None, profession=None)
    assert identify(software, label).kind is ProductKind.ORGANISATION
    assert of_file(software).identifier.state is NOT_PRESENT


@pytest.mark.parametrize(
    ("card_type", "unit", "state"),
    [
        (2, "10B0127189", READ),
        (2, "90B0127189", NOT_KNOWN),
        (3, "90B0127189", NOT_KNOWN),
        (2, None, NOT_PRESENT),
        (0, "Médecin", NOT_PRESENT),  # an IGC-CPS 2ter card
    ],
)
def test_a_unit_that_is_no_structure(
    one: Certificate, card_type: int, unit: str | None, state: State
) -> None:
    subject = ((("OU", unit),),) if unit else ()
    entry = of_file(replace(one, card_type=card_type, subject=subject)).structure
    assert (entry.state, entry.value is not None) == (state, state is READ)


def test_one_code_of_several_that_is_not_known(one: Certificate) -> None:
    entry = of_file(replace(one, specialities=("SM26", "ZZ99"))).specialities
    assert entry.state is NOT_KNOWN
    assert [coded.code for coded in entry.value or ()] == ["SM26", "ZZ99"]


# --- agreement --------------------------------------------------------------------------------


def test_certificates_that_contradict_each_other(pair: tuple[Certificate, Certificate]) -> None:
    first, second = pair
    dossier = of_card(first, replace(second, profession=60), *data_objects(DOCTOR))
    entry = dossier.profession
    assert (entry.state, entry.value, entry.origin) == (CONTRADICTORY, None, None)
    assert [s.value for s in entry.sightings] == [MEDECIN, Coded("60", "Infirmier"), MEDECIN]


def test_what_one_certificate_says_and_the_other_does_not(
    pair: tuple[Certificate, Certificate],
) -> None:
    first, second = pair
    silent = of_card(replace(first, profession=None), second).profession
    assert (silent.state, silent.value, states(silent)[:2]) == (READ, MEDECIN, [NOT_PRESENT, READ])
    assert silent.origin == Source(SourceKind.EXTENSION, SIGNATURE, PROFESSION)
    cut = of_card(first, None).profession
    assert (cut.state, cut.value, states(cut)[:2]) == (READ, MEDECIN, [READ, UNREADABLE])
    neither = of_card(replace(first, profession=None), None).profession
    assert neither.state is UNREADABLE


def test_certificates_of_different_validity_hold_together_while_all_do(
    pair: tuple[Certificate, Certificate],
) -> None:
    early, late = datetime(2024, 5, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)
    first, second = pair
    dossier = of_card(replace(first, not_before=early), replace(second, not_after=late))
    assert (dossier.valid_from.value, dossier.valid_until.value) == (early, late)
    assert dossier.valid_from.origin == Source(SourceKind.VALIDITY, AUTHENTICATION, "notBefore")
    assert dossier.valid_until.origin == Source(SourceKind.VALIDITY, SIGNATURE, "notAfter")


def test_the_technical_certificate_fills_in_but_does_not_contradict(
    pair: tuple[Certificate, Certificate],
) -> None:
    technical = replace(pair[0], subject=((("CN", "3100000012"),), (("O", "ANS"),)), profession=60)
    looked = [(TECHNICAL_LABEL, technical), (SIGNATURE, pair[1])]
    dossier = make_dossier(looked, label)
    assert (dossier.surname.state, dossier.profession.value) == (READ, MEDECIN)
    assert dossier.common_name.value == "899700075122"
    assert (dossier.organisation.value, dossier.organisation.informative) == ("ANS", False)


def test_data_objects_fill_in_and_never_override(pair: tuple[Certificate, Certificate]) -> None:
    first, second = (replace(c, card_number=None, profession=60) for c in pair)
    dossier = of_card(first, second, *data_objects(DOCTOR))
    assert (dossier.profession.value, dossier.profession.informative) == (
        Coded("60", "Infirmier"),
        False,
    )
    number = dossier.card_number
    assert (number.state, number.value, number.informative) == (READ, "3100000012", True)
    assert number.origin == Source(SourceKind.DATA_OBJECT, "CPS_ID_CARD", "E3 81")


def test_the_label_of_the_token_counts_least(pair: tuple[Certificate, Certificate]) -> None:
    first, second = (replace(c, card_number=None) for c in pair)
    alone = of_card(first, second, token_label="CPS4v1-3100000099").card_number
    assert (alone.value, alone.informative) == ("3100000099", True)
    beside = of_card(first, second, *data_objects(DOCTOR), token_label="CPS4v1-3100000099")
    assert beside.card_number.value == "3100000012"
    assert of_card(first, second, token_label="SoftHSM").card_number.state is NOT_PRESENT


def test_a_data_object_that_cannot_be_read_makes_nothing_absent_unreadable(
    pair: tuple[Certificate, Certificate],
) -> None:
    broken = DataObject("CPS_INFO_PS", b"", private=False, error="CKR_GENERAL_ERROR")
    dossier = of_card(*pair, broken)
    assert dossier.future_profession.state is NOT_PRESENT
    assert states(dossier.future_profession) == [NOT_PRESENT, NOT_PRESENT, UNREADABLE]
    assert dossier.practice_name.state is UNREADABLE


# --- data objects -----------------------------------------------------------------------------


def seen_in(item: DataObject, key: str) -> Sighting[Any]:
    """What that object alone says."""
    entry = dict(make_dossier((), label, (item,)).entries())[key]
    (found,) = (s for s in entry.sightings if s.source.name == item.label)
    return found


@pytest.mark.parametrize(
    ("item", "key", "state", "value", "raw"),
    [
        (id_card((0x82, b"\x42")), "category", NOT_KNOWN, Coded("42", None), "42"),
        (id_card((0x82, b"\x80\x80")), "category", UNREADABLE, None, "8080"),
        (id_card((0x81, b"")), "card_number", NOT_PRESENT, None, ""),
        (id_card((0x7F, b"")), "card_number", UNREADABLE, None, ""),  # what follows may hide it
        (info_ps((0x82, b"\x0a")), "profession", READ, MEDECIN, ""),
        (info_ps((0x82, b"\x0a\x3c")), "profession", UNREADABLE, None, "0a3c"),
        (info_ps((0x82, b"\xff")), "profession", NOT_KNOWN, Coded("255", None), "ff"),
        (info_ps((0x81, b"7")), "identifier", NOT_KNOWN, None, "37"),
        (info_ps((0x85, b"SM26")), "specialities", NOT_KNOWN, None, "534d3236"),
        (info_ps((0x83, b"\x0a")), "future_profession", NOT_KNOWN, Coded("10", None), "0a"),
        (
            info_ps((0x80, b"\x01"), (0x83, b"\x0a")),
            "future_profession",
            READ,
            Coded("10", "Médecin en formation"),
            "",
        ),
        (DataObject("CPS_NAME_PS", b"", private=False), "surname", UNREADABLE, None, ""),
        (DataObject("CPS_NAME_PS", b"\xe3\x00", private=False), "surname", UNREADABLE, None, ""),
        (
            DataObject("CPS_NAME_PS", tlv(0xE4, (0x83, b"A\xffB")), private=False),
            "given_name",
            READ,
            "A B",
            "",
        ),
        (
            DataObject("CPS_NAME_PS", tlv(0xE4, (0x80, b"\x16")), private=False, error="failed"),
            "civility",
            UNREADABLE,
            None,
            "",
        ),
    ],
)
def test_a_field_of_a_data_object(
    item: DataObject, key: str, state: State, value: Any, raw: str
) -> None:
    found = seen_in(item, key)
    assert (found.state, found.value, found.raw) == (state, value, raw)


def test_a_speciality_in_a_form_that_is_not_published_is_not_known(
    pair: tuple[Certificate, Certificate],
) -> None:
    first, second = (replace(c, specialities=()) for c in pair)
    entry = of_card(first, second, info_ps((0x85, b"SM26"))).specialities
    assert (entry.state, entry.value, entry.informative) == (NOT_KNOWN, None, True)
    assert of_card(*pair, info_ps((0x85, b"SM99"))).specialities.state is READ


@given(st.lists(st.binary(max_size=60), min_size=3, max_size=3), st.text(max_size=20))
def test_no_data_object_and_no_label_breaks_it(values: list[bytes], token_label: str) -> None:
    labels = ("CPS_ID_CARD", "CPS_NAME_PS", "CPS_INFO_PS")
    tags = (b"\xe3", b"\xe4", b"\xed")
    for wrapped in (False, True):
        data = [
            DataObject(name, tag + bytes([len(value)]) + value if wrapped else value, private=False)
            for name, tag, value in zip(labels, tags, values, strict=True)
        ]
        for _, entry in make_dossier((), label, data, token_label).entries():
            for sighting in entry.sightings:
                assert sighting.state is not READ or sighting.value is not None
                assert sighting.state in (READ, NOT_KNOWN) or sighting.value is None
                assert not isinstance(sighting.value, str) or sighting.value.isprintable()


# --- what matters for which product -----------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "card_type", "with_these", "without"),
    [
        (ProductKind.CARD, "00", {"profession", "identifier"}, {"structure", "future_profession"}),
        (ProductKind.CARD, "01", {"future_profession"}, {"profession", "organisation"}),
        (ProductKind.CARD, "02", {"product", "structure", "organisation"}, {"profession"}),
        (ProductKind.CARD, "03", {"product", "structure", "title"}, {"profession"}),
        (ProductKind.CARD, "07", {"card_type", "category"}, {"profession", "structure"}),
        (ProductKind.PERSON_SOFTWARE, None, {"profession", "identifier"}, {"card_number"}),
        (ProductKind.ORGANISATION, None, {"structure"}, {"identifier", "card_type"}),
        (ProductKind.AUTHORITY, None, set(), {"category", "identifier"}),
    ],
)
def test_what_matters_for_a_product(
    kind: ProductKind, card_type: str | None, with_these: set[str], without: set[str]
) -> None:
    found = set(matters(kind, Coded(card_type, None) if card_type else None))
    assert found >= with_these
    assert not found & without
    assert found <= set(PLACES)


# --- the real ones ----------------------------------------------------------------------------

REAL = {
    "TESTCARD_cps2ter_sign_medecin_899900038839_2016.der": {
        "pki": Pki.IGC_CPS_TEST,
        "card_number": "2500577253",
        "profession": MEDECIN,
        "specialities": (Coded("SM26", "Qualifié en Médecine Générale (SM)"),),
        "title": None,
        "organisation": "TEST",
        "structure": None,
    },
    "TESTCARD_igcsante_auth_CPEnominative_30B0057881-CPET0002_2017.der": {
        "card_type": Coded("02", "Carte de Personnel d'Etablissement (CDE/CPE)"),
        "product": None,
        "profession": None,
        "identifier": Identifier("30B0057881/CPET0002", "FINESS", None),
        "structure": Identifier("10B0057881", "FINESS", None),
    },
    "TESTSOFT_igcsante_sign_PP_medecin_899900063480_2019.der": {
        "category": Coded("83", "Certificat logiciel de TEST"),
        "card_type": None,
        "card_number": None,
        "profession": MEDECIN,
        "nominative": True,
    },
    "TESTORG_sign_testsign_318751275100020_2021.der": {
        "structure": Identifier("318751275100020", "SIRET", True),
        "identifier": None,
        "profession": None,
        "nominative": False,
    },
}


@pytest.mark.parametrize("name", REAL)
def test_real_certificates(name: str) -> None:
    entries = dict(of_file(read_certificate(shared_cert(name))).entries())
    assert {key: entries[key].value for key in REAL[name]} == REAL[name]
    for key, wanted in REAL[name].items():
        absent = NOT_KNOWN if key == "product" else NOT_PRESENT
        assert entries[key].state is (absent if wanted is None else READ)
