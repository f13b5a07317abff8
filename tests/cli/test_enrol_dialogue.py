"""enrol-set before a person: a real terminal, SoftHSM tokens that go in and out between answers."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from support.cli import cpx_json, failures
from support.drawer import Drawer, open_drawer
from support.terminal import CTRL_C, CTRL_D, Terminal, terminal

pytestmark = pytest.mark.softhsm

STAFF = ("cde-directeur", "cpe-employe", "cpe-employe-delegue")
DOCTOR, DENTIST, NURSE = "medecin-generaliste", "chirurgien-dentiste", "infirmier"


@pytest.fixture
def drawer(good: Path) -> Iterator[Drawer]:
    """The six cards of the set Centre de santé, all out."""
    return open_drawer(good)


def enrolling(drawer: Drawer, into: Path, *options: str) -> AbstractContextManager[Terminal]:
    words = ("enrol-set", "--set", "centre-sante", "--module", drawer.module, "--into", into)
    return terminal(*words, *options, env=drawer.environment)


def hand(person: Terminal, drawer: Drawer, *roles: str) -> None:
    """Put these cards in place of those that are in, and press Enter."""
    drawer.insert(*roles)
    person.type("")


def pins(file: Path) -> dict[str, str]:
    cards = tomllib.loads(file.read_text(encoding="utf-8"))["card"]
    return {card["role"]: card["card_number"] for card in cards if "card_number" in card}


def test_a_drawer_with_one_reader(drawer: Drawer, tmp_path: Path) -> None:
    """Card after card, the same one twice, a step back, a wrong choice; then the file works."""
    own = tmp_path / "mine.toml"
    number = drawer.numbers
    with enrolling(drawer, own) as person:
        shown = person.asked("Insert the next card (1 of 6).")
        assert "The PC/SC service is not running." in shown
        hand(person, drawer, DOCTOR)
        shown = person.answer("Insert the next card (2 of 6).", "")
        assert f"Read: {number[DOCTOR]} BASILE DOC" in shown
        assert "Still expected: CDE test directeur" in shown
        shown = person.asked("Insert the next card (2 of 6).")
        assert f"Read already: {number[DOCTOR]} BASILE" in shown
        hand(person, drawer, DENTIST)
        person.answer("Insert the next card (3 of 6).", "b")
        shown = person.asked("Insert the next card (2 of 6).")
        assert f"Taken back: {number[DENTIST]}." in shown
        hand(person, drawer, STAFF[0])
        shown = person.asked("Insert the next card (3 of 6).")
        assert f"Read: {number[STAFF[0]]} ADELE" in shown
        assert "2 of these (CDE test directeur" in shown
        hand(person, drawer, NURSE, DENTIST)
        person.asked("Insert the next card (5 of 6).")
        hand(person, drawer, STAFF[1])
        person.asked("Insert the next card (6 of 6).")
        hand(person, drawer, STAFF[2])

        shown = person.answer("3 CPE test nominative employé délégué", "4")
        for words in (f"Card {number[STAFF[0]]}", "ADELE", "/CPET0001", "Personnel santé"):
            assert words in shown
        assert "printed on it" in shown
        shown = person.answer("3 CPE test nominative employé délégué", "2")
        assert "Type a number from 1 to 3" in shown
        person.answer("2 CPE test nominative employé délégué", "b")
        person.answer("3 CPE test nominative employé délégué", "1")
        person.answer("2 CPE test nominative employé délégué", "1")
        shown = person.answer("6 of 6 cards enrolled. Enter = write it", "")
        assert "the only one left" in shown
        code, out, rest = person.end()
    assert (code, rest) == (0, "")
    assert out == f"Written: {own}\nNext: cpx-tool check-set --set {own}\n"
    assert pins(own) == number

    drawer.insert(*number)
    words = ("check-set", "--set", own, "--module", drawer.module)
    checked = cpx_json(*words, env=drawer.environment)
    assert failures(checked) == {("PCSC-SERVICE", "run")}
    assert {card["result"] for card in checked["cards"]} == {"passed"}


def test_cards_that_are_not_there(drawer: Drawer, tmp_path: Path) -> None:
    """Skipped, and left out: what is there is written when the operator insists."""
    own = tmp_path / "mine.toml"
    drawer.insert(DOCTOR, STAFF[0], STAFF[1])
    with enrolling(drawer, own, "--json") as person:
        for step in (4, 5):
            person.answer(f"Insert the next card ({step} of 6).", "s")
        person.answer("Insert the next card (6 of 6).", "b")
        shown = person.answer("Insert the next card (5 of 6).", "w")
        assert "The skipped card is awaited again." in shown
        person.answer("3 CPE test nominative employé délégué", "s")
        person.answer("3 CPE test nominative employé délégué", "3")
        shown = person.answer("w = write it all the same", "")
        assert "It was left out." in shown
        shown = person.answer("w = write it all the same", "w")
        assert "The set is not complete" in shown
        code, out, _ = person.end()
    body = json.loads(out)
    assert (code, body["exit_code"], body["written"], body["complete"]) == (0, 0, True, False)
    assert [refused["why"] for refused in body["refused"]] == ["set-aside"]
    assert pins(own) == {
        DOCTOR: drawer.numbers[DOCTOR],
        STAFF[2]: drawer.numbers[STAFF[1]],
    }


@pytest.mark.parametrize(
    ("key", "code", "told"),
    [(CTRL_C, 130, "Error: Interrupted."), (CTRL_D, 1, ""), (b"q\n", 1, "q")],
    ids=["ctrl-c", "end-of-input", "q"],
)
@pytest.mark.parametrize("at", ["insert", "question", "confirm"])
def test_whoever_stops_finds_nothing_written(
    drawer: Drawer, tmp_path: Path, key: bytes, code: int, told: str, at: str
) -> None:
    own = tmp_path / "mine.toml"
    if at != "insert":
        drawer.insert(*drawer.numbers)
    with enrolling(drawer, own) as person:
        if at == "confirm":
            person.answer("Card ", "1")
            person.answer("Card ", "1")
        person.asked("")
        person.press(key)
        ended, out, rest = person.end()
    assert ended == code
    assert rest.endswith(told)
    assert "Traceback" not in rest
    assert ("Nothing was written" in out) == (code == 1)
    assert list(tmp_path.iterdir()) == []


def test_a_real_card_in_the_reader(emulate: object, tmp_path: Path) -> None:
    """Named at once, without its holder's name, and never enrolled."""
    assert callable(emulate)
    drawer = open_drawer(emulate("centre-sante", f"production={NURSE}"))
    own = tmp_path / "mine.toml"
    drawer.insert(NURSE)
    with enrolling(drawer, own) as person:
        shown = person.asked("Insert the next card (1 of 6).")
        hand(person, drawer, DOCTOR)
        person.answer("Insert the next card (2 of 6).", "w")
        person.answer("w = write it all the same", "w")
        code, _, _ = person.end()
    assert f"A REAL CARD, not enrolled: {drawer.numbers[NURSE]}" in shown
    assert "Take this card out at once" in shown
    assert "FELIX" not in shown
    assert (code, pins(own)) == (0, {DOCTOR: drawer.numbers[DOCTOR]})


def test_without_a_set_the_operator_names_the_cards(drawer: Drawer, tmp_path: Path) -> None:
    own = tmp_path / "mine.toml"
    drawer.insert(DOCTOR, STAFF[1])
    words = ("enrol-set", "--module", drawer.module, "--into", own, "--lang", "fr")
    with terminal(*words, env=drawer.environment) as person:
        person.answer("Insérez la carte suivante (n° 3).", "w")
        person.answer("Entrée = cps-medecin", "")
        person.answer("Entrée = CPS test médecin", "Ma carte de médecin")
        person.answer("3 inconnu (Entrée)", "2")
        person.answer("Entrée = cpe s", "Accueil !")
        shown = person.answer("Entrée = cpe s", "accueil")
        assert "« Accueil ! »" in shown
        person.answer("Entrée = CPE test nominative", "")
        person.answer("2 cartes enregistrées.", "")
        code, _, _ = person.end()
    assert code == 0
    doctor, employee = tomllib.loads(own.read_text(encoding="utf-8"))["card"]
    assert (doctor["role"], doctor["title"]) == ("cps-medecin", "Ma carte de médecin")
    assert (employee["role"], employee["product"]) == ("accueil", "CPE")


def test_answers_given_beforehand_are_not_asked_for(drawer: Drawer, tmp_path: Path) -> None:
    own = tmp_path / "mine.toml"
    drawer.insert(*drawer.numbers)
    told = [f"--assign={STAFF[0]}={drawer.numbers[STAFF[0]]}", f"--assign={NURSE}=0000000000"]
    with enrolling(drawer, own, *told) as person:
        shown = person.answer("2 CPE test nominative employé délégué", "2")
        assert f"--assign {NURSE}=0000000000: no card of this number was read" in shown
        shown = person.answer("Enter = write it", "")
        assert "--assign" not in shown
        assert person.end()[0] == 0
    assert pins(own)[STAFF[0]] == drawer.numbers[STAFF[0]]


def test_no_input_asks_nothing_at_a_terminal_either(drawer: Drawer, tmp_path: Path) -> None:
    drawer.insert(DOCTOR)
    with enrolling(drawer, tmp_path / "mine.toml", "--no-input") as person:
        code, out, rest = person.end()
    assert (code, "Insert" in rest) == (1, False)
    assert "Nothing was written" in out
