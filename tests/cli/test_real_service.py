"""check-set and list-readers under a real pcscd: cards in virtual readers, pulled and put back.

The module is the fault shim, whose slots are that service's readers here (support.proxy).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from support.cli import COMMAND, environment
from support.modules import compile_proxy
from support.pcscd import Service, pcscd
from support.processes import wait_until
from support.proxy import Proxy, calls

pytestmark = [pytest.mark.softhsm, pytest.mark.pcscd]

CPS4 = "3B9B188001001225006480040100009044"
SIX = ("Alpha", "Beta", "Gamma")
"""Two readers each."""


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_proxy(tmp_path_factory.mktemp("proxy"))


class Desk:
    """Six readers and the six cards for them."""

    def __init__(self, service: Service, cards: Proxy) -> None:
        self.service = service
        self.cards = cards
        self.where = dict(zip(service.readers, cards.serials, strict=True))

    def insert(self, *numbers: int) -> None:
        for number in numbers:
            self.service.insert(number, CPS4)

    def check(self, *rules: str, meanwhile: Callable[[Path], None]) -> dict[str, Any]:
        """`check-set` one card after the other, and what happens meanwhile."""
        folder = self.cards.start(*self.cards.in_readers(self.where), *rules)
        variables = environment(**self.cards.variables(folder))
        command = [COMMAND, "check-set", "--set", "centre-sante", "--json", *ONE_BY_ONE]
        number = self.service.launch([*command, "--module", self.cards.module], env=variables)
        meanwhile(folder)
        done = self.service.finish(number)
        assert "Traceback" not in done.stderr
        body: dict[str, Any] = json.loads(done.stdout)
        assert body["exit_code"] == done.returncode
        self.logins = Counter(c.serial for c in _calls(folder) if c.function == "C_Login")
        return body


ONE_BY_ONE: tuple[str, ...] = ()


@pytest.fixture
def desk(module: Path, good: Path, tmp_path: Path) -> Iterator[Desk]:
    with pcscd(*SIX) as service:
        yield Desk(service, Proxy(module, good, tmp_path, service))


def _calls(folder: Path) -> Any:
    return tuple(calls((folder / "log").read_text()))


def wait_for_call(folder: Path, function: str, serial: str, count: int = 1) -> None:
    def made() -> bool:
        seen = [(call.function, call.serial) for call in _calls(folder)]
        return seen.count((function, serial)) >= count

    wait_until(made, f"there is no {function} on {serial}")


def by_reader(body: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {card["reader"]: card for card in body["cards"]}


def said(card: dict[str, Any], outcome: str = "failed") -> list[tuple[str, str]]:
    return [(f["check"], f["message"]) for f in card["findings"] if f["outcome"] == outcome]


def assert_complete(card: dict[str, Any]) -> None:
    assert card["pin"]["result"] == "accepted"
    assert [signature["fault"] for signature in card["signatures"]] == [None, None, None]


def test_six_readers_are_joined_to_six_slots_and_a_mute_card_hides_none(desk: Desk) -> None:
    desk.insert(0, 1, 3, 4, 5)
    desk.service.insert_mute(2)
    body = desk.check(meanwhile=lambda _: None)
    cards = by_reader(body)
    mute = desk.service.readers[2]
    print(body["findings"])
    print(
        desk.service.run(
            [COMMAND, "list-readers", "--module", desk.cards.module],
            env=environment(**desk.cards.variables(desk.cards.folder / "run-1")),
        ).stdout
    )
    assert {name: c["token"]["serial"] for name, c in cards.items()} == {
        name: serial for name, serial in desk.where.items() if name != mute
    }
    for card in cards.values():
        assert_complete(card)
    assert 0


def test_a_card_pulled_in_the_middle_of_a_signature(desk: Desk) -> None:
    desk.insert(0, 1, 2)
    name = desk.service.readers[1]
    serial = desk.where[name]
    go = desk.cards.folder / "go"

    def pull(folder: Path) -> None:
        wait_for_call(folder, "C_Sign", serial)
        desk.service.remove(1)
        go.touch()

    body = desk.check(f"fault {serial} C_Sign 1 await:{go}", meanwhile=pull)
    cards = by_reader(body)
    print(said(cards[name]), said(cards[name], "skipped"))
    assert 0


def test_the_service_is_stopped_and_started_in_the_middle_of_a_run(desk: Desk) -> None:
    desk.insert(0, 1, 2, 3)
    names = desk.service.readers
    stopped, started = desk.cards.folder / "stopped", desk.cards.folder / "started"
    second, third = desk.where[names[1]], desk.where[names[2]]

    def restart(folder: Path) -> None:
        wait_for_call(folder, "C_OpenSession", second)
        desk.service.stop()
        stopped.touch()
        wait_for_call(folder, "C_GetTokenInfo", third, 2)
        desk.service.start()
        started.touch()

    body = desk.check(
        f"fault {second} C_OpenSession 1 await:{stopped}",
        f"fault {third} C_GetTokenInfo 2 await:{started}",
        meanwhile=restart,
    )
    cards = by_reader(body)
    for n in names[:4]:
        print(n, said(cards[n]), said(cards[n], "skipped")[:2])
    print(body["findings"])
    assert 0
