"""The examples that end the help of each command."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import click
import pytest

from cpx_tool.cli.examples import EXAMPLES
from cpx_tool.cli.main import COMMANDS, cli
from cpx_tool.cli.trust import trust
from cpx_tool.cli.virtual import virtual_cards
from support.cli import cpx


def _examples() -> Iterator[tuple[str, str]]:
    for name, examples in EXAMPLES.items():
        for example in examples:
            yield name, example


def test_every_command_has_an_example_and_none_is_left_over() -> None:
    groups = {"trust": trust, "virtual-cards": virtual_cards}
    inner = {f"{word} {name}" for word, group in groups.items() for name in group.commands}
    assert set(EXAMPLES) == {"", *COMMANDS, *inner}
    assert all(EXAMPLES.values())


@pytest.mark.parametrize(("name", "example"), list(_examples()))
def test_each_example_is_of_its_command_and_can_be_parsed(name: str, example: str) -> None:
    program, *words = shlex.split(example.partition(" > ")[0])
    assert program == "cpx-tool"
    assert " ".join(words).startswith(name)
    command: click.Command = cli
    context = click.Context(cli, info_name=program)
    while isinstance(command, click.Group):
        _, found, words = command.resolve_command(context, words)
        assert found is not None
        command = found
        group = isinstance(command, click.Group)
        context = command.make_context(command.name, list(words), parent=context)
        words = [*context._protected_args, *context.args] if group else []


@pytest.mark.parametrize("words", [("check-set",), ("trust",), ("trust", "import")])
def test_the_help_shows_them_unbroken(words: tuple[str, ...]) -> None:
    text = cpx(*words, "--help").stdout
    assert "\nExamples:\n" in text
    for example in EXAMPLES[" ".join(words)]:
        assert f"  {example}\n" in text
