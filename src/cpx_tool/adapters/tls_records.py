"""tlslite-ng's records, sealed by OpenSSL (cryptography): AES-GCM and ChaCha20-Poly1305, which the
library has in Python.

In Python, ciphers took most of the time of a first handshake with TLS 1.3, not least because the
library reads its caller's source for each one of AES.
Overridden here, and private in the library: `_getCipherSettings`, which says how a suite's cipher
is made.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from tlslite.recordlayer import RecordLayer
from tlslite.utils.cipherfactory import createAESGCM, createCHACHA20


class Records(RecordLayer):
    """The layer of records of one connection."""

    @staticmethod
    def _getCipherSettings(cipherSuite: int) -> tuple[int, int, Callable[..., Any] | None]:
        key_bytes, iv_bytes, make = RecordLayer._getCipherSettings(cipherSuite)
        return key_bytes, iv_bytes, _OURS.get(make, make)


class Cipher:
    """As tlslite-ng's own classes of these ciphers, for which it stands in."""

    isAEAD = True
    isBlockCipher = False
    nonceLength = 12
    tagLength = 16
    implementation = "openssl"

    def __init__(self, cipher: AESGCM | ChaCha20Poly1305, name: str) -> None:
        self.name = name
        self._cipher = cipher

    def seal(self, nonce: bytearray, plaintext: bytearray, data: bytearray) -> bytearray:
        """The text, encrypted, and the tag of it and of the data."""
        return bytearray(self._cipher.encrypt(bytes(nonce), bytes(plaintext), bytes(data)))

    def open(self, nonce: bytearray, ciphertext: bytearray, data: bytearray) -> bytearray | None:
        """The text; None where the tag is wrong."""
        try:
            return bytearray(self._cipher.decrypt(bytes(nonce), bytes(ciphertext), bytes(data)))
        except InvalidTag:
            return None


def aes_gcm(key: bytearray, _implementations: object = None) -> Cipher:
    """In the place of `createAESGCM`."""
    return Cipher(AESGCM(bytes(key)), f"aes{len(key) * 8}gcm")


def chacha20(key: bytearray, _implementations: object = None) -> Cipher:
    """In the place of `createCHACHA20`."""
    return Cipher(ChaCha20Poly1305(bytes(key)), "chacha20-poly1305")


_OURS: dict[object, Callable[..., Any]] = {createAESGCM: aes_gcm, createCHACHA20: chacha20}
