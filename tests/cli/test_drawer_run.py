"""check-set before a person with one reader: a real terminal, a real pcscd, cards that come and go.

The cards are SoftHSM's, behind a module that shows each as long as PC/SC sees one in the reader.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from support.cli import COMMAND, environment
from support.modules import compile_proxy
from support.pcscd import Service, pcscd
from support.proxy import Proxy
from support.terminal import CTRL_C, Terminal, terminal

softhsm = pytest.mark.softhsm
pytestmark = [softhsm, pytest.mark.pcscd]

CPS4 = "3B9B188001001225006480040100009044"
DOCTOR, DENTIST, NURSE = "medecin-generaliste", "chirurgien-dentiste", "infirmier"
STAFF = ("cde-directeur", "cpe-employe", "cpe-employe-delegue")
SLOW = "fault {} C_Sign {} slow:4000"
"""A card that takes four seconds to sign."""


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_proxy(tmp_path_factory.mktemp("proxy"))


@dataclass
class Desk:
    """One reader of a service, the cards of an emulation, and the folder of their module."""

    service: Service
    cards: Proxy
    module: Path
    folder: Path
    reader: str
    inside: bool = field(default=False)

    @property
    def variables(self) -> dict[str, str]:
        return self.cards.variables(self.folder)

    def sit_down(self, *options: str | Path, command: str = "check-set") -> Any:
        words = (command, "--set", "centre-sante", "--module", self.module)
        prefix = self.service.prefix
        return terminal(*words, *options, env=self.variables, prefix=prefix)

    def rule(self, *rules: str) -> None:
        with (self.folder / "rules").open("a") as file:
            file.write("".join(f"{rule}\n" for rule in rules))

    def put(self, role: str) -> None:
        """This card into the reader, in the place of what is in it."""
        self.take_out()
        self.cards.put(self.folder, {self.reader: self.cards.serial(role)})
        self.service.insert(0, CPS4)
        self.inside = True

    def put_upside_down(self) -> None:
        self.take_out()
        self.service.insert_mute(0)
        self.inside = True

    def take_out(self) -> None:
        if self.inside:
            self.service.remove(0)
        self.inside = False

    def number(self, role: str) -> str:
        return self.cards.number(self.cards.serial(role))

    def calls(self, function: str) -> Counter[str]:
        """How often the module was called so, by the role of the card."""
        found: Counter[str] = Counter()
        for line in (self.folder / "log").read_text().splitlines():
            called, serial, _ = line.split()
            if called == function:
                found[self.cards.role(serial)] += 1
        return found

    def wait_for(self, function: str, role: str, count: int = 1) -> None:
        end = time.monotonic() + 30
        while self.calls(function)[role] < count:
            assert time.monotonic() < end, f"no {function} on {role}"
            time.sleep(0.02)

    @property
    def kept(self) -> list[Path]:
        """The files of interrupted runs."""
        return list((self.folder / "state" / "runs").glob("*"))


@pytest.fixture
def make_desk(module: Path, tmp_path: Path) -> Iterator[Callable[[Path], Desk]]:
    with pcscd("Alpha") as service:

        def make(directory: Path) -> Desk:
            cards = Proxy(module, directory, tmp_path, service)
            reader = service.readers[0]
            folder = cards.start(*cards.in_readers({reader: cards.serials[0]}))
            return Desk(service, cards, module, folder, reader)

        yield make


def test_a_drawer_of_cards(make_desk: Callable[[Path], Desk], good: Path) -> None:
    """The whole set through one reader, with all that goes wrong on the way."""
    desk = make_desk(good)
    with desk.sit_down("--json") as person:
        shown = person.told("Insert the next card (1 of 6).")
        assert "Still expected: CDE test directeur" in shown
        desk.put(DOCTOR)
        shown = person.told("Insert the next card (2 of 6).")
        assert f"✓ Read: {desk.number(DOCTOR)} BASILE" in shown
        assert "CPS test médecin généraliste: PASSED" in shown

        desk.put(DOCTOR)  # the same card twice
        shown = person.told("Insert the next card (2 of 6).")
        assert f"Read already: {desk.number(DOCTOR)} BASILE" in shown

        desk.put_upside_down()
        shown = person.told("Insert the next card (2 of 6).")
        assert f"{desk.reader} (mute card)" in shown
        assert "chip first and facing up" in shown

        desk.rule(SLOW.format(desk.cards.serial(DENTIST), 1))
        desk.put(DENTIST)  # and pulled while it signs
        desk.wait_for("C_Sign", DENTIST)
        desk.take_out()
        shown = person.told("Insert the next card (2 of 6).")
        assert f"Not read to the end: {desk.number(DENTIST)} CLOE" in shown
        assert "It was taken out too early." in shown
        desk.put(DENTIST)
        person.reply("Shall its PIN be tried once more? [y/N]: ", "")
        shown = person.told("Insert the next card (2 of 6).")
        assert "Its PIN was tried before in this run." in shown
        person.type("")
        person.reply("Shall its PIN be tried once more? [y/N]: ", "y")
        shown = person.told("Insert the next card (3 of 6).")
        assert "CPS test chirurgien-dentiste: PASSED" in shown

        # another card is put in between the reading and the login
        nurse, other = desk.cards.serial(NURSE), desk.cards.serial(STAFF[0])
        desk.rule(f"fault {nurse} C_GetTokenInfo {_looks(desk, DOCTOR) - 1} slow:1500")
        desk.put(NURSE)
        desk.wait_for("C_GetTokenInfo", NURSE, _looks(desk, DOCTOR) - 1)
        desk.cards.put(desk.folder, {desk.reader: other})
        shown = person.told("Insert the next card (4 of 6).")
        assert f"Not read to the end: {desk.number(NURSE)}" in shown
        assert "Another card was put in while this one was being read." in shown
        assert f"Read: {desk.number(STAFF[0])} ADELE" in shown
        assert desk.calls("C_Login")[NURSE] == 0

        person.type("s")
        person.answer("Insert the next card (5 of 6).", "b")
        shown = person.answer("Insert the next card (4 of 6).", "b")
        assert "The skipped card is awaited again." in shown
        shown = person.answer("Insert the next card (3 of 6).", "what?")
        assert f"Taken back: {desk.number(STAFF[0])}." in shown
        shown = person.answer("Insert the next card (3 of 6).", "")
        assert "“what?” means nothing here." in shown
        person.told("Insert the next card (4 of 6).")
        for number, role in enumerate((NURSE, STAFF[1]), start=5):
            desk.put(role)
            person.told(f"Insert the next card ({number} of 6).")
        desk.put(STAFF[2])
        code, out, _ = person.end()
    result = json.loads(out)
    assert (code, result["verdict"]) == (0, "passed")
    assert {c["result"] for c in result["cards"]} == {"passed", "interchangeable"}
    once = Counter(desk.cards.role(serial) for serial in desk.cards.serials)
    assert desk.calls("C_Login") == once + Counter([DENTIST])
    assert desk.kept == []


def _looks(desk: Desk, role: str) -> int:
    """How often C_GetTokenInfo was asked of a card until its login."""
    lines = [line.split() for line in (desk.folder / "log").read_text().splitlines()]
    of_card = [call for call, serial, _ in lines if serial == desk.cards.serial(role)]
    return of_card[: of_card.index("C_Login")].count("C_GetTokenInfo")
