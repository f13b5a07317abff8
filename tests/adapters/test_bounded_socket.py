"""A socket with an end in seconds and in bytes."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest

from cpx_tool.adapters.bounded_socket import HEAD_BYTES, BoundedSocket, Deadline, TooMuch

MOST = 1_000


class Clock:
    """Moves when it is told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def bounded(sock: socket.socket, seconds: float = 20, most: int = MOST) -> BoundedSocket:
    return BoundedSocket(sock, Deadline(seconds), most)


def test_all_waits_share_the_deadline() -> None:
    clock = Clock()
    deadline = Deadline(10, clock)
    assert deadline.left() == 10
    clock.now += 7
    assert deadline.left() == 3
    clock.now += 3
    with pytest.raises(TimeoutError):
        deadline.left()


def test_what_a_card_takes_does_not_count() -> None:
    clock = Clock()
    deadline = Deadline(10, clock)
    clock.now += 4
    with deadline.paused():
        clock.now += 1_000
    assert deadline.left() == 6
    with suppress(KeyError), deadline.paused():
        clock.now += 1_000
        raise KeyError
    assert deadline.left() == 6


def test_bytes_go_both_ways(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    sock = bounded(ours)
    assert sock.send(b"hello") == 5
    sock.sendall(b", world")
    assert theirs.recv(100) == b"hello, world"
    theirs.sendall(b"yes")
    assert sock.recv(100) == b"yes"
    theirs.shutdown(socket.SHUT_WR)
    assert sock.recv(100) == b""


def test_the_first_bytes_are_kept(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    sock = bounded(ours)
    theirs.sendall(b"a" * 40 + b"b" * 60)
    sock.recv(40)
    assert sock.head == b"a" * 40
    sock.recv(60)
    assert sock.head == b"a" * 40 + b"b" * (HEAD_BYTES - 40)


def test_too_much_is_too_much_in_one_piece_or_many(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    sock = bounded(ours)
    theirs.sendall(bytes(MOST))
    for _ in range(10):
        assert len(sock.recv(MOST // 10)) == MOST // 10
    theirs.sendall(b"x")
    with pytest.raises(TooMuch):
        sock.recv(1)


def test_more_may_be_allowed(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    sock = bounded(ours)
    theirs.sendall(bytes(MOST + 11))
    sock.recv(MOST)
    sock.allow(10)
    sock.recv(10)
    with pytest.raises(TooMuch):
        sock.recv(1)


def test_silence_ends_with_the_deadline(pair: tuple[socket.socket, socket.socket]) -> None:
    with pytest.raises(TimeoutError):
        bounded(pair[0], seconds=0.05).recv(1)


def test_past_the_deadline_nothing_is_waited_for(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    theirs.sendall(b"there")
    late = bounded(ours, seconds=-1)
    for wait in (lambda: late.recv(1), lambda: late.send(b"x"), lambda: late.sendall(b"x")):
        with pytest.raises(TimeoutError):
            wait()


def test_who_does_not_read_ends_with_the_deadline(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    with pytest.raises(TimeoutError):
        bounded(pair[0], seconds=0.05).sendall(bytes(50_000_000))


def test_whether_there_is_more(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    sock = bounded(ours)
    assert not sock.has_more(0)
    theirs.sendall(b"x")
    assert sock.has_more(20)
    sock.recv(1)
    theirs.close()
    assert sock.has_more(20)  # the end is something, too


def test_the_last_words_of_a_server_that_hung_up_are_read(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    """Nothing can be sent any more; it is told when all was heard, and not before."""
    ours, theirs = pair
    theirs.sendall(b"last words")
    theirs.close()
    sock = bounded(ours)
    sock.sendall(b"a request")
    assert sock.send(b"more of it") == len(b"more of it")
    assert sock.recv(5) + sock.recv(100) == b"last words"
    with pytest.raises(BrokenPipeError):
        sock.recv(100)
