"""What may have kept a card from being read."""

from __future__ import annotations

from cpx_tool.catalogue.readers import no_card_answer
from cpx_tool.judge.checks.workstation import module_sees_cards, readers_answer, set_complete
from cpx_tool.judge.judge import judge
from cpx_tool.model.cardset import CardSet
from cpx_tool.model.finding import Outcome, Severity
from cpx_tool.model.message import Message
from cpx_tool.model.observation import Observation

_UNREAD_CARDS = (readers_answer.id, module_sees_cards.id)
"""The checks that find a card in a reader which was not read."""


def hindrances(seen_now: Observation, card_set: CardSet) -> tuple[tuple[Message, Message], ...]:
    """What may have kept a card from being read, the module's faults first."""
    failed = [f for f in judge(seen_now, card_set).findings if f.outcome is Outcome.FAILED]
    decisive = [f for f in failed if f.severity is Severity.BLOCKER and f.check != set_complete.id]
    minor = [f for f in failed if f.check in _UNREAD_CARDS]
    if decisive or minor or seen_now.cards:
        return tuple((f.message, f.hint) for f in (*decisive, *minor) if f.hint is not None)
    return (no_card_answer(seen_now.pcsc),)
