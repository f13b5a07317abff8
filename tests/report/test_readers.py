"""list-readers: four answers with four remedies, and which slot is which reader."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from rich.cells import cell_len

from cpx_tool.errors import ExitCode
from cpx_tool.i18n import say
from cpx_tool.model.fault import Fault, FaultKind
from cpx_tool.model.message import Message
from cpx_tool.model.observation import ModuleObservation, ReaderSlots
from cpx_tool.model.reader import CardKind, Pcsc, PcscStatus, Reader, ReaderState
from cpx_tool.model.token import ModuleInfo, Slot
from cpx_tool.report import readers
from cpx_tool.report.canvas import Paper

Say = Callable[[Message], str]
ATR = "3B9B188001001225006480040100009044"
INFO = ModuleInfo("/opt/module.so", "ANS", "CPS3 PKCS#11 LINUX", "3.1")
MODULE = ModuleObservation("/opt/module.so", "option", info=INFO)
EMPTY = Reader("Gemalto PC Twin Reader 00 00", ReaderState.EMPTY)
FULL = Reader("OMNIKEY CardMan 3121 01 00", ReaderState.CARD_PRESENT, ATR, CardKind.CPS4)
SLOT = Slot(1, FULL.name, True)


def seen(status: PcscStatus, *found: Reader, detail: str = "", **more: Any) -> ReaderSlots:
    values = {"module": MODULE, "slots": (), "reader_of": {}, **more}
    return ReaderSlots(Pcsc(status, found, detail), **values)


FOUR = {
    "no service": seen(PcscStatus.NO_SERVICE),
    "access refused": seen(PcscStatus.ACCESS_REFUSED),
    "no reader": seen(PcscStatus.NO_READER),
    "no card": seen(PcscStatus.OK, EMPTY),
}


def spoken(found: ReaderSlots, width: int = 80) -> str:
    return readers.render(found, False, say, Paper(width))


def answer(found: ReaderSlots) -> tuple[str, str]:
    """The reason, and the remedy."""
    text = " ".join(spoken(found).split())
    reason, _, remedy = text.partition("→")
    return reason, remedy


@pytest.mark.parametrize(
    ("answered", "reason", "remedy"),
    [
        ("no service", "is not running", "start pcscd.socket”, or “sudo pcscd”"),
        ("access refused", "refuses access", "polkit"),
        ("no reader", "sees no reader", "libccid"),
        ("no card", "no card in any of them", "chip first"),
    ],
)
def test_each_answer_has_its_sentence_and_remedy(answered: str, reason: str, remedy: str) -> None:
    found = FOUR[answered]
    assert reason in answer(found)[0]
    assert remedy in answer(found)[1]
    assert readers.exit_code(found) is ExitCode.NOTHING_CHECKED


def test_the_four_answers_are_four() -> None:
    assert len({answer(found)[0] for found in FOUR.values()}) == 4
    assert len({answer(found)[1] for found in FOUR.values()}) == 4


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (seen(PcscStatus.OK, EMPTY, FULL), 0),
        (seen(PcscStatus.OK, Reader("R", ReaderState.MUTE)), 0),
        (seen(PcscStatus.OK, Reader("R", ReaderState.IN_USE)), 0),
        (seen(PcscStatus.OK, EMPTY, Reader("R", ReaderState.UNAVAILABLE)), 4),
        (seen(PcscStatus.OK), 4),
        (seen(PcscStatus.ERROR, detail="0x8010002F"), 4),
        (seen(PcscStatus.NOT_ASKED), 0),
    ],
)
def test_exit_code(found: ReaderSlots, code: int) -> None:
    assert readers.exit_code(found) == code
    assert json.loads(readers.render_json(found, False))["exit_code"] == code


def test_an_unexpected_answer_is_quoted() -> None:
    assert "0x8010002F" in spoken(seen(PcscStatus.ERROR, detail="0x8010002F"))


def test_ok_without_a_reader_is_no_reader() -> None:
    assert answer(seen(PcscStatus.OK)) == answer(FOUR["no reader"])


def test_a_card_with_its_kind_slot_and_atr() -> None:
    found = seen(PcscStatus.OK, EMPTY, FULL, slots=(SLOT,), reader_of={1: FULL.name})
    text = spoken(found)
    row = next(line for line in text.splitlines() if line.startswith("OMNIKEY"))
    assert row.split()[-4:] == ["card", "present", "CPS4", "0x1"]
    assert f"ATR {ATR}" in text
    empty = next(line for line in text.splitlines() if line.startswith("Gemalto"))
    assert empty.split()[-3:] == ["empty", "—", "—"]
    assert "→" not in text


@pytest.mark.parametrize(
    ("state", "remedy"),
    [
        (ReaderState.MUTE, "chip first"),
        (ReaderState.IN_USE, "close the other program"),
        (ReaderState.UNAVAILABLE, "unplug the reader"),
    ],
)
def test_a_reader_that_cannot_be_used_gets_its_remedy_once(state: ReaderState, remedy: str) -> None:
    found = seen(PcscStatus.OK, FULL, Reader("A", state), Reader("B", state))
    assert " ".join(spoken(found).split()).count(remedy) == 1
    assert remedy not in spoken(seen(PcscStatus.OK, FULL))


def test_slots_without_a_reader_are_shown_as_such() -> None:
    alone = (SLOT, Slot(7, "GALSS CPS TERMINAL", True), Slot(8, "Another", False))
    text = spoken(seen(PcscStatus.OK, FULL, slots=alone, reader_of={1: FULL.name}))
    lines = text.splitlines()
    for name, state in (("GALSS CPS TERMINAL", "card present"), ("Another", "empty")):
        row = next(number for number, line in enumerate(lines) if line.startswith(name))
        assert state in lines[row]
        assert "not a PC/SC reader (GALSS, or a software token)" in lines[row + 1]
    assert text.count("not a PC/SC reader") == 2


def test_slots_are_shown_where_there_is_no_service_for_readers() -> None:
    text = spoken(seen(PcscStatus.NO_SERVICE, slots=(SLOT,)))
    assert "not a PC/SC reader" in text
    assert "not running" in text
    assert "not a PC/SC" not in spoken(seen(PcscStatus.NOT_ASKED, slots=(SLOT,)))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"module": None}, "No PKCS#11 module was found"),
        (
            {
                "module": ModuleObservation(
                    "/opt/module.so", "option", fault=Fault(FaultKind.CRASH, "load", "SIGSEGV")
                )
            },
            "/opt/module.so could not be asked (SIGSEGV)",
        ),
        (
            {"faults": (Fault(FaultKind.HANG, "C_GetSlotList", "20 s"),)},
            "/opt/module.so could not list its slots (20 s)",
        ),
    ],
)
def test_why_no_slot_could_be_joined(more: dict[str, Any], words: str) -> None:
    found = seen(PcscStatus.OK, FULL, **more)
    assert words in " ".join(spoken(found).split())
    assert readers.exit_code(found) is ExitCode.PASSED


@pytest.mark.parametrize("width", [60, 80, 120])
def test_long_reader_names_stay_on_the_paper(width: int) -> None:
    name = "Identive SCR33xx v2.0 USB SC Reader [CCID Interface] (53311234200456) 00 00"
    hostile = Reader(
        "\x1b[31m\x07evil\nreader " + "x" * 200, ReaderState.MUTE, ATR, CardKind.CPX_LIKE
    )
    found = seen(PcscStatus.OK, Reader(name, ReaderState.IN_USE, ATR, CardKind.CPS3), hostile)
    text = spoken(found, width)
    assert all(c.isprintable() or c == "\n" for c in text)
    assert max(map(cell_len, text.splitlines())) <= width
    for word in name.split():
        assert word in text
    assert " ".join(text.split()).count(f"ATR {ATR}") == 2


def test_json_has_readers_slots_and_faults() -> None:
    fault = Fault(FaultKind.ERROR, "C_GetSlotList", "CKR_GENERAL_ERROR", "detail")
    slots = (SLOT, Slot(2, "Lost", False))
    found = seen(PcscStatus.OK, EMPTY, FULL, slots=slots, reader_of={1: FULL.name}, faults=(fault,))
    body = json.loads(readers.render_json(found, True))
    assert body["emulated"] is True
    assert [(r["state"], r["kind"], r["atr"]) for r in body["pcsc"]["readers"]] == [
        ("empty", None, None),
        ("card-present", "cps4", ATR),
    ]
    assert [slot["reader"] for slot in body["slots"]] == [FULL.name, None]
    assert [f["code"] for f in body["faults"]] == ["CKR_GENERAL_ERROR"]
    assert body["module"]["path"] == "/opt/module.so"


def test_emulated_readers_are_said_to_be() -> None:
    assert "EMULATED" in readers.render(seen(PcscStatus.OK, FULL), True, say, Paper())
    assert "EMULATED" not in readers.render(seen(PcscStatus.OK, FULL), False, say, Paper())
