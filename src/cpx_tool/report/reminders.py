"""The forecast as calendar entries, in the user's language: card numbers, no names, no PIN."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import UTC, date, timedelta

from cpx_tool.model.calendar import Reminder
from cpx_tool.model.finding import Checklist
from cpx_tool.model.forecast import Forecast
from cpx_tool.model.message import Message, msg
from cpx_tool.report.console import emulated_banner
from cpx_tool.report.forecast import FORM, MAIL, assumption, end, incomplete, what_to_order
from cpx_tool.report.words import Say, one_line

_NAMESPACE = uuid.UUID("7f0a4a1e-5f0c-4f4e-9c36-0c8f6a0b6a52")
"""Ours, made once: RFC 9562, version 5."""

_MORNING = timedelta(hours=9)
_ORDER_ALARMS = (timedelta(days=-7), _MORNING)
_END_ALARMS = (timedelta(days=-30), timedelta(days=-7))


def reminders(checklist: Checklist, say: Say) -> tuple[Reminder, ...]:
    """One entry to order the next set, one for the end; each only where its day is known."""
    told, found = checklist.forecast, []
    if told.reorder_by is not None:
        found.append(_to_order(checklist, told.reorder_by, say))
    if told.usable_until is not None:
        found.append(_of_the_end(checklist, told.usable_until.astimezone(UTC).date(), say))
    return tuple(found)


def _to_order(checklist: Checklist, by: date, say: Say) -> Reminder:
    """What is late already stands on the day of the observation."""
    told, title = checklist.forecast, checklist.card_set.title
    return Reminder(
        uid=_uid("order", checklist),
        stamp=told.at.astimezone(UTC),
        day=max(by, told.at.astimezone(UTC).date()),
        summary=_summary(msg("Order the test cards “{title}” again", title=title), checklist, say),
        description=_text((*_facts(checklist), *_order(checklist)), say),
        url=FORM,
        alarms=_ORDER_ALARMS,
    )


def _of_the_end(checklist: Checklist, until: date, say: Say) -> Reminder:
    told, title = checklist.forecast, checklist.card_set.title
    return Reminder(
        uid=_uid("end", checklist),
        stamp=told.at.astimezone(UTC),
        day=until,
        summary=_summary(
            msg("The test cards “{title}” stop being usable", title=title), checklist, say
        ),
        description=_text((*_facts(checklist), _after(told), *_order(checklist)), say),
        url=FORM,
        alarms=_END_ALARMS,
    )


def _uid(what: str, checklist: Checklist) -> str:
    """The same for one set of cards and the day on which it ends, whenever it is written."""
    told = checklist.forecast
    numbers = sorted(card.card_number or card.key for card in told.cards)
    end = told.usable_until.astimezone(UTC).date().isoformat() if told.usable_until else ""
    return str(uuid.uuid5(_NAMESPACE, "\n".join((what, checklist.card_set.name, end, *numbers))))


def _summary(summary: Message, checklist: Checklist, say: Say) -> str:
    if checklist.observation.emulated:
        summary = msg("EMULATED CARDS: {summary}", summary=summary)
    return one_line(say(summary))


def _facts(checklist: Checklist) -> Iterable[Message]:
    told = checklist.forecast
    if checklist.observation.emulated:
        yield emulated_banner()
    if not told.complete:
        yield incomplete(told)
    if told.usable_until is not None:
        yield end(told)


def _order(checklist: Checklist) -> tuple[Message, ...]:
    """How to order, as the ANS's ordering guide says it."""
    return (
        msg("Order: form 414 of the ANS ({form}), sent to {mail}.", form=FORM, mail=MAIL),
        msg("Part 1: your structure. Part 2: visa and stamp; the project lead may sign."),
        what_to_order(checklist.card_set),
        msg("Test cards live three years."),
        assumption(checklist.forecast),
        _origin(checklist.forecast),
    )


def _after(told: Forecast) -> Message:
    if not told.complete:
        return msg("After that day these cards are refused too: their certificates have ended.")
    return msg("After that day the set is not whole: certificates that have ended are refused.")


def _origin(told: Forecast) -> Message:
    return msg(
        "Written by cpx-tool from what it saw on {date}: check the cards again before you order.",
        date=told.at,
    )


def _text(messages: Iterable[Message], say: Say) -> str:
    return "\n".join(one_line(say(message)) for message in messages)
