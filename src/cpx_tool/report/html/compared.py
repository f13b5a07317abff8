"""A value that differs, as a page shows it: codes that have a mark or a word get it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cpx_tool.catalogue.pin_words import PIN_RESULTS
from cpx_tool.model.blame import Difference, Topic
from cpx_tool.model.finding import CardResult, Outcome, Verdict
from cpx_tool.model.observation import PinResult
from cpx_tool.report import compare
from cpx_tool.report.html import marks
from cpx_tool.report.html.cards import PINS
from cpx_tool.report.html.marks import Mark
from cpx_tool.report.words import Say


@dataclass(frozen=True, slots=True)
class Value:
    """What stands on one side; "" and no mark where there is nothing."""

    text: str
    mark: Mark | None = None


def value(one: Difference, written: str | None, say: Say) -> Value:
    """`written` is the code in the JSON: with its mark, or as the text of compare has it."""
    if not written:
        return Value("")
    if one.topic is Topic.FINDING:
        outcome, _, cause = written.partition(" ")
        return Value(cause, marks.of_outcome(Outcome(outcome), say))
    marked = _MARKED.get((one.topic, one.key))
    if marked:
        return Value("", marked(written, say))
    return Value(say(compare.shown(one, written)))


def _pin(result: PinResult, say: Say) -> Mark:
    return marks.worded(PINS[result], PIN_RESULTS[result], say)


_MARKED: dict[tuple[Topic, str], Callable[[str, Say], Mark]] = {
    (Topic.RUN, "verdict"): lambda code, say: marks.of_verdict(Verdict(code), say),
    (Topic.VALUE, "result"): lambda code, say: marks.of_result(CardResult(code), say),
    (Topic.VALUE, "pin"): lambda code, say: _pin(PinResult(code), say),
}
