"""A module that cannot be one is refused for what it is, whoever named it, and is not opened."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cpx_tool.adapters.middleware import MODULE_VARIABLE, find_module
from cpx_tool.adapters.softhsm import SOFTHSM_VARIABLE, find_softhsm
from cpx_tool.errors import BadInput
from cpx_tool.i18n import say
from support.modules import compile_broken_module

HEADER = bytes(64)

NAMERS: dict[str, Callable[[Path], object]] = {
    "--module": lambda path: find_module(str(path), {}),
    MODULE_VARIABLE: lambda path: find_module(None, {MODULE_VARIABLE: str(path)}),
    SOFTHSM_VARIABLE: lambda path: find_softhsm({SOFTHSM_VARIABLE: str(path)}),
}


def refusal(namer: str, path: Path) -> str:
    """The reason; whoever set a variable is told which."""
    with pytest.raises(BadInput) as caught:
        NAMERS[namer](path)
    hint = say(caught.value.hint)
    assert namer in hint or namer == "--module"
    return say(caught.value.reason)


@contextmanager
def _pipe_with_content(path: Path) -> Iterator[int]:
    """Opening and reading it would not wait, but take what is in it."""
    os.mkfifo(path)
    end = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    try:
        os.write(end, HEADER)
        yield end
    finally:
        os.close(end)


@pytest.mark.parametrize("namer", NAMERS)
def test_a_pipe_is_not_opened(tmp_path: Path, namer: str) -> None:
    with _pipe_with_content(tmp_path / "pipe") as end:
        assert "is not a regular file" in refusal(namer, tmp_path / "pipe")
        assert os.read(end, 1000) == HEADER


@pytest.mark.parametrize("namer", NAMERS)
@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("/dev/zero", "is not a regular file"),
        ("directory", "is a directory"),
        ("socket", "is not a regular file"),
        ("empty", "is not a shared library"),
        ("text", "is not a shared library"),
        ("loop", "too many symbolic links"),
        ("gone", "does not exist"),
        ("x" * 5000, "the name is too long"),
    ],
)
def test_what_is_no_library(tmp_path: Path, namer: str, kind: str, words: str) -> None:
    (tmp_path / "directory").mkdir()
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("hello, I am a text of some length")
    (tmp_path / "loop").symlink_to("loop")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
    assert words in refusal(namer, tmp_path / kind)


def test_a_mistyped_name_is_answered_with_the_nearest_file(tmp_path: Path) -> None:
    (tmp_path / "libcps3_pkcs11_lux.so").touch()
    with pytest.raises(BadInput) as caught:
        find_module(str(tmp_path / "libcps3_pkcs11_lux.s"), {})
    assert "libcps3_pkcs11_lux.so" in say(caught.value.hint)


def test_an_empty_option_is_not_taken_for_none() -> None:
    with pytest.raises(BadInput):
        find_module("", {})


def test_a_path_that_the_binding_cannot_take(tmp_path: Path) -> None:
    library = compile_broken_module(tmp_path)
    odd = library.rename(tmp_path / os.fsdecode(b"lib\xff.so"))
    (tmp_path / "link.so").symlink_to(odd)
    assert "is not UTF-8" in refusal("--module", odd)
    assert "is not UTF-8" in refusal("--module", tmp_path / "link.so")
