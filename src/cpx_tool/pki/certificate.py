"""Reads X.509 certificates with asn1crypto, tolerantly.

pyca/cryptography refuses the IGC-CPS 2ter cards (unsorted SET, Latin-1 in T61String), so it is
not used to parse. asn1crypto parses late and declares no errors: everything is forced here, part
by part, and nothing of it leaves this room.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

from asn1crypto import cms, core, keys

from cpx_tool.errors import BadInput
from cpx_tool.model.certificate import Certificate, Name
from cpx_tool.model.message import Message, msg
from cpx_tool.model.sheet import Validity
from cpx_tool.pki.der import SEQUENCE, content, dotted, elements, is_whole, read_time
from cpx_tool.pki.extensions import read_extensions
from cpx_tool.pki.names import read_name
from cpx_tool.pki.parts import Parts, cut
from cpx_tool.pki.pem import MARK, blocks, decoded

MAX_BYTES = 1_000_000
MAX_CERTIFICATES = 200
"""In a file. The bundle of the IGC-Santé has 18, those of operating systems some 150."""

MAX_CERTIFICATE = 65_536
"""In bytes. Real certificates have 1 to 3 kB, and absurd OIDs take a time that grows squared."""

_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
"""The OID of PKCS#7 signedData with its tag and length, which opens a .p7b."""

REMEMBERED = 512
"""Certificates that are not read anew: the same ones come back at each step of a run."""

_MAX_SERIAL_BITS = 1024
_MAX_KEY_BITS = 16_384
_PEM_LABELS = ("CERTIFICATE", "X509 CERTIFICATE")
_PKCS7_LABELS = ("PKCS7", "CMS")

_SIGNATURE_ALGORITHMS = {
    "1.2.840.113549.1.1.4": "md5WithRSAEncryption",
    "1.2.840.113549.1.1.5": "sha1WithRSAEncryption",
    "1.2.840.113549.1.1.10": "RSASSA-PSS",
    "1.2.840.113549.1.1.11": "sha256WithRSAEncryption",
    "1.2.840.113549.1.1.12": "sha384WithRSAEncryption",
    "1.2.840.113549.1.1.13": "sha512WithRSAEncryption",
    "1.2.840.10045.4.3.2": "ecdsa-with-SHA256",
    "1.2.840.10045.4.3.3": "ecdsa-with-SHA384",
    "1.2.840.10045.4.3.4": "ecdsa-with-SHA512",
    "1.3.101.112": "Ed25519",
}
_KEY_ALGORITHMS = {
    "1.2.840.113549.1.1.1": "RSA",
    "1.2.840.10045.2.1": "EC",
    "1.3.101.112": "Ed25519",
}


T = TypeVar("T")


class BadCertificate(BadInput):
    """The bytes are no certificate that can be read."""

    def __init__(self, reason: Message) -> None:
        super().__init__(
            reason,
            msg("Give an X.509 certificate: DER, PEM or a PKCS#7 bundle (.cer, .der, .pem, .p7b)."),
        )


def read_certificates(data: bytes) -> tuple[bytes, ...]:
    """The certificates (DER) that a file holds: DER, PEM with one or several, PKCS#7 bundle.

    They are only cut apart: `read_certificate` reads each. Raises `BadCertificate` when there
    is none.
    """
    _refuse_empty(data)
    if len(data) > MAX_BYTES:
        raise BadCertificate(msg("This file is too large to hold certificates (over 1 MB)."))
    found: tuple[bytes, ...] = (data,)
    if MARK in data:
        found = _from_pem(data)
    elif is_pkcs7(data):
        found = _from_pkcs7(data)
    if len(found) > MAX_CERTIFICATES:
        limit = MAX_CERTIFICATES
        raise BadCertificate(msg("This file holds more than {limit} certificates.", limit=limit))
    return found


def read_certificate(der: bytes) -> Certificate:
    """Read one certificate. Raises `BadCertificate`, and nothing else, when it cannot be read.

    A part that cannot be read is named in `Certificate.problems`, and the others are read all
    the same: a damaged certificate still says whose it is.
    """
    return _read(der)


@lru_cache(REMEMBERED)
def _read(der: bytes) -> Certificate:
    return _read_parts(cut_apart(der))


def cut_apart(der: bytes) -> Parts:
    """The parts of a certificate, unread. Raises `BadCertificate` when these bytes are none."""
    _refuse_empty(der)
    if len(der) > MAX_CERTIFICATE:
        raise BadCertificate(msg("This is too large to be a certificate (over 64 kB)."))
    try:
        return cut(der)
    except ValueError as error:
        raise BadCertificate(msg("This is not a certificate, or it is damaged.")) from error


def _read_parts(parts: Parts) -> Certificate:
    """What the parts say. Never raises."""
    problems = list(parts.defects)
    not_before, not_after = _validity(parts.validity, problems)
    fields: dict[str, Any] = {
        "sha256": hashlib.sha256(parts.whole).hexdigest(),
        "serial": _part("serial number", _serial, parts.serial, problems),
        "not_before": not_before,
        "not_after": not_after,
        "issuer_der": parts.issuer,
        "signature_algorithm": _part(
            "signature algorithm", _signature_algorithm, parts.algorithm, problems
        )
        or "",
        **_names(parts, problems),
        **_public_key(parts.key, problems),
    }
    if parts.extensions or not is_whole(parts.signed):
        found, bad = read_extensions(parts.extensions)
        fields |= found
        problems += bad
    return Certificate(**fields, problems=tuple(dict.fromkeys(problems)))


def validity_at(certificate: Certificate, at: datetime) -> Validity | None:
    """Where `at` (aware) stands; both ends belong to it (RFC 5280, 4.1.2.5). None where one that
    decides is unreadable.
    """
    start, end = certificate.not_before, certificate.not_after
    if start is not None and at < start:
        return Validity.NOT_YET_VALID
    if end is not None and at > end:
        return Validity.EXPIRED
    return Validity.VALID if start and end else None


def _refuse_empty(data: bytes) -> None:
    if not data:
        raise BadCertificate(msg("The certificate is empty."))


def _part(name: str, read: Callable[[bytes], T], der: bytes, problems: list[str]) -> T | None:
    """What a part says, or None and one more problem."""
    try:
        return read(der)
    except Exception:  # asn1crypto declares no errors of its own
        problems.append(name)
        return None


def _serial(der: bytes) -> int:
    number: int = core.Integer.load(der, strict=True).native
    if not content(der) or number.bit_length() > _MAX_SERIAL_BITS:  # RFC 5280 allows 160
        raise ValueError("no number, or an absurd one")
    return number


def _validity(der: bytes, problems: list[str]) -> tuple[datetime | None, datetime | None]:
    start, end = (*elements(content(der)), b"", b"")[:2]
    return (
        _part("start of validity", read_time, start, problems),
        _part("end of validity", read_time, end, problems),
    )


def _names(parts: Parts, problems: list[str]) -> dict[str, Name]:
    names: dict[str, Name] = {}
    for part, der in (("subject", parts.subject), ("issuer", parts.issuer)):
        name, whole = _part(part, read_name, der, problems) or ((), True)
        names[part] = name
        if not whole:
            problems.append(part)
    return names


def _public_key(der: bytes, problems: list[str]) -> dict[str, Any]:
    algorithm = _part("public key", _key_algorithm, der, problems) or ""
    read_size = _KEY_SIZES.get(algorithm, _unknown_size)
    bits, modulus = _part("public key", read_size, der, problems) or (0, "")
    return {
        "public_key": der,
        "key_algorithm": algorithm,
        "key_bits": bits,
        "modulus": modulus,
    }


def _rsa_size(der: bytes) -> tuple[int, str]:
    info = keys.PublicKeyInfo.load(der, strict=True)
    modulus: int = info["public_key"].parsed["modulus"].native
    if modulus <= 0 or modulus.bit_length() > _MAX_KEY_BITS:
        raise ValueError("absurd modulus")
    return modulus.bit_length(), f"{modulus:x}"


def _curve_size(der: bytes) -> tuple[int, str]:
    return keys.PublicKeyInfo.load(der, strict=True).bit_size, ""


def _unknown_size(_: bytes) -> tuple[int, str]:
    return 0, ""


_KEY_SIZES = {"RSA": _rsa_size, "EC": _curve_size}


def _key_algorithm(der: bytes) -> str:
    return _named(elements(content(der))[0], _KEY_ALGORITHMS)


def _signature_algorithm(der: bytes) -> str:
    return _named(der, _SIGNATURE_ALGORITHMS)


def _named(identifier: bytes, names: Mapping[str, str]) -> str:
    """The name of an AlgorithmIdentifier (RFC 5280, 4.1.1.2), else its OID."""
    oid = dotted(elements(content(identifier))[0])
    return names.get(oid, oid)


def is_pkcs7(data: bytes) -> bool:
    """Whether it begins like a PKCS#7 bundle (signed data, RFC 2315, 9.1)."""
    return data.find(_SIGNED_DATA, 0, 32) > 0


def _from_pem(data: bytes) -> tuple[bytes, ...]:
    """A block that is damaged stands there as b"", as long as there is another."""
    pieces: list[bytes] = []
    others: list[str] = []
    damage: list[BadCertificate] = []
    for label, body in blocks(data):
        if label not in _PEM_LABELS + _PKCS7_LABELS:
            others.append(label)
            continue
        try:
            pieces += _of_block(label, body)
        except BadCertificate as error:
            damage.append(error)
            pieces.append(b"")
    if any(pieces):
        return tuple(pieces)
    raise _nothing_in_pem(damage, others)


def _nothing_in_pem(damage: Sequence[BadCertificate], others: Sequence[str]) -> BadCertificate:
    if damage:
        return damage[0]
    if any("CRL" in label for label in others):
        return BadCertificate(msg("This file holds no certificate, but a CRL: use --crl FILE."))
    if others:
        found = tuple(dict.fromkeys(others))
        return BadCertificate(msg("This file holds no certificate, but: {found}.", found=found))
    return BadCertificate(msg("The PEM text is cut short: it holds no whole certificate."))


def _of_block(label: str, body: bytes) -> tuple[bytes, ...]:
    try:
        der = decoded(body)
    except ValueError as error:
        damaged = msg("The PEM text is damaged: it is not valid base64.")
        raise BadCertificate(damaged) from error
    return _from_pkcs7(der) if label in _PKCS7_LABELS else (der,)


def _from_pkcs7(data: bytes) -> tuple[bytes, ...]:
    try:
        signed = cms.ContentInfo.load(data, strict=True)["content"]
        # cut by hand: asn1crypto would unfold hundreds of thousands of other things
        choices = elements(signed["certificates"].contents or b"")
        found = tuple(choice for choice in choices if choice[0] == SEQUENCE)
    except Exception as error:  # asn1crypto declares no errors of its own
        raise BadCertificate(msg("This PKCS#7 bundle is damaged.")) from error
    if not found:
        raise BadCertificate(msg("This PKCS#7 bundle holds no certificate."))
    return found
