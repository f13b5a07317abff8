"""Where the time of a run goes: the lines of a watched process, added up."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench_parts import END, IMPORTS, START, read_parts
from support.cli import environment

TRACED = Path(__file__).parents[1] / "scripts" / "bench_traced.py"
MS = 1_000_000


def test_a_part_is_what_is_not_in_another_part() -> None:
    lines = [
        "import time: self [us] | cumulative | imported package",
        "import time:      9000 |       9000 | site",
        f"mark: {10 * MS} begin all else",
        "import time:      2000 |       2000 |   rich.text",
        "import time:      1000 |       3000 | rich",
        f"mark: {20 * MS} begin network and TLS",
        f"mark: {24 * MS} begin card: sign",
        f"mark: {27 * MS} end",
        "import time:       500 |        500 | tlslite.x",
        f"mark: {30 * MS} end",
        f"mark: {31 * MS} end",
    ]
    found = read_parts(lines, 2 * MS, 36 * MS)
    assert found.parts == pytest.approx(
        {START: 8, "all else": 8, IMPORTS: 3.5, "network and TLS": 6.5, "card: sign": 3, END: 5}
    )
    assert found.packages == pytest.approx({"rich": 3, "tlslite": 0.5})
    assert sum(found.parts.values()) == pytest.approx(found.whole)


def test_the_places_that_are_watched_exist_and_the_command_does_as_ever() -> None:
    began = time.monotonic_ns()
    done = subprocess.run(
        [sys.executable, "-X", "importtime", TRACED, "list-sets"],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "centre-sante" in done.stdout
    found = read_parts(done.stderr.splitlines(), began, time.monotonic_ns())
    assert {"cpx_tool", "tlslite", "click"} <= found.packages.keys()
    assert sum(found.parts.values()) == pytest.approx(found.whole)
