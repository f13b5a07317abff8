"""A judged result → which part is at fault. Pure: same input, same answer.

Each rule is a small declared function; those that see more come first, and what one explains, the
next ones are not asked about.
"""

from __future__ import annotations

from collections.abc import Sequence

from cpx_tool.judge.blame_rule import Rule
from cpx_tool.judge.blame_rules import cards, servers, workstation
from cpx_tool.judge.case import Case, make_case
from cpx_tool.judge.gathering import gather
from cpx_tool.judge.judge import NO_MORE
from cpx_tool.model.blame import Blame, Suspicion
from cpx_tool.model.cardset import CardSet
from cpx_tool.model.finding import Severity
from cpx_tool.model.observation import Observation
from cpx_tool.model.trust import TrustMaterial

RULES: tuple[Rule, ...] = (*workstation.RULES, *cards.OWN, *servers.RULES, *cards.TOGETHER)
if len({rule.id for rule in RULES}) != len(RULES):
    raise TypeError("two rules share one id")


def blame(
    observation: Observation, card_set: CardSet | None, more_trust: TrustMaterial = NO_MORE
) -> Blame:
    """Which part is at fault; without a set, what does not depend on one."""
    case = make_case(observation, card_set, more_trust)
    told, left = _told(case, RULES)
    unexplained = tuple(f for f in left.open if f.severity is Severity.BLOCKER)
    return Blame(observation, case.verdict, gather(told), unexplained)


def _told(case: Case, rules: Sequence[Rule]) -> tuple[list[Suspicion], Case]:
    told: list[Suspicion] = []
    for rule in rules:
        for suspicion in rule.ask(case):
            told.append(suspicion)
            case = case.without(suspicion.findings)
    return told, case
