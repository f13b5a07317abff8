"""Observation → what the keys of its cards signed, judged. Pure: same input, same answer."""

from __future__ import annotations

from cpx_tool.errors import ExitCode
from cpx_tool.judge.asking import ask
from cpx_tool.judge.check import Scope
from cpx_tool.judge.checks import BY_ID
from cpx_tool.judge.choosing import choose_cards, is_called
from cpx_tool.judge.facts import workstation_facts
from cpx_tool.judge.reading import ReadCard, read_card, trust_for
from cpx_tool.judge.signing_facts import signing_facts
from cpx_tool.judge.verdict import code_of_cards, verdict
from cpx_tool.model.finding import Verdict
from cpx_tool.model.observation import Observation
from cpx_tool.model.signing import SigningCard, SigningChecklist
from cpx_tool.model.trust import TrustMaterial

_OF_THE_CARD = (
    "CARD-READ",
    "CARD-SESSIONS",
    "PIN-ALLOWED",
    "PIN-ACCEPTED",
    "KEY-PRESENT",
    "KEY-MATCHES",
)
"""The checks of a set's card without which its signatures say little."""


def judge_signing(observation: Observation, number: str | None = None) -> SigningChecklist:
    """Judge all cards, or the one of that number.

    Raises `BadInput` when none has it, unless the run was interrupted before all were read.
    """
    trust = trust_for(observation, TrustMaterial())
    cards = [read_card(card, trust, observation.observed_at) for card in observation.cards]
    if observation.cut_short or not cards:
        cards = [card for card in cards if is_called(card, number)]
        number = None
    judged = tuple(_judge(key, card, observation) for key, card in choose_cards(cards, number))
    findings = ask(Scope.RUN, workstation_facts(observation), "run")
    everything = findings + tuple(f for card in judged for f in card.findings)
    found = verdict(everything)
    if not judged and found is Verdict.PASSED:  # a workstation that is well signs nothing
        found = Verdict.INCOMPLETE
    return SigningChecklist(observation, judged, findings, found)


def signing_exit_code(checklist: SigningChecklist) -> ExitCode:
    """The documented exit code, as of `check-set`."""
    return code_of_cards(len(checklist.cards), checklist.verdict, checklist.all_findings())


def _judge(key: str, card: ReadCard, observation: Observation) -> SigningCard:
    facts = signing_facts(card, observation.observed_at)
    known = (BY_ID[name].run(facts, key) for name in _OF_THE_CARD)
    findings = tuple(f for f in known if f is not None) + ask(Scope.SIGNING, facts, key)
    return SigningCard(key, card.observed, card.identity, facts["tries"], findings)
