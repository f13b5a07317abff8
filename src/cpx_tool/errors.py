"""What goes wrong in words: every error carries its reason and its remedy."""

from __future__ import annotations

import difflib
import errno
import os
from collections.abc import Callable, Iterable
from enum import IntEnum
from itertools import islice
from pathlib import Path

from cpx_tool.model.message import Message, msg


class ExitCode(IntEnum):
    """The documented exit codes (docs/exit-codes.md)."""

    PASSED = 0
    FAILED = 1
    USAGE = 2
    INTERNAL = 3
    NOTHING_CHECKED = 4
    PIN_SAFETY = 5
    HUNG_UP = 129
    INTERRUPTED = 130
    TERMINATED = 143


class CpxError(Exception):
    """Something a user can act on: `reason` says what and why, `hint` what to do."""

    exit_code: ExitCode = ExitCode.INTERNAL

    def __init__(self, reason: Message, hint: Message) -> None:
        super().__init__(str(reason))
        self.reason = reason
        self.hint = hint


class BadInput(CpxError):
    """A file, option or value given by the user cannot be used."""

    exit_code = ExitCode.USAGE


class NothingToCheck(CpxError):
    """No service, reader, module or card: there is nothing to look at."""

    exit_code = ExitCode.NOTHING_CHECKED


_SYSTEM_REASONS = {
    errno.ENOENT: msg("no such file or directory"),
    errno.EACCES: msg("permission denied"),
    errno.EPERM: msg("operation not permitted"),
    errno.EISDIR: msg("it is a directory"),
    errno.ENOTDIR: msg("a part of the path is not a directory"),
    errno.EEXIST: msg("it exists already"),
    errno.ENOSPC: msg("no space left on the device"),
    errno.EDQUOT: msg("the disk quota is used up"),
    errno.EFBIG: msg("the file is too large"),
    errno.EROFS: msg("the file system is read-only"),
    errno.ENAMETOOLONG: msg("the name is too long"),
    errno.ELOOP: msg("too many symbolic links"),
    errno.EMFILE: msg("too many open files"),
    errno.ENFILE: msg("too many open files on this machine"),
    errno.EIO: msg("input/output error"),
    errno.EBADF: msg("it is closed"),
    errno.EAGAIN: msg("nothing comes from it"),
    errno.EBUSY: msg("it is in use, or a mount point"),
}
_NEIGHBOURS = 2000
"""In a directory; further ones are not compared."""


def why(error: OSError) -> Message:
    """The system's reason in words; its symbolic name ("EBUSY") where we have none."""
    if error.errno in _SYSTEM_REASONS:
        return _SYSTEM_REASONS[error.errno]
    return msg("{name}", name=code_of(error))


def code_of(error: OSError) -> str:
    """The system's name of it ("EACCES"): stable, and the same in both languages."""
    return errno.errorcode.get(error.errno or 0, type(error).__name__)


def no_such_file(
    path: Path, otherwise: Message, fits: Callable[[Path], bool] = lambda _: True
) -> Message:
    """The remedy where no file is: the one beside it with a similar name, if it is one that
    `fits`, else `otherwise`.
    """
    try:
        with os.scandir(path.parent) as entries:
            near_by = islice(entries, _NEIGHBOURS)
            names = [one.name for one in near_by if one.name.isprintable() and one.is_file()]
    except (OSError, ValueError):  # ValueError: a NUL in the path
        return otherwise
    near = map(path.with_name, difflib.get_close_matches(path.name, names))
    meant = next(filter(fits, near), None)
    return did_you_mean(str(meant)) if meant else otherwise


def nearest(name: str, known: Iterable[str], otherwise: Message) -> Message:
    """The remedy for a name that is none: the one written much like it, else `otherwise`."""
    near = difflib.get_close_matches(name, tuple(known), n=1)
    return did_you_mean(near[0]) if near else otherwise


def did_you_mean(name: str) -> Message:
    """The remedy that names another one."""
    return msg("Did you mean {name}?", name=name)
