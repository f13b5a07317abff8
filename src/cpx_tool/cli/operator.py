"""The person at the keyboard: satisfies `ports.Operator`."""

from __future__ import annotations

import sys
from datetime import datetime

from cpx_tool.cli.output import note, write_error
from cpx_tool.cli.waiting import wait
from cpx_tool.i18n import say
from cpx_tool.model.message import Message, msg
from cpx_tool.model.reader import Pcsc, PcscStatus
from cpx_tool.report.words import one_line


class TerminalOperator:
    """Asks and tells on standard error: standard output is the result's."""

    def confirms(self, card: str, failed_at: datetime) -> bool:
        """Whether the PIN may be tried once more; no is the answer to a bare Enter."""
        question = msg(
            "On {date} a PIN try on card {card} did not succeed, or its end is not known (the run "
            "was interrupted). Three failures lock the card. Are you sure of its PIN, and shall it "
            "be tried once more?",
            date=failed_at,
            card=card,
        )
        return _agrees(question)

    def confirms_once_more(self, card: str) -> bool:
        """Whether the PIN may be tried once more; no is the answer to a bare Enter."""
        question = msg(
            "Card {card} accepted the PIN in this run, and was taken out before it was read to the "
            "end. Shall its PIN be tried once more?",
            card=card,
        )
        return _agrees(question)

    def type_on_pad(self, card: str, reader: str | None) -> None:
        """Where to type, and for which card."""
        note(
            msg(
                "Type the PIN of card {card} on the pad of reader {reader}, and confirm there.",
                card=card,
                reader=reader or "—",
            )
        )


def _agrees(question: Message) -> bool:
    """Whether yes is the answer; a bare Enter and the end of input are a no, and anything else is
    asked again. Ctrl-C stays `KeyboardInterrupt`: `click.confirm` makes `Abort` of it, which would
    lose what was read.
    """
    yes = {"y", "yes", *say(msg("y yes")).split()}
    no = {"", "n", "no", *say(msg("n no")).split()}
    choice = say(msg("[y/N]:"))
    shown = f"{one_line(say(question))} {choice}"
    while True:
        write_error(shown, indent="", end=" ")
        typed = wait(Pcsc(PcscStatus.NOT_ASKED), None)
        answer = typed.strip().casefold() if isinstance(typed, str) else ""
        if answer in yes | no:
            return answer in yes


def at_terminal() -> bool:
    """Whether there is somebody to ask: prompts go to standard error, answers come from input."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def operator() -> TerminalOperator | None:
    """The person, when there is a terminal to ask at."""
    return TerminalOperator() if at_terminal() else None
