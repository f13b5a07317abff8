"""What a rule of blame is: a small declared function from a case to what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from cpx_tool.judge.case import Case
from cpx_tool.model.blame import Part, Sureness, Suspicion
from cpx_tool.model.finding import Finding
from cpx_tool.model.message import Message


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule found: the findings that it explains, and about whom. `part` and `sureness`
    replace the rule's own where the facts say more; without `evidence`, the findings are it.
    """

    findings: tuple[Finding, ...]
    subjects: tuple[str, ...] = ()
    evidence: tuple[Message, ...] = ()
    part: Part | None = None
    sureness: Sureness | None = None
    reason: Message | None = None


Function: TypeAlias = Callable[[Case], Iterable[Found]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A declared rule. `reason` says why what it looks for points to `part`."""

    id: str
    part: Part
    sureness: Sureness
    reason: Message
    function: Function

    def ask(self, case: Case) -> Iterator[Suspicion]:
        """What it suspects in that case."""
        for found in self.function(case):
            yield Suspicion(
                part=found.part or self.part,
                sureness=found.sureness or self.sureness,
                rule=self.id,
                reason=found.reason or self.reason,
                subjects=found.subjects,
                evidence=found.evidence or _messages(found.findings),
                findings=found.findings,
            )


def _messages(findings: Iterable[Finding]) -> tuple[Message, ...]:
    different: list[Message] = []
    for finding in findings:
        if finding.message not in different:
            different.append(finding.message)
    return tuple(different)


def rule(
    rule_id: str, part: Part, sureness: Sureness, reason: Message
) -> Callable[[Function], Rule]:
    """Declare a rule."""

    def declare(function: Function) -> Rule:
        return Rule(rule_id, part, sureness, reason, function)

    return declare
