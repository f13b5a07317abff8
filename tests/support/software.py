"""Software certificates of organisations made on the spot, and what was observed of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    PublicFormat,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from cpx_tool.judge.software import judge_software
from cpx_tool.model.finding import Finding, Outcome
from cpx_tool.model.message import msg
from cpx_tool.model.software import (
    Purpose,
    SoftwareChecklist,
    SoftwareContents,
    SoftwareFile,
    SoftwareObservation,
)
from cpx_tool.model.software_key import SoftwareKey
from cpx_tool.model.trust import TrustMaterial
from support.certificates import crl_points
from support.pki import Key, Spec, key

NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
"""The moment that is judged for; the certificates are valid from 2024 to 2026."""

PASSWORD = "open sesame"

_CATEGORY = "1.2.250.1.71.1.2.5"
_TEST_POLICY = "1.2.250.1.213.1.7.2.1.1.1.1"
_CA = (
    (NameOID.COUNTRY_NAME, "FR"),
    (NameOID.ORGANIZATION_NAME, "ASIP-SANTE"),
    (NameOID.ORGANIZATIONAL_UNIT_NAME, "0002 187512751"),
    (NameOID.ORGANIZATIONAL_UNIT_NAME, "IGC-SANTE TEST"),
    (NameOID.COMMON_NAME, "TEST AC IGC-SANTE ELEMENTAIRE ORGANISATIONS"),
)
_CLIENT, _SERVER, _MAIL = (
    ExtendedKeyUsageOID.CLIENT_AUTH,
    ExtendedKeyUsageOID.SERVER_AUTH,
    ExtendedKeyUsageOID.EMAIL_PROTECTION,
)
AUTH_CLI = (("digital_signature",), (_CLIENT,))
SIGN = (("digital_signature", "content_commitment"), (_MAIL,))
SERV_SSL = (("digital_signature", "key_encipherment"), (_SERVER, _CLIENT))
CONF = (("key_encipherment",), ())
"""A guess: nobody has seen a real one."""

Usages = tuple[tuple[str, ...], tuple[ObjectIdentifier, ...]]


def name(parts: Iterable[tuple[ObjectIdentifier, str | None]]) -> x509.Name:
    """One RDN for each part that has a value."""
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts if value])


@dataclass(frozen=True)
class Org:
    """An ORG certificate: as the real ones, but for what a test changes.

    `own_key` is the name of its key; `category` None makes no such extension.
    """

    cn: str | None = "INSI-AUTO"
    structure: str | None = "10B0152872"
    organisation: str = "CENTRE DE SANTE RPPS15287"
    surname: str | None = None
    own_key: str = "auto"
    usages: Usages = AUTH_CLI
    category: int | None = 0x83
    policy: str = _TEST_POLICY
    ca: bool = False
    start: datetime = datetime(2024, 1, 1, tzinfo=UTC)
    end: datetime = datetime(2027, 1, 1, tzinfo=UTC)
    signer: str = "org-ca"

    @property
    def key(self) -> Key:
        """Its private key."""
        return key(self.own_key)

    def der(self) -> bytes:
        """The certificate."""
        subject = name(
            (
                (NameOID.COUNTRY_NAME, "FR"),
                (NameOID.STATE_OR_PROVINCE_NAME, "Rhône (69)"),
                (NameOID.ORGANIZATION_NAME, self.organisation),
                (NameOID.ORGANIZATIONAL_UNIT_NAME, self.structure),
                (NameOID.SURNAME, self.surname),
                (NameOID.COMMON_NAME, self.cn),
            )
        )
        spec = Spec(subject, self.key, name(_CA), key("org-ca"), ca=self.ca, aki=False)
        usage, extended = self.usages
        return spec.but(
            usage=usage,
            start=self.start,
            end=self.end,
            signer=key(self.signer),
            serial=4660 + sum(map(ord, self.own_key)),
            extra=tuple(self._extensions(extended)),
        ).der()

    def _extensions(
        self, extended: tuple[ObjectIdentifier, ...]
    ) -> Iterable[tuple[x509.ExtensionType, bool]]:
        policy = x509.PolicyInformation(ObjectIdentifier(self.policy), None)
        yield x509.CertificatePolicies([policy]), False
        if extended:
            yield x509.ExtendedKeyUsage(extended), False
        yield crl_points(), False
        if self.category is not None:
            value = core.OctetString(bytes([self.category])).dump()
            yield x509.UnrecognizedExtension(ObjectIdentifier(_CATEGORY), value), False


AUTO = Org()
MANU = Org(cn="INSI-MANU", own_key="manu")


def authority() -> Spec:
    """The CA that issues all of these: a root of its own, with the name of the real one."""
    return Spec(name(_CA), key("org-ca"), name(_CA), key("org-ca"))


def vouched() -> TrustMaterial:
    """That CA is at hand, and the user accepted it."""
    der = authority().der()
    return TrustMaterial((der,), accepted=(hashlib.sha256(der).hexdigest(),))


def public_half(of: Key) -> SoftwareKey:
    """What is kept of a private key."""
    spki = of.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return SoftwareKey("EC", of.key_size, spki)


def contents(org: Org = AUTO, *more: bytes) -> SoftwareContents:
    """A file that holds this certificate and its key, and more certificates."""
    return SoftwareContents((org.der(), *more), public_half(org.key), 1, protected=True)


def file(org: Org = AUTO, path: str | None = None) -> SoftwareFile:
    """That file, opened."""
    return SoftwareFile(path or f"{org.cn}.p12", contents(org))


def unopened(path: str = "broken.p12") -> SoftwareFile:
    """A file that did not open."""

    return SoftwareFile(path, problem=msg("It is broken."), hint=msg("Mend it."))


def observed(*files: SoftwareFile, trust: TrustMaterial | None = None) -> SoftwareObservation:
    """These files."""
    return SoftwareObservation("0", NOW, files, trust or TrustMaterial())


def judged(
    *files: SoftwareFile,
    purpose: Purpose = Purpose.INSI,
    trust: TrustMaterial | None = None,
    warning_period: timedelta = timedelta(days=60),
) -> SoftwareChecklist:
    """These files, judged."""
    return judge_software(observed(*files, trust=trust), purpose, warning_period)


def found(checklist: SoftwareChecklist, check: str, number: int = 0) -> Finding | None:
    """What a check found: about the file of that number, or about all of them."""
    everything = (*checklist.files[number].findings, *checklist.findings)
    return next((f for f in everything if f.check == check), None)


def not_passed(checklist: SoftwareChecklist) -> dict[str, Outcome]:
    """Every check that did not pass, and how."""
    return {f.check: f.outcome for f in checklist.all_findings() if f.outcome is not Outcome.PASSED}


def p12(
    org: Org = AUTO,
    encryption: KeySerializationEncryption | None = None,
    *,
    of_key: Key | None = None,
    cas: Iterable[x509.Certificate] = (),
) -> bytes:
    """A PKCS#12 with the certificate, its key (or another one) and these CAs."""

    own = x509.load_der_x509_certificate(org.der())
    more = [*cas, *([own] if of_key else [])]  # the library joins no certificate to another key
    return serialize_key_and_certificates(
        None,
        of_key or org.key,
        None if of_key else own,
        more,
        encryption or BestAvailableEncryption(PASSWORD.encode()),
    )
