"""rich: text for a terminal, or plain when there is none."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cpx_tool.report.words import printable


@dataclass(frozen=True, slots=True)
class Paper:
    """What is written on: its width in columns, and whether it shows colours."""

    width: int = 80
    colour: bool = False


@dataclass
class Canvas:
    """Collects lines and tables; `text()` gives the whole."""

    paper: Paper
    _buffer: io.StringIO = field(default_factory=io.StringIO)

    def __post_init__(self) -> None:
        self._console = Console(
            file=self._buffer,
            width=self.paper.width,
            color_system="standard" if self.paper.colour else None,
            force_terminal=self.paper.colour,
            highlight=False,
            markup=False,
            emoji=False,
            legacy_windows=False,
        )

    def line(self, text: str = "", style: str = "", indent: int = 0) -> None:
        """One paragraph, wrapped; continuation lines keep the indentation."""
        body = Text(printable(text), style=style)
        self._console.print(Padding(body, (0, 0, 0, indent)) if indent else body)

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[tuple[str, str]]]) -> None:
        """A calm table; a cell is (text, style)."""
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
        for head in heads:
            table.add_column(Text(head), overflow="fold")
        for row in rows:
            table.add_row(*(Text(printable(text), style=style) for text, style in row))
        self._console.print(table)

    def entries(
        self,
        heads: Sequence[str],
        entries: Sequence[tuple[Sequence[tuple[str, str]], str]],
    ) -> None:
        """A table whose rows have a second line of their own: (cells, second line).

        The last column is not padded; the second line is indented, and wrapped by words.
        """
        texts = [[printable(text) for text, _ in cells] for cells, _ in entries]
        widths = [max(map(cell_len, column)) for column in zip(heads, *texts, strict=True)]
        self._row([(head, "bold") for head in heads], widths)
        for cells, below in entries:
            self._row(cells, widths)
            self.line(below, "dim", indent=4)

    def _row(self, cells: Sequence[tuple[str, str]], widths: Sequence[int]) -> None:
        row = Text(no_wrap=True, overflow="ignore")
        for (text, style), width in zip(cells, widths, strict=True):
            shown = printable(text)
            row.append(shown, style=style)
            row.append(" " * (width - cell_len(shown) + 2))
        self._console.print(row, soft_wrap=True)

    def text(self) -> str:
        """Everything written so far, without trailing blanks."""
        lines = (line.rstrip() for line in self._buffer.getvalue().split("\n"))
        return "\n".join(lines)
