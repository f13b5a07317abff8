"""What a check is: a small declared function whose parameters are its needs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias, get_type_hints

from cpx_tool.judge.facts import CARD_FACTS, RUN_FACTS, Missing
from cpx_tool.judge.fleet_facts import FLEET_FACTS
from cpx_tool.judge.signing_facts import SIGNING_FACTS
from cpx_tool.judge.software_facts import FILE_FACTS, PAIR_FACTS
from cpx_tool.judge.station_facts import STATION_FACTS
from cpx_tool.judge.tls_facts import TLS_FACTS
from cpx_tool.model.finding import Finding, Outcome, Severity
from cpx_tool.model.message import Message, msg


class Scope(StrEnum):
    """What a check is asked about."""

    RUN = "run"
    """Once: the workstation and the set as a whole."""
    CARD = "card"
    """Once for each card presented."""
    FILE = "file"
    """Once for each file of a software certificate."""
    FILES = "files"
    """Once, about all these files together."""
    STATION = "station"
    """Once: the workstation without any card."""
    TLS = "tls"
    """Once for each client at each endpoint."""
    SIGNING = "signing"
    """Once for each card whose keys sign by all mechanisms."""
    FLEET = "fleet"
    """Once, about the results of many workstations."""


_FACTS: Mapping[Scope, Mapping[str, Any]] = {
    Scope.RUN: RUN_FACTS,
    Scope.CARD: CARD_FACTS,
    Scope.FILE: FILE_FACTS,
    Scope.FILES: PAIR_FACTS,
    Scope.STATION: STATION_FACTS,
    Scope.TLS: TLS_FACTS,
    Scope.SIGNING: SIGNING_FACTS,
    Scope.FLEET: FLEET_FACTS,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a check found. `hint` replaces the check's own remedy where it can say more."""

    outcome: Outcome
    message: Message
    hint: Message | None = None
    blocked_by_pin: bool = False
    code: str = ""


Function: TypeAlias = Callable[..., Answer | None]


@dataclass(frozen=True, slots=True)
class Check:
    """A declared check. `needs` are fact names, in the order of the function's parameters."""

    id: str
    title: Message
    hint: Message
    severity: Severity
    scope: Scope
    needs: tuple[str, ...]
    function: Function

    def run(self, facts: Mapping[str, Any], subject: str) -> Finding | None:
        """Ask the check. A need that was not observed answers for it; a crash is an ERROR.

        None when there is no question: the set states nothing to compare with, say.
        """
        for need in self.needs:
            fact = facts[need]
            if isinstance(fact, Missing):
                answer = Answer(fact.outcome, fact.reason, fact.hint, fact.blocked_by_pin)
                return self.finding(subject, answer)
        try:
            given = self.function(*(facts[need] for need in self.needs))
        except Exception as error:
            kind = type(error).__name__
            given = Answer(
                Outcome.ERROR,
                msg("This check itself failed ({kind}).", kind=kind),
                msg("Please report it; for cards, with the file of --save-observation."),
            )
        return None if given is None else self.finding(subject, given)

    def finding(self, subject: str, answer: Answer) -> Finding:
        """The answer about that subject, as a finding of this check."""
        hint = answer.hint or (self.hint if answer.outcome is Outcome.FAILED else None)
        return Finding(
            check=self.id,
            severity=self.severity,
            subject=subject,
            outcome=answer.outcome,
            title=self.title,
            message=answer.message,
            hint=hint,
            blocked_by_pin=answer.blocked_by_pin,
            code=answer.code,
        )


def check(
    check_id: str,
    title: Message,
    hint: Message,
    *,
    severity: Severity = Severity.BLOCKER,
    scope: Scope = Scope.CARD,
) -> Callable[[Function], Check]:
    """Declare a check. Raises `TypeError` at import for a need that no fact answers."""

    def declare(function: Function) -> Check:
        known = _FACTS[scope]
        hints = get_type_hints(function)
        needs = tuple(inspect.signature(function).parameters)
        for need in needs:
            if need not in known:
                raise TypeError(f"{check_id} needs {need!r}, which is no fact")
            if hints.get(need) != known[need]:
                raise TypeError(
                    f"{check_id} takes {need!r} as {hints.get(need)}, not {known[need]}"
                )
        if not needs:
            raise TypeError(f"{check_id} needs nothing, so it cannot fail")
        return Check(check_id, title, hint, severity, scope, needs, function)

    return declare


def passed(message: Message) -> Answer:
    """The fact is as it should be."""
    return Answer(Outcome.PASSED, message)


def failed(message: Message, hint: Message | None = None) -> Answer:
    """The fact is not as it should be."""
    return Answer(Outcome.FAILED, message, hint)


def skipped(message: Message, hint: Message | None = None) -> Answer:
    """There is nothing to judge here."""
    return Answer(Outcome.SKIPPED, message, hint)
