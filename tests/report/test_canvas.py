"""Columns that share the width of the paper."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cpx_tool.report.canvas import Canvas, Paper
from cpx_tool.report.words import clipped, one_line, printable

HEADS = ("One", "Two", "Three")


def lines(canvas: Canvas) -> list[str]:
    return canvas.text().splitlines()


def test_columns_break_at_blanks_before_words_are_cut() -> None:
    canvas = Canvas(Paper(40))
    canvas.table(HEADS, [[("medecin-generaliste", ""), ("a text of many words", ""), ("x", "")]])
    assert "medecin-generaliste" in canvas.text()
    assert max(map(cell_len, lines(canvas))) <= 40


def test_heads_break_before_the_texts_below_them() -> None:
    canvas = Canvas(Paper(40))
    heads = ("Poste de travail", "Observé", "Code")
    canvas.table(heads, [[("poste-1", ""), ("2026-11-28 19:26", ""), ("1", "")]])
    assert "2026-11-28 19:26" in canvas.text()
    assert "poste-1" in canvas.text()
    assert "Poste de travail" not in canvas.text()


def test_a_movable_column_goes_below_when_words_would_be_cut() -> None:
    cells = [("0123456789", ""), ("Masseur-Kinésithérapeute", ""), ("PASSED", "")]
    narrow, broad = Canvas(Paper(40)), Canvas(Paper(60))
    for canvas in (narrow, broad):
        canvas.entries(HEADS, [(cells, "Holder")], movable=1)
    assert lines(broad)[1:] == ["0123456789  Masseur-Kinésithérapeute  PASSED", "  Holder"]
    assert lines(narrow)[1:] == ["0123456789  PASSED", "  Masseur-Kinésithérapeute, Holder"]
    assert lines(narrow)[0].split() == ["One", "Three"]


@pytest.mark.parametrize("colour", [False, True])
def test_between_two_parts_there_is_one_blank_line(colour: bool) -> None:
    canvas = Canvas(Paper(40, colour=colour))
    canvas.line("above")
    canvas.line()
    for _ in range(2):
        canvas.table(HEADS, [[("1", ""), ("2", ""), ("3", "")]])
    canvas.entries(HEADS, [([("1", ""), ("2", ""), ("3", "")], "")], movable=2)
    canvas.line()
    assert "\n\n\n" not in canvas.text()
    assert canvas.text().count("2    3") == 3
    assert canvas.text().startswith("above\n\n")


def test_continuation_lines_stand_under_the_text() -> None:
    canvas = Canvas(Paper(20))
    canvas.item("→", "one two three four five six", indent=2)
    assert lines(canvas) == ["  → one two three", "    four five six"]


def test_an_empty_line_is_empty() -> None:
    canvas = Canvas(Paper(20))
    canvas.line()
    assert canvas.text() == "\n"


@given(st.lists(st.lists(st.text(max_size=30), min_size=3, max_size=3), max_size=4))
def test_nothing_is_wider_than_the_paper_and_all_is_printable(rows: list[list[str]]) -> None:
    canvas = Canvas(Paper(30))
    cells = [[(text, "") for text in row] for row in rows]
    canvas.table(HEADS, cells)
    canvas.entries(HEADS, [(row, "below") for row in cells], movable=1)
    for line in lines(canvas):
        assert cell_len(line) <= 30
        assert printable(line) == line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Chirurgien-Dentiste é", "Chirurgien-Dentiste é"),
        ("a\nb", "a\ufffdb"),
        ("\x1b[31m\x9b\x00\u202e\u2066", "\ufffd[31m\ufffd\ufffd\ufffd\ufffd"),
        ("réussi\N{NO-BREAK SPACE}: 1\u202f000", "réussi\N{NO-BREAK SPACE}: 1\u202f000"),
    ],
)
def test_one_line(text: str, shown: str) -> None:
    assert one_line(text) == shown


def test_names_are_clipped_beyond_what_a_certificate_may_hold() -> None:
    assert clipped("D" * 128) == "D" * 128
    assert clipped("D" * 129) == "D" * 128 + "…"
