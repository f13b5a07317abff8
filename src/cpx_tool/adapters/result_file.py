"""One result as a file → its summary: read within bounds, and no more of it than is told.

The whole format is in `report/result.schema.json`. Here stands what merging needs of it; keys that
are not named here are passed over unread, so that a later version of the tool may add some.
"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import Annotated

import msgspec

from cpx_tool.adapters.codec import Malformed, from_json
from cpx_tool.adapters.files import read_at_most
from cpx_tool.errors import code_of
from cpx_tool.model.finding import CardResult, Outcome, Severity, Verdict
from cpx_tool.model.fleet import (
    Answered,
    CardSeen,
    Command,
    Reason,
    Summary,
    Trouble,
    Unmerged,
    rank,
)

MAXIMUM_BYTES = 8 * 1024 * 1024
"""A set of six cards has 0.3 MB; one of a hundred with handshakes would have 6."""

MAXIMUM_ITEMS = 1000
"""Of cards, findings and whatever else there is several of."""

SCHEMA_VERSION = 1
MOST_TROUBLES = 40
MOST_SUBJECTS = 20
LONGEST_TEXT = 500
LONGEST_NAME = 253
"""Of a host, as DNS has it; and of whatever else is a name."""

_BOM = b"\xef\xbb\xbf"

_DENYING = (Outcome.FAILED, Outcome.ERROR)

_Code = Annotated[int, msgspec.Meta(ge=0, le=255)]


@dataclass(frozen=True, slots=True)
class _Finding:
    check: str
    severity: Severity
    outcome: Outcome
    message: str
    hint: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class _Role:
    role: str


@dataclass(frozen=True, slots=True)
class _Holder:
    display: str | None = None


@dataclass(frozen=True, slots=True)
class _Identity:
    card_number: str | None = None
    holder: _Holder | None = None


@dataclass(frozen=True, slots=True)
class _Client:
    kind: str
    identity: _Identity | None = None


@dataclass(frozen=True, slots=True)
class _Endpoint:
    url: str


@dataclass(frozen=True, slots=True)
class _Handshake:
    endpoint: _Endpoint
    client: _Client
    findings: tuple[_Finding, ...]


@dataclass(frozen=True, slots=True)
class _Card:
    key: str
    findings: tuple[_Finding, ...]
    result: CardResult | None = None
    read_at: datetime | None = None
    role: _Role | None = None
    identity: _Identity | None = None
    handshakes: tuple[_Handshake, ...] = ()


@dataclass(frozen=True, slots=True)
class _File:
    file: str
    findings: tuple[_Finding, ...]


@dataclass(frozen=True, slots=True)
class _Set:
    name: str


@dataclass(frozen=True, slots=True)
class _Host:
    host: str


@dataclass(frozen=True, slots=True)
class _Result:
    """As much of any result as is told; which command gave it, `_command` knows."""

    verdict: Verdict
    exit_code: _Code
    tool_version: str
    observed_at: datetime | None = None
    judged_at: datetime | None = None
    run_id: str = ""
    host: str = ""
    emulated: bool = False
    interrupted: bool = False
    workstation: _Host | None = None
    set: _Set | None = None
    missing: tuple[_Role, ...] = ()
    findings: tuple[_Finding, ...] = ()
    cards: tuple[_Card, ...] = ()
    handshakes: tuple[_Handshake, ...] = ()
    files: tuple[_File, ...] = ()


class _Refused(Exception):
    """This file gives no summary."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.detail = detail


def read_result(path: Path) -> Summary | Unmerged:
    """The summary of a file, or why there is none. Raises nothing."""
    try:
        content = _content(path)
        command, result = _result(content)
        return _summary(str(path), content, command, result)
    except _Refused as refused:
        return Unmerged(str(path), refused.reason, refused.detail)
    except OSError as error:
        return Unmerged(str(path), Reason.UNREADABLE, code_of(error))


def _content(path: Path) -> bytes:
    """Raises `OSError` and `_Refused`."""
    if not stat.S_ISREG(path.stat().st_mode):  # it is not opened: a tape would be rewound
        raise _Refused(Reason.NOT_A_FILE)
    content = read_at_most(path, MAXIMUM_BYTES + 1)
    if len(content) > MAXIMUM_BYTES:
        raise _Refused(Reason.TOO_LARGE, f"> {MAXIMUM_BYTES}")
    return content


def _result(content: bytes) -> tuple[Command, _Result]:
    """Raises `_Refused`."""
    told = content.removeprefix(_BOM)
    parts = _parts(told)
    version = _version(parts)
    if version > SCHEMA_VERSION:
        raise _Refused(Reason.NEWER_SCHEMA, str(version))
    if version < SCHEMA_VERSION:
        raise _Refused(Reason.NOT_A_RESULT, "schema_version")
    command = _command(parts)
    try:
        return command, from_json(told, _Result, MAXIMUM_ITEMS)
    except Malformed as error:
        raise _Refused(Reason.NOT_A_RESULT, _clip(str(error))) from None


def _parts(told: bytes) -> Mapping[str, msgspec.Raw]:
    """The keys of the object; what they hold is not looked at yet."""
    try:
        told.decode()
    except UnicodeDecodeError as error:
        raise _Refused(Reason.NOT_UTF8, str(error.start)) from None
    try:
        from_json(told, msgspec.Raw)
    except Malformed as error:
        raise _Refused(Reason.NOT_JSON, _clip(str(error))) from None
    try:
        return from_json(told, dict[str, msgspec.Raw])
    except Malformed as error:
        raise _Refused(Reason.NOT_A_RESULT, _clip(str(error))) from None


def _version(parts: Mapping[str, msgspec.Raw]) -> int:
    try:
        return from_json(bytes(parts["schema_version"]), int)
    except (KeyError, Malformed):
        raise _Refused(Reason.NOT_A_RESULT, "schema_version") from None


def _command(parts: Mapping[str, msgspec.Raw]) -> Command:
    """By the keys that only its results have. Raises `_Refused` for what is none."""
    if "command" in parts and bytes(parts["command"]) == b'"merge"':
        raise _Refused(Reason.MERGED_ALREADY)
    if "error" in parts:
        raise _Refused(Reason.NO_VERDICT)
    if "verdict" not in parts:
        observed = {"run_id", "observed_at", "pcsc"} <= parts.keys()
        reason = Reason.OBSERVATION if observed else Reason.NOT_A_RESULT
        raise _Refused(reason, "" if observed else "verdict")
    command = next((command for key, command in _TELLING if key in parts), None)
    if command is None:
        raise _Refused(Reason.NOT_A_RESULT, "cards")
    for key in _NEEDED[command]:
        if key not in parts:
            raise _Refused(Reason.NOT_A_RESULT, key)
    return command


_TELLING = (
    ("set", Command.CHECK_SET),
    ("handshakes", Command.TLS_TEST),
    ("cards", Command.SIGN_TEST),
    ("files", Command.CHECK_P12),
    ("fixes", Command.DOCTOR),
)

_OF_CARDS = ("emulated", "workstation", "findings", "cards")
_NEEDED = {
    Command.CHECK_SET: (*_OF_CARDS, "missing"),
    Command.TLS_TEST: ("emulated", "workstation", "handshakes"),
    Command.SIGN_TEST: _OF_CARDS,
    Command.CHECK_P12: ("emulated", "findings", "files"),
    Command.DOCTOR: ("workstation", "findings"),
}
"""What a result must have to mean anything here; the schema wants more of it."""


def _summary(file: str, content: bytes, command: Command, result: _Result) -> Summary:
    at = result.observed_at or result.judged_at
    if at is None:
        raise _Refused(Reason.NOT_A_RESULT, "observed_at")
    told = list(_told(result))
    if result.verdict is Verdict.PASSED and any(_denies(finding) for _, finding in told):
        raise _Refused(Reason.NOT_A_RESULT, "verdict")
    troubles = _troubles(told)
    return Summary(
        file=file,
        sha256=hashlib.sha256(content).hexdigest(),
        host=_name(result.workstation.host if result.workstation else result.host),
        command=command,
        set_name=_name(result.set.name) if result.set else "",
        observed_at=at,
        tool_version=_name(result.tool_version),
        run_id=_name(result.run_id),
        verdict=result.verdict,
        exit_code=result.exit_code,
        emulated=result.emulated,
        interrupted=result.interrupted,
        answers=_answers(finding for _, finding in told),
        troubles=tuple(troubles[:MOST_TROUBLES]),
        cards=tuple(_cards(result, at)),
        missing=tuple(_name(role.role) for role in result.missing),
        omitted=max(0, len(troubles) - MOST_TROUBLES),
    )


def _told(result: _Result) -> Iterator[tuple[str, _Finding]]:
    """Each finding with what it was said of, "" for the run."""
    yield from (("", finding) for finding in result.findings)
    for card in result.cards:
        yield from ((card.key, finding) for finding in card.findings)
    for file in result.files:
        yield from ((file.file, finding) for finding in file.findings)
    below = (card.handshakes for card in result.cards)
    for shaken in chain(result.handshakes, *below):
        yield from ((_who(shaken), finding) for finding in shaken.findings)


def _denies(finding: _Finding) -> bool:
    """Whether no run in which this was found has PASSED."""
    return finding.severity is Severity.BLOCKER and finding.outcome in _DENYING


def _who(shaken: _Handshake) -> str:
    number = shaken.client.identity.card_number if shaken.client.identity else None
    return f"{number or ''} {shaken.endpoint.url}".strip()


def _answers(findings: Iterable[_Finding]) -> tuple[Answered, ...]:
    """The worst of each check, in the order in which they were asked."""
    worst: dict[str, Answered] = {}
    for finding in findings:
        answered = _answered(_name(finding.check), finding.severity, finding.outcome)
        known = worst.setdefault(answered.check, answered)
        if answered.rank < known.rank:
            worst[answered.check] = answered
    return tuple(worst.values())


@lru_cache(maxsize=4096)
def _answered(check: str, severity: Severity, outcome: Outcome) -> Answered:
    """One value for all results: there are few that differ."""
    return Answered(check, severity, outcome)


@lru_cache(maxsize=4096)
def _same(text: str) -> str:
    """One text for all results that have it."""
    return text


def _troubles(told: Iterable[tuple[str, _Finding]]) -> list[Trouble]:
    """What did not pass, each sentence of a check once, the worst first."""
    subjects: dict[tuple[str, Severity, Outcome, str], list[str]] = {}
    findings: dict[tuple[str, Severity, Outcome, str], _Finding] = {}
    for subject, finding in told:
        if finding.outcome is Outcome.PASSED:
            continue
        key = (finding.check, finding.severity, finding.outcome, finding.message)
        findings.setdefault(key, finding)
        subjects.setdefault(key, []).append(subject)
    found = [_trouble(one, subjects[key]) for key, one in findings.items()]
    return sorted(found, key=lambda trouble: rank(trouble.severity, trouble.outcome))


def _trouble(finding: _Finding, subjects: Iterable[str]) -> Trouble:
    named = dict.fromkeys(_name(subject) for subject in subjects if subject)
    return Trouble(
        check=_same(_name(finding.check)),
        severity=finding.severity,
        outcome=finding.outcome,
        message=_same(_clip(finding.message)),
        hint=_same(_clip(finding.hint or "")),
        code=_same(_name(finding.code or "")),
        subjects=tuple(islice(named, MOST_SUBJECTS)),
    )


def _cards(result: _Result, at: datetime) -> Iterator[CardSeen]:
    """Each card once; without a number it cannot be told from others."""
    seen = set()
    for card in result.cards:
        number = _number(card.identity)
        if number and number not in seen:
            seen.add(number)
            role = _same(_name(card.role.role)) if card.role else ""
            holder = _holder(card.identity)
            yield CardSeen(number, card.read_at or at, card.result, role, holder)
    for shaken in result.handshakes:
        number = _number(shaken.client.identity)
        if shaken.client.kind == "card" and number and number not in seen:
            seen.add(number)
            yield CardSeen(number, at, holder=_holder(shaken.client.identity))


def _number(identity: _Identity | None) -> str:
    return _same(_name(identity.card_number or "")) if identity else ""


def _holder(identity: _Identity | None) -> str:
    holder = identity.holder if identity else None
    return _same(_name(holder.display or "")) if holder else ""


def _name(text: str) -> str:
    """A name; of an endless one its beginning, and what tells it from others that begin so."""
    if len(text) <= LONGEST_NAME:
        return _same(text)
    digest = hashlib.sha256(text.encode(errors="replace")).hexdigest()[:8]
    return f"{text[:LONGEST_NAME]}…{digest}"


def _clip(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + "…"
