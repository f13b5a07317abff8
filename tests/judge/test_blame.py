"""What a result points to: each rule in a case where it speaks, and where it does not."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from cpx_tool.judge.blame import RULES, blame
from cpx_tool.judge.tls_causes import Cause
from cpx_tool.judge.tls_parts import part_of
from cpx_tool.model.blame import Blame, Part, Sureness, Suspicion
from cpx_tool.model.cardset import CardSet
from cpx_tool.model.fault import CARD_REMOVED, INTERRUPTED, Fault, FaultKind
from cpx_tool.model.finding import Verdict
from cpx_tool.model.observation import (
    CardObservation,
    Observation,
    PinRecord,
    PinRefusal,
    PinResult,
)
from cpx_tool.model.reader import CardKind, Pcsc, PcscStatus, Reader, ReaderState
from cpx_tool.model.token import ModuleInfo, TokenInfo
from support.build import (
    AUTHENTICATION_ID,
    PEOPLE,
    SIGNATURE_ID,
    card,
    centre_sante,
    no_login,
    observation,
    with_card,
    without_cards,
)
from support.handshakes import CASES, alert, by_card, case, connection

ROLES = list(PEOPLE)
NURSE, DOCTOR = "infirmier", "medecin-generaliste"
NUMBERS = {role: person.card_number for role, person in PEOPLE.items()}
OPENSC = ModuleInfo("/usr/lib/opensc-pkcs11.so", "OpenSC Project", "OpenSC smartcard", "0.23")


def only(told: Blame) -> Suspicion:
    (one,) = told.suspicions
    assert told.unexplained == ()
    return one


def said(told: Blame) -> set[tuple[str, Part, Sureness]]:
    return {(one.rule, one.part, one.sureness) for one in told.suspicions}


def fault(kind: FaultKind, code: str) -> Callable[[CardObservation], CardObservation]:
    """A card whose signing stopped with that fault."""

    def change(seen: CardObservation) -> CardObservation:
        wrong = Fault(kind, "C_Sign", code)
        tried = tuple(replace(one, signature=b"", fault=wrong) for one in seen.signatures[:2])
        return replace(seen, signatures=tried)

    return change


def wrong_signature(seen: CardObservation) -> CardObservation:
    tried = tuple(
        replace(one, signature=bytes(256)) if one.key_id == AUTHENTICATION_ID else one
        for one in seen.signatures
    )
    return replace(seen, signatures=tried)


def moved(seen: Observation, reader: str, *roles: str) -> Observation:
    """The same observation with a wrong signature of those cards, in that reader; the readers
    where they were are empty.
    """
    for role in roles:
        seen = with_card(seen, role, lambda c: replace(wrong_signature(c), reader=reader))
    used = {c.reader for c in seen.cards}
    readers = tuple(
        r if r.name in used else replace(r, state=ReaderState.EMPTY) for r in seen.pcsc.readers
    )
    return replace(seen, pcsc=replace(seen.pcsc, readers=readers))


def other_label(seen: CardObservation) -> CardObservation:
    assert seen.token is not None
    return replace(seen, token=replace(seen.token, label="CPS4v1-9999999999"))


# --- nothing ------------------------------------------------------------------------------------


def test_where_nothing_is_wrong_nobody_is_at_fault(good: Observation, card_set: CardSet) -> None:
    told = blame(good, card_set)
    assert (told.suspicions, told.unexplained, told.verdict) == ((), (), Verdict.PASSED)


def test_without_a_set_the_same_cards_have_nothing_wrong(good: Observation) -> None:
    told = blame(without_cards(good, NURSE), None)
    assert (told.suspicions, told.unexplained, told.verdict) == ((), (), Verdict.PASSED)


def test_one_card_alone_that_fails_points_nowhere(key: rsa.RSAPrivateKey) -> None:
    seen = observation(wrong_signature(card(key, PEOPLE[NURSE])))
    told = blame(seen, None)
    assert told.suspicions == ()
    assert {f.check for f in told.unexplained} == {"SIGN-AUTH"}


def test_every_rule_has_a_reason_and_a_source_or_border() -> None:
    for rule in RULES:
        assert rule.reason.text.endswith((".", "…"))
        assert inspect.getdoc(rule.function)


# --- the workstation ----------------------------------------------------------------------------


def bare(pcsc: Pcsc, seen: Observation) -> Observation:
    return replace(seen, pcsc=pcsc, cards=(), slots=())


@pytest.mark.parametrize(
    ("status", "rule", "part"),
    [
        (PcscStatus.NO_SERVICE, "SERVICE-SILENT", Part.SERVICE),
        (PcscStatus.ACCESS_REFUSED, "SERVICE-SILENT", Part.SERVICE),
        (PcscStatus.NO_READER, "NO-READER", Part.READER),
    ],
)
def test_no_service_or_no_reader(
    good: Observation, card_set: CardSet, status: PcscStatus, rule: str, part: Part
) -> None:
    one = only(blame(bare(Pcsc(status), good), card_set))
    assert (one.rule, one.part) == (rule, part)


def test_a_silent_service_is_not_to_blame_where_cards_were_read(
    good: Observation, card_set: CardSet
) -> None:
    told = blame(replace(good, pcsc=Pcsc(PcscStatus.NO_SERVICE)), card_set)
    assert told.suspicions == ()


def test_empty_readers(good: Observation, card_set: CardSet) -> None:
    readers = (Reader("Reader 00", ReaderState.EMPTY),)
    one = only(blame(bare(Pcsc(PcscStatus.OK, readers), good), card_set))
    assert (one.rule, one.part, one.sureness) == ("NO-CARD", Part.HANDLING, Sureness.CERTAIN)
    assert one.evidence


@pytest.mark.parametrize(
    ("state", "part"),
    [
        (ReaderState.IN_USE, Part.PROGRAM),
        (ReaderState.MUTE, Part.HANDLING),
        (ReaderState.UNAVAILABLE, Part.READER),
    ],
)
def test_a_reader_that_cannot_be_used(
    good: Observation, card_set: CardSet, state: ReaderState, part: Part
) -> None:
    readers = (*good.pcsc.readers, Reader("Another", state))
    one = only(blame(replace(good, pcsc=replace(good.pcsc, readers=readers)), card_set))
    assert (one.rule, one.part, one.subjects) == ("READER-STATE", part, ("Another",))


def test_a_module_that_does_not_load(good: Observation, card_set: CardSet) -> None:
    assert good.module is not None
    broken = Fault(FaultKind.ERROR, "load", "not-loaded", "wrong ELF class")
    module = replace(good.module, info=None, fault=broken)
    one = only(blame(replace(good, module=module, cards=(), slots=()), card_set))
    assert (one.rule, one.part, one.sureness) == (
        "MODULE-NOT-LOADED",
        Part.MIDDLEWARE,
        Sureness.CERTAIN,
    )


def unseen(good: Observation, kind: CardKind) -> Observation:
    """The nurse's card is in its reader, and the module does not show it."""
    seen = without_cards(good, NURSE)
    readers = tuple(
        replace(r, state=ReaderState.CARD_PRESENT, kind=kind) if r.state is ReaderState.EMPTY else r
        for r in seen.pcsc.readers
    )
    return replace(seen, pcsc=replace(seen.pcsc, readers=readers))


def test_a_card_that_the_module_does_not_show(good: Observation, card_set: CardSet) -> None:
    one = only(blame(unseen(good, CardKind.CPS4), card_set))
    assert (one.rule, one.part, one.sureness) == ("MODULE-BLIND", Part.MIDDLEWARE, Sureness.LIKELY)
    assert {f.check for f in one.findings} == {"MODULE-SEES-CARDS", "SET-COMPLETE"}


def test_opensc_and_a_cps4(good: Observation, card_set: CardSet) -> None:
    assert good.module is not None
    seen = replace(
        unseen(good, CardKind.CPS4), module=replace(good.module, path=OPENSC.path, info=OPENSC)
    )
    assert only(blame(seen, card_set)).sureness is Sureness.CERTAIN


def test_a_carte_vitale_is_no_fault_of_the_middleware(good: Observation, card_set: CardSet) -> None:
    told = blame(unseen(good, CardKind.VITALE), card_set)
    assert {one.part for one in told.suspicions} == {Part.HANDLING}
    assert "CARD-OF-ANOTHER-KIND" in {one.rule for one in told.suspicions}


def test_a_card_that_only_the_module_shows(good: Observation, card_set: CardSet) -> None:
    readers = tuple(Reader(r.name, ReaderState.EMPTY) for r in good.pcsc.readers[:1])
    seen = replace(good, pcsc=replace(good.pcsc, readers=(*readers, *good.pcsc.readers[1:])))
    assert only(blame(seen, card_set)).rule == "MODULE-SHOWS-GHOST"


# --- one card -----------------------------------------------------------------------------------


def test_a_card_that_was_taken_out(good: Observation, card_set: CardSet) -> None:
    seen = with_card(good, NURSE, fault(FaultKind.ERROR, CARD_REMOVED))
    one = only(blame(seen, card_set))
    assert (one.rule, one.part) == ("CARD-TAKEN-OUT", Part.HANDLING)
    assert one.subjects == (NUMBERS[NURSE],)


def test_certificates_of_two_cards_prove_no_card_of_somebody(
    good: Observation, card_set: CardSet
) -> None:
    """So a cache shows them, or a fault of personalisation: it is not “nothing is broken”."""
    other = good.cards[ROLES.index(DOCTOR)].certificates
    seen = with_card(
        good, NURSE, lambda one: replace(one, certificates=(one.certificates[0], *other[1:]))
    )
    told = [one for one in blame(seen, card_set).suspicions if NUMBERS[NURSE] in one.subjects]
    assert "NO-TEST-CARD" not in {one.rule for one in told}
    assert Part.CARD in {one.part for one in told}


@pytest.mark.parametrize(
    ("kind", "code", "sureness"),
    [
        (FaultKind.CRASH, "SIGSEGV", Sureness.LIKELY),
        (FaultKind.HANG, "20 s", Sureness.POSSIBLE),
    ],
)
def test_a_module_that_breaks_over_one_card(
    good: Observation, card_set: CardSet, kind: FaultKind, code: str, sureness: Sureness
) -> None:
    one = only(blame(with_card(good, NURSE, fault(kind, code)), card_set))
    assert (one.rule, one.part, one.sureness) == ("MODULE-BREAKS", Part.MIDDLEWARE, sureness)


def test_a_run_that_was_interrupted(good: Observation, card_set: CardSet) -> None:
    seen = replace(without_cards(good, NURSE), interrupted=True)
    one = only(blame(seen, card_set))
    assert (one.rule, one.part) == ("CUT-SHORT", Part.OPTIONS)


def test_what_a_card_was_interrupted_in(good: Observation, card_set: CardSet) -> None:
    seen = with_card(good, NURSE, fault(FaultKind.ERROR, INTERRUPTED))
    assert only(blame(replace(seen, interrupted=True), card_set)).rule == "CUT-SHORT"


@pytest.mark.parametrize("refusal", PinRefusal)
def test_each_refusal_of_the_pin_points_somewhere(
    good: Observation, card_set: CardSet, refusal: PinRefusal
) -> None:
    expected = {
        PinRefusal.UNATTENDED: Part.OPTIONS,
        PinRefusal.NOT_ASKED: Part.OPTIONS,
        PinRefusal.PROTECTED_PATH: Part.OPTIONS,
        PinRefusal.NOT_REACHED: Part.OPTIONS,
        PinRefusal.CONTACTLESS: Part.READER,
        PinRefusal.NO_PIN_ON_CARD: Part.READER,
        PinRefusal.LEDGER_UNAVAILABLE: Part.WORKSTATION,
        PinRefusal.NOT_PROVEN_TEST: Part.CARD,
        PinRefusal.PRODUCTION: Part.CARD,
        PinRefusal.ALREADY_TRIED: Part.CARD,
        PinRefusal.STATE_UNKNOWN: Part.CARD,
    }
    pin = PinRecord(PinResult.REFUSED, refusal)
    one = only(blame(with_card(good, NURSE, lambda seen: no_login(seen, pin)), card_set))
    assert one.part is expected.get(refusal, Part.PIN)


def test_a_wrong_pin(good: Observation, card_set: CardSet) -> None:
    pin = PinRecord(PinResult.WRONG)
    one = only(blame(with_card(good, NURSE, lambda seen: no_login(seen, pin)), card_set))
    assert (one.rule, one.part, one.sureness) == ("WRONG-PIN", Part.PIN, Sureness.CERTAIN)


def test_a_stale_cache_needs_two_signs(good: Observation, card_set: CardSet) -> None:
    both = with_card(good, NURSE, lambda seen: other_label(wrong_signature(seen)))
    one = only(blame(both, card_set))
    assert (one.rule, one.part) == ("STALE-CACHE", Part.MIDDLEWARE)
    alone = only(blame(with_card(good, NURSE, wrong_signature), card_set))
    assert (alone.rule, alone.part) == ("ONE-CARD", Part.CARD)


def test_opensc_cannot_sign_with_the_signature_key(good: Observation, card_set: CardSet) -> None:
    def refuse(seen: CardObservation) -> CardObservation:
        wrong = Fault(
            FaultKind.ERROR, "C_Sign", "CKR_FUNCTION_NOT_SUPPORTED", module="opensc-pkcs11.so"
        )
        tried = tuple(
            replace(one, signature=b"", fault=wrong) if one.key_id == SIGNATURE_ID else one
            for one in seen.signatures
        )
        return replace(seen, signatures=tried)

    assert good.module is not None
    seen = good
    for role in ROLES:
        seen = with_card(seen, role, refuse)
    opensc = replace(seen, module=replace(good.module, path=OPENSC.path, info=OPENSC))
    one = only(blame(opensc, card_set))
    assert (one.rule, one.sureness) == ("OPENSC-SIGNATURE-KEY", Sureness.CERTAIN)
    assert set(one.subjects) == set(NUMBERS.values())
    assert only(blame(seen, card_set)).rule == "ALL-CARDS"


def test_a_card_that_has_expired_is_at_fault_itself(
    good: Observation, key: rsa.RSAPrivateKey, card_set: CardSet
) -> None:
    """All of them at once: it may be the clock, too, so that nothing is certain."""
    late = replace(good, observed_at=good.observed_at + timedelta(days=4000))
    told = blame(late, card_set)
    assert said(told) == {
        ("CERTIFICATES-SAY-SO", Part.CARD, Sureness.LIKELY),
        ("CLOCK-AFTER-CARDS", Part.CLOCK, Sureness.POSSIBLE),
    }
    assert len(told.suspicions[0].subjects) == len(ROLES)
    assert told.unexplained == ()


def test_a_clock_before_all_cards(good: Observation, card_set: CardSet) -> None:
    early = replace(good, observed_at=good.observed_at - timedelta(days=4000))
    assert ("CLOCK-BEFORE-CARDS", Part.CLOCK, Sureness.LIKELY) in said(blame(early, card_set))


# --- the set ------------------------------------------------------------------------------------


def test_a_missing_card_is_no_defect(good: Observation, card_set: CardSet) -> None:
    one = only(blame(without_cards(good, NURSE), card_set))
    assert (one.rule, one.part) == ("OTHER-CARD", Part.HANDLING)


def test_a_set_of_which_no_card_is_there(good: Observation, card_set: CardSet) -> None:
    number = "0000000000"
    pinned = tuple(replace(role, card_number=number) for role in card_set.cards)
    told = blame(good, replace(card_set, cards=pinned))
    assert {one.part for one in told.suspicions} == {Part.SET}


# --- several cards ------------------------------------------------------------------------------


def test_what_fails_on_all_cards_is_the_middlewares(good: Observation, card_set: CardSet) -> None:
    seen = good
    for role in ROLES:
        seen = with_card(seen, role, wrong_signature)
    one = only(blame(seen, card_set))
    assert (one.rule, one.part, one.sureness) == ("ALL-CARDS", Part.MIDDLEWARE, Sureness.LIKELY)


def test_with_one_reader_for_all_cards_it_may_be_the_reader(
    good: Observation, card_set: CardSet
) -> None:
    seen = moved(good, "Reader 00", *ROLES)
    assert only(blame(seen, card_set)).sureness is Sureness.POSSIBLE


def test_what_fails_in_one_reader_only_is_the_readers(good: Observation, card_set: CardSet) -> None:
    seen = moved(good, "Reader 05", NURSE, DOCTOR)
    one = only(blame(seen, card_set))
    assert (one.rule, one.part, one.subjects) == ("SAME-READER", Part.READER, ("Reader 05",))


def test_two_faults_of_one_card_are_told_together(good: Observation, card_set: CardSet) -> None:
    def change(seen: CardObservation) -> CardObservation:
        assert seen.keys is not None
        return replace(wrong_signature(seen), keys=seen.keys[1:])

    one = only(blame(with_card(good, NURSE, change), card_set))
    assert one.rule == "ONE-CARD"
    assert {f.check for f in one.findings} == {"KEY-PRESENT", "SIGN-AUTH"}


# --- servers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("cause", Cause)
def test_each_cause_points_to_a_part(cause: Cause) -> None:
    assert part_of(cause.value) is not None


@pytest.mark.parametrize("cause", [cause for cause in Cause if cause.value.startswith("server-")])
def test_a_server_that_is_not_proven(good: Observation, cause: Cause) -> None:
    seen = replace(good, cards=(), slots=(), handshakes=(case(cause).handshake,))
    told = blame(seen, None)
    parts = {one.part for one in told.suspicions}
    assert parts <= {Part.SERVER, Part.TRUST}
    assert bool(parts) is (told.verdict is not Verdict.PASSED)


def at_server(good: Observation, role: str, *shaken: object) -> Observation:
    return with_card(good, role, lambda seen: replace(seen, handshakes=shaken))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cause", "part"),
    [
        (Cause.NAME_UNKNOWN, Part.NETWORK),
        (Cause.CONNECT_SILENT, Part.NETWORK),
        (Cause.PROXY_REFUSED, Part.NETWORK),
        (Cause.PLAIN_HTTP, Part.SERVER),
        (Cause.SERVER_ISSUER_UNKNOWN, Part.TRUST),
        (Cause.SERVER_EXPIRED, Part.SERVER),
        (Cause.CLIENT_UNKNOWN_CA, Part.SERVER),
        (Cause.HTTP_DENIED, Part.SERVER),
    ],
)
def test_the_first_step_that_fails_points(good: Observation, cause: Cause, part: Part) -> None:
    shaken = CASES[cause]
    one = only(blame(at_server(good, NURSE, shaken), None))
    assert (one.rule, one.part) == ("FIRST-STEP", part)


def test_a_server_that_accepts_another_card_points_to_this_one(good: Observation) -> None:
    seen = at_server(good, NURSE, by_card(alert("bad_certificate")))
    seen = at_server(seen, DOCTOR, by_card(connection()))
    one = only(blame(seen, None))
    assert (one.rule, one.part) == ("OTHERS-ACCEPTED", Part.CARD)
    assert one.subjects[0].startswith(NUMBERS[NURSE])


def test_a_server_that_says_what_we_see_ourselves(good: Observation) -> None:
    late = replace(good, observed_at=good.observed_at + timedelta(days=4000))
    seen = at_server(late, NURSE, by_card(alert("certificate_expired")))
    assert ("SERVER-CONFIRMS", Part.CARD, Sureness.CERTAIN) in said(blame(seen, None))


# --- every case has an answer -------------------------------------------------------------------


def test_a_token_without_anything_breaks_no_rule(key: rsa.RSAPrivateKey, card_set: CardSet) -> None:
    empty = CardObservation(centre_sante(key).cards[0].slot, None, TokenInfo("", "", "", "", ()))
    told = blame(observation(empty, replace(empty, token=None)), card_set)
    assert told.verdict is not Verdict.PASSED
