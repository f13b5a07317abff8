"""check-set before a person with one reader: a real terminal, a real pcscd, cards that come and go.

The cards are SoftHSM's, behind a module that shows each as long as PC/SC sees one in the reader.
"""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.documents import shown_below
from support.modules import compile_proxy
from support.pcscd import Service, pcscd
from support.proxy import Proxy
from support.terminal import CTRL_C, Terminal, terminal

pytestmark = [pytest.mark.softhsm, pytest.mark.pcscd]

CPS4 = "3B9B188001001225006480040100009044"
DOCTOR, DENTIST, NURSE = "medecin-generaliste", "chirurgien-dentiste", "infirmier"
STAFF = ("cde-directeur", "cpe-employe", "cpe-employe-delegue")


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
    inside: bool = False

    @property
    def variables(self) -> dict[str, str]:
        return self.cards.variables(self.folder)

    def sit_down(
        self, *options: str | Path, command: str = "check-set"
    ) -> AbstractContextManager[Terminal]:
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
        return list((self.folder / "state" / "runs").glob("*.json"))


MakeDesk = Callable[[Path], Desk]


@pytest.fixture
def make_desk(module: Path, tmp_path: Path) -> Iterator[MakeDesk]:
    with pcscd("Alpha") as service:

        def make(directory: Path) -> Desk:
            cards = Proxy(module, directory, tmp_path, service)
            reader = service.readers[0]
            folder = cards.start(*cards.in_readers({reader: cards.serials[0]}))
            return Desk(service, cards, module, folder, reader)

        yield make


def test_a_drawer_of_cards(make_desk: MakeDesk, good: Path) -> None:
    """The whole set through one reader, with all that goes wrong on the way."""
    desk = make_desk(good)
    with desk.sit_down("--json") as person:
        shown = person.told("Insert the next card (1 of 6).")
        assert "Still expected: CDE test directeur" in shown
        desk.put(DOCTOR)
        shown = person.told("Insert the next card (2 of 6).")
        assert f"✓ Read: {desk.number(DOCTOR)} BASILE" in shown
        assert "CPS test médecin généraliste: PASSED" in shown
        assert (
            " ".join(" ".join(shown_below("docs/sets.md", "cpx-tool check-set")).split()) in shown
        )
        looks = _looks(desk, DOCTOR)
        _put_in_again_and_upside_down(desk, person)
        _pull_too_early(desk, person)
        _swap_before_the_login(desk, person, looks - 1)
        _type(desk, person)
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


def _put_in_again_and_upside_down(desk: Desk, person: Terminal) -> None:
    desk.put(DOCTOR)
    shown = person.told("Insert the next card (2 of 6).")
    assert f"Read already: {desk.number(DOCTOR)} BASILE" in shown
    desk.put_upside_down()
    shown = person.told("Insert the next card (2 of 6).")
    assert f"{desk.reader} (mute card)" in shown
    assert "chip first and facing up" in shown


def _pull_too_early(desk: Desk, person: Terminal) -> None:
    """While it signs. Its PIN was good, and is tried again only when somebody says so."""
    desk.rule(f"fault {desk.cards.serial(DENTIST)} C_Sign 1 slow:2000")
    desk.put(DENTIST)
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


def _swap_before_the_login(desk: Desk, person: Terminal, look: int) -> None:
    """`look` is a C_GetTokenInfo after the card was read."""
    desk.rule(f"fault {desk.cards.serial(NURSE)} C_GetTokenInfo {look} slow:1500")
    desk.put(NURSE)
    desk.wait_for("C_GetTokenInfo", NURSE, look)
    desk.cards.put(desk.folder, {desk.reader: desk.cards.serial(STAFF[0])})
    shown = person.told("Insert the next card (4 of 6).")
    assert f"Not read to the end: {desk.number(NURSE)}" in shown
    assert "Another card was put in while this one was being read." in shown
    assert f"Read: {desk.number(STAFF[0])} ADELE" in shown
    assert desk.calls("C_Login")[NURSE] == 0


def _type(desk: Desk, person: Terminal) -> None:
    """Skip, back, back once more, nonsense; then look again at what is in."""
    person.type("s")
    person.answer("Insert the next card (5 of 6).", "b")
    shown = person.answer("Insert the next card (4 of 6).", "b")
    assert "The skipped card is awaited again." in shown
    shown = person.answer("Insert the next card (3 of 6).", "what?")
    assert f"Taken back: {desk.number(STAFF[0])}." in shown
    shown = person.answer("Insert the next card (3 of 6).", "")
    assert "“what?” means nothing here." in shown
    person.told("Insert the next card (4 of 6).")


def _looks(desk: Desk, role: str) -> int:
    """How often C_GetTokenInfo was asked of a card until its login."""
    lines = [line.split() for line in (desk.folder / "log").read_text().splitlines()]
    of_card = [call for call, serial, _ in lines if serial == desk.cards.serial(role)]
    return of_card[: of_card.index("C_Login")].count("C_GetTokenInfo")


def test_a_run_is_interrupted_killed_and_resumed(
    make_desk: MakeDesk, emulate: Callable[..., Path]
) -> None:
    """No card is logged into a second time; a real card is named at once, and left alone."""
    desk = make_desk(emulate("centre-sante", f"production={NURSE}"))
    with desk.sit_down() as person:
        desk.put(DOCTOR)
        person.told("Insert the next card (2 of 6).")
        person.press(CTRL_C)
        code, out, rest = person.end()
    assert code == 130
    assert f"{desk.number(DOCTOR)}  CPS" in out
    assert "INCOMPLETE — 1 of 6 cards" in out
    assert ("lost" in out, "missing" in out.split("Good for")[0]) == (False, False)
    assert "Error: Interrupted." in rest
    assert rest.endswith("the same command with --resume goes on from there.")

    with desk.sit_down("--resume") as person:
        shown = person.told("Insert the next card (2 of 6).")
        assert "Resumed: 1 of 6 cards was read on " in shown
        desk.put(DENTIST)
        person.told("Insert the next card (3 of 6).")
        person.process.kill()
        assert person.end()[0] == -signal.SIGKILL
    desk.take_out()

    with desk.sit_down() as person:
        shown = person.answer("Insert the next card (1 of 6).", "q")
        assert "read 2 cards, and the set was not complete: --resume goes on from there" in shown
        assert person.end()[0] == 4

    with desk.sit_down("--resume") as person:
        shown = person.told("Insert the next card (3 of 6).")
        assert "Resumed: 2 of 6 cards were read on " in shown
        desk.put(NURSE)
        shown = person.answer("Insert the next card (3 of 6).", "q")
        assert f"A REAL CARD, its PIN is not tried: {desk.number(NURSE)}" in shown
        assert "Take this card out at once" in shown
        assert "FELIX" not in shown
        code, out, rest = person.end()
    assert code == 1
    assert "FAILED — 2 of 6 cards" in out or "FAILED — 3 of 6 cards" in out
    assert "goes on from there" in rest
    assert desk.calls("C_Login") == Counter([DOCTOR, DENTIST])
    (kept,) = desk.kept
    assert kept.stat().st_mode & 0o777 == 0o600
    numbers = [desk.number(role) in kept.read_text() for role in (DOCTOR, DENTIST, NURSE)]
    assert numbers == [True, True, False]


def test_with_readers_for_all_cards_it_just_runs(module: Path, good: Path, tmp_path: Path) -> None:
    with pcscd("Alpha", "Beta", "Gamma") as service:
        cards = Proxy(module, good, tmp_path, service)
        where = dict(zip(service.readers, cards.serials, strict=True))
        for reader in range(6):
            service.insert(reader, CPS4)
        folder = cards.start(*cards.in_readers(where))
        words = ("check-set", "--set", "centre-sante", "--module", module)
        with terminal(*words, env=cards.variables(folder), prefix=service.prefix) as person:
            code, out, rest = person.end()
    assert (code, "PASSED — 6 of 6 cards" in out) == (0, True)
    assert "Insert" not in rest
    assert not list((folder / "state" / "runs").glob("*"))


def test_enrol_set_notices_a_card_by_itself(make_desk: MakeDesk, good: Path) -> None:
    desk = make_desk(good)
    own = desk.folder / "mine.toml"
    with desk.sit_down("--into", own, command="enrol-set") as person:
        person.told("Insert the next card (1 of 6).")
        desk.put(DOCTOR)
        shown = person.answer("Insert the next card (2 of 6).", "q")
        assert f"Read: {desk.number(DOCTOR)} BASILE" in shown
        assert person.end()[0] == 1
