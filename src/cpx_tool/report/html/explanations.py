"""What a check or a code means, as `explain` tells it, for those that a page is about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from cpx_tool.catalogue import guidance
from cpx_tool.model.finding import Finding, Outcome
from cpx_tool.model.guidance import Guidance, Kind
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

    def of_check(self, check: str) -> tuple[Explanation, ...]:
        """The text of a check, where the page does not have it yet."""
        return self._new(_texts(check, checks=True))

    def of_codes(self, codes: Iterable[str]) -> tuple[Explanation, ...]:
        """The texts of causes, of those that the page does not have yet."""
        return self._new(text for code in codes for text in _texts(code, checks=False))

    def place_of(self, code: str) -> str:
        """Where the text of a cause stands, "" where there is none."""
        found = (self._places.get((text.kind, name)) for name, text in _texts(code, checks=False))
        return next(filter(None, found), "")

    def _new(self, texts: Iterable[tuple[str, Guidance]]) -> tuple[Explanation, ...]:
        found = []
        for name, text in texts:
            key = (text.kind, name)
            if key not in self._places:
                self._places[key] = _place(text.kind, name)
                found.append(_explanation(self._places[key], name, text, self._say))
        return tuple(found)


def unanswered(findings: Sequence[Finding], explanations: Explanations) -> tuple[Explanation, ...]:
    """The texts of what did not pass and was not told as a problem of its own: it was not run,
    because of something that was.
    """
    checks = dict.fromkeys(f.check for f in findings if f.outcome is not Outcome.PASSED)
    return tuple(text for check in checks for text in explanations.of_check(check))


def _texts(name: str, *, checks: bool) -> list[tuple[str, Guidance]]:
    wanted = guidance.find(name) if name else []
    return [
        (found, text)
        for found, text in wanted
        if (text.kind is Kind.CHECK) is checks and text.kind is not Kind.EXIT_CODE
    ]


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
