"""Observations as files: saved atomically, read strictly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from dataclasses import dataclass
from pathlib import Path

from cpx_tool.adapters.codec import Malformed, from_json, indented, to_json
from cpx_tool.adapters.files import check_target, read_file, write_file
from cpx_tool.errors import BadInput
from cpx_tool.model.message import Message, msg
from cpx_tool.model.observation import SCHEMA_VERSION, Observation

MAXIMUM_ITEMS = 1000
"""Cards, and whatever else there is several of."""

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
        observation = from_json(content, Observation)
    except Malformed as error:
        raise _no_observation(path, str(error)) from None
    for place, items in _collections(observation):
        if len(items) > MAXIMUM_ITEMS:
            raise _no_observation(path, f"{place}: {len(items)}")
    return observation


def _collections(observation: Observation) -> Iterator[tuple[str, Sized]]:
    """Whatever there is several of: a card has five certificates and objects, not a million."""
    yield "readers", observation.pcsc.readers
    yield from _parts(observation, ("slots", "cards", "faults"))
    yield from _parts(
        observation.trust, ("certificates", "crls", "answers", "accepted", "emulated")
    )
    for card in observation.cards:
        yield from _parts(card, ("certificates", "data", "keys", "signatures", "faults"))
        yield from _parts(card.token, ("flags", "mechanisms"))


def _parts(whole: object, names: Iterable[str]) -> Iterator[tuple[str, Sized]]:
    return ((name, getattr(whole, name, None) or ()) for name in names)


@dataclass(frozen=True, slots=True)
class _Versioned:
    """As much of an observation as tells its format; the rest may be of any size and shape."""

    schema_version: object


def _check_version(path: Path, content: bytes) -> None:
    try:
        version = from_json(content, _Versioned).schema_version
    except Malformed:
        raise _no_observation(path, "schema_version") from None
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
