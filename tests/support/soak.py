"""Many runs of `check-set` over emulated cards, with faults chosen at random.

    soak = Soak(seed=1, folder=folder)
    for number in range(200):
        soak.run(number)
    print(*soak.figures(), sep="\n")
    assert not soak.problems

What must hold after each of them:

- a healthy card's findings are those of a run without faults, whatever the other cards did;
- no process, no temporary file and no session is left;
- C_Login reached each card at most once, and not at all where the table of docs/pin-safety.md
  refuses it;
- a run that is interrupted ends soon, and leaves nothing either.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from cpx_tool.adapters.pcsc import PcscReaders
from support.cli import COMMAND, cpx, environment
from support.modules import compile_proxy
from support.pcscd import pcscd, why_not
from support.proxy import Call, Proxy, calls

DEADLINE = 4.0
"""Of one call, in seconds: `--timeout`."""
INTERRUPTED = 130
_ENDS = (0, 1, 4, 5)
_CPS4 = "3B9B188001001225006480040100009044"
WRONG_PIN = "97531864"

_OF_ITSELF = ("CERT", "PIN", "KEY", "SIGN", "CARD-READ", "CARD-DATA", "CARD-LABEL", "CARD-NUMBER")
"""Checks about the card itself; its role depends on the other cards, too."""

_WHEN_READ = ("C_OpenSession", "C_FindObjectsInit", "C_GetAttributeValue", "C_GetTokenInfo")
_LATER = ("C_Login", "C_SignInit", "C_Sign")
_CODES = ("5", "30", "32", "e0", "b3", "101", "80000001", "c0ffee11")
"""General error, device error, device removed, token not present, session handle invalid, user not
logged in, and two of a vendor's own.
"""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A fault on one card: its rules, and how many C_Login may reach that card."""

    kind: str
    rules: tuple[str, ...]
    logins: int = 1
    harmless: bool = False
    """The card comes out complete all the same."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One run: what is wrong with which card, by serial; `interrupt` is in seconds."""

    faults: dict[str, Chosen]
    options: tuple[str, ...] = ()
    pin: str | None = None
    race: int = 0
    interrupt: float | None = None

    def __str__(self) -> str:
        words = [rule for chosen in self.faults.values() for rule in chosen.rules]
        if self.race:
            words.append(f"count race {self.race}")
        if self.pin is not None:
            words.append("wrong PIN given")
        if self.interrupt is not None:
            words.append(f"interrupted after {self.interrupt:.2f} s")
        return "; ".join((*words, *self.options))


@dataclass
class _Figures:
    runs: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    ends: Counter[int] = field(default_factory=Counter)
    healthy: int = 0
    logins: int = 0
    processes: int = 0
    sessions: int = 0
    seconds: list[float] = field(default_factory=list)
    to_end: list[float] = field(default_factory=list)
    too_late: int = 0
    kept: int = 0
    worker_peaks: list[float] = field(default_factory=list)
    grown_peaks: list[float] = field(default_factory=list)


class Soak:
    """Runs, and what was wrong in them. The same seed chooses the same faults.

    `options` are added to each `check-set`. `patience` is how long an interrupted run may take to
    end, in seconds.
    """

    def __init__(
        self, seed: int, folder: Path, choices: Sequence[Sequence[str]] = ((),), patience: float = 1
    ) -> None:
        self.problems: list[str] = []
        self._random = random.Random(seed)  # noqa: S311 - to be repeated
        self._folder = folder
        self._choices = choices
        self._patience = patience
        self._figures = _Figures()
        self._module = compile_proxy(folder)
        self._pristine = folder / "pristine"
        done = cpx("emulate", "--set", "centre-sante", "--into", self._pristine)
        assert done.returncode == 0, done.stderr
        self._expected: dict[int, list[tuple[str, str, str]]] = {}
        self._usual_seconds = 0.0
        self._learn()

    def run(self, number: int) -> None:
        """One more; its problems are added to `problems`."""
        with self._place(f"run-{number}") as place:
            cards = self._cards(place)
            plan = self._plan(cards)
            self._count(plan)
            problems = _Attempt(place, cards, plan, self._figures, self._patience).problems(
                self._expected
            )
        self.problems += [f"run {number}: {what} ({plan})" for what in problems]

    @property
    def too_late(self) -> int:
        """How many interrupted runs took longer than `patience` to end."""
        return self._figures.too_late

    def figures(self) -> Iterator[str]:
        """What was done and seen, a line each."""
        seen = self._figures
        yield f"runs: {seen.runs}, of these interrupted: {len(seen.to_end)}"
        yield "exit codes: " + _listed(seen.ends)
        yield "faults: " + _listed(seen.faults)
        yield f"healthy cards compared: {seen.healthy}"
        yield f"C_Login: {seen.logins}; sessions opened: {seen.sessions}"
        yield f"processes that loaded the module: {seen.processes}"
        yield "seconds for a run: " + spread(seen.seconds)
        yield "seconds to end after SIGINT: " + spread(seen.to_end)
        yield f"later than {self._patience:g} s: {seen.too_late}"
        yield f"cards in the results of interrupted runs: {seen.kept}"
        yield "memory of a worker, MiB: " + spread(seen.worker_peaks)
        yield "memory of a worker whose module takes ever more, MiB: " + spread(seen.grown_peaks)
        yield f"problems: {len(self.problems)}"

    def _learn(self) -> None:
        """What healthy cards say, and how long a run takes."""
        with self._place("good") as place:
            cards = self._cards(place)
            began = time.monotonic()
            code, output, _ = _Attempt(place, cards, Plan({}), _Figures(), 1).ended()
            self._usual_seconds = time.monotonic() - began
        assert code == 0, output
        for card in json.loads(output)["cards"]:
            self._expected[card["slot"]["id"]] = of_itself(card)

    def _place(self, name: str) -> _Place:
        return _Place(self._folder / name, self._pristine)

    def _cards(self, place: Path) -> Proxy:
        return Proxy(self._module, place / "cards", place)

    def _plan(self, cards: Proxy) -> Plan:
        dice = self._random
        interrupt = dice.random() < 0.25
        options = tuple(dice.choice(self._choices))
        if not interrupt and dice.random() < 0.05:
            return Plan({}, options, WRONG_PIN)
        count = dice.choice((1, 1, 2, 2, 3, 4, 5))
        faults = {serial: self._fault(serial) for serial in dice.sample(cards.serials, count)}
        return Plan(
            faults,
            options,
            race=dice.choice((0, 0, 0, 2, 4)),
            interrupt=dice.uniform(_START_SECONDS, 1.2 * self._usual_seconds)
            if interrupt
            else None,
        )

    def _fault(self, card: str) -> Chosen:
        dice = self._random
        function = dice.choice(_WHEN_READ + _LATER)
        number = dice.choice((1, 1, 2, 3))
        name, action, logins = dice.choices(
            list(_KINDS), weights=[_WEIGHTS.get(kind[0], 4) for kind in _KINDS]
        )[0]
        rules = tuple(
            rule.format(
                card=card, function=function, number=number, code=dice.choice(_CODES), pin="a0"
            )
            for rule in action.split("; ")
        )
        return Chosen(name, rules, logins, name in _HARMLESS)

    def _count(self, plan: Plan) -> None:
        self._figures.runs += 1
        self._figures.faults.update(chosen.kind for chosen in plan.faults.values())
        self._figures.faults["count race"] += bool(plan.race)
        self._figures.faults["wrong PIN given"] += plan.pin is not None


_AT = "fault {card} {function} {number} "
_KINDS = (
    ("locked", "flags {card} 40000 0 C_GetTokenInfo 0", 0),
    ("final try", "flags {card} 30000 0 C_GetTokenInfo 0", 0),
    ("count low", "flags {card} 10000 0 C_GetTokenInfo 0", 0),
    ("to be changed", "flags {card} 80000 0 C_GetTokenInfo 0", 0),
    ("protected path", "flags {card} 100 0 C_GetTokenInfo 0", 0),
    ("no PIN", "flags {card} 0 8 C_GetTokenInfo 0", 0),
    ("all flags", "flags {card} ffffffffffffffff 0 C_GetTokenInfo 0", 0),
    ("wrong PIN, flags full", "fault {card} C_Login 1 a0; flags {card} 0 70000 C_Login 1", 1),
    ("wrong PIN, flags low", "fault {card} C_Login 1 a0; flags {card} 10000 0 C_Login 1", 1),
    ("logged in already", "fault {card} C_Login 1 100", 1),
    ("code, once", _AT + "{code}", 1),
    ("code, always", "fault {card} {function} 0 {code}", 1),
    ("segv", _AT + "segv", 1),
    ("abort", _AT + "abort", 1),
    ("exit", _AT + "exit", 1),
    ("hang", _AT + "hang", 1),
    ("slow", "fault {card} {function} 0 slow:50", 1),
    ("chatter", "fault {card} {function} 0 chatter", 1),
    ("memory", "fault {card} C_FindObjectsInit 0 grow:300", 1),
    ("sessions kept", "fault {card} C_CloseSession 0 0", 1),
    ("sessions not closed", "fault {card} C_CloseSession 0 5", 1),
    ("no values", "empty {card} C_OpenSession 0", 0),
)
"""Name, rules and how often a PIN may be tried then."""
_WEIGHTS = {"hang": 2, "slow": 2, "memory": 2}
_HARMLESS = ("slow", "chatter")


class _Place:
    """A run's own folder with a copy of the cards; gone afterwards."""

    def __init__(self, path: Path, pristine: Path) -> None:
        self._path = path
        self._pristine = pristine

    def __enter__(self) -> Path:
        for name in ("home", "tmp", "state", "cwd"):
            (self._path / name).mkdir(parents=True)
        shutil.copytree(self._pristine, self._path / "cards")
        return self._path

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._path)


class _Attempt:
    """One run of `check-set`, and what is to be said of it."""

    def __init__(
        self, place: Path, cards: Proxy, plan: Plan, figures: _Figures, patience: float
    ) -> None:
        self._place = place
        self._cards = cards
        self._plan = plan
        self._figures = figures
        self._patience = patience

    def ended(self) -> tuple[int, str, str]:
        """Exit code, standard output and standard error."""
        rules = [rule for chosen in self._plan.faults.values() for rule in chosen.rules]
        if self._plan.race:
            rules.append(f"fault - C_GetSlotList {self._plan.race} 150")
        self._log = self._cards.start(*rules) / "log"
        given = {} if self._plan.pin is None else {"CPX_PIN": self._plan.pin}
        own = {
            "HOME": str(self._place / "home"),
            "TMPDIR": str(self._place / "tmp"),
            "CPX_STATE_DIR": str(self._place / "state"),
        }
        command = [COMMAND, "check-set", "--set", "centre-sante", "--json"]
        command += ["--module", self._cards.module, "--timeout", f"{DEADLINE:g}"]
        began = time.monotonic()
        with (self._place / "out").open("wb") as out, (self._place / "err").open("wb") as err:
            process = subprocess.Popen(
                [*map(str, command), *self._plan.options],
                env=environment(**{**self._cards.variables(self._log.parent), **own, **given}),
                cwd=self._place / "cwd",
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
            if self._plan.interrupt is not None:
                time.sleep(self._plan.interrupt)
                self._interrupt(process)
            process.wait()
        self._figures.seconds.append(time.monotonic() - began)
        code = process.returncode
        if code == -signal.SIGINT:  # while the interpreter itself was ending; a shell shows 130
            code = INTERRUPTED
        self._figures.ends[code] += 1
        return (
            code,
            (self._place / "out").read_text(),
            (self._place / "err").read_text(),
        )

    def _interrupt(self, process: subprocess.Popen[bytes]) -> None:
        """Ask it to end, and measure how long that takes."""
        began = time.monotonic()
        if os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG):
            return  # it had ended by then
        process.send_signal(signal.SIGINT)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        seconds = time.monotonic() - began
        self._figures.to_end.append(seconds)
        self._figures.too_late += seconds > self._patience

    def problems(self, expected: dict[int, list[tuple[str, str, str]]]) -> list[str]:
        """What must not be."""
        names = _names(self._place / "cards")
        code, output, errors = self.ended()
        made = tuple(calls(self._log.read_text()))
        found = [*self._left(names, code), *self._sessions(made), *self._logins(made)]
        if "Traceback" in errors or code not in (*_ENDS, INTERRUPTED):
            found.append(f"exit code {code}: {errors[-300:]}")
        elif code != INTERRUPTED and self._plan.pin is None:
            found += self._lost(json.loads(output), expected)
        elif output:
            self._figures.kept += len(json.loads(output)["cards"])
        self._note(made)
        return found

    def _left(self, names: frozenset[str], code: int) -> Iterator[str]:
        """A run that did not pass keeps what it read for --resume, one file; nothing else stays."""
        for pid in _processes_of(self._place):
            yield f"process {pid} is left"
        for folder in ("home", "tmp", "cwd"):
            for path in (self._place / folder).iterdir():
                yield f"{path} is left"
        for path in (self._place / "state").iterdir():
            if path.name not in ("pin-ledger.json", "pin-ledger.lock", "runs"):
                yield f"{path} is left"
        kept = [path.suffix for path in (self._place / "state").glob("runs/*")]
        if kept and (kept != [".json"] or not (code or self._plan.faults)):
            yield f"runs/*{kept} are left"
        for name in _names(self._place / "cards") - names:
            yield f"cards/{name} is left"

    def _sessions(self, made: Sequence[Call]) -> Iterator[str]:
        """Of a process that ended in order all sessions were closed, card by card: but those of a
        failed login, after which the process ends because the binding keeps its session.
        """
        if self._plan.pin is not None:
            return
        opened: Counter[tuple[int, str]] = Counter()
        for call in made:
            if call.function == "C_OpenSession":
                opened[call.pid, call.serial] += 1
            elif call.function == "C_CloseSession":
                opened[call.pid, call.serial] -= 1
            elif call.function == "C_Finalize":
                for (pid, serial), count in opened.items():
                    if pid == call.pid and count > 0 and serial not in self._plan.faults:
                        yield f"{count} sessions left open on {serial}"

    def _logins(self, made: Sequence[Call]) -> Iterator[str]:
        logins = Counter(call.serial for call in made if call.function == "C_Login")
        if self._plan.pin is not None and logins.total() > 1:
            yield f"the PIN given went out {logins.total()} times"
        for serial, count in logins.items():
            chosen = self._plan.faults.get(serial)
            if count > (chosen.logins if chosen else 1):
                yield f"{count} C_Login on {serial}"

    def _lost(
        self, body: dict[str, Any], expected: dict[int, list[tuple[str, str, str]]]
    ) -> Iterator[str]:
        """Healthy cards that do not say what they say without faults."""
        shown = {card["slot"]["id"]: card for card in body["cards"]}
        for serial in self._cards.serials:
            chosen = self._plan.faults.get(serial)
            if chosen is not None and not chosen.harmless:
                continue
            self._figures.healthy += 1
            slot = self._cards.slot(serial)
            if slot not in shown:
                yield f"{serial} is missing; run: {_failed(body)}"
            elif of_itself(shown[slot]) != expected[slot]:
                other = sorted(set(of_itself(shown[slot])) - set(expected[slot]))
                yield f"{serial} says something else: {other}"

    def _note(self, made: Sequence[Call]) -> None:
        counts = Counter(call.function for call in made)
        self._figures.logins += counts["C_Login"]
        self._figures.sessions += counts["C_OpenSession"]
        self._figures.processes += counts["start"]
        lines = [line.split() for line in self._log.read_text().splitlines()]
        grows = any(chosen.kind == "memory" for chosen in self._plan.faults.values())
        peaks = self._figures.grown_peaks if grows else self._figures.worker_peaks
        peaks += [int(words[1]) / 1024 for words in lines if words[0] == "peak"]


def insertions(count: int) -> list[float]:
    """In seconds, how long after a card was put into a virtual reader the adapter sees it.

    Most of it is vpcd's, which looks for its cards every 0.4 s. Empty where there is no private
    pcscd to be had.
    """
    if why_not():
        return []
    found = []
    with pcscd("Virtual reader") as service:
        for _ in range(count):
            began = time.monotonic()
            service.insert(0, _CPS4)
            (reader, _) = service.call(PcscReaders().observe).readers
            found.append(time.monotonic() - began)
            assert reader.atr == _CPS4
            service.remove(0)
    return found


_START_SECONDS = 0.2
"""Before that the interpreter itself is starting, and shows what it likes."""
_DAYS = re.compile("^[0-9]+ days")


def of_itself(card: dict[str, Any]) -> list[tuple[str, str, str]]:
    """What was found about the card itself; how many days are left is another number next day."""
    return [
        (
            finding["check"],
            finding["outcome"],
            re.sub(r"^[0-9]+ days", "N days", finding["message"]),
        )
        for finding in card["findings"]
        if finding["check"].startswith(_OF_ITSELF)
    ]


def _failed(body: dict[str, Any]) -> list[str]:
    return [f["message"] for f in body["findings"] if f["outcome"] == "failed"]


def _names(folder: Path) -> frozenset[str]:
    return frozenset(str(path.relative_to(folder)) for path in folder.rglob("*"))


def _processes_of(place: Path) -> list[int]:
    """The processes that were told of this run's folder, other than zombies."""
    mark = f"={place}/".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                environ = (entry / "environ").read_bytes()
            except OSError:
                continue
            if mark in environ:
                found.append(int(entry.name))
    return found


def _listed(counts: Counter[Any]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()) if count)


def spread(values: Sequence[float]) -> str:
    """Median and maximum in words."""
    if not values:
        return "none"
    return f"median {median(values):.2f}, most {max(values):.2f}"
