"""The ledger of PIN tries: what is noted stays, and nothing keeps a run waiting."""

from __future__ import annotations

import fcntl
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cpx_tool.adapters import ledger as module
from cpx_tool.adapters.ledger import LEDGER_FILE, LEDGER_LOCK, FileLedger
from cpx_tool.ports import LedgerFault

CARD, OTHER = "2800262487", "2800000001"
EARLY, LATE = datetime(2026, 1, 15, tzinfo=UTC), datetime(2026, 2, 1, 8, 0, 0, 7, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path: Path) -> FileLedger:
    return FileLedger(tmp_path / "state")


def test_a_try_that_ends_nowhere_stays(ledger: FileLedger) -> None:
    ledger.open(CARD, LATE, None)
    ledger.open(OTHER, EARLY, None)
    again = FileLedger(ledger.path.parent)
    assert again.failed_at(CARD) == LATE
    assert [entry.card for entry in again.entries()] == [OTHER, CARD]
    assert ledger.path.stat().st_mode & 0o077 == 0


def test_a_good_login_and_a_person_take_it_back(ledger: FileLedger) -> None:
    ledger.open(CARD, EARLY, None)
    ledger.close(CARD, EARLY, None)
    ledger.open(OTHER, EARLY, None)
    ledger.forget(OTHER)
    assert ledger.entries() == ()


def test_runs_do_not_take_each_others_notes(ledger: FileLedger) -> None:
    other = FileLedger(ledger.path.parent)
    assert ledger.open(CARD, EARLY, None)
    assert not other.open(CARD, LATE, None)
    other.close(CARD, LATE, None)
    assert ledger.failed_at(CARD) == EARLY


def test_a_confirmed_failure_comes_back_when_no_try_was_made(ledger: FileLedger) -> None:
    ledger.open(CARD, EARLY, None)
    assert ledger.open(CARD, LATE, EARLY)
    ledger.close(CARD, LATE, EARLY)
    assert ledger.failed_at(CARD) == EARLY


def test_without_a_file_nothing_failed(ledger: FileLedger) -> None:
    assert (ledger.failed_at(CARD), ledger.entries()) == (None, ())
    assert not ledger.path.parent.exists()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff", b"[]", b'{"format": 2, "entries": []}', b"[" * 100_000]
)
def test_a_damaged_file_is_a_fault_and_stays_as_it_is(ledger: FileLedger, content: bytes) -> None:
    ledger.path.parent.mkdir()
    ledger.path.write_bytes(content)
    for call in (
        ledger.entries,
        lambda: ledger.open(CARD, EARLY, None),
        lambda: ledger.failed_at(CARD),
    ):
        with pytest.raises(LedgerFault) as caught:
            call()
        assert caught.value.code == "damaged"
    assert ledger.path.read_bytes() == content


@pytest.mark.parametrize("name", [LEDGER_FILE, LEDGER_LOCK])
def test_a_pipe_in_its_place_keeps_nobody_waiting(ledger: FileLedger, name: str) -> None:
    ledger.path.parent.mkdir()
    os.mkfifo(ledger.path.with_name(name))
    if name == LEDGER_FILE:
        with pytest.raises(LedgerFault):
            ledger.entries()
        with pytest.raises(LedgerFault):
            ledger.open(CARD, EARLY, None)
    else:
        ledger.open(CARD, EARLY, None)
        assert ledger.failed_at(CARD) == EARLY


def test_a_directory_in_its_place_is_a_fault(ledger: FileLedger) -> None:
    ledger.path.mkdir(parents=True)
    with pytest.raises(LedgerFault) as caught:
        ledger.entries()
    assert caught.value.code in ("EISDIR", "damaged")


def test_another_run_that_never_ends_is_a_fault(
    ledger: FileLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PATIENCE_SECONDS", 0.0)
    ledger.open(CARD, EARLY, None)
    with ledger.path.with_name(LEDGER_LOCK).open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(LedgerFault):
            ledger.forget(CARD)
    assert ledger.failed_at(CARD) == EARLY
