"""Emulations for the command line's tests. No two tests share a token directory."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.cli import cpx

_MEMORY = Path("/dev/shm")  # noqa: S108 - for private directories


@contextmanager
def _quick_directory() -> Iterator[Path]:
    """In memory where there is some: SoftHSM rewrites a token's file for each attribute."""
    place = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=place, prefix="cpx-tool-") as directory:
        yield Path(directory)


def _emulate(set_name: str, into: Path, *defects: str) -> Path:
    options = [word for defect in defects for word in ("--defect", defect)]
    done = cpx("emulate", "--set", set_name, "--into", into, *options)
    assert done.returncode == 0, done.stderr
    return into


@pytest.fixture(scope="session")
def pristine() -> Iterator[Path]:
    """Six good cards of the set Centre de santé, to be copied."""
    with _quick_directory() as directory:
        yield _emulate("centre-sante", directory / "centre-sante")


@pytest.fixture
def good(pristine: Path) -> Iterator[Path]:
    """Six good cards of the set Centre de santé."""
    with _quick_directory() as directory:
        yield shutil.copytree(pristine, directory / "good")


@pytest.fixture
def emulate() -> Iterator[Callable[..., Path]]:
    """Write an emulation with defects."""
    with _quick_directory() as directory:
        yield lambda set_name, *defects: _emulate(set_name, directory / "emulation", *defects)
