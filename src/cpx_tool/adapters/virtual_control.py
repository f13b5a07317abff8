"""How commands reach the process that has the virtual cards: a Unix socket of the user's own.

One JSON object each way, then the connection ends. The socket is in a directory that only its
owner may enter.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from cpx_tool.adapters.codec import Malformed, from_json, to_json
from cpx_tool.adapters.virtual_deck import Deck, DeckRefusal, Refused, filled
from cpx_tool.emulate.defects import cards_of
from cpx_tool.errors import BadInput, NothingToCheck, nearest, why
from cpx_tool.model.message import Message, msg
from cpx_tool.model.virtual import VirtualDeck

_MOST_BYTES = 1024 * 1024
_PATIENCE_SECONDS, _HEARING_SECONDS = 10.0, 2.0
"""Of who asks; and of who is asked, for one that connects and says nothing: others wait behind."""
_BUSY = (TimeoutError, BlockingIOError)
"""Somebody listens, and too many wait already, or nobody is answered."""
_LONGEST_PATH = 100
"""sockaddr_un holds 108 bytes on Linux."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the deck is asked: "status", "insert", "remove" or "stop"."""

    verb: str
    card: str = ""
    port: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """The deck afterwards, and why it stayed as it was."""

    deck: VirtualDeck
    refused: Refused | None = None


def serve(make: Callable[[], Deck], place: Path, started: Callable[[VirtualDeck], None]) -> None:
    """Make a deck, fill the readers, and do what others ask until one says "stop"; `started`
    hears of the deck once it can be asked.

    Raises `CpxError`: another process of the user has virtual cards, the socket or the cards
    cannot be made, there are no readers.
    """
    with _listening(place) as listener, filled(make()) as deck:
        started(deck.seen())
        connection, answer = _until_stop(listener, deck)
    # only now may the one who said it start others
    with connection, suppress(OSError):
        connection.sendall(answer)


def _until_stop(listener: socket.socket, deck: Deck) -> tuple[socket.socket, bytes]:
    """Who said "stop", and what to answer."""
    while True:
        connection, _ = listener.accept()
        with suppress(OSError, Malformed):
            order = from_json(_received(connection, _HEARING_SECONDS), Order)
            answer = to_json(_obeyed(deck, order))
            connection.settimeout(_HEARING_SECONDS)
            if order.verb == "stop":
                return connection, answer
            connection.sendall(answer)
        connection.close()


def ask(place: Path, order: Order) -> VirtualDeck:
    """What the deck is like after an order. Raises `NothingToCheck` and `BadInput`."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_PATIENCE_SECONDS)
            connection.connect(str(_checked(place)))
            connection.sendall(to_json(replace(order, card=_text(order.card))))
            connection.shutdown(socket.SHUT_WR)
            told = from_json(_received(connection, _PATIENCE_SECONDS), Told)
    except _BUSY:
        raise NothingToCheck(
            msg("Your virtual cards do not answer."),
            msg(
                "They are still being made, or “cpx-tool virtual-cards start” is held up: try "
                "again, or end it and start again."
            ),
        ) from None
    except (OSError, Malformed):
        raise NothingToCheck(
            msg("No virtual cards are in use by you on this machine."),
            msg("Start them: cpx-tool virtual-cards start --set NAME"),
        ) from None
    if told.refused is not None:
        raise BadInput(_reason(told.refused, order), _remedy(told, order))
    return told.deck


_HINT = msg("cpx-tool virtual-cards status shows cards and readers.")


def _remedy(told: Told, order: Order) -> Message:
    if told.refused is not Refused.NO_CARD:
        return _HINT
    roles = [seat.role or seat.card_number for seat in told.deck.seats]
    return nearest(order.card, roles, cards_of(roles))


def _reason(refused: Refused, order: Order) -> Message:
    card = order.card
    port = str(order.port)
    return {
        Refused.NO_CARD: msg("No card, or several, are meant by {card}.", card=card),
        Refused.NO_READER: msg("There is no free virtual reader, or none on that port."),
        Refused.OCCUPIED: msg("Another card is in the reader on port {port}.", port=port),
        Refused.INSIDE: msg("Card {card} is in a reader already.", card=card),
        Refused.OUTSIDE: msg("Card {card} is in no reader.", card=card),
        Refused.NO_SERVICE: msg("The PC/SC service with the virtual readers does not run."),
    }[refused]


def _obeyed(deck: Deck, order: Order) -> Told:
    refused = None
    try:
        if order.verb == "insert":
            deck.insert(order.card, order.port)
            deck.settle()
        elif order.verb == "remove":
            deck.remove(order.card)
    except DeckRefusal as refusal:
        refused = refusal.why
    return Told(deck.seen(), refused)


@contextmanager
def _listening(place: Path) -> Iterator[socket.socket]:
    _checked(place)
    with socket.socket(socket.AF_UNIX) as listener:
        try:
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _alone(place.parent):
                _refuse_second(place)
                _bind(listener, place)
        except OSError as error:
            raise BadInput(
                msg("{path} cannot be made: {why}.", path=str(place), why=why(error)),
                msg("Set CPX_STATE_DIR to a directory of your own."),
            ) from None
        try:
            yield listener
        finally:
            place.unlink(missing_ok=True)


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Two that start at the same time do not take the other's socket for one left behind."""
    import fcntl  # noqa: PLC0415 - not on Windows

    number = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        os.close(number)


def _bind(listener: socket.socket, place: Path) -> None:
    before = os.umask(0o177)
    try:
        listener.bind(str(place))
    finally:
        os.umask(before)
    listener.listen()


def _refuse_second(place: Path) -> None:
    """One process has the cards; a socket that a killed one left behind is removed."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(_HEARING_SECONDS)
        try:
            probe.connect(str(place))
        except (ConnectionRefusedError, FileNotFoundError):
            place.unlink(missing_ok=True)
            return
        except _BUSY:
            pass
    raise BadInput(
        msg("You have virtual cards in use on this machine already."),
        msg("End them first: cpx-tool virtual-cards stop"),
    )


def _checked(place: Path) -> Path:
    if len(os.fsencode(place)) > _LONGEST_PATH:
        raise BadInput(
            msg("{path} is too long for the name of a socket.", path=str(place)),
            msg("Set CPX_STATE_DIR to a directory with a shorter path."),
        )
    return place


def _text(typed: str) -> str:
    """Bytes of the command line that are no text, replaced: no card has such a name."""
    return typed.encode("utf-8", "replace").decode()


def _received(connection: socket.socket, seconds: float) -> bytes:
    """What comes until the other side has ended. Raises `OSError`, also where it takes longer."""
    end = time.monotonic() + seconds
    data = bytearray()
    while len(data) < _MOST_BYTES:
        left = end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        part = connection.recv(65536)
        if not part:
            break
        data += part
    return bytes(data)
