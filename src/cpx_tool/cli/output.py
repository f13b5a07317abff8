"""What commands print, and on what."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from typing import NoReturn, TextIO

import click

from cpx_tool.errors import BadInput, ExitCode
from cpx_tool.i18n import say
from cpx_tool.model.fetch import Fetched
from cpx_tool.model.message import Message, msg
from cpx_tool.report.canvas import Paper
from cpx_tool.report.fetch import render_fetched
from cpx_tool.report.words import one_line, printable, shortened

ASKING = msg("Asking the network…")

_MINIMUM_WIDTH = 60
_MAXIMUM_WIDTH = 120


def paper(stream: TextIO | None = None) -> Paper:
    """The terminal's width and colours; 80 plain columns when there is no terminal.

    `stream` is where it will be shown: standard output unless another is named.
    """
    stream = stream or sys.stdout
    if not stream.isatty():
        return Paper()
    columns = shutil.get_terminal_size((80, 24)).columns
    width = max(_MINIMUM_WIDTH, min(columns, _MAXIMUM_WIDTH))
    return Paper(width=width, colour="NO_COLOR" not in os.environ)


def tell(message: Message) -> None:
    """Progress, on stderr and only for a person."""
    if sys.stderr.isatty():
        click.echo(say(message), err=True)


def note(message: Message) -> None:
    """A sentence on stderr."""
    click.echo(printable(say(message)), err=True)


def fetched_text(fetched: Sequence[Fetched] | None) -> str:
    """What the network gave, below a report for a person; nothing when it was not asked."""
    return "" if fetched is None else render_fetched(fetched, say, paper())


def complain(reason: Message, hint: Message | None = None) -> None:
    """What went wrong and what to do, on stderr: one line each."""
    click.echo(shortened(one_line(say(msg("Error: {reason}", reason=reason)))), err=True)
    if hint is not None:
        click.echo(printable(f"→ {say(hint)}"), err=True)


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
