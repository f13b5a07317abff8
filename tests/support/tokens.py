"""Changes what an emulated token shows: SoftHSM keeps public objects in files as they are."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

_CKA_LABEL, _CKA_VALUE = 0x3, 0x11
_BYTES = 3
"""An attribute in the file: type, kind, length (8 bytes each, big endian), value."""


def change_certificate(
    directory: Path, serial: str, label: str, change: Callable[[bytes], bytes]
) -> None:
    """Replace the certificate of that label on the token of that serial, in an emulation."""
    (token,) = (
        path.parent
        for path in directory.rglob("token.object")
        if serial.encode() in path.read_bytes()
    )
    (file,) = (path for path in token.glob("*.object") if _is_certificate(path, label))
    content = file.read_bytes()
    start, end = _value(content, _CKA_VALUE)
    value = change(content[start:end])
    head = content[: start - 8] + struct.pack(">Q", len(value))
    file.write_bytes(head + value + content[end:])


def _is_certificate(path: Path, label: str) -> bool:
    content = path.read_bytes()
    start, end = _value(content, _CKA_LABEL)
    return content[start:end] == label.encode()


def _value(content: bytes, attribute: int) -> tuple[int, int]:
    """Where the value of an attribute begins and ends; both 0 when there is none."""
    head = struct.pack(">QQ", attribute, _BYTES)
    if head not in content:
        return 0, 0
    start = content.index(head) + len(head) + 8
    (length,) = struct.unpack(">Q", content[start - 8 : start])
    return start, start + length
