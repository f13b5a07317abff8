"""Several runs at once on one emulation: they take turns, and each gets the right verdict."""

from __future__ import annotations

import json
import subprocess
from itertools import groupby
from pathlib import Path

import pytest

from cpx_tool.adapters.softhsm_lock import held
from cpx_tool.errors import NothingToCheck
from cpx_tool.model.message import msg
from support.cli import COMMAND, cpx, environment
from support.modules import compile_proxy
from support.proxy import Proxy

pytestmark = pytest.mark.softhsm

CHECK = ("check-set", "--set", "centre-sante", "--json", "--timeout", "120", "--emulated")
EMULATE = ("emulate", "--set", "centre-sante", "--into")
LIST = ("list-readers", "--json", "--timeout", "120", "--emulated")
RUNS = 5
BUSY = NothingToCheck(msg("in use"), msg("wait"))


def start(*arguments: str | Path, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [COMMAND, *map(str, arguments)],
        env=environment(**(env or {})),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def results(processes: list[subprocess.Popen[str]]) -> list[tuple[int, str, str]]:
    done = []
    for process in processes:
        out, err = process.communicate(timeout=300)
        done.append((process.returncode, out, err))
    return done


def test_many_checks_take_turns_and_all_get_the_right_verdict(good: Path, tmp_path: Path) -> None:
    """The proxy stands in SoftHSM's place, and writes down which process calls."""
    module = compile_proxy(tmp_path)
    (tmp_path / "rules").touch()
    (tmp_path / "log").touch()
    env = {**Proxy(module, good, tmp_path).variables(tmp_path), "CPX_SOFTHSM": str(module)}
    done = results([start(*CHECK, good, env=env) for _ in range(RUNS)])
    assert [(code, err) for code, _, err in done] == [(0, "")] * RUNS
    for _, out, _ in done:
        body = json.loads(out)
        assert body["verdict"] == "passed"
        assert [card["pin"]["result"] for card in body["cards"]] == ["accepted"] * 6
    lines = [line.split() for line in (tmp_path / "log").read_text().splitlines()]
    workers = {number for word, _, number in lines if word == "start"}
    turns = [caller for caller, _ in groupby(n for _, _, n in lines if n in workers)]
    assert len(turns) == len(workers) == RUNS


def test_checks_while_the_cards_are_listed_and_written_anew(good: Path) -> None:
    reuse = ("emulate", "--reuse", "--set", "centre-sante", "--into")
    commands = [CHECK, EMULATE, LIST, CHECK, EMULATE, LIST, CHECK, reuse]
    processes = [start(*command, good) for command in commands]
    assert [(code, err) for code, _, err in results(processes)] == [(0, "")] * len(processes)
    assert [path.name for path in good.parent.iterdir()] == [good.name]


@pytest.mark.parametrize("command", [("check-set", "--set", "centre-sante"), ("list-readers",)])
def test_the_wait_has_an_end_and_a_remedy(good: Path, command: tuple[str, ...]) -> None:
    with held(good / "tokens", 0, BUSY):
        done = cpx(*command, "--emulated", good, "--timeout", "0.1")
    assert (done.returncode, done.stdout) == (4, "")
    assert f"Another run is using the emulated cards in {good}." in done.stderr
    assert "--timeout" in done.stderr
    assert cpx(*command, "--emulated", good).returncode == 0
