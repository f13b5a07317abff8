"""The file of ticks: whole, strict, and never lost."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from cpx_tool.adapters.ticks import TickFile
from cpx_tool.errors import BadInput, ExitCode
from cpx_tool.i18n import say

WHEN = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
TICKS = {"FORM-1": WHEN, "ORDER-SET": WHEN + timedelta(days=1)}

as_anyone = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere"
)


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "en")


@pytest.fixture
def file(tmp_path: Path) -> TickFile:
    """In a directory that is not there yet."""
    return TickFile(tmp_path / "state" / "cpx-tool" / "order.json")


def test_nothing_is_ticked_at_the_beginning(file: TickFile) -> None:
    assert file.read() == {}
    assert not file.path.parent.exists()


def test_what_is_written_is_read_and_nothing_lies_about(file: TickFile) -> None:
    file.write({"OLD": WHEN})
    file.write(TICKS)
    assert file.read() == TICKS
    assert [path.name for path in file.path.parent.iterdir()] == ["order.json"]
    body = json.loads(file.path.read_text(encoding="utf-8"))
    assert body["schema_version"] == 1
    assert body["ticks"]["FORM-1"] == "2026-01-15T09:30:00Z"


def test_a_time_of_another_zone_is_the_same_moment(file: TickFile) -> None:
    file.write({"A": WHEN.astimezone(timezone(timedelta(hours=2)))})
    assert file.read() == {"A": WHEN}


def body(ticks: object, version: object = 1) -> str:
    return json.dumps({"schema_version": version, "ticks": ticks})


@pytest.mark.parametrize(
    "content",
    [
        "",
        "\x00",
        "{",
        "[]",
        "{}",
        '{"schema_version": 1}',
        body([]),
        body({"A": 1}),
        body({"A": "yesterday"}),
        body({"A": "2026-01-15T09:30:00"}),
        body({"A": "0001-01-01T00:00:00+05:00"}),
        body({}, 2),
        body({}, "1"),
        "[" * 100_000,
    ],
    ids=lambda content: content[:30],
)
def test_a_file_that_holds_no_ticks_is_refused_and_left_alone(file: TickFile, content: str) -> None:
    file.path.parent.mkdir(parents=True)
    file.path.write_text(content, encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        file.read()
    assert caught.value.exit_code is ExitCode.USAGE
    assert str(file.path) in say(caught.value.reason)
    assert "\n" not in say(caught.value.reason)
    assert "--reset" in say(caught.value.hint)
    assert file.path.read_text(encoding="utf-8") == content


def test_a_huge_file_is_refused(file: TickFile) -> None:
    file.path.parent.mkdir(parents=True)
    file.path.write_bytes(b" " * 1_000_001)
    with pytest.raises(BadInput, match="too large"):
        file.read()


def test_a_pipe_is_not_waited_for(file: TickFile) -> None:
    file.path.parent.mkdir(parents=True)
    os.mkfifo(file.path)
    with pytest.raises(BadInput, match="not a regular file"):
        file.read()


def test_a_link_to_nothing_is_not_an_empty_list(file: TickFile) -> None:
    file.path.parent.mkdir(parents=True)
    file.path.symlink_to(file.path.parent / "gone")
    with pytest.raises(BadInput, match="cannot be read"):
        file.read()


def test_where_a_file_stands_in_place_of_the_directory(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("", encoding="utf-8")
    file = TickFile(tmp_path / "state" / "order.json")
    for act in (file.read, lambda: file.write(TICKS), file.put_aside):
        with pytest.raises(BadInput) as caught:
            act()
        assert "CPX_STATE_DIR" in say(caught.value.hint)


@as_anyone
def test_a_directory_that_may_not_be_written(tmp_path: Path) -> None:
    file = TickFile(tmp_path / "order.json")
    file.write(TICKS)
    tmp_path.chmod(0o500)
    try:
        for act in (lambda: file.write({}), file.put_aside):
            with pytest.raises(BadInput) as caught:
                act()
            assert "permission denied" in say(caught.value.reason)
    finally:
        tmp_path.chmod(0o700)
    assert file.read() == TICKS


def test_a_write_that_fails_leaves_the_old_ticks(
    file: TickFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full: the new file cannot take the old one's place."""
    file.write(TICKS)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(BadInput) as caught:
        file.write({})
    monkeypatch.undo()
    assert "no space left" in say(caught.value.reason)
    assert file.read() == TICKS
    assert [path.name for path in file.path.parent.iterdir()] == ["order.json"]


@pytest.mark.parametrize("content", [body({}), "{ not JSON"])
def test_putting_the_file_aside_keeps_whatever_it_holds(file: TickFile, content: str) -> None:
    file.path.parent.mkdir(parents=True)
    file.path.write_text(content, encoding="utf-8")
    kept = file.put_aside()
    assert kept == file.path.with_name("order.json.old")
    assert kept.read_text(encoding="utf-8") == content
    assert file.read() == {}


def test_there_may_be_nothing_to_put_aside(file: TickFile) -> None:
    assert file.put_aside() is None
