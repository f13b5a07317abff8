"""What a check or a code means, as `explain` tells it, for those that a page is about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeAlias

from cpx_tool.catalogue import guidance
from cpx_tool.model.fault import Fault
from cpx_tool.model.finding import Finding, Outcome
from cpx_tool.model.guidance import Guidance, Kind
from cpx_tool.model.observation import Observation
from cpx_tool.report.explain import KINDS
from cpx_tool.report.words import Say

_UNFIT = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Source:
    """Where it is said. `address` is "" where that is no page of the web."""

    text: str
    address: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """The text of one id. `place` is its anchor on the page; `kind` what the id belongs to.

    `remedy` is "" for a check whose findings have remedies of their own.
    """

    place: str
    id: str
    kind: str
    is_check: bool
    meaning: str
    why: str
    causes: tuple[str, ...]
    remedy: str
    sources: tuple[Source, ...]


Key: TypeAlias = tuple[Kind, str]
"""Two families may have one code."""


class Explanations:
    """The texts of one page, each once: the second time that an id occurs, there is its place."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._places: dict[Key, str] = {}

    def of(self, kind: Kind, names: Iterable[str]) -> tuple[Explanation, ...]:
        """The texts of these checks, or codes of that kind, that the page does not have yet."""
        found = []
        for name, text in chain.from_iterable(_texts(kind, name) for name in names):
            key = (kind, name)
            if key not in self._places:
                self._places[key] = _place(kind, name)
                found.append(_explanation(self._places[key], name, text, self._say))
        return tuple(found)

    def place_of(self, kind: Kind, code: str) -> str:
        """Where the text of a code stands, "" where there is none."""
        found = (self._places.get((kind, name), "") for name, _ in _texts(kind, code))
        return next(found, "")


def besides(
    findings: Sequence[Finding], seen: Observation | None, explanations: Explanations
) -> tuple[Explanation, ...]:
    """The texts of what did not pass and was not told as a problem of its own, because something
    kept it from being run; and of the codes that cards and module gave.
    """
    checks = (f.check for f in findings if f.outcome is not Outcome.PASSED)
    texts = explanations.of(Kind.CHECK, checks)
    if seen is None:
        return texts
    pins = [card.pin for card in seen.cards if card.pin]
    refused = (pin.refusal.value for pin in pins if pin.refusal)
    faults = (fault.code for fault in _faults(seen) if fault)
    return (
        *texts,
        *explanations.of(Kind.PIN_REFUSAL, refused),
        *explanations.of(Kind.MODULE_FAULT, faults),
    )


def _faults(seen: Observation) -> Iterator[Fault | None]:
    yield seen.module.fault if seen.module else None
    for card in seen.cards:
        yield from card.faults
        yield card.pin.fault if card.pin else None
        yield from (tried.fault for tried in card.signatures)


def _texts(kind: Kind, name: str) -> list[tuple[str, Guidance]]:
    found = guidance.find(name) if name else []
    return [(known, text) for known, text in found if text.kind is kind]


def _place(kind: Kind, name: str) -> str:
    return f"explain-{kind.value}-{_UNFIT.sub('-', name.lower())}"


def _explanation(place: str, name: str, text: Guidance, say: Say) -> Explanation:
    return Explanation(
        place=place,
        id=name,
        kind=say(KINDS[text.kind]),
        is_check=text.kind is Kind.CHECK,
        meaning=say(text.meanings[name]),
        why=say(text.why),
        causes=tuple(map(say, text.causes)),
        remedy=say(text.remedy) if text.remedy else "",
        sources=tuple(Source(source, _address(source)) for source in text.sources),
    )


def _address(source: str) -> str:
    return source if source.startswith("https://") and " " not in source else ""
