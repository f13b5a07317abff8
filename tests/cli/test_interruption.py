"""Ctrl-C, SIGTERM and SIGHUP: a code of their own, and nothing left behind."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cpx_tool.cli.interruption import Interruption, listen, tell_first
from cpx_tool.cli.main import run
from cpx_tool.errors import ExitCode
from support.cli import COMMAND, cpx, environment
from support.modules import compile_broken_module
from support.processes import (
    PATIENCE_SECONDS,
    children,
    wait_for_end,
    wait_for_module,
    wait_for_worker,
    wait_until,
)

CHECK = ("check-set", "--set", "centre-sante")
CODES = {
    signal.SIGHUP: ExitCode.HUNG_UP,
    signal.SIGINT: ExitCode.INTERRUPTED,
    signal.SIGTERM: ExitCode.TERMINATED,
}
each_signal = pytest.mark.parametrize("number", CODES)


@contextmanager
def running(
    *arguments: str | Path, env: dict[str, str] | None = None, ignored: str = ""
) -> Iterator[subprocess.Popen[str]]:
    """A command under way; `ignored` are signals that its shell ignores, as nohup(1) does."""
    command = [str(COMMAND), *map(str, arguments)]
    if ignored:
        command = ["sh", "-c", f"trap '' {ignored}; exec \"$@\"", "sh", *command]
    process = subprocess.Popen(
        command,
        env=environment(**(env or {})),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def end_of(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Its code, and what it complained about."""
    _, told = process.communicate(timeout=PATIENCE_SECONDS)
    return process.returncode, told.strip()


def test_the_codes_are_those_that_a_shell_shows() -> None:
    assert {number + 128 for number in CODES} == set(CODES.values())


@each_signal
def test_a_module_that_hangs_is_left_and_its_process_ended(
    tmp_path: Path, number: signal.Signals
) -> None:
    module = compile_broken_module(tmp_path)
    with running(*CHECK, "--module", module, env={"CPX_TEST_FAULT": "hang"}) as process:
        worker = wait_for_worker(process.pid)
        wait_for_module(worker, module)
        process.send_signal(number)
        assert end_of(process) == (CODES[number], "Error: Interrupted.")
        wait_for_end(worker)


def test_a_killed_tool_leaves_no_process_behind(tmp_path: Path) -> None:
    module = compile_broken_module(tmp_path)
    with running(*CHECK, "--module", module, env={"CPX_TEST_FAULT": "hang"}) as process:
        worker = wait_for_worker(process.pid)
        wait_for_module(worker, module)
        process.kill()
        process.wait(PATIENCE_SECONDS)
        wait_for_end(worker)


def test_a_signal_that_the_caller_ignores_stays_ignored(tmp_path: Path) -> None:
    module = compile_broken_module(tmp_path)
    hang = {"CPX_TEST_FAULT": "hang"}
    with running(*CHECK, "--module", module, env=hang, ignored="HUP INT") as process:
        wait_for_module(wait_for_worker(process.pid), module)
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        assert end_of(process)[0] == ExitCode.TERMINATED


@pytest.mark.parametrize("module", ["click", "msgspec"])
@each_signal
def test_a_signal_in_the_middle_of_an_import_shows_no_traceback(
    tmp_path: Path, number: signal.Signals, module: str
) -> None:
    """A library sends the signal when it is imported, and makes another error of an exception."""
    (tmp_path / f"{module}.py").write_text(
        "import os\n"
        "try:\n"
        f"    os.kill(os.getpid(), {int(number)})\n"
        "    for _ in range(1000): pass\n"
        "except BaseException:\n"
        "    raise RuntimeError\n"
    )
    done = cpx("trust", "list", env={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == CODES[number]
    assert done.stderr in ("", "Error: Interrupted.\n")  # told by then, or not


def _in_the_middle(process: subprocess.Popen[str], beside: Path) -> bool:
    assert process.poll() is None, "it ended before it could be interrupted"
    return any(beside.glob(".*/*/tokens/*/token.object"))


@pytest.mark.softhsm
@each_signal
def test_an_emulation_half_written_is_removed(tmp_path: Path, number: signal.Signals) -> None:
    arguments = ("emulate", "--set", "centre-hospitalier", "--into", tmp_path / "into")
    with running(*arguments) as process:
        wait_until(lambda: _in_the_middle(process, tmp_path), "nothing was written")
        writers = children(process.pid)
        process.send_signal(number)
        process.send_signal(number)  # a second one does not disturb the cleaning up
        assert end_of(process) == (CODES[number], "Error: Interrupted.")
        assert list(tmp_path.iterdir()) == []
        for writer in writers:
            wait_for_end(writer)


@pytest.mark.softhsm
def test_a_check_that_is_interrupted_damages_no_emulated_card(good: Path) -> None:
    """In the middle of the logins, at which SoftHSM rewrites the cards."""
    arguments = (*CHECK, "--emulated", good)
    for _ in range(5):
        with running(*arguments) as process:
            wait_for_module(wait_for_worker(process.pid), Path("libsofthsm2.so"))
            process.send_signal(signal.SIGTERM)
            assert end_of(process)[0] in (ExitCode.TERMINATED, ExitCode.PASSED)
    assert cpx(*arguments).returncode == 0


def test_a_result_that_is_there_is_told_before_a_signal_is_heard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first signal waits for the report; one that comes seconds later, when that hangs, not."""
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    interruption = Interruption()
    with interruption:
        tell_first()
        signal.raise_signal(signal.SIGTERM)
        now[0] += 1
        signal.raise_signal(signal.SIGTERM)
        now[0] += 10
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
    assert interruption.signal == signal.SIGTERM


def test_what_takes_long_after_the_cards_can_be_interrupted() -> None:
    with Interruption():
        tell_first()
        listen()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)


def test_the_next_run_listens_again() -> None:
    with Interruption():
        tell_first()
    with Interruption(), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)


def test_an_interruption_while_the_network_is_asked_keeps_the_cards(
    good: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("cpx_tool.wiring.cards_online", interrupted)
    code = run([*CHECK, "--emulated", str(good), "--online", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert (code, told["exit_code"], told["verdict"]) == (130, 130, "passed")
    assert len(told["cards"]) == 6
