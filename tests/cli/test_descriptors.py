"""The trial whether enough files can be opened keeps none open."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from cpx_tool.cli.descriptors import require_descriptors
from cpx_tool.errors import BadInput


def descriptors() -> list[str]:
    return sorted(path.name for path in Path("/proc/self/fd").iterdir())


def test_no_descriptor_is_kept_by_the_trial() -> None:
    before = descriptors()
    require_descriptors()
    assert descriptors() == before


def test_no_descriptor_is_kept_by_a_trial_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    before = descriptors()
    few = iter(range(5))
    really_open = os.open

    def open_(path: str, flags: int) -> int:
        if next(few, None) is None:
            raise OSError(errno.EMFILE, "")
        return really_open(path, flags)

    monkeypatch.setattr(os, "open", open_)
    with pytest.raises(BadInput):
        require_descriptors()
    monkeypatch.undo()
    assert descriptors() == before
