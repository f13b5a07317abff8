"""The chip as a reader meets it: power, reset, and one answer for each command."""

from __future__ import annotations

from dataclasses import dataclass

from cpx_tool.emulate.chip import cps2ter
from cpx_tool.emulate.chip.answer import DONE, Answer
from cpx_tool.emulate.chip.apdu import MAX_ANSWER, Command, parse
from cpx_tool.emulate.chip.applet import Applet
from cpx_tool.emulate.chip.channels import BASIC, Channels
from cpx_tool.emulate.chip.contents import Contents
from cpx_tool.emulate.chip.status import Refusal, Status

_GET_RESPONSE = 0xC0
_MORE = 0x6100
_LONGEST_CHAIN = 4096
_LONGEST_ATR = 33


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of card: its ATR, what it does on a channel, and the channels that it has. `waits`:
    data that Le did not ask for wait for GET RESPONSE (T=0, ISO/IEC 7816-3, 12.2); they are
    dropped otherwise.
    """

    atr: bytes
    applet: type[Applet]
    waits: bool
    channels: frozenset[int] = frozenset({BASIC})


class Chip:
    """A card. It lives on between readers: the counters of its PINs stay."""

    def __init__(self, kind: Kind, contents: Contents) -> None:
        assert 2 <= len(kind.atr) <= _LONGEST_ATR  # noqa: PLR2004, S101 - of our own making
        self.kind = kind
        self.contents = contents
        self._channels = Channels(kind.applet, contents, kind.channels)
        self._old = cps2ter.Cps2ter(contents)
        self._waiting = b""
        self._chain: tuple[tuple[int, int, int, int], bytes] | None = None

    @property
    def atr(self) -> bytes:
        """What it says when it is powered on."""
        return self.kind.atr

    def reset(self) -> None:
        """Power on, or a reset: nothing selected, no PIN given."""
        self.contents.power_off()
        self._channels.reset()
        self._old.reset()
        self._waiting = b""
        self._chain = None

    def transmit(self, apdu: bytes) -> bytes:
        """The answer to a command, whatever it is: a status word at least. Never raises."""
        try:
            command = parse(apdu)
            return self._answer(command).encoded()
        except Refusal as refusal:
            self._chain = None
            return Answer(status=refusal.status).encoded()

    def _answer(self, command: Command) -> Answer:
        if command.cla == cps2ter.CLASS:
            self._waiting, self._chain = b"", None
            return self._old.handle(command)
        self._refuse_class(command)
        if command.ins == _GET_RESPONSE:
            return self._rest(command)
        self._waiting = b""
        whole = self._chained(command)
        return DONE if whole is None else self._deliver(self._channels.handle(whole), whole)

    def _refuse_class(self, command: Command) -> None:
        if command.proprietary or command.cla & 0x60:
            raise Refusal(Status.NO_CLASS)
        if command.secured:
            raise Refusal(Status.NO_SECURE_MESSAGING)
        self._channels.refuse_unknown(command)

    def _chained(self, command: Command) -> Command | None:
        """The whole command, or None while the chain goes on (ISO/IEC 7816-4, 5.4.1)."""
        chain, self._chain = self._chain, None
        before = b""
        if chain is not None:
            head, before = chain
            if head != command.same_chain:
                raise Refusal(Status.CHAIN_BROKEN)
        if len(before) + len(command.data) > _LONGEST_CHAIN:
            raise Refusal(Status.WRONG_LENGTH)
        if not command.chained:
            return command.whole(before)
        self._chain = (command.same_chain, before + command.data)
        return None

    def _deliver(self, answer: Answer, command: Command) -> Answer:
        """Cut the answer to what was asked for."""
        if not answer.data:
            return answer
        if command.expected is None:
            if not self.kind.waits:
                return Answer(status=answer.status)
            self._waiting = answer.data
            return Answer(status=self._more())
        head, self._waiting = answer.data[: command.expected], answer.data[command.expected :]
        return Answer(head, self._more() if self._waiting else answer.status)

    def _rest(self, command: Command) -> Answer:
        if self._chain is not None:
            raise Refusal(Status.CHAIN_BROKEN)
        if not self._waiting or command.parameters or command.expected is None:
            raise Refusal(Status.CONDITIONS)
        answer, self._waiting = Answer(self._waiting), b""
        return self._deliver(answer, command)

    def _more(self) -> int:
        """61xx: how much is waiting, 00 for 256 or more."""
        return _MORE | (0 if len(self._waiting) >= MAX_ANSWER else len(self._waiting))
