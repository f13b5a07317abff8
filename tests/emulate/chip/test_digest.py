"""The last round of a hash: what hashlib says of the whole."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpx_tool.emulate.chip.digest import BLOCK, SHA1, SHA256, Algorithm, finish


def begun(algorithm: Algorithm, blocks: bytes) -> bytes:
    """The state after whole blocks."""
    words = algorithm.start
    for at in range(0, len(blocks), BLOCK):
        words = algorithm.compress(words, blocks[at : at + BLOCK])
    return b"".join(word.to_bytes(4, "big") for word in words)


@pytest.mark.parametrize("algorithm", [SHA1, SHA256], ids=["sha1", "sha256"])
@pytest.mark.parametrize("size", [0, 1, 55, 56, 63, 64])
def test_a_message_of_one_round(algorithm: Algorithm, size: int) -> None:
    message = bytes(range(size))
    assert finish(algorithm, b"", 0, message) == hashlib.new(algorithm.name, message).digest()


@given(st.sampled_from([SHA1, SHA256]), st.binary(max_size=300), st.binary(max_size=BLOCK))
def test_a_hash_that_was_begun_outside(algorithm: Algorithm, head: bytes, tail: bytes) -> None:
    blocks = head[: len(head) // BLOCK * BLOCK]
    state = begun(algorithm, blocks)
    digest = finish(algorithm, state, 8 * len(blocks), tail)
    assert digest == hashlib.new(algorithm.name, blocks + tail).digest()
