"""What enrol-set shows: in any language and width, without what must not be shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from rich.cells import cell_len

from cpx_tool.catalogue.sets import find_set
from cpx_tool.i18n import say
from cpx_tool.judge import dialogue
from cpx_tool.judge.describing import own_set
from cpx_tool.judge.dialogue import Talk
from cpx_tool.model.cardset import CardSet
from cpx_tool.model.drawer import InsertCard
from cpx_tool.model.enrolment import Answer, Ask, Confirm, Decided, Question
from cpx_tool.model.message import Message
from cpx_tool.model.observation import Observation
from cpx_tool.report import enrol_prompts, enrolment
from cpx_tool.report.canvas import Paper
from support.build import PEOPLE, card, observation

Say = Callable[[Message], str]
WIDTHS = [60, 80, 120]
STAFF = ["cde-directeur", "cpe-employe", "cpe-employe-delegue"]
DIRECTOR = PEOPLE["cde-directeur"].card_number


@pytest.fixture(scope="session")
def mixed(key: rsa.RSAPrivateKey) -> Observation:
    """Good cards, a foreign one, a real one, an unproven one; one is missing."""

    def shown(role: str, slot: int, **changes: Any) -> Any:
        return card(key, replace(PEOPLE[role], **changes), slot)

    return observation(
        *(shown(role, slot) for slot, role in enumerate(PEOPLE) if role != "infirmier"),
        shown(
            "medecin-generaliste", 7, card_number="3100000071", profession=21, title="Pharmacien"
        ),
        shown("infirmier", 8, card_number="3100000072", category=0x00, given_name="JEANNE"),
        shown("infirmier", 9, card_number="3100000073", category=0x81),
    )


@pytest.fixture
def talk(mixed: Observation) -> Talk:
    return dialogue.put(Talk(find_set("centre-sante"), walks=False), mixed)


def one_line(text: str) -> str:
    return " ".join(text.split())


def too_wide(text: str, width: int) -> list[str]:
    return [line for line in text.splitlines() if cell_len(line) > width]


def every_text(talk: Talk, seen: Observation, say: Say, paper: Paper) -> dict[str, str]:
    """All that can be shown of a conversation, but for the line to be copied into a shell."""
    shown = {
        "result": enrolment.render(talk.enrolment, True, say, paper),
        "news": enrol_prompts.render_news(
            dialogue.news(Talk(talk.card_set), talk, seen), say, paper
        ),
        "again": enrol_prompts.render_news(dialogue.news(talk, talk, seen), say, paper),
        "confirm": enrol_prompts.render_confirm(Confirm(talk.enrolment, False), True, say, paper),
        "insert": enrol_prompts.render_insert(InsertCard(2, 6, talk.enrolment.awaited), say, paper),
        "own insert": enrol_prompts.render_insert(InsertCard(2, 0, ()), say, paper),
    }
    for found in (talk.enrolment, described(seen)):
        for asked in found.questions:
            text = enrol_prompts.render_question(asked, True, say, paper)
            shown[f"{asked.ask} {asked.card.key}"] = text
    for stopped in (False, True):
        decided = Decided(talk.enrolment, False, True, stopped)
        shown[f"ending {stopped}"] = enrolment.ending(decided, "m.toml", None, say, paper)
    return shown


def described(seen: Observation) -> Any:
    """A set of one's own, one card at each kind of question."""
    doctor, dentist = (
        PEOPLE[r].card_number for r in ("medecin-generaliste", "chirurgien-dentiste")
    )
    answers = (Answer(doctor, Ask.NAME, "a"), Answer(dentist, Ask.NAME, None))
    return dialogue.put(Talk(own_set("mine"), answers), seen).enrolment


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_terminal(
    talk: Talk, mixed: Observation, wordy: Say, width: int
) -> None:
    for name, text in every_text(talk, mixed, wordy, Paper(width)).items():
        assert too_wide(text, width) == [], name


def test_every_kind_of_question_is_shown(talk: Talk, mixed: Observation) -> None:
    texts = every_text(talk, mixed, say, Paper())
    assert {name.split()[0] for name in texts} >= {ask.value for ask in Ask}
    for name, text in texts.items():
        if name.split()[0] in [ask.value for ask in Ask] or name.endswith(("insert", "confirm")):
            assert one_line(text).endswith("q = stop and write nothing >"), name
            assert text.endswith("\n> "), name


def test_a_real_card_is_loud_and_its_holder_unnamed(talk: Talk, mixed: Observation) -> None:
    texts = every_text(talk, mixed, say, Paper())
    for name in ("result", "news", "again", "confirm"):
        assert "A REAL CARD, not enrolled: 3100000072 (Reader 08)." in one_line(texts[name])
        assert "at once" in texts[name]
    body = enrolment.render_json(Decided(talk.enrolment, False, False), "m.toml", 1, say)
    assert "JEANNE" not in "".join(texts.values()) + body
    assert "3100000072" in body


def test_a_card_is_shown_as_it_can_be_compared(talk: Talk, mixed: Observation) -> None:
    text = one_line(every_text(talk, mixed, say, Paper())[f"role {DIRECTOR}"])
    assert text.startswith(f"Card {DIRECTOR} Holder: ANNE DIRECTRICE127180001")
    for words in ("(CN): 30B0127189/CPET0001", "Title: Personnel santé", "CDE/CPE", "Reader 00"):
        assert words in text
    assert "1 CDE test directeur" in text


def test_a_card_spoken_of_just_before_is_not_introduced_again(talk: Talk) -> None:
    asked = dialogue.prompt(talk)
    assert isinstance(asked, Question)
    assert "Holder" not in enrol_prompts.render_question(asked, False, say, Paper())


def test_a_number_that_would_be_replaced_is_shown(mixed: Observation) -> None:
    card_set = find_set("centre-sante")
    cards = tuple(
        replace(card, card_number="3100000077") if card.role == STAFF[0] else card
        for card in card_set.cards
    )
    talk = dialogue.put(Talk(replace(card_set, cards=cards), walks=False), mixed)
    asked = dialogue.prompt(talk)
    assert isinstance(asked, Question)
    text = enrol_prompts.render_question(asked, True, say, Paper())
    assert "1 CDE test directeur non professionnel de santé (so far card 3100000077)" in (
        one_line(text)
    )


@pytest.mark.parametrize(
    ("file", "command"),
    [
        ("my-set.toml", "--set ./my-set.toml"),
        ("centre-sante", "--set ./centre-sante"),
        ("sets/my set.toml", "--set 'sets/my set.toml'"),
        ("/srv/my.toml", "--set /srv/my.toml"),
        ("a\x1b[31m.toml", "--set './a\ufffd[31m.toml'"),
    ],
)
def test_the_next_command_can_be_copied(talk: Talk, file: str, command: str) -> None:
    decided = Decided(talk.enrolment, True, True)
    text = enrolment.ending(decided, file, None, say, Paper())
    assert text.splitlines()[-1] == f"Next: cpx-tool check-set {command}"
    text = enrolment.ending(decided, file, "cards dir", say, Paper())
    assert text.endswith(" --emulated 'cards dir'\n")


def test_the_same_json_in_any_language(talk: Talk, shout: Say) -> None:
    decided = Decided(talk.enrolment, False, True)
    ours = json.loads(enrolment.render_json(decided, "m.toml", 1, say))
    theirs = json.loads(enrolment.render_json(decided, "m.toml", 1, shout))
    for refused in (*ours["refused"], *theirs["refused"]):
        assert refused.pop("reason")
        refused.pop("hint")
    assert ours == theirs
    assert (ours["exit_code"], ours["written"], ours["file"]) == (1, False, "m.toml")
    assert ours["set"] == {
        "name": "centre-sante",
        "title": "Centre de santé",
        "reference": "JM1_CENTRE DE SANTE_RPPS",
        "size": 6,
    }
    assert [refused["why"] for refused in ours["refused"]] == [
        "production",
        "not-proven-test",
        "foreign",
    ]
    assert ours["open"]["roles"] == [
        {"count": 1, "roles": [{"role": "infirmier", "title": "CPS test infirmier"}]}
    ]
    assert [card["role"] for card in ours["cards"]] == [
        "medecin-generaliste",
        "chirurgien-dentiste",
    ]


def test_names_from_cards_are_made_harmless(key: rsa.RSAPrivateKey, card_set: CardSet) -> None:
    nasty = replace(PEOPLE["cde-directeur"], surname="A\u202eB")
    seen = observation(card(key, nasty))
    talk = dialogue.put(Talk(card_set, walks=False), seen)
    for text in every_text(talk, seen, say, Paper()).values():
        assert "\u202e" not in text


@pytest.fixture
def card_set() -> CardSet:
    return find_set("centre-sante")
