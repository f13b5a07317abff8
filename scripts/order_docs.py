"""docs/order.md and its French twin: the order guide for reading, made from the tool's own data.

python scripts/order_docs.py          write them
python scripts/order_docs.py check    say which is not up to date; exit 1 when any is
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import messages
from cpx_tool import i18n
from cpx_tool.catalogue.order import order_guide
from cpx_tool.judge.order import follow
from cpx_tool.model.order import Way
from cpx_tool.report.order import render_page

DOCS = messages.ROOT / "docs"
HEAD = (
    "<!-- Made by scripts/order_docs.py (make docs): change catalogue/order.toml instead. -->\n\n"
)
LINKS = {
    "en": "[En français](order.fr.md)\n\n",
    "fr": "[In English](order.md)\n\n",
}


def pages() -> Mapping[Path, str]:
    """Each page and what it must hold."""
    messages.compile_()
    progress = follow(order_guide(), tuple(Way), {})
    found = {}
    for language, link in LINKS.items():
        i18n.use(language)
        name = "order.md" if language == "en" else f"order.{language}.md"
        found[DOCS / name] = HEAD + link + render_page(progress, i18n.say)
    return found


def stale() -> list[str]:
    """The names of the pages that are not as they must be."""
    return [
        path.name
        for path, text in pages().items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]


def main() -> int:
    """Write the pages, or check them."""
    if sys.argv[1:] == ["check"]:
        names = stale()
        print("\n".join(f"docs/{name} is not up to date: run make docs" for name in names))
        return 1 if names else 0
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
