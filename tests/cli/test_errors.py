"""Bad input: one clear line, a remedy, a documented exit code, never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from support.cli import COMMAND, cpx, environment
from support.modules import compile_broken_module

FIXTURES = Path(__file__).parents[2] / "fixtures"
CHECK = ("check-set", "--set", "centre-sante")


def told(*arguments: str | Path, code: int, words: str, env: dict[str, str] | None = None) -> None:
    done = cpx(*arguments, env=env)
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_usage() -> None:
    told("check-set", code=2, words="--set")
    told("chek-set", code=2, words="chek-set")
    told(*CHECK, "--timeout", "soon", code=2, words="soon")


def test_unknown_set() -> None:
    told("check-set", "--set", "centre-sant", code=2, words="centre-sante")


def test_modules_that_are_none(tmp_path: Path) -> None:
    text = tmp_path / "text.so"
    text.write_text("hello")
    told(*CHECK, "--module", tmp_path / "gone.so", code=2, words="does not exist")
    told(*CHECK, "--module", tmp_path, code=2, words="is a directory")
    told(*CHECK, "--module", text, code=2, words="not a shared library")
    told(*CHECK, code=2, words="does not exist", env={"CPX_PKCS11_MODULE": "/gone.so"})


def test_emulations_that_are_none(tmp_path: Path) -> None:
    told(*CHECK, "--emulated", tmp_path, code=2, words="not a directory of emulated cards")
    (tmp_path / "emulation.json").write_text("{")
    told(*CHECK, "--emulated", tmp_path, code=2, words="damaged")


def test_observations_that_are_none(tmp_path: Path) -> None:
    file = tmp_path / "seen.json"
    judge = ("judge", file, "--set", "centre-sante")
    told(*judge, code=2, words="cannot be read")
    told("judge", tmp_path, "--set", "centre-sante", code=2, words="not a regular file")
    os.mkfifo(tmp_path / "pipe")
    told("judge", tmp_path / "pipe", "--set", "centre-sante", code=2, words="not a regular file")
    for content in ("", "[]", "{}", '{"schema_version": 1}', "[" * 100_000, "\x00\xff"):
        file.write_text(content, errors="replace")
        told(*judge, code=2, words="not an observation")
    sample = json.loads((FIXTURES / "observation.json").read_text())
    for moment in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        file.write_text(json.dumps({**sample, "observed_at": moment}))
        told(*judge, code=2, words="observed_at")
    file.write_text(json.dumps({**sample, "cards": sample["cards"] * 200}))
    told(*judge, code=2, words="cards: 1200")
    file.write_text('{"schema_version": 99}')
    told(*judge, code=2, words="format 99")


def test_a_place_that_cannot_be_written_is_told_before_a_card_is_asked(tmp_path: Path) -> None:
    told(*CHECK, "--save-observation", tmp_path, code=2, words="cannot be written")
    told(*CHECK, "--save-observation", tmp_path / "a" / "b", code=2, words="cannot be written")


def test_a_pin_that_is_none(tmp_path: Path) -> None:
    told(*CHECK, code=2, words="no PIN", env={"CPX_PIN": "12ab"})


@pytest.mark.parametrize("fault", ["segv", "abort", "exit"])
def test_a_module_that_dies_is_a_result(tmp_path: Path, fault: str) -> None:
    module = compile_broken_module(tmp_path)
    done = cpx(*CHECK, "--module", module, env={"CPX_TEST_FAULT": fault})
    assert done.returncode == 4
    assert "MODULE-LOADED" in done.stdout
    assert "C_Initialize" in done.stdout


def test_a_module_that_hangs_ends_at_the_deadline(tmp_path: Path) -> None:
    module = compile_broken_module(tmp_path)
    env = {"CPX_TEST_FAULT": "hang"}
    done = cpx(*CHECK, "--module", module, "--timeout", "0.5", env=env)
    assert done.returncode == 4
    assert "0.5 s" in done.stdout


def test_json_even_where_there_is_no_result() -> None:
    done = cpx("check-set", "--set", "nothing-like-it", "--json")
    body = json.loads(done.stdout)
    assert (body["exit_code"], done.returncode) == (2, 2)
    assert "nothing-like-it" in body["error"]["reason"]


def test_a_reader_that_leaves_is_no_error() -> None:
    process = subprocess.Popen(
        [COMMAND, "list-checks", "--json"],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.close()
    _, err = process.communicate(timeout=30)
    assert err == b""
    assert process.returncode == 0


def test_a_language_that_is_none() -> None:
    told("list-sets", "--lang", "klingon", code=2, words="klingon")


def test_names_with_control_characters_reach_no_terminal(tmp_path: Path) -> None:
    done = cpx("inspect", tmp_path / "\x1b[31mred")
    assert "\x1b" not in done.stdout + done.stderr
    assert done.returncode == 2


def test_a_locale_without_accents_breaks_nothing() -> None:
    env = {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [COMMAND, "list-sets"],
        env={**environment(), **env},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert os.fsencode("centre-sante") in done.stdout
