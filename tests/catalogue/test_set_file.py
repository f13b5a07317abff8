"""A user's set file is read strictly: what is wrong is named with its file, line and key."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpx_tool.catalogue.set_file import MAX_BYTES, read_set, read_set_file
from cpx_tool.errors import BadInput, ExitCode
from cpx_tool.i18n import say
from cpx_tool.model.cardset import CardSet, ExpectedCard, Product

GOOD = """\
name = "mine"
title = "My set"
size = 2

[[card]]
role = "medecin"
title = "Médecin"
card_type = "CPS"
profession = 10
nominative = true
specialities = ["SM26"]
card_number = "2800262487"

[[card]]
role = "etudiant"
title = "Étudiant"
card_type = "CPF"
future_profession = 21
"""


def test_a_full_file() -> None:
    assert read_set(GOOD, "mine.toml") == CardSet(
        name="mine",
        title="My set",
        size=2,
        igc=(),
        cards=(
            ExpectedCard(
                "medecin",
                "Médecin",
                0,
                profession=10,
                nominative=True,
                specialities=("SM26",),
                card_number="2800262487",
            ),
            ExpectedCard("etudiant", "Étudiant", 1, future_profession=21),
        ),
    )


def test_what_no_certificate_says_is_the_set_files_word() -> None:
    text = GOOD.replace('"CPS"', '"CDE/CPE"\nproduct = "CDE"\ntitle_patterns = ["Direct*"]')
    first, second = read_set(text, "mine.toml").cards
    assert (first.product, first.title_patterns) == (Product.CDE, ("Direct*",))
    assert (second.product, second.title_patterns) == (None, ())


@pytest.mark.parametrize(
    ("line", "key", "words"),
    [
        ('product = "CPE"', "product", "A card of this card_type is one of: CPS."),
        ('product = "cps"', "product", "one of"),
        ("product = 0", "product", "one of"),
        ('title_patterns = "Méd*"', "title_patterns", "list of texts"),
        ("title_patterns = [1]", "title_patterns", "text between quotes"),
    ],
)
def test_a_word_that_does_not_fit_is_refused(line: str, key: str, words: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_set(GOOD.replace('card_type = "CPS"', f'card_type = "CPS"\n{line}'), "mine.toml")

    said = say(caught.value.reason)
    assert said.startswith(f'mine.toml, line 9, key "{key}": ')
    assert words in said


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "words"),
    [
        ('name = "mine"', 'nom = "mine"', 1, "nom", "unknown"),
        ("size = 2", "size = 2\nsizes = 3", 4, "sizes", 'did you mean "size"'),
        ("profession = 10", "proffesion = 10", 9, "proffesion", 'did you mean "profession"'),
        ("profession = 10", "colour = 10", 9, "colour", "known keys are"),
        ('name = "mine"\n', "", 1, "name", "missing"),
        ("size = 2\n", "", 1, "size", "missing"),
        ('title = "Étudiant"\n', "", 14, "title", "missing"),
        ('card_type = "CPF"\n', "", 14, "card_type", "missing"),
        ('role = "etudiant"', 'role = "medecin"', 15, "role", "already has"),
        (
            "future_profession = 21",
            'card_number = "2800262487"',
            18,
            "card_number",
            "already has",
        ),
        ("size = 2", "size = 3", 3, "size", "number of [[card]] tables is 2"),
        ("size = 2", 'size = "2"', 3, "size", "whole number"),
        ("size = 2", "size = true", 3, "size", "whole number"),
        ("size = 2", "size = 2.0", 3, "size", "whole number"),
        ("size = 2", "size = 0", 3, "size", "from 1 to"),
        ("size = 2", "size = -99999999999999999999", 3, "size", "too large"),
        ('name = "mine"', 'name = "My Set"', 1, "name", "lower-case"),
        ('name = "mine"', "name = 3", 1, "name", "text between quotes"),
        ('role = "medecin"', 'role = "médecin"', 6, "role", "lower-case"),
        ('role = "medecin"', 'role = "-"', 6, "role", "lower-case"),
        ('title = "Médecin"', 'title = " "', 7, "title", "one line of text"),
        ('title = "Médecin"', 'title = "a\\nb"', 7, "title", "one line of text"),
        ('title = "Médecin"', 'title = "\\u001b[2J"', 7, "title", "one line of text"),
        ('title = "Médecin"', f'title = "{"x" * 300}"', 7, "title", "one line of text"),
        ('card_type = "CPS"', 'card_type = "cps"', 8, "card_type", "one of"),
        ('card_type = "CPS"', "card_type = 0", 8, "card_type", "one of"),
        ("profession = 10", 'profession = "10"', 9, "profession", "whole number"),
        ("profession = 10", "profession = 11", 9, "profession", "TRE_G15"),
        ("profession = 10", "profession = -1", 9, "profession", "TRE_G15"),
        ("= 21", "= 22", 18, "future_profession", "TRE_G16"),
        ("nominative = true", 'nominative = "true"', 10, "nominative", "true or false"),
        ("nominative = true", "nominative = 1", 10, "nominative", "true or false"),
        ('["SM26"]', '"SM26"', 11, "specialities", "list of texts"),
        ('["SM26"]', "[26]", 11, "specialities", "text between quotes"),
        ('["SM26"]', '[\n  "SM26",\n  "sm26",\n]', 11, "specialities", "speciality code"),
        ('"2800262487"', "2800262487", 12, "card_number", "ten digits"),
        ('"2800262487"', '"28002624"', 12, "card_number", "ten digits"),
        ("size = 2", 'size = 2\nigc = "IGC-Santé"', 4, "igc", "list of texts"),
        ("[[card]]", "[[carte]]", 5, "carte", 'did you mean "card"'),
    ],
)
def test_what_is_wrong_is_named(old: str, new: str, line: int, key: str, words: str) -> None:
    assert old in GOOD

    with pytest.raises(BadInput) as caught:
        read_set(GOOD.replace(old, new), "mine.toml")

    said = say(caught.value.reason)
    assert said.startswith(f'mine.toml, line {line}, key "{key}": ')
    assert words in said
    assert "\n" not in said
    assert say(caught.value.hint)


@pytest.mark.parametrize(
    ("cards", "line"), [("card = 3", 4), ("card = [1]", 4), ('[card]\nrole = "x"', 4)]
)
def test_cards_are_written_as_tables(cards: str, line: int) -> None:
    with pytest.raises(BadInput) as caught:
        read_set(f'name = "x"\ntitle = "X"\nsize = 1\n{cards}\n', "mine.toml")

    assert say(caught.value.reason).startswith(f'mine.toml, line {line}, key "card": ')


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (".".join(["a"] * 50_000) + " = 1", 1),
        (GOOD + "[" + " . ".join(["'a'"] * 50_000) + "]", GOOD.count("\n") + 1),
        ("x = {" + ".".join(['"a"'] * 50_000) + " = 1}", 1),
    ],
)
def test_a_key_of_endless_parts_is_refused_before_it_is_read(text: str, line: int) -> None:
    with pytest.raises(BadInput) as caught:
        read_set(text, "mine.toml")
    assert say(caught.value.reason) == f"mine.toml, line {line}: this is not valid TOML."


def test_dots_in_texts_are_no_keys() -> None:
    dotted = "a.b." * 40
    assert read_set(GOOD.replace("My set", dotted), "mine.toml").title == dotted


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ('name = "mine"\ntitle = \n', "mine.toml, line 2: this is not valid TOML."),
        ('name = "mine"\nname = "two"\n', "mine.toml, line 2: this is not valid TOML."),
        ('name = "mine', "mine.toml, line 1: this is not valid TOML."),
        ("x = " + "[" * 20_000, "mine.toml is not valid TOML."),
        ("x = " + "9" * 20_000, "mine.toml is not valid TOML."),
    ],
    ids=["no-value", "twice", "no-end", "nesting", "huge-number"],
)
def test_what_is_not_toml(text: str, start: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_set(text, "mine.toml")

    assert say(caught.value.reason).startswith(start)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(GOOD)), st.text(max_size=8), st.integers(0, 30))
def test_any_change_is_read_or_refused(at: int, inserted: str, removed: int) -> None:
    changed = GOOD[:at] + inserted + GOOD[at + removed :]
    try:
        cards = read_set(changed, "mine.toml").cards
    except BadInput:
        return
    assert len({card.role for card in cards}) == len(cards)


def test_a_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("\ufeff" + GOOD, encoding="utf-8")

    assert len(read_set_file(file).cards) == 2


def refused(file: Path) -> str:
    with pytest.raises(BadInput) as caught:
        read_set_file(file)
    assert caught.value.exit_code is ExitCode.USAGE
    said = say(caught.value.reason)
    assert "\n" not in said
    assert str(file) in said
    return said


def test_a_file_without_cards_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(GOOD.partition("[[card]]")[0], encoding="utf-8")

    assert "lists no card" in refused(file)


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    huge = tmp_path / "huge.toml"
    huge.write_bytes(b"#" * (MAX_BYTES + 1))
    pipe = tmp_path / "pipe.toml"
    os.mkfifo(pipe)

    assert "too large" in refused(huge)
    assert "not a regular file" in refused(pipe)
    assert "is a directory" in refused(tmp_path)
    assert "no file" in refused(tmp_path / "absent.toml")
    assert "cannot be read" in refused(huge / "below.toml")
    assert "cannot be read" in refused(tmp_path / ("x" * 300))


def test_of_files_with_a_similar_name_a_set_file_is_meant(tmp_path: Path) -> None:
    """Never a pyproject.toml; where there is none, how to make one is said."""
    (tmp_path / "myset.toml").write_text("[project]\n", encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        read_set_file(tmp_path / "my-set.toml")
    assert f"enrol-set --set NAME --into {tmp_path / 'my-set.toml'}" in say(caught.value.hint)
    (tmp_path / "my-set1.toml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        read_set_file(tmp_path / "my-set.toml")
    assert say(caught.value.hint) == f"Did you mean {tmp_path / 'my-set1.toml'}?"


def test_a_text_that_is_not_utf8_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_bytes(GOOD.encode("latin-1"))

    assert refused(file) == f"{file}, line 7: the text is not UTF-8."


def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read every file")
    file = tmp_path / "mine.toml"
    file.write_text(GOOD, encoding="utf-8")
    file.chmod(0)

    assert "permission denied" in refused(file)
