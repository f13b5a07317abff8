"""The software certificates (ORG) of a set's structure: the pair that INSi asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cpx_tool.emulate.authorities import AUTHORITIES, key_usage, policies
from cpx_tool.emulate.leaf import DEPARTMENT, TEST_POLICY, Leaf, make_leaf, private_extension
from cpx_tool.emulate.profile import Structure, validity
from cpx_tool.model.cardset import CardSet
from cpx_tool.pki.extensions import CATEGORY
from cpx_tool.pki.insi_name import NAMES

ISSUER = "ACI-EL-ORG-TEST"

_TEST_SOFTWARE = 0x83
_APART = timedelta(minutes=1)
"""One was requested after the other: the portal's file names differ by the time only."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """A software certificate in plain values: usage AUTH_CLI, as INSi needs."""

    common_name: str
    structure: Structure
    not_before: datetime
    not_after: datetime

    @property
    def file(self) -> str:
        """The file's name, as the portal makes it."""
        return f"asip-p12-EL-TEST-ORG-AUTH_CLI-{self.not_before:%Y%m%d-%H%M%S}.p12"


def organisations(card_set: CardSet, now: datetime) -> tuple[Organisation, ...]:
    """INSI-AUTO and INSI-MANU for the structure of the set's cards. `now` is aware."""
    structure = Structure(card_set.name, card_set.title)
    dates = (validity(now + number * _APART) for number in range(len(NAMES)))
    return tuple(
        Organisation(name, structure, start, end)
        for name, (start, end) in zip(NAMES, dates, strict=True)
    )


def organisation_certificate(
    organisation: Organisation, public: RSAPublicKey, keys: Mapping[str, RSAPrivateKey]
) -> bytes:
    """DER: digitalSignature; clientAuth; the category as the only extension of the ANS's."""
    leaf = Leaf(
        issuer=AUTHORITIES[ISSUER],
        subject=_subject(organisation),
        not_before=organisation.not_before,
        not_after=organisation.not_after,
        holder=organisation.common_name,
        own=(
            (key_usage("digital_signature"), True),
            (policies(TEST_POLICY), False),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False),
        ),
        private=(private_extension(CATEGORY, core.OctetString(bytes([_TEST_SOFTWARE]))),),
    )
    return make_leaf(leaf, public, keys)


def _subject(organisation: Organisation) -> x509.Name:
    structure = organisation.structure
    parts = (
        (NameOID.COUNTRY_NAME, "FR"),
        (NameOID.STATE_OR_PROVINCE_NAME, DEPARTMENT),
        (NameOID.ORGANIZATION_NAME, structure.organisation),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, structure.identifier),
        (NameOID.COMMON_NAME, organisation.common_name),
    )
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])
