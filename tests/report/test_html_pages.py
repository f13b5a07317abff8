"""The pages of sign-test, doctor, check-p12, blame and compare."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cpx_tool.catalogue.guidance import GUIDANCE
from cpx_tool.i18n import say
from cpx_tool.model.message import Message
from cpx_tool.model.observation import Observation
from cpx_tool.report.html.labels import LABELS
from cpx_tool.report.result import Answer
from support.other_pages import answers
from support.pages import Reading

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>\u202egnp.exe\x1b[31m'
SOURCES = {source for guidance in GUIDANCE for source in guidance.sources}
SCENES = (
    "sign-test",
    "sign-test without a card",
    "doctor",
    "doctor well",
    "check-p12",
    "blame",
    "blame of nothing",
    "compare",
    "compare the same",
)
TOLD = {"findings", "suspicions", "unexplained", "in_both", "fixes"}
SAID = {"title", "message", "hint", "reason", "evidence", "comment", "commands"}


@pytest.fixture(scope="module")
def told(good: Observation) -> dict[str, Answer]:
    return answers(good)


def sentences(body: Any, *, within: bool = False) -> Iterator[str]:
    """What the JSON says in words of findings, suspicions and fixes, wherever they stand."""
    if isinstance(body, list):
        for one in body:
            yield from sentences(one, within=within)
    if isinstance(body, dict):
        for key, value in body.items():
            if within and key in SAID:
                yield from value if isinstance(value, list) else [value or ""]
            else:
                yield from sentences(value, within=within or key in TOLD)


def test_every_scene_is_looked_at(told: dict[str, Answer]) -> None:
    assert set(told) == set(SCENES)


@pytest.mark.parametrize("scene", SCENES)
def test_a_page_is_whole_and_says_what_the_json_says(told: dict[str, Answer], scene: str) -> None:
    answer = told[scene]
    page, body = answer.html(say, "en"), answer.json(say)
    read = Reading(page)
    assert read.faults == []
    ids = read.values("id")
    assert len(ids) == len(set(ids))
    places = {place[1:] for place in read.values("href") if place.startswith("#")}
    assert places <= set(ids)
    assert {place for place in read.values("href") if place[0] != "#"} <= SOURCES
    assert {name for each in read.values("aria-labelledby") for name in each.split()} <= set(ids)
    assert f'<code id="digest">{hashlib.sha256(body.encode()).hexdigest()}</code>' in page
    assert not re.search(r">\s*None\s*<", page)
    wanted = {" ".join(each.split()) for each in sentences(json.loads(body))}
    assert [each for each in sorted(wanted) if each not in read.text] == []
    assert page == answer.html(say, "en")


@pytest.mark.parametrize("scene", SCENES)
def test_the_head_says_the_verdict(told: dict[str, Answer], scene: str) -> None:
    text = Reading(told[scene].html(say, "en")).text
    head = text[: text.index("About this page")].split("Run ")[1]
    words = {"compare": "difference", "compare the same": "Nothing differs."}
    verdict = json.loads(told[scene].json(say)).get("verdict", "")
    assert (words.get(scene) or verdict.upper()) in head[:200]


@pytest.mark.parametrize("scene", SCENES)
def test_hostile_names_are_text(good: Observation, scene: str) -> None:
    page = answers(good, host=HOSTILE, name=HOSTILE + "x" * 10_000)[scene].html(say, "en")
    read = Reading(page)
    assert read.faults == []
    assert len(read.all("script")) == 1
    assert read.all("img") == []
    assert not {"\u202e", "\x1b"} & set(page)
    assert max(map(len, re.findall("x+", page))) <= 1000


@pytest.mark.parametrize("scene", SCENES)
def test_a_page_is_in_the_language_chosen(
    told: dict[str, Answer], shout: Callable[[Message], str], scene: str
) -> None:
    """`shout` speaks in upper case: what stands in lower case did not go through it."""
    text = Reading(told[scene].html(shout, "xx")).text
    labels = [say(message) for message in LABELS.values()]
    assert [label for label in labels if len(label) > 12 and f" {label} " in text] == []


def test_signatures_stand_by_mechanism_and_key(told: dict[str, Answer]) -> None:
    text = Reading(told["sign-test"].html(say, "en")).text
    assert "CKM_SHA256_RSA_PKCS_PSS" in text
    assert "needed by applications" in text
    assert "CKR_KEY_TYPE_INCONSISTENT" in text
    assert "not tried" in text[text.index("PIN tries", text.index("Signatures")) :]


def test_the_code_of_a_refused_signature_leads_to_its_explanation(told: dict[str, Answer]) -> None:
    read = Reading(told["sign-test"].html(say, "en"))
    place = "explain-module-fault-ckr-key-type-inconsistent"
    assert f"#{place}" in read.values("href")
    assert place in read.values("id")


def test_what_a_suspicion_explains_leads_to_where_it_is_told(told: dict[str, Answer]) -> None:
    page = told["blame"].html(say, "en")
    suspected = json.loads(told["blame"].json(say))["suspicions"]
    for check in {each["check"] for one in suspected for each in one["checks"]}:
        assert f'<a href="#problem-{check.lower()}"><code>{check}</code></a>' in page


def test_no_card_says_why(told: dict[str, Answer]) -> None:
    assert "No card could be checked" in told["sign-test without a card"].html(say, "en")


def test_commands_stand_there_when_they_were_asked_for(told: dict[str, Answer]) -> None:
    assert "none was run" in told["doctor"].html(say, "en")
    assert "none was run" not in told["doctor well"].html(say, "en")


def test_files_show_how_long_they_last(told: dict[str, Answer]) -> None:
    read = Reading(told["check-p12"].html(say, "en"))
    assert "2024-01-01 →– 2027-01-01" in read.text
    assert "Its certificates show no dates." in read.text
    assert {"file-1", "file-2", "file-1-checks"} <= set(read.values("id"))


def test_what_is_suspected_is_named_with_how_sure_that_is(told: dict[str, Answer]) -> None:
    suspected = json.loads(told["blame"].json(say))["suspicions"]
    text = Reading(told["blame"].html(say, "en")).text
    for one in suspected:
        assert one["sureness"] in text
        assert all(subject in text for subject in one["subjects"])
    assert "Nothing is at fault." in told["blame of nothing"].html(say, "en")


def test_what_differs_stands_side_by_side(told: dict[str, Answer]) -> None:
    body = json.loads(told["compare"].json(say))
    read = Reading(told["compare"].html(say, "en"))
    assert read.text.count("A poste-1") == 1
    assert len(body["differences"]) > 5
    plain = [one for one in body["differences"] if one["key"] in ("system", "faults", "present")]
    assert len(plain) > 2
    for one in plain:
        assert f"{one['left'] or '—'} {one['right'] or '—'}" in read.text
    marked = [one for one in body["differences"] if one["topic"] == "finding"]
    assert len(marked) > 3
    words = {"passed": "✓Passed", "failed": "✗Failed", "skipped": "–Not run", None: "—"}
    for one in marked:
        told = f"{one['key']} {words[one['left']]} {words[one['right']]}"
        assert told in read.text
    assert "empty" in read.text
