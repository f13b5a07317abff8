"""Commands as bytes (ISO/IEC 7816-3:2006, 12.1): cases 1 to 4, short lengths."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cpx_tool.emulate.chip.status import Refusal, Status

MAX_ANSWER = 256
"""Bytes of one answer: what Le = 00 stands for."""

CHAINED = 0x10
"""In CLA: another command of the same chain follows (ISO/IEC 7816-4, 5.4.1)."""

_HEAD = 4
_SECURE_MESSAGING = 0x0C
_CHANNEL = 0x03
_PROPRIETARY = 0x80


@dataclass(frozen=True, slots=True)
class Command:
    """One command. `expected` is Le as a number, None where there is none."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes
    expected: int | None

    @property
    def proprietary(self) -> bool:
        """CLA does not follow the standard."""
        return bool(self.cla & _PROPRIETARY)

    @property
    def channel(self) -> int:
        """The logical channel, 0 to 3."""
        return self.cla & _CHANNEL

    @property
    def chained(self) -> bool:
        """Another command follows."""
        return not self.proprietary and bool(self.cla & CHAINED)

    @property
    def secured(self) -> bool:
        """CLA announces secure messaging."""
        return not self.proprietary and bool(self.cla & _SECURE_MESSAGING)

    @property
    def parameters(self) -> int:
        """P1 and P2 as one number."""
        return self.p1 << 8 | self.p2

    @property
    def same_chain(self) -> tuple[int, int, int, int]:
        """What all commands of one chain have in common."""
        return (self.cla & ~CHAINED, self.ins, self.p1, self.p2)

    def whole(self, before: bytes) -> Command:
        """The command that the chain stands for, with the data that came before."""
        return replace(self, cla=self.cla & ~CHAINED, data=before + self.data)


def parse(apdu: bytes) -> Command:
    """The command in these bytes. Raises `Refusal` where its lengths do not fit together.

    Extended lengths are refused: neither kind of card is seen to take them.
    """
    if len(apdu) < _HEAD:
        raise Refusal(Status.WRONG_LENGTH)
    data, expected = _body(apdu[_HEAD:])
    return Command(apdu[0], apdu[1], apdu[2], apdu[3], data, expected)


def _body(body: bytes) -> tuple[bytes, int | None]:
    if not body:
        return b"", None
    if len(body) == 1:
        return b"", body[0] or MAX_ANSWER
    length, rest = body[0], body[1:]
    if length and len(rest) == length:
        return rest, None
    if length and len(rest) == length + 1:
        return rest[:length], rest[length] or MAX_ANSWER
    raise Refusal(Status.WRONG_LENGTH)
