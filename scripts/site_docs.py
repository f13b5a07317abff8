"""Lays out the sources of the site: for each language a tree in which each page has one name.

python scripts/site_docs.py layout DIR    makes DIR/en and DIR/fr
python scripts/site_docs.py check DIR     says what the built site in DIR would load from elsewhere,
                                          and which links lead nowhere; exit 1 when any does

A page `X.fr.md` stands beside `X.md`. In the tree of a language each page is `X.md`: its own where
there is one, the English one otherwise, so that both trees have the same pages and every link
stays in its language. Links between the languages become plain HTML. The tables of contents are
the lists of docs/index.md. No package but Python's own is needed.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LANGUAGES = ("en", "fr")
INDEX = "docs/index.md"
DECISIONS = "docs/decisions/README.md"
ROLE = "deploy/ansible/roles/cpx_tool/README.md"
NOT_TRANSLATED = "\n> Cette page n'existe pas encore en français.\n"
_CODE = re.compile(r"(^ *```.*?^ *```$|`[^`\n]+`)", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[([^\]\n]*)\]\(([^)\s]+)\)")
_CODE_OR_LINK = re.compile(rf"{_CODE.pattern}|{_LINK.pattern}", re.MULTILINE | re.DOTALL)
"""What begins first is meant: code in the words of a link does not hide the link."""
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


class BrokenLink(Exception):
    """A link to a heading that is not there."""


def sources() -> list[str]:
    """What the trees hold, by its path in the repository: pages, and files that they link to."""
    named = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "udev/README.md", ROLE]
    pages = sorted((ROOT / "docs").glob("**/*.md"))
    found = [*named, *(path.relative_to(ROOT).as_posix() for path in pages)]
    files = {
        linked
        for page in found
        if page.endswith(".md")
        for linked in (_resolved(page, place) for place, _ in links(_text(page)))
        if linked and (ROOT / linked).is_file() and not linked.endswith(".md")
    }
    return sorted({*found, *files})


def layout(into: Path) -> None:
    """Make the trees."""
    shutil.rmtree(into, ignore_errors=True)
    names = sources()
    for language in LANGUAGES:
        for name in names:
            if not name.endswith(".md"):
                _write(into / language / name, (ROOT / name).read_text(encoding="utf-8"))
            elif name == _base(name):
                _write(into / language / name, _page(name, language))


def _page(name: str, language: str) -> str:
    """The text of a page in the tree of a language."""
    own = in_language(name, language)
    text = re.sub(r"\A<!--.*?-->\s*", "", _text(own))
    text = _relinked(text, own, language)
    if language != "en" and own == name and name.startswith("docs/") and "/decisions/" not in name:
        head, _, rest = text.partition("\n")
        text = f"{head}\n{NOT_TRANSLATED}{rest}"
    if name == INDEX:
        text += _contents(language)
    if name == DECISIONS:
        text += "\n```{toctree}\n:glob:\n:hidden:\n:reversed:\n\n*\n```\n"
    return text


def in_language(name: str, language: str) -> str:
    """The page to take: the translation, where it is there."""
    translated = f"{name.removesuffix('.md')}.{language}.md"
    return translated if (ROOT / translated).is_file() else name


def _base(name: str) -> str:
    for language in LANGUAGES:
        if name.endswith(f".{language}.md"):
            return f"{name.removesuffix(f'.{language}.md')}.md"
    return name


def _relinked(text: str, page: str, language: str) -> str:
    return _CODE_OR_LINK.sub(
        lambda found: found[1] or _link(found[2], found[3], page, language), text
    )


def _link(words: str, target: str, page: str, language: str) -> str:
    """A link as it stands in the tree: to the page's one name there, or into the other tree."""
    place, _, anchor = target.partition("#")
    linked = _resolved(page, place)
    if not linked or not linked.endswith(".md"):
        return f"[{words}]({target})"
    if _base(linked) == _base(page) and linked != page:
        other = next((code for code in LANGUAGES if f".{code}." in linked), "en")
        return f'<a href="{_across(page, other)}" hreflang="{other}">{words}</a>'
    there = in_language(_base(linked), language)
    if anchor and there != linked:
        anchor = _same_heading(linked, there, anchor)
    name = re.sub(r"\.fr\.md$", ".md", place)
    return f"[{words}]({name}{'#' if anchor else ''}{anchor})"


def _across(page: str, language: str) -> str:
    up = "../" * (page.count("/") + 1)
    return f"{up}{language}/{_base(page).removesuffix('.md')}.html"


def _same_heading(linked: str, there: str, anchor: str) -> str:
    """The anchor of the heading in the translation: a page and its translation have the same
    headings, in the same order.
    """
    ours, theirs = anchors(_text(linked)), anchors(_text(there))
    if anchor not in ours or len(ours) != len(theirs):
        raise BrokenLink(f"{linked}#{anchor}: no such heading, or not the same ones in {there}")
    return theirs[ours.index(anchor)]


def anchors(text: str) -> list[str]:
    """The anchors of all headings, as GitHub and GitLab make them."""
    return [anchor_of(heading) for heading in _HEADING.findall(_CODE_BLOCK.sub("", text))]


_CODE_BLOCK = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)


def anchor_of(heading: str) -> str:
    """Lower case, punctuation out, a hyphen for each space."""
    plain = re.sub(r"[`*\\]|\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", plain.strip().lower()).replace(" ", "-")


def _contents(language: str) -> str:
    """A table of contents for each list of the index: what it links to, in its order."""
    own = in_language(INDEX, language)
    blocks = [_toctree("cpx-tool", [("README", "/README")])]
    for section in _text(own).split("\n## ")[1:]:
        caption, _, body = section.partition("\n")
        entries = [
            (words, f"/{_base(linked).removesuffix('.md')}")
            for words, target in _LINK.findall(body)
            if (linked := _resolved(own, target)).endswith(".md")
        ]
        titled = [(_title(words, page, language), page) for words, page in entries]
        blocks.append(_toctree(caption, titled))
    return "\n" + "\n".join(blocks)


def _title(words: str, page: str, language: str) -> str:
    """Words for a page that has no title in this language; else none: its own is taken."""
    name = f"{page.removeprefix('/')}.md"
    translated = in_language(name, language) != name
    return "" if translated or language == "en" else words[0].upper() + words[1:]


def _toctree(caption: str, entries: list[tuple[str, str]]) -> str:
    lines = [f"{words} <{page}>" if words else page for words, page in entries]
    return "\n".join(["```{toctree}", f":caption: {caption}", ":hidden:", "", *lines, "```", ""])


def links(text: str) -> Iterator[tuple[str, str]]:
    """Place and anchor of each link that stands outside of code."""
    for found in _CODE_OR_LINK.finditer(text):
        if not found[1]:
            place, _, anchor = found[3].partition("#")
            yield place, anchor


def _resolved(page: str, place: str) -> str:
    """The path in the repository of what a page links to; empty for another address."""
    if re.match(r"[a-z]+:", place):
        return ""
    if not place:
        return page
    path = Path(os.path.normpath((ROOT / page).parent / place))
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else ""


def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


# --- what was built ---------------------------------------------------------------------------


class _Page(HTMLParser):
    """What a page loads by itself, and what it links to."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Every tag, an empty one included."""
        found = {name: value or "" for name, value in attrs}
        self.anchors.add(found.get("id", ""))
        if "src" in found:
            self.loads.append(found["src"])
        if tag == "link" and found.get("rel") in ("stylesheet", "preload", "icon"):
            self.loads.append(found["href"])
        if tag == "a" and "href" in found:
            self.links.append(found["href"])


def faults(built: Path) -> Iterator[str]:
    """What is fetched from elsewhere, and links between pages that lead nowhere."""
    pages = {path: _parsed(path) for path in built.rglob("*.html")}
    for path, page in pages.items():
        for address in page.loads:
            if re.match(r"[a-z]+:(?!image/)|//", address):
                yield f"{path}: loads {address}"
        for link in page.links:
            if not re.match(r"[a-z]+:|//", link) and not _leads(path, link, pages):
                yield f"{path}: {link} leads nowhere"
    for path in built.rglob("*.css"):
        for address in re.findall(
            r"(?:url\(|@import )[\"']?(https?:[^)\"']*)", path.read_text("utf-8")
        ):
            yield f"{path}: loads {address}"


def _leads(page: Path, link: str, pages: dict[Path, _Page]) -> bool:
    place, _, anchor = link.partition("#")
    path = Path(os.path.normpath(page.parent / place)) if place else page
    if path in pages and anchor:
        return anchor in pages[path].anchors
    return path.is_file()


def _parsed(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def main(what: str, place: str) -> int:
    """Lay the sources out, or look at what was built."""
    if what == "layout":
        layout(Path(place))
        return 0
    found = list(faults(Path(place)))
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
