"""A TLS client of OpenSSL's, Python's, with its key in a file: what a server says to it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.tls.pki import HOST, Identity

_SECONDS = 20


@dataclass(frozen=True)
class Answer:
    """The protocol ("TLSv1.3"), and what the server sent up to its end."""

    protocol: str
    text: str


def context(ca: Path, client: Identity | None, *, newest: str = "TLSv1_3") -> ssl.SSLContext:
    """Trusts `ca` alone; TLS 1.2 and newer, up to `newest`."""
    made = ssl.create_default_context(cafile=ca)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.maximum_version = ssl.TLSVersion[newest]
    made.hostname_checks_common_name = False
    made.post_handshake_auth = True
    if client is not None:
        made.load_cert_chain(client.certificate, client.key)
    return made


def get(
    port: int,
    ca: Path,
    client: Identity | None = None,
    *,
    path: str = "/",
    newest: str = "TLSv1_3",
) -> Answer:
    """GET the path. Raises `OSError`: `ssl.SSLError` with the server's alert in its text, if the
    connection was not reset before it was read."""
    with _connected(port, context(ca, client, newest=newest)) as tls:
        tls.sendall(f"GET {path} HTTP/1.0\r\nHost: {HOST}\r\n\r\n".encode())
        content = b""
        while got := tls.recv(65_536):
            content += got
        return Answer(str(tls.version()), content.decode("utf-8", "replace"))


def refusal(port: int, ca: Path, client: Identity | None) -> str:
    """The alert of a server that refuses the client's certificate, as OpenSSL words it.

    In TLS 1.3 the handshake is over for the client by then. It sends nothing more: a server that
    closes with a request unread resets the connection, and the alert may be lost.
    """
    try:
        with _connected(port, context(ca, client)) as tls:
            tls.recv(1)
    except ssl.SSLError as error:
        return str(error)
    raise AssertionError("the server closed the connection without an alert")


@contextmanager
def _connected(port: int, tls: ssl.SSLContext) -> Iterator[ssl.SSLSocket]:
    with (
        socket.create_connection(("127.0.0.1", port), _SECONDS) as plain,
        tls.wrap_socket(plain, server_hostname=HOST) as secured,
    ):
        yield secured
