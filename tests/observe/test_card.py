"""Walking one card: what is read, how often a PIN goes out, what a fault leaves behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from cpx_tool.model.fault import Fault
from cpx_tool.model.observation import (
    CardObservation,
    PinRecord,
    PinRefusal,
    PinResult,
)
from cpx_tool.model.reader import CardKind, Pcsc, PcscStatus, Reader, ReaderState
from cpx_tool.model.token import (
    CertificateObject,
    PrivateContents,
    PrivateKey,
    Seal,
    Slot,
    TokenContents,
    TokenFlag,
    seal,
)
from cpx_tool.observe.walk import Walk
from cpx_tool.ports import Pin, PinOrigin, Readers, Step, TokenFault
from support.fakes import (
    FakeLedger,
    FakeOperator,
    FakePins,
    FakeProgress,
    FakeTokens,
    NoReaders,
    ckr,
    crash,
    token_info,
)
from support.walks import (
    NOW,
    MakeCertificate,
    card_numbered,
    login_means,
    module_of,
    walk_over,
)

KEYS = PrivateContents(
    (PrivateKey("CPS_PRIV_AUT", "20", 2048), PrivateKey("CPS_PRIV_SIG", "10", 2048)), ()
)
PSS = "CKM_SHA256_RSA_PKCS_PSS"

NUMBER = "2800262487"
"""The card's number, which is its key in the ledger."""


ENDS = (Step.DONE, Step.FAULTY)


@pytest.fixture
def card(card_der: bytes) -> TokenContents:
    certificates = (
        CertificateObject("Certificat d'Authentification CPS", "20", card_der),
        CertificateObject("Certificat de Signature CPS", "10", card_der),
    )
    info = replace(token_info("CPS4v1-2800262487"), mechanisms=("CKM_RSA_PKCS",))
    return TokenContents(info, certificates, ())


def walk(
    tokens: FakeTokens,
    pins: FakePins | None = None,
    ledger: FakeLedger | None = None,
    operator: FakeOperator | None = None,
    readers: Readers | None = None,
) -> tuple[CardObservation, ...]:
    progress = FakeProgress()
    module = module_of(tokens)
    means = login_means(pins, ledger, operator)
    _, cards = Walk(readers or NoReaders(), module, means, progress).observe()
    assert progress.places == [f"Fake reader {number}" for number in tokens.contents]
    assert {n for n, step in progress.steps if step in ENDS} == set(range(len(cards)))
    return cards


def test_a_test_card_gets_one_login_and_one_signature_per_key(card: TokenContents) -> None:
    tokens = FakeTokens({0: card}, private=KEYS)
    (seen,) = walk(tokens)
    assert seen.pin is not None
    assert seen.pin.result is PinResult.ACCEPTED
    assert tokens.logins == {0: 1}
    assert [s.key_label for s in seen.signatures] == ["CPS_PRIV_AUT", "CPS_PRIV_SIG"]


def test_challenges_are_fresh(card: TokenContents) -> None:
    (seen,) = walk(FakeTokens({0: card}, private=KEYS))
    assert len({s.challenge for s in seen.signatures}) == len(seen.signatures)


def test_pss_is_tried_with_the_authentication_key_where_announced(card: TokenContents) -> None:
    announced = replace(card, info=replace(card.info, mechanisms=("CKM_RSA_PKCS", PSS)))
    (seen,) = walk(FakeTokens({0: announced}, private=KEYS))
    tried = [(s.key_label, s.mechanism) for s in seen.signatures]
    assert tried[-1] == ("CPS_PRIV_AUT", PSS)
    assert len(tried) == 3


class HashesOnly(FakeTokens):
    """Keys that sign what the module hashes, as OpenSC has it of a CPS3's signature key."""

    def sign(self, slot_id: int, key_id: str, mechanism: str, data: bytes) -> bytes:
        self.faults.pop("sign", None)
        if mechanism == "CKM_RSA_PKCS":
            self.faults["sign"] = ckr("CKR_MECHANISM_INVALID", "C_SignInit")
        return super().sign(slot_id, key_id, mechanism, data)


@pytest.mark.parametrize("announced", [True, False])
def test_a_key_that_signs_hashes_only_is_asked_in_its_way(
    card: TokenContents, *, announced: bool
) -> None:
    mechanisms = ("CKM_RSA_PKCS", *["CKM_SHA256_RSA_PKCS"] * announced)
    contents = replace(card, info=replace(card.info, mechanisms=mechanisms))
    (seen,) = walk(HashesOnly({0: contents}, private=KEYS))
    assert {s.mechanism for s in seen.signatures} == {mechanisms[-1]}
    assert all((s.fault is None) is announced for s in seen.signatures)


def test_a_production_card_never_gets_a_pin(make_certificate: MakeCertificate) -> None:
    der = make_certificate({"1.2.250.1.71.1.2.5": "040100"})
    item = CertificateObject("Certificat d'Authentification CPS", "20", der)
    tokens, pins = FakeTokens({0: TokenContents(token_info(), (item,), ())}), FakePins()
    (seen,) = walk(tokens, pins)
    assert seen.pin is not None
    assert (seen.pin.result, seen.pin.refusal) == (PinResult.REFUSED, PinRefusal.PRODUCTION)
    assert tokens.logins == {}
    assert pins.asked == 0


def test_flags_that_changed_since_the_reading_count(card: TokenContents) -> None:
    low = replace(card.info, flags=(*card.info.flags, TokenFlag.PIN_COUNT_LOW))
    tokens = FakeTokens({0: card}, fresh={0: low})
    (seen,) = walk(tokens)
    assert seen.pin is not None
    assert seen.pin.refusal is PinRefusal.COUNT_LOW
    assert tokens.logins == {}


def test_a_card_swapped_between_reading_and_login_gets_no_pin(card: TokenContents) -> None:
    tokens = FakeTokens({0: card}, fresh={0: token_info("CPS4v1-9999999999")})
    (seen,) = walk(tokens)
    assert seen.pin is not None
    assert seen.pin.refusal is PinRefusal.STATE_UNKNOWN
    assert [fault.code for fault in seen.faults] == ["card-changed"]
    assert tokens.logins == {}


def test_one_card_in_two_slots_gets_one_try(card: TokenContents) -> None:
    tokens = FakeTokens({0: card, 1: card})
    _, second = walk(tokens)
    assert second.pin is not None
    assert second.pin.refusal is PinRefusal.ALREADY_TRIED
    assert tokens.logins == {0: 1}


def test_a_wrong_pin_is_tried_once_and_told(card: TokenContents) -> None:
    tokens = FakeTokens({0: card}, faults={"login": ckr("CKR_PIN_INCORRECT")})
    (seen,) = walk(tokens)
    assert seen.pin is not None
    assert seen.pin.result is PinResult.WRONG
    assert seen.keys is None
    assert tokens.logins == {0: 1}
    assert tokens.signatures == {}


@pytest.mark.parametrize(
    ("origin", "expected"), [(PinOrigin.GIVEN, {0: 1}), (PinOrigin.PUBLISHED, {0: 1, 1: 1})]
)
def test_a_given_pin_that_one_card_refused_goes_to_no_other(
    card: TokenContents,
    make_certificate: MakeCertificate,
    origin: PinOrigin,
    expected: dict[int, int],
) -> None:
    contents = {0: card, 1: card_numbered(make_certificate, "2800000013")}
    tokens = FakeTokens(contents, faults={"login 0": ckr("CKR_PIN_INCORRECT")})
    _, second = walk(tokens, FakePins(origin))
    assert tokens.logins == expected
    assert second.pin is not None
    refused = PinRefusal.REFUSED_ELSEWHERE if origin is PinOrigin.GIVEN else None
    assert second.pin.refusal is refused


def test_a_crash_in_a_signature_ends_this_card_without_a_second_login(
    card: TokenContents,
) -> None:
    tokens = FakeTokens({0: card}, private=KEYS, faults={"sign": crash()})
    (seen,) = walk(tokens)
    assert len(seen.signatures) == 1
    assert seen.signatures[0].fault == crash()
    assert tokens.logins == {0: 1}


def test_an_error_in_one_signature_leaves_the_others(card: TokenContents) -> None:
    fault = ckr("CKR_FUNCTION_NOT_SUPPORTED", "C_Sign")
    tokens = FakeTokens({0: card}, private=KEYS, faults={"sign": fault})
    (seen,) = walk(tokens)
    assert [s.fault for s in seen.signatures] == [fault, fault]


def test_a_card_that_cannot_be_read_does_not_hide_the_next(card: TokenContents) -> None:
    contents = {0: card, 1: card}
    tokens = FakeTokens(contents, private=KEYS, faults={"read 0": crash("C_FindObjects")})
    first, second = walk(tokens)
    assert (first.token, first.pin) == (None, None)
    assert first.faults == (crash("C_FindObjects"),)
    assert second.pin is not None
    assert second.pin.result is PinResult.ACCEPTED


def test_a_module_that_does_not_load_is_an_observed_fact() -> None:
    tokens = FakeTokens({}, faults={"load": crash("C_Initialize")})
    seen, cards = walk_over(tokens).observe()
    assert seen.module is not None
    assert seen.module.fault == crash("C_Initialize")
    assert cards == ()


def test_a_card_swapped_while_the_pin_is_typed_gets_no_pin(card: TokenContents) -> None:
    tokens = FakeTokens({0: card})

    class Slow(FakePins):
        def pin(self) -> Pin:
            tokens.fresh[0] = token_info("CPS3v3-1111111111")
            return super().pin()

    (seen,) = walk(tokens, Slow())
    assert seen.pin is not None
    assert seen.pin.refusal is PinRefusal.STATE_UNKNOWN
    assert tokens.logins == {}


def test_the_login_names_the_card_that_was_read(card: TokenContents) -> None:
    tokens = FakeTokens({0: card}, private=KEYS)
    walk(tokens)
    ders = [item.der for item in card.certificates]
    assert tokens.seals == [seal(card.info.label, card.info.serial, ders)]


def test_a_card_changed_at_the_last_moment_is_no_attempt(card: TokenContents) -> None:
    tokens = FakeTokens({0: card}, faults={"login": ckr("card-changed")})
    (seen,) = walk(tokens, FakePins(PinOrigin.GIVEN))
    assert seen.pin is not None
    assert (seen.pin.result, seen.pin.refusal) == (PinResult.REFUSED, PinRefusal.STATE_UNKNOWN)


@pytest.mark.parametrize("fault", [crash("C_Login"), ckr("CKR_GENERAL_ERROR")])
def test_a_given_pin_of_unknown_fate_goes_to_no_other_card(
    card: TokenContents, make_certificate: MakeCertificate, fault: Fault
) -> None:
    contents = {0: card, 1: card_numbered(make_certificate, "2800000013")}
    tokens = FakeTokens(contents, faults={"login 0": fault})
    first, second = walk(tokens, FakePins(PinOrigin.GIVEN))
    assert first.pin is not None
    assert first.pin.result is PinResult.FAILED
    assert second.pin is not None
    assert second.pin.refusal is PinRefusal.REFUSED_ELSEWHERE


def test_slot_ids_of_another_start_are_not_trusted(
    card: TokenContents, make_certificate: MakeCertificate
) -> None:
    other = card_numbered(make_certificate, "2800000013")
    tokens = Renumbering({0: card, 1: other}, private=KEYS, faults={"login 0": crash("C_Login")})
    first, second = walk(tokens)
    assert first.token == card.info
    assert second.token == other.info
    assert second.pin is not None
    assert second.pin.result is PinResult.ACCEPTED


class Renumbering(FakeTokens):
    """After a crash in a login, the two slots have each other's id."""

    def login(self, slot_id: int, pin: Pin, expected: Seal) -> None:
        try:
            super().login(slot_id, pin, expected)
        except TokenFault:
            self.starts += 1
            self.contents = {0: self.contents[1], 1: self.contents[0]}
            self.faults = {}
            raise

    def slots(self) -> tuple[Slot, ...]:
        names = ("Fake reader 0", "Fake reader 1")
        ids = (1, 0) if self.starts else (0, 1)
        return tuple(Slot(n, name, True) for n, name in zip(ids, names, strict=True))


def test_a_logout_follows_whatever_happened(card: TokenContents) -> None:
    tokens = FakeTokens({0: card}, faults={"read_private": ckr("CKR_DEVICE_ERROR")})
    walk(tokens)
    assert tokens.logouts == {0: 1}


# --- the ledger over runs ----------------------------------------------------------------------


def record_of(seen: CardObservation) -> PinRecord:
    assert seen.pin is not None
    return seen.pin


def test_a_try_is_noted_before_it_is_made_and_a_good_one_taken_back(card: TokenContents) -> None:
    ledger = FakeLedger()
    (seen,) = walk(FakeTokens({0: card}, private=KEYS), ledger=ledger)
    assert record_of(seen).result is PinResult.ACCEPTED
    assert ledger.notes == [("open", NUMBER), ("close", NUMBER)]
    assert ledger.failed == {}


@pytest.mark.parametrize(
    ("fault", "result", "stays"),
    [
        (ckr("CKR_PIN_INCORRECT"), PinResult.WRONG, True),
        (ckr("CKR_PIN_LOCKED"), PinResult.LOCKED, True),
        (ckr("CKR_DEVICE_ERROR"), PinResult.FAILED, True),
        (crash("C_Login"), PinResult.FAILED, True),
        (ckr("CKR_USER_ALREADY_LOGGED_IN"), PinResult.ALREADY_LOGGED_IN, False),
        (ckr("card-changed"), PinResult.REFUSED, False),
        (ckr("pin-count-low"), PinResult.REFUSED, False),
    ],
    ids=lambda value: getattr(value, "code", None),
)
def test_what_did_not_succeed_stays_in_the_ledger(
    card: TokenContents, fault: Fault, result: PinResult, stays: bool
) -> None:
    tokens, ledger = FakeTokens({0: card}, faults={"login": fault}), FakeLedger()
    (seen,) = walk(tokens, ledger=ledger)
    assert record_of(seen).result is result
    assert ledger.failed == ({NUMBER: NOW} if stays else {})
    assert seen.signatures == ()


def test_a_card_that_failed_earlier_gets_no_pin(card: TokenContents) -> None:
    tokens, pins = FakeTokens({0: card}), FakePins()
    (seen,) = walk(tokens, pins, FakeLedger({NUMBER: NOW}))
    assert record_of(seen).refusal is PinRefusal.EARLIER_RUN
    assert record_of(seen).earlier == NOW
    assert (tokens.logins, pins.asked) == ({}, 0)


def test_a_person_may_confirm_another_try(card: TokenContents) -> None:
    tokens, ledger, person = FakeTokens({0: card}), FakeLedger({NUMBER: NOW}), FakeOperator()
    (seen,) = walk(tokens, ledger=ledger, operator=person)
    assert record_of(seen).result is PinResult.ACCEPTED
    assert (tokens.logins, person.asked) == ({0: 1}, [NUMBER])
    assert ledger.failed == {}


def test_a_confirmation_is_used_up_by_a_try_only(card: TokenContents) -> None:
    earlier = NOW - timedelta(days=1)
    tokens = FakeTokens({0: card}, faults={"login": ckr("card-changed")})
    ledger = FakeLedger({NUMBER: earlier})
    (seen,) = walk(tokens, ledger=ledger, operator=FakeOperator())
    assert record_of(seen).result is PinResult.REFUSED
    assert ledger.failed == {NUMBER: earlier}


def test_a_try_of_another_run_in_the_meantime_counts(card: TokenContents) -> None:
    class AnotherRun(FakePins):
        def pin(self) -> Pin:
            ledger.failed[NUMBER] = NOW
            return super().pin()

    ledger, tokens = FakeLedger(), FakeTokens({0: card})
    (seen,) = walk(tokens, AnotherRun(), ledger)
    assert record_of(seen).refusal is PinRefusal.EARLIER_RUN
    assert record_of(seen).earlier == NOW
    assert (tokens.logins, ledger.failed) == ({}, {NUMBER: NOW})


def test_a_person_may_refuse_another_try(card: TokenContents) -> None:
    tokens, person = FakeTokens({0: card}), FakeOperator(yes=False)
    (seen,) = walk(tokens, ledger=FakeLedger({NUMBER: NOW}), operator=person)
    assert record_of(seen).refusal is PinRefusal.EARLIER_RUN
    assert (tokens.logins, person.asked) == ({}, [NUMBER])


def test_nobody_is_asked_about_a_card_that_gets_no_pin_anyway(card: TokenContents) -> None:
    low = replace(card, info=replace(card.info, flags=(*card.info.flags, TokenFlag.PIN_COUNT_LOW)))
    tokens, person = FakeTokens({0: low}), FakeOperator()
    (seen,) = walk(tokens, ledger=FakeLedger({NUMBER: NOW}), operator=person)
    assert record_of(seen).refusal is PinRefusal.COUNT_LOW
    assert person.asked == []


def test_what_cannot_be_noted_is_not_tried(card: TokenContents) -> None:
    tokens = FakeTokens({0: card})
    (seen,) = walk(tokens, ledger=FakeLedger(fault="EROFS"))
    record = record_of(seen)
    assert record.refusal is PinRefusal.LEDGER_UNAVAILABLE
    assert record.fault is not None
    assert record.fault.code == "EROFS"
    assert tokens.logins == {}


# --- pads, contactless readers, lengths ---------------------------------------------------------


@pytest.fixture
def with_pad(card: TokenContents) -> TokenContents:
    flags = (*card.info.flags, TokenFlag.PROTECTED_PATH)
    return replace(card, info=replace(card.info, flags=flags))


def test_on_a_pad_the_operator_is_told_to_type(with_pad: TokenContents) -> None:
    tokens, pins, person = FakeTokens({0: with_pad}, private=KEYS), FakePins(), FakeOperator()
    (seen,) = walk(tokens, pins, operator=person)
    assert (record_of(seen).result, record_of(seen).pad) == (PinResult.ACCEPTED, True)
    assert person.typed == [(NUMBER, None)]
    assert (tokens.on_pad, pins.asked) == ({0: 1}, 0)
    assert len(seen.signatures) == 2


def test_a_pad_without_a_person_is_left_alone(with_pad: TokenContents) -> None:
    tokens = FakeTokens({0: with_pad})
    (seen,) = walk(tokens)
    assert record_of(seen).refusal is PinRefusal.PROTECTED_PATH
    assert tokens.logins == {}


def test_a_wrong_pin_typed_on_a_pad_does_not_speak_of_the_given_one(
    with_pad: TokenContents, make_certificate: MakeCertificate
) -> None:
    tokens = FakeTokens(
        {0: with_pad, 1: card_numbered(make_certificate, "2800000001")},
        faults={"login 0": ckr("CKR_PIN_INCORRECT")},
    )
    first, second = walk(tokens, FakePins(PinOrigin.GIVEN), operator=FakeOperator())
    assert record_of(first).result is PinResult.WRONG
    assert record_of(second).result is PinResult.ACCEPTED


class ContactlessReader:
    """Satisfies `ports.Readers`: the card of slot 0 is read without contacts."""

    def observe(self) -> Pcsc:
        kind = CardKind.CPS3_CONTACTLESS
        return Pcsc(
            PcscStatus.OK, (Reader("Fake reader 0", ReaderState.CARD_PRESENT, "3B8F", kind),)
        )


def test_a_contactless_reading_gets_no_pin_whatever_the_flags_say(card: TokenContents) -> None:
    tokens = FakeTokens({0: card})
    (seen,) = walk(tokens, operator=FakeOperator(), readers=ContactlessReader())
    assert record_of(seen).refusal is PinRefusal.CONTACTLESS
    assert tokens.logins == {}


@pytest.mark.parametrize("lengths", [(5, 8), (1, 3)])
def test_a_pin_of_a_length_that_the_token_refuses_is_not_tried(
    card: TokenContents, lengths: tuple[int, int]
) -> None:
    tokens = FakeTokens({0: replace(card, info=replace(card.info, pin_lengths=lengths))})
    ledger = FakeLedger()
    (seen,) = walk(tokens, ledger=ledger)
    assert record_of(seen).refusal is PinRefusal.PIN_LENGTH
    assert (tokens.logins, ledger.notes) == ({}, [])


@pytest.mark.parametrize("why", [PinRefusal.UNATTENDED, PinRefusal.NOT_ASKED])
def test_cards_that_are_only_read(card: TokenContents, why: PinRefusal) -> None:
    tokens = FakeTokens({0: card})
    _, (seen,) = Walk(NoReaders(), module_of(tokens), why, FakeProgress()).observe()
    assert record_of(seen).refusal is why
    assert (tokens.logins, tokens.signatures) == ({}, {})
