"""rich: text for a terminal, or plain when there is none."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cpx_tool.report.detail import Detail
from cpx_tool.report.words import one_line

Cell: TypeAlias = tuple[str, str]
"""Text and style."""

_GAP = 2

# rich breaks lines at no-break spaces too: they are held back as private-use characters
_HELD = {0xA0: 0xE000, 0x202F: 0xE001}
_RELEASED = {held: space for space, held in _HELD.items()}


@dataclass(frozen=True, slots=True)
class Paper:
    """What is written on: its width in columns, whether it shows colours; how much is told."""

    width: int = 80
    colour: bool = False
    detail: Detail = Detail.NORMAL


@dataclass
class Canvas:
    """Collects lines and tables; `text()` gives the whole.

    Everything is made safe to print: names come from cards and files.
    """

    paper: Paper
    _buffer: io.StringIO = field(default_factory=io.StringIO)

    def __post_init__(self) -> None:
        self._console = Console(
            file=self._buffer,
            width=self.paper.width,
            height=25,  # with both given, rich does not guess from the terminal
            color_system="standard" if self.paper.colour else None,
            force_terminal=self.paper.colour,
            highlight=False,
            markup=False,
            emoji=False,
            legacy_windows=False,
        )

    def line(self, text: str = "", style: str = "", indent: int = 0) -> None:
        """One paragraph, wrapped; continuation lines keep the indentation."""
        self._console.print(Padding(_text((text, style)), (0, 0, 0, indent)))

    def item(self, mark: str, text: str, style: str = "", indent: int = 0) -> None:
        """A paragraph behind a mark; continuation lines stand under its text."""
        grid = Table.grid(padding=(0, 1, 0, 0))
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        grid.add_row(_text((mark, style)), _text((text, style)))
        self._console.print(Padding(grid, (0, 0, 0, indent)))

    def pairs(self, rows: Sequence[tuple[Cell, Cell]], indent: int, column: int) -> None:
        """Heads, each with a text that begins at `column` and keeps to its right."""
        grid = Table.grid(padding=(0, _GAP, 0, 0))
        grid.add_column(width=max(1, column - indent - _GAP), overflow="fold")
        grid.add_column(overflow="fold")
        for head, text in rows:
            grid.add_row(_text(head), _text(text))
        self._console.print(Padding(grid, (0, 0, 0, indent)))

    def column_behind(self, heads: Sequence[str], indent: int) -> int:
        """Where the texts of `pairs` begin: behind the longest head, if it leaves them room."""
        longest = max((cell_len(one_line(head)) for head in heads), default=0)
        return min(indent + longest + _GAP, self.paper.width * 2 // 5)

    def verbatim(self, text: str, indent: int = 0) -> None:
        """One line, whatever the width: it is for copying."""
        self._console.print(_text((" " * indent + text, "")), soft_wrap=True)

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
        """A calm table: heads, a rule, rows."""
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
        room = self.paper.width - _GAP * len(heads)
        for head, width in zip(heads, _widths([_plain(heads), *rows], room), strict=True):
            table.add_column(_text((head, "")), overflow="fold", width=width)
        for row in rows:
            table.add_row(*map(_text, row))
        before = self._buffer.getvalue()
        self._console.print(table)
        if before.endswith("\n") and not before[:-1].rpartition("\n")[2].strip():
            self._without_first_line(len(before))  # a table begins with a blank line of its own

    def _without_first_line(self, start: int) -> None:
        """Of what was written from `start` on."""
        _, _, rest = self._buffer.getvalue()[start:].partition("\n")
        self._buffer.seek(start)
        self._buffer.truncate()
        self._buffer.write(rest)

    def columns(
        self,
        heads: Sequence[str],
        rows: Sequence[Sequence[Cell]],
        below: Sequence[Sequence[str]] = (),
    ) -> None:
        """A table without a rule: heads, rows; `below` each row lines for copying."""
        head = _plain(heads, "bold")
        widths = _widths([head, *rows], self._room(len(head)))
        self._row(head, widths)
        for row, lines in zip(rows, below or [()] * len(rows), strict=True):
            self._row(row, widths)
            for line in lines:
                self.verbatim(line, indent=2)

    def entries(
        self,
        heads: Sequence[str],
        entries: Sequence[tuple[Sequence[Cell], str]],
        movable: int,
    ) -> None:
        """A table whose rows have a second line of their own: (cells, second line).

        Where the paper is too narrow for the words, the column `movable` goes to the head of
        the second line.
        """
        head, rows = list(_plain(heads, "bold")), [list(cells) for cells, _ in entries]
        below = [text for _, text in entries]
        if sum(_longest_words([head, *rows])) > self._room(len(head)):
            del head[movable]
            moved = [row.pop(movable)[0] for row in rows]
            below = [
                f"{one}, {other}" if one.strip("—") else other
                for one, other in zip(moved, below, strict=True)
            ]
        widths = _widths([head, *rows], self._room(len(head)))
        self._row(head, widths)
        for row, text in zip(rows, below, strict=True):
            self._row(row, widths)
            if text:
                self.line(text, "dim", indent=2)

    def _room(self, columns: int) -> int:
        return self.paper.width - _GAP * (columns - 1)

    def _row(self, cells: Sequence[Cell], widths: Sequence[int]) -> None:
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, _GAP, 0, 0))
        for width in widths:
            table.add_column(overflow="fold", width=width)
        table.add_row(*map(_text, cells))
        self._console.print(table)

    def text(self) -> str:
        """Everything written so far, without trailing blanks."""
        lines = (line.rstrip() for line in self._buffer.getvalue().split("\n"))
        return "\n".join(lines).translate(_RELEASED)


def _text(cell: Cell) -> Text:
    text, style = cell
    return Text(one_line(text).translate(_HELD), style=style)


def _plain(texts: Sequence[str], style: str = "") -> list[Cell]:
    return [(text, style) for text in texts]


def _widths(rows: Sequence[Sequence[Cell]], room: int) -> list[int]:
    """The width of each column: its text's, less where the room is short. The first row is heads.

    Heads are broken first, then what has blanks to break at; then the widest is folded.
    """
    widths = [min(width, room) for width in _naturals(rows)]
    words = _longest_words(rows)
    whole = map(max, _longest_words(rows[:1]), _naturals(rows[1:]) or words)
    for floors in ([*whole], words, [1] * len(widths)):
        while sum(widths) > room:
            wide = [i for i, width in enumerate(widths) if width > floors[i]]
            if not wide:
                break
            widths[max(wide, key=widths.__getitem__)] -= 1
    return widths


def _naturals(rows: Sequence[Sequence[Cell]]) -> list[int]:
    """The longest text of each column; nothing where there are no rows."""
    return [
        max(cell_len(one_line(text)) for text, _ in column) for column in zip(*rows, strict=True)
    ]


def _longest_words(rows: Sequence[Sequence[Cell]]) -> list[int]:
    """The longest word of each column."""
    words = (
        [w for text, _ in column for w in one_line(text).split(" ")]
        for column in zip(*rows, strict=True)
    )
    return [max(map(cell_len, column), default=1) for column in words]
