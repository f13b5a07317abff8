"""Words that several reports share: verdicts, places, kinds of cards; and names made safe."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

from cpx_tool.model.finding import CardResult, Outcome, Place, Verdict
from cpx_tool.model.identity import Coded, Identity
from cpx_tool.model.message import Message, msg
from cpx_tool.model.reader import CardKind

Say: TypeAlias = Callable[[Message], str]
"""Turns a message into a sentence of the chosen language."""

VERDICTS = {
    Verdict.PASSED: msg("PASSED"),
    Verdict.FAILED: msg("FAILED"),
    Verdict.INCOMPLETE: msg("INCOMPLETE"),
}

RESULTS = {
    CardResult.PASSED: msg("PASSED"),
    CardResult.INTERCHANGEABLE: msg("interchangeable"),
    CardResult.FAILED: msg("FAILED"),
    CardResult.INCOMPLETE: msg("INCOMPLETE"),
}

OUTCOMES = {
    Outcome.PASSED: msg("passed"),
    Outcome.FAILED: msg("failed"),
    Outcome.SKIPPED: msg("not run"),
    Outcome.ERROR: msg("not determined"),
}

PLACES = {
    Place.EXPECTED: msg("expected"),
    Place.EXTRA: msg("one too many"),
    Place.DUPLICATE: msg("duplicate"),
    Place.FOREIGN: msg("not of this set"),
    Place.UNRECOGNISED: msg("not a CPx card"),
    Place.UNREAD: msg("not read"),
}

KINDS = {
    CardKind.CPS3: msg("CPS3"),
    CardKind.CPS3_CONTACTLESS: msg("CPS3, contactless"),
    CardKind.CPS4: msg("CPS4"),
    CardKind.CPX_LIKE: msg("CPx-like, not in the middleware's list"),
    CardKind.VITALE: msg("Vitale card"),
    CardKind.UNKNOWN: msg("unknown"),
}

_KEPT = "\n\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}"
_LONGEST_NAME = 128
_LONGEST_LINE = 2000


def holder_name(identity: Identity, say: Say) -> str:
    """Whom the card names, and whether that is a person."""
    name = clipped(identity.holder.display)
    if identity.holder.nominative:
        return name
    return say(msg("{name} (anonymous)", name=name))


def short_label(coded: Coded) -> str:
    """The abbreviation in brackets where the label has one ("CPS"), else the label or code."""
    label = coded.label or coded.code
    brackets = re.search(r"\(([^()]+)\)$", label)
    return brackets[1] if brackets else label


def day(moment: datetime | None) -> str:
    """ISO date in UTC, "" for none."""
    return moment.astimezone(UTC).date().isoformat() if moment else ""


def printable(text: str) -> str:
    """Without control characters: names come from cards and files, and reach a terminal.

    The no-break spaces of French typography stay.
    """
    return "".join(c if c.isprintable() or c in _KEPT else "\ufffd" for c in text)


def one_line(text: str) -> str:
    """`printable`, line breaks included: a name must not look like lines of the report."""
    return printable(text).replace("\n", "\ufffd")


def filled(line: str, width: int, indent: str = "") -> str:
    """A line as several of that width, the further ones indented; it is broken at blanks only, and
    what has none, as a path, stays whole. Blanks at its end stay, as those of a prompt.
    """
    text = line.rstrip(" ")
    lines = textwrap.wrap(
        text,
        width,
        initial_indent=text[: len(text) - len(text.lstrip(" "))],
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines) + line[len(text) :]


def cut(line: str, width: int) -> str:
    """What there is room for: a line that is written anew must be one."""
    return line if len(line) <= width else line[: max(0, width - 1)] + "…"


def clipped(text: str) -> str:
    """A name at the length that X.520 allows it (ub-name, twice: given name and surname)."""
    return text if len(text) <= _LONGEST_NAME else text[:_LONGEST_NAME] + "…"


def shortened(line: str) -> str:
    """A line without its middle where an argument of 100 000 characters would hide the rest."""
    if len(line) <= _LONGEST_LINE:
        return line
    return f"{line[: _LONGEST_LINE // 2]} […] {line[-_LONGEST_LINE // 2 :]}"
