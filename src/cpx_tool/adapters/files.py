"""Files of the user: read within bounds, or refused in one clear line; written whole."""

from __future__ import annotations

import contextlib
import os
import tempfile
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
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise
