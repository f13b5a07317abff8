"""A user's own set file: written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from pathlib import Path

from cpx_tool.errors import BadInput, why
from cpx_tool.model.message import Message, msg


def check_set_target(path: Path, *, replace: bool) -> None:
    """Refuse an impossible target before any card is asked. Raises `BadInput`."""
    if path.is_dir():
        raise _cannot_write(path, OSError(errno.EISDIR, ""))
    if os.path.lexists(path) and not replace:
        raise _there_already(path)
    if not path.parent.is_dir():
        raise _cannot_write(path, OSError(errno.ENOENT, ""))
    if not os.access(path.parent, os.W_OK):
        raise _cannot_write(path, OSError(errno.EACCES, ""))


def write_set_file(path: Path, text: str, *, replace: bool) -> None:
    """Write the file; what stands there stays unless `replace`. Raises `BadInput`."""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(text.encode())
            if replace:
                Path(temporary).replace(path)
            else:
                os.link(temporary, path)  # of two writers, the first wins
        finally:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
    except FileExistsError:
        raise _there_already(path) from None
    except OSError as error:
        raise _cannot_write(path, error) from None


def _there_already(path: Path) -> BadInput:
    return BadInput(
        msg("{path} exists already.", path=str(path)),
        msg("Choose another file, or replace this one with --force."),
    )


def _cannot_write(path: Path, error: OSError) -> BadInput:
    reason: Message = msg("{path} cannot be written: {why}.", path=str(path), why=why(error))
    return BadInput(reason, msg("Choose a file in a directory you may write to."))
