"""Who asks the process that has the virtual cards, and who keeps it from answering."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from cpx_tool.adapters import virtual_control
from cpx_tool.adapters.virtual_control import Order, ask, serve
from cpx_tool.adapters.virtual_deck import Deck
from cpx_tool.errors import BadInput, NothingToCheck
from cpx_tool.i18n import say
from support.processes import wait_until

STATUS = Order("status")


@contextmanager
def serving(place: Path, deck: Deck | None = None) -> Iterator[threading.Thread]:
    """A deck that is served, of no cards unless another one is given."""
    started = threading.Event()
    thread = threading.Thread(
        target=serve, args=(lambda: deck or Deck("set", "", (), ()), place, lambda _: started.set())
    )
    thread.start()
    assert started.wait(20)
    try:
        yield thread
    finally:
        with suppress(NothingToCheck):  # the test may have stopped it
            ask(place, Order("stop"))
        thread.join(20)
        assert not thread.is_alive()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "socket"


@contextmanager
def connected(place: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(place))
        yield connection


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"x",
        b"[]",
        b'{"verb":1}',
        b'{"verb":"insert","card":"1","port":' + b"9" * 5000 + b"}",
        b'{"verb":"insert","card":"\\ud800"}',
        b"[" * 1_000_000,
        b"\xff" * 3_000_000,
    ],
)
def test_what_is_no_order_is_not_answered(place: Path, said: bytes) -> None:
    with serving(place):
        with connected(place) as other:
            try:
                other.sendall(said)
                other.shutdown(socket.SHUT_WR)
                assert other.recv(1) == b""
            except (BrokenPipeError, ConnectionResetError):
                pass  # more than is ever read
        assert ask(place, STATUS).set_name == "set"


@pytest.mark.parametrize("said", [b"", b"{"])
def test_who_says_nothing_is_not_waited_for(
    place: Path, said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(virtual_control, "_HEARING_SECONDS", 0.1)
    with serving(place), connected(place) as other, connected(place) as third:
        other.sendall(said)
        third.sendall(said)
        assert ask(place, STATUS).set_name == "set"


def test_who_says_a_byte_now_and_then_is_not_waited_for_either(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(virtual_control, "_HEARING_SECONDS", 0.5)
    enough = threading.Event()

    def drip(other: socket.socket) -> None:
        try:
            while not enough.wait(0.05):
                other.sendall(b" ")
        except OSError:
            enough.set()  # it was closed

    with serving(place), connected(place) as other:
        thread = threading.Thread(target=drip, args=(other,))
        thread.start()
        assert ask(place, STATUS).set_name == "set"
        assert enough.wait(20)
        thread.join()


def test_cards_that_do_not_answer_are_not_said_to_be_none(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(virtual_control, "_PATIENCE_SECONDS", 0.1)
    with socket.socket(socket.AF_UNIX) as held_up:
        held_up.bind(str(place))
        held_up.listen(0)
        for _ in range(3):  # the queue of those who wait is full in the end
            with pytest.raises(NothingToCheck) as refused:
                ask(place, STATUS)
            assert say(refused.value.reason) == "Your virtual cards do not answer."
        with pytest.raises(BadInput) as second:
            serve(lambda: Deck("set", "", (), ()), place, lambda _: None)
    assert "in use on this machine already" in say(second.value.reason)
    assert place.exists()


def test_a_name_that_is_no_text_is_no_card(place: Path) -> None:
    with serving(place), pytest.raises(BadInput) as refused:
        ask(place, Order("insert", "\udcff"))
    assert say(refused.value.reason).startswith("No card, or several, are meant by")


def test_when_stop_is_answered_others_may_start(place: Path) -> None:
    closed = []

    class Slow(Deck):
        def close(self) -> None:
            closed.append(place.exists())
            threading.Event().wait(0.1)
            super().close()

    with serving(place, Slow("set", "", (), ())):
        ask(place, Order("stop"))
        assert closed == [True]
        assert not place.exists()


def test_of_many_that_start_at_once_one_has_the_cards(place: Path) -> None:
    """Though a socket was left behind."""
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(place))
    told: list[str] = []

    def start() -> None:
        try:
            serve(lambda: Deck("set", "", (), ()), place, lambda _: told.append("started"))
        except BadInput as error:
            told.append(say(error.reason))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(told) == len(threads), "not all have started or been refused")
    ask(place, Order("stop"))
    for thread in threads:
        thread.join()
    assert told.count("started") == 1
