"""The README says what the tool does: compared by machine."""

from __future__ import annotations

import re
from pathlib import Path

from cpx_tool.adapters.middleware import MODULE_VARIABLE
from cpx_tool.adapters.pin import PIN_VARIABLE
from cpx_tool.adapters.softhsm import SOFTHSM_VARIABLE
from cpx_tool.catalogue.sets import find_set
from cpx_tool.cli.main import cli
from cpx_tool.emulate.defects import WORDS
from cpx_tool.errors import ExitCode
from cpx_tool.judge.checks import CHECKS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _rows(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its head."""
    below = README.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in below.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_list_of_checks() -> None:
    listed = [(row[0].strip("`"), row[1], row[2]) for row in _rows("Checks")]
    assert listed == [(c.id, c.severity.value, c.title.text) for c in CHECKS]


def test_the_exit_codes() -> None:
    assert [int(row[0]) for row in _rows("Exit codes")] == [code.value for code in ExitCode]


def test_the_defects() -> None:
    listed = [(row[0].strip("`"), row[1]) for row in _rows("Emulate cards")]
    assert listed == [(defect.value, words.text) for defect, words in WORDS.items()]


def test_the_environment_variables() -> None:
    listed = {row[0].strip("`") for row in _rows("Environment")}
    assert {MODULE_VARIABLE, PIN_VARIABLE, SOFTHSM_VARIABLE, "CPX_LANG", "NO_COLOR"} == listed


def test_every_command_is_shown() -> None:
    shown = set(re.findall(r"cpx-tool ([a-z]+(?:-[a-z]+)?)", README))
    assert set(cli.commands) <= shown
    assert shown <= set(cli.commands)


def test_the_sample_set_file_can_be_used() -> None:
    assert len(find_set(str(ROOT / "fixtures" / "my-set.toml")).cards) == 2
