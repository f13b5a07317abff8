"""The command line in French: click's own words too."""

from __future__ import annotations

import re

import pytest

from support.cli import cold, cpx

COMMANDS = (
    "check-set",
    "judge",
    "list-readers",
    "enrol-set",
    "emulate",
    "inspect",
    "check-p12",
    "csr",
    "show-card",
    "list-sets",
    "list-endpoints",
    "show-set",
    "list-checks",
    "completion",
    "blame",
    "compare",
    "list-codes",
    "explain",
    "order-guide",
)
ENGLISH = re.compile(
    r"\b((Usage|Options|Commands):|(FILE|DIR|NAME|CARD|SECONDS|COMMAND|required|default)\b)"
)


@pytest.mark.parametrize("words", [(), *((command,) for command in COMMANDS)])
def test_help_is_french_throughout(words: tuple[str, ...]) -> None:
    text = cpx(*words, "--help", "--lang", "fr").stdout
    assert "Options\N{NO-BREAK SPACE}:" in text
    assert not ENGLISH.search(text)


def test_short_helps_are_not_cut_off() -> None:
    assert "..." not in cold("--help", "--lang", "fr").stdout.split("Commandes", 1)[1]


@pytest.mark.parametrize(
    ("option", "kind"), [("--warn-days", "nombre de jours"), ("--timeout", "nombre de secondes")]
)
def test_a_word_for_a_number(option: str, kind: str) -> None:
    done = cpx("check-set", "--set", "centre-sante", option, "bientôt", "--lang", "fr")
    assert done.returncode == 2
    assert f"'bientôt' n'est pas un {kind} valide." in done.stderr
