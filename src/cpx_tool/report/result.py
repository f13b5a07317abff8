"""A judged run as every kind of report takes it: whatever the command, the same few facts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from cpx_tool.errors import ExitCode
from cpx_tool.model.finding import Checklist, Finding, JudgedHandshake, Verdict
from cpx_tool.model.fleet import Fleet
from cpx_tool.model.observation import Observation
from cpx_tool.model.signing import SigningChecklist
from cpx_tool.model.software import SoftwareChecklist
from cpx_tool.model.station import Examination
from cpx_tool.report.canvas import Paper
from cpx_tool.report.words import Say


@dataclass(frozen=True, slots=True)
class Handshakes:
    """The judged handshakes of one run, and its verdict."""

    observation: Observation
    judged: Sequence[JudgedHandshake]
    verdict: Verdict


Judged: TypeAlias = (
    Checklist | SigningChecklist | Handshakes | Examination | SoftwareChecklist | Fleet
)
"""What the commands judge."""

Facts: TypeAlias = Mapping[str, str]
"""What is worth naming beside findings: stable English names, values as they are."""


class SuiteKind(StrEnum):
    """What a suite is about. Stable words, shown in reports."""

    RUN = "run"
    """The workstation, and the set or the files as a whole."""
    CARD = "card"
    HANDSHAKE = "handshake"
    FILE = "file"
    HOST = "host"
    """A workstation, in the result of `merge`."""


@dataclass(frozen=True, slots=True)
class Suite:
    """The findings about one subject, no check twice. `subject` is unique among those of its kind:
    the card's key, who knocked and where, the file, the host; "" for the run.

    `seconds` is how long what a check is about took, where it was measured. `not_after` is when
    the subject's certificates end. `host` is where it was observed, "" for where the run was;
    `verdict` is the subject's own, where it has one.
    """

    kind: SuiteKind
    subject: str
    findings: Sequence[Finding]
    observed_at: datetime
    seconds: Mapping[str, float] = field(default_factory=dict)
    not_after: datetime | None = None
    facts: Facts = field(default_factory=dict)
    host: str = ""
    verdict: Verdict | None = None

    @property
    def days_left(self) -> int | None:
        """Whole days, negative once it is over; None where no end is known."""
        return None if self.not_after is None else (self.not_after - self.observed_at).days


def distinct(suites: Iterable[Suite]) -> Iterator[Suite]:
    """The suites, the second of one subject with "#2" behind it: two cards may show one number."""
    seen: Counter[tuple[SuiteKind, str]] = Counter()
    for suite in suites:
        seen[suite.kind, suite.subject] += 1
        count = seen[suite.kind, suite.subject]
        yield suite if count == 1 else replace(suite, subject=f"{suite.subject}#{count}")


@dataclass(frozen=True, slots=True)
class Run:
    """Which run it was. `host` is where it was observed, which need not be where it is judged."""

    command: str
    tool_version: str
    run_id: str
    host: str
    observed_at: datetime
    emulated: bool = False
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command answers with, in every form that any command has. `code` is the exit code."""

    run: Run
    code: ExitCode
    body: Callable[[ExitCode, Say], str]
    page: Callable[[Say, Paper], str]
    html_page: Callable[[ExitCode, Say, str], str]

    def json(self, say: Say) -> str:
        """The answer as JSON, the same as `--json` prints."""
        return self.body(self.code, say)

    def json_pieces(self, say: Say) -> Iterable[str]:
        """The same, piece by piece where the whole may be too much to have in memory."""
        return (self.json(say),)

    def text(self, say: Say, paper: Paper) -> str:
        """The report for a person."""
        return self.page(say, paper)

    def html(self, say: Say, language: str) -> str:
        """One page for a browser."""
        return self.html_page(self.code, say, language)


@dataclass(frozen=True, slots=True)
class Result(Answer):
    """One judged run. `judged` is all of it, for a report that shows more than findings.

    `roles` says of each card of the set whether it is there; empty where no set was asked for.
    `days_left` is the set's. `code` is the exit code that the verdict gives.
    """

    judged: Judged
    suites: Sequence[Suite]
    facts: Facts = field(default_factory=dict)
    roles: Mapping[str, bool] = field(default_factory=dict)
    days_left: int | None = None
    body_pieces: Callable[[ExitCode, Say], Iterable[str]] | None = None

    def json_pieces(self, say: Say) -> Iterable[str]:
        """The same, piece by piece where the whole may be too much to have in memory."""
        return self.body_pieces(self.code, say) if self.body_pieces else (self.json(say),)

    @property
    def verdict(self) -> Verdict:
        """The whole run in one word."""
        return self.judged.verdict

    def all_findings(self) -> list[Finding]:
        """Every finding, suite by suite."""
        return [finding for suite in self.suites for finding in suite.findings]
