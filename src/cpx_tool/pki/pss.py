"""EMSA-PSS (RFC 8017, 9.1.1): the block that a raw RSA operation turns into a PSS signature.

For tokens that announce CKM_RSA_X_509 but no PSS. pyca/cryptography makes such a block only where
it has the private key as well. What comes of it is verified before it is used.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable


def pss_block(
    digest: bytes, hash_name: str, modulus_bits: int, random: Callable[[int], bytes] = os.urandom
) -> bytes:
    """The encoded message, as long as the modulus. `digest` is the message's hash, `hash_name` as
    hashlib knows it; MGF1 uses the same one, and the salt is as long (RFC 8446, 4.2.3).

    Raises `ValueError` where the modulus is too short for it.
    """
    bits = modulus_bits - 1
    size, salt_size = (bits + 7) // 8, len(digest)
    if size < len(digest) + salt_size + 2:
        raise ValueError("modulus too short")
    salt = random(salt_size)
    seed = hashlib.new(hash_name, bytes(8) + digest + salt).digest()
    padded = b"\1".rjust(size - salt_size - len(digest) - 1, b"\0") + salt
    mask = _mgf1(seed, len(padded), hash_name)
    masked = bytearray(a ^ b for a, b in zip(padded, mask, strict=True))
    masked[0] &= 0xFF >> (8 * size - bits)
    return (bytes(masked) + seed + b"\xbc").rjust((modulus_bits + 7) // 8, b"\0")


def _mgf1(seed: bytes, size: int, hash_name: str) -> bytes:
    """RFC 8017, B.2.1."""
    mask = b""
    for counter in range(-(-size // hashlib.new(hash_name).digest_size)):
        mask += hashlib.new(hash_name, seed + counter.to_bytes(4)).digest()
    return mask[:size]
