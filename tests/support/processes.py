"""Processes of the tool, watched from outside."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

PATIENCE_SECONDS = 60


def wait_until(condition: Callable[[], bool], complaint: str) -> None:
    """Until the condition holds; an assertion error with the complaint after a minute."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, complaint
        time.sleep(0.005)


def children(parent: int) -> list[int]:
    """The process ids of a process's children, whichever thread started them."""
    try:
        texts = [file.read_text() for file in Path(f"/proc/{parent}/task").glob("*/children")]
    except FileNotFoundError:
        return []
    return [int(word) for text in texts for word in text.split()]


def wait_for_worker(parent: int) -> int:
    """The process id of the child that holds the PKCS#11 module."""
    found: list[int] = []

    def look() -> bool:
        found[:] = [pid for pid in children(parent) if b"pkcs11_worker" in _command(pid)]
        return bool(found)

    wait_until(look, "no worker was started")
    return found[0]


def wait_for_module(pid: int, module: Path) -> None:
    """Until the process has loaded the library."""
    wait_until(
        lambda: str(module) in Path(f"/proc/{pid}/maps").read_text(), "the module was not loaded"
    )


def wait_for_end(pid: int) -> None:
    """Until the process is gone, or dead and waiting for a parent that does not ask."""
    wait_until(lambda: _state(pid) in ("", "Z"), "the process lives on")


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
