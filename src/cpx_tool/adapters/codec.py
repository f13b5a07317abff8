"""msgspec: our frozen values to JSON and back, strictly typed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

T = TypeVar("T")


class Malformed(Exception):
    """The bytes are no JSON of the expected shape; the text says where."""


def to_json(value: object) -> bytes:
    """JSON of a dataclass, tuple or scalar; bytes become base64, datetimes RFC 3339."""
    return msgspec.json.encode(value)


def from_json(data: bytes, kind: type[T]) -> T:
    """The value of type `kind`; every date in it has its place in UTC. Raises `Malformed`."""
    try:
        value = msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise Malformed(str(error)) from error
    for place, moment in _moments(value, "$"):
        if not _has_utc(moment):
            raise Malformed(f"Expected a date with its time zone - at `{place}`")
    return value


def _moments(value: object, place: str) -> Iterator[tuple[str, datetime]]:
    """The dates in a value of ours, with where they stand."""
    if isinstance(value, datetime):
        yield place, value
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _moments(item, f"{place}[{index}]")
    elif is_dataclass(value):
        for part in fields(value):
            yield from _moments(getattr(value, part.name), f"{place}.{part.name}")


def _has_utc(moment: datetime) -> bool:
    """Without a zone, or at the ends of time, it cannot be compared with others."""
    try:
        return moment.tzinfo is not None and moment.astimezone(UTC) is not None
    except OverflowError:
        return False


def indented(data: bytes) -> bytes:
    """The same JSON, two spaces a level."""
    return msgspec.json.format(data, indent=2)
