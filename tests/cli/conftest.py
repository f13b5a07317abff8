"""Emulations for the command line's tests. No two tests share a token directory."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.cli import cpx
from support.places import quick_directory


def _emulate(set_name: str, into: Path, *defects: str) -> Path:
    options = [word for defect in defects for word in ("--defect", defect)]
    done = cpx("emulate", "--set", set_name, "--into", into, *options)
    assert done.returncode == 0, done.stderr
    return into


@pytest.fixture(scope="session")
def pristine() -> Iterator[Path]:
    """Six good cards of the set Centre de santé, to be copied."""
    with quick_directory() as directory:
        yield _emulate("centre-sante", directory / "centre-sante")


@pytest.fixture
def good(pristine: Path) -> Iterator[Path]:
    """Six good cards of the set Centre de santé."""
    with quick_directory() as directory:
        yield shutil.copytree(pristine, directory / "good")


@pytest.fixture
def emulate() -> Iterator[Callable[..., Path]]:
    """Write an emulation with defects."""
    with quick_directory() as directory:
        yield lambda set_name, *defects: _emulate(set_name, directory / "emulation", *defects)
