"""The examined workstation on paper: its width, its block of commands, its JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.cells import cell_len

from cpx_tool.errors import ExitCode
from cpx_tool.i18n import say
from cpx_tool.judge.station import judge_station
from cpx_tool.model.finding import Outcome
from cpx_tool.model.message import Message, msg
from cpx_tool.model.reader import Pcsc, PcscStatus
from cpx_tool.model.station import (
    Examination,
    Hold,
    Holder,
    Holders,
    NoModule,
    Process,
    Station,
    Unknown,
)
from cpx_tool.report import doctor
from cpx_tool.report.canvas import Paper
from cpx_tool.report.results import of_station
from support.station import station, usb_reader

Say = Callable[[Message], str]
GOOD = station()
HOSTILE = "\x1b[31m\N{RIGHT-TO-LEFT OVERRIDE}evil\nsudo rm"


def bad() -> Station:
    """A workstation on which much is wrong, with names that nobody would choose."""
    return replace(
        GOOD,
        host=HOSTILE,
        pcsc=Pcsc(PcscStatus.NO_READER),
        usb=replace(GOOD.usb, readers=(usb_reader(HOSTILE, "pn533_usb"),)),  # type: ignore[type-var]
        holders=Holders((Holder(Process(9, HOSTILE, HOSTILE), Hold.DEVICE),), 3, None),
        module=NoModule(msg("There is none."), msg("Install one.")),
        trust=Unknown(msg("Closed."), msg("Open it.")),
        clock=replace(GOOD.clock, zone="", synchronised=False),
    )


def text_of(examination: Examination, say_: Say = say, width: int = 80, hints: bool = True) -> str:
    return doctor.render(examination, say_, Paper(width), hints=hints)


def as_json(examination: Examination, say_: Say = say) -> str:
    return of_station(examination, "f00", ExitCode.FAILED, hints=True).json(say_)


def test_all_is_well_in_a_few_lines() -> None:
    text = text_of(judge_station(GOOD))
    assert text.startswith("Workstation poste-1\n  System    Debian GNU/Linux 12 (bookworm), Linux")
    assert "cpx-tool 0.1.0, Python 3.11.2, pcsc-lite 1.9.9, ccid 1.5.2\n" in text
    assert "✓ PCSC-SERVICE: 1 reader\n" in text
    assert "Nothing to mend by a command.\n" in text
    assert text.endswith("PASSED — workstation poste-1, 25 checks passed\n")


def test_what_the_last_line_counts_as_not_answered_is_named() -> None:
    text = text_of(judge_station(replace(GOOD, pcsc=Pcsc(PcscStatus.NO_SERVICE))))
    assert "– PCSC-ACCESS (not answered): " in text
    assert text.count("(not answered)") == 2
    assert ", 2 not answered" in text.splitlines()[-1]


def test_each_finding_stands_once_and_what_is_wrong_has_its_remedy() -> None:
    examination = judge_station(bad())
    text = text_of(examination, hints=False)
    for finding in examination.findings:
        assert text.count(f"{finding.check}:") + text.count(f"{finding.check} — ") == 1
        if finding.outcome is Outcome.FAILED:
            assert finding.hint is not None
    assert "Commands" not in text


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_but_a_command_is_wider_than_the_paper(width: int, shout: Say, wordy: Say) -> None:
    for speak in (say, shout, wordy):
        for seen in (GOOD, bad()):
            examination = judge_station(seen)
            text = text_of(examination, speak, width, hints=False)
            assert max(map(cell_len, text.splitlines())) <= width


def test_the_commands_are_a_block_that_a_shell_can_take() -> None:
    examination = judge_station(bad())
    text = text_of(examination)
    block = text.split("none was run:\n\n", 1)[1].rsplit("\n\n", 1)[0].splitlines()
    allowed = {line for fix in examination.fixes for line in fix.commands}
    assert allowed
    assert {line for line in block if line and not line.startswith("# ")} == allowed
    assert "# KERNEL-DRIVER: Take the reader from the kernel's driver" in text


def test_no_name_of_the_system_reaches_the_terminal_as_it_is() -> None:
    examination = judge_station(bad())
    text = text_of(examination) + as_json(examination)
    assert not {"\x1b", "\N{RIGHT-TO-LEFT OVERRIDE}"} & set(text)
    assert "\nsudo rm" not in text


def test_json_has_every_fact_and_says_what_is_not_known(shout: Say) -> None:
    examination = judge_station(replace(bad(), service=Unknown(msg("Dark."))))
    body = json.loads(as_json(examination, shout))
    assert (body["run_id"], body["verdict"], body["exit_code"]) == ("f00", "failed", 1)
    seen = body["workstation"]
    assert seen["service"] == {"not_known": "DARK."}
    assert seen["trust"] == {"not_known": "CLOSED."}
    assert seen["module"] == {"not_known": "THERE IS NONE."}
    assert seen["session"] == {
        "kind": "desktop",
        "evidence": "TYPE=wayland",
        "active": True,
        "administrator": False,
    }
    assert seen["clock"]["released"] == "2026-11-24"
    assert seen["clock"]["now"] == "2026-11-24T12:00:00Z"
    assert seen["holders"]["holders"][0]["hold"] == "device"
    assert [fix["check"] for fix in body["fixes"]] == [fix.check for fix in examination.fixes]
    assert [f["check"] for f in body["findings"]] == [f.check for f in examination.findings]


def test_json_is_the_same_in_every_language_but_for_its_sentences(shout: Say) -> None:
    def shape(value: object) -> object:
        if isinstance(value, dict):
            return {key: shape(item) for key, item in value.items()}
        return [shape(item) for item in value] if isinstance(value, list) else type(value)

    examination = judge_station(bad())
    one, other = (json.loads(as_json(examination, speak)) for speak in (say, shout))
    assert shape(one) == shape(other)
    commands = [fix["commands"] for fix in one["fixes"]]
    assert commands == [fix["commands"] for fix in other["fixes"]]
