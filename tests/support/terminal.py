"""Runs the command line at a terminal of its own, where somebody types."""

from __future__ import annotations

import os
import pty
import select
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from support.cli import COMMAND, environment

_PATIENCE = 60.0


@dataclass(frozen=True)
class Session:
    """What stood on the terminal, and how the command ended."""

    screen: str
    code: int


def at_terminal(arguments: Sequence[str | Path], dialogue: Sequence[tuple[str, str]]) -> Session:
    """Run `cpx-tool`; for each (words, answer), wait for the words, then type the answer."""
    child, terminal = pty.fork()
    if child == 0:
        os.execve(COMMAND, [str(COMMAND), *map(str, arguments)], environment())  # noqa: S606
    screen = b""
    end = time.monotonic() + _PATIENCE
    try:
        for words, answer in dialogue:
            start = len(screen)
            while words.encode() not in screen[start:]:
                screen += _more(terminal, end)
            os.write(terminal, answer.encode() + b"\n")
        while more := _more(terminal, end, at_end=b""):
            screen += more
    except BaseException:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise
    finally:
        os.close(terminal)
    _, status = os.waitpid(child, 0)
    return Session(screen.decode(), os.waitstatus_to_exitcode(status))


def _more(terminal: int, end: float, at_end: bytes | None = None) -> bytes:
    """What comes next; `at_end` when the terminal is closed, an error when None is given."""
    ready, _, _ = select.select([terminal], [], [], max(0.0, end - time.monotonic()))
    if not ready:
        raise AssertionError("nothing comes any more")
    try:
        found = os.read(terminal, 4096)
    except OSError:  # Linux: the other side is closed
        found = b""
    if found:
        return found
    if at_end is None:
        raise AssertionError("it ended before the question")
    return at_end
