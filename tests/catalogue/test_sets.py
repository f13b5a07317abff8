"""The ten sets of the order form, and the ways to name one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cpx_tool.catalogue.nomenclature import label
from cpx_tool.catalogue.set_file import read_set
from cpx_tool.catalogue.sets import find_set, fits, load_sets, set_text, sets_holding
from cpx_tool.errors import BadInput
from cpx_tool.i18n import say
from cpx_tool.model.identity import Category, Coded, Holder, Identity, Pki, ProductKind

BOTH = ("IGC-CPS 2Ter", "IGC-Santé")


def identity(card_type: str | None, profession: str | None = None, names: bool = True) -> Identity:
    surname, given_name = ("DOC0007512", "ADÈLE") if names else (None, None)
    return Identity(
        kind=ProductKind.CARD,
        category=Category.TEST_CARD,
        pki=Pki.IGC_SANTE_TEST,
        holder=Holder(None, surname, given_name, None, None, None, None, None),
        card_type=Coded(card_type, None) if card_type else None,
        card_number="2800262487",
        profession=Coded(profession, None) if profession else None,
    )


def test_the_order_form() -> None:
    assert {(s.name, s.title, s.size, s.igc, s.reference) for s in load_sets()} == {
        ("cabinet-medical", "Cabinet médical", 2, BOTH, None),
        ("cabinet-radiologie", "Cabinet médical de radiologie", 2, BOTH, None),
        ("cabinet-sage-femme", "Cabinet sage-femme", 2, BOTH, None),
        ("cabinet-dentaire", "Cabinet dentaire", 2, BOTH, None),
        ("cabinet-officine", "Cabinet officine", 3, BOTH, None),
        ("centre-sante", "Centre de santé", 6, BOTH, "JM1_CENTRE DE SANTE_RPPS"),
        ("laboratoire", "Laboratoire d'analyses médicales", 2, BOTH, None),
        ("centre-hospitalier", "Centre hospitalier", 9, BOTH, "JM1_HOPITAL RPPS"),
        ("cabinet-infirmier", "Cabinet infirmier", 2, ("IGC-Santé",), None),
        (
            "audioprothesiste",
            "Etablissement fournisseur audioprothésiste directeur non PS",
            3,
            BOTH,
            None,
        ),
    }


def test_contents_are_stated_only_where_they_are_published() -> None:
    assert {s.name for s in load_sets() if s.cards} == {"centre-sante", "centre-hospitalier"}


def test_the_cards_of_a_centre_de_sante() -> None:
    cards = find_set("centre-sante").cards

    assert [(c.role, c.card_type, c.profession, c.nominative) for c in cards] == [
        ("cde-directeur", 2, None, None),
        ("medecin-generaliste", 0, 10, True),
        ("chirurgien-dentiste", 0, 40, True),
        ("cpe-employe", 2, None, True),
        ("cpe-employe-delegue", 2, None, True),
        ("infirmier", 0, 60, True),
    ]
    assert cards[1].specialities == ("SM26", "SM53", "SM54")


def test_the_cards_of_a_centre_hospitalier() -> None:
    cards = find_set("centre-hospitalier").cards

    assert [(c.role, c.card_type, c.profession, c.nominative) for c in cards] == [
        ("cde-directeur", 2, None, None),
        ("cpe-employe", 2, None, True),
        ("medecin-specialiste", 0, 10, True),
        ("pharmacien", 0, 21, True),
        ("infirmier", 0, 60, True),
        ("masseur-kinesitherapeute", 0, 70, True),
        ("sage-femme", 0, 50, True),
        ("manipulateur-erm", 0, 98, True),
        ("cpe-anonyme", 2, None, False),
    ]


def test_the_codes_of_the_sets_have_labels() -> None:
    cards = [card for card_set in load_sets() for card in card_set.cards]

    assert all(label("TRE_G15", str(c.profession)) for c in cards if c.profession)
    assert all(label("TRE_R01", code) for c in cards for code in c.specialities)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("centre-sante", "centre-sante"),
        ("Centre de santé", "centre-sante"),
        ("CENTRE DE SANTE", "centre-sante"),
        ("centre_de_sante", "centre-sante"),
        (" centresante ", "centre-sante"),
        ("JM1_CENTRE DE SANTE_RPPS", "centre-sante"),
        ("jm1-centre-de-sante-rpps", "centre-sante"),
        ("Centre de sante\u0301", "centre-sante"),
        ("hopital", "centre-hospitalier"),
        ("Hôpital", "centre-hospitalier"),
        ("JEU HOPITAL", "centre-hospitalier"),
        ("JM1_HOPITAL RPPS", "centre-hospitalier"),
        ("Laboratoire d’analyses médicales", "laboratoire"),
        ("audioprothésiste", "audioprothesiste"),
    ],
)
def test_a_set_is_found_by_what_a_person_types(typed: str, name: str) -> None:
    assert find_set(typed).name == name


def test_no_two_sets_answer_to_the_same_word() -> None:
    for card_set in load_sets():
        words = (card_set.name, card_set.title, *card_set.aliases)
        assert {find_set(word).name for word in words} == {card_set.name}


@pytest.mark.parametrize(
    ("typed", "near"), [("centre-snate", "centre-sante"), ("hopitall", "centre-hospitalier")]
)
def test_an_unknown_name_shows_the_near_ones(typed: str, near: str) -> None:
    with pytest.raises(BadInput) as caught:
        find_set(typed)

    assert all(s.name in say(caught.value.reason) for s in load_sets())
    assert "Did you mean" in say(caught.value.hint)
    assert near in say(caught.value.hint)


@pytest.mark.parametrize("typed", ["", "---", "xyzzy", "日本", "\0"])
def test_a_name_like_no_other(typed: str) -> None:
    with pytest.raises(BadInput) as caught:
        find_set(typed)

    assert ".toml" in say(caught.value.hint)


FILE = """\
name = "mine"
title = "Mine"
size = 1
[[card]]
role = "infirmier"
title = "Infirmier"
card_type = "CPS"
"""


@pytest.mark.parametrize("name", ["mine.toml", "mine.TOML", "mine", "sub/mine"])
def test_a_path_reads_that_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(FILE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    assert find_set(name).name == "mine"
    assert find_set(str(tmp_path / name)).name == "mine"


def test_the_text_of_a_set_is_its_file(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(FILE, encoding="utf-8")

    assert read_set(set_text("Hôpital"), "printed") == find_set("centre-hospitalier")
    assert set_text(str(mine)) == FILE


def test_a_known_name_wins_over_a_directory_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "centre-sante").mkdir()
    monkeypatch.chdir(tmp_path)

    assert find_set("centre-sante").size == 6


@pytest.mark.parametrize("typed", ["absent.toml", "./absent", "a\0/b"])
def test_an_absent_file_is_refused_as_a_file(typed: str) -> None:
    with pytest.raises(BadInput) as caught:
        find_set(typed)

    assert "There is no set" not in say(caught.value.reason)


@pytest.mark.parametrize(
    ("card", "sets"),
    [
        (identity("00", "10"), {"centre-sante", "centre-hospitalier"}),
        (identity("00", "40"), {"centre-sante"}),
        (identity("00", "21"), {"centre-hospitalier"}),
        (identity("00", "80"), set()),
        (identity("01", "10"), set()),
        (identity("00", "10", names=False), set()),
        (identity(None, "10"), set()),
    ],
)
def test_which_sets_hold_such_a_card(card: Identity, sets: set[str]) -> None:
    assert {s.name for s in sets_holding(card)} == sets


def test_what_is_not_stated_is_not_compared() -> None:
    cde, cpe, anonymous = (
        next(c for c in find_set("centre-hospitalier").cards if c.role == role)
        for role in ("cde-directeur", "cpe-employe", "cpe-anonyme")
    )
    named, unnamed = identity("02"), identity("02", names=False)

    assert [fits(e, named) for e in (cde, cpe, anonymous)] == [True, True, False]
    assert [fits(e, unnamed) for e in (cde, cpe, anonymous)] == [True, False, True]


def test_a_stated_card_number_must_be_the_card_s() -> None:
    expected = replace(find_set("centre-sante").cards[5], card_number="2800262487")

    assert fits(expected, identity("00", "60"))
    assert not fits(replace(expected, card_number="2800000000"), identity("00", "60"))
