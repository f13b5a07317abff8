"""DER as a tree that can be changed anywhere: the lengths around a change follow it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

_CONSTRUCTED = 0x20
_BIT_STRING, _OCTET_STRING = 0x03, 0x04
_MAX_DEPTH = 40

VERSION, SERIAL, ALGORITHM, ISSUER, VALIDITY, SUBJECT, KEY, EXTENSIONS = range(8)
"""Where the parts of a certificate stand in its tbsCertificate."""


@dataclass(slots=True)
class Node:
    """One element: `inside` are its elements, or else `value` its content.

    What an OCTET STRING or BIT STRING holds is unfolded too, where it is DER; `prefix` are the
    bytes before it. `length`, when given, stands there instead of the true length.
    """

    tag: int
    value: bytes = b""
    inside: list[Node] = field(default_factory=list)
    prefix: bytes = b""
    length: bytes | None = None

    def dump(self) -> bytes:
        """The DER."""
        if self.length is not None:
            return bytes([self.tag]) + self.length + self.content()
        return tlv(self.tag, self.content())

    def content(self) -> bytes:
        """The DER without tag and length."""
        if not self.inside:
            return self.prefix + self.value
        return self.prefix + b"".join(child.dump() for child in self.inside)

    def walk(self) -> Iterator[Node]:
        """This node and all below it."""
        yield self
        for child in self.inside:
            yield from child.walk()


def tlv(tag: int, content: bytes) -> bytes:
    """Tag, length, content; `tag` is one byte."""
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def parse(der: bytes) -> Node | None:
    """The tree of one element, None when these bytes are not exactly that."""
    nodes = _nodes(der, 0)
    return nodes[0] if nodes is not None and len(nodes) == 1 else None


def changed(der: bytes, path: tuple[int, ...], change: Callable[[Node], Node | None]) -> bytes:
    """The DER with the node at `path` replaced, or left out where `change` gives None."""
    root = parse(der)
    assert root is not None
    *above, last = path
    parent = root
    for place in above:
        parent = parent.inside[place]
    replacement = change(parent.inside[last])
    parent.inside[last : last + 1] = [] if replacement is None else [replacement]
    return root.dump()


def part(place: int, *below: int) -> tuple[int, ...]:
    """The path of a part of a certificate, or of something below it."""
    return (0, place, *below)


def _nodes(data: bytes, depth: int) -> list[Node] | None:
    nodes: list[Node] = []
    at = 0
    while at < len(data):
        start, end = _measure(data, at)
        if end > len(data) or depth > _MAX_DEPTH:
            return None
        nodes.append(_node(data[at], data[start:end], depth))
        at = end
    return nodes


def _node(tag: int, content: bytes, depth: int) -> Node:
    wraps = tag in (_BIT_STRING, _OCTET_STRING)
    skipped = 1 if tag == _BIT_STRING else 0
    if (tag & _CONSTRUCTED or wraps) and content[skipped:]:
        inside = _nodes(content[skipped:], depth + 1)
        if inside is not None:
            return Node(tag, inside=inside, prefix=content[:skipped])
    return Node(tag, content)


def _measure(data: bytes, at: int) -> tuple[int, int]:
    """Where the content begins and ends; an end beyond the data for what is no header."""
    beyond = len(data) + 1
    if at + 2 > len(data) or data[at] & 0x1F == 0x1F:
        return at, beyond
    start, length = at + 2, data[at + 1]
    if length & 0x80:
        width = length & 0x7F
        start += width
        if not 1 <= width <= 4:
            return at, beyond
        length = int.from_bytes(data[at + 2 : start], "big")
    return start, start + length
