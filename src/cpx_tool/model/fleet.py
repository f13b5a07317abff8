"""Many results in one: what each said, on which workstation, of which cards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from cpx_tool.model.finding import CardResult, Finding, Outcome, Severity, Verdict
from cpx_tool.model.message import Message

TWO_PLACES_WINDOW = timedelta(minutes=2)
"""Nobody carries a card from one workstation to another in less (docs/decisions/0029)."""

CLOCK_TOLERANCE = timedelta(minutes=5)
"""By so much the clocks of two machines may differ before it is told."""


class Command(StrEnum):
    """The commands whose results can be merged; `judge` gives what `check-set` gives."""

    DOCTOR = "doctor"
    CHECK_SET = "check-set"
    SIGN_TEST = "sign-test"
    TLS_TEST = "tls-test"
    CHECK_P12 = "check-p12"


class Reason(StrEnum):
    """Why a file is not merged. Stable words."""

    NOT_THERE = "not-there"
    NO_FILES = "no-files"
    """A folder or a pattern without a single .json."""
    UNREADABLE = "unreadable"
    NOT_A_FILE = "not-a-file"
    """A pipe, a device: it might have no end."""
    LOOP = "loop"
    """A link that leads to a folder that was read already."""
    TOO_LARGE = "too-large"
    NOT_UTF8 = "not-utf-8"
    NOT_JSON = "not-json"
    NOT_A_RESULT = "not-a-result"
    NEWER_SCHEMA = "newer-schema"
    NO_VERDICT = "no-verdict"
    """What --json gives when a command ended with an error."""
    OBSERVATION = "observation"
    MERGED_ALREADY = "merged-already"


HARMLESS = frozenset((Reason.OBSERVATION, Reason.MERGED_ALREADY, Reason.LOOP))
"""No result is lost with these: they may lie beside the results."""


@dataclass(frozen=True, slots=True)
class Unmerged:
    """A file, folder or pattern that gave nothing, and why; `detail` is for whoever looks closer:
    the system's word for it, or the place in the file.
    """

    file: str
    reason: Reason
    detail: str = ""

    @property
    def counts(self) -> bool:
        """Whether a result may be lost with it."""
        return self.reason not in HARMLESS


WORST_FIRST = (Verdict.FAILED, Verdict.INCOMPLETE, Verdict.PASSED)

_RANKS = (
    (Severity.BLOCKER, Outcome.FAILED),
    (Severity.BLOCKER, Outcome.ERROR),
    (Severity.WARNING, Outcome.FAILED),
    (Severity.WARNING, Outcome.ERROR),
    (Severity.BLOCKER, Outcome.SKIPPED),
    (Severity.WARNING, Outcome.SKIPPED),
    (Severity.WARNING, Outcome.PASSED),
    (Severity.BLOCKER, Outcome.PASSED),
)


def rank(severity: Severity, outcome: Outcome) -> int:
    """The worst is 0."""
    return _RANKS.index((severity, outcome))


@dataclass(frozen=True, slots=True)
class Answered:
    """What one check came to in one result: the worst, where it was asked of several cards."""

    check: str
    severity: Severity
    outcome: Outcome
    rank: int = field(init=False)
    """The worst is 0; kept, as it is looked at once for each check of each result."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "rank", rank(self.severity, self.outcome))


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a check found that did not pass, in the words and the language of the result.

    `subjects` are the cards, files and endpoints that it was said of.
    """

    check: str
    severity: Severity
    outcome: Outcome
    message: str
    hint: str
    code: str
    subjects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CardSeen:
    """A card in one result; `number` is printed on it. `result` is None where it was not judged
    as a card: by a handshake, or by its signatures alone. `at` is when its run began, or when it
    was read in an interrupted one.
    """

    number: str
    at: datetime
    result: CardResult | None = None
    role: str = ""
    holder: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """What is kept of a result. `set_name` is "" where no set was asked for, `run_id` where the
    result has none. `missing` are roles of the set. `omitted` troubles are not kept.
    """

    file: str
    sha256: str
    host: str
    command: Command
    set_name: str
    observed_at: datetime
    tool_version: str
    run_id: str
    verdict: Verdict
    exit_code: int
    emulated: bool
    interrupted: bool
    answers: tuple[Answered, ...]
    troubles: tuple[Trouble, ...]
    cards: tuple[CardSeen, ...]
    missing: tuple[str, ...]
    omitted: int = 0


class Repetition(StrEnum):
    """How a file says again what another one said."""

    SAME_CONTENT = "same-content"
    SAME_RUN = "same-run"


@dataclass(frozen=True, slots=True)
class Repeat:
    """A file that says again what `first` said; it is no history."""

    file: str
    first: str
    how: Repetition


@dataclass(frozen=True, slots=True)
class Counted:
    """The newest result of one command about one set on one workstation; `older` were seen, too."""

    newest: Summary
    older: int


@dataclass(frozen=True, slots=True)
class Station:
    """One workstation, by the name that it gives itself."""

    host: str
    results: tuple[Counted, ...]
    verdict: Verdict

    def answers(self) -> dict[str, Answered]:
        """Each check with the worst that it came to in any of the results."""
        worst: dict[str, Answered] = {}
        for counted in self.results:
            for answered in counted.newest.answers:
                known = worst.setdefault(answered.check, answered)
                if answered.rank < known.rank:
                    worst[answered.check] = answered
        return worst


@dataclass(frozen=True, slots=True)
class AtHost:
    """A card on one workstation, when it was last seen there."""

    host: str
    seen: CardSeen


@dataclass(frozen=True, slots=True)
class FleetCard:
    """One card on all workstations. An emulated one is never the same as a real one."""

    number: str
    emulated: bool
    roles: tuple[str, ...]
    holder: str
    hosts: tuple[AtHost, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where and when a card was seen, and the file that says so."""

    host: str
    at: datetime
    file: str


@dataclass(frozen=True, slots=True)
class TwoPlaces:
    """A card that was at two workstations within `TWO_PLACES_WINDOW`, the earlier first."""

    number: str
    first: Place
    second: Place


@dataclass(frozen=True, slots=True)
class UnseenRole:
    """A card of a set that is missing on each of the workstations where the set was checked."""

    set_name: str
    role: str
    hosts: int
    emulated: bool


@dataclass(frozen=True, slots=True)
class Merger:
    """Who merged, and when."""

    host: str
    run_id: str
    tool_version: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Gathered:
    """All results, reduced and put together; not judged yet."""

    merger: Merger
    stations: tuple[Station, ...]
    cards: tuple[FleetCard, ...]
    unmerged: tuple[Unmerged, ...]
    repeats: tuple[Repeat, ...]
    two_places: tuple[TwoPlaces, ...]
    unseen: tuple[UnseenRole, ...]
    ahead: tuple[Place, ...]
    """Results whose time has not come yet by the merging machine's clock."""
    merged: int
    """Results, repetitions and older ones included."""

    def newest(self) -> tuple[Summary, ...]:
        """The results that count, workstation by workstation."""
        return tuple(one.newest for station in self.stations for one in station.results)


@dataclass(frozen=True, slots=True)
class Fleet:
    """The judged fleet: its findings are about the merging, those of results are in them.

    `titles` are those of the checks that were answered, as far as this version knows them.
    """

    gathered: Gathered
    titles: Mapping[str, Message]
    findings: tuple[Finding, ...]
    verdict: Verdict
