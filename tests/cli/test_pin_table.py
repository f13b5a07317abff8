"""Each line of the decision table in docs/pin-safety.md, with C_Login counted at the module."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.cli import cpx
from support.modules import compile_proxy
from support.pin_table import Row, rows
from support.proxy import PIN, Proxy, Run

pytestmark = pytest.mark.softhsm

DOCTOR = "medecin-generaliste"
FLAGS = {
    "locked": (0x40000, 0),
    "final try, count low": (0x30000, 0),
    "final try": (0x20000, 0),
    "count low": (0x10000, 0),
    "to be changed": (0x80000, 0),
    "no PIN": (0, 0x8),
    "pad": (0x100, 0),
}
"""CKF_* to set and to clear in CK_TOKEN_INFO (PKCS#11 v2.40, 3.2)."""
DEFECTS = {"production": "production", "not proven a test card": "broken-certificate"}
CONTACTLESS = "3B8F80010031B86404B0ECC1739401808290000E"
IN_THIS_RUN = ("tried in this run", "taken out too early")
"""The card is shown in a second slot, after its own one."""
LENGTHS = {"too short": "9 12", "too long": "1 3"}


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_proxy(tmp_path_factory.mktemp("proxy"))


def rules_of(row: Row, serial: str, other: str) -> list[str]:
    rules = ["pad 1234"]
    if row.flags in FLAGS:
        set_, clear = FLAGS[row.flags]
        rules.append(f"flags {serial} {set_:x} {clear:x} C_GetTokenInfo 0")
    if row.earlier == "taken out too early":
        rules.append(f"fault {serial} C_Sign 1 32")
    if row.earlier in IN_THIS_RUN:
        rules.append(f"show {other} {serial} C_GetTokenInfo 0")
    if row.pin in LENGTHS:
        rules.append(f"lengths {serial} {LENGTHS[row.pin]}")
    return rules


def options_of(row: Row) -> dict[str, Any]:
    """What `Proxy.check` is told beside the rules."""
    told: dict[str, Any] = {}
    if row.run == "attended":
        told["typed"] = "n\nq\n"  # with a card in two slots, one of the set is missing
    elif row.run == "unattended":
        told["options"] = ["--non-interactive", "--login"]
    if row.pin == "given":
        told["pin"] = PIN
    return told


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row.number}-{row.decision.strip('`')}")
def test_what_reaches_the_module(
    module: Path,
    good: Path,
    emulate: Callable[..., Path],
    tmp_path: Path,
    row: Row,
) -> None:
    directory = emulate("centre-sante", DEFECTS[row.card]) if row.card in DEFECTS else good
    cards = Proxy(module, directory, tmp_path)
    serial = cards.serial(DOCTOR)
    run = _run(cards, row, serial, directory)
    refusal = row.decision.strip("`") if row.decision.startswith("`") else None
    if row.earlier in IN_THIS_RUN:
        assert run.logins()[serial] == 1
        pins = [card["pin"] for card in run.body["cards"] if card["token"]["serial"] == serial]
        assert {pin["refusal"] for pin in pins} == {None, refusal}
        return
    pin = run.card(serial)["pin"]
    assert pin["refusal"] == refusal
    assert run.logins()[serial] == (0 if refusal else 1)
    assert pin["pad"] is (row.decision == "one try, on the pad")
    assert set(run.logins().values()) <= {1}
    if refusal is None:
        assert pin["result"] == "accepted"


def _run(cards: Proxy, row: Row, serial: str, directory: Path) -> Run:
    told = options_of(row)
    first = next(other for other in cards.serials if other != serial)
    rules = rules_of(row, serial, first)
    if row.flags == "not readable":
        rules += _once_it_is_read(cards, serial)
    if row.earlier == "failed in an earlier run":
        told["failed"] = cards.number(serial)
    if row.earlier == "another card refused it":
        told |= {"pin": PIN}
        rules.append(f"fault {cards.serials[0]} C_Login 1 a0")
        assert cards.serials[0] != serial
    if row.reading == "contactless":
        manifest = directory / "emulation.json"
        body = json.loads(manifest.read_text())
        for token in body["tokens"]:
            if token["serial"] == serial:
                token["atr"] = CONTACTLESS
        manifest.write_text(json.dumps(body))
        told["emulated"] = True
    return cards.check(*rules, **told)


def _once_it_is_read(cards: Proxy, serial: str) -> list[str]:
    """The token gives no information any more after what a mere reading asks for."""
    reading = cards.check(options=["--no-login"])
    asked = sum((c.function, c.serial) == ("C_GetTokenInfo", serial) for c in reading.calls)
    return [f"fault {serial} C_GetTokenInfo {asked + n} 30" for n in range(1, 20)]


# --- beside the table --------------------------------------------------------------------------


@pytest.fixture
def cards(module: Path, good: Path, tmp_path: Path) -> Proxy:
    return Proxy(module, good, tmp_path)


@pytest.mark.parametrize(
    ("options", "refusal"),
    [
        (["--non-interactive"], "unattended"),
        (["--no-login"], "not-asked"),
        (["--non-interactive", "--no-login"], "not-asked"),
    ],
)
def test_a_run_that_logs_in_nowhere(cards: Proxy, options: list[str], refusal: str) -> None:
    run = cards.check(options=options)
    assert run.logins().total() == 0
    assert set(run.pins().values()) == {("refused", refusal)}
    assert run.code == 5


def test_already_logged_in_is_not_taken_for_a_right_pin(cards: Proxy) -> None:
    serial = cards.serial(DOCTOR)
    run = cards.check(f"fault {serial} C_Login 1 100")
    card = run.card(serial)
    assert card["pin"]["result"] == "already-logged-in"
    assert card["signatures"] == []
    assert run.said("logged in already") == {"PIN-ACCEPTED"}
    assert run.code == 1


def test_a_failed_try_is_remembered_over_runs_until_a_person_confirms(
    cards: Proxy, tmp_path: Path
) -> None:
    serial = cards.serials[0]
    wrong = cards.check(f"fault {serial} C_Login 1 a0")
    assert wrong.pins()[serial] == ("wrong", None)
    number = cards.number(serial)
    refused = cards.check(failed=number)
    assert refused.pins()[serial] == ("refused", "earlier-run")
    assert refused.logins()[serial] == 0
    assert refused.card(serial)["pin"]["earlier_failure"] == "2026-01-15T00:00:00Z"
    confirmed = cards.check(failed=number, typed="y\n")
    assert number in confirmed.errors
    assert confirmed.pins()[serial] == ("accepted", None)
    assert confirmed.logins()[serial] == 1


@pytest.mark.parametrize(("typed", "logins"), [("y\nq\n", 2), ("\nq\n", 1)])
def test_a_card_taken_out_too_early_is_logged_in_again_when_a_person_says_so(
    cards: Proxy, typed: str, logins: int
) -> None:
    serial, other = cards.serials[:2]
    early = (f"fault {serial} C_Sign 1 32", f"show {other} {serial} C_GetTokenInfo 0")
    run = cards.check(*early, typed=typed)
    assert "taken out before it was read to the end" in " ".join(run.errors.split())
    assert run.logins()[serial] == logins
    unattended = cards.check(*early, options=["--non-interactive", "--login"])
    assert unattended.logins()[serial] == 1


def test_a_run_that_fails_leaves_its_note(cards: Proxy, tmp_path: Path) -> None:
    serial = cards.serials[0]
    cards.check(f"fault {serial} C_Login 1 segv")
    state = {"CPX_STATE_DIR": str(tmp_path / "run-1" / "state")}
    listed = json.loads(cpx("pin-ledger", "--json", env=state).stdout)
    assert [entry["card"] for entry in listed["failed"]] == [cards.number(serial)]
    assert cards.number(serial) in cpx("pin-ledger", env=state).stdout
    done = cpx("pin-ledger", "--forget", cards.number(serial), env=state)
    assert done.returncode == 0
    assert json.loads(cpx("pin-ledger", "--json", env=state).stdout)["failed"] == []


def test_a_card_that_is_not_in_the_ledger_cannot_be_forgotten(tmp_path: Path) -> None:
    done = cpx("pin-ledger", "--forget", "1", env={"CPX_STATE_DIR": str(tmp_path)})
    assert done.returncode == 2
    assert "no entry for card 1" in done.stderr


@pytest.mark.parametrize("content", [b"", b"{", b'{"format": 9, "entries": []}', b"\xff"])
def test_a_damaged_ledger_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "pin-ledger.json").write_bytes(content)
    done = cpx("pin-ledger", env={"CPX_STATE_DIR": str(tmp_path)})
    assert done.returncode == 2
    assert "pin-ledger.json" in done.stderr


def test_with_a_damaged_ledger_no_pin_is_tried(cards: Proxy) -> None:
    serial = cards.serials[0]
    run = cards.check(failed=b"{")
    assert run.pins()[serial] == ("refused", "ledger-unavailable")
    assert run.logins().total() == 0
    assert run.code == 5


def test_contradicting_options_are_refused() -> None:
    done = cpx("check-set", "--set", "centre-sante", "--ask-pin", "--non-interactive")
    assert done.returncode == 2
    assert "--ask-pin" in done.stderr
