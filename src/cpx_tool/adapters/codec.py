"""msgspec: our frozen values to JSON and back, strictly typed."""

from __future__ import annotations

from typing import TypeVar

import msgspec

T = TypeVar("T")


class Malformed(Exception):
    """The bytes are no JSON of the expected shape; the text says where."""


def to_json(value: object) -> bytes:
    """JSON of a dataclass, tuple or scalar; bytes become base64, datetimes RFC 3339."""
    return msgspec.json.encode(value)


def from_json(data: bytes, kind: type[T]) -> T:
    """The value of type `kind`. Raises `Malformed`."""
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise Malformed(str(error)) from error


def indented(data: bytes) -> bytes:
    """The same JSON, two spaces a level."""
    return msgspec.json.format(data, indent=2)
