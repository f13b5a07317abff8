"""What every command says of itself fits 80 columns, in each language."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest

from cpx_tool.cli.examples import EXAMPLES
from cpx_tool.cli.main import cli
from cpx_tool.i18n import LANGUAGES
from support.cli import cpx

_WIDTH = 80


def _commands(
    command: click.Command = cli, words: tuple[str, ...] = ()
) -> Iterator[tuple[str, ...]]:
    yield words
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from _commands(found, (*words, name))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("words", list(_commands()), ids=" ".join)
def test_help_fits(words: tuple[str, ...], language: str) -> None:
    done = cpx(*words, "--help", "--lang", language, env={"COLUMNS": str(_WIDTH)})
    assert (done.returncode, done.stderr) == (0, "")
    copied = {f"  {example}" for example in EXAMPLES.get(" ".join(words), ())}
    lines = [line for line in done.stdout.splitlines() if line not in copied]
    assert [line for line in lines if len(line) > _WIDTH] == []
    assert [line for line in lines if re.search(r"\w-$", line)] == []  # no name is torn


def test_examples_fit_or_have_one_long_path() -> None:
    long = [one for examples in EXAMPLES.values() for one in examples if len(one) > _WIDTH - 2]
    assert all(max(map(len, one.split())) > _WIDTH // 2 for one in long), long


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "words",
    [
        ("list-checks",),
        ("list-codes",),
        ("list-sets",),
        ("show-set", "centre-sante"),
        ("order-guide", "--full"),
        ("trust", "where"),
        ("explain", "PIN-ALLOWED"),
        ("explain", "server-issuer-unknown"),
        ("judge", "fixtures/observation.json", "--set", "centre-sante", "--verbose"),
        ("blame", "fixtures/observation.json", "--set", "centre-sante"),
        ("compare", "fixtures/observation.json", "fixtures/observation.json"),
        ("show-card", "--observation", "fixtures/observation.json"),
    ],
    ids=" ".join,
)
def test_results_fit(words: tuple[str, ...], language: str) -> None:
    """But for what is for copying: addresses, paths, fingerprints."""
    done = cpx(*words, "--lang", language)
    assert done.returncode in (0, 1), done.stderr
    long = [line for line in done.stdout.splitlines() if len(line) > _WIDTH]
    assert [line for line in long if not re.search(r"\S{41}", line)] == []
