"""The README and the pages below docs/ say what the tool does: compared by machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cpx_tool.adapters.config import CONFIG_VARIABLE
from cpx_tool.adapters.ledger import STATE_VARIABLE
from cpx_tool.adapters.middleware import MODULE_VARIABLE
from cpx_tool.adapters.observation_file import load
from cpx_tool.adapters.password import PASSWORD_VARIABLE
from cpx_tool.adapters.pin import PIN_VARIABLE
from cpx_tool.adapters.softhsm import SOFTHSM_VARIABLE
from cpx_tool.adapters.trust_store import TRUST_VARIABLE
from cpx_tool.catalogue.sets import find_set
from cpx_tool.cli.main import COMMANDS
from cpx_tool.cli.trust import trust
from cpx_tool.emulate.defects import WORDS
from cpx_tool.errors import ExitCode
from cpx_tool.judge.checks import CHECKS
from cpx_tool.judge.judge import judge
from cpx_tool.judge.verdict import exit_code
from cpx_tool.model.finding import Outcome

ROOT = Path(__file__).parents[1]
README_FILE = ROOT / "README.md"
README = README_FILE.read_text(encoding="utf-8")
MADE = ("checks", "codes", "commands")
"""Pages that are the tool's own texts."""
PAGES = sorted(path for path in (ROOT / "docs").glob("*.md") if path.name.split(".")[0] not in MADE)


def _page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def _rows(text: str, heading: str) -> list[list[str]]:
    """The cells of the first table below a heading ("## …"), without its head."""
    below = f"\n{text}".split(f"\n{heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in below.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_list_of_checks() -> None:
    rows = _rows(_page("checks.md"), "# Checks")
    assert [tuple(cell.replace("\\", "") for cell in row) for row in rows] == [
        (f"[`{check.id}`](#{check.id.lower()})", check.severity.value, check.title.text)
        for check in CHECKS
    ]


@pytest.mark.parametrize(
    ("text", "heading"), [(README, "## Exit codes"), (_page("exit-codes.md"), "# Exit codes")]
)
def test_the_exit_codes(text: str, heading: str) -> None:
    assert [int(row[0]) for row in _rows(text, heading)] == [code.value for code in ExitCode]


def test_the_defects() -> None:
    rows = _rows(_page("emulation.md"), "## Sets that are wrong")
    listed = [(row[0].strip("`"), row[1]) for row in rows]
    assert listed == [(defect.value, words.text) for defect, words in WORDS.items()]


def test_the_environment_variables() -> None:
    rows = _rows(_page("configuration.md"), "## Environment variables")
    listed = {row[0].strip("`") for row in rows}
    ours = {
        CONFIG_VARIABLE,
        MODULE_VARIABLE,
        PASSWORD_VARIABLE,
        PIN_VARIABLE,
        SOFTHSM_VARIABLE,
        STATE_VARIABLE,
        TRUST_VARIABLE,
    }
    assert {*ours, "CPX_LANG", "NO_COLOR"} == listed


def test_every_command_has_its_line_in_the_readme() -> None:
    listed = [row[0].removeprefix("`cpx-tool ").strip("`") for row in _rows(README, "## Commands")]
    assert sorted(listed) == sorted(COMMANDS)


def _commands_named(text: str) -> set[str]:
    return set(re.findall(r"cpx-tool ([a-z]+(?:-[a-z0-9]+)?)", text))


@pytest.mark.parametrize("path", [README_FILE, *PAGES], ids=lambda path: path.name)
def test_no_page_names_a_command_that_is_none(path: Path) -> None:
    assert _commands_named(path.read_text(encoding="utf-8")) <= set(COMMANDS)


def test_every_command_is_shown_on_a_page() -> None:
    texts = [path.read_text(encoding="utf-8") for path in PAGES if path.name != "index.md"]
    assert set().union(*map(_commands_named, texts)) >= set(COMMANDS)


def test_every_command_of_the_group_trust_is_shown() -> None:
    assert set(re.findall(r"cpx-tool trust ([a-z]+)", _page("trust.md"))) == set(trust.commands)


def test_the_sample_set_file_can_be_used() -> None:
    assert len(find_set(str(ROOT / "fixtures" / "my-set.toml")).cards) == 2


def test_the_sample_observation_is_judged_as_ever() -> None:
    """A saved observation gives the same verdict for ever: it carries its own moment."""
    observation = load(ROOT / "fixtures" / "observation.json")
    checklist = judge(observation, find_set("centre-sante"))
    found = {
        (finding.check, card.expected.role)
        for card in checklist.cards
        for finding in card.findings
        if card.expected and finding.outcome is Outcome.FAILED
    }
    assert found >= {
        ("CERT-NOT-EXPIRED", "medecin-generaliste"),
        ("CERT-USAGE-AUTH", "infirmier"),
        ("CERT-USAGE-SIGN", "infirmier"),
    }
    assert {check for check, _ in found} <= {
        "CERT-NOT-EXPIRED",
        "CERT-USAGE-AUTH",
        "CERT-USAGE-SIGN",
        "CARD-ROLE",
    }
    assert exit_code(checklist) is ExitCode.FAILED
