"""Reads X.509 certificates with asn1crypto, tolerantly.

pyca/cryptography refuses the IGC-CPS 2ter cards (unsorted SET, Latin-1 in T61String), so it is
not used to parse. asn1crypto parses late and declares no errors: everything is forced here, and
nothing of it leaves this room.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from asn1crypto import cms, x509

from cpx_tool.errors import BadInput
from cpx_tool.model.certificate import Certificate
from cpx_tool.model.message import Message, msg
from cpx_tool.pki.extensions import read_extensions
from cpx_tool.pki.names import read_name

MAX_BYTES = 1_000_000
MAX_CERTIFICATE = 65_536
"""In bytes. Real certificates have 1 to 3 kB, and absurd OIDs take a time that grows squared."""

_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
"""The OID of PKCS#7 signedData with its tag and length, which opens a .p7b."""

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
    if b"-----BEGIN " in data:
        return _from_pem(data)
    if data.find(_SIGNED_DATA, 0, 32) > 0:
        return _from_pkcs7(data)
    return (data,)


def read_certificate(der: bytes) -> Certificate:
    """Read one certificate. Raises `BadCertificate`, and nothing else, when it cannot be read.

    A part that cannot be read, without which the rest still makes sense, is named in
    `Certificate.problems` instead.
    """
    _refuse_empty(der)
    if len(der) > MAX_CERTIFICATE:
        raise BadCertificate(msg("This is too large to be a certificate (over 64 kB)."))
    try:
        return _read(der)
    except BadCertificate:
        raise
    except Exception as error:  # asn1crypto declares no errors of its own
        raise _not_a_certificate() from error


def _refuse_empty(data: bytes) -> None:
    if not data:
        raise BadCertificate(msg("The certificate is empty."))


def _not_a_certificate() -> BadCertificate:
    return BadCertificate(msg("This is not a certificate, or it is damaged."))


def _read(der: bytes) -> Certificate:
    outer = x509.Certificate.load(der, strict=True)
    tbs = outer["tbs_certificate"]
    problems: list[str] = []
    not_before, not_after = _validity(tbs["validity"])
    fields: dict[str, Any] = {
        "sha256": hashlib.sha256(der).hexdigest(),
        "serial": _serial(tbs),
        "not_before": not_before,
        "not_after": not_after,
        "issuer_der": tbs["issuer"].dump(),
        "signature_algorithm": _algorithm(outer["signature_algorithm"], _SIGNATURE_ALGORITHMS),
        **_names(tbs, problems),
        **_public_key(tbs["subject_public_key_info"], problems),
    }
    if isinstance(tbs["extensions"], x509.Extensions):
        found, bad = read_extensions(tbs["extensions"].untag().dump())
        fields |= found
        problems += bad
    return Certificate(**fields, problems=tuple(problems))


def _serial(tbs: Any) -> int:
    number: int = tbs["serial_number"].native
    if number.bit_length() > _MAX_SERIAL_BITS:  # RFC 5280 allows 160
        raise BadCertificate(msg("The serial number of the certificate is absurdly long."))
    return number


def _validity(validity: Any) -> tuple[datetime, datetime]:
    try:
        return _date(validity["not_before"]), _date(validity["not_after"])
    except Exception as error:
        raise BadCertificate(
            msg("The validity dates of the certificate cannot be read.")
        ) from error


def _date(time: Any) -> datetime:
    value = time.native
    if not isinstance(value, datetime):  # asn1crypto has a type of its own for the year 0
        raise TypeError("year 0")
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def _names(tbs: Any, problems: list[str]) -> dict[str, Any]:
    names: dict[str, Any] = {}
    for part in ("subject", "issuer"):
        try:
            names[part], whole = read_name(tbs[part].dump())
        except Exception:
            names[part], whole = (), False
        if not whole:
            problems.append(part)
    return names


def _public_key(info: Any, problems: list[str]) -> dict[str, Any]:
    key = {
        "public_key": info.dump(),
        "key_algorithm": _algorithm(info["algorithm"], _KEY_ALGORITHMS),
        "key_bits": 0,
        "modulus": "",
    }
    try:
        if key["key_algorithm"] == "RSA":
            modulus = _rsa_modulus(info)
            return {**key, "key_bits": modulus.bit_length(), "modulus": f"{modulus:x}"}
        if key["key_algorithm"] == "EC":
            return {**key, "key_bits": info.bit_size}
    except Exception:
        problems.append("public key")
    return key


def _rsa_modulus(info: Any) -> int:
    modulus: int = info["public_key"].parsed["modulus"].native
    if modulus <= 0 or modulus.bit_length() > _MAX_KEY_BITS:
        raise ValueError("absurd modulus")
    return modulus


def _algorithm(identifier: Any, names: dict[str, str]) -> str:
    oid: str = identifier["algorithm"].dotted
    return names.get(oid, oid)


def _from_pem(data: bytes) -> tuple[bytes, ...]:
    certificates: list[bytes] = []
    others: list[str] = []
    for label, der in _pem_blocks(data):
        if label in _PEM_LABELS:
            certificates.append(der)
        elif label in _PKCS7_LABELS:
            certificates += _from_pkcs7(der)
        else:
            others.append(label)
    if certificates:
        return tuple(certificates)
    if others:
        raise BadCertificate(
            msg("This file holds no certificate, but: {found}.", found=tuple(dict.fromkeys(others)))
        )
    raise BadCertificate(msg("The PEM text is cut short: it holds no whole certificate."))


def _pem_blocks(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Each block's label and bytes (RFC 7468); the bytes of other blocks are not decoded."""
    label, body = "", list[bytes]()
    for raw in data.splitlines():
        line = raw.strip()
        if line.startswith(b"-----BEGIN ") and line.endswith(b"-----"):
            label, body = line[11:-5].decode("ascii", "replace"), []
        elif line.startswith(b"-----END ") and label:
            yield label, _decode(b"".join(body)) if label in _PEM_LABELS + _PKCS7_LABELS else b""
            label = ""
        elif label:
            body.append(line)


def _decode(body: bytes) -> bytes:
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise BadCertificate(msg("The PEM text is damaged: it is not valid base64.")) from error


def _from_pkcs7(data: bytes) -> tuple[bytes, ...]:
    try:
        signed = cms.ContentInfo.load(data, strict=True)["content"]
        found = tuple(
            choice.chosen.dump()
            for choice in signed["certificates"]
            if choice.name == "certificate"
        )
    except Exception as error:  # asn1crypto declares no errors of its own
        raise BadCertificate(msg("This PKCS#7 bundle is damaged.")) from error
    if not found:
        raise BadCertificate(msg("This PKCS#7 bundle holds no certificate."))
    return found
