"""What a PKCS#11 module shows of a card: slot, token, objects."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

AUTHENTICATION_LABEL = "Certificat d'Authentification CPS"
SIGNATURE_LABEL = "Certificat de Signature CPS"
"""CKA_LABEL of the two personal certificates (ANS, Cryptolib CPS external specification)."""

PUBLISHED_TEST_PIN = "1234"
"""The PIN of every test card (ANS's guide for ordering test cards)."""


@dataclass(frozen=True, slots=True)
class ModuleInfo:
    """CK_INFO of a loaded module. `version` is "major.minor" of the library, not of the product."""

    path: str
    manufacturer: str
    description: str
    version: str


@dataclass(frozen=True, slots=True)
class Slot:
    """One PKCS#11 slot. `id` is stable only while one module stays initialised."""

    id: int
    description: str
    token_present: bool


class TokenFlag(StrEnum):
    """The CKF_* token flags that decide whether a PIN may be tried (PKCS#11 v2.40, 3.2)."""

    INITIALIZED = "initialized"
    LOGIN_REQUIRED = "login-required"
    PIN_INITIALIZED = "pin-initialized"
    PROTECTED_PATH = "protected-path"
    PIN_COUNT_LOW = "pin-count-low"
    PIN_FINAL_TRY = "pin-final-try"
    PIN_LOCKED = "pin-locked"
    PIN_TO_BE_CHANGED = "pin-to-be-changed"
    WRITE_PROTECTED = "write-protected"


FORBIDDING_FLAGS = (
    TokenFlag.PIN_LOCKED,
    TokenFlag.PIN_FINAL_TRY,
    TokenFlag.PIN_COUNT_LOW,
    TokenFlag.PIN_TO_BE_CHANGED,
)
"""With any of these no PIN is tried; the first that is set is the reason given."""


class TriesLeft(StrEnum):
    """How many tries a card says it has left, as far as its flags tell it without a login."""

    ALL = "all"
    SOME = "some"
    """Fewer than all, and more than one."""
    ONE = "one"
    NONE = "none"
    NOT_KNOWN = "not-known"
    """The token shows no PIN."""


def tries_left(flags: Collection[str]) -> TriesLeft:
    """From the CKF_USER_PIN_* flags (PKCS#11 v2.40, 3.2); the worst that is set counts."""
    if TokenFlag.PIN_LOCKED in flags:
        return TriesLeft.NONE
    if TokenFlag.PIN_FINAL_TRY in flags:
        return TriesLeft.ONE
    if TokenFlag.PIN_COUNT_LOW in flags:
        return TriesLeft.SOME
    return TriesLeft.ALL if TokenFlag.PIN_INITIALIZED in flags else TriesLeft.NOT_KNOWN


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """CK_TOKEN_INFO, blanks and NULs stripped."""

    label: str
    manufacturer: str
    model: str
    serial: str
    flags: tuple[TokenFlag, ...]
    mechanisms: tuple[str, ...] = ()
    """Names as in PKCS#11 ("CKM_RSA_PKCS"); an unknown one is "0x…" hex."""
    pin_lengths: tuple[int, int] | None = None
    """The shortest and the longest PIN, None where the module states none that makes sense."""


@dataclass(frozen=True, slots=True)
class CertificateObject:
    """A CKO_CERTIFICATE: `id` is CKA_ID in lower-case hex, `der` CKA_VALUE as it is.

    `error` names why the value could not be had (then `der` is empty).
    """

    label: str
    id: str
    der: bytes
    error: str = ""


@dataclass(frozen=True, slots=True)
class DataObject:
    """A CKO_DATA (CPS_*): raw bytes as on the card; `error` when they could not be read."""

    label: str
    value: bytes
    private: bool
    error: str = ""


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A CKO_PRIVATE_KEY's public attributes; the key itself never leaves the card.

    `modulus` is CKA_MODULUS in lower-case hex without leading zeros, "" when not shown.
    """

    label: str
    id: str
    bits: int
    modulus: str = ""


@dataclass(frozen=True, slots=True)
class TokenContents:
    """What a token shows without a login."""

    info: TokenInfo
    certificates: tuple[CertificateObject, ...]
    data: tuple[DataObject, ...]


@dataclass(frozen=True, slots=True)
class PrivateContents:
    """What a token shows only after a login."""

    keys: tuple[PrivateKey, ...]
    data: tuple[DataObject, ...]


@dataclass(frozen=True, slots=True)
class Seal:
    """What tells this very card from another, compared just before a PIN goes out.

    `certificates` are the SHA-256 of each CKA_VALUE, in hex, sorted.
    """

    label: str
    serial: str
    certificates: tuple[str, ...]


def seal(label: str, serial: str, certificates: Iterable[bytes]) -> Seal:
    """The seal of a card that shows these."""
    digests = sorted(hashlib.sha256(der).hexdigest() for der in certificates)
    return Seal(label, serial, tuple(digests))
