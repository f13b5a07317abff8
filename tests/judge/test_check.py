"""How a check is declared, asked, and kept from taking the run down with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cpx_tool.i18n import say
from cpx_tool.judge.check import Answer, Check, Scope, check, failed, passed
from cpx_tool.judge.checks import BY_ID, CHECKS
from cpx_tool.judge.facts import CARD_FACTS, RUN_FACTS, Missing, card_facts, run_facts
from cpx_tool.judge.matching import Match, Placement
from cpx_tool.judge.signing_facts import SIGNING_FACTS, signing_facts
from cpx_tool.model.cardset import CardSet
from cpx_tool.model.finding import Outcome, Place, Severity
from cpx_tool.model.identity import Identity
from cpx_tool.model.message import msg
from cpx_tool.model.middleware import Middleware, System
from cpx_tool.model.observation import Observation
from cpx_tool.model.reader import Pcsc
from support.build import read_card


def declare(function: Callable[..., Answer | None], scope: Scope = Scope.CARD) -> Check:
    return check("TEST-ID", msg("Title"), msg("Remedy."), scope=scope)(function)


def unknown_need(identity: Identity, holder: str) -> Answer:
    raise AssertionError


def wrong_type(identity: str) -> Answer:
    raise AssertionError


def no_type(identity) -> Answer:  # type: ignore[no-untyped-def]
    raise AssertionError


def no_need() -> Answer:
    raise AssertionError


def of_the_run(pcsc: Pcsc) -> Answer:
    raise AssertionError


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (unknown_need, "TEST-ID needs 'holder', which is no fact"),
        (wrong_type, "TEST-ID takes 'identity' as"),
        (no_type, "TEST-ID takes 'identity' as None"),
        (no_need, "TEST-ID needs nothing"),
        (of_the_run, "TEST-ID needs 'pcsc', which is no fact"),
    ],
)
def test_a_wrong_declaration_is_an_error_at_once(
    function: Callable[..., Answer], words: str
) -> None:
    with pytest.raises(TypeError, match=words):
        declare(function)


def test_a_need_of_the_run_is_one_in_its_scope() -> None:
    assert declare(of_the_run, Scope.RUN).needs == ("pcsc",)


def test_each_scope_has_facts_of_its_own() -> None:
    def of_a_file(common_name: str | None) -> Answer:
        raise AssertionError

    assert declare(of_a_file, Scope.FILE).needs == ("common_name",)
    for scope in set(Scope) - {Scope.FILE}:
        with pytest.raises(TypeError, match="which is no fact"):
            declare(of_a_file, scope)


def told(identity: Identity) -> Answer | None:
    return {"pass": passed(msg("Good.")), "fail": failed(msg("Bad."))}.get(str(identity))


def test_the_answer_becomes_a_finding_with_the_checks_own_remedy() -> None:
    found = declare(told).run({"identity": "fail"}, "card 1")
    assert found is not None
    assert (found.check, found.subject, found.outcome) == ("TEST-ID", "card 1", Outcome.FAILED)
    assert (found.title, found.message) == (msg("Title"), msg("Bad."))
    assert found.hint == msg("Remedy.")


def test_a_pass_has_no_remedy() -> None:
    found = declare(told).run({"identity": "pass"}, "card 1")
    assert found is not None
    assert (found.outcome, found.hint) == (Outcome.PASSED, None)


def test_an_answer_may_bring_a_better_remedy() -> None:
    def better(identity: Identity) -> Answer:
        return failed(msg("Bad."), msg("Better."))

    found = declare(better).run({"identity": 0}, "card 1")
    assert found is not None
    assert found.hint == msg("Better.")


def test_no_question_no_finding() -> None:
    assert declare(told).run({"identity": "other"}, "card 1") is None


def test_a_check_that_crashes_is_an_error_that_reveals_nothing() -> None:
    def crashes(identity: Identity) -> Answer:
        raise RuntimeError("what stood in the certificate")

    found = declare(crashes).run({"identity": 0}, "card 1")
    assert found is not None
    assert (found.outcome, found.severity) == (Outcome.ERROR, Severity.BLOCKER)
    assert say(found.message) == "This check itself failed (RuntimeError)."
    assert found.hint is not None
    assert "report it" in say(found.hint)


@pytest.mark.parametrize("outcome", [Outcome.SKIPPED, Outcome.ERROR])
@pytest.mark.parametrize("blocked", [True, False])
def test_a_missing_need_answers_for_the_check(outcome: Outcome, blocked: bool) -> None:
    def crashes(identity: Identity) -> Answer:
        raise AssertionError("asked without its need")

    found = declare(crashes).run({"identity": Missing(outcome, msg("No."), blocked)}, "card 1")
    assert found is not None
    assert (found.outcome, found.blocked_by_pin, found.hint) == (outcome, blocked, None)
    assert found.message == msg("No.")


def test_every_fact_that_a_check_may_need_is_there(good: Observation, card_set: CardSet) -> None:
    read = read_card(good.cards[0])
    period: Any = None
    of_card = card_facts(read, Placement(Place.FOREIGN), good.observed_at, period)
    assert set(of_card) == set(CARD_FACTS)
    looked = replace(good, middleware=Middleware(System.LINUX, "64-bit x86_64"))
    assert set(run_facts(looked, card_set, Match((), ()))) == set(RUN_FACTS)
    assert set(run_facts(good, card_set, Match((), ()))) == set(RUN_FACTS) - {"middleware"}


def test_every_fact_about_signatures_is_there(good: Observation) -> None:
    assert set(SIGNING_FACTS) <= set(signing_facts(read_card(good.cards[0]), good.observed_at))


def test_ids_are_stable_words() -> None:
    assert set(BY_ID) == {
        "PCSC-SERVICE",
        "PCSC-READERS",
        "MODULE-LOADED",
        "MODULE-CALLS",
        "MODULE-SEES-CARDS",
        "PCSC-SEES-CARDS",
        "MODULE-VERSION",
        "MODULE-QUIRKS",
        "MODULE-FILES",
        "MODULE-COMPETING",
        "MODULE-TRACES",
        "MODULE-CACHE",
        "SET-COMPLETE",
        "CARD-READ",
        "CARD-FRESH",
        "CARD-SESSIONS",
        "CARD-UNIQUE",
        "CARD-NOT-EXTRA",
        "CARD-IN-SET",
        "CARD-CPX",
        "CARD-NUMBER",
        "CARD-ROLE",
        "CERT-PRESENT",
        "CERT-READABLE",
        "CERT-AGREE",
        "CERT-USAGE-AUTH",
        "CERT-USAGE-SIGN",
        "CERT-STARTED",
        "CERT-NOT-EXPIRED",
        "CERT-EXPIRY",
        "CERT-ISSUER",
        "CERT-CHAIN",
        "CERT-ANCHOR",
        "CERT-CRL",
        "CERT-REVOKED",
        "CARD-TEST",
        "CARD-TYPE",
        "CARD-PROFESSION",
        "CARD-NOMINATIVE",
        "CARD-SPECIALITY",
        "CARD-TITLE-EXPECTED",
        "CARD-TITLE",
        "CARD-IDENTIFIER",
        "CARD-LABEL",
        "CARD-DATA-AGREE",
        "PIN-ALLOWED",
        "PIN-ACCEPTED",
        "KEY-PRESENT",
        "KEY-MATCHES",
        "SIGN-AUTH",
        "SIGN-SIGN",
        "SIGN-PSS",
        "SIGN-NEEDED",
        "SIGN-VERIFIES",
        "SIGN-COMPLETE",
        "SIGN-REFUSED",
        "CARD-DATA",
        "TLS-RESOLVE",
        "TLS-CONNECT",
        "TLS-PROXY",
        "TLS-HELLO",
        "TLS-PROTOCOL",
        "TLS-CHAIN",
        "TLS-NAME",
        "TLS-STRICT",
        "TLS-INSECURE",
        "TLS-REQUEST",
        "TLS-ISSUERS",
        "TLS-SCHEMES",
        "TLS-SIGNATURE",
        "TLS-ACCEPTED",
        "TLS-HTTP",
        "TLS-PROVEN",
        "P12-OPENS",
        "P12-PROTECTED",
        "P12-CONTENTS",
        "P12-READABLE",
        "P12-KEY",
        "P12-ORGANISATION",
        "P12-TEST",
        "P12-NAME",
        "P12-STRUCTURE",
        "P12-STRUCTURE-KEY",
        "P12-USAGE",
        "P12-FILE-NAME",
        "P12-STARTED",
        "P12-NOT-EXPIRED",
        "P12-EXPIRY",
        "P12-ISSUER",
        "P12-CHAIN",
        "P12-ANCHOR",
        "P12-CRL",
        "P12-REVOKED",
        "P12-DISTINCT",
        "P12-PAIR",
        "P12-PAIR-STRUCTURE",
        "P12-PAIR-KEY",
        "SYSTEM-SUPPORTED",
        "SESSION-KIND",
        "PCSC-START",
        "PCSC-ACCESS",
        "PCSC-OTHERS",
        "READER-LISTED",
        "READER-DRIVER",
        "READER-DEVICE",
        "KERNEL-DRIVER",
        "CLOCK-RIGHT",
        "CLOCK-SYNCHRONISED",
        "CLOCK-ZONE",
        "TRUST-STORE",
        "PYTHON-PACKAGES",
        "PYTHON-COMPILED",
        "STATE-WRITABLE",
        "PIN-LEDGER",
        "MERGE-FILES",
        "MERGE-REPEATS",
        "MERGE-ONE-PLACE",
        "MERGE-ROLES",
        "MERGE-EMULATED",
        "MERGE-CLOCK",
    }


@pytest.mark.parametrize("declared", CHECKS, ids=lambda declared: declared.id)
def test_a_check_says_what_it_expects_and_what_to_do(declared: Check) -> None:
    assert declared.function.__doc__
    assert not say(declared.title).endswith(".")
    assert say(declared.hint).endswith(".")
