"""Every check on the good set, and made to fail: which check catches what, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from cpx_tool.catalogue.nomenclature import label
from cpx_tool.i18n import say
from cpx_tool.judge.check import Scope
from cpx_tool.judge.checks import BY_ID, CHECKS
from cpx_tool.judge.checks.keys import REFUSALS
from cpx_tool.judge.judge import judge
from cpx_tool.judge.verdict import exit_code
from cpx_tool.judge.words import fault_message
from cpx_tool.model.cardset import CardSet
from cpx_tool.model.certificate import Certificate
from cpx_tool.model.fault import (
    CARD_TIME,
    INTERRUPTED,
    SESSIONS_LEFT,
    Fault,
    FaultKind,
)
from cpx_tool.model.finding import Checklist, Finding, Outcome, Severity, Verdict
from cpx_tool.model.identity import Coded, Identifier, Identity
from cpx_tool.model.observation import (
    CardObservation,
    Observation,
    PinRecord,
    PinRefusal,
    PinResult,
)
from cpx_tool.model.reader import Pcsc, PcscStatus, Reader, ReaderState
from cpx_tool.model.token import DataObject, TokenFlag
from cpx_tool.pki.certificate import read_certificate
from cpx_tool.pki.identity import identify
from support.build import (
    FLAGS,
    NOW,
    PEOPLE,
    SIGNATURE,
    card,
    emulated,
    id_card,
    info_ps,
    no_login,
    observation,
    tlv,
    with_card,
    without_cards,
)
from support.certificates import ISSUER, Person

OF_CARDS = [check for check in CHECKS if check.scope in (Scope.RUN, Scope.CARD)]
DOCTOR = "medecin-generaliste"
PASSED, FAILED, SKIPPED, ERROR = Outcome
SECOND = timedelta(seconds=1)
CATEGORY = bytes.fromhex("06082a817a01470102050403040180")
"""The extension of the product category: its OID, and a test card's value."""
OTHER_KEY = rsa.generate_private_key(65537, 2048)
CRASH = Fault(FaultKind.CRASH, "C_Sign", "SIGSEGV")
LEAK = Fault(FaultKind.ERROR, "C_CloseSession", SESSIONS_LEFT, "1", "libleaks.so")
AFTER_LOGIN = ("PIN-ACCEPTED", "KEY-PRESENT", "KEY-MATCHES", "SIGN-AUTH", "SIGN-SIGN", "SIGN-PSS")
NO_LOGIN = dict.fromkeys(AFTER_LOGIN, SKIPPED)
NO_PLACE = dict.fromkeys(
    (
        "CARD-NUMBER",
        "CARD-TYPE",
        "CARD-PROFESSION",
        "CARD-NOMINATIVE",
        "CARD-SPECIALITY",
        "CARD-TITLE-EXPECTED",
    ),
    SKIPPED,
)
NOT_SEEN_HERE = {"CARD-NUMBER", "CARD-TITLE-EXPECTED"}
"""Only a set file of one's own makes these: their own tests are below."""
OF_WORKSTATION = {
    "MODULE-VERSION",
    "MODULE-QUIRKS",
    "MODULE-FILES",
    "MODULE-COMPETING",
    "MODULE-TRACES",
    "MODULE-CACHE",
}
"""Emulated cards have no middleware: see test_middleware.py."""
OF_ALL_CARDS = {"CERT-ISSUER", "CERT-ANCHOR", "CERT-CRL"}
"""These are wrong for all cards of one issuer: see test_trust.py."""


@dataclass(frozen=True)
class Bench:
    """What a case may use to make the good set wrong."""

    key: rsa.RSAPrivateKey
    good: Observation

    def doctor(self, change: Callable[[CardObservation], CardObservation]) -> Observation:
        """The médecin's card changed."""
        return with_card(self.good, DOCTOR, change)

    def person(self, **changes: Any) -> Observation:
        """The médecin's card with other certificates."""
        person = replace(PEOPLE[DOCTOR], **changes)
        return self.doctor(lambda seen: card(self.key, person, seen.slot.id))

    def refused(self, refusal: PinRefusal, **changes: Any) -> Observation:
        """As `person`, and the PIN not tried."""
        pin = PinRecord(PinResult.REFUSED, refusal, FLAGS)
        return with_card(self.person(**changes), DOCTOR, lambda seen: no_login(seen, pin))

    def login(self, pin: PinRecord) -> Observation:
        """The médecin's PIN tried, with that result."""
        return self.doctor(lambda seen: no_login(seen, pin))


@dataclass(frozen=True)
class Case:
    """A change of the good set, and exactly what is then not passed.

    `expected` holds the findings about the run and about the card in `slot` (the médecin's).
    `words` stand in the message of the check that comes first in it.
    """

    name: str
    change: Callable[[Bench], Observation]
    words: str
    expected: dict[str, Outcome]
    verdict: Verdict = Verdict.FAILED
    code: int = 1
    slot: int = 1

    @property
    def proves(self) -> str:
        """The check that this case is about."""
        return next(iter(self.expected))


WARNING = (Verdict.PASSED, 0)
PRECAUTION = (Verdict.INCOMPLETE, 5)
UNANSWERED = (Verdict.INCOMPLETE, 1)


def _readers(state: ReaderState) -> Callable[[Bench], Observation]:
    def change(bench: Bench) -> Observation:
        more = (*bench.good.pcsc.readers, Reader("Reader 99", state))
        return replace(bench.good, pcsc=Pcsc(PcscStatus.OK, more))

    return change


def _reader_of_doctor(state: ReaderState) -> Callable[[Bench], Observation]:
    def change(bench: Bench) -> Observation:
        readers = tuple(
            Reader(r.name, state) if r.name == "Reader 01" else r for r in bench.good.pcsc.readers
        )
        return replace(bench.good, pcsc=Pcsc(PcscStatus.OK, readers))

    return change


def _certificates(seen: CardObservation, **changes: Any) -> CardObservation:
    """The signature certificate's object changed."""
    first, second = seen.certificates
    return replace(seen, certificates=(first, replace(second, **changes)))


def _signed_wrongly(position: int) -> Callable[[CardObservation], CardObservation]:
    def change(seen: CardObservation) -> CardObservation:
        tried = list(seen.signatures)
        good = tried[position].signature
        tried[position] = replace(tried[position], signature=good[:-1] + bytes([good[-1] ^ 1]))
        return replace(seen, signatures=tuple(tried))

    return change


def _tried(position: int, **changes: Any) -> Callable[[CardObservation], CardObservation]:
    def change(seen: CardObservation) -> CardObservation:
        tried = list(seen.signatures)
        tried[position] = replace(tried[position], **changes)
        return replace(seen, signatures=tuple(tried))

    return change


def _swapped(seen: CardObservation) -> CardObservation:
    first, second = seen.certificates
    return replace(
        seen, certificates=(replace(first, der=second.der), replace(second, der=first.der))
    )


def _other_signature_person(bench: Bench, **changes: Any) -> Observation:
    """A card whose signature certificate says something else than the authentication one."""
    other = card(bench.key, replace(PEOPLE[DOCTOR], **changes))
    return bench.doctor(lambda seen: _certificates(seen, der=other.certificates[1].der))


def _token(**changes: Any) -> Callable[[CardObservation], CardObservation]:
    def change(seen: CardObservation) -> CardObservation:
        assert seen.token is not None
        return replace(seen, token=replace(seen.token, **changes))

    return change


def _without_data(label: str) -> Callable[[CardObservation], CardObservation]:
    return lambda seen: replace(seen, data=tuple(d for d in seen.data if d.label != label))


def _with_data(item: DataObject) -> Callable[[CardObservation], CardObservation]:
    """That object instead of the one of its label."""

    def change(seen: CardObservation) -> CardObservation:
        return replace(seen, data=tuple(item if d.label == item.label else d for d in seen.data))

    return change


def _second(bench: Bench, person: Person) -> Observation:
    """A seventh card."""
    seen = observation(*bench.good.cards, card(bench.key, person, 9))
    return emulated(seen, bench.key)


def _days(number: int) -> datetime:
    return NOW + timedelta(days=number)


def _wrong_pin(bench: Bench) -> Observation:
    fault = Fault(FaultKind.ERROR, "C_Login", "CKR_PIN_INCORRECT")
    return bench.login(PinRecord(PinResult.WRONG, None, FLAGS, fault))


def _module(**changes: Any) -> Callable[[Bench], Observation]:
    def change(bench: Bench) -> Observation:
        assert bench.good.module is not None
        return replace(bench.good, module=replace(bench.good.module, **changes))

    return change


CASES = [
    # --- the workstation and the set
    Case(
        "no service (cards through GALSS)",
        lambda b: replace(b.good, pcsc=Pcsc(PcscStatus.NO_SERVICE)),
        "not running",
        {
            "PCSC-SERVICE": FAILED,
            "PCSC-READERS": SKIPPED,
            "MODULE-SEES-CARDS": SKIPPED,
            "PCSC-SEES-CARDS": SKIPPED,
        },
        *WARNING,
    ),
    Case(
        "a mute card", _readers(ReaderState.MUTE), "Reader 99", {"PCSC-READERS": FAILED}, *WARNING
    ),
    Case(
        "a card in use", _readers(ReaderState.IN_USE), "in use", {"PCSC-READERS": FAILED}, *WARNING
    ),
    Case(
        "a card that the module does not show",
        _readers(ReaderState.CARD_PRESENT),
        "Reader 99",
        {"MODULE-SEES-CARDS": FAILED},
        *WARNING,
    ),
    Case(
        "a card where PC/SC sees none",
        _reader_of_doctor(ReaderState.EMPTY),
        "Reader 01 (empty)",
        {"PCSC-SEES-CARDS": FAILED},
        *WARNING,
    ),
    Case(
        "the module crashed while it was loaded",
        _module(info=None, fault=CRASH),
        "SIGSEGV",
        {"MODULE-LOADED": FAILED},
    ),
    Case(
        "the module says nothing of itself",
        _module(info=None),
        "no information",
        {"MODULE-LOADED": FAILED},
    ),
    Case(
        "no module was asked",
        lambda b: replace(b.good, module=None),
        "No PKCS#11 module",
        {"MODULE-LOADED": SKIPPED, "MODULE-SEES-CARDS": SKIPPED},
        *UNANSWERED,
    ),
    Case(
        "the slots could not be listed",
        lambda b: replace(b.good, faults=(Fault(FaultKind.HANG, "C_GetSlotList", "20 s"),)),
        "20 s",
        {"MODULE-CALLS": FAILED},
    ),
    Case(
        "a card is missing",
        lambda b: without_cards(b.good, DOCTOR),
        "5 of 6 cards; missing: CPS test médecin généraliste",
        {"SET-COMPLETE": FAILED},
    ),
    Case(
        "an interrupted run that did not come to a card",
        lambda b: replace(without_cards(b.good, DOCTOR), interrupted=True),
        "5 of 6 cards; not read yet: CPS test médecin généraliste",
        {"SET-COMPLETE": ERROR},
        *UNANSWERED,
    ),
    # --- the card's place
    Case(
        "a fault while reading",
        lambda b: b.doctor(lambda seen: replace(seen, faults=(CRASH,))),
        "SIGSEGV",
        {"CARD-READ": FAILED},
    ),
    Case(
        "a card that an interrupted run read",
        lambda b: b.doctor(lambda seen: replace(seen, observed_at=NOW - timedelta(days=6))),
        "Read on 2026-01-09 09:30 UTC, in an interrupted run.",
        {"CARD-FRESH": FAILED},
        *WARNING,
    ),
    Case(
        "a module that keeps a session open",
        lambda b: b.doctor(lambda seen: replace(seen, faults=(LEAK,))),
        "libleaks.so keeps 1 session open after C_CloseSession",
        {"CARD-SESSIONS": FAILED},
        *WARNING,
    ),
    Case(
        "one card number in two slots",
        lambda b: _second(b, PEOPLE[DOCTOR]),
        "the same card number",
        {"CARD-UNIQUE": FAILED, **NO_PLACE},
        slot=9,
    ),
    Case(
        "a second médecin",
        lambda b: _second(b, replace(PEOPLE[DOCTOR], card_number="3100000099")),
        "One card too many for: CPS test médecin généraliste.",
        {"CARD-NOT-EXTRA": FAILED},
        slot=9,
    ),
    Case(
        "a card of another set",
        lambda b: b.person(title="Pharmacien", profession=21, speciality=None),
        "Carte de Professionnel de Santé (CPS), Pharmacien: not in this set, but one like it "
        "is in: Centre hospitalier.",
        {"CARD-IN-SET": FAILED, "SET-COMPLETE": FAILED, **NO_PLACE},
    ),
    Case(
        "a card of no set that is known",
        lambda b: b.person(title="Opticien-Lunetier", profession=28, speciality=None),
        "Opticien-Lunetier: no published set",
        {"CARD-IN-SET": FAILED, "SET-COMPLETE": FAILED, **NO_PLACE},
    ),
    Case(
        "a CDE, which nothing tells from a CPE",
        lambda b: b.good,
        "any of these: CDE test directeur non professionnel de santé, CPE test nominative "
        "employé, CPE test nominative employé délégué.",
        {"CARD-ROLE": FAILED},
        *WARNING,
        slot=0,
    ),
    Case(
        "a card that is not a CPx card",
        lambda b: b.doctor(lambda seen: no_login(replace(seen, certificates=()), _unproven())),
        "No certificate",
        {
            "CARD-CPX": FAILED,
            "SET-COMPLETE": FAILED,
            **dict.fromkeys(("CARD-IN-SET", "CERT-AGREE"), SKIPPED),
            "CERT-PRESENT": FAILED,
            "CERT-READABLE": FAILED,
            "CERT-STARTED": FAILED,
            "CERT-NOT-EXPIRED": FAILED,
            **dict.fromkeys(("CERT-USAGE-AUTH", "CERT-USAGE-SIGN"), SKIPPED),
            "CARD-TEST": FAILED,
            **NO_PLACE,
            **dict.fromkeys(("CARD-TITLE", "CARD-IDENTIFIER", "CARD-LABEL"), SKIPPED),
            "PIN-ALLOWED": SKIPPED,
            **NO_LOGIN,
        },
    ),
    # --- the certificates
    Case(
        "a certificate is missing",
        lambda b: b.doctor(lambda seen: replace(seen, certificates=seen.certificates[:1])),
        SIGNATURE,
        {
            "CERT-PRESENT": FAILED,
            **dict.fromkeys(("CERT-AGREE", "CERT-USAGE-SIGN"), SKIPPED),
            **dict.fromkeys(("KEY-PRESENT", "KEY-MATCHES", "SIGN-SIGN"), SKIPPED),
        },
    ),
    Case(
        "a certificate is cut short",
        lambda b: b.doctor(
            lambda seen: no_login(
                _certificates(seen, der=seen.certificates[1].der[:700]), _unproven()
            )
        ),
        "Certificat de Signature CPS: damaged or unreadable: truncated,",
        {
            "CERT-READABLE": FAILED,
            "CARD-TEST": FAILED,
            **dict.fromkeys(("CERT-AGREE", "CERT-USAGE-SIGN", "PIN-ALLOWED"), SKIPPED),
            **NO_LOGIN,
        },
    ),
    Case(
        "the module gave no value",
        lambda b: b.doctor(
            lambda seen: no_login(_certificates(seen, der=b"", error="empty"), _unproven())
        ),
        "gave no value (empty)",
        {
            "CERT-READABLE": FAILED,
            "CARD-TEST": FAILED,
            **dict.fromkeys(("CERT-AGREE", "CERT-USAGE-SIGN", "PIN-ALLOWED"), SKIPPED),
            **NO_LOGIN,
        },
    ),
    Case(
        "the certificates name two people",
        lambda b: _other_signature_person(b, surname="OTHER"),
        "subject",
        {"CERT-AGREE": FAILED},
    ),
    Case(
        "the certificates name two professions",
        lambda b: _other_signature_person(b, profession=60),
        "profession",
        {"CERT-AGREE": FAILED},
    ),
    Case(
        "exchanged certificates",
        lambda b: b.doctor(_swapped),
        "nonRepudiation",
        {"CERT-USAGE-AUTH": FAILED, "CERT-USAGE-SIGN": FAILED},
    ),
    Case(
        "the authentication certificate stands twice",
        lambda b: b.doctor(lambda seen: _certificates(seen, der=seen.certificates[0].der)),
        "clientAuth",
        {"CERT-USAGE-SIGN": FAILED},
    ),
    Case(
        "not yet valid",
        lambda b: b.person(not_before=_days(1)),
        "2026-01-16",
        {"CERT-STARTED": FAILED},
    ),
    Case(
        "expired",
        lambda b: b.person(not_after=_days(-1)),
        "2026-01-14",
        {"CERT-NOT-EXPIRED": FAILED},
    ),
    Case(
        "expiring soon",
        lambda b: b.person(not_after=_days(59)),
        "59 days left",
        {"CERT-EXPIRY": FAILED},
        *WARNING,
    ),
    Case(
        "not issued by the CA it names",
        lambda b: b.doctor(lambda seen: card(OTHER_KEY, PEOPLE[DOCTOR], seen.slot.id)),
        "is not that of TEST AC IGC-SANTE FORT PERSONNES",
        {"CERT-CHAIN": FAILED},
    ),
    Case(
        "revoked",
        lambda b: emulated(b.person(serial=77), b.key, 77),
        "REVOKED on 2026-01-13",
        {"CERT-REVOKED": FAILED},
    ),
    # --- the identity
    Case(
        "a production card",
        lambda b: b.refused(PinRefusal.PRODUCTION, category=0x00),
        "production",
        {"CARD-TEST": FAILED, "PIN-ALLOWED": SKIPPED, **NO_LOGIN},
    ),
    Case(
        "a test module's category",
        lambda b: b.refused(PinRefusal.NOT_PROVEN_TEST, category=0x42),
        "which is not a test card's",
        {"CARD-TEST": FAILED, "PIN-ALLOWED": SKIPPED, **NO_LOGIN},
    ),
    Case(
        "a card of another type",
        lambda b: b.person(card_type=1),
        "Expected Carte de Professionnel de Santé (CPS) (00)",
        {"CARD-TYPE": FAILED},
    ),
    Case(
        "another profession code than the title's",
        lambda b: b.person(profession=26),
        "Expected Médecin (10), found Audioprothésiste (26)",
        {"CARD-PROFESSION": FAILED, "CARD-TITLE": FAILED},
    ),
    Case(
        "no profession code",
        lambda b: b.person(profession=None),
        "carry none",
        {"CARD-PROFESSION": FAILED},
    ),
    Case(
        "a card without a person",
        lambda b: b.person(given_name=None),
        "names no person",
        {"CARD-NOMINATIVE": FAILED},
    ),
    Case(
        "another speciality",
        lambda b: b.person(speciality="SM36"),
        "SM26",
        {"CARD-SPECIALITY": FAILED},
        *WARNING,
    ),
    Case(
        "no speciality",
        lambda b: b.person(speciality=None),
        "no speciality",
        {"CARD-SPECIALITY": SKIPPED},
        *WARNING,
    ),
    Case(
        "a title of another profession",
        lambda b: b.person(title="Infirmier"),
        "Infirmier",
        {"CARD-TITLE": FAILED},
        *WARNING,
    ),
    Case(
        "an RPPS number with a wrong key",
        lambda b: b.person(common_name="899700075123"),
        "RPPS 899700075123",
        {"CARD-IDENTIFIER": FAILED},
        *WARNING,
    ),
    Case(
        "a label of another card (a stale cache)",
        lambda b: b.doctor(_token(label="CPS4v1-3100000099")),
        "CPS4v1-3100000099",
        {"CARD-LABEL": FAILED},
        *WARNING,
    ),
    Case(
        "a data object of another card",
        lambda b: b.doctor(_with_data(id_card((0x81, bytes.fromhex("3100000099"))))),
        "card number 3100000099 (CPS_ID_CARD, tag E3 81), but 3100000012 (Certificat "
        "d'Authentification CPS, extension 1.2.250.1.71.1.2.3)",
        {"CARD-DATA-AGREE": FAILED},
        *WARNING,
    ),
    # --- PIN, keys, signatures
    Case(
        "a locked card",
        lambda b: b.refused(PinRefusal.LOCKED),
        "locked",
        {"PIN-ALLOWED": FAILED, **NO_LOGIN},
    ),
    Case(
        "a PIN tried on a card that is not proven",
        lambda b: b.person(issuer=((ISSUER[0]), (ISSUER[1][0], "NOBODY"))),
        "without proof",
        {"PIN-ALLOWED": FAILED, "CARD-TEST": FAILED, "CERT-ISSUER": SKIPPED},
    ),
    Case(
        "a PIN tried against the token's flags",
        lambda b: b.doctor(
            lambda seen: replace(
                seen, pin=PinRecord(PinResult.ACCEPTED, None, (*FLAGS, TokenFlag.PIN_FINAL_TRY))
            )
        ),
        "pin-final-try",
        {"PIN-ALLOWED": FAILED},
    ),
    *(
        Case(
            f"a PIN not tried: {refusal.value}",
            partial(Bench.refused, refusal=refusal),
            "PIN not tried",
            {"PIN-ALLOWED": SKIPPED, **NO_LOGIN},
            *PRECAUTION,
        )
        for refusal in PinRefusal
        if refusal is not PinRefusal.LOCKED
    ),
    Case(
        "an issuer that nobody knows",
        lambda b: b.refused(
            PinRefusal.NOT_PROVEN_TEST, issuer=((ISSUER[0]), (ISSUER[1][0], "NOBODY"))
        ),
        "unknown issuer",
        {"CARD-TEST": FAILED, "PIN-ALLOWED": SKIPPED, "CERT-ISSUER": SKIPPED, **NO_LOGIN},
    ),
    Case(
        "a wrong PIN",
        _wrong_pin,
        "refused the PIN",
        {**NO_LOGIN, "PIN-ACCEPTED": FAILED},
    ),
    Case(
        "a PIN that locked the card",
        lambda b: b.login(PinRecord(PinResult.LOCKED, None, FLAGS)),
        "locked",
        {**NO_LOGIN, "PIN-ACCEPTED": FAILED},
    ),
    Case(
        "a crash in C_Login",
        lambda b: b.login(PinRecord(PinResult.FAILED, None, FLAGS, CRASH)),
        "SIGSEGV",
        {**NO_LOGIN, "PIN-ACCEPTED": ERROR},
        *UNANSWERED,
    ),
    Case(
        "no private key for authentication",
        lambda b: b.doctor(
            lambda seen: replace(seen, keys=(seen.keys or ())[1:], signatures=seen.signatures[1:2])
        ),
        "authentication",
        {
            "KEY-PRESENT": FAILED,
            **dict.fromkeys(("KEY-MATCHES", "SIGN-AUTH", "SIGN-PSS"), SKIPPED),
        },
    ),
    Case(
        "a key of another certificate, though it signs",
        lambda b: b.doctor(
            lambda seen: replace(
                seen, keys=tuple(replace(k, modulus="c0ffee") for k in seen.keys or ())
            )
        ),
        "authentication, signature",
        {"KEY-MATCHES": FAILED},
    ),
    Case(
        "the keys could not be listed",
        lambda b: b.doctor(lambda seen: replace(seen, keys=None, signatures=())),
        "could not be listed",
        dict.fromkeys(AFTER_LOGIN[1:], ERROR),
        *UNANSWERED,
    ),
    Case(
        "a wrong signature of the authentication key",
        lambda b: b.doctor(_signed_wrongly(0)),
        "does not verify",
        {"SIGN-AUTH": FAILED},
    ),
    Case(
        "a wrong signature of the signature key",
        lambda b: b.doctor(_signed_wrongly(1)),
        "does not verify",
        {"SIGN-SIGN": FAILED},
    ),
    Case(
        "an old signature over another challenge",
        lambda b: b.doctor(_tried(1, challenge=b"another")),
        "does not verify",
        {"SIGN-SIGN": FAILED},
    ),
    Case(
        "a crash in C_Sign",
        lambda b: b.doctor(_tried(1, signature=b"", fault=CRASH)),
        "SIGSEGV",
        {"SIGN-SIGN": FAILED},
    ),
    Case(
        "a mechanism that nobody verifies",
        lambda b: b.doctor(_tried(1, mechanism="CKM_ECDSA")),
        "cannot verify a signature made with CKM_ECDSA",
        {"SIGN-SIGN": ERROR},
        *UNANSWERED,
    ),
    Case(
        "a wrong RSA-PSS signature",
        lambda b: b.doctor(_signed_wrongly(2)),
        "CKM_SHA256_RSA_PKCS_PSS",
        {"SIGN-PSS": FAILED},
        *WARNING,
    ),
    Case(
        "a CPS3, which knows no RSA-PSS",
        lambda b: with_card(
            b.doctor(_token(mechanisms=("CKM_RSA_PKCS",))),
            DOCTOR,
            lambda seen: replace(seen, signatures=seen.signatures[:2]),
        ),
        "does not announce",
        {"SIGN-PSS": FAILED},
        *WARNING,
    ),
    Case(
        "RSA-PSS made with the other key only",
        lambda b: b.doctor(_tried(2, key_id="00")),
        "No signature",
        {"SIGN-PSS": SKIPPED},
        *WARNING,
    ),
    Case(
        "a data object is missing",
        lambda b: b.doctor(_without_data("CPS_NAME_PS")),
        "CPS_NAME_PS",
        {"CARD-DATA": FAILED},
        *WARNING,
    ),
]


def _unproven() -> PinRecord:
    return PinRecord(PinResult.REFUSED, PinRefusal.NOT_PROVEN_TEST, FLAGS)


@pytest.fixture
def bench(key: rsa.RSAPrivateKey, good: Observation) -> Bench:
    return Bench(key, good)


def not_passed(findings: Iterable[Finding]) -> dict[str, Outcome]:
    return {f.check: f.outcome for f in findings if f.outcome is not Outcome.PASSED}


def about(checklist: Checklist, slot: int) -> tuple[Finding, ...]:
    """The findings about the run and about the card in that slot."""
    cards = (c.findings for c in checklist.cards if c.observed.slot.id == slot)
    return checklist.findings + next(cards, ())


def test_the_good_set_passes_every_check(good: Observation, card_set: CardSet) -> None:
    checklist = judge(good, card_set)
    by_check: dict[str, set[Outcome]] = {check.id: set() for check in OF_CARDS}
    for found in checklist.all_findings():
        by_check[found.check].add(found.outcome)
    assert by_check.pop("CARD-ROLE") == {Outcome.PASSED, Outcome.FAILED}
    for not_stated in NOT_SEEN_HERE | OF_WORKSTATION:
        assert by_check.pop(not_stated) == set()
    assert set(map(frozenset, by_check.values())) == {frozenset({Outcome.PASSED})}
    assert (checklist.verdict, exit_code(checklist)) == (Verdict.PASSED, 0)


def test_the_table_makes_every_check_fail() -> None:
    failing = {case.proves for case in CASES if case.expected[case.proves] is FAILED}
    assert failing == (
        {check.id for check in OF_CARDS} - NOT_SEEN_HERE - OF_ALL_CARDS - OF_WORKSTATION
    )


@pytest.mark.parametrize(("number", "outcome"), [("3100000012", PASSED), ("9999999999", FAILED)])
def test_a_pinned_number(
    good: Observation, card_set: CardSet, number: str, outcome: Outcome
) -> None:
    cards = tuple(
        replace(card, card_number=number) if card.role == DOCTOR else card
        for card in card_set.cards
    )
    (doctor,) = [
        card
        for card in judge(good, replace(card_set, cards=cards)).cards
        if card.expected and card.expected.role == DOCTOR
    ]
    found = next(f for f in doctor.findings if f.check == "CARD-NUMBER")
    assert found.outcome is outcome
    assert number in say(found.message)


@pytest.mark.parametrize(
    ("pattern", "outcome"), [("Médecin*", PASSED), ("medecin", PASSED), ("Infirmier", FAILED)]
)
def test_a_stated_title(
    good: Observation, card_set: CardSet, pattern: str, outcome: Outcome
) -> None:
    cards = tuple(
        replace(card, title_patterns=(pattern,)) if card.role == DOCTOR else card
        for card in card_set.cards
    )
    findings = about(judge(good, replace(card_set, cards=cards)), 1)
    found = next(f for f in findings if f.check == "CARD-TITLE-EXPECTED")
    assert found.outcome is outcome
    assert say(found.message) == f"Expected {pattern}, found Médecin."


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_wrong_is_caught_by_its_check_alone(
    bench: Bench, card_set: CardSet, case: Case
) -> None:
    checklist = judge(case.change(bench), card_set)
    findings = about(checklist, case.slot)
    assert not_passed(findings) == case.expected
    proof = next(f for f in findings if f.check == case.proves)
    assert case.words in say(proof.message)
    assert (checklist.verdict, exit_code(checklist)) == (case.verdict, case.code)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_other_cards_are_not_blamed(bench: Bench, card_set: CardSet, case: Case) -> None:
    before = {c.key: c.findings for c in judge(bench.good, card_set).cards}
    checklist = judge(case.change(bench), card_set)
    others = [c for c in checklist.cards if c.observed.slot.id != case.slot]
    assert len(others) >= 5
    for other in others:
        assert other.findings == before[other.key]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_failure_has_a_remedy_and_a_refused_pin_is_marked(
    bench: Bench, card_set: CardSet, case: Case
) -> None:
    for found in about(judge(case.change(bench), card_set), case.slot):
        if found.outcome in (FAILED, ERROR) and found.severity is Severity.BLOCKER:
            assert found.hint is not None or found.check in AFTER_LOGIN[1:]
        if found.outcome is Outcome.PASSED:
            assert found.hint is None
        refused = found.check in ("PIN-ALLOWED", *AFTER_LOGIN) and found.outcome is SKIPPED
        assert found.blocked_by_pin <= refused


@pytest.mark.parametrize("refusal", PinRefusal)
def test_each_refusal_has_its_own_sentence_and_remedy(refusal: PinRefusal) -> None:
    sentences = [say(reason) for reason, _ in REFUSALS.values()]
    assert sentences.count(say(REFUSALS[refusal][0])) == 1
    assert say(REFUSALS[refusal][1])


# --- borders ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        ({"not_before": NOW}, {}),
        ({"not_before": NOW + SECOND}, {"CERT-STARTED": FAILED}),
        ({"not_after": NOW}, {"CERT-EXPIRY": FAILED}),
        ({"not_after": NOW - SECOND}, {"CERT-NOT-EXPIRED": FAILED}),
        ({"not_after": _days(60)}, {}),
        ({"not_after": _days(60) - SECOND}, {"CERT-EXPIRY": FAILED}),
    ],
)
def test_the_borders_of_validity(
    bench: Bench, card_set: CardSet, dates: dict[str, datetime], expected: dict[str, Outcome]
) -> None:
    assert not_passed(about(judge(bench.person(**dates), card_set), 1)) == expected


def test_the_certificate_that_ends_first_decides(bench: Bench, card_set: CardSet) -> None:
    seen = _other_signature_person(bench, not_after=_days(-1))
    assert not_passed(about(judge(seen, card_set), 1)) == {"CERT-NOT-EXPIRED": FAILED}


@pytest.mark.parametrize(("days", "expected"), [(0, {}), (400, {"CERT-EXPIRY": FAILED})])
def test_the_warning_period_is_chosen(
    good: Observation, card_set: CardSet, days: int, expected: dict[str, Outcome]
) -> None:
    checklist = judge(good, card_set, timedelta(days=days))
    assert not_passed(about(checklist, 1)) == expected


@pytest.mark.parametrize("speciality", ["SM26", "SM53", "SM54"])
def test_each_speciality_that_the_set_states_will_do(
    bench: Bench, card_set: CardSet, speciality: str
) -> None:
    assert not_passed(about(judge(bench.person(speciality=speciality), card_set), 1)) == {}


def test_a_certificate_of_which_a_part_is_unreadable_says_which(
    bench: Bench, card_set: CardSet
) -> None:
    def spoil(seen: CardObservation) -> CardObservation:
        good = seen.certificates[1].der
        assert good.count(CATEGORY) == 1
        return _certificates(seen, der=good.replace(CATEGORY, CATEGORY[:-3] + b"\x05\x80\x80"))

    findings = about(judge(bench.doctor(spoil), card_set), 1)
    broken = next(f for f in findings if f.check == "CERT-READABLE")
    assert broken.outcome is FAILED
    assert "extension 1.2.250.1.71.1.2.5" in say(broken.message)


# --- a ledger that contradicts itself -----------------------------------------------------------


@pytest.mark.parametrize(
    "record",
    [
        PinRecord(PinResult.REFUSED),
        PinRecord(PinResult.ACCEPTED, PinRefusal.LOCKED),
        PinRecord(PinResult.WRONG, PinRefusal.COUNT_LOW),
    ],
)
def test_a_record_that_contradicts_itself_is_no_pass_and_no_precaution(
    bench: Bench, card_set: CardSet, record: PinRecord
) -> None:
    checklist = judge(bench.doctor(lambda seen: replace(seen, pin=record)), card_set)
    assert not_passed(about(checklist, 1))["PIN-ALLOWED"] is ERROR
    assert checklist.verdict is not Verdict.PASSED
    assert exit_code(checklist) == 1


def test_signatures_beside_a_refused_pin_do_not_make_it_pass(
    bench: Bench, card_set: CardSet
) -> None:
    record = PinRecord(PinResult.REFUSED, PinRefusal.COUNT_LOW, FLAGS)
    checklist = judge(bench.doctor(lambda seen: replace(seen, pin=record)), card_set)
    assert not_passed(about(checklist, 1)) == {"PIN-ALLOWED": SKIPPED, "PIN-ACCEPTED": SKIPPED}
    assert (checklist.verdict, exit_code(checklist)) == (Verdict.INCOMPLETE, 5)


def test_a_card_that_could_not_be_read_passes_nothing_about_itself(
    bench: Bench, card_set: CardSet
) -> None:
    unread = bench.doctor(
        lambda seen: CardObservation(seen.slot, seen.reader, None, faults=(CRASH,))
    )
    card_findings = [f for f in about(judge(unread, card_set), 1) if f.subject != "run"]
    assert {f.outcome for f in card_findings} == {FAILED, SKIPPED}
    assert exit_code(judge(unread, card_set)) == 1


# --- rules with several conditions, one by one --------------------------------------------------

LOGON = "1.3.6.1.4.1.311.20.2.2"
EMAIL = "1.3.6.1.5.5.7.3.4"
CLIENT = "1.3.6.1.5.5.7.3.2"
DS, NR = "digitalSignature", "nonRepudiation"


def asked(check: str, *facts: object) -> Outcome | None:
    """One check's answer to chosen facts."""
    answer = BY_ID[check].function(*facts)
    return answer.outcome if answer else None


@pytest.fixture
def certificate(good: Observation) -> Certificate:
    return read_certificate(good.cards[1].certificates[0].der)


@pytest.fixture
def identity(certificate: Certificate) -> Identity:
    return identify(certificate, label)


@pytest.mark.parametrize(
    ("usage", "extended", "authenticates", "signs"),
    [
        ((DS,), (CLIENT, LOGON), PASSED, FAILED),
        ((DS,), (CLIENT,), PASSED, FAILED),
        ((NR,), (EMAIL,), FAILED, PASSED),
        ((NR,), (), FAILED, PASSED),
        ((DS, NR), (EMAIL,), FAILED, PASSED),  # IGC-CPS 2ter
        ((DS,), (EMAIL,), FAILED, FAILED),
        ((DS,), (), FAILED, FAILED),
        ((DS, NR), (CLIENT,), FAILED, FAILED),
        ((NR,), (CLIENT,), FAILED, FAILED),
        (("keyEncipherment",), (CLIENT,), FAILED, FAILED),
        ((), (), FAILED, FAILED),
    ],
)
def test_key_usages(
    certificate: Certificate,
    usage: tuple[str, ...],
    extended: tuple[str, ...],
    authenticates: Outcome,
    signs: Outcome,
) -> None:
    made = replace(certificate, key_usage=usage, extended_key_usage=extended)
    assert asked("CERT-USAGE-AUTH", made) is authenticates
    assert asked("CERT-USAGE-SIGN", made) is signs


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"not_before": _days(2)}, {"CERT-STARTED": FAILED}),
        # a CRL need not list what had expired
        ({"not_after": _days(-2)}, {"CERT-NOT-EXPIRED": FAILED, "CERT-CRL": SKIPPED}),
        ({"not_after": _days(2)}, {"CERT-EXPIRY": FAILED}),
    ],
)
@pytest.mark.parametrize("which", [0, 1])
def test_either_certificate_decides_on_validity(
    bench: Bench,
    card_set: CardSet,
    changes: dict[str, datetime],
    expected: dict[str, Outcome],
    which: int,
) -> None:
    other = card(bench.key, replace(PEOPLE[DOCTOR], **changes)).certificates[which]

    def mix(seen: CardObservation) -> CardObservation:
        pair = list(seen.certificates)
        pair[which] = other
        return replace(seen, certificates=tuple(pair))

    checklist = judge(bench.doctor(mix), card_set)
    assert not_passed(about(checklist, 1)) == expected
    name = next(iter(expected))
    found = next(f for f in about(checklist, 1) if f.check == name)
    day = next(iter(changes.values()))
    shown = "2 days left" if name == "CERT-EXPIRY" else day.date().isoformat()
    assert shown in say(found.message)
    judged = next(c for c in checklist.cards if c.observed.slot.id == 1)
    assert day in (judged.not_before, judged.not_after)


@pytest.mark.parametrize(
    ("code", "title", "expected"),
    [
        (Coded("10", "Médecin"), "Médecin", PASSED),
        (Coded("10", "Médecin"), "Infirmier", FAILED),
        (Coded("10", "Médecin"), None, None),
        (Coded("77", None), "Médecin", None),
        (None, "Personnel santé ou social", None),
    ],
)
def test_the_title_is_compared_where_both_are_known(
    identity: Identity, code: Coded | None, title: str | None, expected: Outcome | None
) -> None:
    made = replace(identity, profession=code, holder=replace(identity.holder, title=title))
    assert asked("CARD-TITLE", made) is expected


@pytest.mark.parametrize(
    ("label_shown", "number", "expected"),
    [
        ("CPS4v1-3100000012", "3100000012", PASSED),
        ("CPS3v3-3100000012 (Code porteur)", "3100000012", PASSED),
        ("CPS4v1-3100000013", "3100000012", FAILED),
        ("Some other token", "3100000012", None),
        ("CPS4v1-31000000123", "3100000012", None),
        ("CPS4v1-3100000012", None, None),
    ],
)
def test_the_label_is_compared_where_it_has_a_number(
    good: Observation,
    identity: Identity,
    label_shown: str,
    number: str | None,
    expected: Outcome | None,
) -> None:
    token = good.cards[1].token
    assert token is not None
    made = replace(identity, card_number=number)
    assert asked("CARD-LABEL", replace(token, label=label_shown), made) is expected


OTHER_DATA = {
    "card number": (id_card((0x81, bytes.fromhex("3100000099"))), "3100000099"),
    "category": (id_card((0x82, b"\x00")), "Carte de Professionnel ou Personnel de Santé (00)"),
    "card type": (info_ps((0x80, b"\x02")), "Carte de Personnel d'Etablissement (CDE/CPE) (02)"),
    "profession": (info_ps((0x82, b"\x3c")), "Infirmier (60)"),
    "identifier": (info_ps((0x81, b"899700041983")), "899700041983"),
}
"""What is compared → a data object in which it alone is another one."""


@pytest.mark.parametrize("field", OTHER_DATA)
def test_each_value_that_data_objects_and_certificates_both_say_is_compared(
    bench: Bench, card_set: CardSet, field: str
) -> None:
    item, shown = OTHER_DATA[field]
    findings = about(judge(bench.doctor(_with_data(item)), card_set), 1)
    found = next(f for f in findings if f.check == "CARD-DATA-AGREE")
    assert found.outcome is FAILED
    assert f"otherwise: {field} {shown} ({item.label}, tag" in say(found.message)
    assert say(found.message).count(", but ") == 1


def test_what_is_the_same_in_both_is_named(good: Observation, card_set: CardSet) -> None:
    found = next(f for f in about(judge(good, card_set), 1) if f.check == "CARD-DATA-AGREE")
    assert found.outcome is PASSED
    assert say(found.message) == (
        "The same in both: card number, category, card type, profession, identifier."
    )


@pytest.mark.parametrize(
    "item",
    [
        id_card((0x81, b"\xab")),  # unreadable
        info_ps((0x81, b"nobody's identifier")),  # of no known kind
        info_ps((0x83, b"\x28")),  # a future profession, or a "métier"
        info_ps((0x84, b"ANOTHER"), (0x85, b"SM99")),
        DataObject("CPS_NAME_PS", tlv(0xE4, (0x81, b"DOC000751")), private=False),  # cut off
        DataObject("CPS_INFO_PS", b"", private=False, error="CKR_GENERAL_ERROR"),
    ],
)
def test_what_only_one_of_them_says_for_certain_is_not_compared(
    bench: Bench, card_set: CardSet, item: DataObject
) -> None:
    findings = about(judge(bench.doctor(_with_data(item)), card_set), 1)
    assert next(f for f in findings if f.check == "CARD-DATA-AGREE").outcome is PASSED


def test_certificates_that_contradict_each_other_are_not_compared(
    bench: Bench, card_set: CardSet
) -> None:
    """CERT-AGREE says that; which of them the data objects contradict is no question."""
    findings = about(judge(_other_signature_person(bench, profession=60), card_set), 1)
    assert not_passed(findings) == {"CERT-AGREE": FAILED}
    found = next(f for f in findings if f.check == "CARD-DATA-AGREE")
    assert "profession" not in say(found.message)


def test_without_any_data_object_there_is_no_question(bench: Bench, card_set: CardSet) -> None:
    findings = about(judge(bench.doctor(lambda seen: replace(seen, data=())), card_set), 1)
    assert not_passed(findings) == {"CARD-DATA": FAILED}
    assert "CARD-DATA-AGREE" not in {f.check for f in findings}


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        (Identifier("899700075122", "RPPS", True), PASSED),
        (Identifier("899700075123", "RPPS", False), FAILED),
        (Identifier("30B0127189/CPET0001", "FINESS", None), None),
        (None, None),
    ],
)
def test_only_a_known_key_is_judged(
    identity: Identity, identifier: Identifier | None, expected: Outcome | None
) -> None:
    made = replace(identity, holder=replace(identity.holder, identifier=identifier))
    assert asked("CARD-IDENTIFIER", made) is expected


@pytest.mark.parametrize(
    ("found", "expected"),
    [(("SM26",), PASSED), (("SM36", "SM54"), PASSED), (("SM36", "SM01"), FAILED), ((), SKIPPED)],
)
def test_one_of_several_specialities_will_do(
    card_set: CardSet, identity: Identity, found: tuple[str, ...], expected: Outcome
) -> None:
    made = replace(identity, specialities=tuple(Coded(code, None) for code in found))
    assert asked("CARD-SPECIALITY", made, card_set.cards[1]) is expected
    assert asked("CARD-SPECIALITY", made, card_set.cards[2]) is None


def test_a_pin_tried_on_a_card_whose_own_description_says_production(
    bench: Bench, card_set: CardSet
) -> None:
    real = DataObject("CPS_ID_CARD", b"\xe3\x03\x82\x01\x00", private=False)
    seen = bench.doctor(lambda found: replace(found, data=(*found.data[1:], real)))
    findings = about(judge(seen, card_set), 1)
    caught = ("PIN-ALLOWED", "CARD-TEST", "CARD-DATA-AGREE")
    assert not_passed(findings) == dict.fromkeys(caught, FAILED)
    allowed = next(f for f in findings if f.check == "PIN-ALLOWED")
    assert "CPS_ID_CARD" in say(allowed.message)


@pytest.mark.parametrize(
    ("refusal", "proven", "told"),
    [
        (PinRefusal.NOT_PROVEN_TEST, False, True),
        (PinRefusal.PRODUCTION, False, True),
        (PinRefusal.NOT_PROVEN_TEST, True, False),
        (PinRefusal.COUNT_LOW, False, False),
    ],
)
def test_the_proof_is_told_where_it_is_the_reason(
    bench: Bench, card_set: CardSet, refusal: PinRefusal, proven: bool, told: bool
) -> None:
    issuer = ISSUER if proven else (ISSUER[0], (ISSUER[1][0], "NOBODY"))
    findings = about(judge(bench.refused(refusal, issuer=issuer), card_set), 1)
    allowed = next(f for f in findings if f.check == "PIN-ALLOWED")
    assert ("unknown issuer" in say(allowed.message)) is told
    assert say(allowed.message).startswith(say(REFUSALS[refusal][0]))


def test_the_role_of_a_card_too_many_is_no_question(bench: Bench, card_set: CardSet) -> None:
    seen = _second(bench, replace(PEOPLE["cpe-employe"], card_number="3100000099"))
    findings = {f.check: f for f in about(judge(seen, card_set), 9)}
    assert "CARD-ROLE" not in findings
    told = say(findings["CARD-NOT-EXTRA"].message)
    assert told.startswith("One card too many for: CDE test directeur")
    assert "CPE test nominative employé délégué" in told


def test_the_first_fault_is_told(bench: Bench, card_set: CardSet) -> None:
    first, second = (
        Fault(FaultKind.ERROR, f"C_{n}", f"CKR_{n}", module="lib.so") for n in ("ONE", "TWO")
    )
    seen = replace(
        bench.doctor(lambda found: replace(found, faults=(first, second))), faults=(first, second)
    )
    told = {f.check: say(f.message) for f in about(judge(seen, card_set), 1)}
    words = "C_ONE of the module lib.so answered CKR_ONE."
    assert told["CARD-READ"] == told["MODULE-CALLS"] == words


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (CRASH, "ended its process in C_Sign (SIGSEGV)"),
        (Fault(FaultKind.HANG, "C_Sign", "20 s"), "did not answer C_Sign within 20 s"),
        (Fault(FaultKind.ERROR, "C_GetTokenInfo", "card-changed"), "Another card was put in"),
        (Fault(FaultKind.ERROR, "load", "not-loaded", "no such file"), "loaded: no such file"),
        (
            Fault(FaultKind.ERROR, "C_Sign", "CKR_DEVICE_ERROR", module="lib.so"),
            "C_Sign of the module lib.so answered CKR_DEVICE_ERROR",
        ),
        (Fault(FaultKind.EXCESS, "C_Sign", "300 MiB"), "grew by 300 MiB until C_Sign"),
        (Fault(FaultKind.HANG, "C_Sign", CARD_TIME, "120 s"), "after 120 s in all, before C_Sign"),
        (Fault(FaultKind.ERROR, "", INTERRUPTED), "interrupted before the card was finished"),
        (LEAK, "keeps 1 session open"),
    ],
)
def test_a_fault_in_words(fault: Fault, words: str) -> None:
    assert words in say(fault_message(fault))
