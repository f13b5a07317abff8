"""check-set before a person where no PC/SC service runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cpx_tool.cli.drawer_run import _can_come
from cpx_tool.model.reader import Pcsc, PcscStatus
from support.build import observation
from support.drawer import open_drawer
from support.terminal import terminal

pytestmark = pytest.mark.softhsm


def test_it_says_that_nothing_is_noticed_by_itself(good: Path) -> None:
    drawer = open_drawer(good)
    words = ("check-set", "--set", "centre-sante", "--module", drawer.module)
    state = {"CPX_STATE_DIR": str(drawer.directory / "state")}
    with terminal(*words, env={**drawer.environment, **state}) as person:
        shown = person.answer("No reader can be watched here: press Enter", "q")
        assert "b = take the last reading back" in shown
        assert person.end()[0] == 4


def test_without_any_place_for_a_card_nothing_is_asked() -> None:
    nowhere = replace(observation(), pcsc=Pcsc(PcscStatus.NO_SERVICE), slots=())
    assert not _can_come(nowhere)
