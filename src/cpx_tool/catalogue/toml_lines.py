"""Where the keys of a TOML text stand: tomllib reads values but forgets their lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*"
    r"|[\[\]{}\n]",
    re.DOTALL,
)
_HEADER = re.compile(r"\s*\[\[?\s*([\w-]+)\s*\]")
_KEY = re.compile(r"""\s*(?:"([^"\n]*)"|'([^'\n]*)'|([^"'=.\s]+))""")


@dataclass(slots=True)
class TomlLines:
    """Lines, counted from 1, of the top-level keys and of the keys of each array table."""

    _keys: dict[tuple[str, int, str], int] = field(default_factory=dict)
    _headers: dict[tuple[str, int], int] = field(default_factory=dict)

    def of_key(self, key: str, table: str = "", index: int = 0) -> int:
        """The line of `key`, else that of its table."""
        return self._keys.get((table, index, key)) or self.of_table(table, index)

    def of_table(self, table: str, index: int) -> int:
        """The line where the table begins; that of its key when it is written inline."""
        return self._headers.get((table, index)) or self._keys.get(("", 0, table), 1)


def locate(text: str) -> TomlLines:
    """Find the keys of a text that tomllib accepts."""
    lines = TomlLines()
    table, index, seen = "", 0, dict[str, int]()
    for number, statement in _statements(text):
        if header := _HEADER.match(statement):
            table = header[1]
            index = seen.get(table, -1) + 1
            seen[table] = index
            lines._headers[table, index] = number
            lines._keys.setdefault(("", 0, table), number)
        elif (key := _KEY.match(statement)) and not statement.lstrip().startswith("#"):
            lines._keys.setdefault((table, index, key[key.lastindex or 0]), number)
    return lines


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Each statement with the line it begins on; brackets and strings may span lines."""
    start, begins, line, depth = 0, 1, 1, 0
    for token in _TOKEN.finditer(text):
        word = token[0]
        line += word.count("\n")
        if word in ("[", "{"):
            depth += 1
        elif word in ("]", "}"):
            depth -= 1
        elif word == "\n" and depth == 0:
            yield begins, text[start : token.start()]
            start, begins = token.end(), line
    yield begins, text[start:]
