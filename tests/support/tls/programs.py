"""Server programs: started in the foreground on a free port of 127.0.0.1, ended by process id."""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.processes import wait_until

_PLACES = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
_PORTS = range(20_000, 32_000)
"""Below those that Linux gives to outgoing connections, which would take one from us."""
_TRIES = 5
_PATIENCE_SECONDS = 10
_LISTENS = "0A"
"""The state in /proc/net/tcp (TCP_LISTEN, include/net/tcp_states.h)."""


@dataclass(frozen=True)
class Program:
    """A server that runs, and its directory."""

    port: int
    process: subprocess.Popen[bytes]
    directory: Path

    def log(self) -> str:
        """What it printed and logged so far."""
        files = sorted(self.directory.glob("*.log"))
        return "".join(file.read_text(encoding="utf-8", errors="replace") for file in files)

    def wait_for(self, text: str) -> None:
        """Until it has logged this; an assertion error after a minute."""
        wait_until(lambda: text in self.log(), f"it did not log {text!r}: {self.log()}")


def find_program(name: str) -> str:
    """Where it is; skips the test where it is not."""
    path = shutil.which(name, path=_PLACES)
    if path is None:
        pytest.skip(f"{name} is not installed (make system)")
    return path


def free_port() -> int:
    """A port of 127.0.0.1 that nobody had a moment ago."""
    while True:
        port = random.choice(_PORTS)  # noqa: S311 - no secret
        with socket.socket() as tried:
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


@contextmanager
def serving(
    command: Callable[[Path, int], Sequence[str | Path]],
) -> Iterator[Program]:
    """The program of this command line, which is asked for with its directory and its port.

    It listens when this begins, and is dead when it ends, also where the tests are killed.
    """
    with tempfile.TemporaryDirectory(prefix="cpx-tls-") as directory:
        program = _start(command, Path(directory))
        try:
            yield program
        finally:
            _end(program.process)


def _start(command: Callable[[Path, int], Sequence[str | Path]], directory: Path) -> Program:
    """Raises `AssertionError` with what it printed, where it does not come up."""
    for _ in range(_TRIES):  # another program may be faster to take the port
        port = free_port()
        with (directory / "output.log").open("wb") as output:
            process = subprocess.Popen(
                [find_program("setpriv"), "--pdeathsig", "KILL", *command(directory, port)],
                cwd=directory,
                env={**os.environ, "LANG": "C.UTF-8"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        program = Program(port, process, directory)
        if _comes_up(program):
            return program
        _end(process)
    raise AssertionError(program.log())


def _comes_up(program: Program) -> bool:
    """Whether it listens, or ended; nobody connects to it for that."""

    def decided() -> bool:
        return program.process.poll() is not None or _listens(program)

    wait_until(decided, "the server neither listens nor ends")
    return program.process.poll() is None


def _listens(program: Program) -> bool:
    """By the sockets of the system: those that the process itself holds, on its port."""
    held = set()
    for descriptor in _descriptors(program.process.pid):
        held.add(descriptor.removeprefix("socket:[").removesuffix("]"))
    for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
        _, local, _, state, *_, inode = line.split()[:10]
        if local.endswith(f":{program.port:04X}") and state == _LISTENS and inode in held:
            return True
    return False


def _descriptors(pid: int) -> list[str]:
    try:
        return [str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()]
    except OSError:  # it ended, or closed one just now
        return []


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
