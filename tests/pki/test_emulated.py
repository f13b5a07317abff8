"""What is told of certificates alone: that the emulator issued them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from cpx_tool.pki.emulated import all_emulated, any_emulated, emulated_roots
from support.chips import cps4_card
from support.emulation import CACHE
from support.pki import root


@pytest.fixture
def emulated() -> bytes:
    return cps4_card().slots[0].certificate


def test_one_emulated_certificate_is_enough(card_der: bytes, emulated: bytes) -> None:
    assert any_emulated([card_der, b"damaged", emulated])
    assert not any_emulated([card_der, b"damaged"])
    assert not any_emulated([])


def test_all_of_them(card_der: bytes, emulated: bytes) -> None:
    assert all_emulated([emulated, emulated])
    assert not all_emulated([emulated, card_der])
    assert not all_emulated([emulated, b"damaged"])


def test_roots_of_the_emulator_alone(make_certificate: Callable[..., bytes]) -> None:
    certificates = CACHE.authorities().certificates
    ders = [found.public_bytes(Encoding.DER) for found in certificates.values()]
    roots = {code for code in certificates if code.startswith("ACR-")}
    assert len(emulated_roots([*ders, *ders])) == len(roots) == 3
    assert emulated_roots([root().der(), make_certificate(), b"damaged"]) == ()
