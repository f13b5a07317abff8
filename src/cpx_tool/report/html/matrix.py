"""Two matrices: checks × cards, and cards × uses with their reasons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cpx_tool.catalogue.uses import TITLES, uses
from cpx_tool.model.eligibility import Eligibility
from cpx_tool.model.finding import Checklist, Finding
from cpx_tool.report.eligibility import source_words
from cpx_tool.report.html import marks
from cpx_tool.report.html.cards import CardView
from cpx_tool.report.html.lines import Subject
from cpx_tool.report.html.marks import Mark
from cpx_tool.report.words import Say


@dataclass(frozen=True, slots=True)
class Row:
    """One check. A cell is None where the card was not asked; `kinds` are those of its cells."""

    check: str
    title: str
    cells: tuple[Mark | None, ...]
    kinds: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a card may, or may not; `cards` are those of which it holds."""

    mark: Mark
    cards: tuple[Subject, ...]
    reason: str
    hint: str
    source: str


@dataclass(frozen=True, slots=True)
class Usage:
    """One use, a mark for each card, and the reasons."""

    code: str
    title: str
    cells: tuple[Mark, ...]
    reasons: tuple[Reason, ...]


def check_rows(columns: Sequence[Sequence[Finding]], say: Say) -> list[Row]:
    """A row for each check that was asked of any card, or file, in the order they were asked in;
    a column for the findings of each.
    """
    by_column = [_by_check(findings) for findings in columns]
    titles = {finding.check: finding.title for findings in columns for finding in findings}
    rows = []
    for check in _order(by_column):
        kinds = [marks.worst(found.get(check, ())) for found in by_column]
        cells = tuple(marks.of_kind(kind, say) if kind else None for kind in kinds)
        there = dict.fromkeys(kind.value for kind in kinds if kind)
        rows.append(Row(check, say(titles[check]), cells, " ".join(there)))
    return rows


def usages(checklist: Checklist, cards: list[CardView], say: Say) -> list[Usage]:
    """What the cards are good for, use by use."""
    found = []
    for rule in uses():
        cells = [next(c for c in card.eligibility if c.use is rule.use) for card in checklist.cards]
        found.append(
            Usage(
                code=rule.use.value,
                title=say(TITLES[rule.use]),
                cells=tuple(marks.of_answer(cell, say) for cell in cells),
                reasons=_reasons(zip(cells, cards, strict=True), say),
            )
        )
    return found


def _order(cards: Iterable[Iterable[str]]) -> list[str]:
    """Every check once, each behind the one that it followed on the first card that was asked."""
    found: list[str] = []
    for checks in cards:
        behind = 0
        for check in checks:
            if check not in found:
                found.insert(behind, check)
            behind = found.index(check) + 1
    return found


def _by_check(findings: Iterable[Finding]) -> Mapping[str, list[Finding]]:
    """A check that was asked at several servers has several findings."""
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        found.setdefault(finding.check, []).append(finding)
    return found


def _reasons(cells: Iterable[tuple[Eligibility, CardView]], say: Say) -> tuple[Reason, ...]:
    told: dict[Eligibility, list[Subject]] = {}
    for cell, card in cells:
        told.setdefault(cell, []).append(Subject(card.key, card.place))
    return tuple(
        Reason(
            mark=marks.of_answer(cell, say),
            cards=tuple(subjects),
            reason=say(cell.reason),
            hint=say(cell.hint) if cell.hint else "",
            source=say(source_words(cell.source)),
        )
        for cell, subjects in told.items()
    )
