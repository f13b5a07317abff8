"""RSA signatures: what a card is given to sign, and whether it did. The card is not believed."""

from __future__ import annotations

import hashlib

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from cpx_tool.model.observation import Hash

_DIGEST_INFOS = {
    Hash.SHA1: bytes.fromhex("3021300906052b0e03021a05000414"),
    Hash.SHA256: bytes.fromhex("3031300d060960864801650304020105000420"),
}
"""RFC 8017, 9.2, note 1."""

_BOTH = frozenset(Hash)
_PKCS1 = {
    "CKM_RSA_PKCS": _BOTH,
    "CKM_RSA_X_509": _BOTH,
    "CKM_SHA1_RSA_PKCS": frozenset({Hash.SHA1}),
    "CKM_SHA256_RSA_PKCS": frozenset({Hash.SHA256}),
}
_PSS = {
    "CKM_RSA_PKCS_PSS": _BOTH,
    "CKM_SHA1_RSA_PKCS_PSS": frozenset({Hash.SHA1}),
    "CKM_SHA256_RSA_PKCS_PSS": frozenset({Hash.SHA256}),
}
MECHANISMS = {**_PKCS1, **_PSS}
"""What is known here, each with the hashes that it signs."""


def digest_info(message: bytes, hash_name: Hash) -> bytes:
    """The DigestInfo of the message's hash, DER: what CKM_RSA_PKCS signs."""
    return _DIGEST_INFOS[hash_name] + _digest(message, hash_name)


def digest_info_sha256(message: bytes) -> bytes:
    """The same of SHA-256, which applications use."""
    return digest_info(message, Hash.SHA256)


def signing_input(mechanism: str, message: bytes, hash_name: Hash, bits: int) -> bytes:
    """What `ports.Tokens.sign` takes for a signature over `message`, by a key of `bits`.

    CKM_RSA_X_509 gets the block of EMSA-PKCS1-v1_5 (RFC 8017, 9.2). `ValueError` for a mechanism
    that is not known, or that signs another hash.
    """
    _refuse_unknown(mechanism, hash_name)
    if mechanism == "CKM_RSA_PKCS":
        return digest_info(message, hash_name)
    if mechanism == "CKM_RSA_PKCS_PSS":
        return _digest(message, hash_name)
    if mechanism == "CKM_RSA_X_509":
        info = digest_info(message, hash_name)
        return b"\x00\x01" + b"\xff" * ((bits + 7) // 8 - len(info) - 3) + b"\x00" + info
    return message


def verify_rsa(
    public_key: bytes,
    mechanism: str,
    challenge: bytes,
    signature: bytes,
    hash_name: Hash = Hash.SHA256,
) -> bool:
    """Whether `signature` over `challenge` was made with the key of `public_key`.

    `public_key` is a SubjectPublicKeyInfo in DER; one that is no usable RSA key verifies
    nothing. What the mechanism signed is as `signing_input` gives it; of PSS, MGF1 has the same
    hash, and the salt any length: a card may fix its own. `ValueError` for a mechanism that is not
    known, or that signs another hash.
    """
    _refuse_unknown(mechanism, hash_name)
    algorithm = SHA1() if hash_name is Hash.SHA1 else SHA256()  # noqa: S303 - what cards sign
    filling: padding.AsymmetricPadding = padding.PKCS1v15()
    if mechanism in _PSS:
        filling = padding.PSS(padding.MGF1(algorithm), padding.PSS.AUTO)
    try:
        key = load_der_public_key(public_key)
        if not isinstance(key, RSAPublicKey):
            return False
        key.verify(signature, challenge, filling, algorithm)
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        return False
    return True


def _digest(message: bytes, hash_name: Hash) -> bytes:
    if hash_name is Hash.SHA1:
        return hashlib.sha1(message, usedforsecurity=False).digest()
    return hashlib.sha256(message).digest()


def _refuse_unknown(mechanism: str, hash_name: Hash) -> None:
    if hash_name not in MECHANISMS.get(mechanism, frozenset()):
        raise ValueError(f"{mechanism}, {hash_name}")
