"""Writing emulations when something goes wrong: nothing is lost, and one sentence says what."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cpx_tool.adapters.softhsm import SOFTHSM_VARIABLE, open_emulation, write_emulation
from cpx_tool.adapters.softhsm_directory import put_in_place
from cpx_tool.adapters.softhsm_lock import held
from cpx_tool.adapters.softhsm_tokens import fill_tokens
from cpx_tool.errors import BadInput, CpxError, NothingToCheck
from cpx_tool.i18n import say
from cpx_tool.model.message import msg
from support.emulation import CACHE, dump, emulate, wanted
from support.processes import wait_for_end

pytestmark = pytest.mark.softhsm

WRITE = """
import sys
from pathlib import Path
from support.emulation import emulate
emulate(Path(sys.argv[1]), set_name="centre-hospitalier")
"""
PATIENCE_SECONDS = 60


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(emulate(tmp_path_factory.mktemp("faults") / "pristine").directory)


@pytest.fixture
def own(pristine: Path, tmp_path: Path) -> Path:
    """Six good cards to spoil, alone in a directory."""
    (tmp_path / "place").mkdir()
    return Path(shutil.copytree(pristine, tmp_path / "place" / "own"))


def refusal(action: Callable[[], object]) -> str:
    with pytest.raises(CpxError) as caught:
        action()
    told = f"{say(caught.value.reason)} {say(caught.value.hint)}"
    assert told.isprintable()
    assert "Traceback" not in told
    assert "Error" not in told
    return told


def files(directory: Path) -> dict[str, bytes]:
    return {str(f): f.read_bytes() for f in directory.rglob("*") if f.is_file()}


# --- interrupted -----------------------------------------------------------------------------


@contextlib.contextmanager
def writing(into: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Nine cards are being written by another process, the first in a session of its own."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITE, str(into)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for_the_middle(process: subprocess.Popen[bytes], beside: Path) -> None:
    """Until the first tokens stand in the temporary directory."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not any(beside.glob(".*/*/tokens/*/token.object")):
        assert process.poll() is None, "it ended before it could be interrupted"
        assert time.monotonic() < end, "nothing was written"
        time.sleep(0.002)


def test_a_killed_run_leaves_what_was_there_and_the_next_one_works(own: Path) -> None:
    before = files(own)
    with writing(own) as process:
        wait_for_the_middle(process, own.parent)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert files(own) == before
    assert len(dump(open_emulation(own))) == 6
    assert len(list(own.parent.iterdir())) == 2  # it could not clean up
    assert len(dump(emulate(own, set_name="centre-hospitalier"))) == 9
    assert list(own.parent.iterdir()) == [own]


def test_what_a_run_under_way_has_written_is_not_taken_for_a_leftover(own: Path) -> None:
    with writing(own) as process:
        wait_for_the_middle(process, own.parent)
        os.killpg(process.pid, signal.SIGSTOP)
        assert len(dump(emulate(own))) == 6
        os.killpg(process.pid, signal.SIGCONT)
        assert process.wait(PATIENCE_SECONDS) == 0
    assert len(dump(open_emulation(own))) == 9
    assert list(own.parent.iterdir()) == [own]


def test_a_writer_does_not_outlive_its_parent(own: Path) -> None:
    with writing(own) as process:
        wait_for_the_middle(process, own.parent)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        process.kill()
        process.wait()
        for child in children:
            wait_for_end(int(child))


def test_an_emulation_in_use_is_neither_replaced_nor_looked_at(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cpx_tool.adapters.softhsm.PATIENCE_SECONDS", 0.0)
    before = files(own)
    with held(own / "tokens", 0, NothingToCheck(msg("in use"), msg("wait"))):
        for reuse in (False, True):
            told = refusal(
                lambda reuse=reuse: write_emulation(
                    wanted("centre-hospitalier"), own, CACHE, reuse=reuse
                )
            )
            assert "Another run is using the emulated cards" in told
    assert files(own) == before
    assert list(own.parent.iterdir()) == [own]


def test_files_that_came_meanwhile_are_not_lost(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(*arguments: Any) -> Any:
        (own / "mine.txt").write_text("mine")
        return fill_tokens(*arguments)

    monkeypatch.setattr("cpx_tool.adapters.softhsm.fill_tokens", fill)
    assert "would be lost" in refusal(lambda: emulate(own))
    assert (own / "mine.txt").read_text() == "mine"
    assert len(open_emulation(own).tokens) == 6


def test_a_killed_writer_is_an_error_that_leaves_what_was_there(own: Path) -> None:
    before = files(own)
    with writing(own) as process:
        wait_for_the_middle(process, own.parent)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
        for child in children.split():
            os.kill(int(child), signal.SIGKILL)
        assert process.wait(PATIENCE_SECONDS) == 1
    assert files(own) == before
    assert list(own.parent.iterdir()) == [own]


def test_ctrl_c_leaves_what_was_there_and_nothing_else(own: Path) -> None:
    before = files(own)
    with writing(own) as process:
        wait_for_the_middle(process, own.parent)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(PATIENCE_SECONDS) != 0
    assert files(own) == before
    assert list(own.parent.iterdir()) == [own]


def test_ctrl_c_while_the_directories_are_exchanged(own: Path, tmp_path: Path) -> None:
    class Interrupted(type(own)):  # type: ignore[misc]
        def rename(self, target: Path) -> Path:
            raise KeyboardInterrupt

    before = files(own)
    with pytest.raises(KeyboardInterrupt):
        put_in_place(Interrupted(tmp_path / "fresh"), own, tmp_path / "former")
    assert files(own) == before


def test_two_runs_into_one_directory_leave_one_whole_emulation(tmp_path: Path) -> None:
    into = tmp_path / "emulation"
    with writing(into) as first, writing(into) as second:
        codes = {first.wait(PATIENCE_SECONDS), second.wait(PATIENCE_SECONDS)}
    assert codes == {0}
    assert len(dump(open_emulation(into))) == 9
    assert list(tmp_path.iterdir()) == [into]


# --- spoiled ---------------------------------------------------------------------------------


def test_a_store_without_one_of_its_tokens_is_damaged(own: Path) -> None:
    shutil.rmtree(next((own / "tokens").iterdir()))
    assert "is damaged (tokens/token.object)" in refusal(lambda: open_emulation(own))


@pytest.mark.parametrize(
    "change",
    [
        {"created": "2026-01-01T00:00:00"},  # no time zone
        {"created": "yesterday"},
        {"tokens": [1]},
        {"tokens": {}},
        {"mechanisms": None},
    ],
)
def test_a_manifest_with_a_strange_value_is_damaged(own: Path, change: dict[str, Any]) -> None:
    manifest = own / "emulation.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), **change}))
    assert "is damaged (emulation.json)" in refusal(lambda: open_emulation(own))
    again = write_emulation(wanted("centre-sante"), own, CACHE, reuse=True)
    assert open_emulation(own) == again


@pytest.mark.parametrize("name", [".git", "tokens", "ca", "softhsm2.conf"])
def test_names_like_ours_do_not_make_it_ours(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    assert "would be lost" in refusal(lambda: emulate(tmp_path))
    assert files(tmp_path) == {str(tmp_path / name): b"mine"}


# --- places ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [b"line\nend", b"\xff", b"escape\x1b[2J"])
def test_a_path_that_is_no_plain_text_is_refused(tmp_path: Path, name: bytes) -> None:
    place = tmp_path / os.fsdecode(name)
    assert "no plain text" in refusal(lambda: emulate(place))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["with space", "é", "a%20b", "it's", 'a"b', "-x", "$HOME"])
def test_any_other_path_will_do(own: Path, name: str) -> None:
    assert len(dump(open_emulation(own.rename(own.with_name(name))))) == 6


def test_a_link_to_a_directory_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    emulate(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert len(open_emulation(tmp_path / "real").tokens) == 6


def test_a_place_where_nobody_can_write() -> None:
    assert "/proc/nobody" in refusal(lambda: emulate(Path("/proc/nobody/emulation")))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_place_that_one_may_not_write(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        assert "cannot be written" in refusal(lambda: emulate(tmp_path / "emulation"))
    finally:
        tmp_path.chmod(0o700)


# --- another library -------------------------------------------------------------------------


def library(kind: str, folder: Path) -> Path:
    if kind == "another library":
        loaded = Path("/proc/self/maps").read_text().split()
        return next(Path(word) for word in loaded if "/libc.so" in word or "/libc-" in word)
    if kind == "another module":
        found = [
            *Path("/usr/lib").glob("*/opensc-pkcs11.so"),
            *Path("/usr").glob("lib*/opensc-pkcs11.so"),
        ]
        if not found:
            pytest.skip("opensc-pkcs11 is not installed")
        return found[0]
    (folder / "lib.so").write_bytes(b"no library")
    return folder / "lib.so"


@pytest.mark.parametrize("kind", ["no library", "another library", "another module"])
def test_a_library_that_is_not_softhsm(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    before, named = files(own), library(kind, tmp_path)
    monkeypatch.setenv(SOFTHSM_VARIABLE, str(named))
    words = "is not a shared library" if kind == "no library" else "is not SoftHSM 2"
    assert f"{named} {words}" in refusal(lambda: emulate(own))
    with pytest.raises(BadInput):
        emulate(own.with_name("other"))
    assert files(own) == before
    assert list(own.parent.iterdir()) == [own]
