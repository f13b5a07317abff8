"""A few of the runs of `make soak`, always the same ones. Times are its business alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.soak import Soak

pytestmark = pytest.mark.softhsm

SEED, RUNS = 12, 6


def test_whatever_goes_wrong_on_a_card_the_others_come_out_complete(tmp_path: Path) -> None:
    soak = Soak(SEED, tmp_path, [(), ("--at-once", "3")])
    for number in range(RUNS):
        soak.run(number)
    figures = dict(line.split(": ", 1) for line in soak.figures())
    assert soak.problems == []
    assert int(figures["healthy cards compared"]) > 0
