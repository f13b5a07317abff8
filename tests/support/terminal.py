"""Runs the command line at a terminal of its own, where somebody reads and types."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from support.cli import COMMAND, environment, warm
from support.warm import Place, Started, can_run, language_of

CTRL_C, CTRL_D = b"\x03", b"\x04"

_PATIENCE = 60.0
_PROMPT = "\n> "
_IN_A_SESSION = (
    "import fcntl, os, sys, termios;"
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    "os.execv(sys.argv[1], sys.argv[1:])"
)
"""Ctrl-C reaches the processes of the session whose controlling terminal it is typed at."""

_LOOKS = 3


@dataclass(frozen=True)
class Session:
    """What stood on the terminal, and how the command ended."""

    screen: str
    code: int


@dataclass
class Terminal:
    """`cpx-tool` at a terminal; `screen` is all that came there."""

    process: subprocess.Popen[bytes] | Started
    _descriptor: int
    _out: IO[bytes]
    screen: str = ""
    _answered: int = 0

    def answer(self, text: str, line: str) -> str:
        """Wait for the prompt that this text stands before, and type the line.

        Gives what came on the screen since the last line typed, in one line.
        """
        shown = self.asked(text)
        self.type(line)
        return shown

    def asked(self, text: str) -> str:
        """Wait for the next prompt, which this text stands before."""
        self.wait_for(_PROMPT)
        shown = _one_line(self._news)
        assert text in shown, shown
        return shown

    def told(self, text: str) -> str:
        """As `asked`, of what comes by itself: what stood there before does not count again."""
        shown = self.asked(text)
        self._answered = len(self.screen)
        return shown

    def reply(self, words: str, line: str) -> None:
        """Wait for these words, whatever stands around them, and type the line."""
        self.wait_for(words)
        self.type(line)

    def type(self, line: str) -> None:
        """A line, and Enter."""
        self.press(line.encode() + b"\n")

    def press(self, keys: bytes) -> None:
        """Keys, without Enter, once the process waits for them: a Ctrl-C that comes between its
        question and its reading is noticed by Python at the next key only.
        """
        self._answered = len(self.screen)
        self._let_it_wait()
        os.write(self._descriptor, keys)

    def _let_it_wait(self) -> None:
        """Until it has been asleep for some looks in a row, or for a second at the most."""
        asleep = 0
        for _ in range(50):
            try:
                stat = Path(f"/proc/{self.process.pid}/stat").read_text()
            except OSError:  # it has ended
                return
            state = stat.rpartition(")")[2].split()[0]
            asleep = asleep + 1 if state == "S" else 0
            if asleep == _LOOKS:
                return
            time.sleep(0.02)

    def end(self) -> tuple[int, str, str]:
        """Wait for the end: exit code, standard output, and what is new on the screen."""
        while self._read():
            pass
        code = self.process.wait(timeout=_PATIENCE)
        self._out.seek(0)
        return code, self._out.read().decode(), _one_line(self._news)

    @property
    def _news(self) -> str:
        return self.screen[self._answered :]

    def wait_for(self, words: str) -> None:
        """Wait until these words are new on the screen."""
        while words not in self._news:
            assert self._read(), f"it ended before {words!r}:\n{self._news}"

    def _read(self) -> bool:
        """More of the screen; False at the end of the process."""
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            if select.select([self._descriptor], [], [], 0.1)[0]:
                try:
                    found = os.read(self._descriptor, 65536)
                except OSError:  # Linux: the other side is closed
                    return False
                self.screen += found.decode(errors="replace").replace("\r\n", "\n")
                return True
            if self.process.poll() is not None:
                return False
        raise AssertionError(f"nothing comes any more after:\n{self._news}")


@contextmanager
def terminal(
    *arguments: str | Path,
    env: Mapping[str, str] | None = None,
    apart: bool = True,
    prefix: Sequence[str] = (),
    columns: int = 0,
) -> Iterator[Terminal]:
    """Run `cpx-tool` at a terminal; its standard output is kept `apart`, or stands there, too.

    `prefix` are words before the command, which run it in another place (`Service.prefix`).
    The terminal is so many `columns` wide; with 0 it does not say.
    """
    descriptor, inside = pty.openpty()
    termios.tcsetwinsize(inside, (24 if columns else 0, columns))
    out = tempfile.TemporaryFile()  # noqa: SIM115 - a pipe would hold a long result up
    words, whole = list(map(str, arguments)), environment(NO_COLOR="1", **(env or {}))
    streams = (inside, out.fileno() if apart else inside, inside)
    process = _warm(words, whole, streams) if not prefix and can_run(words, whole) else None
    process = process or _cold([*_found(prefix), str(COMMAND), *words], whole, streams)
    os.close(inside)
    try:
        yield Terminal(process, descriptor, out)
    finally:
        process.kill()
        process.wait()
        out.close()
        os.close(descriptor)


def _warm(words: list[str], env: Mapping[str, str], streams: tuple[int, int, int]) -> Started:
    place = Place(Path.cwd(), session=True, terminal=True)
    return warm(language_of(words)).start(place, words, env, streams)


def _cold(
    words: list[str], env: Mapping[str, str], streams: tuple[int, int, int]
) -> subprocess.Popen[bytes]:
    stdin, stdout, stderr = streams
    return subprocess.Popen(
        [sys.executable, "-c", _IN_A_SESSION, *words],
        env=env,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
    )


def at_terminal(arguments: Sequence[str | Path], dialogue: Sequence[tuple[str, str]]) -> Session:
    """Run `cpx-tool`; for each (words, answer), wait for the words, then type the answer."""
    with terminal(*arguments, apart=False) as person:
        for words, answer in dialogue:
            person.reply(words, answer)
        code, _, _ = person.end()
        return Session(person.screen, code)


def _found(prefix: Sequence[str]) -> Sequence[str]:
    """The prefix with its program's path."""
    return [shutil.which(prefix[0]) or prefix[0], *prefix[1:]] if prefix else []


def _one_line(text: str) -> str:
    return " ".join(text.split())
