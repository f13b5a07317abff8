"""The CPS2ter part of a card, under CLA A0: files of the card's former generation.

The middleware offers it on a CPS3 without looking whether it is there [seen]. Answers are of
that time: 9Fxx announces them, and 94xx and 98xx refuse.
"""

from __future__ import annotations

from cpx_tool.emulate.chip.answer import Answer
from cpx_tool.emulate.chip.apdu import Command
from cpx_tool.emulate.chip.contents import USER_PIN, Contents
from cpx_tool.emulate.chip.files import MASTER_FILE, Access, Elementary
from cpx_tool.emulate.chip.status import Refusal, Status
from cpx_tool.emulate.tlv import tlv

CLASS = 0xA0

_READY = 0x9F00
_NO_FILE, _NOTHING_SELECTED, _PIN_FIRST = 0x9404, 0x9400, 0x9804
_SELECT, _GET_RESPONSE, _READ = 0xA4, 0xC0, 0xB0
_ROOT = MASTER_FILE.to_bytes(2, "big")
_TRANSPARENT = b"\x01"


class Cps2ter:
    """Selects by file identifier, one step at a time, and reads."""

    def __init__(self, contents: Contents) -> None:
        self._contents = contents
        self._path = b""
        self._header = b""

    def reset(self) -> None:
        """Nothing is selected."""
        self._path = self._header = b""

    def handle(self, command: Command) -> Answer:
        """Do what the command says. Raises `Refusal`."""
        if not self._contents.old_files:
            raise Refusal(Status.NO_CLASS)
        if command.ins == _SELECT:
            return self._select(command)
        if command.ins == _GET_RESPONSE:
            return Answer(self._header[: command.expected])
        if command.ins == _READ:
            return self._read(command)
        raise Refusal(Status.NO_INSTRUCTION)

    def _select(self, command: Command) -> Answer:
        path = command.data if command.data == _ROOT else self._directory() + command.data
        file = self._contents.old_files.get(path)
        if len(command.data) != 2 or (file is None and not self._leads_on(path)):  # noqa: PLR2004
            raise Refusal(_NO_FILE)
        self._path = path
        size = len(file.content) if file else 0
        self._header = tlv(0x85, size.to_bytes(2, "big"), command.data, _TRANSPARENT)
        return Answer(status=_READY | len(self._header))

    def _directory(self) -> bytes:
        """The path that a step starts from: a file is no directory."""
        return self._path[:-2] if self._path in self._contents.old_files else self._path

    def _leads_on(self, path: bytes) -> bool:
        return any(known.startswith(path) for known in self._contents.old_files)

    def _read(self, command: Command) -> Answer:
        file = self._current()
        if file.read is Access.PIN and not self._contents.pin(USER_PIN).verified:
            raise Refusal(_PIN_FIRST)
        if command.expected is None or command.parameters > len(file.content):
            raise Refusal(Status.BAD_OFFSET)
        at = command.parameters
        return Answer(bytes(file.content[at : at + command.expected]))

    def _current(self) -> Elementary:
        file = self._contents.old_files.get(self._path)
        if file is None:
            raise Refusal(_NOTHING_SELECTED)
        return file
