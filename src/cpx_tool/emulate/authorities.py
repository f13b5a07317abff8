"""The emulated PKI: shaped like the IGC-Santé TEST one, named so that nobody takes it for it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from cpx_tool.pki.identity import EMULATION

DOMAIN = "emulated.invalid"
"""Stands for esante.gouv.fr. Reserved (RFC 6761): nothing can ever be fetched from it."""

_REGISTRATION = "0002 000000000"
_UNIT = "IGC-SANTE TEST EMULATED"

# 2013 as the real ones; they end in 2033, but a leaf of today must not outlive its CA
_NOT_BEFORE = datetime(2013, 6, 25, tzinfo=UTC)
_ROOT_NOT_AFTER = datetime(2049, 6, 25, tzinfo=UTC)
_NOT_AFTER = datetime(2049, 6, 24, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Authority:
    """A CA: `code` as in ANS's file names ("ACI-FO-PP-TEST"), `parent` None for a root.

    `serial_prefix` is the head, 8 bytes in hex, of the serials it gives.
    """

    code: str
    common_name: str
    serial_prefix: str
    parent: str | None = None


def _root(gamme: str, name: str, number: int) -> Authority:
    return Authority(
        f"ACR-{gamme}-TEST",
        f"EMULATED TEST AC RACINE IGC-SANTE {name}",
        f"60E00000000000{number:02}",
    )


def _intermediate(root: Authority, code: str, domain: str, number: int) -> Authority:
    gamme = root.common_name.rsplit(maxsplit=1)[-1]
    return Authority(
        root.code.replace("ACR", "ACI").replace("-TEST", f"-{code}-TEST"),
        f"EMULATED TEST AC IGC-SANTE {gamme} {domain}",
        f"60E00000000000{number:02}",
        root.code,
    )


_FORT = _root("FO", "FORT", 1)
_STANDARD = _root("ST", "STANDARD", 2)
_ELEMENTAIRE = _root("EL", "ELEMENTAIRE", 3)

AUTHORITIES: Mapping[str, Authority] = {
    authority.code: authority
    for authority in (
        _FORT,
        _STANDARD,
        _ELEMENTAIRE,
        _intermediate(_FORT, "PP", "PERSONNES", 11),
        _intermediate(_STANDARD, "PP", "PERSONNES", 12),
        _intermediate(_ELEMENTAIRE, "PP", "PERSONNES", 13),
        _intermediate(_ELEMENTAIRE, "ORG", "ORGANISATIONS", 23),
    )
}


def authority_name(authority: Authority) -> x509.Name:
    """The full DN: C, O, two OU, CN, in the order of the real ones."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "FR"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, EMULATION),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, _REGISTRATION),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, _UNIT),
            x509.NameAttribute(NameOID.COMMON_NAME, authority.common_name),
        ]
    )


def make_authorities(keys: Mapping[str, RSAPrivateKey]) -> dict[str, x509.Certificate]:
    """The certificate of each CA, by code; `keys` holds one key for each."""
    return {code: _make(authority, keys) for code, authority in AUTHORITIES.items()}


def fit_together(
    keys: Mapping[str, RSAPrivateKey], certificates: Mapping[str, x509.Certificate]
) -> bool:
    """Whether these are this PKI, whole: each CA's name, key and issuer."""
    if not set(AUTHORITIES) == set(keys) == set(certificates):
        return False
    return all(_fits(authority, keys, certificates) for authority in AUTHORITIES.values())


def _fits(
    authority: Authority,
    keys: Mapping[str, RSAPrivateKey],
    certificates: Mapping[str, x509.Certificate],
) -> bool:
    certificate = certificates[authority.code]
    if certificate.subject != authority_name(authority):
        return False
    if certificate.public_key() != keys[authority.code].public_key():
        return False
    try:
        certificate.verify_directly_issued_by(certificates[authority.parent or authority.code])
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _make(authority: Authority, keys: Mapping[str, RSAPrivateKey]) -> x509.Certificate:
    parent = AUTHORITIES[authority.parent] if authority.parent else authority
    public, issuer_key = keys[authority.code].public_key(), keys[parent.code]
    root = authority.parent is None
    usage = key_usage("key_cert_sign", "crl_sign")
    builder = (
        x509.CertificateBuilder()
        .subject_name(authority_name(authority))
        .issuer_name(authority_name(parent))
        .public_key(public)
        .serial_number(_serial_number(public))
        .not_valid_before(_NOT_BEFORE)
        .not_valid_after(_ROOT_NOT_AFTER if root else _NOT_AFTER)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None if root else 0), True)
        .add_extension(usage, True)
        .add_extension(policies("2.5.29.32.0"), False)
    )
    if not root:
        builder = builder.add_extension(x509.CRLDistributionPoints(_root_crl(parent)), False)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)
    builder = builder.add_extension(authority_key(issuer_key.public_key()), False)
    return builder.sign(issuer_key, SHA256())


def _serial_number(public: RSAPublicKey) -> int:
    """18 bytes, of which the first two are those of the real CAs."""
    tail = hashlib.sha256(str(public.public_numbers().n).encode()).hexdigest()[:32]
    return int("1120" + tail, 16)


def authority_key(key: RSAPublicKey) -> x509.AuthorityKeyIdentifier:
    """AKI with the key identifier alone, as on real certificates."""
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key)


def policies(oid: str) -> x509.CertificatePolicies:
    """One policy with its CPS URI."""
    uri = f"http://igc-sante.{DOMAIN}/PC%20TEST"
    information = x509.PolicyInformation(x509.ObjectIdentifier(oid), [uri])
    return x509.CertificatePolicies([information])


def crl_points(authority: Authority) -> list[x509.DistributionPoint]:
    """Where an intermediate's CRL would be: HTTP and LDAP, in the real shape."""
    query = "certificaterevocationlist;binary?base?objectClass=pkiCA"
    return [_point(_crl_file(authority)), _point(f"{_directory_entry(authority)}?{query}")]


def delta_points(authority: Authority) -> list[x509.DistributionPoint]:
    """Where its delta CRL would be: LDAP alone."""
    query = "deltarevocationlist;binary?base?objectClass=pkiCA"
    return [_point(f"{_directory_entry(authority)}?{query}")]


def _root_crl(root: Authority) -> list[x509.DistributionPoint]:
    """A root's, written in another letter case than the intermediates'."""
    path = ",".join(
        (
            f"CN={quote(root.common_name)}",
            f"OU={quote(_UNIT)}",
            f"OU={quote(_REGISTRATION)}",
            f"O={quote(EMULATION)}",
            "C=FR",
        )
    )
    query = "certificaterevocationlist;binary?base?objectclass=pkiCa"
    return [_point(_crl_file(root)), _point(f"ldap://annuaire-igc.{DOMAIN}/{path}?{query}")]


def _crl_file(authority: Authority) -> str:
    return f"http://igc-sante.{DOMAIN}/CRL/{authority.code}.crl"


def _directory_entry(authority: Authority) -> str:
    root = AUTHORITIES[authority.parent or authority.code]
    path = ",".join(
        (
            f"cn={quote(authority.common_name)}",
            f"ou={quote(root.common_name)}",
            f"ou={quote(_UNIT)}",
            f"ou={quote(_REGISTRATION)}",
            f"o={quote(EMULATION)}",
            "c=FR",
        )
    )
    return f"ldap://annuaire-igc.{DOMAIN}/{path}"


def _point(address: str) -> x509.DistributionPoint:
    return x509.DistributionPoint([x509.UniformResourceIdentifier(address)], None, None, None)


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
