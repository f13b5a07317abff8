"""A PKCS#12 (RFC 7292) as far as it can be read without its password.

Opening one means deriving keys, in as many rounds as the file asks for: up to 2^31 each. So the
parameters are read first, and absurd ones refused. What stands inside an encrypted part is not
seen here: whoever opens the file has to bound the time as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from asn1crypto import core, pkcs12

from cpx_tool.errors import BadInput
from cpx_tool.model.message import Message, msg
from cpx_tool.pki.not_pfx import what_it_is

MAX_BYTES = 131_072
"""A certificate, its key and its chain have some 8 kB."""
MAX_ROUNDS = 10_000_000
"""Of key derivation, all parts together: some seconds. Files seen ask for 2 000 to 1 000 000."""

_MAX_SCRYPT_BLOCKS = 2**18
"""N times r: 32 MiB of memory, which is also what OpenSSL allows."""
_MAX_DEPTH = 4

_PBES2 = "1.2.840.113549.1.5.13"
_PBKDF2 = "1.2.840.113549.1.5.12"
_PBMAC1 = "1.2.840.113549.1.5.14"
_SCRYPT = "1.3.6.1.4.1.11591.4.11"
_SALTED = (
    "1.2.840.113549.1.12.1.1",  # RC4 and RC2 (40 bits: the usual one for certificates) and 3DES
    "1.2.840.113549.1.12.1.2",
    "1.2.840.113549.1.12.1.3",
    "1.2.840.113549.1.12.1.4",
    "1.2.840.113549.1.12.1.5",
    "1.2.840.113549.1.12.1.6",
    "1.2.840.113549.1.5.3",  # PBES1: DES and RC2, over MD5 and SHA-1
    "1.2.840.113549.1.5.6",
    "1.2.840.113549.1.5.10",
    "1.2.840.113549.1.5.11",
)
"""Encryptions whose parameters are a salt and the rounds (RFC 7292, C; RFC 8018, A.3)."""
_SCHEMES = (
    "2.16.840.1.101.3.4.1.2",  # AES-CBC
    "2.16.840.1.101.3.4.1.22",
    "2.16.840.1.101.3.4.1.42",
    "1.2.840.113549.3.7",  # 3DES
    "1.2.840.113549.3.2",  # RC2
    "1.3.14.3.2.7",  # DES
    "1.2.392.200011.61.1.1.1.2",  # Camellia-CBC
    "1.2.392.200011.61.1.1.1.3",
    "1.2.392.200011.61.1.1.1.4",
)
"""Ciphers within PBES2 (RFC 8018, A.4)."""
_DIGESTS = (
    "1.2.840.113549.2.5",  # MD5, SHA-1, SHA-2, SHA-3
    "1.3.14.3.2.26",
    "2.16.840.1.101.3.4.2.1",
    "2.16.840.1.101.3.4.2.2",
    "2.16.840.1.101.3.4.2.3",
    "2.16.840.1.101.3.4.2.4",
    "2.16.840.1.101.3.4.2.8",
    "2.16.840.1.101.3.4.2.9",
    "2.16.840.1.101.3.4.2.10",
)


class BadPfx(BadInput):
    """The bytes are no PKCS#12 that can be opened; the hint says what to do instead."""


@dataclass(frozen=True, slots=True)
class Pfx:
    """A PKCS#12 from outside.

    `locked`: a password is needed. `encrypted`: something in it is encrypted, not only sealed.
    `keys` counts the private keys in view, `bare_keys` those that are not encrypted.
    """

    locked: bool
    encrypted: bool
    keys: int
    bare_keys: int


def read_pfx(data: bytes) -> Pfx:
    """Look at a PKCS#12 without opening it.

    Raises `BadPfx`, and nothing else: it is something else, it is damaged, it is protected in a
    way that is not read here, or it asks for an absurd amount of work.
    """
    try:
        parts = _Parts()
        _read(data, parts)
    except BadPfx:
        raise
    except Exception as error:  # asn1crypto declares no errors of its own
        raise BadPfx(*what_it_is(data)) from error
    if parts.rounds > MAX_ROUNDS:
        raise BadPfx(
            msg(
                "It asks for {rounds} rounds of key derivation, more than the {limit} that are "
                "done here.",
                rounds=parts.rounds,
                limit=MAX_ROUNDS,
            ),
            msg("No honest file does: get it again, or export it again with another program."),
        )
    return Pfx(
        locked=parts.sealed or parts.encrypted,
        encrypted=parts.encrypted,
        keys=parts.keys,
        bare_keys=parts.bare_keys,
    )


@dataclass(slots=True)
class _Parts:
    """What was met on the way through the file."""

    sealed: bool = False
    encrypted: bool = False
    keys: int = 0
    bare_keys: int = 0
    rounds: int = 0


class _Algorithm(core.Sequence):  # type: ignore[misc]
    _fields = [  # noqa: RUF012
        ("algorithm", core.ObjectIdentifier),
        ("parameters", core.Any, {"optional": True}),
    ]


class _Pair(core.Sequence):  # type: ignore[misc]
    """PBES2 and PBMAC1: key derivation, and what the key is for."""

    _fields = [("derivation", _Algorithm), ("scheme", _Algorithm)]  # noqa: RUF012


class _Values(core.SequenceOf):  # type: ignore[misc]
    _child_spec = core.Any


def _read(data: bytes, parts: _Parts) -> None:
    pfx = pkcs12.Pfx.load(data, strict=True)
    if pfx["version"].native != "v3":
        raise ValueError("version")
    if pfx["auth_safe"]["content_type"].native != "data":
        raise _not_supported(msg("with a signature instead of a password"))
    if isinstance(pfx["mac_data"], pkcs12.MacData):
        _read_seal(pfx["mac_data"], parts)
    for content in pfx.authenticated_safe:
        kind = content["content_type"].native
        if kind == "data":
            _read_bags(pkcs12.SafeContents.load(content["content"].native, strict=True), parts)
        elif kind == "encrypted_data":
            inside = content["content"]["encrypted_content_info"]
            _read_encryption(inside["content_encryption_algorithm"], parts)
        else:
            raise _not_supported(msg("with a recipient's key instead of a password"))


def _read_seal(seal: Any, parts: _Parts) -> None:
    """The MAC: PKCS#12's own derivation, or PBMAC1 (RFC 9579)."""
    parts.sealed = True
    algorithm = _Algorithm.load(seal["mac"]["digest_algorithm"].dump(), strict=True)
    if _oid(algorithm) == _PBMAC1:
        _read_derivation(_pair(algorithm)["derivation"], parts)
    elif _oid(algorithm) in _DIGESTS:
        parts.rounds += _bounded(seal["iterations"].native)
    else:
        raise _unknown(_oid(algorithm))


def _read_bags(bags: Any, parts: _Parts, depth: int = 0) -> None:
    for bag in bags:
        kind = bag["bag_id"].native
        if kind == "key_bag":
            parts.keys += 1
            parts.bare_keys += 1
        elif kind == "pkcs8_shrouded_key_bag":
            parts.keys += 1
            _read_encryption(bag["bag_value"]["encryption_algorithm"], parts)
        elif kind == "safe_contents" and depth < _MAX_DEPTH:
            _read_bags(bag["bag_value"], parts, depth + 1)


def _read_encryption(value: Any, parts: _Parts) -> None:
    parts.encrypted = True
    algorithm = _Algorithm.load(value.dump(), strict=True)
    oid = _oid(algorithm)
    if oid == _PBES2:
        pair = _pair(algorithm)
        _read_derivation(pair["derivation"], parts)
        if _oid(pair["scheme"]) not in _SCHEMES:
            raise _unknown(_oid(pair["scheme"]))
    elif oid in _SALTED:
        parts.rounds += _numbers(algorithm)[0]
    else:
        raise _unknown(oid)


def _read_derivation(algorithm: Any, parts: _Parts) -> None:
    oid = _oid(algorithm)
    if oid == _PBKDF2:
        parts.rounds += _numbers(algorithm)[0]
    elif oid == _SCRYPT:
        cost, block, parallel = _numbers(algorithm)[:3]
        if cost * block > _MAX_SCRYPT_BLOCKS:
            raise BadPfx(
                msg("It asks for more memory than is given here to open it (scrypt)."),
                msg("Export it again with another program."),
            )
        parts.rounds += cost * block * parallel
    else:
        raise _unknown(oid)


def _oid(algorithm: Any) -> str:
    dotted: str = algorithm["algorithm"].dotted
    return dotted


def _pair(algorithm: Any) -> Any:
    return _Pair.load(algorithm["parameters"].dump(), strict=True)


def _numbers(algorithm: Any) -> list[int]:
    """The numbers behind the salt."""
    values = _Values.load(algorithm["parameters"].dump(), strict=True)
    parsed = (value.parsed for value in list(values)[1:])
    return [_bounded(value.native) for value in parsed if isinstance(value, core.Integer)]


def _bounded(number: int) -> int:
    """What is absurd may be so in a million digits: a smaller number says the same."""
    return max(0, min(number, 2**40))


def _unknown(oid: str) -> BadPfx:
    return BadPfx(
        msg("It is encrypted or sealed in a way that is not known here ({oid}).", oid=oid),
        msg("Export it again, with AES-256 and SHA-256 for instance."),
    )


def _not_supported(how: Message) -> BadPfx:
    return BadPfx(
        msg("It is protected {how}: this is not supported.", how=how),
        msg("Export it again with a password."),
    )
