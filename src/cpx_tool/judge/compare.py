"""Two judged results → what differs, and what that points to. Pure: same input, same answer."""

from __future__ import annotations

from cpx_tool.judge.case import Case, make_case
from cpx_tool.judge.compare_rules import RULES, Pair
from cpx_tool.judge.differences import differences
from cpx_tool.judge.gathering import gather
from cpx_tool.judge.judge import NO_MORE
from cpx_tool.model.blame import Comparison, Side
from cpx_tool.model.cardset import CardSet
from cpx_tool.model.finding import Finding
from cpx_tool.model.observation import Observation
from cpx_tool.model.trust import TrustMaterial


def compare(
    left: Observation,
    right: Observation,
    card_set: CardSet | None,
    more_trust: TrustMaterial = NO_MORE,
) -> Comparison:
    """Both judged in the same way, with the set where one is named. `in_both` is what is wrong in
    both with the same cards.
    """
    cases = tuple(make_case(seen, card_set, more_trust) for seen in (left, right))
    pair = Pair(*cases)
    told = [suspicion for one in RULES for suspicion in one.ask(pair)]
    sides = [Side(case.seen, case.verdict) for case in cases]
    return Comparison(sides[0], sides[1], differences(*cases), gather(told), _in_both(pair))


def _in_both(pair: Pair) -> tuple[Finding, ...]:
    there = {_same_way(pair.right, finding) for finding in pair.right.open}
    return tuple(f for f in pair.left.open if _same_way(pair.left, f) in there)


def _same_way(case: Case, finding: Finding) -> tuple[str, ...]:
    """What makes two findings one: of a PIN that was not tried, the reason, too."""
    pins = (card.observed.pin for card in case.cards if card.key == finding.subject)
    refusals = (pin.refusal.value for pin in pins if pin and pin.refusal)
    why = next(refusals, "") if finding.check == "PIN-ALLOWED" else ""
    return finding.check, finding.subject, finding.code or "", why
