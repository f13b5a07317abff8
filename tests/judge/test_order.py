"""How far the order is: ticks and findings beside each other, never one for the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from cpx_tool.catalogue.order import order_guide
from cpx_tool.catalogue.sets import find_set
from cpx_tool.errors import ExitCode
from cpx_tool.judge.judge import judge
from cpx_tool.judge.order import change, exit_code, follow
from cpx_tool.judge.order_verifiers import Evidence
from cpx_tool.model.observation import Observation
from cpx_tool.model.order import Progress, StepState, Way
from support.build import NOW, PEOPLE, card, centre_sante, observation, with_card

BOTH = tuple(Way)
ALL = [step.id for step in order_guide().steps]
THEN = datetime(2025, 11, 1, tzinfo=UTC)


@pytest.fixture(scope="session")
def real(key: rsa.RSAPrivateKey) -> Observation:
    return centre_sante(key)


@pytest.fixture(scope="session")
def expired(real: Observation, key: rsa.RSAPrivateKey) -> Observation:
    """One card of the six has."""
    old = replace(PEOPLE["infirmier"], not_after=NOW - timedelta(days=1))
    return with_card(real, "infirmier", lambda _: card(key, old, 5))


def evidence(seen: Observation) -> Evidence:
    return Evidence(judge(seen, find_set("centre-sante")))


def ticked(*names: str) -> Mapping[str, datetime]:
    return dict.fromkeys(names, THEN)


def state(progress: Progress, name: str) -> StepState:
    return next(state for state in progress.states if state.step.id == name)


def next_of(progress: Progress) -> str | None:
    return progress.next.step.id if progress.next else None


def test_at_the_beginning() -> None:
    progress = follow(order_guide(), BOTH, {})
    assert [s.step.id for s in progress.states] == ALL
    assert (progress.ticked, next_of(progress)) == (0, "WHY-WAY")
    assert not any(s.done or s.verification for s in progress.states)


def test_at_the_end() -> None:
    progress = follow(order_guide(), BOTH, ticked(*ALL))
    assert (progress.ticked, progress.next) == (len(ALL), None)


@pytest.mark.parametrize("way", Way)
def test_one_way_leaves_out_the_steps_of_the_other(way: Way) -> None:
    progress = follow(order_guide(), (way,), {})
    assert progress.ways == (way,)
    assert [s.step.id for s in progress.states] == [
        step.id for step in order_guide().steps if way in step.ways
    ]
    assert 0 < len(progress.states) < len(ALL)


def test_a_step_does_not_wait_for_what_the_way_does_not_need() -> None:
    before = ("WHY-WAY", "ORDER-SET", "ORDER-PAGE", "FORM-1", "FORM-2", "FORM-3-1", "FORM-3-2")
    by_card = follow(order_guide(), (Way.INSI_CARD,), ticked(*before))
    assert state(by_card, "ORDER-SEND").waits_for == ()
    assert next_of(by_card) == "ORDER-SEND"
    both = follow(order_guide(), BOTH, ticked(*before))
    assert state(both, "ORDER-SEND").waits_for == ("FORM-4-1", "FORM-4-2", "FORM-4-3")
    assert next_of(both) == "FORM-4-1"


def test_what_comes_next_is_the_first_that_is_not_done() -> None:
    progress = follow(order_guide(), BOTH, ticked("WHY-WAY", "ORDER-PAGE", "FORM-1"))
    assert next_of(progress) == "ORDER-SET"
    assert state(progress, "FORM-3-2").waits_for == ("ORDER-SET",)


def test_ticks_of_unknown_steps_count_for_nothing() -> None:
    assert follow(order_guide(), BOTH, ticked("OLD-STEP")).ticked == 0


def test_verified_is_not_ticked(real: Observation) -> None:
    progress = follow(order_guide(), BOTH, {}, evidence(real))
    cards = state(progress, "WAIT-CARDS")
    assert cards.verified
    assert cards.done
    assert cards.ticked_at is None
    assert progress.ticked == 0
    assert "WAIT-CARDS" not in state(progress, "CHECK-VALIDITY").waits_for
    assert state(progress, "FORM-1").verification is None
    assert exit_code(progress, evidence(real)) is ExitCode.PASSED


def test_a_tick_does_not_outweigh_what_the_cards_say(expired: Observation) -> None:
    progress = follow(order_guide(), BOTH, ticked(*ALL), evidence(expired))
    validity = state(progress, "CHECK-VALIDITY")
    assert validity.contradicted
    assert validity.ticked_at == THEN
    assert not validity.done
    assert next_of(progress) == "CHECK-VALIDITY"
    assert progress.ticked == len(ALL)
    assert exit_code(progress, evidence(expired)) is ExitCode.FAILED


def test_what_cannot_be_verified_leaves_a_tick_as_it_is(real: Observation) -> None:
    progress = follow(order_guide(), BOTH, ticked("WITHDRAW-AUTO"), evidence(real))
    assert state(progress, "WITHDRAW-AUTO").done
    assert not state(progress, "WITHDRAW-MANU").done


def test_a_contradiction_of_the_other_way_does_not_count(key: rsa.RSAPrivateKey) -> None:
    """Who names no person administers, and calls no INSi."""
    other = replace(PEOPLE["medecin-generaliste"], given_name=None, surname=None)
    seen = evidence(observation(card(key, other)))
    insi = follow(order_guide(), (Way.INSI_CARD,), {}, seen)
    assert state(insi, "CHECK-INSI-CARD").contradicted
    org = follow(order_guide(), (Way.INSI_ORG,), {}, seen)
    assert "CHECK-INSI-CARD" not in {s.step.id for s in org.states}
    assert state(org, "ORG-CARD").verified


def test_the_exit_code_without_evidence() -> None:
    assert exit_code(follow(order_guide(), BOTH, {}), None) is ExitCode.PASSED


def test_the_exit_code_without_a_card() -> None:
    nothing = evidence(observation())
    progress = follow(order_guide(), BOTH, ticked(*ALL), nothing)
    assert exit_code(progress, nothing) is ExitCode.NOTHING_CHECKED


def test_changing_ticks() -> None:
    before = ticked("A", "B")
    assert change(before, (), (), NOW) == before
    assert change(before, ("C",), ("B",), NOW) == {"A": THEN, "C": NOW}
    assert before == ticked("A", "B")


def test_a_step_ticked_again_keeps_its_date() -> None:
    assert change(ticked("A"), ("A",), (), NOW) == ticked("A")


def test_unticking_what_is_not_ticked_changes_nothing() -> None:
    assert change(ticked("A"), (), ("B",), NOW) == ticked("A")
