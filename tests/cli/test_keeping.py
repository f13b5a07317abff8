"""What a run leaves for --resume, and when it takes another one's place: real files, no cards."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from cpx_tool.adapters.kept_run import KeptRun, kept_path
from cpx_tool.catalogue.sets import find_set
from cpx_tool.cli.keeping import Keeper
from cpx_tool.errors import BadInput
from cpx_tool.i18n import say
from cpx_tool.judge import drawer_run
from cpx_tool.judge.drawer_run import DrawerRun
from cpx_tool.model.message import msg
from cpx_tool.model.observation import Observation
from support.build import NOW, centre_sante

SET = find_set("centre-sante")


@pytest.fixture(scope="session")
def seen(key: rsa.RSAPrivateKey) -> Observation:
    return centre_sante(key)


@pytest.fixture
def kept(tmp_path: Path) -> KeptRun:
    return KeptRun(kept_path(SET, None, None, {"CPX_STATE_DIR": str(tmp_path)}))


def after(seen: Observation, cards: int) -> DrawerRun:
    """A run that read so many cards."""
    return drawer_run.put(DrawerRun(SET), replace(seen, cards=seen.cards[:cards]))


def go(kept: KeptRun, *states: DrawerRun, earlier: int = 0) -> Keeper:
    """A run through these states; the last is its end."""
    assert kept.claim()
    keeper = Keeper(kept, earlier)
    for state in states:
        keeper.keep(state)
    keeper.end(states[-1])
    return keeper


def count(kept: KeptRun) -> int:
    found = kept.load(NOW)
    return 0 if found is None else len(found.cards)


def told(keeper: Keeper, capsys: pytest.CaptureFixture[str]) -> str:
    assert capsys.readouterr() == ("", "")  # until then nothing: the report comes first
    keeper.tell()
    return " ".join(capsys.readouterr().err.split())


def test_only_a_complete_run_leaves_nothing(
    kept: KeptRun, seen: Observation, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "--resume goes on from there" in told(go(kept, after(seen, 4)), capsys)
    assert count(kept) == 4
    keeper = go(kept, DrawerRun(SET), earlier=4)
    assert "An earlier run is still kept, with its 4 cards" in told(keeper, capsys)
    assert count(kept) == 4
    assert told(go(kept, after(seen, 6), earlier=4), capsys) == ""
    assert count(kept) == 0


@pytest.mark.parametrize(("cards", "left"), [(1, 4), (3, 4), (4, 4), (5, 5)])
def test_more_cards_are_not_given_up_for_fewer(
    kept: KeptRun, seen: Observation, cards: int, left: int
) -> None:
    go(kept, after(seen, 4))
    go(kept, *(after(seen, number + 1) for number in range(cards)), earlier=4)
    assert count(kept) == left


def test_what_is_taken_back_is_not_kept(
    kept: KeptRun, seen: Observation, capsys: pytest.CaptureFixture[str]
) -> None:
    read = after(seen, 4)
    back = drawer_run.hear(read, "b").run
    assert told(go(kept, read, back), capsys) == ""
    assert count(kept) == 0
    assert back.observation is not None
    assert back.observation.taken_back == 4


def test_an_emulation_that_lacks_a_card_is_over_all_the_same(
    kept: KeptRun, seen: Observation, capsys: pytest.CaptureFixture[str]
) -> None:
    state = after(replace(seen, emulated=True), 5)
    assert told(go(kept, state), capsys) == ""
    assert count(kept) == 0


def test_what_cannot_be_kept_is_told_at_the_end(
    kept: KeptRun,
    seen: Observation,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A lane has no business writing into the live view."""

    def full(*_: object) -> None:
        raise BadInput(msg("The disk is full."), msg("Make room."))

    monkeypatch.setattr(KeptRun, "save", full)
    told_once = told(go(kept, after(seen, 1), after(seen, 2)), capsys)
    assert told_once == "This run could not be resumed: The disk is full."
    assert say(msg("The disk is full.")) in told_once
