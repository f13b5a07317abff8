"""What a command is answered, before it is cut to what was asked for."""

from __future__ import annotations

from dataclasses import dataclass

from cpx_tool.emulate.chip.status import Status


@dataclass(frozen=True, slots=True)
class Answer:
    """Data and status word."""

    data: bytes = b""
    status: int = Status.OK

    def encoded(self) -> bytes:
        """As bytes of the answer."""
        return self.data + self.status.to_bytes(2, "big")


DONE = Answer()
