"""The questions about a PIN at a real terminal: what counts as an answer, and what is kept."""

from __future__ import annotations

import json
import os
import pty
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cpx_tool import i18n
from cpx_tool.adapters.ledger import FileLedger
from cpx_tool.adapters.softhsm import open_emulation
from cpx_tool.cli.operator import TerminalOperator
from support.terminal import CTRL_C, CTRL_D, terminal

DAY = datetime(2026, 1, 15, tzinfo=UTC)
pytestmark = pytest.mark.softhsm

CHECK = ("check-set", "--set", "centre-sante", "--json")


@pytest.fixture
def type_(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bytes], None]]:
    """Type at a terminal that is this process's standard input."""
    monkeypatch.setenv("LANGUAGE", "en")
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, encoding="utf-8") as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        yield lambda keys: (os.write(ours, keys), None)[1]
    os.close(ours)
    i18n.use("en")


@pytest.mark.parametrize(
    ("language", "keys", "agreed"),
    [
        ("en", b"y\n", True),
        ("en", b" YES \n", True),
        ("en", b"perhaps\nyes\n", True),
        ("en", b"o\nn\n", False),
        ("en", b"\n", False),
        ("en", CTRL_D, False),
        ("fr", b"o\n", True),
        ("fr", b"Oui\n", True),
        ("fr", b"y\n", True),
        ("fr", b"non\n", False),
        ("fr", b"\n", False),
        ("fr", b"peut-\xc3\xaatre\noui\n", True),
    ],
)
def test_answers(
    type_: Callable[[bytes], None],
    capsys: pytest.CaptureFixture[str],
    language: str,
    keys: bytes,
    agreed: bool,
) -> None:
    i18n.use(language)
    type_(keys + CTRL_D)  # an answer that is not understood ends as a no, and does not wait
    assert TerminalOperator().confirms("9945000123", DAY) is agreed
    asked = capsys.readouterr().err
    assert {"en": "[y/N]", "fr": "[o/N]"}[language] in asked
    assert asked.count("9945000123") == keys.count(b"\n") or keys == CTRL_D


def _noted(directory: Path) -> list[str]:
    """The numbers of the cards, in the order of their reading; the second stands in the ledger."""
    tokens = sorted(open_emulation(directory).tokens, key=lambda token: token.slot_id)
    numbers = [token.label.partition("-")[2] for token in tokens]
    FileLedger(directory).open(numbers[1], DAY, None)
    return numbers


def _pins(output: str) -> dict[str, Any]:
    return {
        card["key"]: (card["pin"] or {}).get("refusal", "none")
        for card in json.loads(output)["cards"]
    }


@pytest.mark.parametrize(
    ("keys", "refusal"), [(b"yes\n", None), (b"\n", "earlier-run"), (CTRL_D, "earlier-run")]
)
def test_the_report_comes_after_each_answer(good: Path, keys: bytes, refusal: str | None) -> None:
    noted = _noted(good)[1]
    with terminal(*CHECK, "--emulated", good) as person:
        person.reply("[y/N]: ", "perhaps")
        person.wait_for("[y/N]: ")
        person.press(keys)
        code, output, _ = person.end()
    pins = _pins(output)
    assert len(pins) == 6
    assert pins.pop(noted) == refusal
    assert set(pins.values()) == {None}
    assert code == (0 if refusal is None else 5)


def test_ctrl_c_at_the_question_keeps_what_was_seen(good: Path) -> None:
    first = _noted(good)[0]
    with terminal(*CHECK, "--emulated", good) as person:
        person.wait_for("[y/N]: ")
        person.press(CTRL_C)
        code, output, told = person.end()
    assert code == 130
    assert "Interrupted." in told
    assert _pins(output)[first] is None


def test_a_typing_error_in_the_pin_is_asked_again(good: Path) -> None:
    with terminal(*CHECK, "--emulated", good, "--ask-pin") as person:
        person.reply("the run): ", "12x4")
        person.reply("the run): ", "1234")
        code, output, _ = person.end()
    assert code == 0
    assert set(_pins(output).values()) == {None}
    assert "No card has seen it." in person.screen


@pytest.mark.parametrize("keys", [b"\n", CTRL_D, CTRL_C])
def test_no_pin_loses_no_card(good: Path, keys: bytes) -> None:
    with terminal(*CHECK, "--emulated", good, "--ask-pin") as person:
        person.wait_for("the run): ")
        person.press(keys)
        code, output, told = person.end()
    assert code == 130
    assert "Interrupted." in told
    card = json.loads(output)["cards"][0]  # the one for which it was asked
    assert card["token"]["serial"]
    assert card["pin"] is None
    assert FileLedger(good).entries() == ()
