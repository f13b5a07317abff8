"""What an interrupted run saw, kept from one run to the next."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from cpx_tool.adapters.kept_run import LONGEST, KeptRun, kept_path
from cpx_tool.catalogue.sets import find_set
from cpx_tool.errors import BadInput
from cpx_tool.i18n import say
from cpx_tool.model.cardset import CardSet
from cpx_tool.model.observation import Observation
from support.build import NOW, centre_sante

SET = find_set("centre-sante")


@pytest.fixture(scope="session")
def seen(key: rsa.RSAPrivateKey) -> Observation:
    return centre_sante(key)


@pytest.fixture
def run(tmp_path: Path) -> KeptRun:
    return of(tmp_path)


def of(
    folder: Path, card_set: CardSet = SET, file: str | None = None, cards: str | None = None
) -> KeptRun:
    """Its run, claimed."""
    places = [Path(place) if place else None for place in (file, cards)]
    found = KeptRun(kept_path(card_set, *places, {"CPX_STATE_DIR": str(folder)}))
    assert found.claim()
    return found


def refusal(attempt: Callable[[], object]) -> str:
    with pytest.raises(BadInput) as refused:
        attempt()
    assert "without --resume" in say(refused.value.hint)
    return say(refused.value.reason)


def test_what_is_kept_is_found_again_for_its_owner_only(run: KeptRun, seen: Observation) -> None:
    run.save(seen)
    assert run.take_up(NOW) == seen
    assert run.path.stat().st_mode & 0o777 == 0o600
    assert run.path.parent.stat().st_mode & 0o777 == 0o700
    assert run.path.name.startswith("centre-sante-")
    run.save(replace(seen, cards=seen.cards[:2]))
    assert len(run.take_up(NOW).cards) == 2


def test_nothing_is_kept(run: KeptRun) -> None:
    assert run.load(NOW) is None
    assert "no interrupted run" in refusal(lambda: run.take_up(NOW))


def test_each_set_and_each_place_of_cards_has_its_own(tmp_path: Path, seen: Observation) -> None:
    runs = [
        of(tmp_path),
        of(tmp_path, find_set("centre-hospitalier")),
        of(tmp_path, file="a/set.toml"),
        of(tmp_path, file="b/set.toml"),
        of(tmp_path, cards="emulation"),
    ]
    assert len({run.path for run in runs}) == len(runs)
    runs[0].save(seen)
    assert [run.load(NOW) for run in runs[1:]] == [None] * 4
    here = kept_path(SET, Path(os.path.realpath("a/set.toml")), None, {"CPX_STATE_DIR": "/x"})
    assert here.name == runs[2].path.name


def test_a_set_that_was_changed_since(tmp_path: Path, seen: Observation) -> None:
    of(tmp_path, file="set.toml").save(seen)
    changed = of(tmp_path, replace(SET, cards=SET.cards[:5], size=5), "set.toml")
    assert "not as it was" in refusal(lambda: changed.take_up(NOW))
    changed.remove()
    assert changed.load(NOW) is None
    changed.release()
    other_words = of(
        tmp_path, replace(SET, cards=SET.cards[:5], size=5, aliases=("x",)), "set.toml"
    )
    assert other_words.path == changed.path


def test_what_is_too_old_is_refused_and_removed_in_time(run: KeptRun, seen: Observation) -> None:
    run.save(seen)
    assert run.load(NOW + LONGEST - timedelta(hours=1)) == seen
    assert run.load(NOW - timedelta(days=400)) == seen  # the clock was set back
    assert "7 days old" in refusal(lambda: run.load(NOW + LONGEST))
    other = run.path.with_name("other-set.json")
    other.write_text("{}")
    os.utime(other, (0, time.time() - LONGEST.total_seconds() - 60))
    run.save(seen)
    assert not other.exists()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"schema_version": 99}', b"\xff"])
def test_a_file_that_cannot_be_taken_up(run: KeptRun, content: bytes) -> None:
    run.path.write_bytes(content)
    assert run.path.name in refusal(lambda: run.take_up(NOW))


def test_a_run_that_goes_on_is_not_interrupted(run: KeptRun, seen: Observation) -> None:
    second = KeptRun(run.path)
    assert not second.claim()
    run.save(seen)
    run.release()
    assert second.claim()
    second.remove()
    second.release()
    assert list(run.path.parent.iterdir()) == []


def test_where_nothing_can_be_kept(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    run = KeptRun(kept_path(SET, None, None, {"CPX_STATE_DIR": str(tmp_path / "state")}))
    with pytest.raises(BadInput) as refused:
        run.claim()
    assert "CPX_STATE_DIR" in say(refused.value.hint)


def test_a_place_that_cannot_be_locked_is_no_other_run(
    run: KeptRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An NFS without its lock service, say."""

    def no_locks(_: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("cpx_tool.adapters.kept_run.lock", no_locks)
    with pytest.raises(BadInput) as refused:
        KeptRun(run.path).claim()
    assert "cannot be locked: ENOLCK" in say(refused.value.reason)
    assert "CPX_STATE_DIR" in say(refused.value.hint)
