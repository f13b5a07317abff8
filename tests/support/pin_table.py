"""The decision table of docs/pin-safety.md, as data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_PAGE = Path(__file__).parents[2] / "docs" / "pin-safety.md"
_HEAD = "| card | flags | reading | PIN | earlier | run | decision |"


@dataclass(frozen=True, slots=True)
class Row:
    """One line; an empty cell stands for anything. `number` counts from 1."""

    number: int
    card: str
    flags: str
    reading: str
    pin: str
    earlier: str
    run: str
    decision: str


def rows() -> list[Row]:
    """All lines, in their order."""
    lines = _PAGE.read_text(encoding="utf-8").splitlines()
    start = lines.index(_HEAD) + 2
    table = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        table.append(Row(len(table) + 1, *cells))
    return table
