"""A process that has loaded the command already, and forks for each run of it.

Most of a short run is imports. A fork has them, and is a process of its own all the same: with its
own arguments, environment, directory, standard streams and exit code. What it cannot have is
another language (help texts are translated at import: each language has a process), or what
Python reads when it starts.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import gc
import json
import os
import pkgutil
import resource
import select
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import IO, Any

LANGUAGES = ("en", "fr")
_MOST = 1 << 20
"""Bytes of a request: arguments and environment."""
_STREAMS = 3
_LONGEST_ARGUMENT = 100_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run is: its directory; whether it has a session of its own, with standard input for
    its terminal, and may leave cores.
    """

    directory: Path
    session: bool = False
    cores: bool = False
    terminal: bool = False


class Started:
    """A run that goes on beside the tests; what `subprocess.Popen` says of one."""

    def __init__(self, result: int) -> None:
        self._result = os.fdopen(result, "rb")
        self.pid = int(self._result.readline())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit code, None as long as it runs."""
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its exit code. Raises `TimeoutError`."""
        code = self._look(timeout)
        if code is None:
            raise TimeoutError
        return code

    def kill(self) -> None:
        """End it, if it has not ended."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)

    def _look(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._result], [], [], timeout)[0]:
            self.returncode = int(self._result.readline())
            self._result.close()
        return self.returncode


class Warm:
    """The process, and how to ask it for a run. One thread only."""

    def __init__(self, language: str) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _MOST)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "support.warm", str(theirs.fileno()), language],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env={
                    "PATH": os.environ.get("PATH", ""),
                    "LANG": "C.UTF-8",
                    "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                },
            )
        atexit.register(self.close)

    def run(
        self,
        place: Place,
        arguments: Sequence[str],
        env: Mapping[str, str],
        stdin: str,
        timeout: float,
    ) -> subprocess.CompletedProcess[str]:
        """As `subprocess.run` of the command, with its output as text."""
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out:  # noqa: SIM117
            with tempfile.TemporaryFile() as err:
                given.write(stdin.encode())
                given.seek(0)
                code = self.run_in(place, arguments, env, (given, out, err), timeout)
                return subprocess.CompletedProcess(arguments, code, text_of(out), text_of(err))

    def run_in(
        self,
        place: Place,
        arguments: Sequence[str],
        env: Mapping[str, str],
        streams: Sequence[IO[bytes]],
        timeout: float,
    ) -> int:
        """Run with these standard streams; its exit code, as `subprocess` has it."""
        self._ask(place, arguments, env, [stream.fileno() for stream in streams])
        pid = int(self._socket.recv(64))
        return self._wait(pid, timeout)

    def start(
        self,
        place: Place,
        arguments: Sequence[str],
        env: Mapping[str, str],
        streams: Sequence[int],
    ) -> Started:
        """Begin a run with these standard streams."""
        result, theirs = os.pipe()
        try:
            self._ask(place, arguments, env, [*streams, theirs])
        finally:
            os.close(theirs)
        return Started(result)

    def _ask(
        self,
        place: Place,
        arguments: Sequence[str],
        env: Mapping[str, str],
        streams: Sequence[int],
    ) -> None:
        run = (list(arguments), dict(env), _umask(), str(place.directory))
        how = (place.session, place.cores, place.terminal)
        socket.send_fds(self._socket, [json.dumps((run, how)).encode()], streams)

    def _wait(self, pid: int, timeout: float) -> int:
        self._socket.settimeout(timeout)
        try:
            return int(self._socket.recv(64))
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            self._socket.settimeout(None)
            self._socket.recv(64)
            raise
        finally:
            self._socket.settimeout(None)

    def close(self) -> None:
        """End the process."""
        self._socket.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)


def can_run(arguments: Sequence[str], env: Mapping[str, str]) -> bool:
    """Whether a fork is as good as a new process."""
    languages = not language_of(arguments) or "CPX_LANG" in env
    started = any(name.startswith(("PYTHON", "LC_", "LANGUAGE", "LD_", "SSL_")) for name in env)
    whole = sum(map(len, arguments)) < _LONGEST_ARGUMENT
    plain = all(word.isprintable() for word in arguments)
    return not languages and not started and env.get("LANG") == "C.UTF-8" and whole and plain


def language_of(arguments: Sequence[str]) -> str:
    """Which language the arguments ask for; "" where they do so in an odd way."""
    asked = [word for word in arguments if word.startswith("--lang")]
    if not asked:
        return "en"
    if asked != ["--lang"] or "--" in arguments:
        return ""
    named = "".join(arguments[arguments.index("--lang") + 1 :][:1])
    return named if named in LANGUAGES else ""


def _umask() -> int:
    mask = os.umask(0o22)
    os.umask(mask)
    return mask


def text_of(file: IO[bytes]) -> str:
    """All that was written into the file."""
    file.seek(0)
    return file.read().decode()


def main(number: int, language: str) -> None:
    """The process: load, then fork for each request until the other side closes."""
    from cpx_tool import cli, i18n  # noqa: PLC0415 - only here

    i18n.use(language)
    for module in pkgutil.iter_modules(cli.__path__):
        import_module(f"cpx_tool.cli.{module.name}")
    gc.freeze()  # or each fork would look through all of it, and so copy it
    own = socket.socket(fileno=number)
    keepers: list[int] = []
    while True:
        request, fds, _, _ = socket.recv_fds(own, _MOST, _STREAMS + 1)
        if not request:
            return
        if len(fds) > _STREAMS:
            keepers = [pid for pid in keepers if os.waitpid(pid, os.WNOHANG) == (0, 0)]
            keepers.append(_begin(own, json.loads(request), fds))
            continue
        pid = os.fork()
        if pid == 0:
            own.close()
            _become(json.loads(request), fds)
        for fd in fds:
            os.close(fd)
        own.send(str(pid).encode())
        _, status = os.waitpid(pid, 0)
        own.send(str(os.waitstatus_to_exitcode(status)).encode())


def _begin(own: socket.socket, request: Any, fds: list[int]) -> int:
    """A process that has the run as its child, and writes its number and its exit code."""
    keeper = os.fork()
    if keeper:
        for fd in fds:
            os.close(fd)
        return keeper
    own.close()
    result = fds.pop()
    pid = os.fork()
    if pid == 0:
        os.close(result)
        _become(request, fds)
    for fd in fds:
        os.close(fd)
    os.write(result, f"{pid}\n".encode())
    _, status = os.waitpid(pid, 0)
    os.write(result, f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _become(request: Any, fds: Sequence[int]) -> None:
    """The run: its end is the process's."""
    (arguments, env, mask, directory), (session, cores, terminal) = request
    os.umask(mask)
    if session:
        os.setsid()
    if cores:
        most = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (most, most))
    for number, fd in enumerate(fds):
        os.dup2(fd, number)
        os.close(fd)
    if terminal:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    sys.stdout.reconfigure(line_buffering=os.isatty(1))  # type: ignore[union-attr]
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["cpx-tool", *arguments]
    code: object = 1
    try:
        from cpx_tool.__main__ import main as command  # noqa: PLC0415

        command()
    except SystemExit as end:
        code = end.code
    finally:
        threading._shutdown()  # type: ignore[attr-defined]  # as Python does at its end
        atexit._run_exitfuncs()
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 0 if code is None else 1)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
