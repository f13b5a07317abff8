"""Blame and comparison as texts: every word is there, they fit the paper, codes stay."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from rich.cells import cell_len

from cpx_tool.catalogue.sets import find_set
from cpx_tool.errors import ExitCode
from cpx_tool.i18n import say
from cpx_tool.judge.blame import blame
from cpx_tool.judge.compare import compare
from cpx_tool.model.blame import Blame, Comparison, Difference, Part, Sureness, Topic
from cpx_tool.model.finding import CardResult, Outcome, Verdict
from cpx_tool.model.message import Message
from cpx_tool.model.observation import (
    CardObservation,
    Observation,
    PinRecord,
    PinRefusal,
    PinResult,
)
from cpx_tool.report import blame as report
from cpx_tool.report import compare as compare_report
from cpx_tool.report.canvas import Paper
from cpx_tool.report.results import of_comparison
from support.build import no_login, with_card
from support.pages import Reading

Say = Callable[[Message], str]
NURSE = "infirmier"


def wrong(seen: CardObservation) -> CardObservation:
    tried = tuple(replace(one, signature=bytes(256)) for one in seen.signatures)
    return replace(seen, signatures=tried)


@pytest.fixture
def blamed(good: Observation) -> Blame:
    return blame(with_card(good, NURSE, wrong), find_set("centre-sante"))


@pytest.fixture
def compared(good: Observation) -> Comparison:
    assert good.module is not None
    assert good.module.info is not None
    info = replace(good.module.info, version="3.4")
    other = replace(with_card(good, NURSE, wrong), module=replace(good.module, info=info))
    place = replace(good.workstation, host="poste-2")
    return compare(good, replace(other, workstation=place), find_set("centre-sante"))


def test_every_part_and_sureness_and_topic_has_its_word() -> None:
    assert set(report.PARTS) == set(Part)
    assert set(report.SURENESS) == set(Sureness)
    assert set(compare_report.TOPICS) == set(Topic)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_both_fit_the_paper(blamed: Blame, compared: Comparison, width: int, wordy: Say) -> None:
    for text in (
        report.render(blamed, wordy, Paper(width)),
        compare_report.render(compared, wordy, Paper(width)),
    ):
        assert [line for line in text.splitlines() if cell_len(line) > width] == []


def test_blame_names_part_sureness_card_reason_and_evidence(blamed: Blame) -> None:
    text = " ".join(report.render(blamed, say, Paper(120)).split())
    assert "At fault: the card — likely — 3100000016" in text
    assert "Other cards pass the same check" in text
    assert "SIGN-AUTH passed on: 3100000011" in text
    assert "Explains: SIGN-AUTH, SIGN-SIGN" in text


def test_nothing_at_fault_is_said(good: Observation) -> None:
    told = blame(good, find_set("centre-sante"))
    assert "Nothing is at fault." in report.render(told, say, Paper())


def test_what_points_nowhere_is_said_with_what_to_try(good: Observation) -> None:
    alone = with_card(good, NURSE, wrong)
    alone = replace(alone, cards=(alone.cards[-1],), pcsc=replace(alone.pcsc, readers=()))
    text = report.render(blame(alone, None), say, Paper())
    assert "Not known: nothing points anywhere for these." in text
    assert "SIGN-AUTH: 3100000016: " in text
    assert "cpx-tool compare" in text


def test_compare_shows_both_sides(compared: Comparison) -> None:
    text = compare_report.render(compared, say, Paper(120))
    for line in (
        "  - host: poste-1 | poste-2",
        "  - version: 3.1 | 3.4",
        "  - 3100000016, SIGN-AUTH: passed | failed",
    ):
        assert line in text.splitlines()
    assert "At fault: the middleware — likely — 3100000016" in text


def difference(topic: Topic, key: str, left: str | None, right: str | None) -> str:
    one = Difference(topic, key, "", left, right)
    sides = (say(compare_report.shown(one, value)) for value in (left, right))
    return f"{say(compare_report.what(one))}: {' | '.join(sides)}"


@pytest.mark.parametrize(
    ("topic", "key", "left", "right", "words"),
    [
        (Topic.CARD, "present", "yes", None, "present: yes | —"),
        (Topic.VALUE, "certificate C_AUT", "0a", "0b", "certificate (SHA-256) C_AUT: 0a | 0b"),
        (Topic.VALUE, "data CPS_ID", "0a", None, "data object (SHA-256) CPS_ID: 0a | —"),
        (Topic.VALUE, "label", "yes", "no", "label: yes | no"),
        (Topic.RUN, "verdict", "passed", "incomplete", "verdict: PASSED | INCOMPLETE"),
        (Topic.FINDING, "SIGN-PSS", "error (CKR_X)", "skipped", "not determined (CKR_X) | not run"),
    ],
)
def test_keys_and_values_are_words_and_names_stay(
    topic: Topic, key: str, left: str, right: str | None, words: str
) -> None:
    expected = words if topic is not Topic.FINDING else f"{key}: {words}"
    assert difference(topic, key, left, right) == expected


def test_every_outcome_verdict_and_result_of_a_difference_has_its_word() -> None:
    for outcome in Outcome:
        difference(Topic.FINDING, "SIGN-AUTH", outcome.value, None)
    assert set(compare_report.VALUES["verdict"]) == set(Verdict)
    assert set(compare_report.VALUES["result"]) == set(CardResult)


def page(told: Comparison) -> str:
    return Reading(of_comparison(told, ExitCode.PASSED).html(say, "en")).text


def test_page_and_text_say_the_same_where_no_part_is_suspected(good: Observation) -> None:
    other = replace(good, workstation=replace(good.workstation, system="Another system"))
    told = compare(good, other, None)
    sentence = "Nothing is at fault: both passed, and these differences are no faults."
    assert sentence in compare_report.render(told, say, Paper())
    assert sentence in page(told)


def test_page_and_text_say_what_one_should_know_before(good: Observation) -> None:
    earlier = replace(good, run_id="b", observed_at=good.observed_at - timedelta(days=1))
    for other, words in ((good, "are the same run"), (earlier, "B was observed before A")):
        told = compare(good, other, None)
        assert words in compare_report.render(told, say, Paper())
        assert words in page(told)


def test_what_is_alike_of_several_cards_is_one_line(good: Observation) -> None:
    """Values that are one of a few are words, as the rest; JSON keeps the codes."""
    refused = PinRecord(PinResult.REFUSED, PinRefusal.NOT_ASKED)
    quiet = replace(good, cards=tuple(no_login(seen, refused) for seen in good.cards))
    told = compare(good, quiet, find_set("centre-sante"))
    text = compare_report.render(told, say, Paper(120))
    assert len([line for line in text.splitlines() if "SIGN-AUTH: passed | not run (" in line]) == 1
    assert "PIN: accepted | not tried (" in text
    assert "refused" not in text
    assert {"passed", "skipped"} <= {one.right for one in told.differences} | {
        one.left for one in told.differences
    }


def test_nothing_differs_is_said(good: Observation) -> None:
    text = compare_report.render(compare(good, good, None), say, Paper())
    assert "Nothing differs." in text


def test_json_has_the_same_codes_in_any_language(
    blamed: Blame, compared: Comparison, shout: Say
) -> None:
    for render in (
        lambda spoken: report.render_json(blamed, ExitCode.FAILED, spoken),
        lambda spoken: compare_report.render_json(compared, ExitCode.PASSED, spoken),
    ):
        ours, theirs = json.loads(render(say)), json.loads(render(shout))
        codes = [(s["part"], s["sureness"], s["rule"]) for s in ours["suspicions"]]
        assert codes == [(s["part"], s["sureness"], s["rule"]) for s in theirs["suspicions"]]
        assert codes
    assert ours["same"] is False
    assert {
        "topic": "module",
        "key": "version",
        "subject": None,
        "left": "3.1",
        "right": "3.4",
    } in (ours["differences"])
