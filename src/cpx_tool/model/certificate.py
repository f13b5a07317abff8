"""An X.509 certificate of the field, read into plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

Name = tuple[tuple[tuple[str, str], ...], ...]
"""RDNs in certificate order; each RDN a tuple of (short type or dotted OID, value).

Short types: CN, SN (surname), GN, title, pseudonym, O, OU, L, ST, C, street, serialNumber,
organizationIdentifier, UID, DC, emailAddress.
"""

Period = tuple[datetime | None, datetime | None]
"""First and last moment; None for one that is not stated."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate says. What is absent or cannot be read is None or empty, what cannot be
    read stands in `problems`, too.

    Times are in UTC. `sha256` (over all bytes that were given), the key ids and `modulus` are
    lower-case hex; algorithms are the RFCs' names ("sha256WithRSAEncryption", "RSA", "EC"), else
    OIDs. `key_bits` is 0 when unknown.
    `key_usage` holds RFC 5280 names ("digitalSignature", "nonRepudiation"); OIDs are dotted.
    `category`, `card_type`, `profession`, `future_profession` are the integers of the private
    extensions; `card_number` is "issuer/number".
    """

    sha256: str
    serial: int | None
    subject: Name
    issuer: Name
    not_before: datetime | None
    not_after: datetime | None
    signature_algorithm: str
    key_algorithm: str
    key_bits: int
    modulus: str
    """RSA modulus, lower-case hex without leading zeros; "" for other keys."""
    public_key: bytes
    """SubjectPublicKeyInfo, DER."""
    issuer_der: bytes
    """The issuer's name as it stands, DER: what OCSP hashes."""
    is_ca: bool = False
    key_usage: tuple[str, ...] = ()
    extended_key_usage: tuple[str, ...] = ()
    key_period: Period | None = None
    """In which the private key is to be used: it may end before the certificate does."""
    policies: tuple[str, ...] = ()
    upn: str | None = None
    dns_names: tuple[str, ...] = ()
    crl_urls: tuple[str, ...] = ()
    issuer_urls: tuple[str, ...] = ()
    ocsp_urls: tuple[str, ...] = ()
    subject_key_id: str | None = None
    authority_key_id: str | None = None
    category: int | None = None
    card_type: int | None = None
    card_number: str | None = None
    profession: int | None = None
    future_profession: int | None = None
    specialities: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    """Parts that could not be read: "serial number", "start of validity", "end of validity",
    "subject", "issuer", "public key", "signature algorithm", "extensions" (their list),
    "extension 1.2.250.1.71.1.2.7"; and what is wrong with the whole: "trailing data" (bytes behind
    its end), "truncated", "structure" (parts that no certificate has)."""

    def subject_value(self, short_type: str) -> str | None:
        """The first value of that type in the subject, wherever its RDN stands."""
        return _first(self.subject, short_type)

    def issuer_value(self, short_type: str) -> str | None:
        """The first value of that type in the issuer."""
        return _first(self.issuer, short_type)


def _first(name: Name, short_type: str) -> str | None:
    return next((v for rdn in name for t, v in rdn if t == short_type), None)
