"""A set file that is written is read back as the same set, whatever stands in it."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpx_tool.catalogue.nomenclature import nomenclature
from cpx_tool.catalogue.set_file import read_set
from cpx_tool.catalogue.set_text import set_file_text
from cpx_tool.catalogue.sets import load_sets
from cpx_tool.model.cardset import PRODUCTS_OF, CardSet, ExpectedCard

printable = st.characters(exclude_categories=["C", "Z"]) | st.sampled_from(" \"\\'#")
texts = st.text(printable, min_size=1, max_size=12).filter(str.strip)
lists = st.lists(texts, max_size=2).map(tuple)
slugs = st.text("abc019", min_size=1, max_size=5)
professions = st.sampled_from([int(code) for code in nomenclature("TRE_G15").labels])
numbers = st.integers(0, 10**10 - 1).map("{:010}".format)
types = st.sampled_from(sorted(PRODUCTS_OF))
cards = types.flatmap(
    lambda card_type: st.builds(
        ExpectedCard,
        role=slugs,
        title=texts,
        card_type=st.just(card_type),
        product=st.sampled_from([None, *PRODUCTS_OF[card_type]]),
        profession=st.none() | professions,
        future_profession=st.none() | professions,
        nominative=st.none() | st.booleans(),
        specialities=st.sampled_from([(), ("SM26",), ("SM26", "SCD01")]),
        title_patterns=lists,
        card_number=st.none() | numbers,
    )
)
card_lists = st.lists(
    cards,
    min_size=1,
    max_size=3,
    unique_by=(lambda card: card.role, lambda card: card.card_number or card.role),
)
sets = card_lists.flatmap(
    lambda given: st.builds(
        CardSet,
        name=slugs,
        title=texts,
        size=st.just(len(given)),
        igc=lists,
        reference=st.none() | texts,
        aliases=lists,
        source=st.just("") | texts,
        cards=st.just(tuple(given)),
    )
)


@given(sets, st.lists(st.text(), max_size=3))
def test_what_is_written_is_read_back(card_set: CardSet, comment: list[str]) -> None:
    assert read_set(set_file_text(card_set, comment), "mine.toml") == card_set


@pytest.mark.parametrize("card_set", load_sets(), ids=lambda card_set: card_set.name)
def test_the_sets_of_the_order_form_survive(card_set: CardSet) -> None:
    assert read_set(set_file_text(card_set, ()), "mine.toml") == card_set


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_is_written_as_toml_has_it(text: str) -> None:
    """The strict reader would refuse a line break; the writer must not be what breaks the file."""
    card_set = CardSet("mine", text, 1, ())
    written = tomllib.loads(set_file_text(card_set, [text]))
    assert written.get("title", "") == text


def test_a_file_reads_like_one_written_by_hand() -> None:
    card = ExpectedCard("medecin", 'Le "généraliste"', 0, profession=10, nominative=True)
    text = set_file_text(CardSet("mine", "Mine", 1, ("IGC-Santé",), cards=(card,)), ["Why.", ""])
    assert text == (
        "# Why.\n"
        "#\n"
        "\n"
        'name = "mine"\n'
        'title = "Mine"\n'
        "size = 1\n"
        'igc = ["IGC-Santé"]\n'
        "\n"
        "[[card]]\n"
        'role = "medecin"\n'
        'title = "Le \\"généraliste\\""\n'
        'card_type = "CPS"\n'
        "profession = 10\n"
        "nominative = true\n"
    )
