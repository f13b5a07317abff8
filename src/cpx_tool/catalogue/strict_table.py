"""A TOML table read strictly: what it refuses, it names by file, line and key."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NoReturn, TypeVar

from cpx_tool.catalogue.toml_lines import TomlLines
from cpx_tool.errors import BadInput
from cpx_tool.model.message import Message, msg

_MAX_ITEMS = 1000

_T = TypeVar("_T")


class BadValueError(Exception):
    """A value that its key does not allow; `why` is the sentence that says so."""

    def __init__(self, why: Message) -> None:
        super().__init__(why.text)
        self.why = why


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the file, which knows where it stands; `name` is "" at the top level."""

    data: Mapping[str, object]
    file: str
    lines: TomlLines
    hint: Message
    """The remedy for everything that is refused."""
    name: str = ""
    index: int = 0

    def refuse_unknown(self, known: tuple[str, ...]) -> None:
        """Raise `BadInput` at the first key that is not among the known ones."""
        for key in self.data:
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                if near:
                    self.refuse(
                        key, msg('This key is unknown; did you mean "{near}"?', near=near[0])
                    )
                self.refuse(
                    key, msg("This key is unknown; the known keys are {known}.", known=known)
                )

    def required(self, key: str, read: Callable[[object], _T]) -> _T:
        """The value of a key that must be there, as `read` gives it."""
        if key not in self.data:
            line = self.lines.of_table(self.name, self.index)
            self._refuse_at(line, key, msg("This key is missing."))
        return self._read(key, read)

    def optional(self, key: str, read: Callable[[object], _T], default: _T) -> _T:
        """The value of a key, as `read` gives it, or `default` where the key is absent."""
        return self._read(key, read) if key in self.data else default

    def _read(self, key: str, read: Callable[[object], _T]) -> _T:
        try:
            return read(self.data[key])
        except BadValueError as error:
            self.refuse(key, error.why)

    def tables(self, key: str) -> list[Table]:
        """The array of tables [[key]]; empty where there is none."""
        value = self.data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.refuse(key, msg("Write each one as a table of its own: [[{key}]].", key=key))
        if len(value) > _MAX_ITEMS:
            self.refuse(key, msg("There are more than {limit} of them.", limit=_MAX_ITEMS))
        return [
            Table(item, self.file, self.lines, self.hint, key, i) for i, item in enumerate(value)
        ]

    def table(self, key: str) -> Table:
        """The table [key]; an empty one where there is none."""
        value = self.data.get(key, {})
        if not isinstance(value, dict):
            self.refuse(key, msg("Write it as a table: [{key}].", key=key))
        return Table(value, self.file, self.lines, self.hint, key)

    def refuse(self, key: str, why: Message) -> NoReturn:
        """Raise `BadInput` at the line of `key`."""
        self._refuse_at(self.lines.of_key(key, self.name, self.index), key, why)

    def _refuse_at(self, line: int, key: str, why: Message) -> NoReturn:
        raise BadInput(
            msg(
                '{file}, line {line}, key "{key}": {why}',
                file=self.file,
                line=line,
                key=key,
                why=why,
            ),
            self.hint,
        ) from None
