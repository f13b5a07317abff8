"""What the writing child is told and answers: tokens and their objects, over pipes."""

from __future__ import annotations

import msgspec


class KeySpec(msgspec.Struct):
    """RSA numbers, big endian."""

    modulus: bytes
    public_exponent: bytes
    private_exponent: bytes
    prime_1: bytes
    prime_2: bytes
    exponent_1: bytes
    exponent_2: bytes
    coefficient: bytes


class ObjectSpec(msgspec.Struct):
    """One CKA_ID: certificate as shown, names and public key of the whole one, private key.

    `mechanisms` are the CKM_* names that the private key accepts.
    """

    id: str
    certificate_label: str
    certificate: bytes
    subject: bytes
    issuer: bytes
    serial_number: bytes
    public_modulus: bytes
    public_exponent: bytes
    key_label: str
    key: KeySpec | None
    mechanisms: list[str]
    decrypts: bool


class DataSpec(msgspec.Struct):
    """One CKO_DATA."""

    label: str
    value: bytes
    private: bool


class TokenSpec(msgspec.Struct):
    """One token."""

    label: str
    serial: str
    objects: list[ObjectSpec]
    data: list[DataSpec]


class EmulationSpec(msgspec.Struct):
    """All tokens of an emulation; the PIN travels here and not in argv."""

    module: str
    tokens_directory: str
    pin: str
    tokens: list[TokenSpec]


class WrittenToken(msgspec.Struct):
    """Where SoftHSM shows a token."""

    serial: str
    slot_id: int
    slot_description: str


class WriterAnswer(msgspec.Struct):
    """What became of it: the tokens, or why there are none."""

    tokens: list[WrittenToken] = []
    refusal: str = ""
    """A CKR_* code or the system's words."""
    not_softhsm: bool = False
