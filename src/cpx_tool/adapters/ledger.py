"""The ledger of PIN tries over runs: one small JSON file in the user's state directory.

Only what did not succeed stands in it. A try is noted before it is made, so that a run that is
killed in the middle leaves a trace. Never a PIN.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cpx_tool.adapters.codec import Malformed, from_json, indented, to_json
from cpx_tool.adapters.files import write_whole
from cpx_tool.adapters.system import lock, no_home, user_state
from cpx_tool.errors import BadInput, code_of, why
from cpx_tool.model.message import msg
from cpx_tool.model.observation import FailedTry
from cpx_tool.ports import LedgerFault

STATE_VARIABLE = "CPX_STATE_DIR"
LEDGER_FILE = "pin-ledger.json"
LEDGER_LOCK = "pin-ledger.lock"
_FORMAT = 1
_MAX_BYTES = 1_000_000
_PATIENCE_SECONDS = 5.0
"""Another run holds the ledger for some milliseconds."""
_PAUSE_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class _Contents:
    format: int
    entries: tuple[FailedTry, ...]


class FileLedger:
    """Satisfies `ports.Ledger` with a file in `directory`."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / LEDGER_FILE

    def entries(self) -> tuple[FailedTry, ...]:
        """All of it, the oldest first. Raises `LedgerFault`."""
        with _faults():
            return tuple(sorted(self._read().values(), key=lambda entry: entry.failed_at))

    def failed_at(self, card: str) -> datetime | None:
        """See `ports.Ledger.failed_at`."""
        with _faults():
            entry = self._read().get(card)
        return entry.failed_at if entry else None

    def open(self, card: str, at: datetime, known: datetime | None) -> bool:
        """See `ports.Ledger.open`."""
        return self._change(card, known, at)

    def close(self, card: str, at: datetime, left: datetime | None) -> None:
        """See `ports.Ledger.close`."""
        self._change(card, at, left)

    def forget(self, card: str) -> None:
        """See `ports.Ledger.forget`."""
        self._change(card, self.failed_at(card), None)

    def _change(self, card: str, known: datetime | None, noted: datetime | None) -> bool:
        """Put `noted` in the place of `known`, if that is what stands there."""
        with _faults():
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _locked(self.path.with_name(LEDGER_LOCK)):
                entries = self._read()
                stands = entries.pop(card, None)
                if (stands.failed_at if stands else None) != known:
                    return False
                if noted is not None:
                    entries[card] = FailedTry(card, noted)
                if noted != known:
                    self._write(entries)
                return True

    def _read(self) -> dict[str, FailedTry]:
        try:
            self.path.lstat()
        except FileNotFoundError:  # of anything else one cannot say that no try stands in it
            return {}
        contents = from_json(_regular(self.path), _Contents)
        if contents.format != _FORMAT:
            raise Malformed(f"format {contents.format}")
        return {entry.card: entry for entry in contents.entries}

    def _write(self, entries: Mapping[str, FailedTry]) -> None:
        content = indented(to_json(_Contents(_FORMAT, tuple(entries.values())))) + b"\n"
        write_whole(self.path, content, mode=0o600)


def state_directory(environment: Mapping[str, str]) -> Path:
    """CPX_STATE_DIR, else the user's own state directory. Raises `BadInput` where no home is
    known.
    """
    chosen = environment.get(STATE_VARIABLE)
    own = Path(chosen) if chosen else user_state()
    if own is None:
        raise no_home()
    return own


def unusable(path: Path, fault: LedgerFault) -> BadInput:
    """The error for a person where nothing goes on without the ledger."""
    return BadInput(
        msg("The ledger {path} cannot be used: {why}.", path=str(path), why=fault.reason),
        msg("Move it away if it is damaged, or set CPX_STATE_DIR to another directory."),
    )


@contextlib.contextmanager
def _faults() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        code = code_of(error)
        raise LedgerFault(why(error), code) from None
    except Malformed:
        raise LedgerFault(msg("it is damaged, or no ledger"), "damaged") from None


def _regular(path: Path) -> bytes:
    """What the file holds. A pipe would be waited for without end. Raises `OSError`."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Malformed("no regular file")
        return file.read(_MAX_BYTES)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One change at a time, over processes. Raises `OSError` when another one does not end."""
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NONBLOCK", 0)
    with os.fdopen(os.open(path, flags, 0o600), "r+b", buffering=0) as file:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                lock(file.fileno())
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(_PAUSE_SECONDS)
        yield
