"""The real SoftHSM behind a module that lies, fails or dies as it is told (proxy_module.c).

    proxy = Proxy(compile_proxy(folder), emulated_directory, folder)
    run = proxy.check("fault 99450002 C_Login 1 segv")
    assert run.logins() == Counter(proxy.serials)

Every run asserts what must hold of all: no process and no core file is left behind, a PIN given
stands in no output and in nothing that the system shows of the worker.
"""

from __future__ import annotations

import json
import os
import pty
import subprocess
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from cpx_tool.adapters.ledger import LEDGER_FILE, FileLedger
from cpx_tool.adapters.softhsm import open_emulation
from support.cli import COMMAND, environment

PIN = "86421357"
"""What the proxy takes for the PIN of all cards: unlike 1234 it can be looked for in outputs."""

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
    """One `check-set`: its JSON object, and what reached the module."""

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

    `folder` takes a folder for each run, with its rules and its log.
    """

    def __init__(self, module: Path, directory: Path, folder: Path) -> None:
        emulation = open_emulation(directory)
        tokens = sorted(emulation.tokens, key=lambda token: token.slot_id)
        self.serials = tuple(token.serial for token in tokens)
        """In the order in which the proxy lists the tokens."""
        self._roles = tuple(token.role for token in tokens)
        self._labels = {token.serial: token.label for token in tokens}
        self._module = module
        self._directory = directory
        self._environment = {**emulation.environment, "CPX_TEST_REAL": emulation.module}
        self._folder = folder
        self._runs = 0

    def serial(self, role: str) -> str:
        """The serial of the first token of this role."""
        return self.serials[self._roles.index(role)]

    def role(self, serial: str) -> str:
        """The role of that token's card."""
        return self._roles[self.serials.index(serial)]

    def number(self, serial: str) -> str:
        """The ten digits printed on that token's card."""
        return self._labels[serial].partition("-")[2]

    def label(self, serial: str) -> str:
        """The label of that token."""
        return self._labels[serial]

    def variables(self, folder: Path) -> dict[str, str]:
        """The environment in which the module follows `folder`/rules and writes `folder`/log."""
        return {
            **self._environment,
            "CPX_SOFTHSM": str(self._module),
            "CPX_STATE_DIR": str(folder / "state"),
            "CPX_TEST_PROXY": str(folder / "rules"),
            "CPX_TEST_LOG": str(folder / "log"),
            "PCSCLITE_CSOCK_NAME": str(folder / "no-service"),
        }

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
        """Run `check-set` under these rules.

        `pin` is given as CPX_PIN; PIN is the right one. `timeout` is `--timeout`, in seconds.
        `failed` is a card number that stands in the ledger, or the bytes of its file. With `typed`
        there is a terminal, at which that is typed. `emulated` finds the cards through
        `--emulated`.
        """
        self._runs += 1
        folder = self._folder / f"run-{self._runs}"
        folder.mkdir()
        (folder / "rules").write_text("".join(f"{r}\n" for r in (f"pin {PIN} 1234", *rules)))
        (folder / "log").touch()
        place = self._directory if emulated else folder / "state"
        if isinstance(failed, str):
            FileLedger(place).open(failed, datetime(2026, 1, 15, tzinfo=UTC), None)
        elif failed is not None:
            place.mkdir(exist_ok=True)
            (place / LEDGER_FILE).write_bytes(failed)
        cards = (
            ["--emulated", str(self._directory)] if emulated else ["--module", str(self._module)]
        )
        command = [str(COMMAND), "check-set", "--set", "centre-sante", "--json", *options]
        command += [*cards, "--timeout", str(timeout), "--save-observation", "saved"]
        given = {} if pin is None else {"CPX_PIN": pin}
        variables = environment(**self.variables(folder), **given)
        code, output, errors = _run(
            ["sh", "-c", _WITH_CORES, "sh", *command], folder, variables, typed
        )
        assert output, errors
        log = (folder / "log").read_text()
        calls = tuple(_calls(log))
        _assert_nothing_is_left(folder, calls)
        if pin is not None:
            _assert_the_pin_is_nowhere(pin, folder, output + errors)
        body = json.loads(output)
        assert body["exit_code"] == code
        return Run(code, body, calls, frozenset(_core_limits(log)), errors)


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


def _calls(log: str) -> Iterable[Call]:
    for line in log.splitlines():
        function, serial, number = line.split()
        if function != "core":
            yield Call(function, serial, int(number))


def _core_limits(log: str) -> Iterable[tuple[int, int]]:
    for line in log.splitlines():
        word, limit, dumpable = line.split()
        if word == "core":
            yield int(limit), int(dumpable)


def _assert_nothing_is_left(folder: Path, calls: Sequence[Call]) -> None:
    assert not [pid for pid in {call.pid for call in calls} if Path(f"/proc/{pid}").exists()]
    assert not list(folder.glob("*core*"))


def _assert_the_pin_is_nowhere(pin: str, folder: Path, output: str) -> None:
    assert pin not in output + (folder / "saved").read_text()
    process = (folder / "log.process").read_bytes()
    assert b"pkcs11_worker" in process
    assert pin.encode() not in process
