"""The part of `make demo` that goes through a real PC/SC service."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import demo_virtual
from support.cli import environment
from support.pcscd import why_not

SCRIPT = Path(demo_virtual.__file__)


@pytest.mark.pcscd
def test_the_whole_chain_is_shown_or_what_is_missing() -> None:
    done = subprocess.run(
        [sys.executable, SCRIPT],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    if why_not() or not any(Path(path).is_file() for path in demo_virtual.MODULES):
        assert "not shown here" in done.stdout
        return
    assert done.stdout.count("card present") == demo_virtual.CARDS
    assert "EMULATED CARDS" in done.stdout
    assert "Next:" not in done.stdout  # nothing of it is there any more
    assert "client certificate accepted" in done.stdout
