"""The real SoftHSM behind a module that lies, fails or dies as it is told (proxy_module.c).

    proxy = Proxy(compile_proxy(folder), emulated_directory, folder)
    run = proxy.check("fault 99450002 C_Login 1 segv")
    assert run.logins() == Counter(proxy.serials)

Every run asserts what must hold of all: no process and no core file is left behind, a PIN given
stands in no output and in nothing that the system shows of the worker.
"""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

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
        self._environment = {**emulation.environment, "CPX_TEST_REAL": emulation.module}
        self._folder = folder
        self._runs = 0

    def serial(self, role: str) -> str:
        """The serial of the first token of this role."""
        return self.serials[self._roles.index(role)]

    def role(self, serial: str) -> str:
        """The role of that token's card."""
        return self._roles[self.serials.index(serial)]

    def label(self, serial: str) -> str:
        """The label of that token."""
        return self._labels[serial]

    def check(self, *rules: str, pin: str | None = None, timeout: float = 30.0) -> Run:
        """Run `check-set` under these rules.

        `pin` is given as CPX_PIN; PIN is the right one. `timeout` is `--timeout`, in seconds.
        """
        self._runs += 1
        folder = self._folder / f"run-{self._runs}"
        folder.mkdir()
        (folder / "rules").write_text("".join(f"{r}\n" for r in (f"pin {PIN} 1234", *rules)))
        (folder / "log").touch()
        command = [str(COMMAND), "check-set", "--set", "centre-sante", "--json"]
        options = ["--module", str(self._module), "--timeout", str(timeout)]
        done = subprocess.run(
            ["sh", "-c", _WITH_CORES, "sh", *command, *options, "--save-observation", "saved"],
            env=environment(
                **self._environment,
                CPX_TEST_PROXY=str(folder / "rules"),
                CPX_TEST_LOG=str(folder / "log"),
                PCSCLITE_CSOCK_NAME=str(folder / "no-service"),
                **({} if pin is None else {"CPX_PIN": pin}),
            ),
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.stdout, done.stderr
        log = (folder / "log").read_text()
        calls = tuple(_calls(log))
        _assert_nothing_is_left(folder, calls)
        if pin is not None:
            _assert_the_pin_is_nowhere(pin, folder, done.stdout + done.stderr)
        body = json.loads(done.stdout)
        assert body["exit_code"] == done.returncode
        return Run(done.returncode, body, calls, frozenset(_core_limits(log)))


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
