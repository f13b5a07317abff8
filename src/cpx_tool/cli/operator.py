"""The person at the keyboard: satisfies `ports.Operator`."""

from __future__ import annotations

import sys
from datetime import datetime

import click

from cpx_tool.cli.output import note
from cpx_tool.i18n import say
from cpx_tool.model.message import msg
from cpx_tool.report.words import one_line


class TerminalOperator:
    """Asks and tells on standard error: standard output is the result's."""

    def confirms(self, card: str, failed_at: datetime) -> bool:
        """Whether the PIN may be tried once more; no is the answer to a bare Enter."""
        question = msg(
            "On {date} the PIN failed on card {card}. Three failures lock it. Are you sure of "
            "the PIN, and shall it be tried once more?",
            date=failed_at,
            card=card,
        )
        return click.confirm(one_line(say(question)), default=False, err=True)

    def confirms_once_more(self, card: str) -> bool:
        """Whether the PIN may be tried once more; no is the answer to a bare Enter."""
        question = msg(
            "Card {card} accepted the PIN in this run, and was taken out before it was read to the "
            "end. Shall its PIN be tried once more?",
            card=card,
        )
        return click.confirm(one_line(say(question)), default=False, err=True)

    def type_on_pad(self, card: str, reader: str | None) -> None:
        """Where to type, and for which card."""
        note(
            msg(
                "Type the PIN of card {card} on the pad of reader {reader}, and confirm there.",
                card=card,
                reader=reader or "—",
            )
        )


def at_terminal() -> bool:
    """Whether there is somebody to ask: prompts go to standard error, answers come from input."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def operator() -> TerminalOperator | None:
    """The person, when there is a terminal to ask at."""
    return TerminalOperator() if at_terminal() else None
