"""What the writing child is told: tokens and their objects, keys included, over a pipe."""

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
    """One CKA_ID: certificate as shown, names and public key of the whole one, private key."""

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
    decrypts: bool


class DataSpec(msgspec.Struct):
    """One CKO_DATA."""

    label: str
    value: bytes
    private: bool


class TokenSpec(msgspec.Struct):
    """One token. `mechanisms` are the CKM_* names its keys allow."""

    label: str
    serial: str
    mechanisms: list[str]
    objects: list[ObjectSpec]
    data: list[DataSpec]


class EmulationSpec(msgspec.Struct):
    """All tokens of an emulation; PINs travel here and not in argv."""

    module: str
    tokens_directory: str
    pin: str
    tokens: list[TokenSpec]
