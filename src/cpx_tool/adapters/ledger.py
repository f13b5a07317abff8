"""The ledger of PIN tries over runs: one small JSON file in the user's state directory.

Only what did not succeed stands in it. A try is noted before it is made, so that a run that is
killed in the middle leaves a trace. Never a PIN.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cpx_tool.adapters.codec import Malformed, from_json, indented, to_json
from cpx_tool.adapters.files import write_whole
from cpx_tool.adapters.system import no_home, user_state
from cpx_tool.model.observation import FailedTry
from cpx_tool.ports import LedgerFault

STATE_VARIABLE = "CPX_STATE_DIR"
LEDGER_FILE = "pin-ledger.json"
LEDGER_LOCK = "pin-ledger.lock"
_FORMAT = 1
_MAX_BYTES = 1_000_000


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

    def open(self, card: str, at: datetime) -> None:
        """See `ports.Ledger.open`."""
        self._change(lambda entries: {**entries, card: FailedTry(card, at)})

    def close(self, card: str, *, succeeded: bool) -> None:
        """See `ports.Ledger.close`."""
        if succeeded:
            self.forget(card)

    def forget(self, card: str) -> None:
        """See `ports.Ledger.forget`."""
        self._change(lambda entries: {key: e for key, e in entries.items() if key != card})

    def _change(self, change: Callable[[dict[str, FailedTry]], dict[str, FailedTry]]) -> None:
        with _faults():
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _locked(self.path.with_name(LEDGER_LOCK)):
                before = self._read()
                after = change(before)
                if after != before:
                    self._write(after)

    def _read(self) -> dict[str, FailedTry]:
        try:
            with self.path.open("rb") as file:
                content = file.read(_MAX_BYTES)
        except FileNotFoundError:
            return {}
        contents = from_json(content, _Contents)
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


@contextlib.contextmanager
def _faults() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LedgerFault(error.strerror or type(error).__name__) from None
    except Malformed:
        raise LedgerFault("damaged") from None


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One change at a time, over processes."""
    with path.open("ab") as file:
        try:
            import fcntl  # noqa: PLC0415 - not on Windows
        except ImportError:
            import msvcrt  # noqa: PLC0415

            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
