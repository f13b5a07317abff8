"""Which part is at fault, and what tells: suspicions about one result, or about two compared."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cpx_tool.model.finding import Finding, Verdict
from cpx_tool.model.message import Message
from cpx_tool.model.observation import Observation


class Part(StrEnum):
    """What may be at fault. Stable codes."""

    CARD = "card"
    READER = "reader"
    SERVICE = "pcsc-service"
    MIDDLEWARE = "middleware"
    PIN = "pin"
    PROGRAM = "other-program"
    HANDLING = "handling"
    """A card that is missing, upside down, taken out, or of another set: nothing is broken."""
    OPTIONS = "options"
    """How the run was started."""
    WORKSTATION = "workstation"
    SET = "set-file"
    TRUST = "trust-store"
    CLOCK = "clock"
    NETWORK = "network"
    SERVER = "server"


class Sureness(StrEnum):
    """How sure a suspicion is, the surest first."""

    CERTAIN = "certain"
    """What was observed leaves nothing else."""
    LIKELY = "likely"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A part at fault. `rule` is the stable id of what says so, `reason` why that points there,
    `subjects` the cards, readers or servers it is about, `evidence` what was seen. `findings` are
    those that it explains.
    """

    part: Part
    sureness: Sureness
    rule: str
    reason: Message
    subjects: tuple[str, ...] = ()
    evidence: tuple[Message, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Blame:
    """What a result points to, the surest first; `unexplained` is what decides and points nowhere.
    Both are empty where nothing is wrong.
    """

    observation: Observation
    verdict: Verdict
    suspicions: tuple[Suspicion, ...]
    unexplained: tuple[Finding, ...]


class Topic(StrEnum):
    """What a difference is about. Stable codes."""

    RUN = "run"
    WORKSTATION = "workstation"
    SERVICE = "pcsc-service"
    READER = "reader"
    MODULE = "module"
    CARD = "card"
    VALUE = "value"
    FINDING = "finding"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not the same in both: `key` says what, of which `subject` ("" where there
    is one only); `left` and `right` are None where it is not there.
    """

    topic: Topic
    key: str
    subject: str
    left: str | None
    right: str | None


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two results that are compared."""

    observation: Observation
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two results, what differs, what that points to, and what both have that is wrong."""

    left: Side
    right: Side
    differences: tuple[Difference, ...]
    suspicions: tuple[Suspicion, ...]
    in_both: tuple[Finding, ...]
