"""CAs, certificates and CRLs made on the spot, good and bad, and what OpenSSL says of them."""

from __future__ import annotations

import base64
import hashlib
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

AT = datetime(2025, 6, 1, tzinfo=UTC)
"""The moment that the made chains are judged for: the middle of their validity."""

START = datetime(2024, 1, 1, tzinfo=UTC)
END = datetime(2027, 1, 1, tzinfo=UTC)

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the curve P-256 (FIPS 186-4, D.1.2.3)."""

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@cache
def key(name: str) -> ec.EllipticCurvePrivateKey:
    """The key of that name: the same in every run, so that an input kept once says the same."""
    number = int.from_bytes(hashlib.sha256(name.encode()).digest(), "big")
    return ec.derive_private_key(number % _ORDER or 1, ec.SECP256R1())


@cache
def rsa_key(bits: int) -> rsa.RSAPrivateKey:
    """An RSA key of that size, made once in a run."""
    return rsa.generate_private_key(65537, bits)


def dn(common_name: str, *units: str) -> x509.Name:
    """C=FR, O=TEST, the units, CN."""
    rdns = [(NameOID.COUNTRY_NAME, "FR"), (NameOID.ORGANIZATION_NAME, "TEST")]
    rdns += [(NameOID.ORGANIZATIONAL_UNIT_NAME, unit) for unit in units]
    rdns.append((NameOID.COMMON_NAME, common_name))
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in rdns])


@dataclass(frozen=True)
class Spec:
    """A certificate to make. `usage` None: no key usage; `ca` None: no basic constraints.

    `signer` signs instead of `issuer_key` (a wrong signature).
    """

    subject: x509.Name
    own_key: Key
    issuer: x509.Name
    issuer_key: Key
    ca: bool | None = True
    path_length: int | None = None
    usage: tuple[str, ...] | None = ("key_cert_sign", "crl_sign")
    ski: bool = True
    aki: bool = True
    start: datetime = START
    end: datetime = END
    signer: Key | None = None
    serial: int = 4660
    extra: tuple[tuple[x509.ExtensionType, bool], ...] = ()

    def but(self, **changes: object) -> Spec:
        """The same with changes."""
        return replace(self, **changes)  # type: ignore[arg-type]

    def der(self) -> bytes:
        """The certificate."""
        public = self.own_key.public_key()
        builder = (
            x509.CertificateBuilder(self.issuer, self.subject, public, self.serial)
            .not_valid_before(self.start)
            .not_valid_after(self.end)
        )
        for extension, critical in self._extensions():
            builder = builder.add_extension(extension, critical)
        return _signed(builder, self.signer or self.issuer_key)

    def _extensions(self) -> Iterable[tuple[x509.ExtensionType, bool]]:
        if self.ca is not None:
            length = self.path_length if self.ca else None
            yield x509.BasicConstraints(self.ca, length), True
        if self.usage is not None:
            yield _key_usage(*self.usage), True
        if self.ski:
            public = self.own_key.public_key()
            yield x509.SubjectKeyIdentifier.from_public_key(public), False
        if self.aki:
            issuer = self.issuer_key.public_key()
            yield x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer), False
        yield from self.extra


def _signed(
    builder: x509.CertificateBuilder | x509.CertificateRevocationListBuilder, signer: Key
) -> bytes:
    """The same bytes each time, so that a certificate has one fingerprint."""
    deterministic = True if isinstance(signer, ec.EllipticCurvePrivateKey) else None
    made = builder.sign(signer, SHA256(), ecdsa_deterministic=deterministic)
    return made.public_bytes(Encoding.DER)


def _key_usage(*names: str) -> x509.KeyUsage:
    bits = {
        "digital_signature": False,
        "content_commitment": False,
        "key_encipherment": False,
        "data_encipherment": False,
        "key_agreement": False,
        "key_cert_sign": False,
        "crl_sign": False,
        "encipher_only": False,
        "decipher_only": False,
    }
    return x509.KeyUsage(**{**bits, **dict.fromkeys(names, True)})


def root(name: str = "root") -> Spec:
    """A self-signed CA."""
    return Spec(dn(name), key(name), dn(name), key(name))


def authority(issuer: Spec, name: str = "ca") -> Spec:
    """A CA below another."""
    return Spec(dn(name), key(name), issuer.subject, issuer.own_key, path_length=0)


def leaf(issuer: Spec, name: str = "leaf") -> Spec:
    """A certificate of nobody in particular."""
    own = Spec(dn(name), key(name), issuer.subject, issuer.own_key, ca=False)
    return own.but(usage=("digital_signature",), serial=4661)


@dataclass(frozen=True)
class CrlSpec:
    """A CRL to make: serial → (date of revocation, reason)."""

    issuer: Spec
    revoked: dict[int, tuple[datetime, x509.ReasonFlags | None]] = field(default_factory=dict)
    made: datetime = AT - timedelta(days=1)
    due: datetime = AT + timedelta(days=6)
    signer: Key | None = None
    aki: bool = True
    extra: tuple[tuple[x509.ExtensionType, bool], ...] = ()

    def der(self) -> bytes:
        """The CRL."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.issuer.subject)
            .last_update(self.made)
            .next_update(self.due)
        )
        for serial, (date, reason) in self.revoked.items():
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(date)
            if reason is not None:
                entry = entry.add_extension(x509.CRLReason(reason), False)
            builder = builder.add_revoked_certificate(entry.build())
        if self.aki:
            public = self.issuer.own_key.public_key()
            identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(public)
            builder = builder.add_extension(identifier, False)
        for extension, critical in self.extra:
            builder = builder.add_extension(extension, critical)
        return _signed(builder, self.signer or self.issuer.own_key)


def pem(der: bytes, label: str = "CERTIFICATE") -> bytes:
    """One PEM block."""
    return b"-----BEGIN %b-----\n%b-----END %b-----\n" % (
        label.encode(),
        base64.encodebytes(der),
        label.encode(),
    )


def openssl_verify(
    directory: Path,
    certificate: bytes,
    pool: Sequence[bytes],
    anchors: Sequence[bytes],
    at: datetime = AT,
    crls: Sequence[bytes] = (),
) -> tuple[bool, str]:
    """Whether `openssl verify` accepts the chain, and its words. Any anchor ends a chain."""
    (directory / "leaf.pem").write_bytes(pem(certificate))
    (directory / "anchors.pem").write_bytes(b"".join(map(pem, anchors)))
    (directory / "pool.pem").write_bytes(b"".join(map(pem, pool)))
    (directory / "crls.pem").write_bytes(b"".join(pem(crl, "X509 CRL") for crl in crls))
    command = ["openssl", "verify", "-no-CAfile", "-no-CApath", "-no-CAstore", "-partial_chain"]
    command += ["-attime", str(int(at.timestamp()))]
    command += ["-trusted", "anchors.pem"] if anchors else []
    command += ["-untrusted", "pool.pem"] if pool else []
    command += ["-crl_check", "-CRLfile", "crls.pem"] if crls else []
    done = subprocess.run(
        [*command, "leaf.pem"],
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return done.returncode == 0, done.stdout + done.stderr
