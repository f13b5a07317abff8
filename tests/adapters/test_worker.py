"""The worker: a module that dies, hangs or chatters becomes a fault, and the next call works."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from cpx_tool.adapters.worker import _SPAWNER, WorkerTokens
from cpx_tool.errors import NothingToCheck
from cpx_tool.i18n import say
from cpx_tool.model.fault import FaultKind
from cpx_tool.ports import Pin, PinOrigin, TokenFault
from support.modules import compile_broken_module


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_broken_module(tmp_path_factory.mktemp("module"))


def _fault_of(tokens: WorkerTokens) -> TokenFault:
    with pytest.raises(TokenFault) as caught:
        tokens.load()
    tokens.close()
    return caught.value


def _children() -> set[str]:
    listed = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(os.getpid())],
        capture_output=True,
        text=True,
        check=False,
    )
    return {line for line in listed.stdout.splitlines() if "pkcs11_worker" in line}


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        ("segv", FaultKind.CRASH, "SIGSEGV"),
        ("abort", FaultKind.CRASH, "SIGABRT"),
        ("exit", FaultKind.CRASH, "exit 7"),
    ],
)
def test_a_module_that_ends_its_process_is_named(
    broken: Path, fault: str, kind: FaultKind, code: str
) -> None:
    error = _fault_of(WorkerTokens(str(broken), {"CPX_TEST_FAULT": fault}, 20))
    assert (error.fault.kind, error.fault.call, error.fault.code) == (kind, "C_Initialize", code)


def test_a_module_that_hangs_is_ended_at_the_deadline(broken: Path) -> None:
    error = _fault_of(WorkerTokens(str(broken), {"CPX_TEST_FAULT": "hang"}, 0.7))
    assert (error.fault.kind, error.fault.code) == (FaultKind.HANG, "0.7 s")
    assert _children() == set()


def test_output_of_the_module_does_not_disturb_the_answers(broken: Path) -> None:
    error = _fault_of(WorkerTokens(str(broken), {"CPX_TEST_FAULT": "chatter"}, 20))
    assert (error.fault.kind, error.fault.code) == (FaultKind.ERROR, "CKR_GENERAL_ERROR")


def test_the_worker_starts_afresh_after_a_crash(broken: Path) -> None:
    tokens = WorkerTokens(str(broken), {"CPX_TEST_FAULT": "segv"}, 20)
    first = _fault_of(tokens)
    second = _fault_of(tokens)
    assert first.fault == second.fault
    assert _children() == set()


def test_a_file_that_is_no_module_is_a_fault_with_the_loaders_words(tmp_path: Path) -> None:
    text = tmp_path / "module.so"
    text.write_text("not a library")
    error = _fault_of(WorkerTokens(str(text), {}, 20))
    assert error.fault.code == "not-loaded"
    assert "invalid ELF header" in error.fault.detail or "too short" in error.fault.detail


def test_the_pin_does_not_reach_the_childs_environment(
    broken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CPX_PIN", "8642")
    tokens = WorkerTokens(str(broken), {"CPX_TEST_FAULT": "hang"}, 0.7)
    tokens._start()
    process = tokens._process
    assert process is not None
    proc = Path(f"/proc/{process.pid}")
    deadline = time.monotonic() + 10
    while b"pkcs11_worker" not in (proc / "cmdline").read_bytes():
        assert time.monotonic() < deadline
    assert b"8642" not in (proc / "environ").read_bytes()
    tokens.close()


def test_a_pin_shows_itself_nowhere() -> None:
    pin = Pin("8642", PinOrigin.GIVEN)
    assert "8642" not in repr(pin) + str(pin) + f"{pin}"
    with pytest.raises(TypeError):
        pin.__reduce__()


def test_the_module_is_loaded_in_another_process_only() -> None:
    code = "import sys, cpx_tool.wiring; sys.exit('pkcs11' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == 0


def test_an_interruption_ends_the_process_of_a_module_that_hangs(
    broken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = WorkerTokens(str(broken), {"CPX_TEST_FAULT": "hang"}, 60)

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("queue.Queue.get", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tokens.load()
    assert _children() == set()


def test_a_process_that_cannot_be_started_is_told(
    broken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, "")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    with pytest.raises(NothingToCheck) as caught:
        WorkerTokens(str(broken), {}, 60).load()
    assert "too many open files" in say(caught.value.reason)


def test_an_interruption_while_the_process_is_started_leaves_none(
    broken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C reaches the main thread; the one that starts processes comes to its end."""
    started = threading.Event()
    popen = subprocess.Popen

    def slowly(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        started.wait(10)
        return popen(*arguments, **options)

    tokens = WorkerTokens(str(broken), {"CPX_TEST_FAULT": "hang"}, 60)
    with monkeypatch.context() as patched:
        patched.setattr(subprocess, "Popen", slowly)
        patched.setattr("concurrent.futures.Future.result", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            tokens.load()
        tokens.abandon()
        started.set()
    _SPAWNER.submit(lambda: None).result()  # it has done what came before
    assert _children() == set()


def _interrupted(*_: object, **__: object) -> None:
    raise KeyboardInterrupt
