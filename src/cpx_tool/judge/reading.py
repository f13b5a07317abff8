"""An observed card with its certificates read, and who it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cpx_tool.catalogue.nomenclature import label
from cpx_tool.model.certificate import Certificate
from cpx_tool.model.identity import Identity, ProductKind
from cpx_tool.model.message import Message
from cpx_tool.model.observation import CardObservation
from cpx_tool.model.token import CertificateObject
from cpx_tool.model.trust import ChainResult, Revocation
from cpx_tool.pki.certificate import BadCertificate, read_certificate
from cpx_tool.pki.identity import identify
from cpx_tool.pki.trust import Trust

AUTHENTICATION_LABEL = "Certificat d'Authentification CPS"
SIGNATURE_LABEL = "Certificat de Signature CPS"
"""CKA_LABEL of the two personal certificates (ANS, Cryptolib CPS external specification)."""


@dataclass(frozen=True, slots=True)
class ReadCertificate:
    """A certificate object, read; or `problem`, why it is unreadable. `chain` and `revocation`
    are as of the observation.
    """

    object: CertificateObject
    certificate: Certificate | None
    problem: Message | None
    chain: ChainResult
    revocation: Revocation


@dataclass(frozen=True, slots=True)
class ReadCard:
    """A card as the checks see it. `key` is unique among the cards of one observation."""

    key: str
    observed: CardObservation
    certificates: tuple[ReadCertificate, ...]
    identity: Identity | None

    @property
    def authentication(self) -> ReadCertificate | None:
        """The certificate labelled for authentication."""
        return self._labelled(AUTHENTICATION_LABEL)

    @property
    def signature(self) -> ReadCertificate | None:
        """The certificate labelled for signature."""
        return self._labelled(SIGNATURE_LABEL)

    def _labelled(self, wanted: str) -> ReadCertificate | None:
        return next((c for c in self.certificates if c.object.label == wanted), None)


def read_card(observed: CardObservation, trust: Trust, at: datetime) -> ReadCard:
    """Read the certificates, and follow their chains as of `at`; the identity is that of the
    first card certificate, of a whole one where there is one.
    """
    certificates = tuple(_read(item, trust, at) for item in observed.certificates)
    read = sorted((c.certificate for c in certificates if c.certificate), key=_is_broken)
    identities = (identify(certificate, label) for certificate in read)
    identity = next((i for i in identities if i.kind is ProductKind.CARD), None)
    number = identity.card_number if identity else None
    return ReadCard(number or f"slot-{observed.slot.id}", observed, certificates, identity)


def _is_broken(certificate: Certificate) -> bool:
    return bool(certificate.problems)


def _read(item: CertificateObject, trust: Trust, at: datetime) -> ReadCertificate:
    chain = trust.chain(item.der, at)
    revocation = trust.revocation(chain, at)
    try:
        certificate = read_certificate(item.der)
    except BadCertificate as error:
        return ReadCertificate(item, None, error.reason, chain, revocation)
    return ReadCertificate(item, certificate, None, chain, revocation)
