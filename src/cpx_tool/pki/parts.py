"""A certificate cut into its parts, unread, so that a damaged part does not hide the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cpx_tool.pki.der import SEQUENCE, content, elements, header, is_whole

TRAILING_DATA = "trailing data"
TRUNCATED = "truncated"
STRUCTURE = "structure"
DEFECTS = frozenset({TRAILING_DATA, TRUNCATED, STRUCTURE})
"""What may be wrong with a certificate as a whole: bytes behind its end, an end that is missing,
parts that are not those of RFC 5280, 4.1. Named among `Certificate.problems`.
"""

_INTEGER, _BIT_STRING = 0x02, 0x03
_VERSION, _EXTENSIONS = 0xA0, 0xA3
_UNIQUE_IDS = (0x81, 0x82)
_OUTER = (SEQUENCE, SEQUENCE, _BIT_STRING)
_NEEDED = (_INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE)
"""Serial number, algorithm, issuer, validity, subject, key."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts in DER; the last of a truncated certificate is cut off, those after it are b"".

    `signed` is the tbsCertificate, `inner_algorithm` the one it names; `extensions` is their
    SEQUENCE, b"" where there is none.
    """

    whole: bytes
    signed: bytes
    serial: bytes
    inner_algorithm: bytes
    issuer: bytes
    validity: bytes
    subject: bytes
    key: bytes
    extensions: bytes
    algorithm: bytes
    signature: bytes
    defects: tuple[str, ...]


def cut(der: bytes) -> Parts:
    """Cut a certificate apart. Raises `ValueError` when it does not begin as one does, up to
    its validity: nothing could be said of it.
    """
    outer = elements(content(der))
    signed = _at(outer, 0)
    inside = elements(content(signed))
    if _tags(inside[:1]) == (_VERSION,):
        inside = inside[1:]
    # a broken name may have any tag
    beginning = _tags((der[:1], signed, *inside[:2], *inside[3:4]))
    if beginning != (SEQUENCE, SEQUENCE, _INTEGER, SEQUENCE, SEQUENCE):
        raise ValueError("not a certificate")
    wrapped = next((part for part in inside[6:] if part[0] == _EXTENSIONS), b"")
    return Parts(
        whole=der,
        signed=signed,
        serial=inside[0],
        inner_algorithm=inside[1],
        issuer=inside[2],
        validity=inside[3],
        subject=_at(inside, 4),
        key=_at(inside, 5),
        extensions=content(wrapped),
        algorithm=_at(outer, 1),
        signature=_at(outer, 2),
        defects=tuple(_defects(der, outer, inside)),
    )


def _defects(der: bytes, outer: Sequence[bytes], inside: Sequence[bytes]) -> Iterator[str]:
    _, end = header(der)
    if end < len(der):
        yield TRAILING_DATA
    if end > len(der):
        yield TRUNCATED
    elif not (_fits(outer, _OUTER) and _fits(inside[:6], _NEEDED) and _is_tail(inside[6:])):
        yield STRUCTURE


def _fits(parts: Sequence[bytes], wanted: Sequence[int]) -> bool:
    return _tags(parts) == tuple(wanted) and all(map(is_whole, parts))


def _is_tail(parts: Sequence[bytes]) -> bool:
    """What may follow the key: unique identifiers, and extensions, which are one SEQUENCE."""
    tags = _tags(parts)
    wrapped = [content(part) for part in parts if part[0] == _EXTENSIONS]
    in_order = tags == tuple(sorted(set(tags))) and set(tags) <= {*_UNIQUE_IDS, _EXTENSIONS}
    return in_order and all(map(is_whole, (*parts, *wrapped)))


def _tags(parts: Sequence[bytes]) -> tuple[int, ...]:
    return tuple(part[0] if part else -1 for part in parts)


def _at(parts: Sequence[bytes], place: int) -> bytes:
    return parts[place] if place < len(parts) else b""
