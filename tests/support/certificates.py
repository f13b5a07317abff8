"""A certificate shaped like those of a test CPS, made on the spot."""

from __future__ import annotations

from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID, ObjectIdentifier

ISSUER = (
    (NameOID.COUNTRY_NAME, "FR"),
    (NameOID.ORGANIZATION_NAME, "ASIP-SANTE"),
    (NameOID.ORGANIZATIONAL_UNIT_NAME, "0002 187512751"),
    (NameOID.ORGANIZATIONAL_UNIT_NAME, "IGC-SANTE TEST"),
    (NameOID.COMMON_NAME, "TEST AC IGC-SANTE FORT PERSONNES"),
)
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
    issuer = x509.Name([x509.NameAttribute(oid, value) for oid, value in ISSUER])
    builder = (
        x509.CertificateBuilder(issuer, subject, key.public_key(), 0x1234)
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=False)
    )
    for oid, der in (EXTENSIONS if extensions is None else extensions).items():
        value = x509.UnrecognizedExtension(ObjectIdentifier(oid), bytes.fromhex(der))
        builder = builder.add_extension(value, critical=False)
    return builder.sign(key, SHA256()).public_bytes(Encoding.DER)
