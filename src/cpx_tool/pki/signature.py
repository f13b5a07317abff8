"""Verifies a card's RSA signatures: the card is not believed."""

from __future__ import annotations

import hashlib

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

_SHA256_DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
"""RFC 8017, 9.2, note 1."""

_PADDINGS: dict[str, padding.AsymmetricPadding] = {
    "CKM_RSA_PKCS": padding.PKCS1v15(),
    "CKM_SHA256_RSA_PKCS": padding.PKCS1v15(),
    # a card may fix the length of its salt
    "CKM_SHA256_RSA_PKCS_PSS": padding.PSS(padding.MGF1(SHA256()), padding.PSS.AUTO),
}


def digest_info_sha256(message: bytes) -> bytes:
    """The DigestInfo of SHA-256(message), DER: what CKM_RSA_PKCS signs."""
    return _SHA256_DIGEST_INFO + hashlib.sha256(message).digest()


def verify_rsa(public_key: bytes, mechanism: str, challenge: bytes, signature: bytes) -> bool:
    """Whether `signature` over `challenge` was made with the key of `public_key`.

    `public_key` is a SubjectPublicKeyInfo in DER; one that is no usable RSA key verifies
    nothing. `mechanism` is CKM_RSA_PKCS (over the SHA-256 DigestInfo), CKM_SHA256_RSA_PKCS or
    CKM_SHA256_RSA_PKCS_PSS (MGF1-SHA-256, any salt length); `ValueError` for another.
    """
    if mechanism not in _PADDINGS:
        raise ValueError(mechanism)
    try:
        key = load_der_public_key(public_key)
        if not isinstance(key, RSAPublicKey):
            return False
        key.verify(signature, challenge, _PADDINGS[mechanism], SHA256())
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        return False
    return True
