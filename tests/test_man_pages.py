"""The manual page: made of the commands, in each language, well-formed, and in the wheel."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

import man_pages
from cpx_tool.cli.examples import EXAMPLES
from cpx_tool.cli.main import COMMANDS
from cpx_tool.cli.manual import VARIABLES

ROOT = man_pages.messages.ROOT
PAGES = (man_pages.MAN / "cpx-tool.1", man_pages.MAN / "fr" / "cpx-tool.1")
each_page = pytest.mark.parametrize("page", PAGES, ids=("en", "fr"))


def test_there_is_one_for_each_language() -> None:
    assert tuple(man_pages.pages()) == PAGES


@each_page
@pytest.mark.parametrize(
    "program",
    [
        ("mandoc", "-T", "lint"),
        ("groff", "-man", "-ww", "-z", "-K", "utf8", "-T", "utf8"),
    ],
    ids=lambda words: words[0],
)
def test_formatters_find_no_fault(page: Path, program: tuple[str, ...]) -> None:
    if shutil.which(program[0]) is None:
        pytest.skip(f"there is no {program[0]}")
    done = subprocess.run([*program, page], capture_output=True, text=True, check=False)
    faults = [line for line in (done.stdout + done.stderr).splitlines() if "UNSUPP" not in line]
    assert faults == []


@each_page
def test_it_names_every_command_example_and_variable(page: Path) -> None:
    text = page.read_text(encoding="utf-8").replace("\\-", "-").replace("\\(aq", "'")
    for name in COMMANDS:
        assert f"\n.SS {name}\n" in text
    for name, examples in EXAMPLES.items():
        for example in examples:
            assert f"    {example}\n" in text, name
    for variable in VARIABLES:
        assert f"\\fB{variable}\\fR\n" in text


def test_every_variable_of_ours_is_told() -> None:
    sources = (ROOT / "src" / "cpx_tool").rglob("*.py")
    found = {
        name
        for path in sources
        for name in re.findall(r'"(CPX_[A-Z0-9_]+)"', path.read_text(encoding="utf-8"))
    }
    assert found
    assert found - set(", ".join(VARIABLES).split(", ")) == set()


def test_a_wheel_carries_them_where_man_looks() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    shared = project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    assert shared == {
        "man/cpx-tool.1": "share/man/man1/cpx-tool.1",
        "man/fr/cpx-tool.1": "share/man/fr/man1/cpx-tool.1",
    }
