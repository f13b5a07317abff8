"""What a person sees beside the result: lines that fit the terminal, who is at it, colours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from cpx_tool.cli.output import coloured
from cpx_tool.report.words import cut, filled
from support.cli import cpx
from support.terminal import Terminal, terminal

_WRONG = ("judge", "a-file-that-is-not-there.json", "--set", "centre-sante")


def _lines(person: Terminal) -> list[str]:
    person.end()
    return person.screen.splitlines()


# --- wrapping ---------------------------------------------------------------------------------


def test_a_line_is_broken_at_blanks_only() -> None:
    assert filled("aaa bbb-ccc ddd", 8, "  ") == "aaa\n  bbb-ccc\n  ddd"
    assert filled("/a/very/long/path here", 5, "  ") == "/a/very/long/path\n  here"
    assert filled("ici\N{NO-BREAK SPACE}: là", 5) == "ici\N{NO-BREAK SPACE}:\nlà"
    assert filled("[y/N]: ", 80) == "[y/N]: "
    assert filled("", 80) == ""


def test_a_line_that_is_written_anew_is_cut() -> None:
    assert (cut("abcdef", 6), cut("abcdef", 4), cut("abc", 0)) == ("abcdef", "abc…", "…")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_complaints_fit_the_terminal_with_a_hanging_indent(language: str) -> None:
    with terminal(*_WRONG, "--lang", language, "--at-once", env={"COLUMNS": "40"}) as person:
        lines = _lines(person)
    assert lines
    assert all(len(line) <= 40 for line in lines)
    with terminal("explain", "CKR_PIN", "--lang", language, env={"COLUMNS": "40"}) as person:
        lines = _lines(person)
    assert max(map(len, lines)) <= 40
    assert any(line.startswith("  ") for line in lines)


def test_the_terminal_of_standard_error_counts_where_output_is_a_file() -> None:
    with terminal("explain", "CKR_PIN", columns=50) as person:
        lines = _lines(person)
    assert max(map(len, lines)) <= 50
    assert len(lines) > 2


def test_a_log_has_one_line_for_each() -> None:
    told = cpx("explain", "CKR_PIN").stderr.splitlines()
    assert [line[:2] for line in told] == ["Er", "→ "]


# --- progress, quiet --------------------------------------------------------------------------


@pytest.mark.softhsm
def test_progress_names_the_card_and_is_no_part_of_quiet(good: Path) -> None:
    command = ("check-set", "--set", "centre-sante", "--emulated", good, "--json")
    with terminal(*command, env={"TERM": "dumb"}) as person:
        _lines(person)
    assert "CPS 9945000223 BASILE DOC4502002: signs" in person.screen
    with terminal(*command, "--quiet", env={"TERM": "dumb"}) as person:
        code, output, _ = person.end()
    assert (code, person.screen) == (0, "")
    assert output


@pytest.mark.softhsm
@pytest.mark.parametrize("detail", [(), ("--quiet",), ("--verbose",)])
def test_what_is_piped_is_plain(good: Path, detail: tuple[str, ...]) -> None:
    command = ("check-set", "--set", "centre-sante", "--emulated", good, *detail)
    done = cpx(*command, env={"TERM": "xterm-256color"})
    assert done.returncode == 0
    assert done.stderr == ""
    assert re.search(r"[\x00-\x09\x0b-\x1f\x7f]", done.stdout) is None


def test_quiet_and_verbose_change_no_verdict_and_no_json() -> None:
    fixture = Path(__file__).parents[2] / "fixtures" / "observation.json"
    judged = ("judge", fixture, "--set", "centre-sante")
    plain, quiet, verbose = (cpx(*judged, *more) for more in ((), ("--quiet",), ("--verbose",)))
    assert plain.returncode == quiet.returncode == verbose.returncode == 1
    assert len(quiet.stdout) < len(plain.stdout) < len(verbose.stdout)
    last = plain.stdout.splitlines()[-1]
    assert quiet.stdout.splitlines()[-1] == verbose.stdout.splitlines()[-1] == last
    objects = {cpx(*judged, "--json", *more).stdout for more in ((), ("--quiet",), ("--verbose",))}
    assert len(objects) == 1


# --- colours ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variables", "terminal", "wanted"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "0"}, False, False),
        ({"FORCE_COLOR": ""}, False, False),
        ({"CLICOLOR_FORCE": "1"}, False, True),
        ({"CLICOLOR_FORCE": "0"}, True, True),
        ({"CLICOLOR": "0"}, True, False),
        ({"CLICOLOR": "1"}, False, False),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_colours_are_as_users_know_them(
    variables: Mapping[str, str], terminal: bool, wanted: bool
) -> None:
    assert coloured(variables, terminal=terminal) is wanted


def test_a_pipe_gets_colours_when_they_are_forced() -> None:
    fixture = Path(__file__).parents[2] / "fixtures" / "observation.json"
    command = ("judge", fixture, "--set", "centre-sante")
    plain, forced = cpx(*command).stdout, cpx(*command, env={"FORCE_COLOR": "1"}).stdout
    assert "\x1b[" not in plain
    assert "\x1b[" in forced
    uncoloured = re.sub(r"\x1b\[[0-9;]*m", "", forced)
    assert [line.rstrip() for line in uncoloured.splitlines()] == plain.splitlines()
