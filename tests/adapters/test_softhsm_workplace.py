"""The hidden directory in which an emulation is built, and what a kill leaves of it."""

from __future__ import annotations

import errno
import fcntl
from pathlib import Path

import pytest

from cpx_tool.adapters import softhsm_workplace
from cpx_tool.adapters.softhsm_directory import put_in_place
from cpx_tool.adapters.softhsm_workplace import workplace
from cpx_tool.adapters.system import exchange


def leftover(into: Path, suffix: str = "0123456789abcdef") -> Path:
    """What a run that was killed leaves behind."""
    place = into.with_name(f".{into.name}.cpx-tool-{suffix}")
    (place / "fresh" / "tokens").mkdir(parents=True)
    (place / "fresh" / "tokens" / "key").write_bytes(b"secret")
    return place


def test_it_is_removed_in_the_end(tmp_path: Path) -> None:
    into = tmp_path / "emulation"
    with workplace(into) as place:
        (place / "key").write_bytes(b"secret")
        assert place.parent == tmp_path
        assert place.stat().st_mode & 0o777 == 0o700
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_it_is_removed_when_something_fails(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), workplace(tmp_path / "emulation"):
        raise error
    assert list(tmp_path.iterdir()) == []


def test_what_a_kill_left_is_removed(tmp_path: Path) -> None:
    leftover(tmp_path / "emulation")
    leftover(tmp_path / "emulation", "f" * 16)
    with workplace(tmp_path / "emulation") as place:
        assert list(tmp_path.iterdir()) == [place]


def test_what_another_run_uses_stays(tmp_path: Path) -> None:
    with workplace(tmp_path / "emulation") as first, workplace(tmp_path / "emulation") as second:
        assert sorted(tmp_path.iterdir()) == sorted([first, second])


def test_where_nothing_can_be_locked_nothing_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    left = leftover(tmp_path / "emulation")
    with workplace(tmp_path / "emulation"):
        assert left.exists()


def test_what_only_looks_like_it_stays(tmp_path: Path) -> None:
    into = tmp_path / "emulation"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    others = [
        leftover(tmp_path / "another"),
        leftover(into, "mine"),
        leftover(into, "0123456789abcdef.old"),
        elsewhere,
        into.with_name(".emulation.cpx-tool-1111111111111111"),
        into.with_name(".emulation.cpx-tool-2222222222222222"),
    ]
    others[4].symlink_to(elsewhere)
    others[5].write_text("a file")
    with workplace(into):
        assert all(path.exists() for path in others)


def test_what_is_another_users_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = leftover(tmp_path / "emulation")
    monkeypatch.setattr(softhsm_workplace.os, "geteuid", lambda: left.stat().st_uid + 1)
    with workplace(tmp_path / "emulation"):
        assert left.exists()


def test_one_that_is_taken_for_a_leftover_before_it_is_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[Path] = []
    take = softhsm_workplace.take

    def removed_once(place: Path) -> object:
        attempts.append(place)
        if len(attempts) == 1:
            place.rmdir()
        return take(place)

    monkeypatch.setattr(softhsm_workplace, "take", removed_once)
    with workplace(tmp_path / "emulation") as place:
        assert place.is_dir()
        assert attempts == [attempts[0], place]


def test_the_longest_names_and_those_of_many_bytes(tmp_path: Path) -> None:
    for name in ("n" * 255, "é" * 127):
        with workplace(tmp_path / name) as place:
            assert place.is_dir()


# --- the exchange ----------------------------------------------------------------------------


def named(path: Path) -> Path:
    """A directory that holds its own name."""
    path.mkdir()
    (path / path.name).touch()
    return path


def holds(path: Path) -> list[str]:
    return [entry.name for entry in path.iterdir()]


def test_two_directories_change_places_in_one_step(tmp_path: Path) -> None:
    one, other = named(tmp_path / "one"), named(tmp_path / "other")
    if not exchange(one, other):
        pytest.skip("this system or file system cannot")
    assert (holds(one), holds(other)) == (["other"], ["one"])


def test_what_is_not_there_is_not_exchanged(tmp_path: Path) -> None:
    one = named(tmp_path / "one")
    assert not exchange(one, tmp_path / "gone")
    assert holds(one) == ["one"]


@pytest.mark.parametrize("in_one_step", [True, False])
@pytest.mark.parametrize("existed", [True, False])
def test_the_fresh_one_is_put_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, existed: bool, in_one_step: bool
) -> None:
    if not in_one_step:
        monkeypatch.setattr(
            "cpx_tool.adapters.softhsm_directory.exchange", lambda one, other: False
        )
    fresh, there = named(tmp_path / "fresh"), tmp_path / "there"
    if existed:
        named(there)
    put_in_place(fresh, there, tmp_path / "former")
    assert holds(there) == ["fresh"]
    rest = [path for path in tmp_path.iterdir() if path != there]
    assert [holds(path) for path in rest] == [["there"]] * existed
