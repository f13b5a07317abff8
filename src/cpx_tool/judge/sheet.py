"""Observation → sheets. Pure: same input, same answer."""

from __future__ import annotations

from datetime import datetime, timedelta

from cpx_tool.catalogue.nomenclature import label
from cpx_tool.catalogue.readers import no_card_answer
from cpx_tool.errors import NothingToCheck
from cpx_tool.judge.asking import ask
from cpx_tool.judge.check import Scope
from cpx_tool.judge.choosing import choose_cards
from cpx_tool.judge.eligibility import eligibility
from cpx_tool.judge.facts import card_facts
from cpx_tool.judge.matching import Placement
from cpx_tool.judge.reading import (
    ReadCard,
    ReadCertificate,
    read_card,
    trust_for,
)
from cpx_tool.judge.words import fault_message
from cpx_tool.model.finding import Finding, Outcome, Place
from cpx_tool.model.message import msg
from cpx_tool.model.observation import Observation
from cpx_tool.model.reader import CardKind
from cpx_tool.model.sheet import Sheet, SheetCertificate, SheetObject, Sheets
from cpx_tool.model.token import AUTHENTICATION_LABEL, SIGNATURE_LABEL, DataObject
from cpx_tool.model.trust import TrustMaterial
from cpx_tool.pki.certificate import validity_at
from cpx_tool.pki.sightings import in_object

_NO_SET = Placement(Place.FOREIGN)
"""A card looked at by itself: no set says more of it than its certificates."""

_OF_IDENTITY = frozenset({"CARD-TITLE", "CARD-IDENTIFIER", "CARD-DATA-AGREE", "CERT-AGREE"})
"""The checks without which a sheet would show contradictions as if they were none."""


def make_sheets(
    observation: Observation,
    more_trust: TrustMaterial,
    number: str | None = None,
    file: str | None = None,
) -> Sheets:
    """The sheets of all cards, or of those with that card number (or key).

    Raises `NothingToCheck` when there is no card, `BadInput` when none has that number.
    """
    if not observation.cards:
        raise _no_card(observation)
    trust, at = trust_for(observation, more_trust), observation.observed_at
    cards = [read_card(card, trust, at) for card in observation.cards]
    sheets = tuple(_sheet(key, card, observation) for key, card in choose_cards(cards, number))
    return Sheets(observation, sheets, file)


def _no_card(observation: Observation) -> NothingToCheck:
    """Why there is none: the module, its slots, or the readers."""
    module = observation.module
    fault = module.fault if module is not None else None
    fault = fault or next(iter(observation.faults), None)
    if fault is not None:
        return NothingToCheck(
            fault_message(fault),
            msg("Run cpx-tool list-readers to see whether the reader itself works."),
        )
    return NothingToCheck(*no_card_answer(observation.pcsc))


def _sheet(key: str, card: ReadCard, observation: Observation) -> Sheet:
    seen = card.observed
    facts = card_facts(card, _NO_SET, observation.observed_at, timedelta())
    findings = ask(Scope.CARD, facts, key)
    return Sheet(
        key=key,
        observed=seen,
        kind=_kind(seen.reader, observation),
        identity=card.identity,
        dossier=card.dossier,
        proof=card.proof.proof.value,
        proof_reason=card.proof.reason,
        certificates=tuple(
            _certificate(item, observation.observed_at)
            for item in sorted(card.certificates, key=_rank)
        ),
        objects=tuple(map(_object, sorted(seen.data, key=lambda item: item.label))),
        faults=tuple(map(fault_message, seen.faults)),
        eligibility=eligibility(facts, findings),
        findings=tuple(filter(_is_remark, findings)),
    )


def _is_remark(finding: Finding) -> bool:
    """It failed, or its check did."""
    wrong = finding.outcome in (Outcome.FAILED, Outcome.ERROR)
    return wrong and finding.check in _OF_IDENTITY


def _kind(reader: str | None, observation: Observation) -> CardKind | None:
    """What the ATR says of the card in that reader."""
    kinds = {found.name: found.kind for found in observation.pcsc.readers}
    return kinds.get(reader) if reader is not None else None


def _rank(item: ReadCertificate) -> int:
    """Authentication, signature, others: a module shows them in any order."""
    labels = (AUTHENTICATION_LABEL, SIGNATURE_LABEL)
    return labels.index(item.object.label) if item.object.label in labels else len(labels)


def _certificate(item: ReadCertificate, at: datetime) -> SheetCertificate:
    return SheetCertificate(
        object=item.object,
        certificate=item.certificate,
        problem=item.problem,
        validity=validity_at(item.certificate, at) if item.certificate else None,
        chain=item.chain,
        revocation=item.revocation,
    )


def _object(item: DataObject) -> SheetObject:
    return SheetObject(item, tuple(in_object(item.label, item, label).items()))
