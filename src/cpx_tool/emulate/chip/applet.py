"""Commands that both kinds of card have: files, PINs, random numbers (ISO/IEC 7816-4)."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from cpx_tool.emulate.chip.answer import DONE, Answer
from cpx_tool.emulate.chip.apdu import MAX_ANSWER, Command
from cpx_tool.emulate.chip.contents import UNBLOCKING_PIN, USER_PIN, Contents
from cpx_tool.emulate.chip.files import MASTER_FILE, Access, Elementary, Place
from cpx_tool.emulate.chip.pin import Pin
from cpx_tool.emulate.chip.status import Refusal, Status
from cpx_tool.emulate.tlv import tlv

_BY_SHORT_ID = 0x80
_SHORT_ID, _RESERVED = 0x1F, 0x60
_NO_ANSWER = 0x0C
_CONTROL_ONLY = 0x04
_FCP, _FCI = 0x62, 0x6F

SELECT, SELECT_BY_NAME = 0xA4, 0x04
"""INS, and P1 that names a directory by its AID."""
_BY_IDENTIFIER, _ENTRY, _PARENT, _FROM_ROOT, _FROM_HERE = 0x00, 0x02, 0x03, 0x08, 0x09
"""The other P1 of SELECT (table 62)."""

_OLD_AND_NEW, _ONLY_NEW = 0x00, 0x01
"""P1 of CHANGE REFERENCE DATA (11.6.7)."""
_CODE_AND_NEW, _CODE, _NEW, _NOTHING = 0x00, 0x01, 0x02, 0x03
"""P1 of RESET RETRY COUNTER (11.6.10)."""
_LOCAL = 0x80

Handler = Callable[[Command], Answer]


class Applet:
    """A logical channel of a powered card: what is selected, and the commands, by INS."""

    control_tag = _FCP
    """Of the template that SELECT answers, where P2 asks for control parameters."""
    tells_verified = True
    """VERIFY without data answers 9000 after the PIN was given."""

    def __init__(self, contents: Contents) -> None:
        self.contents = contents
        self.place = Place((contents.root,))
        self.commands: dict[int, Handler] = {
            0x20: self._verify,
            0x24: self._change,
            0x2C: self._unblock,
            0x84: self._challenge,
            SELECT: self._select,
            0xB0: self._read,
            0xD6: self._update,
        }

    def handle(self, command: Command) -> Answer:
        """Do what a whole command says. Raises `Refusal`."""
        handler = self.commands.get(command.ins)
        if handler is None:
            raise Refusal(Status.NO_INSTRUCTION)
        return handler(command)

    def _select(self, command: Command) -> Answer:
        if command.p2 not in (0x00, _CONTROL_ONLY, _NO_ANSWER):
            raise Refusal(Status.BAD_PARAMETERS)
        self.place = self._target(command.p1, command.data)
        if command.p2 == _NO_ANSWER:
            return DONE
        tag = self.control_tag if command.p2 == _CONTROL_ONLY else _FCI
        return Answer(tlv(tag, self.place.selected.control()))

    def _target(self, way: int, data: bytes) -> Place:
        if way == SELECT_BY_NAME:
            return self._named(data)
        if way == _PARENT:
            return self.place.parent()
        if way in (_BY_IDENTIFIER, _ENTRY):
            if len(data) not in (0, 2):
                raise Refusal(Status.BAD_DATA)
            return self._path(data or MASTER_FILE.to_bytes(2, "big"))
        if way in (_FROM_ROOT, _FROM_HERE):
            start = self.place.root() if way == _FROM_ROOT else self.place
            return self._path(data, start)
        raise Refusal(Status.BAD_PARAMETERS)

    def _path(self, data: bytes, start: Place | None = None) -> Place:
        """Paths may begin with the MF, whatever P1 says: the middleware's do (CPS3) [seen]."""
        if data[:2] == MASTER_FILE.to_bytes(2, "big"):
            root = self.place.root()
            return root.follow(data[2:]) if len(data) > 2 else root  # noqa: PLR2004
        return Place((start or self.place).directories).follow(data)

    def _named(self, name: bytes) -> Place:
        found = self.contents.root.by_name(name)
        if found is None:
            raise Refusal(Status.NO_FILE)
        return self.place.to(found)

    def _read(self, command: Command) -> Answer:
        file, offset = self._file_at(command)
        self._allow(file.read)
        if offset > len(file.content):
            raise Refusal(Status.BAD_OFFSET)
        if command.expected is None:
            raise Refusal(Status.WRONG_LENGTH)
        data = bytes(file.content[offset : offset + command.expected])
        short = len(data) < command.expected != MAX_ANSWER  # that one asks for all there is
        return Answer(data, Status.END_OF_FILE if short else Status.OK)

    def _update(self, command: Command) -> Answer:
        file, offset = self._file_at(command)
        self._allow(file.update)
        if not command.data:
            raise Refusal(Status.WRONG_LENGTH)
        end = offset + len(command.data)
        if offset > len(file.content):
            raise Refusal(Status.BAD_OFFSET)
        if end > len(file.content):
            raise Refusal(Status.NO_ROOM)
        file.content[offset:end] = command.data
        return DONE

    def _file_at(self, command: Command) -> tuple[Elementary, int]:
        """The file that a command works on, and where in it (ISO/IEC 7816-4, 11.3.1)."""
        if command.p1 & _BY_SHORT_ID:
            if command.p1 & _RESERVED:
                raise Refusal(Status.BAD_PARAMETERS)
            found = self.place.directory.by_short_id(command.p1 & _SHORT_ID)
            self.place = Place(self.place.directories, found)
            return found, command.p2
        if self.place.file is None:
            raise Refusal(Status.NO_FILE_SELECTED)
        return self.place.file, command.parameters

    def _allow(self, access: Access) -> None:
        if access is Access.NEVER:
            raise Refusal(Status.NOT_ALLOWED_YET)
        if access is Access.PIN:
            self.contents.pin(USER_PIN).refuse_unless_verified()

    def _verify(self, command: Command) -> Answer:
        """Without data: how many tries are left."""
        pin = self._pin(command, 0x00)
        if command.data:
            pin.present(command.data)
            return DONE
        if pin.blocked:
            raise Refusal(Status.BLOCKED)
        if pin.verified and self.tells_verified:
            return DONE
        raise Refusal(Status.TRIES_LEFT | pin.left)

    def _change(self, command: Command) -> Answer:
        """Old and new value, or the new one alone once the old one was given."""
        pin = self._pin(command, _OLD_AND_NEW, _ONLY_NEW)
        if command.p1 == _OLD_AND_NEW:
            if len(command.data) != 2 * pin.length:
                raise Refusal(Status.WRONG_LENGTH)
            pin.present(command.data[: pin.length])
            pin.change(command.data[pin.length :])
            return DONE
        self._authorise_change(pin)
        pin.change(command.data)
        return DONE

    def _authorise_change(self, pin: Pin) -> None:
        """Raises `Refusal` unless who changes it may."""
        pin.refuse_unless_verified()

    def _unblock(self, command: Command) -> Answer:
        """RESET RETRY COUNTER, by the code in the command, which counts for this one alone, or by
        the one that VERIFY was given before.
        """
        pin = self._pin(command, _CODE_AND_NEW, _CODE, _NEW, _NOTHING)
        if pin is not self.contents.pin(USER_PIN):
            raise Refusal(Status.NO_OBJECT)
        code = self.contents.pin(UNBLOCKING_PIN)
        new = command.data
        if command.p1 in (_CODE_AND_NEW, _CODE):
            new = command.data[code.length :]
            _refuse_other_length(new, pin.length if command.p1 == _CODE_AND_NEW else 0)
            code.compare(command.data[: code.length])
        else:
            _refuse_other_length(new, pin.length if command.p1 == _NEW else 0)
            code.refuse_unless_verified()
        if new:
            pin.change(new)
        pin.unblock()
        return DONE

    def _pin(self, command: Command, *allowed: int) -> Pin:
        if command.p1 not in allowed:
            raise Refusal(Status.BAD_PARAMETERS)
        return self.contents.pin(command.p2 & ~_LOCAL)

    def _challenge(self, command: Command) -> Answer:
        if command.parameters:
            raise Refusal(Status.BAD_PARAMETERS)
        if command.expected is None or command.data:
            raise Refusal(Status.WRONG_LENGTH)
        return Answer(secrets.token_bytes(command.expected))


def _refuse_other_length(value: bytes, length: int) -> None:
    if len(value) != length:
        raise Refusal(Status.WRONG_LENGTH)
