"""CAs, certificates and CRLs made on the spot, good and bad, and what OpenSSL says of them."""

from __future__ import annotations

import base64
import hashlib
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from asn1crypto import ocsp as asn1
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from support.der import tlv

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


def names(
    *, ca: Sequence[str] = (), crl: Sequence[str] = (), responder: Sequence[str] = ()
) -> tuple[tuple[x509.ExtensionType, bool], ...]:
    """The extensions with which a certificate names these addresses."""
    access = [(AuthorityInformationAccessOID.CA_ISSUERS, url) for url in ca]
    access += [(AuthorityInformationAccessOID.OCSP, url) for url in responder]
    found: list[tuple[x509.ExtensionType, bool]] = []
    if access:
        uris = (x509.AccessDescription(oid, _uri(url)) for oid, url in access)
        found.append((x509.AuthorityInformationAccess(uris), False))
    if crl:
        point = x509.DistributionPoint(list(map(_uri, crl)), None, None, None)
        found.append((x509.CRLDistributionPoints([point]), False))
    return tuple(found)


def _uri(url: str) -> x509.UniformResourceIdentifier:
    return x509.UniformResourceIdentifier(url)


def responder(issuer: Spec, name: str = "responder") -> Spec:
    """A responder that a CA lets answer for itself."""
    own = Spec(dn(name), key(name), issuer.subject, issuer.own_key, ca=False, serial=4662)
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING])
    return own.but(usage=("digital_signature",), extra=((usage, False),))


@dataclass(frozen=True)
class OcspSpec:
    """An OCSP answer to make, about `subject` of `issuer`. `signer` is the certificate of who
    answers (the issuer by default), `signing_key` signs in its place (a wrong signature).

    `sent` are certificates sent along; `tweak` may change what is signed, as asn1crypto's
    ResponseData, and `patch` as bytes.
    """

    subject: Spec
    issuer: Spec
    revoked: tuple[datetime, x509.ReasonFlags | None] | None = None
    unknown: bool = False
    made: datetime = AT - timedelta(hours=1)
    due: datetime | None = AT + timedelta(hours=1)
    produced: datetime | None = None
    signer: Spec | None = None
    signing_key: Key | None = None
    sent: tuple[Spec | bytes, ...] = ()
    by_key: bool = False
    digest: HashAlgorithm = field(default_factory=SHA1)
    extra: tuple[tuple[x509.ExtensionType, bool], ...] = ()
    tweak: Callable[[asn1.ResponseData], object] = bool
    patch: Callable[[bytes], bytes] = bytes

    def but(self, **changes: object) -> OcspSpec:
        """The same with changes."""
        return replace(self, **changes)  # type: ignore[arg-type]

    def der(self) -> bytes:
        """The answer. The builder knows no other time of production than now, so the date is
        put in afterwards, and all of it signed again.
        """
        inside = asn1.OCSPResponse.load(self._built())["response_bytes"]
        basic = inside["response"].parsed
        data = basic["tbs_response_data"]
        data["produced_at"] = self.produced or self.made
        self.tweak(data)
        signed = self.patch(data.dump(force=True))
        signing_key = self.signing_key or (self.signer or self.issuer).own_key
        assert isinstance(signing_key, ec.EllipticCurvePrivateKey)
        signature = signing_key.sign(signed, ec.ECDSA(SHA256()))
        parts = [signed, basic["signature_algorithm"].dump(), tlv(0x03, b"\0" + signature)]
        if self.sent:
            sent = [each if isinstance(each, bytes) else each.der() for each in self.sent]
            parts.append(tlv(0xA0, tlv(0x30, b"".join(sent))))
        answer = tlv(0x04, tlv(0x30, b"".join(parts)))
        typed = tlv(0x30, inside["response_type"].dump() + answer)
        return tlv(0x30, tlv(0x0A, b"\0") + tlv(0xA0, typed))

    def _built(self) -> bytes:
        status = ocsp.OCSPCertStatus.UNKNOWN if self.unknown else ocsp.OCSPCertStatus.GOOD
        revoked_at, reason = self.revoked or (None, None)
        if self.revoked:
            status = ocsp.OCSPCertStatus.REVOKED
        signer = self.signer or self.issuer
        encoding = ocsp.OCSPResponderEncoding
        builder = (
            ocsp.OCSPResponseBuilder()
            .add_response(
                cert=x509.load_der_x509_certificate(self.subject.der()),
                issuer=x509.load_der_x509_certificate(self.issuer.der()),
                algorithm=self.digest,
                cert_status=status,
                this_update=self.made,
                next_update=self.due,
                revocation_time=revoked_at,
                revocation_reason=reason,
            )
            .responder_id(
                encoding.HASH if self.by_key else encoding.NAME,
                x509.load_der_x509_certificate(signer.der()),
            )
        )
        for extension, critical in self.extra:
            builder = builder.add_extension(extension, critical)
        response = builder.sign(signer.own_key, SHA256())
        return response.public_bytes(Encoding.DER)


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
    """Whether `openssl verify` accepts the chain, and its words. Any anchor ends a chain; with
    CRLs, of more than one CA, all issuers are looked up in them, too.
    """
    (directory / "leaf.pem").write_bytes(pem(certificate))
    (directory / "anchors.pem").write_bytes(b"".join(map(pem, anchors)))
    (directory / "pool.pem").write_bytes(b"".join(map(pem, pool)))
    (directory / "crls.pem").write_bytes(b"".join(pem(crl, "X509 CRL") for crl in crls))
    command = ["openssl", "verify", "-no-CAfile", "-no-CApath", "-no-CAstore", "-partial_chain"]
    command += ["-attime", str(int(at.timestamp()))]
    command += ["-trusted", "anchors.pem"] if anchors else []
    command += ["-untrusted", "pool.pem"] if pool else []
    check = "-crl_check_all" if len(crls) > 1 else "-crl_check"
    command += [check, "-CRLfile", "crls.pem"] if crls else []
    done = subprocess.run(
        [*command, "leaf.pem"],
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return done.returncode == 0, done.stdout + done.stderr
