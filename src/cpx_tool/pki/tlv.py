"""A small BER-TLV reader for the CPS_* objects of a card (ISO/IEC 7816-4, 5.2.2)."""

from __future__ import annotations

from dataclasses import dataclass

MAX_FILE = 32_768
"""In bytes: what can be addressed in a file of a card (ISO/IEC 7816-4, 7.2.2)."""

_PADDING = (0x00, 0xFF)
_LONG_TAG = 0x1F
_LONG_LENGTH = 0x80
_MAX_TAG_BYTES = 4
_MAX_LENGTH_BYTES = 4


@dataclass(frozen=True, slots=True)
class Tlv:
    """One data object. `tag` as its bytes read big-endian (0xE3, 0x5F20)."""

    tag: int
    value: bytes


def read_tlvs(data: bytes) -> tuple[Tlv, ...]:
    """The data objects at the top of `data`, up to the first that cannot be read. Never raises.

    Padding between them is skipped, and nested ones are left in the value: a file is as long
    as the card made it, not as its contents.
    """
    return _walk(data)[0]


def is_whole(data: bytes) -> bool:
    """Whether `read_tlvs` reads `data` to its end."""
    return _walk(data)[1] == len(data)


def first_value(data: bytes, tag: int) -> bytes | None:
    """The value of the first object with that tag at the top of `data`; of no object where there
    is more of it than a card's file can hold.
    """
    if len(data) > MAX_FILE:
        return None
    return next((tlv.value for tlv in read_tlvs(data) if tlv.tag == tag), None)


def _walk(data: bytes) -> tuple[tuple[Tlv, ...], int]:
    """The objects, and where reading ended."""
    found: list[Tlv] = []
    at = 0
    while at < len(data):
        if data[at] in _PADDING:
            at += 1
            continue
        read = _read_one(data, at)
        if read is None:
            break
        tlv, at = read
        found.append(tlv)
    return tuple(found), at


def _read_one(data: bytes, at: int) -> tuple[Tlv, int] | None:
    after_tag = _after_tag(data, at)
    if after_tag is None:
        return None
    measured = _length(data, after_tag)
    if measured is None:
        return None
    length, start = measured
    if start + length > len(data):
        return None
    tag = int.from_bytes(data[at:after_tag], "big")
    return Tlv(tag, data[start : start + length]), start + length


def _length(data: bytes, at: int) -> tuple[int, int] | None:
    """The length that stands at `at`, and where the value begins."""
    if at >= len(data):
        return None
    if data[at] < _LONG_LENGTH:
        return data[at], at + 1
    width = data[at] & 0x7F
    start = at + 1 + width
    if not 1 <= width <= _MAX_LENGTH_BYTES or start > len(data):
        return None
    return int.from_bytes(data[at + 1 : start], "big"), start


def _after_tag(data: bytes, at: int) -> int | None:
    if data[at] & _LONG_TAG != _LONG_TAG:
        return at + 1
    for end in range(at + 1, min(at + _MAX_TAG_BYTES, len(data))):
        if not data[end] & 0x80:
            return end + 1
    return None
