"""Which Unix sockets are connected to which: what `ss -x` shows, asked of the kernel itself.

sock_diag(7): anybody may ask. It sees the sockets of this network namespace.
"""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Iterator

_SOCK_DIAG = 4  # NETLINK_SOCK_DIAG
_BY_FAMILY = 20
_REQUEST_DUMP = 0x301
_DONE = 3
_ERROR = 2
_SHOW_NAME_AND_PEER = 0x1 | 0x4
_NAME, _PEER = 0, 2
_ANY = 0xFFFFFFFF
_HEADER = struct.Struct("=IHHII")
_QUESTION = struct.Struct("=BBHIIIII")
_ANSWER = struct.Struct("=BBBBIII")
_ATTRIBUTE = struct.Struct("=HH")
_PATIENCE_SECONDS = 2.0


def clients_of(path: str) -> frozenset[int] | None:
    """Inodes of the sockets that are connected to the one bound at `path`.

    None where this system does not tell.
    """
    if sys.platform != "linux":
        return None
    try:
        found = list(_sockets())
    except (OSError, struct.error):
        return None
    wanted = path.encode(errors="surrogateescape")
    return frozenset(peer for name, peer in found if peer and name == wanted)


def _sockets() -> Iterator[tuple[bytes, int]]:
    """Name and peer's inode (0 for none) of every Unix socket."""
    question = _QUESTION.pack(socket.AF_UNIX, 0, 0, _ANY, 0, _SHOW_NAME_AND_PEER, _ANY, _ANY)
    head = _HEADER.pack(_HEADER.size + len(question), _BY_FAMILY, _REQUEST_DUMP, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as kernel:
        kernel.settimeout(_PATIENCE_SECONDS)
        kernel.send(head + question)
        while True:
            for kind, body in _messages(kernel.recv(1 << 18)):
                if kind == _DONE:
                    return
                if kind == _ERROR:
                    raise OSError("the kernel does not list its sockets")
                yield _name_and_peer(body)


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= _HEADER.size:
        length, kind, *_ = _HEADER.unpack_from(data)
        length = max(length, _HEADER.size)
        yield kind, data[_HEADER.size : length]
        data = data[_aligned(length) :]


def _name_and_peer(body: bytes) -> tuple[bytes, int]:
    name, peer = b"", 0
    rest = body[_ANSWER.size :]
    while len(rest) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(rest)
        length = max(length, _ATTRIBUTE.size)
        value = rest[_ATTRIBUTE.size : length]
        if kind == _NAME:
            name = value.rstrip(b"\0")
        elif kind == _PEER:
            (peer,) = struct.unpack("=I", value)
        rest = rest[_aligned(length) :]
    return name, peer


def _aligned(length: int) -> int:
    return (length + 3) & ~3
