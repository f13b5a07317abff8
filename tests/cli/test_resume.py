"""check-set --resume without a drawer: runs that were killed, and what cannot be taken up."""

from __future__ import annotations

import json
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from support.cli import COMMAND, cpx, environment
from support.modules import compile_proxy
from support.proxy import Proxy

pytestmark = pytest.mark.softhsm


def test_a_run_with_all_readers_that_is_killed(good: Path, tmp_path: Path) -> None:
    """The fourth card's module hangs, and the run is killed there: three cards are kept."""
    module = compile_proxy(tmp_path)
    cards = Proxy(module, good, tmp_path)
    hanging = cards.serials[3]
    folder = cards.start(f"fault {hanging} C_Sign 1 hang")
    words = [COMMAND, "check-set", "--set", "centre-sante", "--module", module, "--json"]
    variables = environment(**cards.variables(folder))
    with subprocess.Popen(words, env=variables, stdout=subprocess.PIPE) as run:
        end = time.monotonic() + 30
        while f"C_Sign {hanging}" not in (folder / "log").read_text():
            assert time.monotonic() < end
            time.sleep(0.02)
        run.kill()
    mentioned = cpx("check-set", "--set", "centre-sante", "--module", "/none", env=variables)
    assert "read 3 cards, and the set was not complete: --resume goes on" in mentioned.stderr
    done = subprocess.run(
        [*words, "--resume"], env=variables, capture_output=True, text=True, check=False
    )
    assert "Resumed: 3 of 6 cards were read on " in done.stderr
    assert (done.returncode, json.loads(done.stdout)["verdict"]) == (0, "passed")
    logins = [line for line in (folder / "log").read_text().splitlines() if "C_Login" in line]
    assert Counter(line.split()[1] for line in logins) == Counter([*cards.serials, hanging])


def test_what_cannot_be_resumed(good: Path, tmp_path: Path) -> None:
    """One line says why, another what to do."""
    own = tmp_path / "own.toml"
    own.write_text(cpx("show-set", "centre-sante", "--toml").stdout)
    words = ("check-set", "--set", own, "--emulated", good)
    env = {"CPX_STATE_DIR": str(tmp_path / "state")}
    refused = cpx(*words, "--resume", env=env)
    assert (refused.returncode, refused.stdout) == (2, "")
    told = refused.stderr.splitlines()
    assert told == [
        "Error: There is no interrupted run of this set on these cards.",
        "→ Run the command without --resume: it reads all cards afresh.",
    ]
    assert not list((tmp_path / "state" / "runs").iterdir())


def test_a_run_that_cannot_be_kept_is_a_run_all_the_same(good: Path, tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    env = {"CPX_STATE_DIR": str(tmp_path / "state")}
    words = ("check-set", "--set", "centre-sante", "--emulated", good)
    done = cpx(*words, env=env)
    assert (done.returncode, done.stderr) == (0, "")
    refused = cpx(*words, "--resume", env=env)
    assert refused.returncode == 2
    assert "CPX_STATE_DIR" in refused.stderr
