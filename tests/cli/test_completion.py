"""Completion scripts, and what they complete."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from cpx_tool.catalogue.sets import load_sets
from cpx_tool.cli.main import COMMANDS
from support.cli import COMMAND, cpx, environment


def completed(*words: str, env: dict[str, str] | None = None) -> list[str]:
    """What is proposed for the last word."""
    asked = {
        "COMP_WORDS": " ".join(("cpx-tool", *words)),
        "COMP_CWORD": str(len(words)),
        "_CPX_TOOL_COMPLETE": "bash_complete",
    }
    done = cpx(env={**asked, **(env or {})})
    assert done.stderr == ""
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line]


def test_commands_and_options_complete() -> None:
    assert set(completed("li")) == {name for name in COMMANDS if name.startswith("li")}
    assert {"--quiet"} == set(completed("check-set", "--qu"))


def test_the_names_of_sets_complete_wherever_a_set_is_named() -> None:
    names = {one.name for one in load_sets() if one.name.startswith("centre")}
    for words in (
        ("check-set", "--set"),
        ("judge", "a.json", "--set"),
        ("enrol-set", "--set"),
        ("order-guide", "--set"),
        ("emulate", "--set"),
        ("blame", "a.json", "--set"),
        ("compare", "a.json", "b.json", "--set"),
        ("show-set",),
    ):
        assert set(completed(*words, "centre")) == names, words


def test_a_set_file_completes_as_a_file() -> None:
    assert completed("check-set", "--set", "./my") == ["./my"]


def test_checks_and_codes_complete_in_any_case() -> None:
    assert completed("explain", "card-lab") == ["CARD-LABEL"]
    assert completed("explain", "ckr_pin_inc") == ["CKR_PIN_INCORRECT"]


def test_endpoints_of_ones_own_complete(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[endpoints]\nintegration = "https://integration.example/"\n')
    env = {"CPX_CONFIG": str(config)}
    for command in ("check-set", "tls-test"):
        assert completed(command, "--endpoint", "integ", env=env) == ["integration"]


def test_a_configuration_that_cannot_be_read_completes_nothing(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("nonsense")
    assert completed("tls-test", "--endpoint", "i", env={"CPX_CONFIG": str(config)}) == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(shell: str) -> None:
    done = cpx("completion", shell)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"_CPX_TOOL_COMPLETE={shell}_complete" in done.stdout
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=done.stdout, text=True, check=True)


def test_another_shell_is_a_usage_error() -> None:
    done = cpx("completion", "csh")
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes_with_the_script(tmp_path: Path) -> None:
    script = tmp_path / "completion.sh"
    script.write_text(cpx("completion", "bash").stdout)
    words = "COMP_WORDS=(cpx-tool check-set --set centre-s); COMP_CWORD=3; COMPREPLY=()"
    ask = f'. {script}; {words}; _cpx_tool_completion {COMMAND}; echo "${{COMPREPLY[@]}}"'
    done = subprocess.run(
        ["bash", "-c", ask], env=environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout == "centre-sante\n"
