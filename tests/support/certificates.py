"""Certificates shaped like those of test cards, made on the spot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID, ObjectIdentifier

ISSUER = (
    (NameOID.COUNTRY_NAME, "FR"),
    (NameOID.ORGANIZATION_NAME, "ASIP-SANTE"),
    (NameOID.ORGANIZATIONAL_UNIT_NAME, "0002 187512751"),
    (NameOID.ORGANIZATIONAL_UNIT_NAME, "IGC-SANTE TEST"),
    (NameOID.COMMON_NAME, "TEST AC IGC-SANTE FORT PERSONNES"),
)
SERIAL = 0x1234
CRL_ADDRESS = "http://crl.example.test/ACI-FO-PP-TEST.crl"
EXTENSIONS = {
    "1.2.250.1.71.1.2.5": "040180",
    "1.2.250.1.71.1.2.2": "020100",
    "1.2.250.1.71.1.2.3": "1315" + b"8025000001/2800262487".hex(),
    "1.2.250.1.71.1.2.7": "02010a",
    "1.2.250.1.71.4.2.5": "30060c04534d3236",
}
"""The private extensions of a médecin's test card: OID → DER in hex."""


def make_certificate(
    key: rsa.RSAPrivateKey,
    extensions: dict[str, str] | None = None,
    not_before: datetime = datetime(2024, 1, 1, tzinfo=UTC),
    not_after: datetime = datetime(2027, 1, 1, tzinfo=UTC),
) -> bytes:
    """The DER of a card certificate; `extensions` replaces the private ones."""
    holder = [
        x509.NameAttribute(NameOID.GIVEN_NAME, "ADÈLE"),
        x509.NameAttribute(NameOID.COMMON_NAME, "899700075122"),
        x509.NameAttribute(NameOID.SURNAME, "DOC0007512"),
    ]
    subject = x509.Name(
        [
            x509.RelativeDistinguishedName([x509.NameAttribute(NameOID.COUNTRY_NAME, "FR")]),
            x509.RelativeDistinguishedName([x509.NameAttribute(NameOID.TITLE, "Médecin")]),
            x509.RelativeDistinguishedName(holder),
        ]
    )
    given = EXTENSIONS if extensions is None else extensions
    private = [(oid, bytes.fromhex(der)) for oid, der in given.items()]
    return _signed(key, subject, (not_before, not_after), _unrecognised(private))


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a card names, and what its certificates say of the card.

    Codes are those of TRE_G02 (`card_type`), TRE_G15, TRE_R01 and TRE_G01 (`category`); an
    absent value makes no extension and no part of the subject.
    """

    card_number: str
    card_type: int
    title: str
    common_name: str
    given_name: str | None = None
    surname: str | None = None
    pseudonym: str | None = None
    organisation: str | None = None
    structure: str | None = None
    profession: int | None = None
    speciality: str | None = None
    category: int = 0x80
    issuer: tuple[tuple[ObjectIdentifier, str], ...] = ISSUER
    not_before: datetime = datetime(2024, 1, 1, tzinfo=UTC)
    not_after: datetime = datetime(2027, 1, 1, tzinfo=UTC)
    serial: int = SERIAL


def authentication_certificate(key: rsa.RSAPrivateKey, person: Person) -> bytes:
    """The DER: digitalSignature; clientAuth and smart card logon."""
    logon = ObjectIdentifier("1.3.6.1.4.1.311.20.2.2")
    extended = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH, logon])
    return _of_person(key, person, [_usage("digital_signature"), extended])


def signature_certificate(key: rsa.RSAPrivateKey, person: Person) -> bytes:
    """The DER: nonRepudiation; emailProtection."""
    extended = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
    return _of_person(key, person, [_usage("content_commitment"), extended])


def _of_person(key: rsa.RSAPrivateKey, person: Person, own: Iterable[x509.ExtensionType]) -> bytes:
    rdns = [
        [(NameOID.COUNTRY_NAME, "FR")],
        [(NameOID.ORGANIZATION_NAME, person.organisation)],
        [(NameOID.ORGANIZATIONAL_UNIT_NAME, person.structure)],
        [(NameOID.TITLE, person.title)],
        [(NameOID.PSEUDONYM, person.pseudonym)],
        [
            (NameOID.GIVEN_NAME, person.given_name),
            (NameOID.COMMON_NAME, person.common_name),
            (NameOID.SURNAME, person.surname),
        ],
    ]
    named = [[x509.NameAttribute(oid, text) for oid, text in rdn if text] for rdn in rdns]
    subject = x509.Name([x509.RelativeDistinguishedName(rdn) for rdn in named if rdn])
    extensions = [*own, *_unrecognised(_private(person))]
    dates = (person.not_before, person.not_after)
    return _signed(key, subject, dates, extensions, person.issuer, person.serial)


def _private(person: Person) -> Iterable[tuple[str, bytes]]:
    yield "1.2.250.1.71.1.2.5", core.OctetString(bytes([person.category])).dump()
    yield "1.2.250.1.71.1.2.2", core.Integer(person.card_type).dump()
    yield "1.2.250.1.71.1.2.3", core.PrintableString(f"8025000001/{person.card_number}").dump()
    if person.profession is not None:
        yield "1.2.250.1.71.1.2.7", core.Integer(person.profession).dump()
    if person.speciality is not None:
        text = core.UTF8String(person.speciality).dump()
        yield "1.2.250.1.71.4.2.5", bytes([0x30, len(text)]) + text


def _unrecognised(values: Iterable[tuple[str, bytes]]) -> list[x509.ExtensionType]:
    return [x509.UnrecognizedExtension(ObjectIdentifier(oid), der) for oid, der in values]


def _usage(bit: str) -> x509.KeyUsage:
    bits = dict.fromkeys(
        (
            "digital_signature",
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    return x509.KeyUsage(**{**bits, bit: True})


def _signed(
    key: rsa.RSAPrivateKey,
    subject: x509.Name,
    dates: tuple[datetime, datetime],
    extensions: Iterable[x509.ExtensionType],
    issuer: Iterable[tuple[ObjectIdentifier, str]] = ISSUER,
    serial: int = SERIAL,
) -> bytes:
    builder = (
        x509.CertificateBuilder(_name(issuer), subject, key.public_key(), serial)
        .not_valid_before(dates[0])
        .not_valid_after(dates[1])
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=False)
    )
    given = {extension.oid: extension for extension in extensions}
    for extension in {ExtensionOID.CRL_DISTRIBUTION_POINTS: crl_points(), **given}.values():
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(key, SHA256()).public_bytes(Encoding.DER)


def authority_certificate(key: rsa.RSAPrivateKey) -> bytes:
    """The DER of the CA that issues all of these: a root of its own, with the same key."""
    name = _name(ISSUER)
    return (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(datetime(2013, 6, 25, tzinfo=UTC))
        .not_valid_after(datetime(2033, 6, 24, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
        .public_bytes(Encoding.DER)
    )


def revocation_list(key: rsa.RSAPrivateKey, made: datetime, *revoked: int, days: int = 7) -> bytes:
    """The DER of that CA's CRL, due again after `days`."""
    builder = (
        x509.CertificateRevocationListBuilder(_name(ISSUER))
        .last_update(made)
        .next_update(made + timedelta(days=days))
    )
    for serial in revoked:
        entry = x509.RevokedCertificateBuilder(serial, made - timedelta(days=1)).build()
        builder = builder.add_revoked_certificate(entry)
    return builder.sign(key, SHA256()).public_bytes(Encoding.DER)


def ocsp_answer(key: rsa.RSAPrivateKey, made: datetime, status: ocsp.OCSPCertStatus) -> bytes:
    """The DER of what that CA answers about the certificate `SERIAL`, good for a day."""
    revoked = status is ocsp.OCSPCertStatus.REVOKED
    own = x509.load_der_x509_certificate(authority_certificate(key))
    subject = x509.load_der_x509_certificate(make_certificate(key))
    response = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            cert=subject,
            issuer=own,
            algorithm=SHA256(),
            cert_status=status,
            this_update=made,
            next_update=made + timedelta(days=1),
            revocation_time=made - timedelta(days=1) if revoked else None,
            revocation_reason=None,
        )
        .responder_id(ocsp.OCSPResponderEncoding.HASH, own)
        .sign(key, SHA256())
    )
    return response.public_bytes(Encoding.DER)


def crl_points() -> x509.CRLDistributionPoints:
    """Where that CRL would be."""
    where = [x509.UniformResourceIdentifier(CRL_ADDRESS)]
    return x509.CRLDistributionPoints([x509.DistributionPoint(where, None, None, None)])


def _name(issuer: Iterable[tuple[ObjectIdentifier, str]]) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in issuer])
