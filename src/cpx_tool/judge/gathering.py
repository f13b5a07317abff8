"""Suspicions that say the same, told once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from cpx_tool.model.blame import Sureness, Suspicion

T = TypeVar("T")
_ORDER = tuple(Sureness)


def gather(told: Iterable[Suspicion]) -> tuple[Suspicion, ...]:
    """What one rule says of one subject becomes one; then what it says of several subjects with
    the same evidence. The surest first.
    """
    of_subject = _merged(tuple(told), lambda one: (*_kind(one), one.subjects))
    alike = _merged(of_subject, lambda one: (*_kind(one), one.evidence, _checks(one)))
    return tuple(sorted(alike, key=lambda one: _ORDER.index(one.sureness)))


def _kind(one: Suspicion) -> tuple[Hashable, ...]:
    return one.rule, one.part, one.sureness, one.reason.text


def _checks(one: Suspicion) -> tuple[str, ...]:
    return tuple(dict.fromkeys(finding.check for finding in one.findings))


def _merged(
    told: Sequence[Suspicion], alike: Callable[[Suspicion], tuple[Hashable, ...]]
) -> tuple[Suspicion, ...]:
    groups: dict[str, list[Suspicion]] = {}
    for one in told:
        groups.setdefault(repr(alike(one)), []).append(one)
    return tuple(_joined(group) for group in groups.values())


def _joined(group: Sequence[Suspicion]) -> Suspicion:
    return replace(
        group[0],
        subjects=_each_once(name for one in group for name in one.subjects),
        evidence=_each_once(seen for one in group for seen in one.evidence),
        findings=_each_once(finding for one in group for finding in one.findings),
    )


def _each_once(items: Iterable[T]) -> tuple[T, ...]:
    """In their order; messages hold mappings, so they are compared and not hashed."""
    kept: list[T] = []
    for item in items:
        if item not in kept:
            kept.append(item)
    return tuple(kept)
