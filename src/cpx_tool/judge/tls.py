"""Handshake → findings, step by step. Pure: same input, same answer."""

from __future__ import annotations

from collections.abc import Sequence

from cpx_tool.catalogue.nomenclature import label
from cpx_tool.errors import ExitCode
from cpx_tool.judge.asking import ask
from cpx_tool.judge.check import Scope
from cpx_tool.judge.checks.tls_client import nothing_to_present
from cpx_tool.judge.choosing import is_called
from cpx_tool.judge.reading import read_card, trust_for
from cpx_tool.judge.tls_facts import decisive_of, tls_facts
from cpx_tool.judge.verdict import verdict
from cpx_tool.model.finding import JudgedHandshake, Verdict
from cpx_tool.model.handshake import Connection, Handshake
from cpx_tool.model.identity import Identity
from cpx_tool.model.observation import CardObservation, Observation, PinRecord
from cpx_tool.model.trust import TrustMaterial
from cpx_tool.pki.certificate import BadCertificate, read_certificate
from cpx_tool.pki.identity import identify


def judge_handshake(
    handshake: Handshake, pin: PinRecord | None = None, key: str | None = None
) -> JudgedHandshake:
    """What each step of it came to; `pin` is what became of the card's PIN, `key` what the card is
    called among others. The findings are about that, and the address.
    """
    who = handshake.client.name if key is None else key
    subject = " ".join(filter(None, (who, handshake.endpoint.url)))
    decisive: Connection | None = None
    if handshake.connections:
        decisive = decisive_of(handshake)
        findings = ask(Scope.TLS, tls_facts(handshake, decisive, pin), subject)
    else:
        findings = (nothing_to_present(subject, handshake.client, pin),)
    identity = _identity(handshake.client.certificate)
    return JudgedHandshake(handshake, who, identity, decisive, findings, verdict(findings))


def _identity(der: bytes) -> Identity | None:
    try:
        return identify(read_certificate(der), label) if der else None
    except BadCertificate:
        return None


def judge_card_handshakes(
    card: CardObservation, key: str | None = None
) -> tuple[JudgedHandshake, ...]:
    """Those of one card, which is called `key` among others."""
    return tuple(judge_handshake(shaken, card.pin, key) for shaken in card.handshakes)


def judge_handshakes(
    observation: Observation, number: str | None = None
) -> tuple[JudgedHandshake, ...]:
    """Every handshake of an observation: card by card, then those without a card. With a number
    those of that card alone: none where it is not there.
    """
    trust = trust_for(observation, TrustMaterial())
    of_cards = [
        one
        for card in observation.cards
        if is_called(read_card(card, trust, observation.observed_at), number)
        for one in judge_card_handshakes(card)
    ]
    without = observation.handshakes if number is None else ()
    return (*of_cards, *(judge_handshake(shaken) for shaken in without))


def tls_verdict(judged: Sequence[JudgedHandshake]) -> Verdict:
    """Of all together."""
    return verdict(finding for one in judged for finding in one.findings)


def tls_exit_code(judged: Sequence[JudgedHandshake]) -> ExitCode:
    """The documented exit code. No handshake at all: 4. Only PIN safety in the way: 5."""
    if not judged:
        return ExitCode.NOTHING_CHECKED
    found = tls_verdict(judged)
    if found is Verdict.PASSED:
        return ExitCode.PASSED
    open_ones = [one for one in judged if one.verdict is not Verdict.PASSED]
    stopped = all(any(f.blocked_by_pin for f in one.findings) for one in open_ones)
    return ExitCode.PIN_SAFETY if found is Verdict.INCOMPLETE and stopped else ExitCode.FAILED
