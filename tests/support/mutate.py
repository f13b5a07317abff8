"""Inputs made wrong, where it hurts: DER by tag, length, OID and number; JSON and TOML by value.

Changed bytes alone rarely get past the first length of a certificate.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from copy import deepcopy
from random import Random
from typing import Any, Protocol, TypeVar

from support.tree import Node, parse

T = TypeVar("T")

MAX_SIZE = 300_000
"""Larger results are cut off."""


class Dice(Protocol):
    """Where the decisions come from: a random number, or a test that can be made smaller."""

    def below(self, limit: int) -> int:
        """A number from 0 to `limit` - 1."""

    def bytes(self, size: int) -> bytes:
        """So many bytes."""


class RandomDice:
    """Decisions of chance, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - not for secrets

    def below(self, limit: int) -> int:
        return self._random.randrange(limit)

    def bytes(self, size: int) -> bytes:
        return self._random.randbytes(size)


def _pick(dice: Dice, choices: Sequence[T]) -> T:
    return choices[dice.below(len(choices))]


# --- DER --------------------------------------------------------------------------------------

_TAGS = (
    *(0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0A, 0x0C, 0x12, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1A),
    *(0x1C, 0x1E, 0x1F, 0x24, 0x30, 0x31, 0x3F, 0x80, 0x81, 0x82, 0x86, 0xA0, 0xA1, 0xA3, 0xA4),
    *(0xBF, 0xFF),
)
_LENGTHS = (
    b"\x00",
    b"\x01",
    b"\x7f",
    b"\x80",
    b"\x81\x00",
    b"\x82\x00\x05",
    b"\x84\xff\xff\xff\xff",
)
_LENGTHS += (b"\x88" + b"\xff" * 8, b"\xff", b"\x84\x00\x00\x00\x02")
_OIDS = (
    *("551d0e", "551d0f", "551d10", "551d11", "551d12", "551d13", "551d14", "551d1b", "551d1c"),
    *("551d1e", "551d1f", "551d20", "551d23", "551d24", "551d25", "551d36", "550403", "550406"),
    *("55042a", "0992268993f22c640119", "2b06010505070101", "2b060105050730", "2b0601050507030a"),
    *("2a864886f70d010101", "2a864886f70d01010a", "2a864886f70d01010b", "2a864886f70d010105"),
    *("2a8648ce3d0201", "2a8648ce3d030107", "2a8648ce3d040302", "2b6570", "2b6571"),
    *("2a864886f70d010702", "2a864886f70d010c0a0102", "2b060104018237140203"),
    *("2a817a0147010205", "2a817a0147010202", "2a817a0147010203", "2a817a0147010207"),
    *("2a817a0147040205", "2a817a01815507020101010 1".replace(" ", ""), "2a817a018155070101"),
    *("", "80", "ff", "00", "8001", "ff7f", "ff" * 9 + "7f", "ff" * 40 + "7f", "ff" * 3000 + "7f"),
)
_NUMBERS = (
    "",
    "00",
    "01",
    "7f",
    "80",
    "ff",
    "0080",
    "ff7f",
    "00" * 9,
    "7fffffff",
    "8000000000000000",
)
_NUMBERS += ("7f" + "ff" * 200, "80" + "00" * 200, "7f" + "ff" * 5000, "00" + "ff" * 4096)
_TEXTS = (
    *(b"", b"\x00", b"FR", b"\xff\xfe", b"\x1b[2J", b"a\r\nb", b" ", b"{0} {name}", b"D" * 10_000),
    *(
        "é".encode(),
        "\u202e".encode(),
        "\ud800".encode("utf-8", "surrogatepass"),
        b"\xf0\x9f\xa6\x84",
    ),
    *(b"899700075122", b"30B0057881/CPET0002", b"8025000001/2800262487", b"TEST AC IGC-SANTE"),
    *(b"http://a b/\x00", b"ldap://x", b"CPX-TOOL EMULATION", b"\x00A" * 500, b"\xd8\x00"),
)
_TIMES = (
    *(b"", b"0", b"000101000000Z", b"491231235959Z", b"500101000000Z", b"991231235959Z"),
    *(b"270230000000Z", b"00000101000000Z", b"99991231235959Z", b"00010101000000Z"),
    *(b"20260101000000.5Z", b"20260101000000+2359", b"99991231235959-2359", b"00010101000000+2359"),
    *(b"2026010100", b"260101000000", b"2601010000Z", b"20260101000060Z", b"\xff" * 13),
)
_STRINGS = (0x0C, 0x12, 0x13, 0x14, 0x16, 0x1A, 0x1C, 0x1E, 0x82, 0x86)
_VALUES = {
    0x01: (b"", b"\x00", b"\x01", b"\xff", b"\xff\xff"),
    0x02: tuple(map(bytes.fromhex, _NUMBERS)),
    0x0A: tuple(map(bytes.fromhex, _NUMBERS)),
    0x06: tuple(map(bytes.fromhex, _OIDS)),
    0x17: _TIMES,
    0x18: _TIMES,
    **dict.fromkeys(_STRINGS, _TEXTS),
}


def mutated_der(data: bytes, dice: Dice, donors: Sequence[bytes] = ()) -> bytes:
    """DER with one to three parts made wrong; other bytes with some bytes changed."""
    root = parse(data)
    if root is None:
        return mutated_bytes(data, dice)
    for _ in range(1 + dice.below(3)):
        nodes = list(root.walk())
        _pick(dice, _CHANGES)(_pick(dice, nodes), dice)
        if donors and dice.below(4) == 0:
            _graft(_pick(dice, nodes), dice, donors)
    der = root.dump()
    around = dice.below(12)
    if around == 0:
        der += dice.bytes(1 + dice.below(40))
    elif around == 1:
        der = der[: dice.below(len(der) + 1)]
    return der[:MAX_SIZE]


def mutated_bytes(data: bytes, dice: Dice) -> bytes:
    """Some bytes changed, one piece left out, doubled or put in."""
    start = dice.below(len(data) + 1)
    end = start + dice.below(min(len(data) - start, 64) + 1)
    middle = _pick(dice, (b"", data[start:end] * 2, dice.bytes(end - start), dice.bytes(5)))
    return (data[:start] + middle + data[end:])[:MAX_SIZE]


def _retag(node: Node, dice: Dice) -> None:
    node.tag = _pick(dice, _TAGS)


def _relength(node: Node, dice: Dice) -> None:
    node.length = _pick(dice, _LENGTHS)


def _revalue(node: Node, dice: Dice) -> None:
    values = _VALUES.get(node.tag)
    node.value = _pick(dice, values) if values else dice.bytes(dice.below(40))
    node.inside = []


def _flip(node: Node, dice: Dice) -> None:
    content = bytearray(node.content())
    if content:
        content[dice.below(len(content))] ^= 1 << dice.below(8)
    _fill(node, bytes(content))


def _cut(node: Node, dice: Dice) -> None:
    content = node.content()
    _fill(node, content[: dice.below(len(content) + 1)])


def _grow(node: Node, dice: Dice) -> None:
    _fill(node, node.content() + dice.bytes(1 + dice.below(20)))


def _repeat(node: Node, dice: Dice) -> None:
    if node.inside:
        node.inside = node.inside * _pick(dice, (2, 3, 40, 1000))
        node.inside = node.inside[: 1 + MAX_SIZE // (1 + len(node.inside[0].dump()))]


def _drop(node: Node, dice: Dice) -> None:
    if node.inside:
        del node.inside[dice.below(len(node.inside))]


def _swap(node: Node, dice: Dice) -> None:
    if node.inside:
        one, other = dice.below(len(node.inside)), dice.below(len(node.inside))
        node.inside[one], node.inside[other] = node.inside[other], node.inside[one]


def _nest(node: Node, dice: Dice) -> None:
    content = node.dump()
    for _ in range(_pick(dice, (1, 2, 9, 60, 400))):
        content = Node(node.tag | 0x20, content).dump()
    _fill(node, content)


def _graft(node: Node, dice: Dice, donors: Sequence[bytes]) -> None:
    root = parse(_pick(dice, donors))
    if root is not None:
        other = deepcopy(_pick(dice, list(root.walk())))
        node.tag, node.value, node.inside = other.tag, other.value, other.inside
        node.prefix, node.length = other.prefix, other.length


def _fill(node: Node, content: bytes) -> None:
    node.prefix, node.value, node.inside = b"", content, []


_CHANGES: tuple[Callable[[Node, Dice], None], ...] = (
    *(_revalue, _revalue, _revalue, _retag, _relength, _flip, _flip, _cut, _grow),
    *(_repeat, _drop, _swap, _nest),
)


# --- JSON -------------------------------------------------------------------------------------

_LEAVES: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, 10**400, 2**63, "", "x", "\u0000\u001b[2J", "D" * 10_000, [], {}),
    *(
        "9999-12-31T23:59:59-23:59",
        "0001-01-01T00:00:00+23:59",
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00",
        "AAAA",
    ),
    *([[]], [None] * 50, {"a": {"a": {}}}, "\ud800", "é" * 300, "1" * 5000),
)


def mutated_json(data: bytes, dice: Dice) -> bytes:
    """JSON with one to three values made wrong; base64 of DER gets its DER made wrong."""
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        return mutated_bytes(data, dice)
    holder = {"": body}
    for _ in range(1 + dice.below(3)):
        places = list(_places(holder))
        container, key = _pick(dice, places)
        container[key] = _leaf(container[key], dice)
    text = json.dumps(holder[""])
    if dice.below(20) == 0:
        text = "[" * 100_000 + text
    return text.encode()[:MAX_SIZE]


def _places(value: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    pending = [value]
    while pending:
        container = pending.pop()
        keys = list(container) if isinstance(container, dict) else range(len(container))
        for key in keys:
            found.append((container, key))
            if isinstance(container[key], (dict, list)):
                pending.append(container[key])
    return found


def _leaf(value: Any, dice: Dice) -> Any:
    if isinstance(value, str) and value.startswith("MI") and dice.below(4):
        try:
            der = base64.b64decode(value)
        except ValueError:
            return value[1:]
        return base64.b64encode(mutated_der(der, dice)).decode()
    if isinstance(value, list) and value and dice.below(2):
        return value * _pick(dice, (0, 2, 8))
    return deepcopy(_pick(dice, _LEAVES))


# --- TOML -------------------------------------------------------------------------------------

_LINES = (
    *(b"[[card]]", b"[card]", b"[[card.x]]", b'name = "x"', b"size = 6", b"size = " + b"9" * 5000),
    *(
        b'title = """',
        b"title = '''",
        b"a.b.c = 1",
        b"card = []",
        b"card = [{}]",
        b"x = " + b"[" * 900,
    ),
    *(
        b"size = 1979-05-27T07:32:00Z",
        b"size = nan",
        b"\xff\xfe",
        b"# \x00",
        b'"\\ud800" = 1',
        b"=",
    ),
    *(b'role = "' + b"a" * 10_000 + b'"', b'specialities = ["SM26"]', b"profession = -0"),
)


def mutated_toml(data: bytes, dice: Dice) -> bytes:
    """TOML with lines left out, doubled, exchanged or made wrong."""
    lines = data.split(b"\n")
    for _ in range(1 + dice.below(3)):
        place = dice.below(len(lines))
        lines[place : place + 1] = _pick(
            dice,
            (
                [],
                [lines[place]] * _pick(dice, (2, 40)),
                [lines[place], _pick(dice, _LINES)],
                [lines[place].partition(b"=")[0] + _pick(dice, _LINES)],
                [mutated_bytes(lines[place], dice)],
                [_pick(dice, lines)],
            ),
        ) or [b""]
    return b"\n".join(lines)[:MAX_SIZE]
