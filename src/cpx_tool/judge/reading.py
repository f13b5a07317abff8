"""An observed card with its certificates read, and who it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cpx_tool.catalogue.authorities import authorities
from cpx_tool.catalogue.nomenclature import label
from cpx_tool.model.certificate import Certificate
from cpx_tool.model.dossier import Dossier
from cpx_tool.model.identity import Identity, ProductKind
from cpx_tool.model.message import Message
from cpx_tool.model.observation import CardObservation, Observation
from cpx_tool.model.token import (
    AUTHENTICATION_LABEL,
    SIGNATURE_LABEL,
    CertificateObject,
)
from cpx_tool.model.trust import ChainResult, Revocation, TrustMaterial
from cpx_tool.pki.certificate import BadCertificate, read_certificate
from cpx_tool.pki.dossier import make_dossier
from cpx_tool.pki.identity import identify
from cpx_tool.pki.proof import TestProof, prove_card
from cpx_tool.pki.trust import Trust, make_trust


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
    dossier: Dossier

    @property
    def proof(self) -> TestProof:
        """Whether it is a test card, by what it shows."""
        return prove_card([item.certificate for item in self.certificates], self.observed.data)

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
    return ReadCard(
        key=number or f"slot-{observed.slot.id}",
        observed=observed,
        certificates=certificates,
        identity=identity,
        dossier=_dossier(observed, certificates),
    )


def unique_keys(keys: Iterable[str]) -> list[str]:
    """Card numbers, or paths; what stands there a second time gets "#2" added."""
    unique: list[str] = []
    for key in keys:
        own, number = key, 1
        while own in unique:
            number += 1
            own = f"{key}#{number}"
        unique.append(own)
    return unique


def trust_for(observation: Observation, more: TrustMaterial) -> Trust:
    """What an observation is judged with: what it brings, and `more` that is at hand now.

    An emulation's CAs are believed for emulated cards only.
    """
    material = observation.trust.plus(more)
    if not observation.emulated:
        material = replace(material, emulated=())
    return make_trust(material, authorities())


def _dossier(observed: CardObservation, certificates: Sequence[ReadCertificate]) -> Dossier:
    """A CA's certificate on the card would speak of the CA."""
    token = observed.token
    own = [
        (item.object.label, item.certificate)
        for item in certificates
        if item.certificate is None or not item.certificate.is_ca
    ]
    if token is None:
        return make_dossier(own, label)
    return make_dossier(own, label, observed.data, token.label)


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
