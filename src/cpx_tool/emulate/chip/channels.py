"""Logical channels (ISO/IEC 7816-4:2020, 5.4): on each, a file is selected and keys are chosen.

PINs are the card's: "logical channels may share application-dependent security status". What was
given on one is given on all, and so are the tries that are left.
"""

from __future__ import annotations

from cpx_tool.emulate.chip.answer import DONE, Answer
from cpx_tool.emulate.chip.apdu import Command
from cpx_tool.emulate.chip.applet import SELECT, SELECT_BY_NAME, Applet
from cpx_tool.emulate.chip.contents import Contents
from cpx_tool.emulate.chip.status import Refusal, Status

BASIC = 0
"""The channel that is always open."""

_MANAGE_CHANNEL = 0x70
_OPEN, _CLOSE = 0x00, 0x80
"""P1 of MANAGE CHANNEL (11.1.2)."""


class Channels:
    """Of a powered card: an applet for each channel that is open."""

    def __init__(self, applet: type[Applet], contents: Contents, numbers: frozenset[int]) -> None:
        self._applet = applet
        self._contents = contents
        self._numbers = numbers
        self._open: dict[int, Applet] = {}
        self.reset()

    def reset(self) -> None:
        """As after power on: the basic channel alone, with the MF selected."""
        self._open = {BASIC: self._applet(self._contents)}

    def refuse_unknown(self, command: Command) -> None:
        """Raises `Refusal` for a channel that the card has not."""
        if command.channel not in self._numbers:
            raise Refusal(Status.NO_SUCH_CHANNEL)

    def handle(self, command: Command) -> Answer:
        """Do what a whole command says, on its channel. Raises `Refusal`."""
        applet = self._open.get(command.channel)
        if applet is None:
            return self._opened_by(command)
        if command.ins == _MANAGE_CHANNEL and len(self._numbers) > 1:
            return self._manage(command)
        return applet.handle(command)

    def _opened_by(self, command: Command) -> Answer:
        """SELECT by name opens the channel that it names (5.4.2): the middleware does so."""
        if (command.ins, command.p1) != (SELECT, SELECT_BY_NAME):
            raise Refusal(Status.NO_SUCH_CHANNEL)
        applet = self._applet(self._contents)
        answer = applet.handle(command)
        self._open[command.channel] = applet
        return answer

    def _manage(self, command: Command) -> Answer:
        if command.p1 == _OPEN:
            return self._opened(command)
        if command.p1 == _CLOSE:
            return self._closed(command.p2 or command.channel)
        raise Refusal(Status.BAD_PARAMETERS)

    def _opened(self, command: Command) -> Answer:
        """The one that P2 names, else the first that is free: its number is the answer then."""
        free = sorted(self._numbers - self._open.keys())
        number = command.p2 or next(iter(free), BASIC)
        if number not in free:
            raise Refusal(Status.NO_FUNCTION)
        self._open[number] = self._applet(self._contents)
        if command.channel != BASIC:  # it begins where the one that opened it is
            self._open[number].place = self._open[command.channel].place
        return DONE if command.p2 else Answer(bytes([number]))

    def _closed(self, number: int) -> Answer:
        if number == BASIC:
            raise Refusal(Status.NO_FUNCTION)
        if self._open.pop(number, None) is None:
            return Answer(status=Status.UNCHANGED)
        return DONE
