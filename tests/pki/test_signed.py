"""Signatures are verified over the bytes as they stand, whatever the algorithm of the time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from asn1crypto import algos
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cpx_tool.pki.signed import Answer, Signed, verify

CONTENT = b"what was signed"
RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())

Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def public(key: Private | ed448.Ed448PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def signed(oid: str, signature: bytes, parameters: bytes = b"") -> Signed:
    return Signed(CONTENT, oid, parameters, signature, agrees=True)


def pss(digest: str, salt: int) -> bytes:
    parameters: bytes = algos.RSASSAPSSParams(
        {
            "hash_algorithm": {"algorithm": digest},
            "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": digest}},
            "salt_length": salt,
        }
    ).dump()
    return parameters


def pss_signature(digest: hashes.HashAlgorithm, salt: int) -> bytes:
    return RSA.sign(CONTENT, padding.PSS(padding.MGF1(digest), salt), digest)


SAMPLES = {
    "md5": (
        RSA,
        signed("1.2.840.113549.1.1.4", RSA.sign(CONTENT, padding.PKCS1v15(), hashes.MD5())),  # noqa: S303
    ),
    "sha1": (
        RSA,
        signed("1.2.840.113549.1.1.5", RSA.sign(CONTENT, padding.PKCS1v15(), hashes.SHA1())),  # noqa: S303
    ),
    "sha512": (
        RSA,
        signed("1.2.840.113549.1.1.13", RSA.sign(CONTENT, padding.PKCS1v15(), hashes.SHA512())),
    ),
    "pss": (
        RSA,
        signed("1.2.840.113549.1.1.10", pss_signature(hashes.SHA256(), 32), pss("sha256", 32)),
    ),
    "pss, short salt": (
        RSA,
        signed("1.2.840.113549.1.1.10", pss_signature(hashes.SHA384(), 20), pss("sha384", 20)),
    ),
    "ecdsa": (EC, signed("1.2.840.10045.4.3.2", EC.sign(CONTENT, ec.ECDSA(hashes.SHA256())))),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_what_was_signed_holds_and_nothing_else(name: str) -> None:
    key, good = SAMPLES[name]
    assert verify(good, public(key)) is Answer.HOLDS
    assert verify(replace(good, content=b"another"), public(key)) is Answer.FAILS
    assert verify(replace(good, agrees=False), public(key)) is Answer.FAILS
    assert verify(replace(good, signature=b""), public(key)) is Answer.FAILS
    other = EC if key is RSA else RSA
    assert verify(good, public(other)) is Answer.FAILS


def test_edwards_curves() -> None:
    one, two = ed25519.Ed25519PrivateKey.generate(), ed448.Ed448PrivateKey.generate()
    assert verify(signed("1.3.101.112", one.sign(CONTENT)), public(one)) is Answer.HOLDS
    assert verify(signed("1.3.101.113", two.sign(CONTENT)), public(two)) is Answer.HOLDS
    assert verify(signed("1.3.101.112", two.sign(CONTENT)), public(one)) is Answer.FAILS


def test_md5_and_sha1_are_weak() -> None:
    weak = {name: good.weak_digest for name, (_, good) in SAMPLES.items()}
    assert {name: digest for name, digest in weak.items() if digest} == {
        "md5": "md5",
        "sha1": "sha1",
    }


def test_pss_parameters_are_obeyed() -> None:
    key, good = SAMPLES["pss"]
    assert verify(replace(good, parameters=pss("sha256", 20)), public(key)) is Answer.FAILS
    assert verify(replace(good, parameters=b"\x05\x00"), public(key)) is Answer.UNSUPPORTED


def test_what_cannot_be_verified_is_said() -> None:
    key, good = SAMPLES["sha512"]
    assert verify(replace(good, algorithm="1.2.3"), public(key)) is Answer.UNSUPPORTED
    assert verify(good, b"no key") is Answer.UNSUPPORTED
