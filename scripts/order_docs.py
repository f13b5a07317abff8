"""docs/order.md and its French twin: the order guide for reading, made from the tool's own data.

`made_docs.py` writes and checks them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import messages
from cpx_tool import i18n
from cpx_tool.catalogue.order import order_guide
from cpx_tool.judge.order import follow
from cpx_tool.model.order import Way
from cpx_tool.report.order import render_page

DOCS = messages.ROOT / "docs"
HEAD = "<!-- Made by make docs: change catalogue/order.toml instead. -->\n\n"
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
