"""DER cut into its elements, as far as it goes: damage must not hide what stands before it.

asn1crypto reads an element whole or not at all, and takes the lengths that it meets at their
word; here they are only followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from asn1crypto import core

SEQUENCE = 0x30
SET = 0x31

_LONG_LENGTH = 0x80
_LONG_TAG = 0x1F
_MAX_LENGTH_BYTES = 4
_TIMES = {0x17: re.compile(rb"[0-9]{12}Z"), 0x18: re.compile(rb"[0-9]{14}Z")}
_MIN_OID, _MAX_OID = 3, 128
"""In bytes. The longest seen has 12; unfolding one takes a time that grows squared."""


def header(data: bytes, at: int = 0) -> tuple[int, int]:
    """Where the content of the element at `at` begins, and where it ends: behind the end of
    `data` when that is cut off. Raises `ValueError` when there is no header.
    """
    if at + 2 > len(data) or data[at] & _LONG_TAG == _LONG_TAG:
        raise ValueError("no header")
    content, length = at + 2, data[at + 1]
    if length & _LONG_LENGTH:
        width = length & 0x7F
        content += width
        if not 1 <= width <= _MAX_LENGTH_BYTES or content > len(data):
            raise ValueError("absurd length")
        length = int.from_bytes(data[at + 2 : content], "big")
    return content, content + length


def walk(data: bytes) -> Iterator[bytes]:
    """The elements that stand one after the other. The last one may not be whole."""
    at = 0
    while at < len(data):
        try:
            _, end = header(data, at)
        except ValueError:
            end = len(data)
        yield data[at:end]
        at = end


def elements(data: bytes) -> tuple[bytes, ...]:
    """All of `walk`."""
    return tuple(walk(data))


def content(element: bytes) -> bytes:
    """The content of an element, as far as it is there; b"" when it has no header."""
    try:
        start, end = header(element)
    except ValueError:
        return b""
    return element[start:end]


def is_whole(element: bytes, tag: int | None = None) -> bool:
    """Whether these bytes are one element, with that tag, and nothing else."""
    try:
        return header(element)[1] == len(element) and tag in (None, element[0])
    except ValueError:
        return False


def dotted(element: bytes) -> str:
    """An OBJECT IDENTIFIER. Raises whatever asn1crypto raises, and `ValueError`."""
    if not _MIN_OID <= len(element) <= _MAX_OID or element[-1] & 0x80:
        raise ValueError("no OID, or an absurd one")
    oid: str = core.ObjectIdentifier.load(element, strict=True).dotted
    return oid


def present(field: Any) -> bool:
    """Whether an optional field that asn1crypto read is there."""
    return not isinstance(field, core.Void)


def read_time(element: bytes) -> datetime:
    """A UTCTime or GeneralizedTime, in the one form that RFC 5280 (4.1.2.5) allows of each: up to
    the second, and in UTC. Raises `ValueError` for any other.
    """
    form = _TIMES.get(element[0]) if is_whole(element) else None
    if form is None or not form.fullmatch(content(element)):
        raise ValueError("no date of a certificate")
    digits = content(element)[:-1].decode()
    century = "" if len(digits) == len("YYYYMMDDhhmmss") else "20" if digits < "5" else "19"
    return datetime.strptime(f"{century}{digits}", "%Y%m%d%H%M%S").replace(tzinfo=UTC)


def moment(native: object) -> datetime:
    """The moment, in UTC, that asn1crypto read from a UTCTime or GeneralizedTime.

    Raises `TypeError` for the year 0, for which asn1crypto has a type of its own, and
    `OverflowError` at the ends of time.
    """
    if not isinstance(native, datetime):
        raise TypeError("no date")
    return native.astimezone(UTC) if native.tzinfo else native.replace(tzinfo=UTC)
