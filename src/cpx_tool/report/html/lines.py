"""Findings as lines: what was looked at, what was seen, what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from cpx_tool.model.finding import Finding, Severity
from cpx_tool.model.guidance import Kind
from cpx_tool.model.message import msg
from cpx_tool.model.observation import Observation
from cpx_tool.report.findings import Group, grouped
from cpx_tool.report.html import marks
from cpx_tool.report.html.explanations import Explanation, Explanations, besides
from cpx_tool.report.html.marks import Mark
from cpx_tool.report.words import Say


@dataclass(frozen=True, slots=True)
class Line:
    """One finding. `time` is how long its step took, "" where that was not taken."""

    mark: Mark
    check: str
    title: str
    message: str
    hint: str
    code: str
    time: str = ""
    share: float = 0.0
    """`time` as a part of the longest one, in percent."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a finding is about, and where that is on the page ("" for nowhere)."""

    text: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Cause:
    """What was seen, of whom, and what to do."""

    message: str
    subjects: tuple[Subject, ...]
    hint: str
    codes: tuple[Subject, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """What one check found wrong. `decides` says whether the verdict depends on it;
    `explained` are the texts of the check and its codes that do not stand further up; `place` is
    its anchor on the page.
    """

    mark: Mark
    check: str
    title: str
    decides: str
    causes: tuple[Cause, ...]
    explained: tuple[Explanation, ...]
    place: str


@dataclass(frozen=True, slots=True)
class Attention:
    """What is not as it should be, the worst first; `besides` are the texts of checks that were
    not answered because of it, and of codes that were seen.
    """

    problems: tuple[Problem, ...]
    besides: tuple[Explanation, ...]


Named: TypeAlias = Callable[[str], Subject]
"""The subject of a finding → how it is shown; its text is "" where that says nothing."""


def line(finding: Finding, say: Say, time: str = "", share: float = 0.0) -> Line:
    """One finding in the reader's language."""
    return Line(
        mark=marks.of_finding(finding, say),
        check=finding.check,
        title=say(finding.title),
        message=say(finding.message),
        hint=say(finding.hint) if finding.hint else "",
        code=finding.code,
        time=time,
        share=share,
    )


def lines(findings: Iterable[Finding], say: Say) -> list[Line]:
    """Each finding."""
    return [line(finding, say) for finding in findings]


def attention(
    findings: Sequence[Finding],
    named: Named,
    say: Say,
    seen: Observation | None = None,
    explanations: Explanations | None = None,
) -> Attention:
    """What is not as it should be, as the console tells it, with what there is to say of it, and
    of the codes in what was seen. `explanations` are those of the page, where it asks for places.
    """
    explanations = explanations or Explanations(say)
    problems = tuple(_problem(group, explanations, named, say) for group in grouped(findings, say))
    return Attention(problems, besides(findings, seen, explanations))


def _problem(group: Group, explanations: Explanations, named: Named, say: Say) -> Problem:
    worst = group.worst
    codes = tuple(dict.fromkeys(code for told in group.told for code in told.codes))
    decides = worst.severity is Severity.BLOCKER
    explained = (
        *explanations.of(Kind.CHECK, [worst.check]),
        *explanations.of(Kind.TLS_CAUSE, codes),
    )
    return Problem(
        mark=marks.of_finding(worst, say),
        check=worst.check,
        title=say(worst.title),
        decides=say(msg("decides the verdict") if decides else msg("does not change the verdict")),
        causes=tuple(
            Cause(
                told.message,
                _subjects(told.subjects, named),
                told.hint,
                causes(told.codes, explanations),
            )
            for told in group.told
        ),
        explained=explained,
        place=f"problem-{worst.check.lower()}",
    )


def causes(codes: Iterable[str], explanations: Explanations) -> tuple[Subject, ...]:
    """Codes of causes, each with the place of its text."""
    return tuple(Subject(code, explanations.place_of(Kind.TLS_CAUSE, code)) for code in codes)


def _subjects(keys: Iterable[str], named: Named) -> tuple[Subject, ...]:
    return tuple(subject for subject in map(named, keys) if subject.text)
