"""--quiet and --verbose: less, and all."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from cpx_tool.cli.main import COMMANDS, cli
from support.cli import cpx, cpx_json

OBSERVATION = Path(__file__).parents[2] / "fixtures" / "observation.json"
JUDGE = ("judge", OBSERVATION, "--set", "centre-sante")
SIGN = ("sign-test", "--observation", OBSERVATION)
BANNER = "EMULATED CARDS: "


@pytest.mark.parametrize("command", [JUDGE, SIGN])
def test_quiet_is_what_needs_attention_and_the_verdict(command: tuple[str | Path, ...]) -> None:
    quiet, normal = (cpx(*command, *more) for more in (("--quiet",), ()))
    assert quiet.returncode == normal.returncode
    lines, others = quiet.stdout.splitlines(), normal.stdout.splitlines()
    assert lines[0].startswith(BANNER)
    assert lines[-1] == others[-1]
    assert set(lines) < set(others)
    assert "Observed: " not in quiet.stdout


def test_quiet_keeps_each_failure_with_its_remedy() -> None:
    text = cpx(*JUDGE, "--quiet").stdout
    for part in ("✗ CERT-NOT-EXPIRED", "→ Order the set again", "! CARD-ROLE"):
        assert part in text
    assert "Good for" not in text


def test_verbose_has_every_finding() -> None:
    body = cpx_json(*JUDGE)
    text = cpx(*JUDGE, "--verbose").stdout
    findings = [*body["findings"], *(f for card in body["cards"] for f in card["findings"])]
    for mark, outcome in (("✓", "passed"), ("✗", "failed")):
        told = [line for line in text.splitlines() if line.startswith(f"  {mark} ")]
        expected = [f for f in findings if f["outcome"] == outcome and f["severity"] == "blocker"]
        assert len(told) >= len(expected) > 0
    assert "  ✓ CARD-TEST: Category: test card\n" in text


def test_verbose_of_signatures_has_every_finding() -> None:
    body = cpx_json(*SIGN)
    text = cpx(*SIGN, "--verbose").stdout
    for finding in body["findings"]:
        assert f" {finding['check']}: " in text


def test_json_holds_all_whatever_is_asked_for() -> None:
    assert cpx_json(*JUDGE, "--quiet") == cpx_json(*JUDGE, "--verbose") == cpx_json(*JUDGE)


@pytest.mark.parametrize(
    "command",
    [
        JUDGE,
        SIGN,
        ("check-set", "--set", "centre-sante"),
        ("tls-test", "--observation", OBSERVATION),
    ],
)
def test_both_are_a_usage_error(command: tuple[str | Path, ...]) -> None:
    done = cpx(*command, "--quiet", "--verbose")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--quiet and --verbose exclude each other." in done.stderr


def test_the_documents_name_the_commands_that_take_these_options() -> None:
    context = click.Context(cli)
    found = {name: cli.get_command(context, name) for name in COMMANDS}
    taking = {
        name
        for name, one in found.items()
        if one and "--quiet" in {o for p in one.params for o in p.opts}
    }
    for page in ("console.md", "console.fr.md"):
        text = (Path(__file__).parents[2] / "docs" / page).read_text(encoding="utf-8")
        (line,) = (one for one in text.splitlines() if one.startswith("`--quiet` "))
        before = line.split(";")[0]
        assert set(before.split("`")[1::2]) - {"--quiet", "--verbose"} == taking
