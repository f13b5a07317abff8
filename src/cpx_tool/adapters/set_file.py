"""Writes a user's own set file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cpx_tool.adapters import files
from cpx_tool.catalogue.set_file import read_set, read_set_file
from cpx_tool.catalogue.set_text import set_file_text
from cpx_tool.errors import BadInput, CpxError
from cpx_tool.model.cardset import CardSet
from cpx_tool.model.message import msg


def check_target(path: Path, *, replace: bool) -> None:
    """Refuse an impossible target before any card is asked. Raises `BadInput`."""
    files.check_target(path, files.WRITE_HINT)  # what could not be replaced either comes first
    if not replace and path.exists():
        raise BadInput(
            msg("{path} exists already.", path=str(path)),
            msg("Choose another file, or replace this one with --force."),
        )


def save(card_set: CardSet, comment: Sequence[str], path: Path, *, replace: bool) -> None:
    """Write a user's own set file, and read it back. Raises `CpxError`; then none is left that
    `--set` would not take.
    """
    text = set_file_text(card_set, comment)
    if read_set(text, str(path)) != card_set:
        raise CpxError(
            msg("{path} would not read back as it is written.", path=str(path)),
            msg("Please report this line with the command you ran."),
        )
    files.write_file(path, text.encode(), files.WRITE_HINT, exclusive=not replace)
    read_set_file(path)
