"""What servers do wrong: handlers for `support.tls.sockets.listening`.

Those that speak HTTP are meant for `over_tls`.
"""

from __future__ import annotations

import random
import socket
import struct

from support.tls.sockets import Handler, Listener, reset

_HANDSHAKE, _ALERT, _CHANGE_CIPHER_SPEC = 22, 21, 20
_TLS_1_2 = 0x0303
_SERVER_HELLO = 2
_RECORD_BYTES = 2**14
_DRIP_SECONDS = 0.2
_CHUNK = bytes(65_536)


def record(kind: int, content: bytes) -> bytes:
    """A TLS record (RFC 5246, 6.2.1)."""
    return struct.pack(">BHH", kind, _TLS_1_2, len(content)) + content


WARNING = record(_ALERT, b"\x01\x70")
"""The alert unrecognized_name, as a warning."""
CHANGE = record(_CHANGE_CIPHER_SPEC, b"\x01")
"""TLS 1.3 has them ignored (RFC 8446, 5)."""
EMPTY = record(_HANDSHAKE, b"")
"""A record without content, which only application data may be (RFC 8446, 5.1)."""
LONG_MESSAGE = record(
    _HANDSHAKE, bytes([_SERVER_HELLO]) + b"\xff\xff\xff" + bytes(_RECORD_BYTES - 4)
)
"""The beginning of a ServerHello of 16 MiB, and then of another within it."""


def close_at_once(_connection: socket.socket, _listener: Listener) -> None:
    """Nothing, not even reading."""


def close_after_hello(connection: socket.socket, _listener: Listener) -> None:
    """Read the ClientHello, and close in order."""
    read_hello(connection)


def reset_after_hello(connection: socket.socket, _listener: Listener) -> None:
    """Read the ClientHello, and close with RST."""
    read_hello(connection)
    reset(connection)


def hang(connection: socket.socket, listener: Listener) -> None:
    """Accept the connection, and be silent."""
    listener.stopped.wait()


def plain_http(connection: socket.socket, _listener: Listener) -> None:
    """What a web server says to a ClientHello on its port without TLS."""
    read_hello(connection)
    body = b"400 The plain HTTP request was expected\n"
    head = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
    connection.sendall(head % len(body) + body)


def random_bytes(seed: int, size: int = 100_000) -> Handler:
    """The same bytes for the same seed."""

    def handler(connection: socket.socket, _listener: Listener) -> None:
        read_hello(connection)
        connection.sendall(random.Random(seed).randbytes(size))  # noqa: S311 - no secret

    return handler


def half_server_hello(*, hangs: bool) -> Handler:
    """The first half of a ServerHello, and then silence or the end."""

    def handler(connection: socket.socket, listener: Listener) -> None:
        read_hello(connection)
        body = struct.pack(">H", _TLS_1_2) + bytes(32) + b"\x00\xc0\x2f\x00"
        message = bytes([_SERVER_HELLO]) + len(body).to_bytes(3, "big") + body
        whole = record(_HANDSHAKE, message)
        connection.sendall(whole[: len(whole) // 2])
        if hangs:
            listener.stopped.wait()

    return handler


def drip(connection: socket.socket, listener: Listener) -> None:
    """A long ServerHello, a byte every fifth of a second."""
    for byte in LONG_MESSAGE:
        connection.sendall(bytes([byte]))
        if listener.stopped.wait(_DRIP_SECONDS):
            return


def endless(content: bytes, head: bytes = b"") -> Handler:
    """`head`, and then the same again and again, as fast as the client reads."""

    def handler(connection: socket.socket, listener: Listener) -> None:
        connection.recv(1)
        connection.sendall(head)
        many = content * max(1, len(_CHUNK) // len(content))
        while not listener.stopped.is_set():
            connection.sendall(many)

    return handler


def long_body(size: int) -> Handler:
    """An answer with so many bytes of body, which it announces."""

    def handler(connection: socket.socket, _listener: Listener) -> None:
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(size // len(_CHUNK)):
            connection.sendall(_CHUNK)
        connection.sendall(_CHUNK[: size % len(_CHUNK)])

    return handler


def saying(answer: bytes) -> Handler:
    """These bytes to any request, HTTP or not."""

    def handler(connection: socket.socket, _listener: Listener) -> None:
        connection.recv(65_536)
        connection.sendall(answer)

    return handler


endless_headers = endless(b"X-More: and more\r\n", b"HTTP/1.1 200 OK\r\n")
"""Headers without end."""


def read_hello(connection: socket.socket) -> None:
    """The whole first record: where some of it stays unread, closing sends RST."""
    with connection.makefile("rb") as stream:
        head = stream.read(5)
        stream.read(int.from_bytes(head[3:5], "big"))
