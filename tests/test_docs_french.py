"""The French pages: they say what the English ones say, and are set as French is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.documents import ROOT, is_made, name_of, pages, tokens

FRENCH = [page for page in pages() if page.name.endswith(".fr.md") and not is_made(page)]
SENTENCES = re.compile(r"^\| (.*?)<br>\*(.*?)\* \|", re.MULTILINE)
"""Rows with a sentence of the tool in both languages."""


def english_of(page: Path) -> Path:
    return page.with_name(page.name.replace(".fr.md", ".md"))


def prose(page: Path) -> list[str]:
    """The text of a page without code, addresses and what the tool prints."""
    return [
        part.content
        for token in tokens(page)
        if token.type == "inline" and "<br>" not in token.content
        for part in token.children or ()
        if part.type == "text"
    ]


def code_in_cells(page: Path) -> list[list[str]]:
    """Of each row of each table, the cells that are code alone."""
    rows: list[list[str]] = []
    for token in tokens(page):
        if token.type == "tr_open":
            rows.append([])
        elif rows and token.type == "inline" and re.fullmatch(r"`[^`]+`", token.content):
            rows[-1].append(token.content.replace("FICHIER", "FILE"))
    return rows


@pytest.mark.parametrize("page", FRENCH, ids=name_of)
def test_tables_have_the_same_rows(page: Path) -> None:
    assert code_in_cells(page) == code_in_cells(english_of(page))


@pytest.mark.parametrize("page", FRENCH, ids=name_of)
def test_each_page_leads_to_the_other_language(page: Path) -> None:
    twin = english_of(page)
    top = {one: one.read_text(encoding="utf-8").split("\n## ", 1)[0] for one in (page, twin)}
    assert f"]({twin.name})" in top[page]
    assert f"]({page.name})" in top[twin]


@pytest.mark.parametrize("page", FRENCH, ids=name_of)
def test_spaces_and_apostrophes_are_french(page: Path) -> None:
    wrong = [text for text in prose(page) if re.search(r" [;:!?»%]|« |\w'\w|\w[;!?](?!\S)", text)]
    assert wrong == []


@pytest.mark.parametrize("text", ["Vrai ?", "l'outil", "« oui\u00a0»", "«\u00a0oui »", "a; b"])
def test_what_is_not_french_is_found(text: str, tmp_path: Path) -> None:
    page = tmp_path / "page.fr.md"
    page.write_text(f"{text}\n", encoding="utf-8")
    with pytest.raises(AssertionError):
        test_spaces_and_apostrophes_are_french(page)


def test_the_sentences_of_the_tool_are_the_same_on_both_pages() -> None:
    english, french = (
        SENTENCES.findall((ROOT / "docs" / name).read_text(encoding="utf-8"))
        for name in ("troubleshooting.md", "troubleshooting.fr.md")
    )
    assert english
    assert french == [(second, first) for first, second in english]
