"""msgspec: our frozen values to JSON and back, strictly typed."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_PLAIN = (str, int, float, bytes, type(None))
"""Most of what there is; nothing stands in it."""


class Malformed(Exception):
    """The bytes are no JSON of the expected shape; the text says where."""


def to_json(value: object) -> bytes:
    """JSON of a dataclass, tuple or scalar; bytes become base64, datetimes RFC 3339."""
    return msgspec.json.encode(value)


def from_json(data: bytes, kind: type[T], most: int | None = None) -> T:
    """The value of type `kind`, in which every date has its place in UTC, and nothing stands more
    than `most` times in a row. Raises `Malformed`.
    """
    try:
        value = msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise Malformed(str(error)) from error
    _check(value, "$", most)
    return value


def _check(value: object, place: str, most: int | None) -> None:
    """Walk a value of ours: what msgspec does not look at. Raises `Malformed`."""
    if isinstance(value, datetime) and not _has_utc(value):
        raise Malformed(f"Expected a date with its time zone - at `{place}`")
    if isinstance(value, tuple):
        if most is not None and len(value) > most:
            raise Malformed(f"{place}: {len(value)}")
        for index, item in enumerate(value):
            _check(item, f"{place}[{index}]", most)
    elif is_dataclass(value):
        for name in _names(value.__class__):
            part = getattr(value, name)
            if not isinstance(part, _PLAIN):
                _check(part, f"{place}.{name}", most)


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(part.name for part in fields(kind))


def _has_utc(moment: datetime) -> bool:
    """Without a zone, or at the ends of time, it cannot be compared with others."""
    try:
        return moment.tzinfo is not None and moment.astimezone(UTC) is not None
    except OverflowError:
        return False


def indented(data: bytes) -> bytes:
    """The same JSON, two spaces a level."""
    return msgspec.json.format(data, indent=2)
