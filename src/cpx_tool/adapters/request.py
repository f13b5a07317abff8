"""pyca/cryptography: a private key and a certificate request (PKCS#10) for it."""

from __future__ import annotations

from collections.abc import Callable

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from cpx_tool.adapters.files import WRITE_HINT, check_target, write_new
from cpx_tool.model.request import Request, Subject
from cpx_tool.ports import Password

_BITS = 2048
"""As the keys of all ORG certificates seen."""
_PUBLIC_EXPONENT = 65537


def write_request(request: Request, password: Callable[[], Password]) -> None:
    """Make key and request, and write both files, or none.

    `password` is asked for when nothing stands in the way. Raises `BadInput`: a file exists or
    cannot be written, or no password.
    """
    for path in (request.key_file, request.csr_file):
        check_target(path, WRITE_HINT, exclusive=True)
    secret = password()
    key = rsa.generate_private_key(_PUBLIC_EXPONENT, _BITS)
    write_new(
        {
            request.key_file: _encrypted(key, secret),
            request.csr_file: _request(request.subject, key),
        }
    )


def _encrypted(key: RSAPrivateKey, password: Password) -> bytes:
    """PKCS#8 under PBES2 (AES-256-CBC, PBKDF2), PEM."""
    encryption = BestAvailableEncryption(password.reveal().encode())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def _request(subject: Subject, key: RSAPrivateKey) -> bytes:
    """PKCS#10 (RFC 2986), PEM. No extension is asked for: the portal decides them by the usage."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(_name(subject))
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM)


def _name(subject: Subject) -> x509.Name:
    """The RDNs in the order of the real ORG certificates: C, ST, O, OU, CN."""
    parts = (
        (NameOID.COUNTRY_NAME, "FR"),
        (NameOID.STATE_OR_PROVINCE_NAME, subject.department),
        (NameOID.ORGANIZATION_NAME, subject.organisation),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, subject.structure),
        (NameOID.COMMON_NAME, subject.common_name),
    )
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts if value])
