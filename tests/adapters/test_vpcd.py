"""The card's side of vpcd, against a driver that is a listening socket of the test."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from cpx_tool.adapters.vpcd import DEFAULT_PORTS, Conduct, VirtualReader
from cpx_tool.adapters.vpcd_ports import configured_ports
from cpx_tool.emulate.chip.contents import USER_PIN
from cpx_tool.emulate.chip.make import make_chip
from cpx_tool.errors import NothingToCheck
from cpx_tool.i18n import say
from support.chips import HASH_ABC, cps4_card
from support.processes import wait_until

OPEN = "01A4040C088025000001FF0100"
GIVE_PIN = "012000010431323334"
SIGN = "012A9E9A" + HASH_ABC + "00"


class Driver:
    """What vpcd does: listens, and speaks first."""

    def __init__(self, port: int = 0) -> None:
        self._listener = socket.create_server(("127.0.0.1", port))
        self._listener.settimeout(20)
        self.port: int = self._listener.getsockname()[1]
        self.peer = ""
        self._card: socket.socket | None = None

    def accept(self) -> None:
        if self._card:
            self._card.close()
        self._card, (self.peer, _) = self._listener.accept()
        self._card.settimeout(20)

    def power(self, event: int) -> None:
        self._send(bytes([event]))

    def ask(self, hexadecimal: str) -> str:
        """The answer in hex, "" when the card has gone."""
        assert self._card
        try:
            self._send(bytes.fromhex(hexadecimal))
            size = int.from_bytes(self._card.recv(2, socket.MSG_WAITALL), "big")
            return self._card.recv(size, socket.MSG_WAITALL).hex().upper() if size else ""
        except (BrokenPipeError, ConnectionResetError):
            return ""

    def raw(self, hexadecimal: str) -> None:
        """Bytes, lengths included."""
        assert self._card
        self._card.sendall(bytes.fromhex(hexadecimal))

    def answer(self) -> str:
        """The answer to what was said before, in hex."""
        assert self._card
        size = int.from_bytes(self._card.recv(2, socket.MSG_WAITALL), "big")
        return self._card.recv(size, socket.MSG_WAITALL).hex().upper()

    def tell(self, hexadecimal: str) -> None:
        """A command, without waiting for its answer."""
        self._send(bytes.fromhex(hexadecimal))

    def close(self) -> None:
        if self._card:
            self._card.close()
        self._listener.close()

    def _send(self, body: bytes) -> None:
        assert self._card
        # in two packets, as vpcd does
        self._card.sendall(len(body).to_bytes(2, "big"))
        self._card.sendall(body)


@pytest.fixture
def driver() -> Iterator[Driver]:
    made = Driver()
    yield made
    made.close()


@pytest.fixture
def reader(driver: Driver) -> Iterator[VirtualReader]:
    made = VirtualReader(driver.port)
    yield made
    made.remove()


def inserted(driver: Driver, reader: VirtualReader, conduct: Conduct | None = None) -> None:
    reader.insert(make_chip(cps4_card()), conduct or Conduct())
    driver.accept()
    driver.power(1)


def test_a_card_gives_its_atr_and_answers_commands(driver: Driver, reader: VirtualReader) -> None:
    inserted(driver, reader)
    assert driver.peer == "127.0.0.1"
    assert driver.ask("04") == cps4_card().profile.atr
    assert driver.ask(OPEN) == "9000"
    assert driver.ask(GIVE_PIN) == "9000"
    assert driver.ask("012281B60491022890") == "9000"
    assert driver.ask(SIGN).endswith("9000")


@pytest.mark.parametrize("event", [0, 1, 2])
def test_power_and_reset_take_the_pin_back(
    driver: Driver, reader: VirtualReader, event: int
) -> None:
    inserted(driver, reader)
    driver.ask(OPEN)
    assert driver.ask(GIVE_PIN) == "9000"
    driver.power(event)
    driver.ask(OPEN)
    driver.ask("012281B60491022890")
    assert driver.ask(SIGN) == "6982"


def test_a_removed_card_closes_the_connection(driver: Driver, reader: VirtualReader) -> None:
    inserted(driver, reader)
    assert reader.chip is not None
    reader.remove()
    assert reader.chip is None
    assert driver.ask("04") == ""


def test_tries_of_the_pin_are_the_card_s_and_not_the_reader_s(
    driver: Driver, reader: VirtualReader
) -> None:
    chip = make_chip(cps4_card())
    reader.insert(chip)
    driver.accept()
    assert driver.ask("002000010439393939") == "63C2"
    reader.remove()
    reader.insert(chip)
    driver.accept()
    assert driver.ask("00200001") == "63C2"


def test_a_card_stays_in_its_reader_when_the_service_starts_again(
    driver: Driver, reader: VirtualReader
) -> None:
    inserted(driver, reader)
    driver.close()
    again = Driver(driver.port)
    try:
        again.accept()
        assert again.ask("04") == cps4_card().profile.atr
        assert reader.chip is not None
    finally:
        reader.remove()
        again.close()


def test_a_mute_card_has_an_atr_that_none_may_have(driver: Driver, reader: VirtualReader) -> None:
    inserted(driver, reader, Conduct(mute=True))
    assert len(bytes.fromhex(driver.ask("04"))) > 33


def test_a_card_that_answers_with_an_error(driver: Driver, reader: VirtualReader) -> None:
    inserted(driver, reader, Conduct(answers=0x6F00))
    assert driver.ask("04") == cps4_card().profile.atr
    assert driver.ask(OPEN) == "6F00"
    assert driver.ask("002000010439393939") == "6F00"
    assert reader.chip is not None
    assert reader.chip.contents.pin(USER_PIN).left == 3  # it did not count


def test_a_card_pulled_in_mid_command(driver: Driver, reader: VirtualReader) -> None:
    inserted(driver, reader, Conduct(pulled_when_signing=True))
    assert driver.ask(OPEN) == "9000"
    assert driver.ask(GIVE_PIN) == "9000"
    assert driver.ask(SIGN) == ""
    wait_until(lambda: reader.chip is None, "the card is still in its reader")


def test_a_slow_card_is_taken_out_at_once(driver: Driver, reader: VirtualReader) -> None:
    inserted(driver, reader, Conduct(delay=3600))
    driver.tell(OPEN)
    reader.remove()
    assert driver.ask(OPEN) == ""


def test_a_slow_card_answers(driver: Driver, reader: VirtualReader) -> None:
    inserted(driver, reader, Conduct(delay=0.01, signing_delay=0.01))
    assert driver.ask(OPEN) == "9000"
    assert driver.ask(SIGN) == "6985"


@pytest.mark.parametrize(
    "garbage",
    ["0000", "000107", "0001FF", "000203FF", "FFFF" + "00" * 0xFFFF, "0104" + "FF" * 260],
)
def test_what_no_driver_says_changes_nothing(
    driver: Driver, reader: VirtualReader, garbage: str
) -> None:
    inserted(driver, reader)
    driver.raw(garbage)
    if len(garbage) > 6:  # more than one byte: a command, which is answered
        assert driver.answer()[:1] == "6"
    assert driver.ask("04") == cps4_card().profile.atr
    assert reader.asked


@pytest.mark.parametrize("cut", ["00", "0010", "001000A4", "FFFF00"])
def test_a_message_cut_off_is_forgotten(driver: Driver, reader: VirtualReader, cut: str) -> None:
    inserted(driver, reader)
    driver.raw(cut)
    driver.accept()  # closes the first connection
    assert driver.ask("04") == cps4_card().profile.atr


def test_a_second_card_waits_before_the_reader(driver: Driver, reader: VirtualReader) -> None:
    inserted(driver, reader)
    second = VirtualReader(driver.port)
    second.insert(make_chip(cps4_card()))
    try:
        assert driver.ask("04") == cps4_card().profile.atr
        assert (reader.asked, second.asked) == (True, False)
        reader.remove()
        driver.accept()
        assert driver.ask("04") == cps4_card().profile.atr
        assert second.asked
    finally:
        second.remove()


def test_where_nobody_listens(driver: Driver) -> None:
    driver.close()
    with pytest.raises(NothingToCheck) as refused:
        VirtualReader(driver.port).insert(make_chip(cps4_card()))
    assert f"no virtual reader on port {driver.port}" in say(refused.value.reason)


def test_a_connection_to_itself_is_no_reader(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ports of vpcd are among those that the system chooses for connections."""
    driver.close()
    own = partial(socket.create_connection, source_address=("127.0.0.1", driver.port))
    monkeypatch.setattr(socket, "create_connection", own)
    with pytest.raises(NothingToCheck):
        VirtualReader(driver.port).insert(make_chip(cps4_card()))
    monkeypatch.undo()
    Driver(driver.port).close()  # the port is free


@pytest.mark.parametrize("port", [-1, 0, 65536, 10**30])
def test_a_number_that_is_no_port(port: int) -> None:
    with pytest.raises(NothingToCheck):
        VirtualReader(port).insert(make_chip(cps4_card()))


def test_threads_leave_no_card_behind(driver: Driver, reader: VirtualReader) -> None:
    def insert() -> None:
        for _ in range(5):
            reader.insert(make_chip(cps4_card()))

    before = threading.active_count()
    threads = [threading.Thread(target=insert) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert threading.active_count() == before + 1  # the card that is in
    reader.remove()
    assert threading.active_count() == before


def test_the_ports_that_the_configuration_names(tmp_path: Path) -> None:
    entry = (
        'FRIENDLYNAME "Virtual PCD"\nDEVICENAME   /dev/null:{port}\n'
        "LIBPATH /usr/lib/pcsc/drivers/serial/libifd{driver}.so\nCHANNELID {port}\n"
    )
    (tmp_path / "vpcd").write_text(entry.format(port="0x8C7B", driver="vpcd"))
    (tmp_path / "vpcd2").write_text(entry.format(port="36000", driver="vpcd"))
    (tmp_path / "vpcd3").write_text(entry.format(port="0xFFFF", driver="vpcd"))
    (tmp_path / "vpcd4").write_text(entry.format(port="99999", driver="vpcd"))
    (tmp_path / "a-directory").mkdir()
    os.mkfifo(tmp_path / "a-pipe")
    (tmp_path / "vpcd5").write_text(entry.format(port="08080", driver="vpcd"))
    (tmp_path / "other").write_text(entry.format(port="0x1000", driver="other"))
    assert configured_ports(tmp_path) == (35963, 35964, 36000, 36001, 65535, 8080, 8081)
    assert configured_ports(tmp_path / "gone") == DEFAULT_PORTS
