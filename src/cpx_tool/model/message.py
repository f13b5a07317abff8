"""A sentence for a person: an English template and its values, translated when it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Message:
    """`text` is the English template (the gettext msgid) with `{name}` placeholders.

    With `plural`, the form is chosen by `count`, which is also a placeholder.
    """

    text: str
    params: Mapping[str, Param] = field(default_factory=dict, hash=False)
    plural: str | None = None
    count: int = 0

    def __str__(self) -> str:
        """In English, for programmers: what a traceback shows."""
        text = self.plural if self.plural is not None and self.count != 1 else self.text
        return text.format(**{name: _plain(value) for name, value in self.params.items()})


def _plain(value: Param) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


Param: TypeAlias = "str | int | datetime | Message | tuple[str | Message, ...]"


def msg(text: str, /, **params: Param) -> Message:
    """A message; `text` must be a literal, so that it can be extracted for translation."""
    return Message(text, params)


def nmsg(singular: str, plural: str, count: int, /, **params: Param) -> Message:
    """A message whose form depends on `count`, which the template may show as `{count}`."""
    return Message(singular, {"count": count, **params}, plural, count)
