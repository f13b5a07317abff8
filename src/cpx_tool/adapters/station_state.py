"""The directory in which the ledger of PIN tries and the ticks are kept: can it be written to?"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from cpx_tool.errors import why
from cpx_tool.model.message import Message, msg
from cpx_tool.model.station import State


def state(directory: Path) -> State:
    """Looked at, not tried: nothing is written."""
    return State(str(directory), _obstacle(directory))


def _obstacle(directory: Path) -> Message | None:
    """Of the directory, or of the nearest one above it that exists, in which it would be made."""
    try:
        place = _nearest(directory)
        if not place.is_dir():
            place.stat()  # a link to nothing says so itself
            return msg("{path} is not a directory", path=str(place))
        os.scandir(place).close()
        if not os.access(place, os.W_OK | os.X_OK):
            return msg("this user may not write to {path}", path=str(place))
        if _is_full(place):
            return msg("no space left on the device")
    except OSError as error:
        return why(error)
    except ValueError:  # a NUL in the path
        return msg("it is no path")
    return None


def _nearest(directory: Path) -> Path:
    """The directory, or the first above it that is there. Raises `OSError`."""
    absolute = directory.absolute()
    for place in (absolute, *absolute.parents):
        with suppress(FileNotFoundError, NotADirectoryError):
            place.lstat()
            return place
    return Path("/")


def _is_full(place: Path) -> bool:
    if not hasattr(os, "statvfs"):
        return False
    left = os.statvfs(place)
    return left.f_blocks > 0 and left.f_bavail == 0
