"""Emulations for the command line's tests. No two tests share a token directory."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from support.cli import cpx


def _emulate(set_name: str, into: Path, *defects: str) -> Path:
    options = [word for defect in defects for word in ("--defect", defect)]
    done = cpx("emulate", "--set", set_name, "--into", into, *options)
    assert done.returncode == 0, done.stderr
    return into


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _emulate("centre-sante", tmp_path_factory.mktemp("emulation") / "centre-sante")


@pytest.fixture
def good(pristine: Path, tmp_path: Path) -> Path:
    """Six good cards of the set Centre de santé."""
    return shutil.copytree(pristine, tmp_path / "good")


@pytest.fixture
def emulate(tmp_path: Path) -> Callable[..., Path]:
    """Write an emulation with defects."""
    return lambda set_name, *defects: _emulate(set_name, tmp_path / "emulation", *defects)
