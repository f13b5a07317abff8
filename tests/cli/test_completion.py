"""Completion scripts, and what they complete."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from cpx_tool.catalogue.sets import load_sets
from cpx_tool.cli.main import COMMANDS
from support.cli import cpx
from support.shells import fish_completes, shell


def completed(*words: str, env: dict[str, str] | None = None, kind: str = "plain") -> list[str]:
    """What is proposed for the last word, of that kind."""
    asked = {
        "COMP_WORDS": " ".join(("cpx-tool", *words)),
        "COMP_CWORD": str(len(words)),
        "_CPX_TOOL_COMPLETE": "bash_complete",
    }
    done = cpx(env={**asked, **(env or {})})
    assert done.stderr == ""
    proposed = [line.partition(",") for line in done.stdout.splitlines() if line]
    return [value for told, _, value in proposed if told == kind]


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
    assert completed("check-set", "--set", "./my", kind="file") == [""]  # the shell finds it


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


def test_without_a_shell_the_choices_are_listed() -> None:
    done = cpx("completion")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Choose from:\n  bash,\n  zsh,\n  fish\n" in done.stderr


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


LINES = [
    ("list-en", "list-endpoints"),
    ("check-set --eligi", "--eligibility"),
    ("check-set --set=centre-s", "--set=centre-sante"),
    ("explain card-lab", "CARD-LABEL"),
    ("tls-test --endpoint insi-c", "insi-card"),
    ("check-set --report htm", "html="),
    ("check-set --report html=oth", "html=other.toml"),
    ("emulate --defect revo", "revoked"),
    ("judge my", "my file.json"),
]


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A directory with some files."""
    for name in ("other.toml", "my file.json"):
        (tmp_path / name).write_text("")
    return tmp_path


def _script(kind: str, directory: Path) -> Path:
    script = directory / f"script.{kind}"
    script.write_text(cpx("completion", kind).stdout)
    return script


@pytest.mark.parametrize("kind", ["bash", "zsh"])
def test_a_shell_at_a_terminal_completes(kind: str, desk: Path) -> None:
    if shutil.which(kind) is None:
        pytest.skip(f"there is no {kind}")
    with shell(kind, _script(kind, desk), desk) as person:
        for line, last in LINES:
            words = person.complete(f"cpx-tool {line}")
            assert words == ("cpx-tool", *line.split(" ")[:-1], last)


@pytest.mark.skipif(shutil.which("fish") is None, reason="there is no fish")
def test_fish_completes(desk: Path) -> None:
    script = _script("fish", desk)
    for line, last in LINES:
        assert fish_completes(f"cpx-tool {line}", script, desk) == [last], line


@pytest.mark.parametrize("kind", ["bash", "zsh", "fish"])
def test_nothing_but_proposals_is_printed(kind: str, tmp_path: Path) -> None:
    """A configuration that cannot be read, a command that is none."""
    (tmp_path / "config.toml").write_text("nonsense")
    for words in ("tls-test --endpoint in", "nonsense --x", "explain zzzz", "check-set --timeout"):
        asked = {
            "COMP_WORDS": f"cpx-tool {words}",
            "COMP_CWORD": words.split(" ")[-1] if kind == "fish" else "3",
            "_CPX_TOOL_COMPLETE": f"{kind}_complete",
            "CPX_CONFIG": str(tmp_path / "config.toml"),
        }
        done = cpx(env=asked)
        assert (done.returncode, done.stderr) == (0, "")
