"""Summaries of results together: whatever the order in which the files came."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

from cpx_tool.judge.fleet import merge
from cpx_tool.model.finding import CardResult, Verdict
from cpx_tool.model.fleet import CardSeen, Command, Merger, Summary

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MERGER = Merger("server", "f00", "1.0", NOON + timedelta(days=1))
SEEN = CardSeen("0000000001", NOON, CardResult.PASSED, "infirmier", "HOLDER")


def summary(number: int, *cards: CardSeen, verdict: Verdict = Verdict.PASSED) -> Summary:
    return Summary(
        file=f"{number}.json",
        sha256=f"{number:064x}",
        host="poste-1",
        command=Command.CHECK_SET,
        set_name="centre-sante",
        observed_at=NOON,
        tool_version="1.0",
        run_id="0123",
        verdict=verdict,
        exit_code=int(verdict is not Verdict.PASSED),
        emulated=False,
        interrupted=False,
        answers=(),
        troubles=(),
        cards=cards,
        missing=(),
    )


def test_one_run_that_was_judged_twice_is_told_alike_in_any_order() -> None:
    """Its cards are those of both, and each is what it was at worst, as the verdict is."""
    failed = replace(SEEN, result=CardResult.FAILED)
    other = replace(SEEN, number="0000000002")
    results = (
        summary(1, SEEN),
        summary(2, failed, verdict=Verdict.FAILED),
        summary(3, other, replace(SEEN, role="medecin")),
    )
    told = [merge(order, MERGER) for order in permutations(results)]
    assert {one.verdict for one in told} == {Verdict.FAILED}
    assert {one.gathered.stations for one in told} == {told[0].gathered.stations}
    assert {one.gathered.cards for one in told} == {told[0].gathered.cards}
    cards = {card.number: card.hosts[0].seen for card in told[0].gathered.cards}
    assert cards == {"0000000001": failed, "0000000002": other}
    assert {len(one.gathered.repeats) for one in told} == {2}
