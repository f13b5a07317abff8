"""What commands print, and on what."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NoReturn, TextIO

import click

from cpx_tool.errors import BadInput, ExitCode
from cpx_tool.i18n import say
from cpx_tool.model.fetch import Fetched
from cpx_tool.model.message import Message, msg
from cpx_tool.report.canvas import Paper
from cpx_tool.report.detail import Detail
from cpx_tool.report.fetch import render_fetched
from cpx_tool.report.words import filled, one_line, printable, shortened

ASKING = msg("Asking the network…")

_MINIMUM_WIDTH = 60
_MAXIMUM_WIDTH = 120
_NARROWEST = 20
_USUAL = os.terminal_size((80, 24))
_INDENT = "  "
_FORCING = ("CLICOLOR_FORCE", "FORCE_COLOR")


def paper(stream: TextIO | None = None) -> Paper:
    """The terminal's width and colours; 80 columns when there is no terminal.

    `stream` is where it will be shown: standard output unless another is named.
    """
    stream = stream or sys.stdout
    columns = window(stream).columns if stream.isatty() else _USUAL.columns
    width = max(_MINIMUM_WIDTH, min(columns, _MAXIMUM_WIDTH))
    return Paper(width=width, colour=coloured(os.environ, terminal=stream.isatty()))


def coloured(environment: Mapping[str, str], *, terminal: bool) -> bool:
    """Whether there are to be colours, by what users know of other programs: no-color.org and
    bixense.com/clicolors. A variable that is empty is none.
    """
    if environment.get("NO_COLOR"):
        return False
    if any(environment.get(name, "") not in ("", "0") for name in _FORCING):
        return True
    return terminal and environment.get("TERM") != "dumb" and environment.get("CLICOLOR") != "0"


def window(stream: TextIO) -> os.terminal_size:
    """Columns and lines of the terminal behind the stream, or what COLUMNS and LINES say. The
    other streams do not count: one of them may be a file.
    """
    size = _USUAL
    with suppress(OSError, ValueError):  # ValueError: it is closed
        size = os.get_terminal_size(stream.fileno())
    said = (_number("COLUMNS") or size.columns, _number("LINES") or size.lines)
    return os.terminal_size((said[0] or _USUAL.columns, said[1] or _USUAL.lines))


def _number(name: str) -> int:
    text = os.environ.get(name, "")
    return int(text) if text.isascii() and text.isdigit() else 0


def tell(message: Message, detail: Detail = Detail.NORMAL) -> None:
    """Progress, on stderr and only for a person, who did not ask for quiet."""
    if sys.stderr.isatty() and detail is not Detail.QUIET:
        note(message)


def note(message: Message) -> None:
    """A sentence on stderr."""
    write_error(printable(say(message)))


def write_error(text: str, *, indent: str = _INDENT, end: str = "\n") -> None:
    """Lines on stderr. At a terminal they are wrapped as those of a report, the further lines
    indented; elsewhere each is whole: what looks for one in a log finds it.
    """
    if sys.stderr.isatty():
        width = max(_NARROWEST, min(window(sys.stderr).columns, _MAXIMUM_WIDTH))
        text = "\n".join(filled(line, width, indent) for line in text.split("\n"))
    click.echo(text + end, nl=False, err=True)


def fetched_text(fetched: Sequence[Fetched] | None) -> str:
    """What the network gave, below a report for a person; nothing when it was not asked."""
    return "" if fetched is None else render_fetched(fetched, say, paper())


def complain(reason: Message, hint: Message | None = None) -> None:
    """What went wrong and what to do, on stderr: a paragraph each."""
    write_error(shortened(one_line(say(msg("Error: {reason}", reason=reason)))))
    if hint is not None:
        write_error(printable(f"→ {say(hint)}"))


def show(text: str) -> None:
    """The result, on stdout. Raises `BadInput` when it cannot be written there: it is on stderr
    then.
    """
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BadInput as error:
        click.echo(text, nl=False, err=True)
        hint = msg("The result was written to standard error instead.")
        raise BadInput(error.reason, hint) from None


def conclude(context: click.Context, text: str, code: ExitCode) -> NoReturn:
    """Show the result and end with its code. Raises `BadInput` as `show`, then with that code,
    unless it would be 0: a result that cannot be shown is no success.
    """
    try:
        show(text)
    except BadInput as error:
        error.exit_code = code or error.exit_code
        raise
    context.exit(int(code))
