"""What a CA signed, and whether it did: X.509 certificates and CRLs have the same three parts.

The bytes that were signed are verified as they stand. Old digests and short keys verify like
any other: that they are weak is for the report, not a reason to see less.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from asn1crypto import algos, core, keys
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from cpx_tool.pki.der import content as der_content
from cpx_tool.pki.der import dotted, elements

_RSA: Mapping[str, type[hashes.HashAlgorithm]] = {
    "1.2.840.113549.1.1.4": hashes.MD5,
    "1.2.840.113549.1.1.5": hashes.SHA1,
    "1.2.840.113549.1.1.14": hashes.SHA224,
    "1.2.840.113549.1.1.11": hashes.SHA256,
    "1.2.840.113549.1.1.12": hashes.SHA384,
    "1.2.840.113549.1.1.13": hashes.SHA512,
}
_ECDSA: Mapping[str, type[hashes.HashAlgorithm]] = {
    "1.2.840.10045.4.1": hashes.SHA1,
    "1.2.840.10045.4.3.1": hashes.SHA224,
    "1.2.840.10045.4.3.2": hashes.SHA256,
    "1.2.840.10045.4.3.3": hashes.SHA384,
    "1.2.840.10045.4.3.4": hashes.SHA512,
}
_PSS = "1.2.840.113549.1.1.10"
_PSS_DIGESTS: Mapping[str, type[hashes.HashAlgorithm]] = {
    "sha1": hashes.SHA1,
    "sha224": hashes.SHA224,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
_EDWARDS: Mapping[str, type] = {
    "1.3.101.112": ed25519.Ed25519PublicKey,
    "1.3.101.113": ed448.Ed448PublicKey,
}
_WEAK = (hashes.MD5, hashes.SHA1)


class Answer(Enum):
    """Whether a signature holds."""

    HOLDS = "holds"
    FAILS = "fails"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Signed:
    """The bytes signed, the algorithm (dotted OID and DER of its parameters), the signature.

    `agrees` is whether the algorithm named inside the signed bytes is the one named outside
    (RFC 5280, 4.1.1.2).
    """

    content: bytes
    algorithm: str
    parameters: bytes
    signature: bytes
    agrees: bool

    @property
    def weak_digest(self) -> str | None:
        """The name of the digest when it is MD5 or SHA-1."""
        digest = _digest(self)
        return digest.name if isinstance(digest, _WEAK) else None


def split(content: bytes, identifier: bytes, signature: bytes, inner: bytes) -> Signed:
    """From the three parts of a certificate or CRL; `inner` is the AlgorithmIdentifier that the
    first one names. May raise whatever asn1crypto raises, and `ValueError`.
    """
    algorithm, *parameters = elements(der_content(identifier)) or (b"",)
    return Signed(
        content=content,
        algorithm=dotted(algorithm),
        parameters=b"".join(parameters),
        signature=core.OctetBitString.load(signature, strict=True).native,
        agrees=identifier == inner,
    )


def key_octets(public_key: bytes) -> bytes | None:
    """The key itself, out of a SubjectPublicKeyInfo (DER): what key identifiers are hashes of.

    None when it cannot be read.
    """
    try:
        bits = keys.PublicKeyInfo.load(public_key)["public_key"]
        return bytes(bits.contents[1:])
    except Exception:  # asn1crypto declares no errors of its own
        return None


def verify(signed: Signed, public_key: bytes) -> Answer:
    """Whether the holder of `public_key` (SubjectPublicKeyInfo, DER) made the signature."""
    if not signed.agrees:
        return Answer.FAILS
    try:
        key = load_der_public_key(public_key)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return Answer.UNSUPPORTED
    try:
        return Answer.HOLDS if _verified(signed, key) else Answer.UNSUPPORTED
    except (InvalidSignature, ValueError):
        return Answer.FAILS
    except (TypeError, UnsupportedAlgorithm):
        return Answer.UNSUPPORTED


def _verified(signed: Signed, key: Any) -> bool:
    """True when it holds; raises `InvalidSignature` when not; False for an unknown algorithm."""
    if signed.algorithm in _EDWARDS:
        _of_kind(key, _EDWARDS[signed.algorithm]).verify(signed.signature, signed.content)
        return True
    digest = _digest(signed)
    if digest is None:
        return False
    if signed.algorithm in _ECDSA:
        own = _of_kind(key, ec.EllipticCurvePublicKey)
        own.verify(signed.signature, signed.content, ec.ECDSA(digest))
    else:
        own = _of_kind(key, rsa.RSAPublicKey)
        own.verify(signed.signature, signed.content, _padding(signed), digest)
    return True


def _of_kind(key: Any, kind: type) -> Any:
    if not isinstance(key, kind):
        raise InvalidSignature  # a key of another kind did not make it
    return key


def _digest(signed: Signed) -> hashes.HashAlgorithm | None:
    if signed.algorithm == _PSS:
        found = _PSS_DIGESTS.get(_pss(signed.parameters)[0])
    else:
        found = _RSA.get(signed.algorithm) or _ECDSA.get(signed.algorithm)
    return found() if found else None


def _padding(signed: Signed) -> padding.AsymmetricPadding:
    if signed.algorithm != _PSS:
        return padding.PKCS1v15()
    _, mask, salt = _pss(signed.parameters)
    if mask not in _PSS_DIGESTS:
        raise UnsupportedAlgorithm(mask)
    return padding.PSS(padding.MGF1(_PSS_DIGESTS[mask]()), salt)


def _pss(parameters: bytes) -> tuple[str, str, int]:
    """Digest, digest of the mask, salt length (RFC 4055, 3.1); empty names when unreadable."""
    try:
        read = algos.RSASSAPSSParams.load(parameters, strict=True)
        mask = read["mask_gen_algorithm"]["parameters"]["algorithm"].native
        salt = read["salt_length"].native
        return read["hash_algorithm"]["algorithm"].native, mask, int(salt)
    except Exception:  # asn1crypto declares no errors of its own
        return "", "", 0
