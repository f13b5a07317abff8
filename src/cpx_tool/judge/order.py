"""Steps × ticks × what is at hand → how far the order is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from cpx_tool.errors import ExitCode
from cpx_tool.judge.order_verifiers import Evidence, verify
from cpx_tool.model.order import Guide, Progress, Step, StepState, Way


def follow(
    guide: Guide,
    ways: Collection[Way],
    ticks: Mapping[str, datetime],
    evidence: Evidence | None = None,
) -> Progress:
    """The steps of these ways, each with its tick and, where there is evidence, what it shows."""
    chosen = [step for step in guide.steps if set(step.ways) & set(ways)]
    states: list[StepState] = []
    undone: set[str] = set()
    for step in chosen:
        waits_for = tuple(name for name in step.after if name in undone)
        state = _state(step, ticks.get(step.id), evidence, waits_for)
        states.append(state)
        if not state.done:
            undone.add(step.id)
    return Progress(
        guide=guide,
        ways=tuple(way for way in Way if way in ways),
        states=tuple(states),
        cards=evidence.cards if evidence else None,
        files=evidence.files if evidence else None,
    )


def change(
    ticks: Mapping[str, datetime], tick: Collection[str], untick: Collection[str], at: datetime
) -> Mapping[str, datetime]:
    """The ticks after a change; one that was there keeps its date."""
    kept = {name: when for name, when in ticks.items() if name not in untick}
    return {**dict.fromkeys(tick, at), **kept}


def exit_code(progress: Progress, evidence: Evidence | None) -> ExitCode:
    """Without evidence there is nothing that could fail; with none to look at: 4."""
    if evidence is None:
        return ExitCode.PASSED
    if evidence.is_empty:
        return ExitCode.NOTHING_CHECKED
    contradicted = any(state.contradicted for state in progress.states)
    return ExitCode.FAILED if contradicted else ExitCode.PASSED


def _state(
    step: Step, ticked_at: datetime | None, evidence: Evidence | None, waits_for: tuple[str, ...]
) -> StepState:
    verification = None
    if evidence is not None and step.verifier is not None:
        verification = verify(step.verifier, evidence)
    return StepState(step, ticked_at, verification, waits_for)
