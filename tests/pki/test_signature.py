import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cpx_tool.pki.signature import digest_info_sha256, verify_rsa

CHALLENGE = b"a fresh challenge"
MECHANISMS = ["CKM_RSA_PKCS", "CKM_SHA256_RSA_PKCS", "CKM_SHA256_RSA_PKCS_PSS"]


def spki(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def sign(key: rsa.RSAPrivateKey, mechanism: str, salt: int = 32) -> bytes:
    if mechanism == "CKM_SHA256_RSA_PKCS_PSS":
        return key.sign(CHALLENGE, padding.PSS(padding.MGF1(SHA256()), salt), SHA256())
    digest = hashlib.sha256(CHALLENGE).digest()
    return key.sign(digest, padding.PKCS1v15(), Prehashed(SHA256()))


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_a_good_signature_verifies(key: rsa.RSAPrivateKey, mechanism: str) -> None:
    assert verify_rsa(spki(key), mechanism, CHALLENGE, sign(key, mechanism))


@pytest.mark.parametrize("salt", [0, 20, 32, 64])
def test_pss_takes_the_salt_that_the_card_chose(key: rsa.RSAPrivateKey, salt: int) -> None:
    signature = sign(key, MECHANISMS[2], salt)

    assert verify_rsa(spki(key), MECHANISMS[2], CHALLENGE, signature)


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_what_does_not_verify(key: rsa.RSAPrivateKey, mechanism: str) -> None:
    good = sign(key, mechanism)
    other = rsa.generate_private_key(65537, 2048)

    assert not verify_rsa(spki(key), mechanism, CHALLENGE + b"!", good)
    assert not verify_rsa(spki(other), mechanism, CHALLENGE, good)
    assert not verify_rsa(spki(key), mechanism, CHALLENGE, good[:-1] + bytes([good[-1] ^ 1]))
    assert not verify_rsa(spki(key), mechanism, CHALLENGE, b"")


def test_the_paddings_are_not_taken_for_each_other(key: rsa.RSAPrivateKey) -> None:
    assert not verify_rsa(spki(key), MECHANISMS[2], CHALLENGE, sign(key, MECHANISMS[1]))
    assert not verify_rsa(spki(key), MECHANISMS[1], CHALLENGE, sign(key, MECHANISMS[2]))


def test_a_key_that_is_no_rsa_key_verifies_nothing() -> None:
    elliptic = spki(ec.generate_private_key(ec.SECP256R1()))

    assert not verify_rsa(elliptic, MECHANISMS[0], CHALLENGE, bytes(256))
    assert not verify_rsa(b"no key", MECHANISMS[0], CHALLENGE, bytes(256))


def test_an_unknown_mechanism_is_an_error_of_the_caller(key: rsa.RSAPrivateKey) -> None:
    with pytest.raises(ValueError, match="CKM_DSA"):
        verify_rsa(spki(key), "CKM_DSA", CHALLENGE, b"")


def test_digest_info_is_what_a_raw_pkcs1_signature_holds(key: rsa.RSAPrivateKey) -> None:
    signature = sign(key, "CKM_RSA_PKCS")
    numbers = key.public_key().public_numbers()
    block = pow(int.from_bytes(signature, "big"), numbers.e, numbers.n).to_bytes(256, "big")

    assert block.endswith(b"\x00" + digest_info_sha256(CHALLENGE))
