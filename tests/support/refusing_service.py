"""A PC/SC service that refuses: what pcscd's clients see where polkit does not let them in.

It speaks the first two messages of pcsc-lite's protocol (winscard_msg.h): each is a header of two
words, size and command, and a structure, which comes back with its last word as the result.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

_CMD_VERSION = 0x11
_HEADER = struct.Struct("=II")
_RESULT = struct.Struct("=I")
_SUCCESS = 0
_SECURITY_VIOLATION = 0x8010006A


@contextlib.contextmanager
def refusing_service(path: Path) -> Iterator[None]:
    """Serve at this socket; clients find it by PCSCLITE_CSOCK_NAME."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        thread = threading.Thread(target=_serve, args=(listening,))
        thread.start()
        try:
            yield
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def _serve(listening: socket.socket) -> None:
    with contextlib.suppress(OSError):  # shut down: the end
        while True:
            client, _ = listening.accept()
            with client, client.makefile("rwb") as stream:
                while head := stream.read(_HEADER.size):
                    size, command = _HEADER.unpack(head)
                    result = _SUCCESS if command == _CMD_VERSION else _SECURITY_VIOLATION
                    stream.write(stream.read(size)[: -_RESULT.size] + _RESULT.pack(result))
                    stream.flush()
