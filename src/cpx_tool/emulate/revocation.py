"""The CRLs of the emulated PKI."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from cpx_tool.emulate.authorities import AUTHORITIES, authority_key, authority_name
from cpx_tool.emulate.card import EmulatedCard
from cpx_tool.emulate.certificates import issuer_of
from cpx_tool.emulate.defects import Defect

LIFETIME = timedelta(days=3 * 365)
"""Real ones are due again after days; these must serve as long as the emulated cards."""

_AGE = timedelta(hours=1)
_SINCE = timedelta(days=10)
"""How long ago a revoked card was revoked."""


def make_crls(
    cards: Sequence[EmulatedCard], keys: Mapping[str, RSAPrivateKey], now: datetime
) -> dict[str, bytes]:
    """Each CA's CRL (DER), by its code: it lists the cards with the defect `revoked`."""
    revoked: dict[str, list[int]] = {}
    for card in cards:
        if Defect.REVOKED in card.profile.defects:
            revoked.setdefault(issuer_of(card.profile).code, []).extend(_serials(card))
    return {code: _make(code, keys[code], revoked.get(code, ()), now) for code in AUTHORITIES}


def _serials(card: EmulatedCard) -> Iterable[int]:
    whole = (slot.whole_certificate for slot in card.slots)
    return (x509.load_der_x509_certificate(der).serial_number for der in whole)


def _make(code: str, key: RSAPrivateKey, serials: Iterable[int], now: datetime) -> bytes:
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority_name(AUTHORITIES[code]))
        .last_update(now - _AGE)
        .next_update(now - _AGE + LIFETIME)
        .add_extension(authority_key(key.public_key()), False)
        .add_extension(x509.CRLNumber(int(now.timestamp())), False)
    )
    for serial in serials:
        builder = builder.add_revoked_certificate(_entry(serial, now - _SINCE))
    return builder.sign(key, SHA256()).public_bytes(Encoding.DER)


def _entry(serial: int, since: datetime) -> x509.RevokedCertificate:
    reason = x509.CRLReason(x509.ReasonFlags.cessation_of_operation)
    builder = x509.RevokedCertificateBuilder(serial, since)
    return builder.add_extension(reason, False).build()
