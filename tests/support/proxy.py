"""The real SoftHSM behind a module that lies, fails or dies as it is told (proxy_module.c).

    proxy = Proxy(compile_proxy(folder), emulated_directory, folder)
    run = proxy.check("fault 99450002 C_Login 1 segv")
    assert run.logins() == Counter(proxy.serials)

In the readers of a PC/SC service (support.pcscd) the cards come and go as that service sees them:

    with pcscd("Alpha") as service:
        service.insert(0, CPS4)
        proxy = Proxy(compile_proxy(folder), emulated_directory, folder, service)
        run = proxy.check(*proxy.in_readers({"Alpha 00 00": proxy.serials[0]}))

Every run asserts what must hold of all: no process and no core file is left behind, a PIN given
stands in no output and in nothing that the system shows of the worker.
"""

from __future__ import annotations

import json
import os
import pty
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from cpx_tool.adapters.ledger import LEDGER_FILE, FileLedger
from cpx_tool.adapters.softhsm import open_emulation
from support.cli import COMMAND, environment, warm
from support.pcscd import Service
from support.warm import Place, can_run, language_of, text_of

PIN = "86421357"
"""What the proxy takes for the PIN of all cards: unlike 1234 it can be looked for in outputs."""

CHECK_SET = ("check-set", "--set", "centre-sante")

LABEL, SERIAL = "0 32", "80 16"
"""Offset and size in CK_TOKEN_INFO."""

_WITH_CORES = 'ulimit -S -c "$(ulimit -H -c)"; exec "$@"'


class Call(NamedTuple):
    """A line of the log: a PKCS#11 function or "start", the token's serial, the process."""

    function: str
    serial: str
    pid: int


@dataclass(frozen=True, slots=True)
class Run:
    """One run: its JSON object, and what reached the module."""

    code: int
    body: dict[str, Any]
    calls: tuple[Call, ...]
    core_limits: frozenset[tuple[int, int]]
    """Of the worker at each C_Login: the limit of core files in bytes, and PR_GET_DUMPABLE."""
    errors: str = ""
    """Standard error, or what the terminal showed."""

    def logins(self) -> Counter[str]:
        """How often C_Login was called on each token, by serial."""
        return Counter(call.serial for call in self.calls if call.function == "C_Login")

    def starts(self) -> int:
        """How many processes loaded the module."""
        return sum(call.function == "start" for call in self.calls)

    def card(self, serial: str) -> dict[str, Any]:
        """The card with the token of that serial."""
        (found,) = (c for c in self.body["cards"] if c["token"] and c["token"]["serial"] == serial)
        card: dict[str, Any] = found
        return card

    def in_slot(self, slot: int) -> dict[str, Any]:
        """The card in the slot of that id, whether its token could be read or not."""
        (found,) = (card for card in self.body["cards"] if card["slot"]["id"] == slot)
        card: dict[str, Any] = found
        return card

    def serials(self) -> list[str]:
        """The serials of all cards in the result, sorted; a card without a token has none."""
        return sorted(c["token"]["serial"] for c in self.body["cards"] if c["token"])

    def pins(self) -> dict[str, tuple[str, str | None]]:
        """Serial → result and refusal, of each card whose token was read."""
        return {
            c["token"]["serial"]: (c["pin"]["result"], c["pin"]["refusal"])
            for c in self.body["cards"]
            if c["token"]
        }

    def said(self, *words: str) -> set[str]:
        """The checks whose message has all of these words."""
        of_cards = (f for card in self.body["cards"] for f in card["findings"])
        findings = (*self.body["findings"], *of_cards)
        return {f["check"] for f in findings if all(word in f["message"] for word in words)}


class Proxy:
    """The emulated cards of `directory` behind `module`, the compiled proxy.

    `folder` takes a folder for each run, with its rules and its log. `service` is the PC/SC
    service in whose namespaces the runs are; without one there is none to be found. `command` is
    what is run: check-set, unless another one is named.
    """

    def __init__(
        self,
        module: Path,
        directory: Path,
        folder: Path,
        service: Service | None = None,
        command: Sequence[str] = CHECK_SET,
    ) -> None:
        emulation = open_emulation(directory)
        tokens = sorted(emulation.tokens, key=lambda token: token.slot_id)
        self.serials = tuple(token.serial for token in tokens)
        """In the order in which the proxy lists the tokens."""
        self._roles = tuple(token.role for token in tokens)
        self._slots = {token.serial: token.slot_id for token in tokens}
        self._labels = {token.serial: token.label for token in tokens}
        self.module = module
        self._directory = directory
        self._environment = {**emulation.environment, "CPX_TEST_REAL": emulation.module}
        self.folder = folder
        self._service = service
        self._command = tuple(command)
        self._runs = 0

    def serial(self, role: str) -> str:
        """The serial of the first token of this role."""
        return self.serials[self._roles.index(role)]

    def role(self, serial: str) -> str:
        """The role of that token's card."""
        return self._roles[self.serials.index(serial)]

    def slot(self, serial: str) -> int:
        """The id of that token's slot, unless a rule changes it."""
        return self._slots[serial]

    def number(self, serial: str) -> str:
        """The ten digits printed on that token's card."""
        return self._labels[serial].partition("-")[2]

    def label(self, serial: str) -> str:
        """The label of that token."""
        return self._labels[serial]

    @staticmethod
    def in_readers(cards: Mapping[str, str]) -> tuple[str, ...]:
        """Rules: reader's name → serial of the card that is in it while PC/SC sees one there.

        The slots are PC/SC's readers then. Of two rules for one reader the later holds, so that
        `put` exchanges a card in the middle of a run.
        """
        return tuple(f"reader {serial} {name}" for name, serial in cards.items())

    def put(self, folder: Path, cards: Mapping[str, str]) -> None:
        """From now on these cards are in these readers (see `in_readers`), for a run that follows
        `folder`/rules.
        """
        with (folder / "rules").open("a") as rules:
            rules.write("".join(f"{rule}\n" for rule in self.in_readers(cards)))

    def variables(self, folder: Path) -> dict[str, str]:
        """The environment in which the module follows `folder`/rules and writes `folder`/log."""
        without = {} if self._service else {"PCSCLITE_CSOCK_NAME": str(folder / "no-service")}
        return {
            **self._environment,
            "CPX_SOFTHSM": str(self.module),
            "CPX_STATE_DIR": str(folder / "state"),
            "CPX_TEST_PROXY": str(folder / "rules"),
            "CPX_TEST_LOG": str(folder / "log"),
            **without,
        }

    def start(self, *rules: str) -> Path:
        """A folder for a new run, with these rules and an empty log."""
        self._runs += 1
        folder = self.folder / f"run-{self._runs}"
        folder.mkdir()
        (folder / "rules").write_text("".join(f"{r}\n" for r in (f"pin {PIN} 1234", *rules)))
        (folder / "log").touch()
        return folder

    @contextmanager
    def in_environment(self, **variables: str) -> Iterator[None]:
        """Runs have these variables, too."""
        before = self._environment
        self._environment = {**before, **variables}
        try:
            yield
        finally:
            self._environment = before

    def check(
        self,
        *rules: str,
        pin: str | None = None,
        timeout: float = 30.0,
        options: Sequence[str] = (),
        failed: str | bytes | None = None,
        typed: str | None = None,
        emulated: bool = False,
    ) -> Run:
        """Run the command under these rules.

        `pin` is given as CPX_PIN; PIN is the right one. `timeout` is `--timeout`, in seconds.
        `failed` is a card number that stands in the ledger, or the bytes of its file. With `typed`
        there is a terminal, at which that is typed. `emulated` finds the cards through
        `--emulated`.
        """
        folder = self.start(*rules)
        place = self._directory if emulated else folder / "state"
        if isinstance(failed, str):
            FileLedger(place).open(failed, datetime(2026, 1, 15, tzinfo=UTC), None)
        elif failed is not None:
            place.mkdir(exist_ok=True)
            (place / LEDGER_FILE).write_bytes(failed)
        cards = ["--emulated", str(self._directory)] if emulated else ["--module", str(self.module)]
        arguments = [*self._command, "--json", *options, *cards]
        arguments += ["--timeout", str(timeout), "--save-observation", "saved"]
        given = {} if pin is None else {"CPX_PIN": pin}
        variables = environment(**self.variables(folder), **given)
        code, output, errors = self._run(arguments, folder, variables, typed)
        assert output, errors
        log = (folder / "log").read_text()
        made = tuple(calls(log))
        self._assert_nothing_is_left(folder, {call.pid for call in made})
        if pin is not None:
            _assert_the_pin_is_nowhere(pin, folder, output + errors)
        body = json.loads(output)
        assert body["exit_code"] == code
        return Run(code, body, made, frozenset(_core_limits(log)), errors)

    def _run(
        self, arguments: Sequence[str], folder: Path, variables: dict[str, str], typed: str | None
    ) -> tuple[int, str, str]:
        if self._service is None and can_run(arguments, variables):
            return _run_warm(arguments, folder, variables, typed)
        command = ["sh", "-c", _WITH_CORES, "sh", str(COMMAND), *arguments]
        if self._service is None:
            return _run(command, folder, variables, typed)
        there = ["sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", str(folder), *command]
        done = self._service.run(there, env=variables, timeout=120)
        return done.returncode, done.stdout, done.stderr

    def _assert_nothing_is_left(self, folder: Path, pids: Iterable[int]) -> None:
        lives = partial(self._service.call, _lives) if self._service else _lives
        assert not [pid for pid in pids if lives(pid)]
        assert not list(folder.glob("*core*"))


def _run_warm(
    arguments: Sequence[str], folder: Path, variables: dict[str, str], typed: str | None
) -> tuple[int, str, str]:
    """As `_run`, in a fork of the process that has loaded the command."""
    process = warm(language_of(arguments))
    run = partial(process.run_in, Place(folder, typed is not None, True), arguments, variables)
    with tempfile.TemporaryFile() as out:
        if typed is None:
            with Path(os.devnull).open("rb") as nothing, tempfile.TemporaryFile() as errors:
                code = run((nothing, out, errors), 120)
                return code, text_of(out), text_of(errors)
        ours, theirs = pty.openpty()
        with os.fdopen(ours, "rb", 0) as screen, os.fdopen(theirs, "rb", 0) as terminal:
            os.write(ours, typed.encode())  # kept by the terminal until somebody reads
            code = run((terminal, out, terminal), 120)
            return code, text_of(out), screen.read(65536).decode()


def _run(
    command: Sequence[str], folder: Path, variables: dict[str, str], typed: str | None
) -> tuple[int, str, str]:
    """Code, standard output and standard error, the latter a terminal where something is typed."""
    if typed is None:
        done = subprocess.run(
            command,
            env=variables,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr
    ours, theirs = pty.openpty()
    try:
        process = subprocess.Popen(
            command,
            env=variables,
            cwd=folder,
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=theirs,
            start_new_session=True,
        )
        os.write(ours, typed.encode())  # kept by the terminal until somebody reads
        output, _ = process.communicate(timeout=120)
        return process.returncode, output.decode(), os.read(ours, 65536).decode()
    finally:
        os.close(ours)
        os.close(theirs)


def calls(log: str) -> Iterable[Call]:
    """The lines of a log that are calls."""
    for line in log.splitlines():
        function, serial, number = line.split()
        if function not in ("core", "peak"):
            yield Call(function, serial, int(number))


def _core_limits(log: str) -> Iterable[tuple[int, int]]:
    for line in log.splitlines():
        word, limit, dumpable = line.split()
        if word == "core":
            yield int(limit), int(dumpable)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _assert_the_pin_is_nowhere(pin: str, folder: Path, output: str) -> None:
    assert pin not in output + (folder / "saved").read_text()
    process = (folder / "log.process").read_bytes()
    assert b"pkcs11_worker" in process
    assert pin.encode() not in process
