"""The lock on an emulation: one holder, bounded patience, and always on what the path leads to."""

from __future__ import annotations

import errno
import fcntl
from pathlib import Path

import pytest

from cpx_tool.adapters.softhsm_lock import Lock, held, take
from cpx_tool.errors import NothingToCheck
from cpx_tool.model.message import msg

BUSY = NothingToCheck(msg("in use"), msg("wait"))
LONG = 60.0


@pytest.fixture
def tokens(tmp_path: Path) -> Path:
    directory = tmp_path / "tokens"
    directory.mkdir()
    return directory


def taken(directory: Path) -> Lock:
    lock = take(directory)
    assert lock is not None
    return lock


def test_there_is_one_holder(tokens: Path) -> None:
    with held(tokens, 0, BUSY):
        assert take(tokens) is None
        with pytest.raises(NothingToCheck), held(tokens, 0, BUSY):
            pytest.fail("two holders")
    with held(tokens, 0, BUSY):
        pass


def test_it_is_let_go_when_something_fails(tokens: Path) -> None:
    with pytest.raises(KeyboardInterrupt), held(tokens, 0, BUSY):
        raise KeyboardInterrupt
    assert taken(tokens).is_real


def test_a_holder_is_waited_for_and_that_is_told(tokens: Path) -> None:
    other = taken(tokens)
    told: list[str] = []

    def end_of_the_other() -> None:
        told.append("waiting")
        other.release()

    with held(tokens, LONG, BUSY, end_of_the_other):
        assert take(tokens) is None
    assert told == ["waiting"]


def test_nobody_is_told_without_a_wait(tokens: Path) -> None:
    with held(tokens, LONG, BUSY, lambda: pytest.fail("no wait")):
        pass


def test_a_directory_that_was_replaced_meanwhile_is_locked_anew(tokens: Path) -> None:
    other = taken(tokens)

    def exchange() -> None:
        tokens.rename(tokens.with_name("former"))
        tokens.mkdir()
        other.release()

    with held(tokens, LONG, BUSY, exchange):
        assert take(tokens) is None


def test_the_lock_goes_with_a_directory_that_is_moved(tokens: Path, tmp_path: Path) -> None:
    with held(tokens, 0, BUSY):
        moved = tokens.rename(tmp_path / "moved")
        assert take(moved) is None


def test_where_nothing_is_there_is_nothing_to_hold(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name in ("gone", "file", "file/below"):
        with held(tmp_path / name, 0, BUSY):
            assert not taken(tmp_path / name).is_real


def test_a_file_system_without_locks_is_no_hindrance(
    tokens: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with held(tokens, 0, BUSY):
        assert not taken(tokens).is_real


def test_a_directory_that_cannot_be_written_can_be_locked(tokens: Path) -> None:
    tokens.chmod(0o500)
    with held(tokens, 0, BUSY):
        assert take(tokens) is None
