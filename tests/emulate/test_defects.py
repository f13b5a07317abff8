"""Defects as typed: which card they mean, and what is refused."""

from __future__ import annotations

import pytest

from cpx_tool.catalogue.sets import find_set
from cpx_tool.emulate.defects import WORDS, Defect, plan_defects
from cpx_tool.errors import BadInput
from cpx_tool.i18n import say
from cpx_tool.model.cardset import CardSet, ExpectedCard

SET = find_set("centre-sante")
ROLES = [card.role for card in SET.cards]


def refusal(*words: str, card_set: CardSet = SET) -> str:
    with pytest.raises(BadInput) as caught:
        plan_defects(card_set, words)
    return f"{say(caught.value.reason)} {say(caught.value.hint)}"


def test_without_a_card_the_first_cps_is_meant() -> None:
    assert plan_defects(SET, ["expired"]) == {"medecin-generaliste": {Defect.EXPIRED}}


@pytest.mark.parametrize(
    ("card", "role"),
    [
        ("infirmier", "infirmier"),
        ("INFIRMIER", "infirmier"),
        ("1", "cde-directeur"),
        ("6", "infirmier"),
        ("cpe-employe", "cpe-employe"),
        ("délégué", "cpe-employe-delegue"),
        ("chirurgien dentiste", "chirurgien-dentiste"),
        ("Directeur", "cde-directeur"),
    ],
)
def test_a_card_is_a_role_a_position_or_a_part_of_its_title(card: str, role: str) -> None:
    assert plan_defects(SET, [f"missing={card}"]) == {role: {Defect.MISSING}}


def test_a_part_of_several_titles_is_refused_and_they_are_named() -> None:
    told = refusal("expired=employé")
    assert "cpe-employe, cpe-employe-delegue" in told
    assert "infirmier" not in told


@pytest.mark.parametrize("card", ["sage-femme", "0", "7", "", " "])
def test_a_card_that_is_none_is_refused_and_the_cards_are_named(card: str) -> None:
    told = refusal(f"expired={card}")
    assert ", ".join(ROLES) in told


def test_all_means_every_card_that_can_have_the_defect() -> None:
    assert list(plan_defects(SET, ["pkcs1-only=all"])) == ROLES
    professionals = ["medecin-generaliste", "chirurgien-dentiste", "infirmier"]
    assert list(plan_defects(SET, ["wrong-profession=all"])) == professionals


@pytest.mark.parametrize("name", ["missing", "foreign"])
def test_not_all_cards_can_be_away(name: str) -> None:
    assert name in refusal(f"{name}=all")


def test_an_unknown_defect_names_the_known_ones_and_a_near_one() -> None:
    told = refusal("expird")
    assert "Did you mean expired?" in told
    assert all(defect.value in told for defect in Defect)


def test_a_card_without_a_profession_has_no_wrong_one() -> None:
    assert "cde-directeur" in refusal("wrong-profession=1")
    staff = CardSet("s", "S", 1, (), cards=(ExpectedCard("cpe", "CPE", 2),))
    assert "No card of the set s" in refusal("wrong-profession", card_set=staff)
    assert plan_defects(staff, ["expired"]) == {"cpe": {Defect.EXPIRED}}


def test_defects_of_one_card_combine() -> None:
    planned = plan_defects(SET, ["expired=6", "swapped=infirmier", "production=2"])
    assert planned == {
        "infirmier": {Defect.EXPIRED, Defect.SWAPPED},
        "medecin-generaliste": {Defect.PRODUCTION},
    }


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("expired", "expiring-soon"),
        ("expired", "not-yet-valid"),
        ("key-mismatch", "no-private-key"),
        ("foreign", "duplicate"),
        ("foreign", "extra"),
        *(("missing", defect.value) for defect in Defect if defect is not Defect.MISSING),
    ],
)
def test_contradictions_on_one_card_are_refused(one: str, other: str) -> None:
    told = refusal(f"{one}=6", f"{other}=6")
    assert "infirmier" in told
    assert one in told
    assert other in told
    assert set(plan_defects(SET, [f"{one}=6", f"{other}=3"])) == {"infirmier", ROLES[2]}


def test_every_defect_has_its_words() -> None:
    assert set(WORDS) == set(Defect)
