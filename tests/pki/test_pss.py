"""The block for a raw RSA operation: pyca verifies what comes of it."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm

from cpx_tool.pki.pss import pss_block


@pytest.mark.parametrize("bits", [1024, 1031, 2041, 2048])
@pytest.mark.parametrize("algorithm", [SHA256(), SHA384()], ids=lambda a: a.name)
def test_a_raw_operation_over_the_block_is_a_pss_signature(
    bits: int, algorithm: HashAlgorithm
) -> None:
    key = rsa.generate_private_key(65537, bits)
    digest = hashlib.new(algorithm.name, b"message").digest()
    block = pss_block(digest, algorithm.name, bits)
    numbers = key.private_numbers()
    signature = pow(int.from_bytes(block), numbers.d, numbers.public_numbers.n)
    size = (bits + 7) // 8
    assert len(block) == size
    pss = padding.PSS(padding.MGF1(algorithm), algorithm.digest_size)
    key.public_key().verify(signature.to_bytes(size), digest, pss, Prehashed(algorithm))


def test_a_key_of_1024_bits_is_too_short_for_sha_512() -> None:
    with pytest.raises(ValueError, match="too short"):
        pss_block(hashlib.sha512(b"").digest(), SHA512().name, 1024)
