"""Two results: what differs, and what that points to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from cpx_tool.judge.compare import compare
from cpx_tool.judge.tls_causes import Cause
from cpx_tool.model.blame import Comparison, Part, Sureness, Suspicion, Topic
from cpx_tool.model.cardset import CardSet
from cpx_tool.model.fault import CARD_REMOVED, Fault, FaultKind
from cpx_tool.model.finding import Verdict
from cpx_tool.model.handshake import Handshake
from cpx_tool.model.observation import (
    CardObservation,
    Observation,
    PinRecord,
    PinRefusal,
    PinResult,
)
from cpx_tool.model.reader import CardKind, Pcsc, PcscStatus, ReaderState
from cpx_tool.model.token import ModuleInfo
from cpx_tool.model.trust import TrustMaterial
from support.build import (
    AUTHENTICATION_ID,
    PEOPLE,
    card,
    card_of,
    no_login,
    with_card,
    without_cards,
)
from support.handshakes import CASES, by_card, connection, server_chain

NURSE = "infirmier"
NUMBER = PEOPLE[NURSE].card_number
OPENSC = ModuleInfo("/usr/lib/opensc-pkcs11.so", "OpenSC Project", "OpenSC smartcard", "0.23")
Change = Callable[[CardObservation], CardObservation]


def only(told: Comparison) -> Suspicion:
    (one,) = told.suspicions
    return one


def topics(told: Comparison) -> set[tuple[Topic, str]]:
    return {(one.topic, one.key) for one in told.differences}


def wrong_signature(seen: CardObservation) -> CardObservation:
    tried = tuple(
        replace(one, signature=bytes(256)) if one.key_id == AUTHENTICATION_ID else one
        for one in seen.signatures
    )
    return replace(seen, signatures=tried)


def with_module(seen: Observation, info: ModuleInfo) -> Observation:
    assert seen.module is not None
    return replace(seen, module=replace(seen.module, path=info.path, info=info))


def moved(seen: CardObservation) -> CardObservation:
    return replace(seen, reader="Another reader")


def no_pin(pin: PinRecord) -> Change:
    return lambda seen: no_login(seen, pin)


# --- what differs -------------------------------------------------------------------------------


def test_a_result_is_like_itself(good: Observation, card_set: CardSet) -> None:
    told = compare(good, good, card_set)
    assert (told.differences, told.suspicions, told.in_both) == ((), (), ())


def test_the_moment_and_the_run_are_no_difference(good: Observation, card_set: CardSet) -> None:
    later = replace(good, observed_at=good.observed_at + timedelta(minutes=5), run_id="f" * 16)
    assert compare(good, later, card_set).differences == ()


def test_what_differs_is_told_with_both_values(good: Observation, card_set: CardSet) -> None:
    other = replace(
        with_module(good, OPENSC),
        workstation=replace(good.workstation, host="poste-2", packages=("pyscard 2.3.1",)),
    )
    told = compare(good, other, card_set)
    values = {(one.topic, one.key): (one.left, one.right) for one in told.differences}
    assert values[Topic.WORKSTATION, "host"] == ("poste-1", "poste-2")
    assert values[Topic.WORKSTATION, "package"] == (None, "2.3.1")
    assert values[Topic.MODULE, "version"] == ("3.1", "0.23")
    assert told.suspicions == ()  # nothing is wrong on either side


def test_a_card_that_is_in_one_only_is_one_difference(good: Observation, card_set: CardSet) -> None:
    told = compare(good, without_cards(good, NURSE), card_set)
    of_it = [one for one in told.differences if one.subject == NUMBER]
    assert [(one.topic, one.left, one.right) for one in of_it] == [(Topic.CARD, "yes", None)]
    one = only(told)
    assert (one.rule, one.part) == ("CARD-SHOWN-ONCE", Part.HANDLING)


# --- what it points to --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "part", "sureness"),
    [
        (PcscStatus.NO_SERVICE, Part.SERVICE, Sureness.CERTAIN),
        (PcscStatus.ACCESS_REFUSED, Part.SERVICE, Sureness.CERTAIN),
        (PcscStatus.NO_READER, Part.READER, Sureness.LIKELY),
    ],
)
def test_a_service_that_answers_in_one_only(
    good: Observation, card_set: CardSet, status: PcscStatus, part: Part, sureness: Sureness
) -> None:
    silent = replace(good, pcsc=Pcsc(status), cards=(), slots=())
    one = only(compare(good, silent, card_set))
    assert (one.part, one.sureness) == (part, sureness)


def test_a_module_that_loads_in_one_only(good: Observation, card_set: CardSet) -> None:
    assert good.module is not None
    broken = replace(good.module, info=None, fault=Fault(FaultKind.ERROR, "load", "not-loaded"))
    told = compare(replace(good, module=broken, cards=(), slots=()), good, card_set)
    assert "MODULE-FAILS-ONCE" in {one.rule for one in told.suspicions}


def test_a_card_that_the_other_module_does_not_show(good: Observation, card_set: CardSet) -> None:
    blind = without_cards(good, NURSE)
    readers = tuple(
        replace(r, state=ReaderState.CARD_PRESENT, kind=CardKind.CPS4) for r in good.pcsc.readers
    )
    told = compare(good, replace(blind, pcsc=replace(blind.pcsc, readers=readers)), card_set)
    one = only(told)
    assert (one.rule, one.part) == ("CARD-SHOWN-ONCE", Part.MIDDLEWARE)


def test_another_middleware_is_suspected(good: Observation, card_set: CardSet) -> None:
    other = with_module(with_card(good, NURSE, wrong_signature), OPENSC)
    one = only(compare(good, other, card_set))
    assert (one.rule, one.part, one.sureness) == (
        "SAME-CARD-OTHER-PLACE",
        Part.MIDDLEWARE,
        Sureness.LIKELY,
    )
    assert one.subjects == (NUMBER,)


def test_another_reader_is_suspected(good: Observation, card_set: CardSet) -> None:
    other = with_card(good, NURSE, lambda seen: moved(wrong_signature(seen)))
    one = only(compare(good, other, card_set))
    assert (one.part, one.sureness) == (Part.READER, Sureness.LIKELY)


def test_where_both_differ_either_may_be_it(good: Observation, card_set: CardSet) -> None:
    other = with_card(good, NURSE, lambda seen: moved(wrong_signature(seen)))
    told = compare(good, with_module(other, OPENSC), card_set)
    assert {(one.part, one.sureness) for one in told.suspicions} == {
        (Part.MIDDLEWARE, Sureness.POSSIBLE),
        (Part.READER, Sureness.POSSIBLE),
    }


def test_where_neither_differs_nothing_is_known(good: Observation, card_set: CardSet) -> None:
    told = compare(good, with_card(good, NURSE, wrong_signature), card_set)
    assert told.suspicions == ()
    assert (Topic.FINDING, "SIGN-AUTH") in topics(told)


def test_a_card_that_was_taken_out(good: Observation, card_set: CardSet) -> None:
    def pulled(seen: CardObservation) -> CardObservation:
        fault = Fault(FaultKind.ERROR, "C_Sign", CARD_REMOVED)
        return replace(wrong_signature(seen), faults=(fault,))

    assert only(compare(good, with_card(good, NURSE, pulled), card_set)).part is Part.HANDLING


def test_other_certificates_and_a_wrong_signature_are_a_stale_cache(
    good: Observation, card_set: CardSet, key: rsa.RSAPrivateKey
) -> None:
    again = card(key, replace(PEOPLE[NURSE], surname="INFIRMIER0099999"), 5)
    other = with_card(good, NURSE, lambda _: wrong_signature(again))
    one = only(compare(real(good), real(other), card_set))
    assert (one.rule, one.part, one.sureness) == (
        "CONTENTS-DIFFER",
        Part.MIDDLEWARE,
        Sureness.LIKELY,
    )


def test_other_certificates_where_all_is_well_accuse_nobody(
    good: Observation, card_set: CardSet, key: rsa.RSAPrivateKey
) -> None:
    again = card(key, replace(PEOPLE[NURSE], surname="INFIRMIER0099999"), 5)
    told = compare(good, with_card(good, NURSE, lambda _: again), card_set)
    assert told.suspicions == ()
    assert any(key.startswith("certificate ") for _, key in topics(told))


@pytest.mark.parametrize(
    ("pin", "part"),
    [
        (PinRecord(PinResult.WRONG), Part.PIN),
        (PinRecord(PinResult.REFUSED, PinRefusal.COUNT_LOW), Part.PIN),
        (PinRecord(PinResult.REFUSED, PinRefusal.UNATTENDED), Part.OPTIONS),
    ],
)
def test_the_pin_on_one_side(
    good: Observation, card_set: CardSet, pin: PinRecord, part: Part
) -> None:
    one = only(compare(good, with_card(good, NURSE, no_pin(pin)), card_set))
    assert (one.rule, one.part) == ("PIN-CHANGED", part)


def test_cards_that_expired_in_between(good: Observation, card_set: CardSet) -> None:
    late = replace(good, observed_at=good.observed_at + timedelta(days=4000))
    told = compare(good, late, card_set)
    found = {(one.rule, one.part) for one in told.suspicions}
    assert {("TIME-PASSED", Part.CARD), ("TIME-PASSED", Part.CLOCK)} <= found


def test_other_ca_certificates(good: Observation, card_set: CardSet) -> None:
    told = compare(good, replace(good, trust=TrustMaterial()), card_set)
    assert (only(told).rule, only(told).part) == ("TRUST-DIFFERS", Part.TRUST)


def test_what_fails_here_and_there_is_the_card(good: Observation, card_set: CardSet) -> None:
    here = with_card(good, NURSE, wrong_signature)
    there = with_module(with_card(good, NURSE, lambda c: moved(wrong_signature(c))), OPENSC)
    told = compare(here, there, card_set)
    one = only(told)
    assert (one.rule, one.part, one.sureness) == ("FAILS-IN-BOTH", Part.CARD, Sureness.LIKELY)
    assert {f.check for f in told.in_both} == {"SIGN-AUTH"}
    assert told.left.verdict is told.right.verdict is Verdict.FAILED


def test_a_set_that_no_card_fits_in_both(good: Observation, card_set: CardSet) -> None:
    pinned = tuple(replace(role, card_number="0000000000") for role in card_set.cards)
    told = compare(good, good, replace(card_set, cards=pinned))
    assert (only(told).rule, only(told).part) == ("FAILS-IN-BOTH", Part.SET)


# --- what is not there, or was not asked ----------------------------------------------------------


def real(seen: Observation) -> Observation:
    return replace(seen, emulated=False)


def as_of(seen: Observation, host: str) -> Observation:
    return replace(seen, workstation=replace(seen.workstation, host=host))


def said(told: Comparison) -> set[tuple[str, Part, Sureness]]:
    return {(one.rule, one.part, one.sureness) for one in told.suspicions}


def test_what_the_other_run_did_not_ask_accuses_nobody(
    good: Observation, card_set: CardSet
) -> None:
    """One run tried the key in another reader, and the other run none: the reader is not known."""
    quiet = no_pin(PinRecord(PinResult.REFUSED, PinRefusal.NOT_ASKED))
    here = with_card(good, NURSE, quiet)
    there = with_card(good, NURSE, lambda seen: moved(wrong_signature(seen)))
    for pair in ((here, there), (there, here)):
        assert said(compare(*pair, card_set)) == {("PIN-CHANGED", Part.OPTIONS, Sureness.CERTAIN)}


def test_a_refused_pin_is_told_beside_a_run_without_a_login(
    good: Observation, card_set: CardSet
) -> None:
    here = with_card(good, NURSE, no_pin(PinRecord(PinResult.REFUSED, PinRefusal.NOT_ASKED)))
    there = with_card(good, NURSE, no_pin(PinRecord(PinResult.WRONG)))
    assert said(compare(here, there, card_set)) == {
        ("PIN-CHANGED", Part.OPTIONS, Sureness.CERTAIN),
        ("PIN-CHANGED", Part.PIN, Sureness.CERTAIN),
    }


def test_two_reasons_not_to_try_the_pin_are_not_the_same(
    good: Observation, card_set: CardSet
) -> None:
    sides = [
        with_card(good, NURSE, no_pin(PinRecord(PinResult.REFUSED, refusal)))
        for refusal in (PinRefusal.NOT_ASKED, PinRefusal.COUNT_LOW)
    ]
    assert compare(sides[0], sides[1], card_set).in_both == ()
    assert {f.check for f in compare(sides[1], sides[1], card_set).in_both} == {"PIN-ALLOWED"}


def test_two_services_that_do_not_answer_are_no_suspicion(
    good: Observation, card_set: CardSet
) -> None:
    sides = [
        replace(good, pcsc=Pcsc(status), cards=(), slots=())
        for status in (PcscStatus.NO_SERVICE, PcscStatus.ACCESS_REFUSED)
    ]
    told = compare(sides[0], sides[1], card_set)
    assert told.suspicions == ()
    assert (Topic.SERVICE, "status") in topics(told)


def test_cards_behind_a_module_that_does_not_load_were_not_left_out(
    good: Observation, card_set: CardSet
) -> None:
    assert good.module is not None
    broken = replace(good.module, info=None, fault=Fault(FaultKind.ERROR, "load", "not-loaded"))
    told = compare(replace(good, module=broken, cards=(), slots=()), good, card_set)
    assert {one.rule for one in told.suspicions} == {"MODULE-FAILS-ONCE"}


def test_cards_that_an_interrupted_run_did_not_reach(good: Observation, card_set: CardSet) -> None:
    short = replace(without_cards(good, NURSE), interrupted=True)
    one = only(compare(good, short, card_set))
    assert (one.rule, one.part) == ("CARD-SHOWN-ONCE", Part.OPTIONS)


def test_a_missing_reader(good: Observation, card_set: CardSet) -> None:
    """On one workstation; on two, readers have other names anyhow."""
    gone = card_of(good, NURSE).reader
    less = without_cards(good, NURSE)
    readers = tuple(r for r in less.pcsc.readers if r.name != gone)
    fewer = replace(less, pcsc=replace(less.pcsc, readers=readers))
    one = only(compare(real(good), real(fewer), card_set))
    assert (one.rule, one.part) == ("CARD-SHOWN-ONCE", Part.READER)
    other = as_of(real(fewer), "poste-2")
    assert only(compare(real(good), other, card_set)).part is Part.HANDLING


def test_a_card_in_the_place_of_another(
    good: Observation, card_set: CardSet, key: rsa.RSAPrivateKey
) -> None:
    new = card(key, replace(PEOPLE[NURSE], card_number="3100000099"), 5)
    told = compare(good, with_card(good, NURSE, lambda _: new), card_set)
    assert {one.subjects for one in told.suspicions} == {(NUMBER,), ("3100000099",)}
    assert {one.reason.text for one in told.suspicions} == {
        "Another card has its role on the other side: one was put in for the other."
    }


def test_two_cards_that_changed_readers_are_no_fault(good: Observation, card_set: CardSet) -> None:
    one, other = good.cards[0].reader, good.cards[1].reader
    swapped = replace(
        good,
        cards=(
            replace(good.cards[0], reader=other),
            replace(good.cards[1], reader=one),
            *good.cards[2:],
        ),
    )
    told = compare(good, swapped, card_set)
    assert told.suspicions == ()
    assert [one.key for one in told.differences] == ["reader", "reader"]


def test_where_a_card_is_missing_is_told_by_side(good: Observation, card_set: CardSet) -> None:
    """Before and after are on one workstation: its name alone would not tell them apart."""
    one = only(compare(without_cards(good, NURSE), good, card_set))
    assert one.evidence[0].params == {"side": "A", "host": "poste-1"}


def test_emulated_cards_beside_real_ones_point_nowhere(
    good: Observation, card_set: CardSet
) -> None:
    told = compare(good, real(without_cards(good, NURSE)), card_set)
    assert told.suspicions == ()


def test_emulated_cards_that_were_made_anew_are_no_cache(
    good: Observation, card_set: CardSet, key: rsa.RSAPrivateKey
) -> None:
    again = card(key, replace(PEOPLE[NURSE], surname="INFIRMIER0099999"), 5)
    told = compare(good, with_card(good, NURSE, lambda _: wrong_signature(again)), card_set)
    assert said(told) == {("CONTENTS-DIFFER", Part.CARD, Sureness.LIKELY)}


def test_a_reader_of_one_name_on_two_workstations_is_another_one(
    good: Observation, card_set: CardSet
) -> None:
    other = as_of(with_card(good, NURSE, wrong_signature), "poste-2")
    one = only(compare(good, other, card_set))
    assert (one.part, one.sureness) == (Part.READER, Sureness.POSSIBLE)


# --- servers ------------------------------------------------------------------------------------


def at_server(seen: Observation, shaken: Handshake) -> Observation:
    return with_card(seen, NURSE, lambda one: replace(one, handshakes=(shaken,)))


@pytest.mark.parametrize(
    ("cause", "rule", "part"),
    [
        (Cause.NAME_UNKNOWN, "SERVER-REACHED-ONCE", Part.NETWORK),
        (Cause.CONNECT_SILENT, "SERVER-REACHED-ONCE", Part.NETWORK),
        (Cause.SERVER_ISSUER_UNKNOWN, "SERVER-ANSWERS-DIFFER", Part.TRUST),
        (Cause.CLIENT_UNKNOWN_CA, "SERVER-ANSWERS-DIFFER", Part.SERVER),
        (Cause.HTTP_DENIED, "SERVER-ANSWERS-DIFFER", Part.SERVER),
    ],
)
def test_a_server_that_answers_otherwise(
    good: Observation, cause: Cause, rule: str, part: Part
) -> None:
    shaken = CASES[cause]
    assert isinstance(shaken, Handshake)
    for order in (1, -1):
        sides = [at_server(good, by_card(connection())), at_server(good, shaken)][::order]
        told = compare(sides[0], sides[1], None)
        assert (only(told).rule, only(told).part) == (rule, part)


def test_another_server_certificate_points_to_the_network(good: Observation) -> None:
    other = connection(chain=(server_chain()[1],))
    told = compare(at_server(good, by_card(connection())), at_server(good, by_card(other)), None)
    one = only(told)
    assert (one.rule, one.sureness) == ("OTHER-CERTIFICATE", Sureness.POSSIBLE)
    assert (Topic.SERVER, "certificate") in topics(told)


def test_the_same_answer_twice_is_no_difference(good: Observation) -> None:
    shaken = CASES[Cause.CLIENT_EXPIRED]
    assert isinstance(shaken, Handshake)
    told = compare(at_server(good, shaken), at_server(good, shaken), None)
    assert (told.differences, told.suspicions) == ((), ())
    assert {f.code for f in told.in_both} == {"client-expired"}
