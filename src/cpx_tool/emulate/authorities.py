"""The emulated PKI: shaped like the IGC-Santé TEST one, named so that nobody takes it for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from cpx_tool.pki.identity import EMULATION

HOST = "igc-sante.emulated.invalid"
"""Reserved (RFC 6761): nothing can ever be fetched from it."""

_NOT_BEFORE = datetime(2013, 6, 25, tzinfo=UTC)
_NOT_AFTER = datetime(2053, 6, 25, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Authority:
    """A CA: `code` as in ANS's file names ("ACI-FO-PP-TEST"), `parent` None for a root."""

    code: str
    common_name: str
    serial_prefix: str
    parent: str | None = None


AUTHORITIES: Mapping[str, Authority] = {
    authority.code: authority
    for authority in (
        Authority("ACR-FO-TEST", "EMULATED TEST AC RACINE IGC-SANTE FORT", "60E0000000000001"),
        Authority("ACR-ST-TEST", "EMULATED TEST AC RACINE IGC-SANTE STANDARD", "60E0000000000002"),
        Authority(
            "ACR-EL-TEST", "EMULATED TEST AC RACINE IGC-SANTE ELEMENTAIRE", "60E0000000000003"
        ),
        Authority(
            "ACI-FO-PP-TEST",
            "EMULATED TEST AC IGC-SANTE FORT PERSONNES",
            "60E0000000000011",
            "ACR-FO-TEST",
        ),
        Authority(
            "ACI-ST-PP-TEST",
            "EMULATED TEST AC IGC-SANTE STANDARD PERSONNES",
            "60E0000000000012",
            "ACR-ST-TEST",
        ),
        Authority(
            "ACI-EL-PP-TEST",
            "EMULATED TEST AC IGC-SANTE ELEMENTAIRE PERSONNES",
            "60E0000000000013",
            "ACR-EL-TEST",
        ),
        Authority(
            "ACI-EL-ORG-TEST",
            "EMULATED TEST AC IGC-SANTE ELEMENTAIRE ORGANISATIONS",
            "60E0000000000023",
            "ACR-EL-TEST",
        ),
    )
}


def authority_name(authority: Authority) -> x509.Name:
    """The full DN: C, O, two OU, CN, in the order of the real ones."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "FR"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, EMULATION),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "0002 000000000"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "IGC-SANTE TEST EMULATED"),
            x509.NameAttribute(NameOID.COMMON_NAME, authority.common_name),
        ]
    )


def make_authorities(keys: Mapping[str, RSAPrivateKey]) -> dict[str, x509.Certificate]:
    """The certificate of each CA, by code; `keys` holds one key for each."""
    return {code: _make(authority, keys) for code, authority in AUTHORITIES.items()}


def _make(authority: Authority, keys: Mapping[str, RSAPrivateKey]) -> x509.Certificate:
    parent = AUTHORITIES[authority.parent] if authority.parent else authority
    public, issuer_key = keys[authority.code].public_key(), keys[parent.code]
    root = authority.parent is None
    builder = (
        x509.CertificateBuilder()
        .subject_name(authority_name(authority))
        .issuer_name(authority_name(parent))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_NOT_BEFORE)
        .not_valid_after(_NOT_AFTER)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None if root else 0), True)
        .add_extension(_ca_usage(), True)
        .add_extension(policies("2.5.29.32.0"), False)
    )
    if not root:
        builder = builder.add_extension(
            x509.CRLDistributionPoints(crl_points(parent, "certificaterevocationlist")), False
        )
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)
    builder = builder.add_extension(authority_key(issuer_key.public_key()), False)
    return builder.sign(issuer_key, SHA256())


def authority_key(key: RSAPublicKey) -> x509.AuthorityKeyIdentifier:
    """AKI with the key identifier alone, as on real certificates."""
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key)


def policies(oid: str) -> x509.CertificatePolicies:
    """One policy with its CPS URI."""
    information = x509.PolicyInformation(x509.ObjectIdentifier(oid), [f"http://{HOST}/PC%20TEST"])
    return x509.CertificatePolicies([information])


def crl_points(authority: Authority, attribute: str) -> list[x509.DistributionPoint]:
    """HTTP and LDAP addresses of a CRL, or LDAP alone for a delta, in the real shape."""
    parent = AUTHORITIES[authority.parent].common_name if authority.parent else None
    names = [authority.common_name, *([parent] if parent else [])]
    head = ",".join(
        f"{kind}={quote(name)}" for kind, name in zip(("cn", "ou"), names, strict=False)
    )
    ldap = (
        f"ldap://{HOST}/{head},ou=IGC-SANTE%20TEST%20EMULATED,ou=0002%20000000000,"
        f"o={quote(EMULATION)},c=FR?{attribute};binary?base?objectClass=pkiCA"
    )
    addresses = [ldap]
    if attribute == "certificaterevocationlist":
        addresses.insert(0, f"http://{HOST}/CRL/{authority.code}.crl")
    return [
        x509.DistributionPoint([x509.UniformResourceIdentifier(a)], None, None, None)
        for a in addresses
    ]


def _ca_usage() -> x509.KeyUsage:
    return key_usage("key_cert_sign", "crl_sign")


def key_usage(*names: str) -> x509.KeyUsage:
    """A key usage with these bits set, named as pyca/cryptography names them."""
    known = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: name in names for name in known})
