"""A virtual smart card: the client side of vpcd's protocol, as small as it can be.

The tool has its own (adapters/vpcd.py). This one shares nothing with it on purpose: tests of
readers see what the service does with a card that the tool did not make, one that never answers
included; and it is a process of its own that starts in some hundredths of a second, six at once.

Run as a program: `python vcard.py PORT ATR [BEHAVIOUR]`. It is in its reader until it is ended.

vpcd sends a two-byte length and a body. A body of one byte is a command to the card: power off,
power on, reset (none is answered) or "give your ATR" (answered, also asked to see whether the
card is still there). A longer body is an APDU.
"""

from __future__ import annotations

import socket
import sys
import time
from enum import StrEnum

_GIVE_ATR = b"\x04"
_FILE_NOT_FOUND = b"\x6a\x82"
_NO_ATR = bytes(40)
_RECONNECT_SECONDS = 0.02


class Behaviour(StrEnum):
    """How the card takes it when it is powered up."""

    ANSWERS = "answers"
    MUTE = "mute"
    """Seen in the reader, but powering it up fails.

    vpcd asks for the ATR to detect the card too, so a card without any answer would be no card
    to it; an ATR longer than the 33 bytes of ISO 7816-3 is a card that cannot be powered up.
    """
    STUCK = "stuck"
    """Takes the connection and never says anything: the driver waits for it."""


def main(port: int, atr: bytes, behaviour: Behaviour) -> None:
    """Be in the reader that listens on `port`, for ever and across its restarts."""
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port)) as reader:
                _serve(reader, _NO_ATR if behaviour is Behaviour.MUTE else atr, behaviour)
        except OSError:
            pass  # the service is not there (yet): the card stays where it is
        time.sleep(_RECONNECT_SECONDS)


def _serve(reader: socket.socket, atr: bytes, behaviour: Behaviour) -> None:
    while (body := _receive(reader)) is not None:
        if behaviour is Behaviour.STUCK:
            continue
        if body == _GIVE_ATR:
            _send(reader, atr)
        elif len(body) > 1:
            _send(reader, _FILE_NOT_FOUND)


def _receive(reader: socket.socket) -> bytes | None:
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


if __name__ == "__main__":
    main(int(sys.argv[1]), bytes.fromhex(sys.argv[2]), Behaviour(*sys.argv[3:] or ["answers"]))
