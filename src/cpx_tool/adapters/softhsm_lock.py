"""One run at a time on an emulation: SoftHSM rewrites a token's file at each login.

Whoever reads that file meanwhile finds the card damaged or gone. SoftHSM's own locks do not
prevent it, so a run holds a lock on the directory `tokens/` (flock): who may use the tokens may
lock them and nobody else, it works where nothing can be written, it leaves nothing behind, and it
ends with the process, however that ends.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cpx_tool.errors import CpxError

if sys.platform != "win32":
    import fcntl

_PAUSE_SECONDS = 0.05


@contextmanager
def held(
    directory: Path, patience: float, busy: CpxError, on_wait: Callable[[], None] = lambda: None
) -> Iterator[None]:
    """Hold the lock on a directory, which may also be absent: then there is nothing to hold.

    Raises `busy` when another process still holds it after `patience` seconds; `on_wait` is
    called once, before the wait.
    """
    lock = take(directory)
    if lock is None:
        on_wait()
        lock = _wait(directory, patience, busy)
    try:
        yield
    finally:
        lock.release()


class Lock:
    """A lock on an open directory, or on nothing."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    @property
    def is_real(self) -> bool:
        """Whether others are kept out."""
        return self._descriptor is not None

    def release(self) -> None:
        """Let others have it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def take(directory: Path) -> Lock | None:
    """The lock, or None while another process holds it.

    Where the directory cannot be opened, or its file system cannot lock, it is a lock on nothing:
    whoever uses the directory next says what is wrong with it.
    """
    while (descriptor := _open(directory)) is not None:
        try:
            _flock(descriptor)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except OSError:
            os.close(descriptor)
            return Lock(None)
        if _is_still(directory, descriptor):
            return Lock(descriptor)
        os.close(descriptor)  # replaced before it was locked: the new one, then
    return Lock(None)


def _wait(directory: Path, patience: float, busy: CpxError) -> Lock:
    end = time.monotonic() + patience
    while time.monotonic() < end:
        time.sleep(_PAUSE_SECONDS)
        lock = take(directory)
        if lock is not None:
            return lock
    raise busy


def _open(directory: Path) -> int | None:
    if sys.platform == "win32":
        return None
    try:
        return os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return None


def _flock(descriptor: int) -> None:
    if sys.platform != "win32":
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_still(directory: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(directory.stat(), os.fstat(descriptor))
    except OSError:
        return False
