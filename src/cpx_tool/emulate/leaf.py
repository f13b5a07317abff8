"""A certificate of the emulated PKI: what those of cards and of organisations have in common."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, ObjectIdentifier

from cpx_tool.emulate.authorities import (
    DOMAIN,
    Authority,
    authority_key,
    authority_name,
    crl_points,
    delta_points,
)

TEST_POLICY = "1.2.250.1.213.1.7.2.1.1.1.1"
DEPARTMENT = "Rhône (69)"

Extension = tuple[x509.ExtensionType, bool]


@dataclass(frozen=True, slots=True)
class Leaf:
    """What a certificate is to say. `holder` makes its serial number its own; `own` are the
    extensions of its kind, `private` those of the ANS.
    """

    issuer: Authority
    subject: x509.Name
    not_before: datetime
    not_after: datetime
    holder: str
    own: tuple[Extension, ...]
    private: tuple[Extension, ...]


def make_leaf(
    leaf: Leaf,
    public: RSAPublicKey,
    keys: Mapping[str, RSAPrivateKey],
    forger: str | None = None,
) -> bytes:
    """DER, the extensions in the order of the real ones; `forger` signs instead of the issuer."""
    issuer = leaf.issuer
    builder = (
        x509.CertificateBuilder()
        .subject_name(leaf.subject)
        .issuer_name(authority_name(issuer))
        .public_key(public)
        .serial_number(_serial_number(leaf, public))
        .not_valid_before(leaf.not_before)
        .not_valid_after(leaf.not_after)
    )
    everything = [
        (x509.BasicConstraints(ca=False, path_length=None), False),
        (x509.SubjectKeyIdentifier.from_public_key(public), False),
        (authority_key(keys[issuer.code].public_key()), False),
        *leaf.own,
        *_addresses(issuer),
        *leaf.private,
    ]
    for extension, critical in everything:
        builder = builder.add_extension(extension, critical)
    return builder.sign(keys[forger or issuer.code], SHA256()).public_bytes(Encoding.DER)


def private_extension(oid: str, value: core.Asn1Value) -> Extension:
    """One of the ANS's own extensions."""
    return x509.UnrecognizedExtension(ObjectIdentifier(oid), value.dump()), False


def _serial_number(leaf: Leaf, public: RSAPublicKey) -> int:
    """16 bytes, of which 8 are the CA's, as on real certificates."""
    unique = f"{public.public_numbers().n}/{leaf.not_before:%Y%m%d%H%M%S}/{leaf.holder}"
    tail = hashlib.sha256(unique.encode()).hexdigest()[:16]
    return int(leaf.issuer.serial_prefix + tail, 16)


def _addresses(issuer: Authority) -> Iterator[Extension]:
    yield x509.CRLDistributionPoints(crl_points(issuer)), False
    yield x509.FreshestCRL(delta_points(issuer)), False
    ocsp = x509.AccessDescription(
        AuthorityInformationAccessOID.OCSP,
        x509.UniformResourceIdentifier(f"http://ocsp.{DOMAIN}"),
    )
    certificate = x509.AccessDescription(
        AuthorityInformationAccessOID.CA_ISSUERS,
        x509.UniformResourceIdentifier(f"http://igc-sante.{DOMAIN}/AC%20TEST/{issuer.code}.cer"),
    )
    yield x509.AuthorityInformationAccess([ocsp, certificate]), False
