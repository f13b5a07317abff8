"""Files that the user names: read within bounds, written whole, or refused in one clear line."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeAlias

from cpx_tool.errors import BadInput, no_such_file, why
from cpx_tool.model.message import Message, msg

WRITE_HINT = msg("Choose a file in a directory you may write to.")
_STANDARD_STREAMS = (1, 2)
_UNWAITING = getattr(os, "O_NONBLOCK", 0)

Content: TypeAlias = bytes | Iterable[bytes]
"""What is written: the whole, or piece by piece, so that it need not be in memory."""


def read_file(path: Path, limit: int, hint: Message) -> bytes:
    """The bytes of a regular file of at most `limit` bytes. Raises `BadInput` with `hint`.

    Anything else is refused unopened: a pipe would be waited for without end. Of a name that is
    not there, the hint is the file that may have been meant.
    """
    name = str(path)
    try:
        if path.exists() and not path.is_file():
            raise BadInput(msg("{path} is not a regular file.", path=name), hint)
        content = read_at_most(path, limit + 1)
    except OSError as error:
        hint = no_such_file(path, hint) if isinstance(error, FileNotFoundError) else hint
        raise BadInput(
            msg("{path} cannot be read: {why}.", path=name, why=why(error)), hint
        ) from None
    except ValueError:  # a NUL in the path
        raise BadInput(msg("{path} is not a path.", path=name), hint) from None
    if len(content) > limit:
        reason = msg("{path} is too large (over {limit} bytes).", path=name, limit=limit)
        raise BadInput(reason, hint)
    return content


def read_at_most(path: Path, count: int) -> bytes:
    """The beginning of a file. A pipe that took its place meanwhile, or /proc/kmsg, which calls
    itself a regular file, is not waited for. Raises `OSError`; `ValueError` for a NUL in the path.
    """
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | _UNWAITING)) as file:
        content: bytes | None = file.read(count)
    if content is None:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
    return content


def identity_of(path: Path) -> tuple[object, ...]:
    """The same for two paths that lead to one file, be it there or not yet."""
    try:
        there = path.stat()
    except (OSError, ValueError):  # ValueError: a NUL in the path
        return (_absolute(path),)
    return (there.st_dev, there.st_ino)


def _absolute(path: Path) -> str:
    try:
        return os.path.abspath(path)  # noqa: PTH100 - it resolves "..", where nothing is
    except OSError:  # the current directory is gone
        return os.fspath(path)


def kind_of(path: Path) -> int:
    """What is at a path: `stat.S_IFREG`, `stat.S_IFDIR` and so on; 0 where nothing is, or where
    one may not look.
    """
    try:
        return stat.S_IFMT(path.stat().st_mode)
    except (OSError, ValueError):  # ValueError: a NUL in the path
        return 0


def write_file(
    path: Path, content: Content, hint: Message, *, mode: int = 0o666, exclusive: bool = False
) -> None:
    """Write a file that the user named, whole or not at all. Raises `BadInput` with `hint`.

    What stands there is replaced, through a link to it, too; with `exclusive`, anything of that
    name is an error. Only a regular file is ever replaced. See `write_whole` for `mode`.
    """
    try:
        _refuse(path, hint, exclusive=exclusive)
        write_whole(path, content, mode=mode, exclusive=exclusive)
    except FileExistsError:  # since then
        raise _exists(path) from None
    except OSError as error:
        raise _cannot_write(path, error, hint) from None


def check_target(path: Path, hint: Message, *, exclusive: bool = False) -> None:
    """Raises `BadInput` with `hint` for what `write_file` would refuse: to be told before work is
    done whose result could not be kept. It leaves nothing behind.
    """
    try:
        _refuse(path, hint, exclusive=exclusive)
        trial = _temporary(_real(path))
        try:
            trial.touch(mode=0o600, exist_ok=False)
        finally:
            _remove(trial)
    except OSError as error:
        raise _cannot_write(path, error, hint) from None


def write_whole(
    path: Path, content: Content, *, mode: int = 0o666, exclusive: bool = False
) -> None:
    """Write a file so that it is seen whole or not at all, and nothing else is left behind.

    `mode`: the permissions from its creation on, less the umask; a file that is replaced gives
    its own ones, as far as `mode` allows them. With `exclusive`, of two writers the first wins.
    Raises `OSError`, `FileExistsError` among them.
    """
    target = path if exclusive else _real(path)
    kept = None if exclusive else _permissions(target, mode)
    temporary = _temporary(target)
    try:  # from before it exists: an interruption may come at any time
        with open(temporary, "xb", opener=partial(os.open, mode=mode)) as file:
            file.writelines((content,) if isinstance(content, bytes) else content)
            file.flush()
            os.fsync(file.fileno())  # a full disk may say so only now
        if kept is not None:
            temporary.chmod(kept)
        if exclusive:
            _link(temporary, target)
        else:
            temporary.replace(target)
    finally:
        _remove(temporary)


def write_new(contents: Mapping[Path, bytes]) -> None:
    """Make these files, all or none, for their owner only. Raises `BadInput`.

    A file is never written over, and appears whole, with mode 0600 from the first moment.
    """
    made: list[Path] = []
    try:
        for path, content in contents.items():
            write_file(path, content, WRITE_HINT, mode=0o600, exclusive=True)
            made.append(path)
    except BaseException:  # Ctrl-C among them
        for path in made:
            _remove(path)
        raise


def _refuse(path: Path, hint: Message, *, exclusive: bool) -> None:
    """Raises `BadInput` or `OSError` for a path that must not, or cannot, become our file."""
    name = str(path)
    if exclusive and os.path.lexists(path):
        raise _exists(path)
    try:
        there = path.stat()
    except FileNotFoundError:
        if path.is_symlink():
            reason = msg("{path} is a symbolic link to nothing.", path=name)
            raise BadInput(reason, hint) from None
        return
    except ValueError:  # a NUL in the path
        raise BadInput(msg("{path} is not a path.", path=name), hint) from None
    if stat.S_ISDIR(there.st_mode):
        raise IsADirectoryError(errno.EISDIR, "")
    if not stat.S_ISREG(there.st_mode):
        raise BadInput(msg("{path} is not a regular file.", path=name), hint)
    if any(map(partial(_is_stream, there), _STANDARD_STREAMS)):
        reason = msg("{path} is the file that this command's output goes to.", path=name)
        raise BadInput(reason, hint)


def _is_stream(there: os.stat_result, stream: int) -> bool:
    try:
        return os.path.samestat(there, os.fstat(stream))
    except OSError:  # it is closed
        return False


def _real(path: Path) -> Path:
    """What a link leads to, so that the link stays. Raises `OSError`."""
    return Path(os.path.realpath(path, strict=True)) if path.is_symlink() else path


def _permissions(target: Path, mode: int) -> int | None:
    with suppress(FileNotFoundError):
        return stat.S_IMODE(target.stat().st_mode) & mode
    return None


def _temporary(target: Path) -> Path:
    """A name beside the target, of its own: the target's may be as long as names can be."""
    return target.with_name(f".cpx-tool-{secrets.token_hex(8)}")


def _link(temporary: Path, target: Path) -> None:
    """Give the file its name unless it is taken."""
    try:
        target.hardlink_to(temporary)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links: take the name, then replace it
        target.touch(mode=0o600, exist_ok=False)
        try:
            temporary.replace(target)
        except BaseException:
            _remove(target)
            raise


def _remove(temporary: Path) -> None:
    with suppress(OSError):
        temporary.unlink()


def _exists(path: Path) -> BadInput:
    return BadInput(
        msg("{path} exists already, and nothing is overwritten.", path=str(path)),
        msg("Choose another name, or move that file away."),
    )


def _cannot_write(path: Path, error: OSError, hint: Message) -> BadInput:
    return BadInput(msg("{path} cannot be written: {why}.", path=str(path), why=why(error)), hint)
