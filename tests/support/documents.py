"""The pages of the documentation, taken apart: links, headings, blocks of code, commands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
MADE = {"checks", "codes", "commands", "order"}
"""Pages that are the tool's own texts: `make docs`."""
_MARKDOWN = MarkdownIt("commonmark").enable("table")


def pages() -> list[Path]:
    """Every page that a person reads: README, docs/, and those beside the code."""
    first = ("README.md", "README.fr.md", "CONTRIBUTING.md", "CHANGELOG.md")
    named = [ROOT / name for name in first]
    beside = [ROOT / "udev" / "README.md", ROOT / "fixtures" / "README.md"]
    return [*named, *beside, *sorted((ROOT / "docs").glob("**/*.md"))]


def name_of(page: Path) -> str:
    """Its path in the repository."""
    return page.relative_to(ROOT).as_posix()


def is_made(page: Path) -> bool:
    """Whether `make docs` writes it."""
    return page.parent.name == "docs" and page.name.split(".")[0] in MADE


@cache
def tokens(page: Path) -> list[Token]:
    """What markdown-it makes of a page."""
    return _MARKDOWN.parse(page.read_text(encoding="utf-8"))


def inline(page: Path) -> Iterator[Token]:
    """Every inline token: text, code, links."""
    for token in tokens(page):
        yield from token.children or ()


def links(page: Path) -> list[str]:
    """The targets of links and images."""
    found = []
    for token in inline(page):
        if token.type in ("link_open", "image"):
            found.append(str(token.attrs.get("href") or token.attrs.get("src")))
    return found


def headings(page: Path) -> list[tuple[str, str]]:
    """Level ("h2") and text of each heading."""
    stream = tokens(page)
    return [
        (token.tag, "".join(part.content for part in stream[at + 1].children or ()))
        for at, token in enumerate(stream)
        if token.type == "heading_open"
    ]


@cache
def anchors(page: Path) -> frozenset[str]:
    """The anchors of headings, as GitHub and GitLab make them."""
    found: list[str] = []
    for _, text in headings(page):
        plain = re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")
        again = sum(re.fullmatch(rf"{re.escape(plain)}(-\d+)?", one) is not None for one in found)
        found.append(f"{plain}-{again}" if again else plain)
    return frozenset(found)


# --- blocks of code -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Block:
    """A block of code: its language ("sh", "text", "" where none is said), line and text."""

    page: Path
    line: int
    language: str
    text: str


def blocks(page: Path) -> list[Block]:
    """Fenced and indented ones."""
    return [
        Block(page, (token.map or [0])[0] + 1, token.info, token.content)
        for token in tokens(page)
        if token.type in ("fence", "code_block")
    ]


@dataclass(frozen=True)
class Shown:
    """A command after "$ ", and the lines of output below it."""

    command: str
    output: list[str] = field(default_factory=list)


def transcript(block: Block) -> list[Shown]:
    """The commands of a block that shows output; none where it has no "$ "."""
    found: list[Shown] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            found.append(Shown(line.removeprefix("$ ")))
        elif found:
            found[-1].output.append(line)
    return found


def shown_below(page: str, command: str) -> list[str]:
    """The output below the one command of a page that begins so."""
    shown = (one for block in blocks(ROOT / page) for one in transcript(block))
    (found,) = (one.output for one in shown if one.command.startswith(command))
    return found


def commands(block: Block) -> list[str]:
    """The commands of a block, those over several lines joined, without their comments."""
    found, kept = [], ""
    for line in block.text.splitlines():
        kept = f"{kept}\n{line}" if kept else line
        if kept.endswith("\\"):
            continue
        try:
            words = shlex.split(kept, comments=True)
        except ValueError:  # a quotation goes on
            continue
        if words:
            found.append(without_comment(kept).replace("\\\n", " "))
        kept = ""
    assert not kept, f"{name_of(block.page)}:{block.line} does not end"
    return found


def without_comment(command: str) -> str:
    """The command without what stands behind a "#"."""
    if "\n" in command and "'" in command:
        return command
    return re.sub(r"\s+#\s.*", "", command).strip()


def agree(shown: Sequence[str], printed: Sequence[str]) -> str:
    """Why the lines shown are not those printed; empty where they are. "…" on a line of its own
    stands for any number of lines.
    """
    at, free = 0, False
    for line in shown:
        if line.strip() == "…":
            free = True
            continue
        where = at if not free else _next(line, printed, at)
        if where is None or where >= len(printed) or printed[where] != line:
            found = "nothing" if where is None or where >= len(printed) else repr(printed[where])
            return f"shown: {line!r}, printed: {found}"
        at, free = where + 1, False
    rest = [line for line in printed[at:] if line]
    return f"printed, too: {rest[0]!r}" if rest and not free else ""


def _next(line: str, printed: Sequence[str], at: int) -> int | None:
    return next((where for where in range(at, len(printed)) if printed[where] == line), None)
