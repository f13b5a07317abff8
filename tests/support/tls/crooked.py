"""A server of tlslite-ng's that goes wrong where it is told to, also under encryption.

It takes its own wrong messages for right: transcript, keys and signatures go on from them, and
what a client stumbles over is the message alone.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from tlslite.constants import AlertDescription, ContentType, HandshakeType
from tlslite.handshakesettings import HandshakeSettings
from tlslite.messages import Alert, Message
from tlslite.tlsconnection import TLSConnection
from tlslite.utils.keyfactory import parsePEMKey
from tlslite.x509certchain import X509CertChain

from support.tls.pki import Identity
from support.tls.sockets import Listener

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n"
_VERSIONS = {"TLSv1.2": (3, 3), "TLSv1.3": (3, 4)}
_HEAD = 4
"""Of a handshake message: its type, its length."""

Change = Callable[[int, bytes], bytes]
"""A message's content type and bytes → what is sent instead."""


class CrookedServer(TLSConnection):
    """What it sends goes through `change` first."""

    def __init__(self, sock: socket.socket, change: Change) -> None:
        super().__init__(sock)
        self._change = change

    def _sendMsg(
        self, msg: Any, randomizeFirstBlock: bool = True, update_hashes: bool = True
    ) -> Iterator[Any]:
        if update_hashes:  # what was queued is wrong by then
            msg = self._changed(msg)
        yield from super()._sendMsg(msg, randomizeFirstBlock, update_hashes)

    def _queue_message(self, msg: Any) -> None:
        super()._queue_message(self._changed(msg))

    def _changed(self, msg: Any) -> Message:
        kind = msg.contentType
        return Message(kind, bytearray(self._change(kind, bytes(msg.write()))))

    def say(self, kind: int, content: bytes) -> None:
        """These bytes in records of that type, unchanged."""
        for _ in super()._sendMsg(Message(kind, bytearray(content)), update_hashes=False):
            pass


After = Callable[[CrookedServer, Listener], None]
"""What is done when the handshake is over."""


def as_it_is(_kind: int, content: bytes) -> bytes:
    """Nothing is changed."""
    return content


def answering(content: bytes) -> After:
    """Read a request, and say that."""

    def after(server: CrookedServer, _listener: Listener) -> None:
        read_request(server)
        server.write(content)
        server.close()

    return after


answer = answering(ANSWER)
"""A good one."""


@dataclass(frozen=True)
class Crooked:
    """One that shows `identity`, speaks TLS 1.2 or 1.3 and, where it `asks`, demands a client
    certificate. `patience`: seconds for each wait for the client, None without end.
    """

    identity: Identity
    version: str = "TLSv1.3"
    change: Change = as_it_is
    asks: bool = False
    after: After = answer
    ciphers: tuple[str, ...] = ()
    """Key exchanges: "dhe_rsa"; all where it is empty."""
    patience: float | None = None

    def but(self, **changes: Any) -> Crooked:
        """The same with changes."""
        return replace(self, **changes)

    def load(self) -> None:
        """Read the files of `identity`, which need not be there any more afterwards."""
        _chain(self.identity)
        _key(self.identity)

    def serve(self, connection: socket.socket, listener: Listener) -> None:
        """A `support.tls.sockets.Handler`."""
        connection.settimeout(self.patience)
        server = CrookedServer(connection, self.change)
        server.ignoreAbruptClose = True
        with contextlib.suppress(Exception):  # whatever the client's end makes of it
            server.handshakeServer(
                certChain=_chain(self.identity),
                privateKey=_key(self.identity),
                reqCert=self.asks,
                settings=self._settings(),
                alpn=[bytearray(b"http/1.1")],
            )
            self.after(server, listener)

    def _settings(self) -> HandshakeSettings:
        settings = HandshakeSettings()
        settings.minVersion = settings.maxVersion = _VERSIONS[self.version]
        settings.versions = [_VERSIONS[self.version]]
        settings.ticketKeys = [bytearray(32)]
        settings.eccCurves = ["secp256r1", "x25519"]
        settings.certificate_compression_send = []
        settings.certificate_compression_receive = []
        if self.ciphers:
            settings.keyExchangeNames = list(self.ciphers)
        return settings


def instead(kind: int, body: bytes) -> Change:
    """Handshake messages of that type have this body."""
    return altered(kind, lambda _: body)


def altered(kind: int, change: Callable[[bytes], bytes]) -> Change:
    """The bodies of handshake messages of that type are changed."""

    def apply(content_type: int, content: bytes) -> bytes:
        if content_type != ContentType.handshake or content[0] != kind:
            return content
        return message(kind, change(content[_HEAD:]))

    return apply


def message(kind: int, body: bytes) -> bytes:
    """A handshake message."""
    return bytes([kind]) + len(body).to_bytes(3) + body


def certificate_body(ders: Sequence[bytes], version: str) -> bytes:
    """Of a Certificate message (RFC 5246, 7.4.2; RFC 8446, 4.4.2)."""
    tail = b"\0\0" if version == "TLSv1.3" else b""
    entries = b"".join(_vector(3, der) + tail for der in ders)
    return (b"\0" if version == "TLSv1.3" else b"") + _vector(3, entries)


def request_body(
    version: str, schemes: Sequence[int] = (0x0804, 0x0401), names: Sequence[bytes] = ()
) -> bytes:
    """Of a CertificateRequest (RFC 5246, 7.4.4; RFC 8446, 4.3.2)."""
    listed = _vector(2, b"".join(scheme.to_bytes(2) for scheme in schemes))
    given = _vector(2, b"".join(_vector(2, name) for name in names))
    if version == "TLSv1.2":
        return _vector(1, b"\x01") + listed + given
    extensions = b"\x00\x0d" + _vector(2, listed)
    if names:
        extensions += b"\x00\x2f" + _vector(2, given)
    return b"\0" + _vector(2, extensions)


def endless(kind: int, content: bytes, *, together: int = 1) -> After:
    """These bytes in records of that type, again and again; so many of them in one."""

    def after(server: CrookedServer, listener: Listener) -> None:
        while not listener.stopped.is_set():
            server.say(kind, content * together)

    return after


def dripping(content: bytes, seconds: float, head: bytes = b"") -> After:
    """The head, and then the same again and again, a little at a time."""

    def after(server: CrookedServer, listener: Listener) -> None:
        read_request(server)
        server.write(head)
        while not listener.stopped.wait(seconds):
            server.write(content)

    return after


def pouring(content: bytes, head: bytes = b"") -> After:
    """The head, and then the same again and again."""

    def after(server: CrookedServer, listener: Listener) -> None:
        read_request(server)
        server.write(head)
        while not listener.stopped.is_set():
            server.write(content)

    return after


WARNING = Alert().create(AlertDescription.unrecognized_name, 1).write()
TICKET = message(
    HandshakeType.new_session_ticket,
    b"\0\0\x0e\x10" + bytes(4) + b"\x01\0" + b"\0\x08" + bytes(8) + b"\0\0",
)
KEY_UPDATE = message(HandshakeType.key_update, b"\x01")
"""It asks for one in return (RFC 8446, 4.6.3)."""
HELLO_REQUEST = message(HandshakeType.hello_request, b"")


def read_request(server: CrookedServer) -> None:
    """Up to the end of its head. Raises `EOFError`."""
    seen = b""
    while b"\r\n\r\n" not in seen:
        got = server.read(4096, 1)
        if not got:
            raise EOFError
        seen += got


def _vector(size: int, content: bytes) -> bytes:
    return len(content).to_bytes(size) + content


@cache
def _chain(identity: Identity) -> X509CertChain:
    chain = X509CertChain()
    chain.parsePemList(identity.certificate.read_text())
    return chain


@cache
def _key(identity: Identity) -> Any:
    return parsePEMKey(identity.key.read_text(), private=True)


def ders_of(identity: Identity) -> list[bytes]:
    """The certificates it shows."""
    found = x509.load_pem_x509_certificates(identity.certificate.read_bytes())
    return [one.public_bytes(Encoding.DER) for one in found]
