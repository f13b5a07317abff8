"""The text of a TOML file that a user wrote, parsed; what is wrong with it is said by line."""

from __future__ import annotations

import re
import tomllib

from cpx_tool.errors import BadInput
from cpx_tool.model.message import Message, msg

_MAX_DOTS = 20
"""Of one key, one after the other: our files have none, and tomllib's time grows squared."""
_KEY_PIECE = re.compile(r"[\w-]+|\"[^\"\n]*\"|'[^'\n]*'|\.|[ \t]+|[^\w.]|\n")
_POSITION = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


def decode(raw: bytes, file: str) -> str:
    """The text of a file of that name. Raises `BadInput` with the line that is not UTF-8."""
    try:
        return raw.decode("utf-8-sig")  # editors on Windows write a byte order mark
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BadInput(
            msg("{file}, line {line}: the text is not UTF-8.", file=file, line=line),
            msg("Save the file in the encoding UTF-8."),
        ) from error


def parse(text: str, file: str, hint: Message) -> dict[str, object]:
    """The top-level table. Raises `BadInput` with the line and this remedy."""
    _refuse_deep_keys(text, file, hint)
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # numbers beyond Python's limit and endless nesting are no TOMLDecodeError
        raise BadInput(_not_toml(text, file, error), hint) from error


def _refuse_deep_keys(text: str, file: str, hint: Message) -> None:
    dots, line = 0, 1
    for piece in _KEY_PIECE.finditer(text):
        word = piece[0]
        line += word.count("\n")
        if word == ".":
            dots += 1
        elif word[0] not in " \t\"'" and not word[0].isalnum() and word[0] not in "_-":
            dots = 0
        if dots > _MAX_DOTS:
            raise BadInput(
                msg("{file}, line {line}: this is not valid TOML.", file=file, line=line), hint
            )


def _not_toml(text: str, file: str, error: Exception) -> Message:
    said = str(error)
    position = _POSITION.search(said) if isinstance(error, tomllib.TOMLDecodeError) else None
    if position is None:
        return msg("{file} is not valid TOML.", file=file)
    return msg(
        "{file}, line {line}: this is not valid TOML.",
        file=file,
        line=int(position[1] or len(text.splitlines()) or 1),
    )
