"""A module that shows thousands of slots: the cards in the first ones are judged, in time."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from cpx_tool.ports import MAX_SLOTS
from support.cli import cpx_json
from support.modules import compile_proxy
from support.proxy import Proxy

pytestmark = pytest.mark.softhsm

MANY = 3000
REAL = 7
"""SoftHSM's own slots: six cards, and a token that is not initialised."""
MESSAGE = f"The module shows {MANY + REAL} slots"


@pytest.fixture
def module(tmp_path: Path) -> Path:
    return compile_proxy(tmp_path)


def test_the_first_slots_are_looked_at_and_the_rest_is_told(
    module: Path, good: Path, tmp_path: Path
) -> None:
    run = Proxy(module, good, tmp_path).check(f"many {MANY}")
    assert run.said(MESSAGE, f"after the first {MAX_SLOTS}") == {"MODULE-CALLS"}
    assert run.code == 1
    assert [card["pin"]["result"] for card in run.body["cards"]] == ["accepted"] * 6
    assert all(len(card["signatures"]) == 3 for card in run.body["cards"])
    asked = Counter(call.function for call in run.calls if call.serial == "many")
    assert asked == {"C_GetSlotInfo": MANY, "C_GetTokenInfo": MAX_SLOTS - REAL}


def test_as_many_slots_as_are_looked_at_are_no_fault(
    module: Path, good: Path, tmp_path: Path
) -> None:
    run = Proxy(module, good, tmp_path).check(f"many {MAX_SLOTS - REAL}")
    assert run.code == 0


def test_a_module_that_is_started_again_shows_them_again(
    module: Path, good: Path, tmp_path: Path
) -> None:
    cards = Proxy(module, good, tmp_path)
    run = cards.check(f"many {MANY}", f"fault {cards.serials[0]} C_Sign 1 segv")
    assert run.starts() == 2
    assert run.serials() == sorted(cards.serials)
    assert run.pins()[cards.serials[5]] == ("accepted", None)


def test_a_slot_that_always_fails_hides_no_card(module: Path, good: Path, tmp_path: Path) -> None:
    """The binding's listing ends there: as with OpenSC and a card that cannot be powered up."""
    run = Proxy(module, good, tmp_path).check("many 1", "fault many C_GetSlotInfo 0 30")
    assert run.code == 0
    assert [card["pin"]["result"] for card in run.body["cards"]] == ["accepted"] * 6


def test_list_readers_tells_it_too(module: Path, good: Path, tmp_path: Path) -> None:
    cards = Proxy(module, good, tmp_path)
    (tmp_path / "rules").write_text(f"many {MANY}\n")
    (tmp_path / "log").touch()
    env = cards.variables(tmp_path)
    body = cpx_json("list-readers", "--module", module, env=env)
    assert len(body["slots"]) == MAX_SLOTS
    assert [(f["code"], f["detail"]) for f in body["faults"]] == [
        ("too-many-slots", str(MANY + REAL))
    ]
