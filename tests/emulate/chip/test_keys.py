"""What the keys on a chip do, verified with the certificate's key; and that the PIN comes first."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import load_der_x509_certificate

from cpx_tool.emulate.card import EmulatedCard
from support.chips import DIGEST_INFO_ABC, HASH_ABC, Talk, cps3_card, cps4_card, watched

ABC = b"abc"
SHA1_ABC = "14" + hashlib.sha1(ABC).hexdigest()  # noqa: S324
GIVE_PIN, GIVE_PIN_4 = "00200001 04 31323334", "01200001 04 31323334"
AUTHENTICATION, SIGNATURE = 0, 1

SIGN_3 = ("002241B6 06 800142840181", f"002A9E9A {HASH_ABC} 00")
AUTHENTICATE_3 = ("002241A4 06 800102840182", f"00880000 {DIGEST_INFO_ABC} 00")


@pytest.fixture
def cps3() -> Talk:
    return Talk(watched(cps3_card()))


@pytest.fixture
def cps4() -> Talk:
    return Talk(watched(cps4_card()))


def public_key(card: EmulatedCard, slot: int) -> RSAPublicKey:
    found = load_der_x509_certificate(card.slots[slot].certificate).public_key()
    assert isinstance(found, RSAPublicKey)
    return found


def verify(card: EmulatedCard, slot: int, signature: bytes, chosen: hashes.HashAlgorithm) -> None:
    public_key(card, slot).verify(signature, ABC, padding.PKCS1v15(), chosen)


@pytest.mark.parametrize(
    ("hash_reference", "algorithm", "chosen"),
    [("10", "12", hashes.SHA1()), ("40", "42", hashes.SHA256())],  # noqa: S303
)
def test_a_cps3_hashes_the_last_block_and_signs(
    cps3: Talk, hash_reference: str, algorithm: str, chosen: hashes.HashAlgorithm
) -> None:
    cps3(GIVE_PIN)
    assert (
        cps3.all(
            f"002241AA 03 8001{hash_reference}",
            "002A90A0 07 9000 8003616263",
            f"002241B6 06 8001{algorithm}840181",
        )
        == ["9000"] * 3
    )
    verify(cps3_card(), SIGNATURE, cps3.data("002A9E9A00"), chosen)
    assert cps3("002A9E9A00") == "6985"  # once for each hash


def test_a_cps3_signs_a_digest(cps3: Talk) -> None:
    cps3(GIVE_PIN)
    cps3(SIGN_3[0])
    verify(cps3_card(), SIGNATURE, cps3.data(SIGN_3[1]), hashes.SHA256())
    assert cps3(f"002A9E9A {SHA1_ABC} 00") == "6A80"  # of another size


def test_a_cps3_authenticates_with_what_it_is_given(cps3: Talk) -> None:
    cps3(GIVE_PIN)
    cps3(AUTHENTICATE_3[0])
    verify(cps3_card(), AUTHENTICATION, cps3.data(AUTHENTICATE_3[1]), hashes.SHA256())
    anything = cps3.data("00880000 05 68656C6C6F 00")
    key = public_key(cps3_card(), AUTHENTICATION)
    block = pow(int.from_bytes(anything, "big"), 65537, key.public_numbers().n)
    assert block.to_bytes(256, "big") == b"\0\1" + b"\xff" * 248 + b"\0hello"
    assert cps3(f"00880000 66 {'00' * 102} 00").endswith(" 9000")
    assert cps3(f"00880000 67 {'00' * 103} 00") == "6700"  # 40 % of the modulus


def test_a_cps3_deciphers(cps3: Talk) -> None:
    cps3(GIVE_PIN)
    cryptogram = public_key(cps3_card(), AUTHENTICATION).encrypt(b"secret", padding.PKCS1v15())
    assert cps3("002241B8 06 80011A840182") == "9000"
    assert cps3(f"102A8086 81 81{cryptogram[:128].hex()}") == "9000"
    assert cps3(f"002A8086 80 {cryptogram[128:].hex()} 00") == b"secret".hex().upper() + " 9000"
    assert cps3("102A8086 01 81") == "9000"
    assert cps3("002A8086 02 0102 00") == "6700"
    assert cps3("102A8086 81 81" + "00" * 128) == "9000"
    assert cps3(f"002A8086 80 {'00' * 127}02 00") == "6A80"  # no such padding


@pytest.mark.parametrize(
    ("algorithm", "digest", "chosen"),
    [("0A", SHA1_ABC, hashes.SHA1()), ("28", HASH_ABC, hashes.SHA256())],  # noqa: S303
)
def test_a_cps4_signs_with_pkcs1(
    cps4: Talk, algorithm: str, digest: str, chosen: hashes.HashAlgorithm
) -> None:
    cps4(GIVE_PIN_4)
    assert cps4(f"012281B6 04 9102{algorithm}90") == "9000"
    verify(cps4_card(), SIGNATURE, cps4.data(f"012A9E9A {digest} 00"), chosen)


@pytest.mark.parametrize(("key", "slot"), [("90", SIGNATURE), ("A0", AUTHENTICATION)])
@pytest.mark.parametrize(
    ("algorithm", "digest", "chosen"),
    [("15", SHA1_ABC, hashes.SHA1()), ("2C", HASH_ABC, hashes.SHA256())],  # noqa: S303
)
def test_a_cps4_signs_with_pss(
    cps4: Talk, key: str, slot: int, algorithm: str, digest: str, chosen: hashes.HashAlgorithm
) -> None:
    cps4(GIVE_PIN_4)
    assert cps4(f"012281B6 04 9102{algorithm}{key}") == "9000"
    signature = cps4.data(f"012A9E9A {digest} 00")
    pss = padding.PSS(padding.MGF1(chosen), chosen.digest_size)
    public_key(cps4_card(), slot).verify(signature, ABC, pss, chosen)


def test_a_cps4_s_authentication_key_does_the_bare_operation(cps4: Talk) -> None:
    cps4(GIVE_PIN_4)
    assert cps4("012281B6 04 910228A0") == "9000"
    assert cps4(f"012A9E9A {HASH_ABC} 00") == "6985"  # PKCS#1 is made outside of the card
    block = bytes.fromhex("0001" + "FF" * 202 + "00" + DIGEST_INFO_ABC[3:])
    assert cps4("012241B8 03 830120") == "9000"
    assert cps4(f"112A8086 FF {block[:255].hex()}") == "9000"
    signature = cps4.data(f"012A8086 01 {block[255:].hex()} 00")
    verify(cps4_card(), AUTHENTICATION, signature, hashes.SHA256())


@pytest.mark.parametrize(
    "commands",
    [
        SIGN_3,
        AUTHENTICATE_3,
        ("002241B8 06 80011A840182", f"002A8086 FF {'81' * 255} 00"),
        ("002241AA 03 800140", "002A90A0 04 90008000", "002241B6 06 800142840181", "002A9E9A00"),
    ],
)
def test_a_cps3_uses_no_key_before_the_pin(cps3: Talk, commands: tuple[str, ...]) -> None:
    assert cps3.all(*commands)[-1] == "6982"
    cps3("00200001 04 39393939")
    assert cps3.all(*commands)[-1] == "6982"


@pytest.mark.parametrize(
    "commands",
    [
        ("012281B6 04 91022890", f"012A9E9A {HASH_ABC} 00"),
        ("012281B6 04 91022CA0", f"012A9E9A {HASH_ABC} 00"),
        ("012241B8 03 830120", f"012A8086 FF {'00' * 255} 00"),
    ],
)
def test_a_cps4_uses_no_key_before_the_pin(cps4: Talk, commands: tuple[str, ...]) -> None:
    assert cps4.all(*commands) == ["9000", "6982"]


def test_each_key_does_its_own_work_only(cps3: Talk) -> None:
    cps3(GIVE_PIN)
    cps3("002241B6 06 800142840182")  # the authentication key's number
    assert cps3(SIGN_3[1]) == "6985"
    cps3("002241A4 06 800102840181")
    assert cps3(AUTHENTICATE_3[1]) == "6985"
    cps3("002241A4 06 800102840183")
    assert cps3(AUTHENTICATE_3[1]) == "6A88"


def test_an_algorithm_that_it_has_not_is_refused(cps3: Talk, cps4: Talk) -> None:
    assert cps3("002241B6 06 800152840181") == "6A80"
    assert cps3("002241B6 03 840181") == "6A80"
    assert cps4("012281B6 04 91020090") == "6A80"
    assert cps4("012281B6 04 91022810") == "6A80"
