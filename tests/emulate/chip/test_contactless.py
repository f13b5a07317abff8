"""A CPS3 without contacts: no PIN, and a technical key that signs at once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from cpx_tool.emulate.chip.make import Damage, make_chip, make_contactless_chip
from cpx_tool.errors import BadInput
from support.chips import (
    CONTACTLESS_DIALOGUE,
    DIGEST_INFO_ABC,
    Talk,
    contactless_chip,
    cps3_card,
    cps4_card,
    set_cards,
    technical,
)

READ_SERIAL = ("00A4090C 04 3F00D003", "00B000000C")


@pytest.fixture
def card() -> Talk:
    return Talk(contactless_chip())


def test_it_has_an_application_of_its_own_and_no_pin(card: Talk) -> None:
    assert card.chip.atr.hex() == "3b8f80010031b86404b0ecc1739401808290000e"
    assert card("00A4040C 0D E828BD080F8025000001FF0020") == "9000"
    assert card("00A4040C 0D E828BD080F8025000001FF0010") == "6A82"
    assert card("00A4090C 04 3F00D010") == "6A82"  # EF_ACTUA
    assert card.all("00200001", "00200001 04 31323334", "00200002") == ["6A88"] * 3
    assert card("002C0002 08 3837363534333231") == "6A88"


def test_its_key_signs_at_once_and_does_nothing_else(card: Talk) -> None:
    certificate = x509.load_der_x509_certificate(technical().certificate)
    assert card("002241A4 06 800102840183") == "9000"
    signature = bytes.fromhex(card(f"00880000 {DIGEST_INFO_ABC} 00").split()[0])
    public = certificate.public_key()
    assert isinstance(public, RSAPublicKey)
    public.verify(signature, b"abc", padding.PKCS1v15(), SHA256())
    assert card("002241B8 06 80011A840183") == "9000"
    assert card("002A8086 03 810102 00") == "6985"
    assert card("002241B6 06 800142840183") == "9000"
    assert card("002A9E9A 20" + "00" * 32 + "00") == "6985"


def test_the_middleware_s_dialogue_is_understood(card: Talk) -> None:
    told = [answer.split()[-1] for answer in card.all(*CONTACTLESS_DIALOGUE)]
    assert told == [*["9000"] * 3, "6282", "9000", "6282", "6A88", *["9000"] * 3, "6985"]


def test_numbers_differ_where_contents_do() -> None:
    """The middleware keeps on disk what it read under a number."""
    chips = (
        make_chip(cps4_card()),
        make_chip(cps4_card(), [Damage.PIN_LOCKED]),
        make_chip(cps4_card(), [Damage.DAMAGED_CERTIFICATE_FILE]),
        make_chip(set_cards("expired=all")[1]),
        make_chip(set_cards("expired=all")[2]),
        make_chip(cps3_card()),
        contactless_chip(),
        contactless_chip(Damage.DAMAGED_CERTIFICATE_FILE),
    )
    numbers = [Talk(chip).all(*READ_SERIAL)[1] for chip in chips]
    plain = f"5A0A8025000001{cps4_card().profile.serial}"
    assert [number.startswith(plain) for number in numbers] == [
        *(True, True, False, False, False, True, False, False)
    ]
    assert len(set(numbers)) == 6
    assert all(number.startswith("5A0A8025000001") for number in numbers)


def test_what_is_refused() -> None:
    (claims,) = [c for c in set_cards("production=medecin") if c.profile.category == 0]
    with pytest.raises(BadInput, match="nothing reads it without contacts"):
        make_contactless_chip(cps4_card(), technical())
    with pytest.raises(BadInput, match="has no PIN"):
        make_contactless_chip(cps3_card(), technical(), [Damage.PIN_LOCKED])
    with pytest.raises(BadInput, match="claims to be a real card"):
        make_contactless_chip(claims, technical())
    foreign = replace(technical(), whole_certificate=b"of another PKI")
    with pytest.raises(BadInput, match="claims to be a real card"):
        make_contactless_chip(cps3_card(), foreign)
