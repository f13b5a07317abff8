"""What an interrupted run saw, kept in the user's state directory until a run of the same set on
the same cards is complete.

Each is an observation file; its name tells the set, where it and the cards are, and what the set
held.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from cpx_tool.adapters import observation_file
from cpx_tool.adapters.codec import to_json
from cpx_tool.adapters.ledger import STATE_VARIABLE, state_directory
from cpx_tool.adapters.system import lock
from cpx_tool.errors import BadInput, why
from cpx_tool.model.cardset import CardSet
from cpx_tool.model.message import msg, nmsg
from cpx_tool.model.observation import Observation

LONGEST = timedelta(days=7)
"""Older ones are not taken up, and removed when another run is kept."""

_FOLDER = "runs"
_DIGITS = 12
_LONGEST_NAME = 40


class KeptRun:
    """The file of one set and one source of cards. A run that goes on has it for itself: else a
    second one would take it for interrupted.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None

    def claim(self) -> bool:
        """Have it until `release`, or the end of the process; False while another run has it.
        Raises `BadInput` where nothing can be kept, or locked (some network file systems).
        """
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._lock_path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise self._unwritable(error) from None
        try:
            lock(descriptor)
            mine = os.path.samestat(os.fstat(descriptor), self._lock_path.stat())
        except (BlockingIOError, PermissionError, FileNotFoundError):  # flock(2), Windows; removed
            mine = False
        except OSError as error:
            os.close(descriptor)
            raise self._unlockable(error) from None
        if not mine:  # or it ended in this very moment
            os.close(descriptor)
            return False
        self._lock = descriptor
        return True

    def release(self) -> None:
        """Let others have it."""
        if self._lock is not None:
            with suppress(OSError):  # Windows removes no open file
                self._lock_path.unlink()
            os.close(self._lock)
            self._lock = None

    @property
    def _lock_path(self) -> Path:
        return self.path.with_suffix(".lock")

    def _unwritable(self, error: OSError) -> BadInput:
        return BadInput(
            msg("{path} cannot be written: {why}.", path=str(self.path.parent), why=why(error)),
            msg("Set {variable} to a directory you may write to.", variable=STATE_VARIABLE),
        )

    def _unlockable(self, error: OSError) -> BadInput:
        return BadInput(
            msg("{path} cannot be locked: {why}.", path=str(self._lock_path), why=why(error)),
            msg("Set {variable} to a directory of a local disk.", variable=STATE_VARIABLE),
        )

    def save(self, observation: Observation) -> None:
        """Keep it in the place of what was kept before. Raises `BadInput`."""
        self._remove_old()
        observation_file.save(observation, self.path)

    def load(self, now: datetime) -> Observation | None:
        """What is kept; None when nothing is. Raises `BadInput` when it cannot be taken up: it is
        damaged, of another version, of other contents of the set, or too old.
        """
        if not self.path.exists():
            if any(self._of_other_contents()):
                raise BadInput(
                    msg("The set is not as it was when the run was interrupted."), _AFRESH
                )
            return None
        try:
            found = observation_file.load(self.path)
        except BadInput as error:
            raise BadInput(error.reason, _AFRESH) from None
        if age(found, now) >= LONGEST:
            raise BadInput(
                nmsg(
                    "The interrupted run is {count} day old: its cards may have changed since.",
                    "The interrupted run is {count} days old: its cards may have changed since.",
                    age(found, now).days,
                ),
                _AFRESH,
            )
        return found

    def take_up(self, now: datetime) -> Observation:
        """What is kept. Raises `BadInput` as `load`, and where nothing is."""
        found = self.load(now)
        if found is None:
            raise BadInput(msg("There is no interrupted run of this set on these cards."), _AFRESH)
        return found

    def remove(self) -> None:
        """Nothing is kept any more of this set, whatever it held."""
        for path in (self.path, *self._of_other_contents()):
            with suppress(OSError):
                path.unlink()

    def _of_other_contents(self) -> Iterator[Path]:
        stem, _, _ = self.path.stem.rpartition("-")
        return (p for p in self.path.parent.glob(f"{stem}-*.json") if p != self.path)

    def _remove_old(self) -> None:
        oldest = time.time() - LONGEST.total_seconds()
        with suppress(OSError):
            for path in self.path.parent.iterdir():
                if path.stat().st_mtime < oldest:
                    path.unlink()


def age(found: Observation, now: datetime) -> timedelta:
    """How long ago it began; a clock that was set back makes nothing older."""
    return max(now - found.observed_at, timedelta())


_AFRESH = msg("Run the command without --resume: it reads all cards afresh.")


def kept_path(
    card_set: CardSet, set_file: Path | None, emulated: Path | None, environment: Mapping[str, str]
) -> Path:
    """The file for this set, `set_file` where it is a user's own, and these cards: those of an
    emulation, or those in the readers. Raises `BadInput` where no state directory is known.
    """
    places = [_real(place) if place else "" for place in (set_file, emulated)]
    source = _digest("\0".join(places).encode(errors="surrogateescape"))
    held = _digest(to_json(replace(card_set, aliases=(), source="")))
    name = "".join(c for c in card_set.name if c.isascii() and (c.isalnum() or c == "-"))
    folder = state_directory(environment) / _FOLDER
    return folder / f"{name[:_LONGEST_NAME]}-{source}-{held}.json"


def _real(place: Path) -> str:
    """The place, however it was named; as it was named where the system cannot tell."""
    try:
        return os.path.realpath(place)
    except (OSError, ValueError):  # the current directory is gone; a NUL
        return str(place)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:_DIGITS]
