"""Cards as they lie on the page: who, what, until when, and what became of the PIN."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from cpx_tool.catalogue.pin_words import PIN_RESULTS
from cpx_tool.catalogue.readers import NOT_A_READER
from cpx_tool.model.finding import Checklist, Finding, JudgedCard, Outcome, Place
from cpx_tool.model.message import msg, nmsg
from cpx_tool.model.observation import CardObservation, PinRecord, PinResult
from cpx_tool.model.reader import PcscStatus
from cpx_tool.model.token import TriesLeft, tries_left
from cpx_tool.report.html import lines, marks
from cpx_tool.report.html.lines import Line
from cpx_tool.report.html.marks import Kind, Mark, Tally
from cpx_tool.report.html.timeline import Bar, Scale
from cpx_tool.report.words import PLACES, Say, clipped, day, holder_name, short_label

_PIN_CHECKS = ("PIN-ALLOWED", "PIN-ACCEPTED")
_DATED = ("CERT-STARTED", "CERT-NOT-EXPIRED", "CERT-EXPIRY")

PINS = {
    PinResult.ACCEPTED: Kind.PASSED,
    PinResult.WRONG: Kind.FAILED,
    PinResult.LOCKED: Kind.FAILED,
    PinResult.FAILED: Kind.ERROR,
    PinResult.ALREADY_LOGGED_IN: Kind.ERROR,
    PinResult.REFUSED: Kind.SKIPPED,
}
_TRIES = {
    TriesLeft.ALL: msg("all tries left"),
    TriesLeft.SOME: msg("fewer than all tries left"),
    TriesLeft.ONE: msg("one try left"),
    TriesLeft.NONE: msg("no try left"),
    TriesLeft.NOT_KNOWN: msg("the card shows no PIN"),
}


@dataclass(frozen=True, slots=True)
class Validity:
    """From when until when; `bar` is None where a date is not known."""

    start: str
    end: str
    left: str
    kind: str
    bar: Bar | None


@dataclass(frozen=True, slots=True)
class Pin:
    """A line of the ledger of PIN tries. `told` is why it was not tried, or what went wrong."""

    mark: Mark
    tries: str
    told: str
    hint: str
    pad: str
    earlier: str


@dataclass(frozen=True, slots=True)
class CardView:
    """One card. `place` is its anchor on the page."""

    place: str
    key: str
    holder: str
    type: str
    profession: str
    role: str
    result: Mark
    validity: Validity
    pin: Pin | None
    keys: tuple[tuple[str, Mark], ...]
    reader: str
    token: str
    read_at: str
    tallies: list[Tally]
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class MissingView:
    """A role that no card of the run has."""

    role: str
    mark: Mark


def card_views(checklist: Checklist, scale: Scale, say: Say) -> list[CardView]:
    """Every card, in the set's order."""
    seen = checklist.observation
    return [
        _view(
            card,
            card_place(number),
            reader_name(card.observed, seen.pcsc.status, say),
            _of_card(card, scale, say),
            say,
        )
        for number, card in enumerate(checklist.cards, start=1)
    ]


def missing_views(checklist: Checklist, say: Say) -> list[MissingView]:
    """The roles without a card; in an interrupted run they were not come to."""
    kind, word = (
        (Kind.SKIPPED, msg("not read"))
        if checklist.observation.cut_short
        else (Kind.FAILED, msg("missing"))
    )
    mark = marks.worded(kind, word, say)
    return [MissingView(role.title, mark) for role in checklist.missing]


def card_place(number: int) -> str:
    """The anchor of the n-th card."""
    return f"card-{number}"


def _view(card: JudgedCard, place: str, reader: str, valid: Validity, say: Say) -> CardView:
    identity, token = card.identity, card.observed.token
    kind = identity.card_type if identity else None
    profession = identity.profession if identity else None
    read_at = card.observed.observed_at
    return CardView(
        place=place,
        key=card.key,
        holder=holder_name(identity, say) if identity else "",
        type=short_label(kind) if kind else "",
        profession=clipped(profession.label or profession.code) if profession else "",
        role=_role(card, say),
        result=marks.of_result(card.result, say),
        validity=valid,
        pin=pin_view(card.observed.pin, card.findings, say),
        keys=_keys(card, say),
        reader=reader,
        token=token.label if token else "",
        read_at=say(msg("{date}", date=read_at)) if read_at else "",
        tallies=marks.tallies(card.all_findings(), say),
        lines=lines.lines(card.findings, say),
    )


def _role(card: JudgedCard, say: Say) -> str:
    if card.expected is None or card.place is not Place.EXPECTED:
        return say(PLACES[card.place])
    if card.interchangeable:
        return say(msg("{role} (not certain)", role=card.expected.title))
    return card.expected.title


def reader_name(card: CardObservation, pcsc: PcscStatus, say: Say) -> str:
    """The reader as PC/SC names it; the slot's word for it where PC/SC was not asked."""
    if card.reader is not None:
        return card.reader
    if pcsc is PcscStatus.NOT_ASKED:
        return card.slot.description
    return say(NOT_A_READER)


def validity(
    start: datetime | None,
    end: datetime | None,
    dated: Iterable[Finding],
    scale: Scale,
    say: Say,
) -> Validity:
    """From when until when; `dated` are the findings about that."""
    return Validity(
        start=day(start),
        end=day(end),
        left=_left(start, end, scale.now, say),
        kind=(marks.worst(dated) or Kind.SKIPPED).value,
        bar=scale.bar(start, end) if start and end and start < end else None,
    )


def _of_card(card: JudgedCard, scale: Scale, say: Say) -> Validity:
    dated = [finding for finding in card.findings if finding.check in _DATED]
    return validity(card.not_before, card.not_after, dated, scale, say)


def _left(start: datetime | None, end: datetime | None, now: datetime, say: Say) -> str:
    if end is not None and end < now:
        return say(msg("expired"))
    if start is not None and start > now:
        return say(msg("not yet valid"))
    if end is None:
        return ""
    days = (end.astimezone(UTC) - now.astimezone(UTC)).days
    return say(nmsg("{count} day left", "{count} days left", days))


def pin_view(pin: PinRecord | None, findings: Iterable[Finding], say: Say) -> Pin | None:
    """The line of the ledger for one card, None for one that did not come to its PIN."""
    if pin is None:
        return None
    told = next((f for f in findings if _tells(f)), None)
    return Pin(
        mark=marks.worded(PINS[pin.result], PIN_RESULTS[pin.result], say),
        tries=say(_TRIES[tries_left(pin.flags)]),
        told=say(told.message) if told else "",
        hint=say(told.hint) if told and told.hint else "",
        pad=say(msg("typed on the reader's own pad")) if pin.pad else "",
        earlier=say(msg("{date}", date=pin.earlier)) if pin.earlier else "",
    )


def _tells(finding: Finding) -> bool:
    return finding.check in _PIN_CHECKS and finding.outcome is not Outcome.PASSED


def _keys(card: JudgedCard, say: Say) -> tuple[tuple[str, Mark], ...]:
    """What the two personal keys did."""
    asked = (("SIGN-AUTH", msg("Authentication key")), ("SIGN-SIGN", msg("Signature key")))
    found = {f.check: f for f in card.findings}
    return tuple(
        (say(name), marks.of_finding(found[check], say)) for check, name in asked if check in found
    )
