"""Certificates that no library would make: changed, and signed again so that they hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import MD5, SHA1, SHA256, HashAlgorithm

from support.pki import Key, Spec
from support.tree import ALGORITHM, Node, parse

ALGORITHMS: dict[str, tuple[str, HashAlgorithm]] = {
    "rsa-md5": ("2a864886f70d010104", MD5()),  # noqa: S303
    "rsa-sha1": ("2a864886f70d010105", SHA1()),  # noqa: S303
    "rsa-sha256": ("2a864886f70d01010b", SHA256()),
    "ecdsa-sha1": ("2a8648ce3d0401", SHA1()),  # noqa: S303
    "ecdsa-sha256": ("2a8648ce3d040302", SHA256()),
}
"""OID and digest."""


def signed_again(
    der: bytes,
    signer: Key,
    change: Callable[[Node], object] = bool,
    algorithm: str | None = None,
) -> bytes:
    """The certificate, or CRL, with what is signed changed; signed by `signer`."""
    root = parse(der)
    assert root is not None
    signed, outer, signature = root.inside
    usual = "rsa-sha256" if isinstance(signer, rsa.RSAPrivateKey) else "ecdsa-sha256"
    oid, digest = ALGORITHMS[algorithm or usual]
    inner = signed.inside[ALGORITHM] if signed.inside[0].tag == 0xA0 else signed.inside[1]
    for identifier in (inner, outer):
        identifier.inside[0] = Node(0x06, bytes.fromhex(oid))
    change(signed)
    made = _sign(signer, signed.dump(), digest)
    root.inside[2] = replace(signature, prefix=b"\0", value=made, inside=[])
    return root.dump()


def remade(
    spec: Spec, change: Callable[[Node], object] = bool, algorithm: str | None = None
) -> bytes:
    """The certificate of a spec, so changed and signed."""
    return signed_again(spec.der(), spec.signer or spec.issuer_key, change, algorithm)


def _sign(signer: Key, data: bytes, digest: HashAlgorithm) -> bytes:
    if isinstance(signer, rsa.RSAPrivateKey):
        return signer.sign(data, padding.PKCS1v15(), digest)
    return signer.sign(data, ec.ECDSA(digest, deterministic_signing=True))
