"""What parent and worker say to each other.

Frames on both pipes: 4 bytes length (big endian), then JSON.
"""

from __future__ import annotations

from typing import BinaryIO

import msgspec

from cpx_tool.model.fault import Fault
from cpx_tool.model.token import Seal


class Request(msgspec.Struct):
    """One call of `ports.Tokens`. The PIN travels here, and nowhere else."""

    call: str
    slot_id: int = -1
    key_id: str = ""
    mechanism: str = ""
    data: bytes = b""
    pin: str | None = None
    expected: Seal | None = None

    def __repr__(self) -> str:
        return f"Request({self.call})"


class Reply(msgspec.Struct):
    """The call's value as JSON, or its fault; and the worker's memory at its most, in bytes."""

    value: msgspec.Raw = msgspec.Raw(b"null")
    fault: Fault | None = None
    memory: int = 0


def read_frame(pipe: BinaryIO) -> bytes | None:
    """The next frame, or None when the other side closed."""
    head = pipe.read(4)
    if len(head) < 4:  # noqa: PLR2004 - the length of the length
        return None
    size = int.from_bytes(head, "big")
    body = pipe.read(size)
    return body if len(body) == size else None


def write_frame(pipe: BinaryIO, body: bytes) -> None:
    """Write one frame and flush it."""
    pipe.write(len(body).to_bytes(4, "big") + body)
    pipe.flush()
