import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cpx_tool.model.observation import Hash
from cpx_tool.pki.signature import MECHANISMS as KNOWN
from cpx_tool.pki.signature import digest_info_sha256, signing_input, verify_rsa

CHALLENGE = b"a fresh challenge"
MECHANISMS = ["CKM_RSA_PKCS", "CKM_SHA256_RSA_PKCS", "CKM_SHA256_RSA_PKCS_PSS"]
ALL = [(name, hash_name) for name, hashes in KNOWN.items() for hash_name in sorted(hashes)]
each = pytest.mark.parametrize(("mechanism", "hash_name"), ALL)


def spki(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def sign(
    key: rsa.RSAPrivateKey,
    mechanism: str,
    salt: int | None = None,
    hash_name: Hash = Hash.SHA256,
) -> bytes:
    """As a card does that gets what `signing_input` gives."""
    given = signing_input(mechanism, CHALLENGE, hash_name, key.key_size)
    algorithm = SHA1() if hash_name is Hash.SHA1 else SHA256()  # noqa: S303 - as cards do
    if mechanism.endswith("_PSS"):
        known = Prehashed(algorithm) if mechanism == "CKM_RSA_PKCS_PSS" else algorithm
        filling = padding.PSS(
            padding.MGF1(algorithm), algorithm.digest_size if salt is None else salt
        )
        return key.sign(given, filling, known)
    if mechanism.startswith("CKM_SHA"):
        return key.sign(given, padding.PKCS1v15(), algorithm)
    block = given
    if mechanism == "CKM_RSA_PKCS":  # the card pads
        block = b"\x00\x01" + b"\xff" * (256 - len(given) - 3) + b"\x00" + given
    numbers = key.private_numbers()
    power = pow(int.from_bytes(block, "big"), numbers.d, numbers.public_numbers.n)
    return power.to_bytes(256, "big")


@each
def test_a_good_signature_verifies(key: rsa.RSAPrivateKey, mechanism: str, hash_name: Hash) -> None:
    good = sign(key, mechanism, hash_name=hash_name)
    assert verify_rsa(spki(key), mechanism, CHALLENGE, good, hash_name)
    assert not verify_rsa(spki(key), mechanism, CHALLENGE + b"!", good, hash_name)


@pytest.mark.parametrize("mechanism", ["CKM_RSA_PKCS", "CKM_RSA_PKCS_PSS", "CKM_RSA_X_509"])
def test_the_hashes_are_not_taken_for_each_other(key: rsa.RSAPrivateKey, mechanism: str) -> None:
    one = sign(key, mechanism, hash_name=Hash.SHA1)
    assert not verify_rsa(spki(key), mechanism, CHALLENGE, one, Hash.SHA256)
    other = sign(key, mechanism, hash_name=Hash.SHA256)
    assert not verify_rsa(spki(key), mechanism, CHALLENGE, other, Hash.SHA1)


@pytest.mark.parametrize(
    ("mechanism", "hash_name"),
    [("CKM_SHA1_RSA_PKCS", Hash.SHA256), ("CKM_SHA256_RSA_PKCS_PSS", Hash.SHA1)],
)
def test_a_hash_that_the_mechanism_does_not_sign_is_an_error_of_the_caller(
    key: rsa.RSAPrivateKey, mechanism: str, hash_name: Hash
) -> None:
    with pytest.raises(ValueError, match=mechanism):
        verify_rsa(spki(key), mechanism, CHALLENGE, b"", hash_name)
    with pytest.raises(ValueError, match=mechanism):
        signing_input(mechanism, CHALLENGE, hash_name, 2048)


@pytest.mark.parametrize("bits", [1024, 2041, 2048, 4096])
def test_a_raw_block_is_as_long_as_the_modulus(bits: int) -> None:
    block = signing_input("CKM_RSA_X_509", CHALLENGE, Hash.SHA256, bits)
    assert len(block) == (bits + 7) // 8
    assert block.startswith(b"\x00\x01\xff")


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
