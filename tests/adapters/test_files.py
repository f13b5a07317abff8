"""Files written anew: whole, for their owner only, never over another one."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from cpx_tool.adapters.files import refuse_existing, write_new
from cpx_tool.errors import BadInput
from cpx_tool.i18n import say


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_all_are_written_with_mode_0600_from_the_first_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes: list[int] = []
    write = os.fdopen

    def watched(handle: int, *rest: Any) -> Any:
        modes.append(stat.S_IMODE(os.fstat(handle).st_mode))
        return write(handle, *rest)

    monkeypatch.setattr(os, "fdopen", watched)
    mask = os.umask(0)
    try:
        write_new({tmp_path / "key": b"secret", tmp_path / "csr": b"public"})
    finally:
        os.umask(mask)
    assert modes == [0o600, 0o600]
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    assert names(tmp_path) == {"key", "csr"}
    assert (tmp_path / "key").read_bytes() == b"secret"


@pytest.mark.parametrize("taken", ["key", "csr"])
@pytest.mark.parametrize("kind", ["file", "link", "directory"])
def test_nothing_is_written_over_and_nothing_is_left(tmp_path: Path, taken: str, kind: str) -> None:
    place = tmp_path / taken
    if kind == "file":
        place.write_bytes(b"old")
    elif kind == "link":
        place.symlink_to(tmp_path / "elsewhere")
    else:
        place.mkdir()
    with pytest.raises(BadInput, match="exists already"):
        write_new({tmp_path / "key": b"new", tmp_path / "csr": b"new"})
    assert names(tmp_path) == {taken}
    assert kind != "file" or place.read_bytes() == b"old"
    with pytest.raises(BadInput, match="exists already"):
        refuse_existing((tmp_path / "key", tmp_path / "csr"))


def test_a_place_that_is_none(tmp_path: Path) -> None:
    for action in (lambda p: refuse_existing((p,)), lambda p: write_new({p: b""})):
        with pytest.raises(BadInput) as caught:
            action(tmp_path / "gone" / "key")
        assert "no such file or directory" in say(caught.value.reason)


def test_an_interruption_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = os.fsync
    calls = iter([synced, None])

    def interrupted(handle: int) -> None:
        step = next(calls)
        if step is None:
            raise KeyboardInterrupt
        step(handle)

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_new({tmp_path / "key": b"secret", tmp_path / "csr": b"public"})
    assert names(tmp_path) == set()


@pytest.fixture
def no_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system without hard links."""

    def refused(self: Path, target: Path) -> None:
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(Path, "hardlink_to", refused)


@pytest.mark.usefixtures("no_links")
def test_without_hard_links_it_is_the_same(tmp_path: Path) -> None:
    write_new({tmp_path / "key": b"secret"})
    assert (tmp_path / "key").read_bytes() == b"secret"
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    with pytest.raises(BadInput, match="exists already"):
        write_new({tmp_path / "key": b"new"})
    assert (tmp_path / "key").read_bytes() == b"secret"
    assert names(tmp_path) == {"key"}
