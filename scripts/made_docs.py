"""The pages below docs/, and the manual page, that are made from the tool's own data and texts.

python scripts/made_docs.py          write them
python scripts/made_docs.py check    say which is not up to date; exit 1 when any is
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import man_pages
import messages
import order_docs
import reference_docs


def pages() -> Mapping[Path, str]:
    """Each page and what it must hold."""
    return {**order_docs.pages(), **reference_docs.pages(), **man_pages.pages()}


def stale() -> list[str]:
    """The pages that are not as they must be."""
    return [
        str(path.relative_to(messages.ROOT))
        for path, text in pages().items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]


def main() -> int:
    """Write the pages, or check them."""
    if sys.argv[1:] == ["check"]:
        names = stale()
        print("\n".join(f"{name} is not up to date: run make docs" for name in names))
        return 1 if names else 0
    for path, text in pages().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
