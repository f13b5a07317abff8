"""What goes wrong in a module, line by line: what check-set says, which cards it keeps, and how
often C_Login was called.

Several lines share one run, each on a card of its own; every card without a line must come out
complete. In each run `Proxy` asserts that no process and no core file is left behind.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from support.modules import compile_proxy
from support.proxy import Proxy, Run

pytestmark = pytest.mark.softhsm

DEADLINE = 3.0
"""For calls that hang: long enough for a worker to start on a busy machine."""

_OF_ITSELF = ("CERT", "PIN", "KEY", "SIGN")
"""Checks about the card itself; its role depends on the other cards, too."""


@dataclass(frozen=True, slots=True)
class Row:
    """A fault on one card. "{card}" stands for the serial in `rules`.

    A check whose id begins with `check` fails on that card, with a message that has all of
    `words`; without a check the card comes out complete. `pin` is the result of its PIN, None
    where the card was not read so far.
    """

    name: str
    rules: tuple[str, ...]
    check: str | None
    words: tuple[str, ...]
    pin: tuple[str, str | None] | None
    logins: int


ACCEPTED = ("accepted", None)
READ_ERROR = "CARD-READ"
NAME = "libproxy.so"
"""The module's, which a sentence about one of its calls has."""


def row(
    name: str,
    rule: str,
    check: str | None,
    *words: str,
    pin: tuple[str, str | None] | None = None,
    logins: int = 0,
) -> Row:
    """`rule` has several of them, with a semicolon between."""
    return Row(name, tuple(rule.split("; ")), check, words, pin, logins)


def refused(name: str, rule: str, refusal: str, *words: str) -> Row:
    return row(name, rule, "PIN-ALLOWED", *words, pin=("refused", refusal))


RUNS: dict[str, tuple[Row, ...]] = {
    "flags": (
        refused("locked", "flags {card} 40000 0 C_GetTokenInfo 0", "locked", "is locked"),
        refused("final-try", "flags {card} 30000 0 C_GetTokenInfo 0", "final-try", "one try"),
        refused("count-low", "flags {card} 10000 0 C_GetTokenInfo 0", "count-low", "wrong PIN"),
        refused("to-be-changed", "flags {card} 80000 0 C_GetTokenInfo 0", "to-be-changed"),
        refused("protected-path", "flags {card} 100 0 C_GetTokenInfo 0", "protected-path"),
    ),
    "flags that lie": (
        row(
            "full-after-a-wrong-pin",
            "fault {card} C_Login 1 a0; flags {card} 0 70000 C_Login 1",
            "PIN-ACCEPTED",
            "refused the PIN",
            pin=("wrong", None),
            logins=1,
        ),
        row(
            "nonsense-after-a-wrong-pin",
            "fault {card} C_Login 1 a0; flags {card} ffffffffffffffff 0 C_Login 1",
            "PIN-ACCEPTED",
            "refused the PIN",
            pin=("wrong", None),
            logins=1,
        ),
        refused("all-flags", "flags {card} ffffffffffffffff 0 C_GetTokenInfo 0", "locked"),
        refused("no-flags", "flags {card} 0 8 C_GetTokenInfo 0", "no-pin-on-card"),
        row(
            "no-value",
            "empty {card} C_OpenSession 0",
            "CERT-READABLE",
            "no value",
            "empty",
            pin=("refused", "not-proven-test"),
        ),
    ),
    "codes": (
        row(
            "no-token",
            "fault {card} C_GetTokenInfo 2 e0",
            READ_ERROR,
            "no longer in its reader",
            NAME,
            "C_GetTokenInfo",
            "CKR_TOKEN_NOT_PRESENT",
        ),
        row(
            "removed-while-read",
            "fault {card} C_FindObjectsInit 2 32",
            READ_ERROR,
            NAME,
            "C_FindObjects",
            "CKR_DEVICE_REMOVED",
        ),
        row(
            "removed-in-the-signature",
            "fault {card} C_Sign 2 32",
            "SIGN",
            "no longer in its reader",
            NAME,
            "C_Sign",
            "CKR_DEVICE_REMOVED",
            pin=ACCEPTED,
            logins=1,
        ),
        row(
            "vendor-code-while-read",
            "fault {card} C_OpenSession 1 80000001",
            READ_ERROR,
            NAME,
            "C_FindObjects",
            "0x80000001",
        ),
        row(
            "vendor-code-at-the-login",
            "fault {card} C_Login 1 80000001",
            "PIN-ACCEPTED",
            NAME,
            "C_Login",
            "0x80000001",
            pin=("failed", None),
            logins=1,
        ),
    ),
    "ends of the process": (
        row(
            "segv",
            "fault {card} C_FindObjectsInit 1 segv",
            READ_ERROR,
            NAME,
            "C_FindObjects",
            "SIGSEGV",
        ),
        row(
            "abort",
            "fault {card} C_GetAttributeValue 3 abort",
            READ_ERROR,
            NAME,
            "C_FindObjects",
            "SIGABRT",
        ),
        row(
            "exit",
            "fault {card} C_Sign 1 exit",
            "SIGN",
            NAME,
            "C_Sign",
            "exit 7",
            pin=ACCEPTED,
            logins=1,
        ),
        row(
            "segv-at-the-login",
            "fault {card} C_Login 1 segv",
            "PIN-ACCEPTED",
            NAME,
            "C_Login",
            "SIGSEGV",
            pin=("failed", None),
            logins=1,
        ),
        row("hang", "fault {card} C_OpenSession 1 hang", READ_ERROR, NAME, "C_FindObjects", "3 s"),
    ),
    "what a module does beside": (
        row("slow", "fault {card} C_OpenSession 0 slow:200", None, pin=ACCEPTED, logins=1),
        row("chatter", "fault {card} C_GetAttributeValue 0 chatter", None, pin=ACCEPTED, logins=1),
        row(
            "sessions-kept",
            "fault {card} C_CloseSession 0 0",
            "CARD-SESSIONS",
            NAME,
            "C_CloseSession",
            pin=ACCEPTED,
            logins=1,
        ),
        row(
            "sessions-not-closed",
            "fault {card} C_CloseSession 0 5",
            "CARD-SESSIONS",
            NAME,
            "C_CloseSession",
            pin=ACCEPTED,
            logins=1,
        ),
        row(
            "memory",
            "fault {card} C_FindObjectsInit 0 grow:300",
            READ_ERROR,
            "memory",
            NAME,
            "C_FindObjects",
        ),
    ),
    "when the slots are listed": (
        row("segv-once", "fault {card} C_GetTokenInfo 1 segv", None, pin=ACCEPTED, logins=1),
        row("segv-always", "fault {card} C_GetTokenInfo 0 segv", READ_ERROR, NAME, "SIGSEGV"),
        row("hang-always", "fault {card} C_GetTokenInfo 0 hang", READ_ERROR, NAME, "3 s"),
        row("code-once", "fault {card} C_GetTokenInfo 1 30", None, pin=ACCEPTED, logins=1),
        row(
            "code-always",
            "fault {card} C_GetTokenInfo 0 30",
            READ_ERROR,
            NAME,
            "C_GetTokenInfo",
            "CKR_DEVICE_ERROR",
        ),
    ),
    "numbers": (row("count-race", "fault - C_GetSlotList 2 150", None, pin=ACCEPTED, logins=1),),
}
"""The lines of each run; the first card has the first line, and so on."""


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_proxy(tmp_path_factory.mktemp("proxy"))


@pytest.fixture(scope="module")
def behind(
    module: Path, pristine: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], Proxy]:
    """Six good cards of the set Centre de santé, behind the proxy; others each time."""

    def cards() -> Proxy:
        folder = tmp_path_factory.mktemp("faults")
        return Proxy(module, shutil.copytree(pristine, folder / "cards"), folder)

    return cards


@pytest.fixture(scope="module")
def good_run(behind: Callable[[], Proxy]) -> Run:
    return behind().check()


@pytest.fixture(scope="module")
def runs(behind: Callable[[], Proxy]) -> Callable[[str], tuple[Proxy, Run]]:
    """Each run of the table, made once."""

    @cache
    def made(name: str) -> tuple[Proxy, Run]:
        cards = behind()
        lines = zip(cards.serials, RUNS[name], strict=False)
        rules = [rule.format(card=serial) for serial, row in lines for rule in row.rules]
        return cards, cards.check(*rules, timeout=DEADLINE)

    return made


def lines() -> list[Any]:
    return [
        pytest.param(name, number, row, id=row.name)
        for name, rows in RUNS.items()
        for number, row in enumerate(rows)
    ]


@pytest.mark.parametrize(("name", "number", "row"), lines())
def test_the_fault_is_a_finding_of_its_card(
    runs: Callable[[str], tuple[Proxy, Run]], good_run: Run, name: str, number: int, row: Row
) -> None:
    cards, run = runs(name)
    serial = cards.serials[number]
    card = run.in_slot(cards.slot(serial))
    assert run.logins()[serial] == row.logins
    if row.pin is not None:
        assert (card["pin"]["result"], card["pin"]["refusal"]) == row.pin
    if row.check is None:
        assert outcomes(card) == outcomes(good_run.in_slot(cards.slot(serial)))
        return
    said = [f["message"] for f in card["findings"] if f["check"].startswith(row.check)]
    assert [message for message in said if all(word in message for word in row.words)], said


@pytest.mark.parametrize("name", RUNS)
def test_the_other_cards_come_out_complete(
    runs: Callable[[str], tuple[Proxy, Run]], good_run: Run, name: str
) -> None:
    cards, run = runs(name)
    for serial in cards.serials[len(RUNS[name]) :]:
        card = run.in_slot(cards.slot(serial))
        assert outcomes(card) == outcomes(good_run.in_slot(cards.slot(serial)))
        assert [signature["fault"] for signature in card["signatures"]] == [None, None, None]
        assert run.logins()[serial] == 1


@pytest.mark.parametrize("name", RUNS)
def test_no_card_is_missing_and_none_is_tried_twice(
    runs: Callable[[str], tuple[Proxy, Run]], name: str
) -> None:
    cards, run = runs(name)
    assert len(run.body["cards"]) == len(cards.serials)
    assert set(run.logins().values()) <= {1}


def outcomes(card: dict[str, Any]) -> list[tuple[str, str]]:
    """What was found about the card itself."""
    findings = card["findings"]
    return [(f["check"], f["outcome"]) for f in findings if f["check"].startswith(_OF_ITSELF)]


def test_slots_may_be_numbered_otherwise_after_each_start(behind: Callable[[], Proxy]) -> None:
    cards = behind()
    ends, *others = cards.serials
    run = cards.check("slots rotate", f"fault {ends} C_GetTokenInfo 0 segv")
    assert len(run.body["cards"]) == len(cards.serials)
    assert run.serials() == others
    assert run.logins() == Counter(others)


# --- the module as a whole --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "check", "words"),
    [
        ("fault - C_Initialize 0 30", "MODULE-LOADED", (NAME, "C_Initialize", "CKR_DEVICE_ERROR")),
        ("fault - C_Initialize 0 80000031", "MODULE-LOADED", (NAME, "C_Initialize", "0x80000031")),
        ("fault - C_Initialize 0 segv", "MODULE-LOADED", (NAME, "C_Initialize", "SIGSEGV")),
        (
            "fault - C_GetSlotList 0 150",
            "MODULE-CALLS",
            (NAME, "C_GetSlotList", "BUFFER_TOO_SMALL"),
        ),
        ("fault - C_GetSlotList 0 exit", "MODULE-CALLS", (NAME, "C_GetSlotList", "exit 7")),
    ],
)
def test_a_module_that_cannot_be_used_is_one_finding(
    behind: Callable[[], Proxy], rule: str, check: str, words: tuple[str, ...]
) -> None:
    run = behind().check(rule)
    assert (run.code, run.body["cards"]) == (4, [])
    assert run.said(*words) == {check}
    assert run.logins().total() == 0
