"""One card as a full sheet: who it is, what it holds, what of that was verified."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cpx_tool.model.certificate import Certificate
from cpx_tool.model.dossier import Dossier, Sighting
from cpx_tool.model.eligibility import Eligibility
from cpx_tool.model.finding import Finding
from cpx_tool.model.identity import Identity
from cpx_tool.model.message import Message
from cpx_tool.model.observation import CardObservation, Observation
from cpx_tool.model.reader import CardKind
from cpx_tool.model.token import CertificateObject, DataObject
from cpx_tool.model.trust import ChainResult, Revocation


class Validity(StrEnum):
    """Where the moment of the observation stands in a certificate's validity."""

    VALID = "valid"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"


@dataclass(frozen=True, slots=True)
class SheetCertificate:
    """A certificate of the card; `certificate` and `validity` None when it cannot be read, and
    then `problem` says why. Chain and revocation are as of the observation.
    """

    object: CertificateObject
    certificate: Certificate | None
    problem: Message | None
    validity: Validity | None
    chain: ChainResult
    revocation: Revocation


@dataclass(frozen=True, slots=True)
class SheetObject:
    """A data object, and its fields by their keys; none where its format is not known."""

    object: DataObject
    fields: tuple[tuple[str, Sighting[Any]], ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One card. `key` is unique among the cards of one observation, `kind` what the ATR in its
    reader hints at.

    `proof` is one of "proven", "production" and "not-proven": whether the card is proven a TEST
    card; `proof_reason` says why. `faults` are the calls about this card that failed,
    `findings` what is wrong with who it says it is.
    """

    key: str
    observed: CardObservation
    kind: CardKind | None
    identity: Identity | None
    dossier: Dossier
    proof: str
    proof_reason: Message
    certificates: tuple[SheetCertificate, ...]
    objects: tuple[SheetObject, ...]
    faults: tuple[Message, ...]
    eligibility: tuple[Eligibility, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Sheets:
    """The sheets of an observation's cards, or of the chosen one. `file` is where a saved
    observation was read from, None when the cards were.
    """

    observation: Observation
    cards: tuple[Sheet, ...]
    file: str | None = None
