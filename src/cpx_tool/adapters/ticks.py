"""The ticks of the order guide: one small file in the user's state directory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cpx_tool.adapters.codec import Malformed, from_json, indented, to_json
from cpx_tool.adapters.files import read_file, write_whole
from cpx_tool.adapters.ledger import STATE_VARIABLE
from cpx_tool.errors import BadInput, why
from cpx_tool.model.message import Message, msg

SCHEMA_VERSION = 1
MAXIMUM_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class _Contents:
    schema_version: int
    ticks: dict[str, datetime]


@dataclass(frozen=True, slots=True)
class TickFile:
    """Step ids and when each was ticked. The file need not exist until something is ticked.

    Ids of steps that this version does not know are kept.
    """

    path: Path

    def read(self) -> Mapping[str, datetime]:
        """The ticks. Raises `BadInput` for a file that is not one; it is left as it is."""
        if not self._is_there():
            return {}
        content = read_file(self.path, MAXIMUM_BYTES, _hint())
        try:
            found = from_json(content, _Contents)
            ticks = {name: _aware(when) for name, when in found.ticks.items()}
        except (Malformed, OverflowError) as error:
            raise self._not_ours(str(error)) from None
        if found.schema_version != SCHEMA_VERSION:
            raise self._not_ours("schema_version")
        return ticks

    def write(self, ticks: Mapping[str, datetime]) -> None:
        """Replace the ticks in one step. Raises `BadInput` when it cannot be written."""
        content = indented(to_json(_Contents(SCHEMA_VERSION, dict(sorted(ticks.items())))))
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(self.path, content + b"\n", mode=0o600)
        except OSError as error:
            raise self._unwritable(error) from None

    def put_aside(self) -> Path | None:
        """Start again without ticks; the file, whatever it holds, is kept under another name.

        None when there was no file. Raises `BadInput` when it cannot be renamed.
        """
        if not self._is_there():
            return None
        kept = self.path.with_name(f"{self.path.name}.old")
        try:
            self.path.replace(kept)
        except OSError as error:
            raise self._unwritable(error) from None
        return kept

    def _is_there(self) -> bool:
        try:
            self.path.lstat()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise BadInput(
                msg("{path} cannot be read: {why}.", path=str(self.path), why=why(error)),
                msg("Set {variable} to a directory you may read.", variable=STATE_VARIABLE),
            ) from None
        return True

    def _unwritable(self, error: OSError) -> BadInput:
        return BadInput(
            msg("{path} cannot be written: {why}.", path=str(self.path), why=why(error)),
            msg("Set {variable} to a directory you may write to.", variable=STATE_VARIABLE),
        )

    def _not_ours(self, place: str) -> BadInput:
        return BadInput(
            msg("{path} does not hold the ticks ({place}).", path=str(self.path), place=place),
            _hint(),
        )


def _aware(when: datetime) -> datetime:
    """In UTC. Raises `Malformed` for a time without a zone, `OverflowError` for an absurd one."""
    if when.tzinfo is None:
        raise Malformed("a time without a zone")
    return when.astimezone(UTC)


def _hint() -> Message:
    return msg("Correct the file; or --reset, which keeps it under the name order.json.old.")
