"""The list of readers, for a person and as JSON."""

from __future__ import annotations

from cpx_tool.catalogue.readers import NOT_A_READER, STATES, pcsc_answer, too_many_slots
from cpx_tool.errors import ExitCode
from cpx_tool.model.fault import TOO_MANY_SLOTS
from cpx_tool.model.message import Message, msg, nmsg
from cpx_tool.model.observation import ReaderSlots
from cpx_tool.model.reader import PcscStatus, Reader, ReaderState
from cpx_tool.model.token import Slot
from cpx_tool.report.canvas import Canvas, Paper
from cpx_tool.report.console import emulated_banner
from cpx_tool.report.json import SCHEMA_VERSION, fault_body, pcsc_body, to_text
from cpx_tool.report.words import KINDS, Say

_STYLES = {
    ReaderState.CARD_PRESENT: "green",
    ReaderState.MUTE: "red",
    ReaderState.IN_USE: "yellow",
    ReaderState.UNAVAILABLE: "red",
}
_HINTS = {
    ReaderState.MUTE: msg(
        "A mute card: put it in again, chip first and facing up; clean the contacts."
    ),
    ReaderState.IN_USE: msg("In use: close the other program that holds the card."),
    ReaderState.UNAVAILABLE: msg("Unavailable: unplug the reader and plug it in again."),
}


def exit_code(seen: ReaderSlots) -> ExitCode:
    """4 when there is no service, no reader, no access or no card; else 0."""
    return ExitCode.NOTHING_CHECKED if pcsc_answer(seen.pcsc) else ExitCode.PASSED


def render(seen: ReaderSlots, emulated: bool, say: Say, paper: Paper, virtual: int = 0) -> str:
    """A table of readers; below it what is wrong, with its remedy. `virtual` is how many virtual
    cards the user has in readers: nothing that is read here tells them from real ones.
    """
    canvas = Canvas(paper)
    if emulated:
        canvas.line(say(emulated_banner()), "bold magenta")
    entries = [(_row(reader, seen, say), _atr(reader)) for reader in seen.pcsc.readers]
    entries += [(_slot_row(slot, say), say(NOT_A_READER)) for slot in slots_alone(seen)]
    if entries:
        heads = (msg("Reader"), msg("State"), msg("Card"), msg("Slot"))
        canvas.entries([say(head) for head in heads], entries, movable=2)
        canvas.line()
    answer = pcsc_answer(seen.pcsc)
    if answer is not None:
        canvas.line(say(answer[0]), "bold red")
        canvas.item("→", say(answer[1]), indent=2)
    for state in dict.fromkeys(reader.state for reader in seen.pcsc.readers):
        if state in _HINTS:
            canvas.item("→", say(_HINTS[state]), indent=2)
    if virtual:
        canvas.item("→", say(_virtual(virtual)), "bold magenta", indent=2)
    note = _module_note(seen)
    if note is not None:
        canvas.line(say(note))
    return canvas.text()


def _virtual(count: int) -> Message:
    return nmsg(
        "You have {count} virtual card in a reader: a card that is shown here may be that one "
        "(cpx-tool virtual-cards status).",
        "You have {count} virtual cards in readers: cards that are shown here may be those "
        "(cpx-tool virtual-cards status).",
        count,
    )


def render_json(seen: ReaderSlots, emulated: bool, virtual: int = 0) -> str:
    """One JSON object with readers, slots and the module."""
    module = seen.module
    body = {
        "schema_version": SCHEMA_VERSION,
        "emulated": emulated,
        "virtual_cards": virtual,
        "exit_code": int(exit_code(seen)),
        "pcsc": pcsc_body(seen.pcsc),
        "module": {
            "path": module.path,
            "source": module.source,
            "fault": fault_body(module.fault),
        }
        if module
        else None,
        "slots": [
            {
                "id": slot.id,
                "description": slot.description,
                "token_present": slot.token_present,
                "reader": seen.reader_of.get(slot.id),
            }
            for slot in seen.slots
        ],
        "faults": [fault_body(fault) for fault in seen.faults],
    }
    return to_text(body)


def slots_alone(seen: ReaderSlots) -> list[Slot]:
    """The slots that belong to no PC/SC reader; none where PC/SC was not asked."""
    if seen.pcsc.status is PcscStatus.NOT_ASKED:
        return []
    return [slot for slot in seen.slots if slot.id not in seen.reader_of]


def _slot_row(slot: Slot, say: Say) -> list[tuple[str, str]]:
    state = ReaderState.CARD_PRESENT if slot.token_present else ReaderState.EMPTY
    return [
        (slot.description or "—", ""),
        (say(STATES[state]), _STYLES.get(state, "")),
        ("—", ""),
        (_slot(slot), ""),
    ]


def _row(reader: Reader, seen: ReaderSlots, say: Say) -> list[tuple[str, str]]:
    slots = [slot for slot in seen.slots if seen.reader_of.get(slot.id) == reader.name]
    return [
        (reader.name, ""),
        (say(STATES[reader.state]), _STYLES.get(reader.state, "")),
        (say(KINDS[reader.kind]) if reader.kind else "—", ""),
        (", ".join(map(_slot, slots)) or "—", ""),
    ]


def _atr(reader: Reader) -> str:
    return f"ATR {reader.atr}" if reader.atr else ""


def _slot(slot: Slot) -> str:
    return f"{slot.id:#x}"


def _module_note(seen: ReaderSlots) -> Message | None:
    if seen.module is None:
        return msg("No PKCS#11 module was found, so no slot could be joined to the readers.")
    if seen.module.fault is not None:
        return msg(
            "The PKCS#11 module {path} could not be asked ({code}), so no slot could be joined.",
            path=seen.module.path,
            code=seen.module.fault.code,
        )
    if seen.faults and seen.faults[0].code == TOO_MANY_SLOTS:
        return too_many_slots(seen.faults[0])
    if seen.faults:
        return msg(
            "The PKCS#11 module {path} could not list its slots ({code}).",
            path=seen.module.path,
            code=seen.faults[0].code,
        )
    return None
