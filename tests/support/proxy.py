"""The real SoftHSM behind a module that lies, fails or dies as it is told (proxy_module.c).

    proxy = Proxy(emulated_directory, folder)
    run = proxy.check("fault 99450002 C_Login 1 segv")
    assert run.logins() == Counter(proxy.serials)

Every run asserts what must hold of all: no process and no core file is left behind, a PIN given
stands in no output and in nothing that the system shows of the worker.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from support.cli import COMMAND, environment

SOURCE = Path(__file__).with_name("proxy_module.c")
PIN = "86421357"
"""What the proxy takes for the PIN of all cards: unlike 1234 it can be looked for in outputs."""

LABEL, SERIAL = "0 32", "80 16"
"""Offset and size in CK_TOKEN_INFO."""

_WITH_CORES = 'ulimit -S -c "$(ulimit -H -c)"; exec "$@"'


class Call(NamedTuple):
    """A line of the log: a PKCS#11 function, the token's serial, the process."""

    function: str
    serial: str
    pid: int


@dataclass(frozen=True, slots=True)
class Run:
    """One `check-set`: its JSON object, and what reached the module."""

    code: int
    body: dict[str, Any]
    calls: tuple[Call, ...]

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
    """The emulated cards of `directory` behind the proxy, in the order of their slots.

    `folder` takes the compiled module, its rules and its log.
    """

    def __init__(self, directory: Path, folder: Path) -> None:
        described = json.loads((directory / "emulation.json").read_text())
        tokens = sorted(described["tokens"], key=lambda token: token["slot_id"])
        self.serials: tuple[str, ...] = tuple(token["serial"] for token in tokens)
        """In the order in which the module lists them."""
        self.by_role: Mapping[str, tuple[str, ...]] = {
            role: tuple(t["serial"] for t in tokens if t["role"] == role)
            for role in (token["role"] for token in tokens)
        }
        self._folder = folder
        self._configuration = _configuration(directory, folder)
        self._runs = 0

    def check(
        self,
        *rules: str,
        pin: str | None = None,
        timeout: float = 30.0,
        set_name: str = "centre-sante",
    ) -> Run:
        """Run `check-set` under these rules; a run has a log of its own.

        `pin` is given as CPX_PIN; PIN is the right one. `timeout` is `--timeout`, in seconds.
        """
        self._runs += 1
        folder = self._folder / f"run-{self._runs}"
        folder.mkdir()
        (folder / "rules").write_text("".join(f"{r}\n" for r in (f"pin {PIN} 1234", *rules)))
        log = folder / "log"
        log.touch()
        env = environment(
            CPX_TEST_REAL=_real_module(),
            CPX_TEST_PROXY=str(folder / "rules"),
            CPX_TEST_LOG=str(log),
            SOFTHSM2_CONF=str(self._configuration),
            PCSCLITE_CSOCK_NAME=str(folder / "no-service"),
            **({} if pin is None else {"CPX_PIN": pin}),
        )
        saved = folder / "observation.json"
        command = [COMMAND, "check-set", "--set", set_name, "--module", str(_compiled())]
        options = ["--json", "--timeout", str(timeout), "--save-observation", str(saved)]
        done = subprocess.run(
            ["sh", "-c", _WITH_CORES, "sh", *command, *options],
            env=env,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.stdout, done.stderr
        calls = tuple(_calls(log.read_text()))
        _assert_nothing_is_left(folder, calls)
        if pin is not None:
            process = Path(f"{log}.process").read_bytes()
            assert b"pkcs11_worker" in process
            outputs = done.stdout + done.stderr + saved.read_text()
            assert pin.encode() not in process + outputs.encode()
        body = json.loads(done.stdout)
        assert body["exit_code"] == done.returncode
        return Run(done.returncode, body, calls)


def _calls(log: str) -> Iterable[Call]:
    for line in log.splitlines():
        function, serial, number = line.split()
        if function == "core":  # at each C_Login: the limit, and whether the process is dumpable
            assert (serial, number) == ("0", "0"), "a crash now would leave the PIN in a core file"
        else:
            yield Call(function, serial, int(number))


def _assert_nothing_is_left(folder: Path, calls: Iterable[Call]) -> None:
    pids = {call.pid for call in calls}
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
    assert not list(folder.glob("*core*"))


def _configuration(directory: Path, folder: Path) -> Path:
    """The emulation's own, for the place where it is now."""
    lines = (directory / "softhsm2.conf").read_text().splitlines()
    kept = [line for line in lines if not line.startswith("directories.tokendir")]
    path = folder / "softhsm2.conf"
    path.write_text("\n".join([f"directories.tokendir = {directory / 'tokens'}", *kept, ""]))
    return path


@cache
def _real_module() -> str:
    return str(next(Path("/usr/lib").glob("**/libsofthsm2.so")))
