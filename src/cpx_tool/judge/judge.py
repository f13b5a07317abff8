"""Observation × set → Checklist."""

from __future__ import annotations

from datetime import timedelta

from cpx_tool.judge.asking import ask
from cpx_tool.judge.check import Scope
from cpx_tool.judge.eligibility import eligibility
from cpx_tool.judge.facts import card_facts, run_facts
from cpx_tool.judge.forecast import DEFAULT_LEAD, forecast
from cpx_tool.judge.matching import Match, Placement, match
from cpx_tool.judge.reading import ReadCard, read_card, trust_for, unique_keys
from cpx_tool.judge.tls import judge_card_handshakes
from cpx_tool.judge.verdict import verdict
from cpx_tool.model.cardset import CardSet
from cpx_tool.model.finding import Checklist, Finding, JudgedCard
from cpx_tool.model.observation import Observation
from cpx_tool.model.trust import TrustMaterial

NO_MORE = TrustMaterial()

DEFAULT_WARNING_PERIOD = timedelta(days=60)
"""Below this remaining validity a warning says to reorder: time for an order by form 414."""


def judge(
    observation: Observation,
    card_set: CardSet,
    warning_period: timedelta = DEFAULT_WARNING_PERIOD,
    more_trust: TrustMaterial = NO_MORE,
    lead: timedelta = DEFAULT_LEAD,
) -> Checklist:
    """Judge what was observed against what the set must hold. Pure: same input, same answer.

    `more_trust` is what is at hand where this is judged, beside what the observation brings;
    `lead` is how long before its end the set should be ordered again.
    """
    trust = trust_for(observation, more_trust)
    cards = [read_card(card, trust, observation.observed_at) for card in observation.cards]
    matched = match(cards, card_set)
    keys = unique_keys(card.key for card in cards)
    judged = tuple(
        _judge_card(key, card, placement, observation, warning_period)
        for key, card, placement in zip(keys, cards, matched.placements, strict=True)
    )
    findings = _judge_run(observation, card_set, matched)
    ordered = tuple(sorted(judged, key=lambda card: _rank(card, card_set)))
    everything = findings + tuple(f for card in ordered for f in card.all_findings())
    return Checklist(
        observation=observation,
        card_set=card_set,
        cards=ordered,
        missing=matched.missing,
        findings=findings,
        verdict=verdict(everything),
        forecast=forecast(ordered, matched.missing, observation.observed_at, lead),
    )


def _rank(card: JudgedCard, card_set: CardSet) -> tuple[int, str]:
    """The set's own order, cards without a place last."""
    if card.expected is None:
        return len(card_set.cards), card.key
    return card_set.cards.index(card.expected), card.key


def _judge_run(observation: Observation, card_set: CardSet, matched: Match) -> tuple[Finding, ...]:
    facts = run_facts(observation, card_set, matched)
    return ask(Scope.RUN, facts, "run")


def _judge_card(
    key: str,
    card: ReadCard,
    placement: Placement,
    observation: Observation,
    warning_period: timedelta,
) -> JudgedCard:
    facts = card_facts(card, placement, observation.observed_at, warning_period)
    findings = ask(Scope.CARD, facts, key)
    dates = [c.certificate for c in card.certificates if c.certificate is not None]
    return JudgedCard(
        key=key,
        observed=card.observed,
        identity=card.identity,
        dossier=card.dossier,
        place=placement.place,
        expected=placement.expected,
        interchangeable=placement.interchangeable,
        findings=findings,
        not_before=max((c.not_before for c in dates if c.not_before), default=None),
        not_after=min((c.not_after for c in dates if c.not_after), default=None),
        eligibility=eligibility(facts, findings),
        handshakes=judge_card_handshakes(card.observed, key),
    )
