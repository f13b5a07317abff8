"""A server of threads on 127.0.0.1: each connection is given to a function."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from support.tls.pki import Identity

_TICK = 0.02
_QUEUE = 64


@dataclass
class Listener:
    """`connections` counts those that came. `stopped` ends what would go on for ever."""

    port: int
    connections: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)

    def log(self) -> str:
        """How many connections came, in words."""
        return f"{self.connections} connections"


Handler = Callable[[socket.socket, Listener], None]
"""Talks on a connection; what happens when the other side hangs up may be raised. When it
returns, the connection is closed."""


@contextmanager
def listening(handler: Handler) -> Iterator[Listener]:
    """Give each connection to `handler`, in a thread of its own."""
    with socket.create_server(("127.0.0.1", 0), backlog=_QUEUE) as server:
        listener = Listener(server.getsockname()[1])
        server.settimeout(_TICK)  # closing it would not wake accept
        thread = threading.Thread(target=_accept, args=(server, handler, listener))
        thread.start()
        try:
            yield listener
        finally:
            listener.stopped.set()
            thread.join()


def _accept(server: socket.socket, handler: Handler, listener: Listener) -> None:
    threads: list[tuple[threading.Thread, socket.socket]] = []
    while not listener.stopped.is_set():
        try:
            connection, _ = server.accept()
        except TimeoutError:
            continue
        connection.settimeout(None)
        listener.connections += 1
        thread = threading.Thread(target=_serve, args=(handler, connection, listener))
        thread.start()
        threads.append((thread, connection))
    for thread, connection in threads:
        with contextlib.suppress(OSError):  # whoever reads or writes is woken
            connection.shutdown(socket.SHUT_RDWR)
        thread.join()


def _serve(handler: Handler, connection: socket.socket, listener: Listener) -> None:
    with connection, contextlib.suppress(OSError):
        handler(connection, listener)


def over_tls(handler: Handler, identity: Identity) -> Handler:
    """The same after a TLS handshake in which nothing is asked of the client."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.certificate, identity.key)

    def wrapped(connection: socket.socket, listener: Listener) -> None:
        # a duplicate: whoever stops the listener still has the connection to shut down
        with context.wrap_socket(connection.dup(), server_side=True) as secured:
            handler(secured, listener)

    return wrapped


def reset(connection: socket.socket) -> None:
    """Close with RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@contextmanager
def closed_port() -> Iterator[int]:
    """A port at which nobody listens, and which nobody else can take."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]
