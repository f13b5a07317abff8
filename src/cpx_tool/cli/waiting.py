"""Waiting at a drawer: for a line typed, or a change of the readers, whichever comes first."""

from __future__ import annotations

import select
import sys
import time
from collections.abc import Callable

import click

from cpx_tool.model.reader import Pcsc
from cpx_tool.report.words import printable

_INTERVAL_SECONDS = 0.2
"""How often the readers are looked at: a card put in is to be noticed within half a second."""


def wait(since: Pcsc, look: Callable[[], Pcsc] | None) -> str | Pcsc | None:
    """The next line typed, or the readers when they are no longer as they were `since`; None at
    the end of input.

    Nothing is read ahead, so prompts of others find their own lines. `look` is None where there
    are no readers to look at.
    """
    try:
        while True:
            now = look() if look is not None else since
            if now != since:
                return now
            if _is_typed(_INTERVAL_SECONDS if look is not None else None):
                return _line()
    except KeyboardInterrupt:
        click.echo(err=True)  # what follows starts on a line of its own
        raise


def _line() -> str | None:
    try:
        typed = sys.stdin.buffer.readline()
    except OSError:  # Linux: the terminal was closed
        typed = b""
    if not typed:
        click.echo(err=True)
        return None
    return printable(typed.decode(sys.stdin.encoding, errors="replace").rstrip("\r\n"))


if sys.platform == "win32":
    import msvcrt

    _PAUSE_SECONDS = 0.02

    def _is_typed(seconds: float | None) -> bool:
        """Whether a key was pressed within that time. The console has no other way to ask."""
        end = None if seconds is None else time.monotonic() + seconds
        while end is None or time.monotonic() < end:
            if msvcrt.kbhit():
                return True
            time.sleep(_PAUSE_SECONDS)
        return False

else:

    def _is_typed(seconds: float | None) -> bool:
        """Whether a line was typed within that time; without one, wait for it."""
        return bool(select.select([sys.stdin], [], [], seconds)[0])
