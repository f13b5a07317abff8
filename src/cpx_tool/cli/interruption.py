"""Ctrl-C, SIGTERM and SIGHUP end a run in one way: cleanly, and with a code of their own."""

from __future__ import annotations

import os
import signal
import time
from types import FrameType
from typing import Any

_SIGNALS = tuple(
    number
    for name in ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP
    if (number := getattr(signal, name, None)) is not None
)
_CLEANING_SECONDS = 3.0


def code_of(number: int) -> int:
    """What a shell shows of a process that a signal ended."""
    return 128 + number


def leave_at_once() -> None:
    """Outside of `Interruption`: there is nothing to clean up, so a signal just ends the process.

    An exception, raised in the middle of an import, would come out as a traceback or as another.
    """
    for number in _SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:  # nohup(1), and jobs of a script
            signal.signal(number, lambda number, _: os._exit(code_of(number)))


class _Told:
    """Whether there is a result that must be told before anything else."""

    first = False


def tell_first() -> None:
    """A result is there: a signal that comes now, the run's first one, does not keep it from being
    told. One that comes some seconds later does.
    """
    _Told.first = True


def listen() -> None:
    """Something that may take long begins: the next signal ends it."""
    _Told.first = False


class Interruption:
    """While it is entered, a signal raises `KeyboardInterrupt` with its number, once.

    Those that follow shortly, as a person's second Ctrl-C does, do not disturb the cleaning up.
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        """The signal that came."""
        self._came = 0.0
        self._former: dict[int, Any] = {}

    def __enter__(self) -> None:
        listen()
        for number in _SIGNALS:
            former = signal.getsignal(number)
            if former != signal.SIG_IGN:
                self._former[number] = former
                signal.signal(number, self._handle)

    def __exit__(self, *_: object) -> None:
        for number, former in self._former.items():
            signal.signal(number, former)

    def _handle(self, number: int, _: FrameType | None) -> None:
        now = time.monotonic()
        if self.signal is None:
            self.signal, self._came = number, now
            if not _Told.first:
                raise KeyboardInterrupt(number)
        elif now - self._came > _CLEANING_SECONDS:
            self._came = now
            raise KeyboardInterrupt(number)
