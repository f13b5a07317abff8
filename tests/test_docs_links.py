"""Every link of the documentation leads somewhere, read in the repository or on a forge."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from cpx_tool import i18n
from support.documents import ROOT, anchors, blocks, headings, links, name_of, pages

PAGES = pages()
DOCS = ROOT / "docs"


def is_external(target: str) -> bool:
    return re.match(r"[a-z][a-z0-9+.-]*:", target) is not None


def fault(page: Path, target: str) -> str:
    """Why a link leads nowhere; empty where it leads somewhere."""
    place, _, anchor = target.partition("#")
    path = (page.parent / place).resolve() if place else page
    if not path.is_relative_to(ROOT) or not path.is_file():
        return "no such file"
    if anchor and (path.suffix != ".md" or unquote(anchor) not in anchors(path)):
        return "no such heading"
    return ""


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_within_the_tree_lead_somewhere(page: Path) -> None:
    targets = [target for target in links(page) if not is_external(target)]
    assert [(target, why) for target in targets if (why := fault(page, target))] == []


@pytest.mark.parametrize("target", ["gone.md", "README.md#gone", "../outside.md", "LICENSE#gone"])
def test_a_link_that_leads_nowhere_is_found(target: str) -> None:
    assert fault(ROOT / "README.md", target)


def test_links_to_elsewhere_are_well_formed_and_spelled_in_one_way() -> None:
    spellings = defaultdict(set)
    for page in PAGES:
        for target in filter(is_external, links(page)):
            address = urlsplit(target)
            if address.scheme == "mailto":
                continue
            assert address.scheme == "https", f"{name_of(page)}: {target}"
            assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", address.netloc), target
            assert not re.search(r"[\s<>\"]", target)
            plain = address._replace(netloc=address.netloc.removeprefix("www."))
            spellings[plain.geturl().rstrip("/").lower()].add(target)
    assert [names for names in spellings.values() if len(names) > 1] == []


def test_the_index_leads_to_every_page() -> None:
    for language in i18n.LANGUAGES:
        index = DOCS / ("index.md" if language == "en" else f"index.{language}.md")
        there = {(DOCS / link.partition("#")[0]).resolve() for link in links(index)}
        bases = {path.with_name(f"{path.name.split('.')[0]}.md") for path in there}
        pages_there = {path for path in DOCS.glob("*.md") if path.name.count(".") == 1}
        assert pages_there - bases <= {DOCS / "index.md"}


# --- a page and its translation -----------------------------------------------------------------

PAIRS = [
    (page, twin)
    for page in [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
    if page.name.count(".") == 1 and (twin := page.with_suffix(".fr.md")).is_file()
]


def plain_links(page: Path) -> list[str]:
    """Links without anchors, in no language."""
    return sorted(re.sub(r"\.fr\.md$", ".md", link.partition("#")[0]) for link in links(page))


def words_of_commands(page: Path) -> list[tuple[str, list[str]]]:
    """What a person would type: blocks of commands without comments, and lines after "$ "."""
    found = []
    for block in blocks(page):
        if block.language == "text":
            lines = [line for line in block.text.splitlines() if line.startswith("$ ")]
        else:
            lines = [re.sub(r"(^|\s+)#\s.*", "", line) for line in block.text.splitlines()]
        found.append((block.language, [line for line in lines if line.strip()]))
    return found


@pytest.mark.parametrize(("page", "twin"), PAIRS, ids=lambda path: path.name)
def test_a_page_and_its_translation_are_built_alike(page: Path, twin: Path) -> None:
    assert [level for level, _ in headings(page)] == [level for level, _ in headings(twin)]
    assert plain_links(page) == plain_links(twin)
    assert words_of_commands(page) == words_of_commands(twin)


def test_every_page_has_its_translation() -> None:
    there = {page for page, _ in PAIRS}
    assert {page for page in DOCS.glob("*.md") if page.name.count(".") == 1} <= there
