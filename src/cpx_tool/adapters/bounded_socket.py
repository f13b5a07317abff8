"""A socket with an end: so many seconds in all, so many bytes in all."""

from __future__ import annotations

import errno
import os
import select
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_CUT = (BrokenPipeError, ConnectionResetError, ConnectionAbortedError)
HEAD_BYTES = 64
"""What is kept of the first bytes received: enough to tell what it is, if it is no TLS."""


class Deadline:
    """`seconds` from now, all waits together. Not counted is what `paused` encloses."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = clock() + seconds

    def left(self) -> float:
        """Seconds, more than 0. Raises `TimeoutError` when there are none."""
        left = self._end - self._clock()
        if left <= 0:
            # with its number: tlslite-ng looks at it
            raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
        return left

    @contextmanager
    def paused(self) -> Iterator[None]:
        """A card signs, or a person types: the server waits, we do not."""
        start = self._clock()
        try:
            yield
        finally:
            self._end += self._clock() - start


class TooMuch(Exception):
    """More was received than was allowed."""


class BoundedSocket:
    """As much of a socket as tlslite-ng uses. Its methods raise `TimeoutError` past the deadline,
    `TooMuch` past `allow`, and `OSError`.

    A server that refuses says why and closes, often while we still send. That nothing can be sent
    any more is raised by `recv`, and only after all that the server had said was read.
    """

    def __init__(self, sock: socket.socket, deadline: Deadline, most: int) -> None:
        self._socket = sock
        self._deadline = deadline
        self._received = 0
        self._most = most
        self._cut: OSError | None = None
        self.head = b""
        """The first bytes received."""

    def allow(self, more: int) -> None:
        """So many bytes may be received from now on."""
        self._most = self._received + more

    def recv(self, size: int) -> bytes:
        """What is there, b"" at the end."""
        self._socket.settimeout(self._deadline.left())
        data = self._socket.recv(size)
        if not data and self._cut is not None:
            raise self._cut
        self._received += len(data)
        if len(self.head) < HEAD_BYTES:
            self.head = (self.head + data)[:HEAD_BYTES]
        if self._received > self._most:
            raise TooMuch
        return data

    def send(self, data: bytes) -> int:
        """How many bytes went out, or went nowhere: see the class."""
        self.sendall(data)
        return len(data)

    def sendall(self, data: bytes) -> None:
        """All of it."""
        self._socket.settimeout(self._deadline.left())
        if self._cut is not None:
            return
        try:
            self._socket.sendall(data)
        except _CUT as error:
            self._cut = error

    def has_more(self, seconds: float) -> bool:
        """Whether something arrives within that time."""
        ready, _, _ = select.select([self._socket], [], [], seconds)
        return bool(ready)

    def close(self) -> None:
        """Let go."""
        self._socket.close()

    def shutdown(self, how: int) -> None:
        """As a socket's."""
        self._socket.shutdown(how)
