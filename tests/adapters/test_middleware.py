"""Finding the module: documented order, and words for each way a file cannot be one."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpx_tool.adapters.middleware import MODULE_VARIABLE, find_module, known_places
from cpx_tool.errors import BadInput, ExitCode, NothingToCheck
from cpx_tool.i18n import say
from support.modules import compile_broken_module


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return compile_broken_module(tmp_path)


def _reason(path: Path | str) -> str:
    with pytest.raises(BadInput) as caught:
        find_module(str(path), {})
    assert caught.value.exit_code is ExitCode.USAGE
    return say(caught.value.reason)


def test_the_option_wins_over_the_environment(library: Path) -> None:
    found = find_module(str(library), {MODULE_VARIABLE: "/nowhere.so"})
    assert (found.path, found.source) == (library, "option")


def test_the_environment_wins_over_the_known_places(library: Path) -> None:
    found = find_module(None, {MODULE_VARIABLE: str(library)})
    assert (found.path, found.source) == (library, "environment")


def test_a_named_module_that_is_missing_is_not_replaced_by_a_known_one(tmp_path: Path) -> None:
    assert "does not exist" in _reason(tmp_path / "gone.so")


def test_the_cryptolib_comes_before_opensc() -> None:
    names = [place.name for place in known_places()]
    assert "cps3" in names[0]
    assert "opensc" in names[-1]


def test_without_any_module_the_remedy_names_the_emulator(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cpx_tool.adapters.middleware.known_places", tuple)
    with pytest.raises(NothingToCheck) as caught:
        find_module(None, {})
    assert caught.value.exit_code is ExitCode.NOTHING_CHECKED
    assert "emulate" in say(caught.value.hint)


def test_a_directory(tmp_path: Path) -> None:
    assert "is a directory" in _reason(tmp_path)


def test_a_text_file(tmp_path: Path) -> None:
    file = tmp_path / "module.so"
    file.write_text("hello")
    assert "not a Linux shared library" in _reason(file)


@pytest.mark.parametrize(
    ("offset", "value", "words"),
    [(18, b"\xb7\x00", "64-bit aarch64"), (4, b"\x01", "32-bit")],
)
def test_another_architecture(library: Path, offset: int, value: bytes, words: str) -> None:
    content = bytearray(library.read_bytes())
    if content[18:20] == value:
        value = b"\x3e\x00"
    content[offset : offset + len(value)] = value
    library.write_bytes(content)
    reason = _reason(library)
    assert "another architecture" in reason
    assert words in reason or "x86_64" in reason
