"""Files that the user names: whole or not there, nothing else touched, nothing left behind."""

from __future__ import annotations

import errno
import os
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cpx_tool.adapters import files
from cpx_tool.adapters.files import (
    check_target,
    read_at_most,
    read_file,
    write_file,
    write_new,
    write_whole,
)
from cpx_tool.errors import BadInput
from cpx_tool.i18n import say
from cpx_tool.model.message import msg

HINT = msg("Choose another file.")
NEW, OLD = b"new", b"old"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A directory, with a umask that is known."""
    former = os.umask(0o022)
    yield tmp_path
    os.umask(former)


def refused(action: Callable[[], object]) -> str:
    with pytest.raises(BadInput) as caught:
        action()
    assert say(caught.value.hint) == "Choose another file."
    return say(caught.value.reason)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def make_node(kind: str, path: Path) -> None:
    """Something that is no regular file, nor leads to one."""
    if kind == "directory":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
    else:
        path.symlink_to({"to a device": "/dev/null", "to nothing": "gone", "loop": path}[kind])


WORDS = {
    "directory": "it is a directory",
    "pipe": "not a regular file",
    "socket": "not a regular file",
    "to a device": "not a regular file",
    "to nothing": "a symbolic link to nothing",
    "loop": "too many symbolic links",
}


# --- what is written -------------------------------------------------------------------------


def test_a_new_file_is_written(folder: Path) -> None:
    write_file(folder / "file", NEW, HINT)
    assert (folder / "file").read_bytes() == NEW
    assert mode_of(folder / "file") == 0o644
    assert list(folder.iterdir()) == [folder / "file"]


def test_a_file_is_replaced_and_not_rewritten(folder: Path) -> None:
    path = folder / "file"
    path.write_bytes(OLD)
    with path.open("rb") as reader:
        write_file(path, NEW, HINT)
        assert reader.read() == OLD
    assert path.read_bytes() == NEW


def test_a_link_stays_and_what_it_leads_to_is_replaced(folder: Path) -> None:
    (folder / "real").write_bytes(OLD)
    (folder / "link").symlink_to("real")
    write_file(folder / "link", NEW, HINT)
    assert (folder / "link").is_symlink()
    assert (folder / "real").read_bytes() == NEW
    assert not (folder / "real").is_symlink()


@pytest.mark.parametrize("kind", WORDS)
def test_what_is_no_regular_file_is_refused_and_stays(folder: Path, kind: str) -> None:
    path = folder / "node"
    make_node(kind, path)
    before = path.lstat()
    assert WORDS[kind] in refused(lambda: check_target(path, HINT))
    assert WORDS[kind] in refused(lambda: write_file(path, NEW, HINT))
    after = path.lstat()
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)
    assert list(folder.iterdir()) == [path]


@pytest.mark.parametrize("device", ["/dev/null", "/dev/full", "/dev/zero"])
def test_a_device_stays_a_device(device: str) -> None:
    assert "not a regular file" in refused(lambda: check_target(Path(device), HINT))
    assert "not a regular file" in refused(lambda: write_file(Path(device), NEW, HINT))
    assert stat.S_ISCHR(Path(device).stat().st_mode)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("gone/file", "no such file"),
        ("file/below", "not a directory"),
        ("n" * 256, "too long"),
        ("a\0b", "is not a path"),
    ],
)
def test_a_place_that_cannot_be(folder: Path, path: str, words: str) -> None:
    (folder / "file").write_bytes(OLD)
    assert words in refused(lambda: check_target(folder / path, HINT))
    assert words in refused(lambda: write_file(folder / path, NEW, HINT))


def test_a_name_as_long_as_a_name_can_be(folder: Path) -> None:
    write_file(folder / ("n" * 255), NEW, HINT)
    assert (folder / ("n" * 255)).read_bytes() == NEW


def test_trying_a_place_changes_nothing(folder: Path) -> None:
    (folder / "file").write_bytes(OLD)
    check_target(folder / "file", HINT)
    check_target(folder / "new", HINT)
    assert list(folder.iterdir()) == [folder / "file"]
    assert (folder / "file").read_bytes() == OLD


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_one_may_not_write_is_told_early(folder: Path) -> None:
    folder.chmod(0o500)
    try:
        assert "permission denied" in refused(lambda: check_target(folder / "file", HINT))
    finally:
        folder.chmod(0o700)


def test_a_directory_in_which_nobody_can_write_is_told_early() -> None:
    assert "cannot be written" in refused(lambda: check_target(Path("/proc/file"), HINT))


# --- permissions -----------------------------------------------------------------------------


def test_permissions_hold_from_the_creation_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda fd: seen.append(os.fstat(fd).st_mode & 0o777))
    write_file(folder / "secret", NEW, HINT, mode=0o600)
    assert seen == [0o600]
    assert mode_of(folder / "secret") == 0o600


@pytest.mark.parametrize(
    ("there", "asked", "then"),
    [
        (0o600, 0o666, 0o600),  # what was closed is not opened
        (0o664, 0o666, 0o664),  # a file of a group stays one, whatever the umask
        (0o644, 0o600, 0o600),  # a secret is one wherever it goes
    ],
)
def test_a_file_that_is_replaced_gives_its_permissions(
    folder: Path, there: int, asked: int, then: int
) -> None:
    path = folder / "file"
    path.write_bytes(OLD)
    path.chmod(there)
    write_file(path, NEW, HINT, mode=asked)
    assert mode_of(path) == then


# --- exclusively -----------------------------------------------------------------------------


def test_exclusively_nothing_is_replaced(folder: Path) -> None:
    write_file(folder / "file", OLD, HINT, exclusive=True)
    for again in (
        lambda: check_target(folder / "file", HINT, exclusive=True),
        lambda: write_file(folder / "file", NEW, HINT, exclusive=True),
    ):
        with pytest.raises(BadInput, match="exists already, and nothing is overwritten"):
            again()
    assert (folder / "file").read_bytes() == OLD
    assert list(folder.iterdir()) == [folder / "file"]


@pytest.mark.parametrize("links", [True, False], ids=["links", "no hard links"])
def test_of_two_writers_the_first_wins(
    folder: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "")

    if not links:
        monkeypatch.setattr(Path, "hardlink_to", refuse)
    write_whole(folder / "file", OLD, exclusive=True)
    with pytest.raises(FileExistsError):
        write_whole(folder / "file", NEW, exclusive=True)
    assert (folder / "file").read_bytes() == OLD
    assert list(folder.iterdir()) == [folder / "file"]


def test_exclusively_a_link_is_not_followed(folder: Path) -> None:
    (folder / "link").symlink_to("elsewhere")
    with pytest.raises(FileExistsError):
        write_whole(folder / "link", NEW, exclusive=True)
    assert [path.name for path in folder.iterdir()] == ["link"]


# --- when it goes wrong ----------------------------------------------------------------------


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("exclusive", [True, False])
@pytest.mark.parametrize("failure", [OSError(errno.ENOSPC, ""), KeyboardInterrupt()])
def test_a_failure_leaves_what_was_there_and_nothing_else(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    failure: BaseException,
    exclusive: bool,
    there: bool,
) -> None:
    def fail(_: int) -> None:
        raise failure

    if there:
        (folder / "file").write_bytes(OLD)
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(type(failure)):
        write_whole(folder / "file", NEW, exclusive=exclusive)
    assert [path.read_bytes() for path in folder.iterdir()] == [OLD] * there


def test_a_name_that_was_taken_in_vain_is_given_back(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "")

    monkeypatch.setattr(Path, "hardlink_to", fail)
    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="5"):
        write_whole(folder / "file", NEW, exclusive=True)
    assert list(folder.iterdir()) == []


def test_a_full_disk_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.ENOSPC, "")

    monkeypatch.setattr(os, "fsync", fail)
    told = refused(lambda: write_file(folder / "file", NEW, HINT))
    assert told.endswith("file cannot be written: no space left on the device.")


def test_it_does_not_matter_that_a_standard_stream_is_closed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "file").write_bytes(OLD)
    monkeypatch.setattr(files, "_STANDARD_STREAMS", (9999,))
    write_file(folder / "file", NEW, HINT)
    assert (folder / "file").read_bytes() == NEW


# --- what is read ----------------------------------------------------------------------------


def test_a_mistyped_name_is_answered_with_the_nearest_file(folder: Path) -> None:
    (folder / "observation.json").write_bytes(OLD)
    (folder / "obsrvations").mkdir()
    with pytest.raises(BadInput) as caught:
        read_file(folder / "obsrvation.json", 10, HINT)
    assert say(caught.value.hint) == f"Did you mean {folder / 'observation.json'}?"


@pytest.mark.parametrize("name", ["nothing-like-it", "gone/observation.json", "a\0b", ""])
def test_a_name_like_no_file_has_the_usual_remedy(folder: Path, name: str) -> None:
    (folder / "observation.json").write_bytes(OLD)
    refused(lambda: read_file(folder / name, 10, HINT))


# --- several, or none -------------------------------------------------------------------------


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_all_are_written_with_mode_0600_from_the_first_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda fd: modes.append(os.fstat(fd).st_mode & 0o777))
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
        check_target(place, HINT, exclusive=True)


def test_a_place_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        write_new({tmp_path / "gone" / "key": b""})
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


def test_a_pipe_is_not_waited_for_even_where_it_was_taken_for_a_file(tmp_path: Path) -> None:
    """As one that took a file's place after it was looked at; /proc/kmsg is like that for good."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert read_at_most(pipe, 10) == b"", "nobody writes"
    writing = os.open(pipe, os.O_RDWR)
    try:
        with pytest.raises(BlockingIOError):
            read_at_most(pipe, 10)
    finally:
        os.close(writing)
