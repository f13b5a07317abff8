"""Real shells, in which somebody presses Tab."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.cli import COMMAND, environment

_PATIENCE = 60.0
_HOME = b"\x01"
_PROMPT = "READY> "
_STARTS = {
    "bash": ("bash", "--norc", "--noprofile", "-i"),
    "zsh": ("zsh", "-f", "-i"),
}
_PREPARES = {
    "bash": "PS1='READY> '; . {script}",
    "zsh": "PS1='READY> '; bindkey -e; autoload -U compinit; compinit -D; . {script}",
}
_IN_A_SESSION = (
    "import fcntl, os, sys, termios;"
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    "os.execvp(sys.argv[1], sys.argv[1:])"
)
_CONTROLS = re.compile(r"\x1b\[[0-9;?>=]*[a-zA-Z]|\x1b\][^\x07]*\x07|\x1b[=>]|\r")


class Shell:
    """A shell at a terminal, which waits for a line."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._screen = ""

    def complete(self, line: str) -> tuple[str, ...]:
        """The words of the line after Tab, as the shell runs them."""
        self._press(line.encode() + b"\t" + _HOME + b"printf '<<%s>>\\n' \n")
        shown = self._wait_for(rf"(?:^<<[^\n]*>>\n)+(?=[^\n]*{_PROMPT})")
        self._screen = ""
        return tuple(re.findall(r"^<<(.*)>>$", shown, re.MULTILINE))

    def prepare(self, line: str) -> None:
        """Run a line, and wait for the prompt that it makes."""
        self._press(line.encode() + b"\n")
        self._wait_for(rf"{_PROMPT}$")
        self._screen = ""

    def _press(self, keys: bytes) -> None:
        os.write(self._descriptor, keys)

    def _wait_for(self, pattern: str) -> str:
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            if select.select([self._descriptor], [], [], 0.2)[0]:
                self._screen += os.read(self._descriptor, 65536).decode(errors="replace")
            if found := re.search(pattern, _CONTROLS.sub("", self._screen), re.MULTILINE):
                return found[0]
        raise AssertionError(f"nothing comes any more after:\n{self._screen}")


@contextmanager
def shell(kind: str, script: Path, directory: Path) -> Iterator[Shell]:
    """bash or zsh in that directory, with the completion script read."""
    descriptor, inside = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", _IN_A_SESSION, *_STARTS[kind]],
        env=_environment(directory),
        cwd=directory,
        stdin=inside,
        stdout=inside,
        stderr=inside,
        start_new_session=True,
    )
    os.close(inside)
    try:
        one = Shell(descriptor)
        one.prepare(_PREPARES[kind].format(script=script))
        yield one
    finally:
        process.kill()
        process.wait()
        os.close(descriptor)


def fish_completes(line: str, script: Path, directory: Path) -> list[str]:
    """What fish proposes for the last word of the line, by its own `complete --do-complete`."""
    done = subprocess.run(
        ["fish", "--no-config", "-c", f"source {script}; complete --do-complete '{line}'"],
        env=_environment(directory),
        cwd=directory,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return [proposal.partition("\t")[0] for proposal in done.stdout.splitlines()]


def _environment(directory: Path) -> dict[str, str]:
    path = f"{COMMAND.parent}:{os.environ['PATH']}"
    return environment(TERM="xterm", PATH=path, HOME=str(directory), COLUMNS="200")
