"""Sheets: which cards they are of, and what they say that no check does."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from cpx_tool.errors import BadInput, NothingToCheck
from cpx_tool.i18n import say
from cpx_tool.judge.judge import NO_MORE, judge
from cpx_tool.judge.sheet import make_sheets
from cpx_tool.model.cardset import CardSet
from cpx_tool.model.dossier import State
from cpx_tool.model.fault import Fault, FaultKind
from cpx_tool.model.observation import CardObservation, ModuleObservation, Observation
from cpx_tool.model.reader import CardKind, Pcsc, PcscStatus
from cpx_tool.model.sheet import Sheet, Validity
from cpx_tool.model.token import DataObject
from cpx_tool.model.trust import ChainOutcome, RevocationOutcome
from cpx_tool.pki.proof import Proof
from support.build import (
    AUTHENTICATION,
    NOW,
    PEOPLE,
    SIGNATURE,
    card,
    emulated,
    observation,
    with_card,
)

DOCTOR = "medecin-generaliste"
NUMBER = PEOPLE[DOCTOR].card_number
SECOND = timedelta(seconds=1)
FAULT = Fault(FaultKind.CRASH, "C_Initialize", "SIGSEGV", module="lib.so")


def sheet_of(seen: Observation, number: str = NUMBER) -> Sheet:
    (sheet,) = make_sheets(seen, NO_MORE, number).cards
    return sheet


def doctor(key: rsa.RSAPrivateKey, seen: Observation, **changes: object) -> Sheet:
    """The médecin's sheet, with other certificates."""
    person = replace(PEOPLE[DOCTOR], **changes)  # type: ignore[arg-type]
    return sheet_of(with_card(seen, DOCTOR, lambda old: card(key, person, old.slot.id)))


def test_a_sheet_for_each_card_and_what_the_judge_knows_of_it(
    good: Observation, card_set: CardSet
) -> None:
    sheets = make_sheets(good, NO_MORE)
    judged = {card.key: card for card in judge(good, card_set).cards}
    assert [sheet.key for sheet in sheets.cards] == [p.card_number for p in PEOPLE.values()]
    for sheet in sheets.cards:
        assert sheet.identity == judged[sheet.key].identity
        assert sheet.dossier == judged[sheet.key].dossier
        assert sheet.proof == Proof.PROVEN.value
        assert sheet.kind is CardKind.CPS4
        for item in sheet.certificates:
            assert item.chain.outcome is ChainOutcome.VERIFIED
            assert item.revocation.outcome is RevocationOutcome.GOOD
    assert (sheets.observation, sheets.file) == (good, None)


def test_what_is_emulated_vouches_for_no_real_card(good: Observation) -> None:
    real = sheet_of(replace(good, emulated=False))
    assert {c.chain.outcome for c in real.certificates} == {ChainOutcome.NOT_TRUSTED}


def test_more_ca_certificates_that_are_at_hand(good: Observation) -> None:
    bare = replace(good, trust=NO_MORE)
    alone = sheet_of(bare)
    assert {c.chain.outcome for c in alone.certificates} == {ChainOutcome.ISSUER_NOT_AT_HAND}
    (more,) = make_sheets(bare, good.trust, NUMBER).cards
    assert {c.chain.outcome for c in more.certificates} == {ChainOutcome.VERIFIED}


# --- the chosen card --------------------------------------------------------------------------


def test_a_card_number_names_each_card_that_has_it(
    key: rsa.RSAPrivateKey, good: Observation
) -> None:
    seen = emulated(observation(*good.cards, card(key, PEOPLE[DOCTOR], 9)), key)
    assert [s.key for s in make_sheets(seen, NO_MORE, NUMBER).cards] == [NUMBER, f"{NUMBER}#2"]
    assert sheet_of(seen, f"{NUMBER}#2").observed.slot.id == 9


def test_a_card_without_a_number_is_named_by_its_slot(good: Observation) -> None:
    seen = with_card(good, DOCTOR, lambda old: replace(old, certificates=()))
    assert sheet_of(seen, "slot-1").identity is None


def test_an_unknown_number_is_answered_with_those_that_are_there(good: Observation) -> None:
    with pytest.raises(BadInput) as error:
        make_sheets(good, NO_MORE, "3100000099")
    told = say(error.value.reason)
    assert "\n" not in told
    for person in PEOPLE.values():
        assert person.card_number in told


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pcsc": Pcsc(PcscStatus.NO_SERVICE)}, "service is not running"),
        ({"pcsc": Pcsc(PcscStatus.NOT_ASKED)}, "module shows no card"),
        ({"module": ModuleObservation("a.so", "option", fault=FAULT)}, "C_Initialize (SIGSEGV)"),
        ({"faults": (FAULT,)}, "C_Initialize (SIGSEGV)"),
    ],
)
def test_no_card_at_all_says_why(changes: dict[str, object], words: str) -> None:
    with pytest.raises(NothingToCheck) as error:
        make_sheets(replace(observation(), **changes), NO_MORE)  # type: ignore[arg-type]
    assert words in say(error.value.reason)


# --- what it says -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "validity"),
    [
        ({"not_before": NOW}, Validity.VALID),
        ({"not_before": NOW + SECOND}, Validity.NOT_YET_VALID),
        ({"not_after": NOW}, Validity.VALID),
        ({"not_after": NOW - SECOND}, Validity.EXPIRED),
    ],
)
def test_the_borders_of_validity(
    key: rsa.RSAPrivateKey, good: Observation, changes: dict[str, datetime], validity: Validity
) -> None:
    assert {c.validity for c in doctor(key, good, **changes).certificates} == {validity}


@pytest.mark.parametrize(
    ("category", "proof"),
    [(0x80, Proof.PROVEN), (0x00, Proof.PRODUCTION), (0x42, Proof.NOT_PROVEN)],
)
def test_the_proof_is_that_of_pin_safety(
    key: rsa.RSAPrivateKey, good: Observation, category: int, proof: Proof
) -> None:
    assert doctor(key, good, category=category).proof == proof.value


def test_certificates_and_data_objects_stand_in_an_order_of_their_own(good: Observation) -> None:
    def turn(old: CardObservation) -> CardObservation:
        return replace(old, certificates=old.certificates[::-1], data=old.data[::-1])

    sheet = sheet_of(with_card(good, DOCTOR, turn))
    assert [c.object.label for c in sheet.certificates] == [AUTHENTICATION, SIGNATURE]
    labels = [o.object.label for o in sheet.objects]
    assert labels == sorted(labels)


def test_a_certificate_that_cannot_be_read_says_why(good: Observation) -> None:
    def spoil(old: CardObservation) -> CardObservation:
        first, second = old.certificates
        return replace(old, certificates=(first, replace(second, der=b"hello")))

    first, second = sheet_of(with_card(good, DOCTOR, spoil)).certificates
    assert (first.problem, second.certificate, second.validity) == (None, None, None)
    assert second.problem is not None
    assert "not a certificate" in say(second.problem)


def test_the_fields_of_data_objects_those_read_with_the_pin_included(good: Observation) -> None:
    unknown = DataObject("CPS_SIT_FACT", b"\xe0\x00", private=True)
    seen = with_card(good, DOCTOR, lambda old: replace(old, data=(*old.data, unknown)))
    fields = {o.object.label: dict(o.fields) for o in sheet_of(seen).objects}
    assert fields["CPS_ID_CARD"]["card_number"].value == NUMBER
    assert fields["CPS_ACTIVITY_01_PS"]["mode"].value.label == "Salarié"
    assert fields["CPS_ACTIVITY_01_PS"]["sector"].state is State.NOT_PRESENT
    assert fields["CPS_SIT_FACT"] == {}


def test_a_card_that_could_not_be_read(good: Observation) -> None:
    def unread(old: CardObservation) -> CardObservation:
        return CardObservation(old.slot, old.reader, None, faults=(FAULT,))

    sheet = sheet_of(with_card(good, DOCTOR, unread), "slot-1")
    assert [say(fault) for fault in sheet.faults] == [
        "The module lib.so ended its process in C_Initialize (SIGSEGV)."
    ]
    assert (sheet.proof, sheet.certificates, sheet.objects) == (Proof.NOT_PROVEN.value, (), ())
    assert {entry.state for _, entry in sheet.dossier.entries()} == {State.NOT_KNOWN}


def test_a_reader_that_pc_sc_does_not_show(good: Observation) -> None:
    assert sheet_of(replace(good, pcsc=Pcsc(PcscStatus.NO_SERVICE))).kind is None
