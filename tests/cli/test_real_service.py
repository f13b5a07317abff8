"""check-set and list-readers under a real pcscd: a card pulled, a mute one, a service restarted.

The module is the fault shim, whose slots are that service's readers here (support.proxy).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from support.cli import COMMAND, environment
from support.modules import compile_proxy
from support.pcscd import Service, pcscd
from support.processes import wait_until
from support.proxy import Call, Proxy, calls

pytestmark = [pytest.mark.softhsm, pytest.mark.pcscd]

CPS4 = "3B9B188001001225006480040100009044"
SIX_READERS = ("Alpha", "Beta", "Gamma")
"""Two for each name."""


class Table:
    """Six readers, and the six cards of a set for them."""

    def __init__(self, service: Service, cards: Proxy) -> None:
        self.service = service
        self.cards = cards
        self.serial_in = dict(zip(service.readers, cards.serials, strict=True))

    def insert(self, *numbers: int) -> None:
        for number in numbers:
            self.service.insert(number, CPS4)

    def begin(self, *rules: str, command: Sequence[str]) -> tuple[Path, int]:
        """The folder of the run, and its number for `service.finish`."""
        folder = self.cards.start(*self.cards.in_readers(self.serial_in), *rules)
        line = [COMMAND, *command, "--module", self.cards.module]
        variables = environment(**self.cards.variables(folder))
        return folder, self.service.launch(line, env=variables)

    def list_readers(self) -> str:
        """What it shows, in one line."""
        _, number = self.begin(command=["list-readers"])
        return " ".join(self.service.finish(number).stdout.split())

    def check(
        self, *rules: str, meanwhile: Callable[[Path], None] = lambda _: None
    ) -> dict[str, Any]:
        """`check-set`; the body of its JSON, and under "logins" how often which serial got one."""
        folder, number = self.begin(
            *rules, command=["check-set", "--set", "centre-sante", "--json", "--at-once", "1"]
        )
        meanwhile(folder)
        done = self.service.finish(number)
        assert "Traceback" not in done.stderr
        body: dict[str, Any] = json.loads(done.stdout)
        assert body["exit_code"] == done.returncode
        logins = [call.serial for call in made(folder) if call.function == "C_Login"]
        return {**body, "logins": Counter(logins)}


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_proxy(tmp_path_factory.mktemp("proxy"))


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with pcscd(*SIX_READERS) as running:
        yield running


@pytest.fixture
def table(service: Service, module: Path, good: Path, tmp_path: Path) -> Iterator[Table]:
    yield Table(service, Proxy(module, good, tmp_path, service))
    service.remove_all()


def made(folder: Path) -> tuple[Call, ...]:
    return tuple(calls((folder / "log").read_text()))


def wait_for_call(folder: Path, function: str, serial: str, count: int = 1) -> None:
    def seen() -> bool:
        return [(c.function, c.serial) for c in made(folder)].count((function, serial)) >= count

    wait_until(seen, f"there is no {function} on {serial}")


def by_reader(body: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {card["reader"]: card for card in body["cards"]}


def message(body: dict[str, Any], check: str) -> str:
    """What the check says of a card, or of the run."""
    (found,) = (f["message"] for f in body["findings"] if f["check"] == check)
    return str(found)


def assert_complete(card: dict[str, Any]) -> None:
    assert card["pin"]["result"] == "accepted"
    assert [signature["fault"] for signature in card["signatures"]] == [None, None, None]


def test_six_readers_are_joined_to_six_slots_and_a_mute_card_hides_none(table: Table) -> None:
    table.insert(0, 1, 3, 4, 5)
    table.service.insert_mute(2)
    mute = table.service.readers[2]
    body = table.check()
    healthy = {name: serial for name, serial in table.serial_in.items() if name != mute}
    assert {n: card["token"]["serial"] for n, card in by_reader(body).items()} == healthy
    assert body["logins"] == Counter(healthy.values())
    for card in body["cards"]:
        assert_complete(card)
    assert message(body, "PCSC-READERS").endswith(f": {mute} (mute card).")
    listed = table.list_readers()
    assert f"{mute} mute card — 0x2" in listed
    assert "→ A mute card: put it in again, chip first and facing up" in listed


def test_a_card_pulled_in_the_middle_of_a_signature(table: Table, tmp_path: Path) -> None:
    table.insert(0, 1, 2)
    before, pulled, after = table.service.readers[:3]
    serial, out = table.serial_in[pulled], tmp_path / "out"

    def pull(folder: Path) -> None:
        wait_for_call(folder, "C_Sign", serial)
        table.service.remove(1)
        out.touch()

    body = table.check(f"fault {serial} C_Sign 1 await:{out}", meanwhile=pull)
    cards = by_reader(body)
    said = {f["message"] for f in cards[pulled]["findings"] if f["check"].startswith("SIGN-")}
    assert said >= {
        "The card is no longer in its reader: C_Sign of the module libproxy.so answered "
        "CKR_DEVICE_REMOVED."
    }
    assert body["logins"] == Counter(table.serial_in[name] for name in (before, pulled, after))
    assert_complete(cards[before])
    assert_complete(cards[after])


def test_a_card_back_in_its_reader_gets_no_second_login(table: Table, tmp_path: Path) -> None:
    table.insert(0)
    (reader, *_) = table.service.readers
    serial, back = table.serial_in[reader], tmp_path / "back"

    def take_out_and_put_in(folder: Path) -> None:
        wait_for_call(folder, "C_SignInit", serial)
        table.service.remove(0)
        table.insert(0)
        back.touch()

    body = table.check(f"fault {serial} C_SignInit 1 await:{back}", meanwhile=take_out_and_put_in)
    assert body["logins"] == Counter([serial])
    (card,) = body["cards"]
    assert card["pin"]["result"] == "accepted"
    assert None not in [signature["fault"] for signature in card["signatures"]]


def test_the_service_is_stopped_and_started_in_the_middle_of_a_run(
    table: Table, tmp_path: Path
) -> None:
    table.insert(0, 1, 2, 3)
    first, lost, third, fourth = table.service.readers[:4]
    stopped, started = tmp_path / "stopped", tmp_path / "started"

    def restart(folder: Path) -> None:
        wait_for_call(folder, "C_OpenSession", table.serial_in[lost])
        table.service.stop()
        stopped.touch()
        wait_for_call(folder, "absent", table.serial_in[third])
        table.service.start()
        started.touch()

    body = table.check(
        f"fault {table.serial_in[lost]} C_OpenSession 1 await:{stopped}",
        f"fault {table.serial_in[third]} absent 1 await:{started}",
        meanwhile=restart,
    )
    cards = by_reader(body)
    assert message(cards[lost], "CARD-READ").startswith("The card is no longer in its reader: ")
    for reader in (first, third, fourth):
        assert_complete(cards[reader])
    assert body["logins"] == Counter(table.serial_in[name] for name in (first, third, fourth))
