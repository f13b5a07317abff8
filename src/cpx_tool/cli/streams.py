"""Standard streams that may be closed, full, or read by nobody, and cost no verdict for that."""

from __future__ import annotations

import io
import os
import select
import sys
from contextlib import suppress
from typing import Any, TextIO

from cpx_tool.errors import BadInput, why
from cpx_tool.model.message import msg


def prepare() -> None:
    """Make the three streams usable, whatever the caller did to them.

    A stream that is closed is opened on the null device, for reading only: otherwise the next
    file to be opened, a card's or a result's, would take its number and get its output. Writing
    there fails as on a closed one.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDONLY)
    if sys.stdin is None:
        sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout = _adapted(sys.stdout, 1, _Output)
    sys.stderr = _adapted(sys.stderr, 2, _Unheard)


def finish() -> None:
    """Write what is still held back."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(BadInput):
            stream.flush()


def _adapted(stream: TextIO | None, descriptor: int, kind: type[_Device]) -> TextIO:
    """The stream through a device of ours; a console of few characters loses no result."""
    if sys.platform == "win32" and isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")  # Windows' consoles have a device of their own
        return stream
    device = kind(descriptor, "w", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(device),
        encoding=stream.encoding if stream is not None else "utf-8",
        errors="replace",
        line_buffering=descriptor == 2 or device.isatty(),  # noqa: PLR2004 - standard error
    )


class _Device(io.FileIO):
    """A standard stream, waited for when it is one that does not wait by itself."""

    def write(self, data: Any, /) -> int:
        """All errors are `OSError`."""
        while (written := super().write(data)) is None:
            select.select((), (self,), ())
        return written


class _Output(_Device):
    """Standard output: the result. That it cannot be written is an error, once.

    That nobody listens any more (`… | head`) is none.
    """

    _lost = False

    def write(self, data: Any, /) -> int:
        """Raises `BadInput` at the first error."""
        if self._lost:
            return len(data)
        try:
            return super().write(data)
        except BrokenPipeError:
            self._lost = True
            return len(data)
        except OSError as error:
            self._lost = True
            raise BadInput(
                msg("Standard output cannot be written: {why}.", why=why(error)),
                msg("The result is lost: write it to another place."),
            ) from None


class _Unheard(_Device):
    """Standard error: progress and complaints, which nobody need hear."""

    def write(self, data: Any, /) -> int:
        """Never fails."""
        try:
            return super().write(data)
        except OSError:
            return len(data)
