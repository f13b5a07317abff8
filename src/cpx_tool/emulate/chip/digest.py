"""The last round of a hash on the card, begun outside of it (FIPS 180-4).

`hashlib` cannot go on from a state that is given, so both compressions stand here. A card of
the CPS3 kind wants it for its signature key: PSO HASH gets the state, the bits hashed so far,
and the last block (IAS ECC; needed by Cryptolib 5.2.2 [seen]).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

_MASK = 0xFFFFFFFF
BLOCK = 64
"""In bytes, of both."""

_SHA1_START = (0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0)
_SHA1_CONSTANTS = (0x5A827999, 0x6ED9EBA1, 0x8F1BBCDC, 0xCA62C1D6)


def _primes(count: int) -> list[int]:
    found: list[int] = []
    number = 2
    while len(found) < count:
        if all(number % prime for prime in found):
            found.append(number)
        number += 1
    return found


def _root_bits(number: int, power: int) -> int:
    """The first 32 bits of the fraction of a root (FIPS 180-4, 4.2.2 and 5.3.3)."""
    scaled = number << (32 * power)
    low, high = 0, 1 << 64
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**power <= scaled else (low, middle - 1)
    return low & _MASK


_SHA256_CONSTANTS = tuple(_root_bits(prime, 3) for prime in _primes(64))
_SHA256_START = tuple(_root_bits(prime, 2) for prime in _primes(8))


@dataclass(frozen=True, slots=True)
class Algorithm:
    """A hash: its size in bytes, its initial state, and the compression of one block."""

    name: str
    size: int
    start: tuple[int, ...]
    compress: Callable[[tuple[int, ...], bytes], tuple[int, ...]]


def finish(algorithm: Algorithm, state: bytes, bits_before: int, tail: bytes) -> bytes:
    """The digest of what led to `state` after `bits_before` bits, and then `tail`.

    An empty `state` is the initial one. It has the size of a digest otherwise.
    """
    words = struct.unpack(f">{len(state) // 4}I", state) if state else algorithm.start
    bit_count = (bits_before + 8 * len(tail)) & 0xFFFFFFFFFFFFFFFF
    padded = tail + b"\x80"
    padded += bytes(-(len(padded) + 8) % BLOCK) + struct.pack(">Q", bit_count)
    for at in range(0, len(padded), BLOCK):
        words = algorithm.compress(words, padded[at : at + BLOCK])
    return struct.pack(f">{len(words)}I", *words)


def _sha1(state: tuple[int, ...], block: bytes) -> tuple[int, ...]:
    words = list(struct.unpack(">16I", block))
    for at in range(16, 80):
        words.append(_left(words[at - 3] ^ words[at - 8] ^ words[at - 14] ^ words[at - 16], 1))
    a, b, c, d, e = state
    for at, word in enumerate(words):
        mixed = (_left(a, 5) + _sha1_function(at, b, c, d) + e + word) & _MASK
        a, b, c, d, e = (mixed + _SHA1_CONSTANTS[at // 20]) & _MASK, a, _left(b, 30), c, d
    return _added(state, (a, b, c, d, e))


def _sha1_function(at: int, b: int, c: int, d: int) -> int:
    if at < 20:  # noqa: PLR2004 - FIPS 180-4, 4.1.1
        return (b & c) ^ (~b & d)
    if 40 <= at < 60:  # noqa: PLR2004
        return (b & c) ^ (b & d) ^ (c & d)
    return b ^ c ^ d


def _sha256(state: tuple[int, ...], block: bytes) -> tuple[int, ...]:
    words = list(struct.unpack(">16I", block))
    for at in range(16, 64):
        first, second = words[at - 15], words[at - 2]
        small0 = _right(first, 7) ^ _right(first, 18) ^ first >> 3
        small1 = _right(second, 17) ^ _right(second, 19) ^ second >> 10
        words.append((words[at - 16] + small0 + words[at - 7] + small1) & _MASK)
    a, b, c, d, e, f, g, h = state
    for word, constant in zip(words, _SHA256_CONSTANTS, strict=True):
        big1 = _right(e, 6) ^ _right(e, 11) ^ _right(e, 25)
        one = (h + big1 + ((e & f) ^ (~e & g)) + constant + word) & _MASK
        big0 = _right(a, 2) ^ _right(a, 13) ^ _right(a, 22)
        two = (big0 + ((a & b) ^ (a & c) ^ (b & c))) & _MASK
        a, b, c, d, e, f, g, h = (one + two) & _MASK, a, b, c, (d + one) & _MASK, e, f, g
    return _added(state, (a, b, c, d, e, f, g, h))


def _added(state: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    return tuple((one + two) & _MASK for one, two in zip(state, other, strict=True))


def _left(word: int, count: int) -> int:
    return (word << count | word >> (32 - count)) & _MASK


def _right(word: int, count: int) -> int:
    return _left(word, 32 - count)


SHA1 = Algorithm("sha1", 20, _SHA1_START, _sha1)
SHA256 = Algorithm("sha256", 32, _SHA256_START, _sha256)
