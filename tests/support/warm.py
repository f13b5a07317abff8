"""A process that has loaded the command already, and forks for each run of it.

Most of a short run is imports. A fork has them, and is a process of its own all the same: with its
own arguments, environment, directory, standard streams and exit code. What it cannot have is
another language (help texts are translated at import: each language has a process), or what
Python reads when it starts.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import json
import os
import pkgutil
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import IO, Any

LANGUAGES = ("en", "fr")
_MOST = 1 << 20
"""Bytes of a request: arguments and environment."""
_LONGEST_ARGUMENT = 100_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run is: its directory; whether it has a session of its own, and may leave cores."""

    directory: Path
    session: bool = False
    cores: bool = False


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
        self, arguments: Sequence[str], env: Mapping[str, str], stdin: str, timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """As `subprocess.run` of the command, with its output as text."""
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out:  # noqa: SIM117
            with tempfile.TemporaryFile() as err:
                given.write(stdin.encode())
                given.seek(0)
                place = Place(Path.cwd())
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
        own = (str(place.directory), place.session, place.cores)
        request = json.dumps((list(arguments), dict(env), _umask(), own)).encode()
        socket.send_fds(self._socket, [request], [stream.fileno() for stream in streams])
        pid = int(self._socket.recv(64))
        return self._wait(pid, timeout)

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
    while True:
        request, fds, _, _ = socket.recv_fds(own, _MOST, 3)
        if not request:
            return
        pid = os.fork()
        if pid == 0:
            own.close()
            _become(json.loads(request), fds)
        for fd in fds:
            os.close(fd)
        own.send(str(pid).encode())
        _, status = os.waitpid(pid, 0)
        own.send(str(os.waitstatus_to_exitcode(status)).encode())


def _become(request: tuple[list[str], dict[str, str], int, Any], fds: Sequence[int]) -> None:
    """The run: its end is the process's."""
    arguments, env, mask, (directory, session, cores) = request
    os.umask(mask)
    if session:
        os.setsid()
    if cores:
        most = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (most, most))
    for number, fd in enumerate(fds):
        os.dup2(fd, number)
        os.close(fd)
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
