"""What commands print, and on what."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TextIO

import click

from cpx_tool.errors import BadInput, why
from cpx_tool.i18n import say
from cpx_tool.model.message import Message, msg
from cpx_tool.report.canvas import Paper
from cpx_tool.report.words import printable

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


def show(text: str) -> None:
    """The result, on stdout. Nobody may be listening any more (`… | head`): no error of ours."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())  # the interpreter flushes once more at exit
    except OSError as error:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        raise BadInput(
            msg("Standard output cannot be written: {why}.", why=why(error)),
            msg("The result is lost: write it to another place."),
        ) from None
