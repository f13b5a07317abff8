"""A value that differs, as a page shows it: codes that have a mark or a word get it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cpx_tool.catalogue.readers import STATES
from cpx_tool.model.blame import Topic
from cpx_tool.model.finding import CardResult, Outcome, Verdict
from cpx_tool.model.message import msg
from cpx_tool.model.observation import PinResult
from cpx_tool.report.html import marks
from cpx_tool.report.html.cards import PINS
from cpx_tool.report.html.marks import Mark
from cpx_tool.report.words import Say

_WORDS = {
    **{("state", state.value): word for state, word in STATES.items()},
    **{(key, "yes"): msg("yes") for key in ("present", "emulated", "interrupted")},
    **{(key, "no"): msg("no") for key in ("present", "emulated", "interrupted")},
}


@dataclass(frozen=True, slots=True)
class Value:
    """What stands on one side; "" and no mark where there is nothing."""

    text: str
    mark: Mark | None = None


def value(topic: Topic, key: str, written: str | None, say: Say) -> Value:
    """`written` is the code in the JSON; one that has neither mark nor word stands as it is."""
    if not written:
        return Value("")
    if topic is Topic.FINDING:
        outcome, _, cause = written.partition(" ")
        return Value(cause, marks.of_outcome(Outcome(outcome), say))
    marked = _MARKED.get((topic, key))
    if marked:
        return Value("", marked(written, say))
    word = _WORDS.get((key, written)) if topic in _WORDED else None
    return Value(say(word) if word else written)


_WORDED = (Topic.RUN, Topic.READER, Topic.CARD)
_MARKED: dict[tuple[Topic, str], Callable[[str, Say], Mark]] = {
    (Topic.RUN, "verdict"): lambda code, say: marks.of_verdict(Verdict(code), say),
    (Topic.VALUE, "result"): lambda code, say: marks.of_result(CardResult(code), say),
    (Topic.VALUE, "pin"): lambda code, say: marks.worded(*PINS[PinResult(code)], say),
}
