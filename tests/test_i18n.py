"""The language asked for, and messages turned into sentences."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from cpx_tool import i18n
from cpx_tool.model.message import msg, nmsg


@pytest.fixture(autouse=True)
def _restored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LANGUAGE", "en")
    yield
    i18n.use("en")


@pytest.mark.parametrize(
    ("argv", "environ", "expected"),
    [
        (["list-sets", "--lang", "fr"], {"LANG": "en_US.UTF-8"}, "fr"),
        (["--lang=fr", "list-sets"], {}, "fr"),
        (["list-sets"], {"CPX_LANG": "fr", "LANG": "en_US.UTF-8"}, "fr"),
        (["list-sets"], {"LANG": "fr_FR.UTF-8"}, "fr"),
        (["list-sets"], {"LC_ALL": "C", "LANG": "fr_FR.UTF-8"}, "en"),
        (["list-sets"], {"LANGUAGE": "de:fr", "LANG": "de_DE"}, "fr"),
        (["list-sets"], {"LANG": "de_DE.UTF-8"}, "en"),
        (["inspect", "--", "--lang", "fr"], {"LANG": "en"}, "en"),
        (["list-sets", "--lang"], {"LANG": "fr"}, "fr"),
        ([], {}, "en"),
    ],
)
def test_choose(argv: list[str], environ: dict[str, str], expected: str) -> None:
    assert i18n.choose(argv, environ) == expected


def test_french_sentence_with_values() -> None:
    i18n.use("fr")
    assert i18n.say(msg("Interrupted.")) == "Interrompu."


def test_values_are_messages_dates_and_lists() -> None:
    i18n.use("en")
    when = datetime(2026, 11, 23, 21, 7, tzinfo=UTC)
    message = msg("{a} {b} {c}", a=msg("x {n}", n=1), b=when, c=("u", msg("v")))
    assert i18n.say(message) == "x 1 2026-11-23 21:07 UTC u, v"


@pytest.mark.parametrize(("count", "expected"), [(1, "1 day left"), (2, "2 days left")])
def test_plural(count: int, expected: str) -> None:
    i18n.use("en")
    assert i18n.say(nmsg("{count} day left", "{count} days left", count)) == expected


def test_braces_in_values_are_not_placeholders() -> None:
    i18n.use("en")
    assert i18n.say(msg("{name}", name="{evil} {0}")) == "{evil} {0}"


@pytest.mark.parametrize("value", ["D" * 10_000, ("D" * 9_000, "E" * 1_000)])
def test_a_value_of_pages_is_shown_by_its_ends(value: str | tuple[str, ...]) -> None:
    said = i18n.say(msg("It is {value}.", value=value))
    assert said.startswith("It is DDD")
    assert said.endswith(f"{value[-1][-1]}.")
    assert len(said) < 700
    assert said.count("…") == 1


def test_a_long_path_is_shown_whole() -> None:
    path = "/a-directory" * 40
    assert i18n.say(msg("{path}", path=path)) == path
