"""Files named by the user: read within bounds, or refused in one clear line; written anew."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from cpx_tool.errors import BadInput, why
from cpx_tool.model.message import Message, msg


def read_file(path: Path, limit: int, hint: Message) -> bytes:
    """The bytes of a regular file of at most `limit` bytes. Raises `BadInput` with `hint`.

    Anything else is refused unopened: a pipe would be waited for without end.
    """
    name = str(path)
    try:
        if path.exists() and not path.is_file():
            raise BadInput(msg("{path} is not a regular file.", path=name), hint)
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise BadInput(
            msg("{path} cannot be read: {why}.", path=name, why=why(error)), hint
        ) from None
    except ValueError:  # a NUL in the path
        raise BadInput(msg("{path} is not a path.", path=name), hint) from None
    if len(content) > limit:
        reason = msg("{path} is too large (over {limit} bytes).", path=name, limit=limit)
        raise BadInput(reason, hint)
    return content


def refuse_existing(paths: Sequence[Path]) -> None:
    """Raises `BadInput` for a file that is there, and for a place where none can be made."""
    for path in paths:
        if os.path.lexists(path):
            raise _exists(path)
        if not path.parent.is_dir():
            raise _cannot_write(path, OSError(errno.ENOENT, ""))
        if not os.access(path.parent, os.W_OK):
            raise _cannot_write(path, OSError(errno.EACCES, ""))


def write_new(contents: Mapping[Path, bytes]) -> None:
    """Make these files, all or none, for their owner only. Raises `BadInput`.

    A file is never written over, and appears whole, with mode 0600 from the first moment.
    """
    made: list[Path] = []
    try:
        for path, content in contents.items():
            _make(path, content)
            made.append(path)
    except BaseException:  # Ctrl-C among them
        for path in made:
            with suppress(OSError):
                path.unlink()
        raise


def _make(path: Path, content: bytes) -> None:
    temporary = None
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")  # mode 0600
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _name(temporary, path)
    except FileExistsError:
        raise _exists(path) from None
    except OSError as error:
        raise _cannot_write(path, error) from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _name(temporary: Path, path: Path) -> None:
    """Give the file its name. Raises `FileExistsError` when it is taken by now."""
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        temporary.replace(path)


def _exists(path: Path) -> BadInput:
    return BadInput(
        msg("{path} exists already, and nothing is overwritten.", path=str(path)),
        msg("Choose another name, or move that file away."),
    )


def _cannot_write(path: Path, error: OSError) -> BadInput:
    return BadInput(
        msg("{path} cannot be written: {why}.", path=str(path), why=why(error)),
        msg("Choose a file in a directory you may write to."),
    )


def write_whole(path: Path, content: bytes) -> None:
    """Put the file there in one step: it is the new one or the old one, never half of it.

    Raises `OSError`.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).replace(path)
    except OSError:
        with suppress(OSError):
            Path(temporary).unlink()
        raise
