"""Standard streams that are closed, full or slow: the verdict is shown where it can be."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from support.cli import COMMAND, cpx, cpx_after, environment

FIXTURES = Path(__file__).parents[2] / "fixtures"
FAILED = ("judge", FIXTURES / "observation.json", "--set", "centre-sante")
CHECK = ("check-set", "--set", "centre-sante")

NO_OUTPUT = {
    "exec >&-": "it is closed",
    "exec >/dev/full": "no space left on the device",
}
no_output = pytest.mark.parametrize("shell", NO_OUTPUT)


# --- standard output -------------------------------------------------------------------------


@no_output
def test_the_result_is_on_standard_error_and_success_is_none(shell: str) -> None:
    done = cpx_after(shell, "list-sets")
    assert done.returncode == 2
    assert "centre-sante" in done.stderr
    assert f"Standard output cannot be written: {NO_OUTPUT[shell]}." in done.stderr
    assert "written to standard error instead" in done.stderr


@no_output
def test_a_failure_keeps_its_code(shell: str) -> None:
    done = cpx_after(shell, *FAILED)
    assert done.returncode == 1
    assert "FAILED" in done.stderr
    assert "Standard output cannot be written" in done.stderr


@no_output
def test_json_is_not_mixed_with_a_second_object(shell: str) -> None:
    done = cpx_after(shell, *FAILED, "--json")
    whole, _, rest = done.stderr.partition("\n}\n")
    assert json.loads(whole + "}")["verdict"] == "failed"
    assert "{" not in rest


@no_output
@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["check-set", "--help"]])
def test_help_that_cannot_be_written(shell: str, arguments: list[str]) -> None:
    done = cpx_after(shell, *arguments)
    assert done.returncode == 2
    assert "Standard output cannot be written" in done.stderr


def test_nobody_listening_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [COMMAND, *FAILED],
        env=environment(),
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


def test_an_output_that_does_not_wait_is_waited_for() -> None:
    """A pipe with O_NONBLOCK, as some programs leave it, and smaller than the result."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    size = fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    process = subprocess.Popen(
        [COMMAND, *FAILED, "--json"], env=environment(), stdout=writer, stderr=subprocess.PIPE
    )
    os.close(writer)
    with os.fdopen(reader, "rb") as result:
        text = result.read()
    _, told = process.communicate(timeout=60)
    assert (process.returncode, told) == (1, b"")
    assert len(text) > size
    assert json.loads(text)["exit_code"] == 1


# --- standard error --------------------------------------------------------------------------


@pytest.mark.parametrize("shell", ["exec 2>&-", "exec 2>/dev/full"])
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["list-sets"], 0),
        (list(FAILED), 1),
        (["judge", "gone", "--set", "centre-sante"], 2),
        (["check-set"], 2),
        (["list-readers", "--timeout", "soon"], 2),
    ],
)
def test_complaints_that_nobody_hears_change_no_code(
    shell: str, arguments: list[str | Path], code: int
) -> None:
    done = cpx_after(shell, *arguments)
    assert done.returncode == code
    assert done.stdout == cpx(*arguments).stdout


@pytest.mark.parametrize("shell", ["exec >&- 2>&-", "exec >/dev/full 2>/dev/full"])
def test_without_any_output_the_code_is_left(shell: str) -> None:
    assert cpx_after(shell, *FAILED).returncode == 1
    assert cpx_after(shell, "list-sets").returncode == 2


# --- all of them -----------------------------------------------------------------------------


@pytest.mark.softhsm
def test_no_file_takes_the_place_of_a_closed_stream(good: Path, tmp_path: Path) -> None:
    """Otherwise the observation would get the number of standard output, and its text."""
    saved = tmp_path / "seen.json"
    arguments = (*CHECK, "--emulated", good, "--save-observation", saved)
    done = cpx_after("exec <&- >&- 2>&-", *arguments)
    assert done.returncode == 2  # passed, but not shown
    judged = cpx("judge", saved, "--set", "centre-sante")
    assert judged.returncode == 0, judged.stderr


@pytest.mark.softhsm
def test_no_pin_can_be_asked_for_without_standard_input(good: Path) -> None:
    done = cpx_after("exec <&-", *CHECK, "--emulated", good, "--ask-pin")
    assert done.returncode == 2
    assert "no terminal to ask" in done.stderr


@pytest.mark.softhsm
@no_output
def test_a_set_that_passed_and_was_not_shown(good: Path, shell: str) -> None:
    done = cpx_after(shell, *CHECK, "--emulated", good)
    assert done.returncode == 2
    assert "PASSED — 6 of 6 cards" in done.stderr


# --- a disk that is full ---------------------------------------------------------------------

FULL = "ulimit -f 32"
"""Enough for the files of SoftHSM and not for an observation: 16 KiB, or 32."""


@pytest.mark.softhsm
def test_an_observation_that_cannot_be_saved_costs_no_verdict(good: Path, tmp_path: Path) -> None:
    saved = tmp_path / "seen.json"
    saved.write_text("former")
    arguments = (*CHECK, "--emulated", good, "--save-observation", saved)
    done = cpx_after(FULL, *arguments)
    assert done.returncode == 2
    assert "PASSED — 6 of 6 cards" in done.stdout
    assert f"Error: {saved} cannot be written: the file is too large." in done.stderr
    assert saved.read_text() == "former"
    assert list(tmp_path.iterdir()) == [saved]

    body = json.loads(cpx_after(FULL, *arguments, "--json").stdout)
    assert (body["verdict"], body["exit_code"]) == ("passed", 2)


@pytest.mark.softhsm
def test_a_failure_that_cannot_be_saved_keeps_its_code(
    emulate: Callable[..., Path], tmp_path: Path
) -> None:
    spoiled = emulate("centre-sante", "expired")
    saved = ("--save-observation", tmp_path / "seen.json")
    done = cpx_after(FULL, *CHECK, "--emulated", spoiled, *saved)
    assert done.returncode == 1
    assert "FAILED" in done.stdout
    assert "cannot be written" in done.stderr


@pytest.mark.softhsm
def test_neither_saved_nor_shown(good: Path, tmp_path: Path) -> None:
    saved = ("--save-observation", tmp_path / "seen.json")
    done = cpx_after(f"{FULL} && exec >&-", *CHECK, "--emulated", good, *saved)
    assert done.returncode == 2
    assert "PASSED — 6 of 6 cards" in done.stderr
    assert "seen.json cannot be written" in done.stderr
    assert "Standard output cannot be written" in done.stderr
