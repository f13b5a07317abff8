"""docs/reports.md says what the reports are: its tables, its output, its script."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import click
import pytest

from cpx_tool.adapters.observation_file import load
from cpx_tool.catalogue.sets import find_set
from cpx_tool.cli import main
from cpx_tool.judge.fleet import fleet_exit_code
from cpx_tool.judge.judge import judge
from cpx_tool.judge.tls import judge_handshake, tls_exit_code, tls_verdict
from cpx_tool.judge.verdict import exit_code
from cpx_tool.report import prometheus
from cpx_tool.report.kinds import KINDS
from cpx_tool.report.result import Handshakes
from cpx_tool.report.results import of_fleet, of_handshakes, of_set
from support import results
from support.cli import COMMAND, cpx_after, environment
from support.handshakes import by_card, connection

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "reports.md").read_text(encoding="utf-8")


def rows(text: str, heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its head."""
    lines = text.split(f"\n{heading}\n", 1)[1].split("\n\n|", 1)[1].split("\n\n", 1)[0].splitlines()
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_kinds() -> None:
    table = [(row[0], row[1]) for row in rows(f"\n{PAGE}", "# Reports")]
    assert table == [(name, f".{kind.suffix}") for name, kind in KINDS.items()]


def _labels(text: str) -> dict[str, set[str]]:
    """Each metric's labels, but for those that all have."""
    found = re.findall(r"^(cpx_[a-z_]+)\{(.*)\} ", text, re.MULTILINE)
    common = {"command", "host", "set"}
    return {name: set(re.findall(r'([a-z_]+)="', labels)) - common for name, labels in found}


def test_the_metrics_and_their_labels(tmp_path: Path) -> None:
    checklist = judge(load(ROOT / "fixtures" / "observation.json"), find_set("centre-sante"))
    of_cards = prometheus.render(of_set(checklist, "judge", exit_code(checklist)))
    judged = (judge_handshake(by_card(connection())),)
    shaken = Handshakes(checklist.observation, judged, tls_verdict(judged))
    of_servers = prometheus.render(of_handshakes(shaken, tls_exit_code(judged)))
    results.write(tmp_path / "one.json", results.body("check-set"))
    fleet = results.merged(tmp_path)
    of_hosts = prometheus.render(of_fleet(fleet, fleet_exit_code(fleet)))
    listed = {row[0]: set(re.findall(r"[a-z_]+", row[1])) for row in rows(PAGE, "## Prometheus")}
    assert listed == _labels(of_servers) | _labels(of_cards) | _labels(of_hosts)


def test_the_digest_is_compared_as_the_page_says(tmp_path: Path) -> None:
    (command,) = re.findall(r"^    cpx-tool (judge .*--report html=.*)$", PAGE, re.MULTILINE)
    (script,) = re.findall(r"```sh\n(grep .*)```", PAGE, re.DOTALL)
    (tmp_path / "fixtures").symlink_to(ROOT / "fixtures")
    cpx_after(f"cd '{tmp_path}'", *command.split())
    told = "cards.html was made of cards.json\n"
    for content, output in (("", told), (" ", "")):
        with (tmp_path / "cards.json").open("a") as file:
            file.write(content)
        done = subprocess.run(
            ["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.stdout == output


def test_every_command_with_a_page_is_in_its_table() -> None:
    listed = [
        name for row in rows(PAGE, "## HTML") for name in re.findall(r"[a-z][a-z0-9-]+", row[0])
    ]
    group, context = main.Commands(), click.Context(click.Command("cpx-tool"))
    having = [name for name in main.COMMANDS if _reports(group.get_command(context, name))]
    assert sorted(listed) == sorted(having)


def _reports(command: click.Command | None) -> bool:
    return command is not None and any(each.name == "report_dir" for each in command.params)


# --- the script ---------------------------------------------------------------------------------


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """The script of the page, as its reader would save it."""
    (script,) = re.findall(r"```sh\n(#!/bin/sh\n.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "check_cpx"
    path.write_text(script)
    return path


def run(plugin: Path, place: Path, *arguments: str | Path) -> tuple[int, str]:
    """Exit code and output of the script, which finds cpx-tool in that directory."""
    path = f"{place}:{environment()['PATH']}"
    done = subprocess.run(
        ["sh", plugin, *arguments],
        env=environment(PATH=path),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def test_the_script_has_the_codes_of_nagios(plugin: Path) -> None:
    seen = ROOT / "fixtures" / "observation.json"
    code, output = run(plugin, COMMAND.parent, "judge", seen, "--set", "centre-sante")
    assert code == 2
    assert output.startswith("CPX JUDGE CRITICAL: ")
    nothing = run(plugin, COMMAND.parent, "judge", "gone.json", "--set", "centre-sante")
    assert nothing == (3, "CPX UNKNOWN: no result\n")


@pytest.mark.parametrize(
    ("status", "code"), [("OK", 0), ("WARNING", 1), ("CRITICAL", 2), ("UNKNOWN", 3)]
)
def test_the_script_reads_the_status_and_not_what_follows(
    plugin: Path, tmp_path: Path, status: str, code: int
) -> None:
    line = f"CPX CHECK-SET {status}: CPX X OK: WARNING: | passed=1;;;0"
    stand_in = tmp_path / "bin" / "cpx-tool"
    stand_in.parent.mkdir()
    stand_in.write_text(f"#!/bin/sh\necho '{line}'\n")
    stand_in.chmod(0o755)
    assert run(plugin, stand_in.parent, "check-set") == (code, f"{line}\n")
