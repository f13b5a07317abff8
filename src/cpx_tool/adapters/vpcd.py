"""Virtual readers: the card's side of vpcd, the driver of the vsmartcard project.

vpcd is a driver inside of the PC/SC service that listens for cards. A card that connects is in
the reader, one that closes the connection was taken out. Each message is a length in two bytes
and a body. A body of one byte is for the card's power (off, on, reset: none is answered) or asks
for the ATR, which is also how vpcd sees whether the card is still there; a longer one is a
command.

Only 127.0.0.1 is ever connected to.
"""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass

from cpx_tool.emulate.chip.chip import Chip
from cpx_tool.errors import NothingToCheck
from cpx_tool.model.message import msg

DEFAULT_PORTS = (35963, 35964)
"""Of vpcd's own configuration: one entry, two readers."""

_LOOPBACK = "127.0.0.1"
_OFF, _ON, _RESET, _ATR = 0, 1, 2, 4
_NO_ATR = bytes(40)
"""Longer than an ATR may be: vpcd asks for it to see the card, and then cannot power it up."""
_PATIENCE_SECONDS = 2.0
_AGAIN_SECONDS = 0.1
_SIGNING = (0x2A, 0x88)
"""INS of commands that make a real card compute for about a second."""


@dataclass(frozen=True, slots=True)
class Conduct:
    """How the card behaves in its reader. Delays in seconds.

    `signing_delay` comes on top, where a key is used. `mute`: it cannot be powered up.
    `answers`: a status word that every command gets, none of which is done.
    `pulled_when_signing`: the card leaves in the middle of the first one that uses a key.
    """

    delay: float = 0.0
    signing_delay: float = 0.0
    mute: bool = False
    answers: int | None = None
    pulled_when_signing: bool = False


class VirtualReader:
    """One reader of vpcd: the port it listens on, and the card in it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._card: _Inserted | None = None
        self._changing = threading.Lock()

    @property
    def chip(self) -> Chip | None:
        """The card in it, or None."""
        card = self._card
        return card.chip if card and card.present else None

    @property
    def asked(self) -> bool:
        """The service has asked the card something. Where another card is in the reader, it waits
        before it, and nobody asks.
        """
        card = self._card
        return card is not None and card.asked.is_set()

    def insert(self, chip: Chip, conduct: Conduct = Conduct()) -> None:
        """Put a card in; one that is there is taken out before.

        The service sees it within half a second. Raises `NothingToCheck` where nobody listens.
        """
        with self._changing:
            self._leave()
            self._card = _Inserted(chip, conduct, self.port)

    def remove(self) -> None:
        """Take the card out, where there is one. The service sees it within half a second."""
        with self._changing:
            self._leave()

    def _leave(self) -> None:
        if self._card is not None:
            self._card.leave()
        self._card = None


class _Inserted:
    """A card in a reader: a thread answers for it, and stays when the service starts again."""

    def __init__(self, chip: Chip, conduct: Conduct, port: int) -> None:
        self.chip = chip
        self._conduct = conduct
        self._port = port
        self._gone = threading.Event()
        self.asked = threading.Event()
        self._socket = _connect(port)
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()

    @property
    def present(self) -> bool:
        """It has not left, nor was it pulled."""
        return not self._gone.is_set()

    def leave(self) -> None:
        """Go out of the reader; back when nothing is answered any more."""
        self._gone.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()

    def _live(self) -> None:
        while self.present:
            with suppress(OSError), self._socket:
                self._serve()
            self.asked.clear()
            if not self._gone.wait(_AGAIN_SECONDS):
                with suppress(NothingToCheck):  # not back yet
                    self._socket = _connect(self._port)
        self._socket.close()

    def _serve(self) -> None:
        while self.present and (body := _receive(self._socket)) is not None:
            self.asked.set()
            if len(body) > 1:
                self._command(body)
            elif body == bytes([_ATR]):
                _send(self._socket, _NO_ATR if self._conduct.mute else self.chip.atr)
            elif body and body[0] in (_OFF, _ON, _RESET):
                self.chip.reset()

    def _command(self, body: bytes) -> None:
        conduct = self._conduct
        signing = body[1] in _SIGNING
        if signing and conduct.pulled_when_signing:
            self._gone.set()
            return
        if conduct.answers is None:
            answer = self.chip.transmit(body)
        else:
            answer = conduct.answers.to_bytes(2, "big")
        delay = conduct.delay + (conduct.signing_delay if signing else 0)
        if not delay or not self._gone.wait(delay):
            _send(self._socket, answer)


def _connect(port: int) -> socket.socket:
    try:
        return _listened_to(socket.create_connection((_LOOPBACK, port), _PATIENCE_SECONDS))
    except (OSError, OverflowError):
        raise NothingToCheck(
            msg("There is no virtual reader on port {port} of this machine.", port=str(port)),
            msg(
                "Virtual readers need the driver vpcd (vsmartcard-vpcd on Debian) in a PC/SC "
                "service that runs: “cpx-tool list-readers” says whether it does, and how to start "
                "it. Another port: --port."
            ),
        ) from None


def _listened_to(made: socket.socket) -> socket.socket:
    """Where nobody listens, and the system chose this very port for our own end, TCP connects it
    to itself; the service could not listen there any more. Raises `OSError` then.
    """
    if made.getsockname() == made.getpeername():
        at_once = struct.pack("ii", 1, 0)  # else the port is kept for another minute
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        made.close()
        raise ConnectionRefusedError
    return made


def _receive(reader: socket.socket) -> bytes | None:
    reader.settimeout(None)
    length = _exactly(reader, 2)
    return _exactly(reader, int.from_bytes(length, "big")) if length else None


def _exactly(reader: socket.socket, size: int) -> bytes | None:
    data = b""
    while len(data) < size:
        # length and body come in two packets: a delayed ACK would cost 40 ms each time
        reader.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        part = reader.recv(size - len(data))
        if not part:
            return None
        data += part
    return data


def _send(reader: socket.socket, body: bytes) -> None:
    reader.sendall(len(body).to_bytes(2, "big") + body)
