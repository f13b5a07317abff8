"""An HTTP proxy for CONNECT (RFC 9110, 9.3.6), good or bad."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

from support.tls.sockets import Listener, listening

_SECONDS = 20
_TICK = 0.02


class Manner(StrEnum):
    """What the proxy does with CONNECT."""

    GOOD = "good"
    FORBIDDEN = "forbidden"
    """403."""
    AUTHENTICATE = "authenticate"
    """407, unless "Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=" (user:secret) is said."""
    UNREACHABLE = "unreachable"
    """502, as where the server is not to be had."""
    GARBAGE = "garbage"
    HANG = "hang"
    CLOSE = "close"


CREDENTIALS = "user:secret"
_AUTHORIZATION = "proxy-authorization: basic dxnlcjpzzwnyzxq="
_REFUSALS = {
    Manner.FORBIDDEN: b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
    Manner.AUTHENTICATE: b"HTTP/1.1 407 Proxy Authentication Required\r\n"
    b'Proxy-Authenticate: Basic realm="test"\r\nContent-Length: 0\r\n\r\n',
    Manner.UNREACHABLE: b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n",
    Manner.GARBAGE: b"\x00\x01\x02 this is no proxy\r\n\r\n",
    Manner.CLOSE: b"",
}


@dataclass
class Proxy:
    """`asked` holds the heads of the requests, line by line; `tunnels` how many were dug."""

    port: int
    asked: list[list[str]] = field(default_factory=list)
    tunnels: int = 0

    @property
    def url(self) -> str:
        """As it stands in https_proxy."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def proxy(manner: Manner = Manner.GOOD) -> Iterator[Proxy]:
    """A proxy on 127.0.0.1. Names are resolved by it: any name is this machine."""
    seen = Proxy(0)

    def handler(connection: socket.socket, listener: Listener) -> None:
        head = _head(connection)
        seen.asked.append(head)
        if manner is Manner.HANG:
            listener.stopped.wait()
        elif manner is Manner.GOOD or (manner is Manner.AUTHENTICATE and _authorized(head)):
            seen.tunnels += 1
            _tunnel(connection, int(head[0].split()[1].rpartition(":")[2]), listener)
        else:
            connection.sendall(_REFUSALS[manner])

    with listening(handler) as listener:
        seen.port = listener.port
        yield seen


@contextmanager
def late(port: int, seconds: float) -> Iterator[Listener]:
    """A relay to the server at that port: what it says after its first flight comes so late."""

    def handler(connection: socket.socket, listener: Listener) -> None:
        with socket.create_connection(("127.0.0.1", port), _SECONDS) as server:
            server.settimeout(None)
            server.sendall(connection.recv(65_536))
            answered = threading.Event()
            onward = threading.Thread(target=_copy, args=(connection, server, answered))
            onward.start()
            with contextlib.suppress(OSError):
                while got := server.recv(65_536):
                    if answered.is_set():
                        listener.stopped.wait(seconds)
                    connection.sendall(got)
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            onward.join()

    with listening(handler) as listener:
        yield listener


def _authorized(head: list[str]) -> bool:
    return _AUTHORIZATION in [line.lower() for line in head]


def _head(connection: socket.socket) -> list[str]:
    """Up to the empty line, byte by byte: what follows belongs to the tunnel."""
    content = b""
    while not content.endswith(b"\r\n\r\n"):
        got = connection.recv(1)
        if not got:
            break
        content += got
    return content.decode("latin-1").splitlines()


def _tunnel(connection: socket.socket, port: int, listener: Listener) -> None:
    with socket.create_connection(("127.0.0.1", port), _SECONDS) as server:
        server.settimeout(None)
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        back = threading.Thread(target=_copy, args=(server, connection))
        back.start()
        _copy(connection, server)
        while back.is_alive():
            if listener.stopped.is_set():
                with contextlib.suppress(OSError):
                    server.shutdown(socket.SHUT_RDWR)
            back.join(_TICK)


def _copy(
    source: socket.socket, target: socket.socket, begun: threading.Event | None = None
) -> None:
    """Until the end, which is passed on."""
    with contextlib.suppress(OSError):
        while got := source.recv(65_536):
            if begun is not None:
                begun.set()
            target.sendall(got)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
