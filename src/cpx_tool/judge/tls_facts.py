"""The facts about a handshake that checks may need, and what is missing when it broke off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cpx_tool.judge.facts import Missing
from cpx_tool.model.finding import Outcome
from cpx_tool.model.handshake import (
    CertificateRequest,
    Client,
    ClientKind,
    Connection,
    End,
    Handshake,
    ServerProof,
    Step,
    Stop,
)
from cpx_tool.model.message import msg
from cpx_tool.model.observation import PinRecord

_ORDER = tuple(Step)
TOO_EARLY = msg("The connection did not come so far.")
"""Why there is nothing to say of a step."""


def ending_of(stop: Stop) -> str:
    """The end and its detail, as codes."""
    return ": ".join(filter(None, [stop.end.value, stop.detail]))


@dataclass(frozen=True, slots=True)
class Course:
    """A handshake and the connection that decides: the last one, unless the second was not even
    answered with a ServerHello.
    """

    handshake: Handshake
    decisive: Connection

    @property
    def older(self) -> Stop | None:
        """Where the second connection, at TLS 1.2, ended before a ServerHello."""
        last = self.handshake.connections[-1]
        return None if last is self.decisive else last.stop

    @property
    def client(self) -> Client:
        """Who knocked."""
        return self.handshake.client

    @property
    def end(self) -> End | None:
        """Why it ended; None where it came to its end."""
        return self.decisive.stop.end if self.decisive.stop else None

    @property
    def ending(self) -> str:
        """The end and its detail, as codes; "" where it came to its end."""
        return ending_of(self.decisive.stop) if self.decisive.stop else ""

    def stopped_at(self, step: Step) -> bool:
        """Whether it ended at this step."""
        stop = self.decisive.stop
        return stop is not None and stop.step is step

    def passed_by(self, step: Step) -> bool:
        """Whether it came further than this step."""
        stop = self.decisive.stop
        return stop is None or _ORDER.index(stop.step) > _ORDER.index(step)


@dataclass(frozen=True, slots=True)
class Reached(Course):
    """The connection stands: TCP, and the proxy's tunnel where there is one."""


@dataclass(frozen=True, slots=True)
class Spoken(Course):
    """The server answered with a ServerHello."""


TLS_FACTS: Mapping[str, Any] = {
    "course": Course,
    "reached": Reached,
    "spoken": Spoken,
    "proof": ServerProof,
    "request": CertificateRequest,
    "pin": PinRecord | None,
}


def tls_facts(
    handshake: Handshake, decisive: Connection, pin: PinRecord | None
) -> Mapping[str, Any]:
    """What is known of a handshake, of which that connection decides. `pin` is what became of the
    card's PIN.

    Each name of `TLS_FACTS` is present, but for "request" where nobody knocked and nothing was
    asked for: then there is no question about it.
    """
    course = Course(handshake, decisive)
    facts = {
        "course": course,
        "reached": _if(course.passed_by(Step.PROXY), Reached(handshake, decisive)),
        "spoken": _if(bool(decisive.version), Spoken(handshake, decisive)),
        "proof": _if(decisive.proof is not None, decisive.proof),
        "request": _request(course),
        "pin": pin,
    }
    nobody = handshake.client.kind is ClientKind.NOBODY
    if nobody and decisive.request is None and course.passed_by(Step.REQUEST):
        del facts["request"]
    return facts


def decisive_of(handshake: Handshake) -> Connection:
    """The connection that decides: see `Course`."""
    first, *rest = handshake.connections
    if not rest:
        return first
    second = rest[-1]
    unanswered = not second.version and second.stop is not None
    return first if unanswered else second


def _if(there: bool, fact: object) -> object:
    return fact if there else Missing(Outcome.SKIPPED, TOO_EARLY)


def _request(course: Course) -> object:
    if course.decisive.request is not None:
        return course.decisive.request
    if course.passed_by(Step.REQUEST):
        return Missing(Outcome.SKIPPED, msg("The server asked for no client certificate."))
    return _if(False, None)
