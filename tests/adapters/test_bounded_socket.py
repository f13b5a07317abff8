"""A socket with an end: what was said before a connection was cut is still heard."""

from __future__ import annotations

import socket

import pytest

from cpx_tool.adapters.bounded_socket import BoundedSocket, Deadline


def test_the_last_words_of_a_server_that_hung_up_are_read() -> None:
    """Nothing can be sent any more; it is told when all was heard, and not before."""
    ours, theirs = socket.socketpair()
    with ours:
        theirs.sendall(b"last words")
        theirs.close()
        bounded = BoundedSocket(ours, Deadline(20), 1000)
        bounded.sendall(b"a request")
        assert bounded.send(b"more of it") == len(b"more of it")
        assert bounded.recv(5) + bounded.recv(100) == b"last words"
        with pytest.raises(BrokenPipeError):
            bounded.recv(100)


def test_an_end_in_order_is_no_error() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        theirs.close()
        assert BoundedSocket(ours, Deadline(20), 1000).recv(100) == b""
