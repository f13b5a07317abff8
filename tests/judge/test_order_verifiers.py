"""What the cards at hand say of the order guide's steps: for, against, or nothing."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from cpx_tool.catalogue.order import order_guide
from cpx_tool.catalogue.sets import find_set
from cpx_tool.i18n import say
from cpx_tool.judge import order_verifiers
from cpx_tool.judge.judge import judge
from cpx_tool.judge.order_verifiers import Evidence
from cpx_tool.model.cardset import CardSet
from cpx_tool.model.fault import Fault, FaultKind
from cpx_tool.model.message import Message
from cpx_tool.model.observation import CardObservation, ModuleObservation, Observation
from cpx_tool.model.order import Verification, VerificationOutcome, Verifier
from cpx_tool.model.reader import Pcsc, PcscStatus
from cpx_tool.model.software import SoftwareFile
from support import certificates, software
from support.build import (
    NOW,
    PEOPLE,
    card,
    card_of,
    centre_sante,
    emulated,
    observation,
    with_card,
    without_cards,
)

VERIFIED, CONTRADICTED, NOT_VERIFIABLE = VerificationOutcome
DOCTOR = "medecin-generaliste"
OF_CARDS = [verifier for verifier in Verifier if verifier.looks_at_cards]
Make = Callable[..., CardObservation]


@pytest.fixture(scope="session")
def real(key: rsa.RSAPrivateKey) -> Observation:
    """The six cards, not emulated; no CA is at hand."""
    return centre_sante(key)


@pytest.fixture
def made(key: rsa.RSAPrivateKey) -> Make:
    """A card of that role's person, changed."""
    slots = itertools.count()

    def make(role: str = DOCTOR, **changes: Any) -> CardObservation:
        return card(key, replace(PEOPLE[role], **changes), next(slots))

    return make


def verify(
    verifier: Verifier, seen: Observation, set_name: str | CardSet = "centre-sante"
) -> Verification:
    card_set = find_set(set_name) if isinstance(set_name, str) else set_name
    return order_verifiers.verify(verifier, Evidence(judge(seen, card_set)))


def unread(seen: CardObservation) -> CardObservation:
    return replace(seen, token=None, certificates=(), data=(), pin=None, keys=None, signatures=())


def hint(found: Verification) -> str:
    assert isinstance(found.hint, Message)
    return say(found.hint)


# --- nothing to look at -------------------------------------------------------------------------


def test_every_verifier_answers(real: Observation) -> None:
    assert {v for v in OF_CARDS if verify(v, real).outcome is VERIFIED} == set(OF_CARDS)
    assert {step.verifier for step in order_guide().steps if step.verifier} == set(Verifier)


@pytest.mark.parametrize("verifier", Verifier)
def test_without_evidence_nothing_can_be_verified(verifier: Verifier) -> None:
    assert order_verifiers.verify(verifier, Evidence()).outcome is NOT_VERIFIABLE


@pytest.mark.parametrize("verifier", OF_CARDS)
def test_without_a_card_the_reason_is_that_of_the_readers(verifier: Verifier) -> None:
    found = verify(verifier, observation())
    assert found.outcome is NOT_VERIFIABLE
    assert "sees no reader" in say(found.reason)
    assert "Plug in the reader" in hint(found)


def test_a_module_that_does_not_load_is_the_reason_why_there_is_no_card() -> None:
    fault = Fault(FaultKind.CRASH, "C_Initialize", "SIGSEGV")
    seen = replace(
        observation(),
        pcsc=Pcsc(PcscStatus.OK),
        module=ModuleObservation("/m.so", "option", fault=fault),
    )
    found = verify(Verifier.VALIDITY, seen)
    assert "ended its process in C_Initialize" in say(found.reason)
    assert "--module" in hint(found)


def test_a_card_that_the_module_does_not_know_is_the_reason(real: Observation) -> None:
    found = verify(Verifier.VALIDITY, replace(real, cards=(), slots=()))
    assert "No token for the card in: Reader 00" in say(found.reason)


def test_readers_without_a_card_are_the_reason(real: Observation) -> None:
    found = verify(Verifier.VALIDITY, without_cards(real, *PEOPLE))
    assert say(found.reason) == "There are readers, but no card in any of them."


# --- the set is complete ------------------------------------------------------------------------


def test_a_complete_set(real: Observation) -> None:
    found = verify(Verifier.SET_COMPLETE, real)
    assert (found.outcome, say(found.reason)) == (
        VERIFIED,
        "The set is complete: 6 of 6 cards.",
    )


def test_a_card_more_does_not_make_the_set_incomplete(real: Observation, made: Make) -> None:
    more = replace(real, cards=(*real.cards, made(card_number="3100000099")))
    assert verify(Verifier.SET_COMPLETE, more).outcome is VERIFIED


def test_a_card_of_another_set_contradicts(made: Make, real: Observation) -> None:
    foreign = made(profession=21, title="Pharmacien", card_number="3100000021")
    seen = replace(without_cards(real, DOCTOR), cards=(*real.cards[:1], *real.cards[2:], foreign))
    found = verify(Verifier.SET_COMPLETE, seen)
    assert found.outcome is CONTRADICTED
    assert "Centre de santé" in say(found.reason)
    assert "3100000021 (CPS)" in say(found.reason)
    assert "--set" in hint(found)


@pytest.mark.parametrize("changes", [{"profession": 26}, {"category": 0x00}])
def test_a_card_that_nearly_fits_or_is_real_does_not_complete_the_set(
    real: Observation, made: Make, changes: dict[str, Any]
) -> None:
    seen = with_card(real, DOCTOR, lambda _: made(**changes))
    found = verify(Verifier.SET_COMPLETE, seen)
    assert found.outcome is CONTRADICTED
    assert PEOPLE[DOCTOR].card_number in say(found.reason)


def test_a_card_that_is_not_there_may_lie_in_a_drawer(real: Observation) -> None:
    found = verify(Verifier.SET_COMPLETE, without_cards(real, DOCTOR))
    assert found.outcome is NOT_VERIFIABLE
    assert say(found.reason) == "5 of 6 cards; missing: CPS test médecin généraliste."
    assert "drawer" in hint(found)


def test_a_duplicate_or_one_too_many_of_a_set_with_gaps_contradicts_nothing(
    real: Observation, made: Make
) -> None:
    gaps = without_cards(real, "infirmier")
    for more in (made(), made(card_number="3100000099")):
        seen = replace(gaps, cards=(*gaps.cards, more))
        assert verify(Verifier.SET_COMPLETE, seen).outcome is NOT_VERIFIABLE


def test_an_unreadable_card_completes_no_set(real: Observation) -> None:
    seen = with_card(real, DOCTOR, unread)
    assert verify(Verifier.SET_COMPLETE, seen).outcome is NOT_VERIFIABLE


def test_a_set_of_unpublished_contents_cannot_be_verified(real: Observation) -> None:
    found = verify(Verifier.SET_COMPLETE, real, "cabinet-dentaire")
    assert found.outcome is NOT_VERIFIABLE
    assert "not published" in say(found.reason)


# --- the issuer ---------------------------------------------------------------------------------

PRODUCTION = (
    *certificates.ISSUER[:3],
    (NameOID.ORGANIZATIONAL_UNIT_NAME, "IGC-SANTE"),
    (NameOID.COMMON_NAME, "AC IGC-SANTE FORT PERSONNES"),
)
CPS2TER = (
    (NameOID.COUNTRY_NAME, "FR"),
    (NameOID.ORGANIZATION_NAME, "TEST"),
    (NameOID.ORGANIZATIONAL_UNIT_NAME, "TEST PROFESSIONNEL"),
    (NameOID.COMMON_NAME, "TEST CLASSE-1"),
)


def test_cards_of_the_igc_sante_test(real: Observation) -> None:
    found = verify(Verifier.ISSUER, real)
    assert found.outcome is VERIFIED
    assert say(found.reason) == "6 cards name the IGC-Santé TEST as their issuer."


@pytest.mark.parametrize(
    ("issuer", "name"),
    [
        (PRODUCTION, "IGC-Santé (production)"),
        (CPS2TER, "IGC-CPS 2ter TEST"),
        ((*certificates.ISSUER, (NameOID.ORGANIZATIONAL_UNIT_NAME, "RECETTE")), "RECETTE clone"),
        (((NameOID.COMMON_NAME, "Somebody"),), "not known"),
    ],
    ids=str,
)
def test_a_card_of_another_issuer_contradicts(
    real: Observation, made: Make, issuer: Any, name: str
) -> None:
    seen = with_card(real, "infirmier", lambda _: made("infirmier", issuer=issuer))
    found = verify(Verifier.ISSUER, seen)
    assert found.outcome is CONTRADICTED
    assert f"{PEOPLE['infirmier'].card_number} ({name}" in say(found.reason)


def test_a_forged_card_names_the_right_issuer_and_contradicts(
    real: Observation, key: rsa.RSAPrivateKey
) -> None:
    other = rsa.generate_private_key(65537, 2048)
    issuers = replace(real, trust=emulated(real, key).trust)
    assert verify(Verifier.ISSUER, issuers).outcome is VERIFIED
    forged = with_card(issuers, DOCTOR, lambda _: card(other, PEOPLE[DOCTOR], 1))
    found = verify(Verifier.ISSUER, forged)
    assert found.outcome is CONTRADICTED
    assert say(found.reason).endswith(f"the chain fails: {PEOPLE[DOCTOR].card_number}.")


def test_emulated_cards_prove_nothing_about_their_issuer(good: Observation) -> None:
    found = verify(Verifier.ISSUER, good)
    assert found.outcome is NOT_VERIFIABLE
    assert "emulated" in say(found.reason)


def test_a_card_that_cannot_be_read_leaves_the_issuer_open(real: Observation) -> None:
    found = verify(Verifier.ISSUER, with_card(real, DOCTOR, unread))
    assert found.outcome is NOT_VERIFIABLE
    assert "slot-1" in say(found.reason)


# --- validity -----------------------------------------------------------------------------------


def test_cards_that_are_valid_long_enough(real: Observation) -> None:
    found = verify(Verifier.VALIDITY, real)
    assert found.outcome is VERIFIED
    days = (datetime(2027, 1, 1, tzinfo=UTC) - NOW).days
    assert f"valid for {days} days more, until 2027-01-01" in say(found.reason)
    assert found.hint is None


@pytest.mark.parametrize(("days", "hinted"), [(60, False), (59, True)])
def test_the_first_card_to_end_decides_and_its_end_is_announced(
    real: Observation, made: Make, days: int, hinted: bool
) -> None:
    end = NOW + timedelta(days=days)
    found = verify(Verifier.VALIDITY, with_card(real, DOCTOR, lambda _: made(not_after=end)))
    assert found.outcome is VERIFIED
    assert f"valid for {days} days more" in say(found.reason)
    assert (found.hint is not None) is hinted


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"not_after": NOW - timedelta(seconds=1)}, "Expired: 3100000012 (CPS)."),
        ({"not_before": NOW + timedelta(seconds=1)}, "Not valid yet: 3100000012 (CPS)."),
    ],
    ids=["expired", "not yet"],
)
def test_one_card_that_is_not_valid_contradicts(
    real: Observation, made: Make, changes: dict[str, Any], said: str
) -> None:
    found = verify(Verifier.VALIDITY, with_card(real, DOCTOR, lambda _: made(**changes)))
    assert (found.outcome, say(found.reason)) == (CONTRADICTED, said)


def test_a_card_is_valid_to_its_last_second(real: Observation, made: Make) -> None:
    changed = {"not_before": NOW, "not_after": NOW}
    found = verify(Verifier.VALIDITY, with_card(real, DOCTOR, lambda _: made(**changed)))
    assert found.outcome is VERIFIED
    assert "valid for 0 days more" in say(found.reason)


def test_a_card_that_is_no_cpx_card_has_no_say(made: Make, key: rsa.RSAPrivateKey) -> None:
    der = certificates.make_certificate(key, {}, not_after=NOW - timedelta(days=1))
    other = made()
    other = replace(other, certificates=(replace(other.certificates[0], der=der),))
    assert verify(Verifier.VALIDITY, observation(made(), other)).outcome is NOT_VERIFIABLE


def test_a_card_is_judged_as_of_its_observation(real: Observation) -> None:
    """An old observation speaks of its own day."""
    early = replace(real, observed_at=datetime(2023, 12, 31, tzinfo=UTC))
    assert verify(Verifier.VALIDITY, early).outcome is CONTRADICTED


def test_a_card_that_cannot_be_read_leaves_its_validity_open(real: Observation) -> None:
    found = verify(Verifier.VALIDITY, with_card(real, DOCTOR, unread))
    assert found.outcome is NOT_VERIFIABLE


# --- technical administrator; a card for INSi ---------------------------------------------------

ANONYMOUS = {"given_name": None, "surname": None, "pseudonym": "EMPLOYE000000018"}
CPF = {"card_type": 1, "profession": None, "title": "Médecin en formation"}
ENDED = {"not_after": NOW - timedelta(days=1)}
UNPUBLISHED = "cabinet-dentaire"
"""A set that says nothing of what a card was ordered as."""


@pytest.mark.parametrize(
    ("role", "changes", "administrator", "insi"),
    [
        (DOCTOR, {}, VERIFIED, VERIFIED),
        (DOCTOR, ANONYMOUS, VERIFIED, CONTRADICTED),
        (DOCTOR, CPF, NOT_VERIFIABLE, VERIFIED),
        ("cpe-employe", {}, VERIFIED, NOT_VERIFIABLE),
        ("cpe-employe", ANONYMOUS, NOT_VERIFIABLE, CONTRADICTED),
        ("cpe-employe", {"card_type": 3}, VERIFIED, NOT_VERIFIABLE),
        (DOCTOR, {"card_type": 9}, NOT_VERIFIABLE, NOT_VERIFIABLE),
        (DOCTOR, {"category": 0x00}, CONTRADICTED, CONTRADICTED),
        (DOCTOR, ENDED, CONTRADICTED, CONTRADICTED),
        (DOCTOR, {"not_before": NOW + timedelta(days=1)}, CONTRADICTED, CONTRADICTED),
        ("cpe-employe", {**ANONYMOUS, **ENDED}, CONTRADICTED, CONTRADICTED),
    ],
    ids=str,
)
def test_one_card_alone(
    made: Make,
    role: str,
    changes: dict[str, Any],
    administrator: VerificationOutcome,
    insi: VerificationOutcome,
) -> None:
    seen = observation(made(role, **changes))
    assert verify(Verifier.ADMINISTRATOR, seen, UNPUBLISHED).outcome is administrator
    assert verify(Verifier.INSI_CARD, seen, UNPUBLISHED).outcome is insi


def test_one_good_card_among_others_will_do(made: Make) -> None:
    seen = observation(made("infirmier", **ENDED), made("cpe-employe", **ANONYMOUS), made())
    for verifier in (Verifier.ADMINISTRATOR, Verifier.INSI_CARD):
        found = verify(verifier, seen, UNPUBLISHED)
        assert found.outcome is VERIFIED
        assert say(found.reason) == "At hand: 3100000012 (CPS)."


def test_a_card_that_may_do_weighs_more_than_one_that_will_not(made: Make) -> None:
    seen = observation(made(**ENDED), made("cpe-employe"))
    found = verify(Verifier.INSI_CARD, seen, UNPUBLISHED)
    assert found.outcome is NOT_VERIFIABLE
    assert say(found.reason).startswith("3100000014: ")
    assert "card_number" in hint(found)


def test_a_card_is_named_with_all_that_it_may_be(made: Make) -> None:
    found = verify(Verifier.ADMINISTRATOR, observation(made("cpe-employe")), UNPUBLISHED)
    assert say(found.reason) == "At hand: 3100000014 (CDE/CPE)."


@pytest.mark.parametrize("verifier", [Verifier.ADMINISTRATOR, Verifier.INSI_CARD])
def test_a_card_that_cannot_be_read_might_be_the_one(verifier: Verifier, made: Make) -> None:
    found = verify(verifier, observation(unread(made())))
    assert found.outcome is NOT_VERIFIABLE
    assert "slot-0" in say(found.reason)


def test_why_the_right_card_will_not_do(made: Make) -> None:
    found = verify(Verifier.ADMINISTRATOR, observation(made(**ENDED)))
    assert say(found.reason) == "3100000012: Expired on 2026-01-14 09:30 UTC."
    assert hint(found) == "Put in another card."


# --- certificates of a .p12 ---------------------------------------------------------------------


def look(*files: SoftwareFile, verifier: Verifier = Verifier.INSI_AUTO) -> Verification:
    """The CA that issued them is at hand, and the user accepted it."""
    checklist = software.judged(*files, trust=software.vouched())
    return order_verifiers.verify(verifier, Evidence(files=checklist))


def test_a_file_that_nobody_vouches_for_is_not_verified() -> None:
    checklist = software.judged(software.file(software.AUTO))
    found = order_verifiers.verify(Verifier.INSI_AUTO, Evidence(files=checklist))
    assert found.outcome is NOT_VERIFIABLE
    assert "not at hand" in say(found.reason)
    assert "cpx-tool trust where" in hint(found)


def test_a_file_of_that_very_name() -> None:
    both = software.file(software.MANU), software.file(software.AUTO)
    found = look(*both)
    assert found.outcome is VERIFIED
    assert "INSI-AUTO is at hand, valid until 2027-01-01" in say(found.reason)
    assert look(*both, verifier=Verifier.INSI_MANU).outcome is VERIFIED


def test_cards_say_nothing_of_files(real: Observation) -> None:
    found = verify(Verifier.INSI_AUTO, real)
    assert found.outcome is NOT_VERIFIABLE
    assert "--p12" in hint(found)


@pytest.mark.parametrize("name", ["insi-auto", "INSI_AUTO", "INSI AUTO", "INSI–AUTO", "INSIAUTO"])
def test_a_name_spelt_otherwise_contradicts(name: str) -> None:
    found = look(software.file(replace(software.AUTO, cn=name), "mine.p12"))
    assert found.outcome is CONTRADICTED
    assert f"mine.p12: The name is “{name}” instead of INSI-AUTO" in say(found.reason)
    assert "DESIR_560" in hint(found)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"end": NOW - timedelta(seconds=1)}, "Expired on"),
        ({"category": 0x03}, "production"),
        ({"surname": "DOC0007512"}, "person's certificate"),
        ({"usages": software.SIGN}, "made for SIGN"),
    ],
    ids=["expired", "production", "person", "usage"],
)
def test_a_file_that_will_not_do(changes: dict[str, Any], said: str) -> None:
    found = look(software.file(replace(software.AUTO, **changes)))
    assert found.outcome is CONTRADICTED
    assert said in say(found.reason)


def test_what_check_p12_leaves_open_stays_open() -> None:
    found = look(software.file(replace(software.AUTO, usages=software.CONF)))
    assert found.outcome is NOT_VERIFIABLE
    assert "neither AUTH_CLI nor SIGN" in say(found.reason)


def test_a_good_file_beside_an_expired_one_will_do() -> None:
    old = software.file(replace(software.AUTO, end=NOW - timedelta(days=1)), "old.p12")
    assert look(old, software.file(software.AUTO, "new.p12")).outcome is VERIFIED


def test_another_file_says_nothing_of_this_one() -> None:
    found = look(software.file(software.AUTO), verifier=Verifier.INSI_MANU)
    assert found.outcome is NOT_VERIFIABLE
    assert say(found.reason) == "INSI-MANU is not among the files."


def test_a_file_that_does_not_open_might_be_the_one() -> None:
    found = look(software.unopened("shut.p12"), verifier=Verifier.INSI_MANU)
    assert found.outcome is NOT_VERIFIABLE
    assert "shut.p12" in say(found.reason)


def test_files_and_cards_are_evidence(real: Observation) -> None:
    assert Evidence().is_empty
    assert Evidence(judge(observation(), find_set("centre-sante"))).is_empty
    assert not Evidence(judge(real, find_set("centre-sante"))).is_empty
    assert not Evidence(files=software.judged(software.file())).is_empty


def test_a_card_of_the_good_set_is_a_doctors(real: Observation) -> None:
    """What the tests above change is what they say it is."""
    assert card_of(real, DOCTOR).reader == "Reader 01"
