"""Handshakes spoilt by chance, as a target of `make fuzz`: a server that changes what it sends, and
the client that has to live with it.

The first byte of an input is what kind of server it is (`_KINDS`, and some bits). The rest is what
it says in plain text where it is a `_PLAIN` one, and otherwise edits of its messages, which are
encrypted and signed afterwards: see `_Edit`.
"""

from __future__ import annotations

import contextlib
import socket
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Thread

from tlslite.constants import ContentType, HandshakeType

from cpx_tool.adapters.server_proof import ServerTrust, read_ca_file
from cpx_tool.adapters.tls_client import TlsliteClient
from cpx_tool.model.endpoint import Endpoint
from cpx_tool.model.handshake import AnchorSource, Connection, End
from support.mutate import Dice, mutated_bytes
from support.processes import PATIENCE_SECONDS
from support.tls.crooked import Crooked, message
from support.tls.keys import FileKey
from support.tls.misbehaving import read_hello, record
from support.tls.pki import HOST, FilePki, KeyKind
from support.tls.sockets import Handler, Listener
from support.tls.sound import check_sound

_SECONDS = 60.0
_PATIENCE = 0.1
"""Seconds that the server waits for a client that may wait for it, too."""
_KINDS = (
    ("TLSv1.2", KeyKind.P256, ()),
    ("TLSv1.3", KeyKind.P256, ()),
    ("TLSv1.2", KeyKind.RSA, ("rsa",)),
    ("TLSv1.2", KeyKind.RSA, ("dhe_rsa",)),
)
"""Version, key and key exchange."""
_ASKS, _INSECURE, _FITTED, _PLAIN = 4, 8, 16, 32
"""Bits: a client certificate is asked for; the client takes any server; messages have their right
length again after an edit; nothing but plain text comes.
"""
_EDIT_HEAD = 5
_DONE = HandshakeType.server_hello_done


@dataclass(frozen=True)
class _Edit:
    """Of the message of that number, the server's first being 0: at `place`, `cut` bytes are
    replaced by `put`.
    """

    number: int
    place: int
    cut: int
    put: bytes

    def apply(self, content: bytes) -> bytes:
        place = self.place % (len(content) + 1)
        return content[:place] + self.put + content[place + self.cut :]

    def dump(self) -> bytes:
        head = bytes([self.number]) + self.place.to_bytes(2) + bytes([self.cut, len(self.put)])
        return head + self.put


def _edits(data: bytes) -> Iterator[_Edit]:
    while len(data) >= _EDIT_HEAD:
        end = _EDIT_HEAD + data[4]
        yield _Edit(data[0], int.from_bytes(data[1:3]), data[3], data[_EDIT_HEAD:end])
        data = data[end:]


class _Spoiler:
    """A `support.tls.crooked.Change`."""

    def __init__(self, edits: Sequence[_Edit], *, fitted: bool) -> None:
        self._edits = edits
        self._fitted = fitted
        self.sent: list[tuple[int, bytes]] = []

    def __call__(self, kind: int, content: bytes) -> bytes:
        edits = [edit for edit in self._edits if edit.number == len(self.sent)]
        for edit in edits:
            content = edit.apply(content)
        if edits and self._fitted and kind == ContentType.handshake:
            content = message(content[0], content[4:]) if content else content
        self.sent.append((kind, content))
        return content


@dataclass(frozen=True)
class _Place:
    """The servers, and what the client needs."""

    servers: tuple[Crooked, ...]
    trust: ServerTrust
    client: FileKey


@cache
def _place() -> _Place:
    with tempfile.TemporaryDirectory() as folder:
        pki = FilePki(Path(folder))
        servers = tuple(
            Crooked(pki.server(kind=kind), version, ciphers=ciphers, patience=_PATIENCE)
            for version, kind, ciphers in _KINDS
        )
        for server in servers:
            server.load()
        trust = ServerTrust({AnchorSource.CA_FILE: read_ca_file(pki.ca)})
        client = FileKey(pki.client())
        assert client.certificates
        assert client.private
    return _Place(servers, trust, client)


def run(data: bytes) -> None:
    """Whatever comes, the connection ends by itself, in time, and is fit to be judged and kept."""
    kind, rest = (data[0], data[1:]) if data else (_PLAIN, b"")
    if kind & _PLAIN:
        _knock(kind, _saying(rest))
        return
    spoiler = _Spoiler(list(_edits(rest)), fitted=bool(kind & _FITTED))
    connection = _knock(kind, _server(kind).but(change=spoiler).serve)
    stop = connection.stop
    # with RSA key exchange nothing is signed, whatever else is right
    assert rest or stop is None or stop.end is End.NO_FORWARD_SECRECY, stop


def _server(kind: int) -> Crooked:
    return _place().servers[kind % len(_KINDS)].but(asks=bool(kind & _ASKS))


def _saying(content: bytes) -> Handler:
    def handler(connection: socket.socket, _listener: Listener) -> None:
        read_hello(connection)
        connection.sendall(content)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65_536):  # unread, it would reset the connection
            pass

    return handler


def _knock(kind: int, handler: Handler) -> Connection:
    """One connection to that server, which is there for it alone."""
    place = _place()
    client = TlsliteClient(place.trust, _SECONDS, insecure=bool(kind & _INSECURE))
    start, before = time.monotonic(), len(place.client.asked)
    with socket.create_server(("127.0.0.1", 0)) as door:
        endpoint = Endpoint(HOST, door.getsockname()[1], "/")
        thread = Thread(target=_serve, args=(door, handler), daemon=True)
        thread.start()
        connection = client.connect(endpoint, "TLSv1.3", place.client)
        thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()
    assert time.monotonic() - start < _SECONDS + PATIENCE_SECONDS
    signed = len(place.client.asked) - before
    trusted = connection.proof is not None and connection.proof.holds
    assert signed <= (trusted or bool(kind & _INSECURE))
    check_sound(connection, endpoint, place.client.certificates[0])
    return connection


def _serve(door: socket.socket, handler: Handler) -> None:
    connection, address = door.accept()
    with connection, contextlib.suppress(OSError):
        handler(connection, Listener(address[1]))


@cache
def seeds() -> tuple[bytes, ...]:
    """Each server as it should be, the plain text of those that have one, and some edits."""
    kinds = [number | asks for number in range(len(_KINDS)) for asks in (0, _ASKS)]
    edits = (
        _Edit(0, 4, 2, b"\x03\x02"),  # another version
        _Edit(1, 4, 3, b"\xff\xff\xff"),  # longer than it is
        _Edit(2, 1, 3, b"\0\0\0"),
        _Edit(3, 8, 1, bytes(60)),
        _Edit(5, 0, 255, b"HTTP/1.1 \x1b[2J\r\n"),
    )
    return (
        *(bytes([kind]) for kind in kinds),
        *(plain(flight(kind)) for kind in kinds),
        *(bytes([kinds[1] | _FITTED]) + edit.dump() for edit in edits),
        *(bytes([kinds[3] | _INSECURE]) + edit.dump() for edit in edits),
        bytes([_PLAIN]) + record(ContentType.alert, b"\2\x28"),
    )


def plain(content: bytes) -> bytes:
    """The input of a server that says just that, to a client that takes any."""
    return bytes([_PLAIN | _INSECURE]) + content


def flight(kind: int) -> bytes:
    """What an honest server says first, as far as it is plain text."""
    spoiler = _Spoiler([], fitted=False)
    _knock(kind, _server(kind).but(change=spoiler).serve)
    said = b""
    for content_type, content in spoiler.sent:
        said += record(content_type, content)
        if "TLSv1.3" in _KINDS[kind % len(_KINDS)] or content[0] == _DONE:
            break
    return said


def mutated(data: bytes, dice: Dice) -> bytes:
    """Bytes changed, or in a server's messages one more edit."""
    if not data or data[0] & _PLAIN or dice.below(8) == 0:
        return data[:1] + mutated_bytes(data[1:], dice)
    edit = _Edit(
        dice.below(10),
        dice.below((8, 60, 1_500)[dice.below(3)]),
        (0, 1, 2, 3, 255)[dice.below(5)],
        dice.bytes(dice.below(6)),
    )
    bits = (_FITTED * dice.below(2)) | (_INSECURE * dice.below(2))
    return bytes([data[0] ^ bits]) + data[1:] + edit.dump()
