"""Reports as files: whole or not there."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cpx_tool.adapters.files import WRITE_HINT, check_target, write_file
from cpx_tool.errors import BadInput, why
from cpx_tool.model.message import msg


def save(pieces: Iterable[str], path: Path) -> None:
    """Write a report, piece by piece; what stands there is replaced. Raises `BadInput`."""
    # a name may hold what no encoding takes: a surrogate of a file name, say
    encoded = (piece.encode("utf-8", errors="replace") for piece in pieces)
    write_file(path, encoded, WRITE_HINT)


def check(path: Path) -> None:
    """Refuse an impossible file before work is done. Raises `BadInput`."""
    check_target(path, WRITE_HINT)


def check_directory(path: Path) -> None:
    """Make the directory unless it is there, in one that is; refuse what is none, or one where
    nothing can be written. Raises `BadInput`.
    """
    try:
        path.mkdir(exist_ok=True)
    except (FileExistsError, NotADirectoryError, ValueError):  # ValueError: a NUL in the path
        raise BadInput(msg("{path} is not a directory.", path=str(path)), _OTHER) from None
    except OSError as error:
        raise BadInput(
            msg("{path} cannot be made: {why}.", path=str(path), why=why(error)), _OTHER
        ) from None
    check_target(path / "cpx-report", WRITE_HINT)


_OTHER = msg("Make it first, or name another one.")
