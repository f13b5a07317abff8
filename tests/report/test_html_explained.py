"""What `explain` says stands in the pages, of each check and code that is not as it should be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from cpx_tool import i18n
from cpx_tool.catalogue import guidance
from cpx_tool.i18n import say
from cpx_tool.judge.tls import judge_handshake, tls_exit_code, tls_verdict
from cpx_tool.judge.tls_causes import Cause
from cpx_tool.model.fault import Fault, FaultKind
from cpx_tool.model.finding import Checklist, Finding, Outcome
from cpx_tool.model.guidance import Guidance, Kind
from cpx_tool.model.observation import Observation, PinRecord, PinRefusal, PinResult
from cpx_tool.report.html.explanations import Explanations, besides
from cpx_tool.report.result import Handshakes
from cpx_tool.report.results import of_handshakes
from support.build import FLAGS, PEOPLE, card, no_login, observation, with_card, without_cards
from support.handshakes import case
from support.pages import Reading, knocking, rendered

Judged = Callable[[Observation], Checklist]
DOCTOR = "medecin-generaliste"


@pytest.fixture
def wrong(good: Observation, key: rsa.RSAPrivateKey, judged: Judged) -> Checklist:
    locked = PinRecord(PinResult.REFUSED, PinRefusal.LOCKED, FLAGS)
    person = replace(PEOPLE[DOCTOR], profession=26)
    seen = with_card(good, DOCTOR, lambda found: knocking(card(key, person, found.slot.id)))
    return judged(with_card(seen, "infirmier", lambda found: no_login(found, locked)))


def told(text: Guidance, name: str) -> list[str]:
    """All that is said of an id, with single blanks."""
    parts = [text.meanings[name], text.why, *text.causes]
    return [" ".join(say(part).split()) for part in parts] + list(text.sources)


def ids_explained(page: str) -> list[str]:
    """The anchors of the explanations of a page."""
    return [name for name in Reading(page).values("id") if name.startswith("explain-")]


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_each_check_that_did_not_pass_is_explained_once(wrong: Checklist, language: str) -> None:
    i18n.use(language)
    try:
        page = rendered(wrong, say, language)
        text = Reading(page).text
        findings = [f for f in wrong.all_findings() if f.outcome is not Outcome.PASSED]
        checks = {finding.check for finding in findings}
        assert len(checks) > 5
        for check in checks:
            ((name, guide),) = guidance.find(check)
            missing = [part for part in told(guide, name) if part not in text]
            assert missing == [], check
        explained = ids_explained(page)
        assert len(explained) == len(set(explained))
        of_checks = {name for name in explained if name.startswith("explain-check-")}
        assert of_checks == {f"explain-check-{check.lower()}" for check in checks}
    finally:
        i18n.use("en")


def test_what_passed_is_not_explained(good: Observation, judged: Judged) -> None:
    checklist = judged(good)
    passed = {f.check for f in checklist.all_findings() if f.outcome is Outcome.PASSED}
    other = {f.check for f in checklist.all_findings() if f.outcome is not Outcome.PASSED}
    found = set(ids_explained(rendered(checklist, say)))
    assert not found & {f"explain-check-{check.lower()}" for check in passed - other}


def test_each_cause_of_a_failed_handshake_is_explained_and_linked() -> None:
    judged = [judge_handshake(one.handshake, one.pin) for one in map(case, Cause)]
    result = of_handshakes(
        Handshakes(observation(), judged, tls_verdict(judged)), tls_exit_code(judged)
    )
    page = result.html(say, "en")
    read = Reading(page)
    assert read.faults == []
    explained = set(ids_explained(page))
    codes = {f.code for one in judged for f in one.findings if f.code and _is_problem(f)}
    assert len(codes) > 50
    for code in codes:
        place = f"explain-tls-cause-{code}"
        assert place in explained
        assert f"#{place}" in read.values("href")


def _is_problem(finding: Finding) -> bool:
    return finding.outcome in (Outcome.FAILED, Outcome.ERROR)


def test_codes_of_module_and_pin_are_explained(good: Observation, judged: Judged) -> None:
    crash = Fault(FaultKind.CRASH, "C_FindObjects", "SIGSEGV")
    unread = {"token": None, "pin": None, "certificates": (), "faults": (crash,)}
    seen = with_card(good, DOCTOR, lambda one: replace(one, **unread))
    locked = PinRecord(PinResult.REFUSED, PinRefusal.LOCKED, FLAGS)
    page = rendered(judged(with_card(seen, "infirmier", lambda one: no_login(one, locked))), say)
    assert {"explain-module-fault-crash", "explain-pin-refusal-locked"} <= set(ids_explained(page))


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.CHECK])
def test_a_code_that_means_nothing_has_no_text(kind: Kind) -> None:
    explanations = Explanations(say)
    assert explanations.of(kind, ("", "<script>", "CERT-STARTED")) == ()
    assert explanations.place_of(kind, "<script>") == ""


def test_a_text_stands_once_and_its_place_is_known_after() -> None:
    explanations = Explanations(say)
    (first,) = explanations.of(Kind.TLS_CAUSE, ("connection-refused", "connection-refused"))
    assert explanations.of(Kind.TLS_CAUSE, ("connection-refused",)) == ()
    assert explanations.place_of(Kind.TLS_CAUSE, "connection-refused") == first.place


def test_one_code_of_two_families_has_two_texts() -> None:
    explanations = Explanations(say)
    (cause,) = explanations.of(Kind.TLS_CAUSE, ("not-asked",))
    (refusal,) = explanations.of(Kind.PIN_REFUSAL, ("not-asked",))
    assert cause.place != refusal.place
    assert cause.meaning != refusal.meaning


def test_links_are_addresses_of_the_catalogue_only() -> None:
    explanations = Explanations(say)
    found = [one for kind in Kind for one in explanations.of(kind, guidance.ids())]
    assert len(found) == len(list(guidance.ids()))
    sources = [source for one in found for source in one.sources]
    assert all(source.address in ("", source.text) for source in sources)
    assert any(source.address for source in sources)
    assert all(source.address.startswith("https://") for source in sources if source.address)


def test_no_card_at_all_explains_what_was_not_run(good: Observation, judged: Judged) -> None:
    checklist = judged(without_cards(good, *PEOPLE))
    told = besides(checklist.findings, None, Explanations(say))
    assert {one.id for one in told} >= {"SET-COMPLETE", "MODULE-SEES-CARDS"}
