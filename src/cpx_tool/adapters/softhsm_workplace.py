"""Where an emulation is built: a hidden directory beside its place, which holds private keys."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cpx_tool.adapters.softhsm_lock import Lock, take

_NAME_LENGTH = 40
"""Of the emulation's own name: the hidden one may not be too long for any file system."""


@contextmanager
def workplace(into: Path) -> Iterator[Path]:
    """A new directory beside `into`, removed in the end. Raises `OSError`.

    A process that is killed leaves its own behind: the next one for the same place removes it.
    The lock on it tells one that is still in use.
    """
    into.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(into)
    while True:
        place = into.with_name(_prefix(into) + secrets.token_hex(8))
        lock: Lock | None = None
        try:  # from before it exists: an interruption may come at any time
            place.mkdir(mode=0o700)
            lock = take(place)
            if lock is not None and place.is_dir():  # else taken for a leftover before the lock
                yield place
                return
        finally:
            shutil.rmtree(place, ignore_errors=True)
            if lock is not None:
                lock.release()


def _prefix(into: Path) -> str:
    return f".{into.name[:_NAME_LENGTH]}.cpx-tool-"


def _remove_leftovers(into: Path) -> None:
    ours = re.compile(re.escape(_prefix(into)) + "[0-9a-f]{16}")
    with suppress(OSError):  # what cannot be listed or removed does no harm to the new emulation
        for place in [path for path in into.parent.iterdir() if ours.fullmatch(path.name)]:
            if _is_own_directory(place):
                _remove_unless_in_use(place)


def _remove_unless_in_use(place: Path) -> None:
    lock = take(place)
    if lock is not None and lock.is_real:
        shutil.rmtree(place, ignore_errors=True)
        lock.release()


def _is_own_directory(path: Path) -> bool:
    found = path.lstat()
    return stat.S_ISDIR(found.st_mode) and (sys.platform == "win32" or found.st_uid == os.geteuid())
