"""A real pcscd with virtual readers, shut in namespaces of its own.

    with pcscd("Alpha", "Beta") as service:
        service.insert(0, CPS3)
        assert service.call(PcscReaders().observe).readers[0].atr == CPS3
        assert service.run(["cpx-tool", "list-readers"]).returncode == 0

Nothing of it is seen from outside, nor the other way round: the network is a loopback of its own
(vpcd listens on every interface), /run is empty, the readers plugged into this machine are out of
reach. A process tree of its own makes sure that nothing outlives the context.

This file is two programs: the test's side (`pcscd`, `Service`) and, run as a script, the warden
that lives inside the namespaces and does what the test's side asks.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO, Any, TypeVar

import pytest

_T = TypeVar("_T")

_HERE = Path(__file__)
_VCARD = _HERE.with_name("vcard.py")
_DRIVER = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
_NAMESPACES = ("unshare", "--user", "--map-root-user", "--mount", "--net", "--pid", "--fork")
_SOCKET = Path("/run/pcscd/pcscd.comm")
FIRST_PORT = 35000
_PATIENCE_SECONDS = 20.0
_LIMIT_SECONDS = 120.0
"""For one request: after it the namespaces are ended, so that no test hangs."""
_SLOTS_PER_ENTRY = 2  # compiled into vpcd


class Service:
    """The pcscd of a `pcscd(...)` context. A card or a reader is named by the reader's index."""

    def __init__(self, warden: subprocess.Popen[bytes], reader_count: int) -> None:
        self._warden = warden
        self._reader_count = reader_count

    @property
    def readers(self) -> tuple[str, ...]:
        """The names of the readers, as the running service lists them."""
        names: tuple[str, ...] = self._ask("reader_names")
        return names

    def start(self) -> None:
        """Start the service; back when it lists its readers and their cards are powered up."""
        self._ask("start", self._reader_count)

    def stop(self) -> None:
        """Stop the service; the cards stay in their readers."""
        self._ask("stop")

    def freeze(self) -> None:
        """Leave the service accepting connections without answering them."""
        self._ask("freeze")

    def insert(self, reader: int, atr: str) -> None:
        """Put a card in; back when the service has powered it up."""
        self._ask("insert", reader, atr, "answers")

    def insert_mute(self, reader: int) -> None:
        """Put in a card that cannot be powered up; back when the service has tried."""
        self._ask("insert", reader, "", "mute")

    def insert_stuck(self, reader: int) -> None:
        """Put in a card whose driver waits for ever; back at once."""
        self._ask("insert", reader, "", "stuck")

    def remove(self, reader: int) -> None:
        """Take the card out; back when the service has seen it."""
        self._ask("remove", reader)

    def remove_all(self) -> None:
        """Take every card out."""
        self._ask("remove_all")

    def run(
        self,
        argv: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        timeout: float = _PATIENCE_SECONDS,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program inside, with no input. `env` is added to this process's environment."""
        done: subprocess.CompletedProcess[str] = self._ask(
            "run", [str(word) for word in argv], dict(env or {}), timeout
        )
        return done

    @property
    def prefix(self) -> tuple[str, ...]:
        """Words that make a command of this process run inside, where it stays its child. (Its
        process number is one from outside.)
        """
        into = f"--target={self._warden.pid}"
        return ("nsenter", into, "--user", "--mount", "--net", "--preserve-credentials", "--")

    def launch(self, argv: Sequence[str | Path], *, env: Mapping[str, str] | None = None) -> int:
        """Start a program inside, as `run` does, and go on; the number is for `finish`."""
        number: int = self._ask("launch", [str(word) for word in argv], dict(env or {}))
        return number

    def finish(self, number: int, timeout: float = 60.0) -> subprocess.CompletedProcess[str]:
        """Wait for the end of a program that was launched."""
        done: subprocess.CompletedProcess[str] = self._ask("finish", number, timeout)
        return done

    @contextlib.contextmanager
    def background(self, argv: Sequence[str | Path]) -> Iterator[None]:
        """Have a program run inside: entered when it has printed a line; its stdin ends it."""
        number = self._ask("begin", [str(word) for word in argv])
        try:
            yield
        finally:
            self._ask("end", number)

    def call(self, function: Callable[..., _T], *args: object) -> _T:
        """Call a function of an importable module inside, always in the same process."""
        result: _T = self._ask("call", function, args)
        return result

    def _ask(self, verb: str, *args: object) -> Any:
        assert self._warden.stdin
        assert self._warden.stdout
        watchdog = threading.Timer(_LIMIT_SECONDS, self._warden.kill)
        watchdog.start()
        try:
            pickle.dump((verb, args), self._warden.stdin)
            self._warden.stdin.flush()
            failed, answer = pickle.load(self._warden.stdout)  # noqa: S301 - from our own child
        except (EOFError, BrokenPipeError):
            raise AssertionError(
                f"the namespace ended during {verb}, exit code {self._warden.wait()}"
            ) from None
        finally:
            watchdog.cancel()
        if failed:
            raise AssertionError(f"in the namespace, {verb}: {answer}")
        return answer


@contextlib.contextmanager
def pcscd(*names: str) -> Iterator[Service]:
    """A running pcscd with two readers per name ("<name> 00 00" and "<name> 00 01").

    Without a name there is no reader. The test is skipped, with the reason, where this machine
    cannot do it.
    """
    if reason := why_not():
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="pcscd-") as folder:
        _configure(Path(folder), names)
        with _warden(Path(folder)) as warden:
            service = Service(warden, _SLOTS_PER_ENTRY * len(names))
            service.start()
            yield service


@cache
def why_not() -> str:
    """Why a private pcscd cannot be had on this machine; "" when it can."""
    for program in ("unshare", "nsenter", "mount"):
        if not _found(program):
            return f"{program} (util-linux) is not installed"
    if not _found("pcscd"):
        return "pcscd is not installed"
    if not _DRIVER.exists():
        return "vpcd is not installed (Debian: vsmartcard-vpcd)"
    tried = subprocess.run(
        [*_NAMESPACES, "mount", "-t", "tmpfs", "none", "/run"],
        capture_output=True,
        text=True,
        check=False,
    )
    return f"no user namespaces here: {tried.stderr.strip()}" if tried.returncode else ""


def _found(program: str) -> str:
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    return shutil.which(program, path=path) or ""


def _configure(folder: Path, names: Sequence[str]) -> None:
    entries = []
    for entry, name in enumerate(names):
        # vpcd keeps its sockets in a static table by slot: each entry needs a library of its own
        driver = folder / f"libifdvpcd{entry}.so"
        shutil.copyfile(_DRIVER, driver)
        port = _port(entry * _SLOTS_PER_ENTRY)
        entries.append(
            f'FRIENDLYNAME "{name}"\nDEVICENAME /dev/null:{port}\n'
            f"LIBPATH {driver}\nCHANNELID {port}\n"
        )
    conf = folder / "conf"
    conf.mkdir()
    # one file, since the order of several is that of the directory
    (conf / "readers").write_text("\n".join(entries), encoding="utf-8")


def _port(reader: int) -> int:
    return FIRST_PORT + reader


@contextlib.contextmanager
def _warden(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    path = os.pathsep.join(entry for entry in sys.path if entry)
    warden = subprocess.Popen(
        [*_NAMESPACES, "--kill-child", sys.executable, str(_HERE), str(folder), _found("pcscd")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": path},
    )
    assert warden.stdin
    assert warden.stdout
    try:
        yield warden
    finally:
        # at the end of its input the warden leaves, and as the first process of its PID namespace
        # it takes everything inside with it
        with contextlib.suppress(BrokenPipeError):
            warden.stdin.close()
        try:
            warden.wait(_PATIENCE_SECONDS)
        finally:
            warden.kill()
            warden.wait()
            warden.stdout.close()


class _Warden:
    """Inside the namespaces: has pcscd, the cards and other programs as its children."""

    def __init__(self, folder: Path, program: str) -> None:
        self._folder = folder
        self._program = program
        self._pcscd: subprocess.Popen[bytes] | None = None
        self._cards: dict[int, subprocess.Popen[bytes]] = {}
        self._stuck: set[int] = set()
        self._others: list[subprocess.Popen[bytes]] = []
        self._launched: list[subprocess.Popen[str]] = []

    def shut_in(self) -> None:
        """Hide what is outside, and bring the loopback up."""
        # the Cryptolib, loaded by somebody who may, makes a directory for all to write in /etc/opt
        for hidden in ("/run", "/etc/opt", _usb_drivers(self._program)):
            if Path(hidden).is_dir():
                subprocess.run(["mount", "-t", "tmpfs", "none", hidden], check=True)
        _SOCKET.parent.mkdir(mode=0o755)
        _bring_loopback_up()

    def start(self, reader_count: int) -> None:
        options = ["--foreground", "--error", "--config", str(self._folder / "conf")]
        if "--disable-polkit" in _output(self._program, "--help"):
            options.append("--disable-polkit")  # there is no polkit to ask in here
        with (self._folder / "log").open("ab") as log:
            self._pcscd = subprocess.Popen(
                [self._program, *options], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._wait(lambda: _SOCKET.exists() and len(self.reader_names()) == reader_count)
        for reader in self._cards:
            self._wait_for_card(reader)

    def stop(self) -> None:
        assert self._pcscd
        _end(self._pcscd)
        self._pcscd = None

    def freeze(self) -> None:
        assert self._pcscd
        self._pcscd.send_signal(signal.SIGSTOP)

    def reader_names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in _states())

    def insert(self, reader: int, atr: str, behaviour: str) -> None:
        assert reader not in self._cards, f"there is a card in reader {reader}"
        self._cards[reader] = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_VCARD), str(_port(reader)), atr, behaviour],
            stdin=subprocess.DEVNULL,
        )
        if behaviour == "stuck":
            self._stuck.add(reader)
        elif self._pcscd:
            self._wait_for_card(reader)

    def remove(self, reader: int) -> None:
        _end(self._cards.pop(reader))
        self._stuck.discard(reader)
        if self._pcscd:
            self._wait(lambda: not _has_card(reader))

    def remove_all(self) -> None:
        for reader in list(self._cards):
            self.remove(reader)

    def run(
        self, argv: list[str], env: dict[str, str], timeout: float
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            argv,
            env=os.environ | env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def launch(self, argv: list[str], env: dict[str, str]) -> int:
        pipe = subprocess.PIPE
        self._launched.append(
            subprocess.Popen(
                argv,
                env=os.environ | env,
                stdin=subprocess.DEVNULL,
                stdout=pipe,
                stderr=pipe,
                text=True,
            )
        )
        return len(self._launched) - 1

    def finish(self, number: int, timeout: float) -> subprocess.CompletedProcess[str]:
        launched = self._launched[number]
        out, errors = launched.communicate(timeout=timeout)
        return subprocess.CompletedProcess(launched.args, launched.returncode, out, errors)

    def begin(self, argv: list[str]) -> int:
        other = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert other.stdout
        assert other.stdout.readline(), f"{argv[0]} ended with {other.wait()}"
        self._others.append(other)
        return len(self._others) - 1

    def end(self, number: int) -> None:
        self._others[number].communicate(timeout=_PATIENCE_SECONDS)

    def call(self, function: Callable[..., object], args: tuple[object, ...]) -> object:
        return function(*args)

    def _wait_for_card(self, reader: int) -> None:
        if reader not in self._stuck:
            self._wait(lambda: _has_card(reader))

    def _wait(self, condition: Callable[[], bool]) -> None:
        """Until the service is so far. vpcd looks for its cards every 0.4 s only."""
        end = time.monotonic() + _PATIENCE_SECONDS
        while not condition():
            assert self._pcscd
            log = (self._folder / "log").read_text(errors="replace")
            assert self._pcscd.poll() is None, f"pcscd ended: {log}"
            assert time.monotonic() < end, f"pcscd did not get there in time: {log}"
            time.sleep(0.01)


def _states() -> list[tuple[str, int]]:
    """Reader names and SCARD_STATE_* bits. Independent of the adapter that is tested with it."""
    from smartcard import scard  # noqa: PLC0415 - only inside

    hresult, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    if hresult:
        return []
    try:
        _, names = scard.SCardListReaders(context, [])
        asked = [(n, scard.SCARD_STATE_UNAWARE) for n in names if n.isascii()]
        if not asked:
            return [(name, 0) for name in names]
        hresult, states = scard.SCardGetStatusChange(context, 0, asked)
        bits = {name: value for name, value, _ in states} if not hresult else {}
        return [(name, bits.get(name, 0)) for name in names]
    finally:
        scard.SCardReleaseContext(context)


def _has_card(reader: int) -> bool:
    from smartcard import scard  # noqa: PLC0415 - only inside

    states = _states()
    return len(states) > reader and bool(states[reader][1] & scard.SCARD_STATE_PRESENT)


def _usb_drivers(program: str) -> str:
    """Where pcscd looks for the drivers of USB readers: compiled in until pcsc-lite 2.0."""
    found = re.search(r"usbdropdir=(\S+)", _output(program, "--version"))
    return found[1] if found else "/usr/lib/pcsc/drivers"


def _output(*argv: str) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def _bring_loopback_up() -> None:
    import fcntl  # noqa: PLC0415 - only on Linux
    import struct  # noqa: PLC0415

    set_flags, up_and_running = 0x8914, 0x41  # SIOCSIFFLAGS, IFF_UP | IFF_RUNNING
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, set_flags, struct.pack("16sH14x", b"lo", up_and_running))


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(2)
    except subprocess.TimeoutExpired:  # its driver waits for a card, or it is frozen
        process.kill()
        process.wait()


def _serve(warden: _Warden, requests: IO[bytes], answers: IO[bytes]) -> None:
    while True:
        try:
            verb, args = pickle.load(requests)  # noqa: S301 - from our own parent
        except EOFError:
            return
        try:
            answer = (False, getattr(warden, verb)(*args))
        except Exception as error:
            answer = (True, f"{type(error).__name__}: {error}")
        pickle.dump(answer, answers)
        answers.flush()


if __name__ == "__main__":
    inside = _Warden(Path(sys.argv[1]), sys.argv[2])
    inside.shut_in()
    answers_to = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what anything prints in here is not an answer
    _serve(inside, sys.stdin.buffer, answers_to)
    os._exit(0)  # threads of the code under test may still wait for a frozen service
