"""Observations as files: saved atomically, read strictly."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cpx_tool.adapters.codec import Malformed, from_json, indented, to_json
from cpx_tool.adapters.files import check_target, read_file, write_file
from cpx_tool.errors import BadInput
from cpx_tool.model.message import Message, msg
from cpx_tool.model.observation import SCHEMA_VERSION, Observation

MAXIMUM_ITEMS = 1000
"""Cards, and whatever else there is several of: a card has some five certificates."""

MAXIMUM_BYTES = 64 * 1024 * 1024


def save(observation: Observation, path: Path) -> None:
    """Write the observation, for its owner only; the file is whole or not there.

    Raises `BadInput`.
    """
    content = indented(to_json(observation)) + b"\n"
    write_file(path, content, _target_hint(), mode=0o600)


def check_writable(path: Path) -> None:
    """Refuse an impossible target before the cards are asked. Raises `BadInput`."""
    check_target(path, _target_hint())


def load(path: Path) -> Observation:
    """The observation in a file. Raises `BadInput`: unreadable, not one, or of a newer tool."""
    content = read_file(path, MAXIMUM_BYTES, _hint())
    _check_version(path, content)
    try:
        return from_json(content, Observation, MAXIMUM_ITEMS)
    except Malformed as error:
        raise _no_observation(path, str(error)) from None


@dataclass(frozen=True, slots=True)
class _Versioned:
    """As much of an observation as tells its format; the rest may be of any size and shape."""

    schema_version: int
    exit_code: int | None = None
    """Of a result only."""


def _check_version(path: Path, content: bytes) -> None:
    try:
        versioned = from_json(content, _Versioned)
    except Malformed:
        raise _no_observation(path, "schema_version") from None
    if versioned.exit_code is not None:
        raise BadInput(
            msg("{path} is a result (--json), and no observation.", path=str(path)),
            msg(
                "Give a file written by --save-observation: it holds what was seen, so that it can "
                "be judged again."
            ),
        )
    version = versioned.schema_version
    if version != SCHEMA_VERSION:
        raise BadInput(
            msg(
                "{path} is an observation of format {version}; this version reads format {ours}.",
                path=str(path),
                version=str(version),
                ours=SCHEMA_VERSION,
            ),
            msg("Judge it with the version of cpx-tool that wrote it, or a newer one."),
        )


def _no_observation(path: Path, place: str) -> BadInput:
    return BadInput(
        msg("{path} is not an observation of cpx-tool ({place}).", path=str(path), place=place),
        _hint(),
    )


def _hint() -> Message:
    return msg("Give a file written by --save-observation.")


def _target_hint() -> Message:
    return msg(
        "Give a new file, or one to be replaced, in a directory you may write to; --json prints "
        "the result on standard output."
    )
