"""The sources of the site: two trees with the same pages, every link within its language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import site_docs


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("trees")
    site_docs.layout(place)
    return place


def names(tree: Path) -> set[str]:
    return {path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file()}


def test_both_languages_have_the_same_pages(trees: Path) -> None:
    english, french = names(trees / "en"), names(trees / "fr")
    assert english == french
    assert {"README.md", "docs/index.md", "docs/decisions/README.md", "udev/README.md"} <= english
    assert [name for name in english if ".fr." in name] == []


def test_a_page_is_the_translation_or_says_that_there_is_none(trees: Path) -> None:
    assert "# Contrôles" in (trees / "fr/docs/checks.md").read_text()
    assert "# Checks" in (trees / "en/docs/checks.md").read_text()
    for name in names(trees / "fr"):
        translated = site_docs.in_language(name, "fr") != name
        own = name.startswith("docs/") and "decisions" not in name and name.endswith(".md")
        says_so = site_docs.NOT_TRANSLATED in (trees / "fr" / name).read_text()
        assert says_so is (own and not translated), name


@pytest.mark.parametrize("language", site_docs.LANGUAGES)
def test_every_link_leads_to_a_file_of_its_tree(trees: Path, language: str) -> None:
    tree = trees / language
    for name in names(tree):
        if name.endswith(".md"):
            for place, anchor in site_docs.links((tree / name).read_text()):
                if place and not re.match(r"[a-z]+:", place):
                    path = (tree / name).parent / place
                    assert path.is_file(), f"{language}/{name}: {place}"
                    if anchor:
                        assert anchor in site_docs.anchors(path.read_text()), f"{name}: {anchor}"


def test_every_page_is_in_the_table_of_contents(trees: Path) -> None:
    for language in site_docs.LANGUAGES:
        text = (trees / language / "docs" / "index.md").read_text()
        listed = set(re.findall(r"^(?:.* <)?/([\w./-]+)>?$", text, re.MULTILINE))
        pages = {name.removesuffix(".md") for name in names(trees / language) if ".md" in name}
        decisions = {page for page in pages if page.startswith("docs/decisions/0")}
        assert pages - decisions - {"docs/index"} == listed


def test_a_link_between_the_languages_leads_into_the_other_tree(trees: Path) -> None:
    english = (trees / "en/docs/order.md").read_text()
    assert '<a href="../../fr/docs/order.html" hreflang="fr">En français</a>' in english
    french = (trees / "fr/docs/order.md").read_text()
    assert '<a href="../../en/docs/order.html" hreflang="en">In English</a>' in french


def test_code_in_the_words_of_a_link_does_not_hide_it(trees: Path) -> None:
    assert "[`enrol-set`](sets.md#" in (trees / "fr/docs/limits.md").read_text()
    assert list(site_docs.links("`[a](b)` [`c`](d#e) `f`")) == [("d", "e")]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('<script src="https://elsewhere.example/x.js"></script>', "loads https:"),
        ('<link rel="stylesheet" href="//elsewhere.example/x.css">', "loads //"),
        ('<a href="gone.html">x</a>', "gone.html leads nowhere"),
        ('<a href="#gone">x</a>', "#gone leads nowhere"),
        ('<a href="https://elsewhere.example/" id="here">x</a><a href="#here">y</a>', ""),
    ],
)
def test_what_a_built_page_loads_and_links_to_is_looked_at(
    tmp_path: Path, text: str, told: str
) -> None:
    (tmp_path / "page.html").write_text(text)
    found = list(site_docs.faults(tmp_path))
    assert [told in fault for fault in found] == ([True] if told else [])
    assert site_docs.main("check", str(tmp_path)) == bool(told)


def test_a_style_sheet_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "page.css").write_text("@import 'https://elsewhere.example/font.css';")
    assert len(list(site_docs.faults(tmp_path))) == 1
