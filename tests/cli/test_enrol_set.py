"""enrol-set where nobody is asked: real SoftHSM tokens, and the sample observation."""

from __future__ import annotations

import json
import stat
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.cli import cpx, cpx_json, failures
from support.drawer import open_drawer

Emulate = Callable[..., Path]
OBSERVATION = Path(__file__).parents[2] / "fixtures" / "observation.json"
STAFF = ("cde-directeur", "cpe-employe", "cpe-employe-delegue")
DOCTOR, DOCTORS = "medecin-generaliste", "medecin-specialiste"


def numbers(directory: Path) -> dict[str, str]:
    tokens = json.loads((directory / "emulation.json").read_text())["tokens"]
    return {token["role"]: token["card_number"] for token in tokens}


def assigned(directory: Path, *roles: str) -> list[str]:
    known = numbers(directory)
    return [word for role in roles for word in ("--assign", f"{role}={known[role]}")]


def enrol(directory: Path, into: Path, *options: str, set_name: str = "centre-sante") -> Any:
    words = ("enrol-set", "--set", set_name, "--emulated", directory, "--into", into)
    return cpx_json(*words, *options)


def check(set_file: Path, directory: Path) -> dict[str, Any]:
    return cpx_json("check-set", "--set", set_file, "--emulated", directory)


# --- a whole set ------------------------------------------------------------------------------


@pytest.mark.softhsm
@pytest.mark.parametrize(
    ("set_name", "told", "size"),
    [("centre-sante", STAFF[:2], 6), ("centre-hospitalier", STAFF[:1], 9)],
    ids=["six", "nine"],
)
def test_the_file_makes_every_role_certain(
    emulate: Emulate, tmp_path: Path, set_name: str, told: tuple[str, ...], size: int
) -> None:
    cards, own = emulate(set_name), tmp_path / "mine.toml"
    body = enrol(cards, own, *assigned(cards, *told), set_name=set_name)
    assert (body["exit_code"], body["written"], body["complete"]) == (0, True, True)
    assert {c["role"]: c["card_number"] for c in body["cards"]} == numbers(cards)
    assert (body["open"], body["refused"]) == ({"roles": [], "cards": []}, [])

    checked = check(own, cards)
    assert (checked["verdict"], len(checked["cards"])) == ("passed", size)
    assert failures(checked) == set()
    assert {card["result"] for card in checked["cards"]} == {"passed"}
    assert {c["role"]["role"]: c["identity"]["card_number"] for c in checked["cards"]} == (
        numbers(cards)
    )


@pytest.mark.softhsm
@pytest.mark.parametrize(
    ("set_name", "told", "card"),
    [("centre-sante", STAFF[:2], STAFF[1]), ("centre-hospitalier", STAFF[:1], DOCTORS)],
    ids=["six", "nine"],
)
def test_another_card_of_the_same_kind_in_its_place_is_caught(
    emulate: Emulate, tmp_path: Path, set_name: str, told: tuple[str, ...], card: str
) -> None:
    cards, own = emulate(set_name), tmp_path / "mine.toml"
    enrol(cards, own, *assigned(cards, *told), set_name=set_name)
    known = numbers(cards)[card]

    drawer = open_drawer(emulate(set_name, f"extra={card}"))
    drawer.insert_all_but(known)
    words = ("check-set", "--set", own, "--module", drawer.module)
    body = cpx_json(*words, env=drawer.environment)
    assert body["exit_code"] == 1
    assert place_failures(body) == {("CARD-NUMBER", card)}


@pytest.mark.softhsm
def test_a_card_of_another_set_in_its_place_is_caught(
    good: Path, emulate: Emulate, tmp_path: Path
) -> None:
    own = tmp_path / "mine.toml"
    enrol(good, own, *assigned(good, *STAFF[:2]))
    body = check(own, emulate("centre-sante", f"foreign={STAFF[1]}"))
    assert body["exit_code"] == 1
    assert place_failures(body) == {("SET-COMPLETE", "run"), ("CARD-IN-SET", "foreign")}


def place_failures(body: dict[str, Any]) -> set[tuple[str, str]]:
    """What failed about cards and set; keys and certificates have tests of their own."""
    return {found for found in failures(body) if found[0].startswith(("CARD", "SET"))}


@pytest.mark.softhsm
def test_no_pin_is_tried(good: Path, tmp_path: Path) -> None:
    """A wrong PIN would leave the cards with a low count."""
    words = ("enrol-set", "--set", "centre-sante", "--emulated", good, "--into", tmp_path / "m")
    assert cpx(*words, "--partial", env={"CPX_PIN": "9999"}).returncode == 0
    checked = cpx_json("check-set", "--set", "centre-sante", "--emulated", good)
    assert {card["pin"]["result"] for card in checked["cards"]} == {"accepted"}
    assert not [card for card in checked["cards"] if "pin-count-low" in card["pin"]["flags"]]


# --- the sample observation: no card, no SoftHSM ----------------------------------------------

SAMPLE = ("enrol-set", "--set", "centre-sante", "--observation", OBSERVATION)


@pytest.fixture(scope="session")
def staff(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The numbers of the sample's three cards that look alike."""
    into = tmp_path_factory.mktemp("sample") / "mine.toml"
    body = cpx_json(*SAMPLE, "--into", into)
    alike = [asked["key"] for asked in body["open"]["cards"]]
    return dict(zip(STAFF, alike, strict=True))


def told(staff: dict[str, str], *roles: str) -> list[str]:
    return [word for role in roles for word in ("--assign", f"{role}={staff[role]}")]


def test_what_stays_open_is_said_and_nothing_is_written(tmp_path: Path) -> None:
    into = tmp_path / "mine.toml"
    done = cpx(*SAMPLE, "--into", into)
    assert (done.returncode, into.exists()) == (1, False)
    assert "each may be cde-directeur (CDE test directeur" in " ".join(done.stdout.split())
    for words in ("Nothing was written", "--assign ROLE=CARDNUMBER", "--partial", "3 of 6"):
        assert words in " ".join(done.stdout.split())
    assert done.stderr == ""
    body = cpx_json(*SAMPLE, "--into", into)
    assert (body["exit_code"], body["written"], body["complete"]) == (1, False, False)
    assert [asked["ask"] for asked in body["open"]["cards"]] == ["role"] * 3
    assert [r["role"] for r in body["open"]["cards"][0]["roles"]] == list(STAFF)
    assert list(tmp_path.iterdir()) == []


def test_what_was_told_is_enough(tmp_path: Path, staff: dict[str, str]) -> None:
    into = tmp_path / "my set.toml"
    done = cpx(*SAMPLE, "--into", into, *told(staff, *STAFF[:2]))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == f"Next: cpx-tool check-set --set '{into}'"
    judged = cpx_json("judge", OBSERVATION, "--set", into)
    assert not {f for f in failures(judged) if f[0] in ("CARD-ROLE", "CARD-NUMBER")}
    text = into.read_text(encoding="utf-8")
    assert text.startswith("# A set file of cpx-tool.")
    assert str(tmp_path) not in text
    assert all(len(line) < 100 for line in text.splitlines())
    assert {c["role"]: c["card_number"] for c in tomllib.loads(text)["card"]}.items() >= (
        staff.items()
    )


def test_a_partial_file_can_be_gone_on_from(tmp_path: Path, staff: dict[str, str]) -> None:
    into = tmp_path / "mine.toml"
    body = cpx_json(*SAMPLE, "--into", into, "--partial")
    assert (body["exit_code"], body["written"], body["complete"]) == (0, True, False)
    cards = tomllib.loads(into.read_text(encoding="utf-8"))["card"]
    assert [card["role"] for card in cards if "card_number" not in card] == list(STAFF)
    again = ("enrol-set", "--set", into, "--observation", OBSERVATION, "--into", into)
    body = cpx_json(*again, "--force", *told(staff, *STAFF[1:]))
    assert (body["exit_code"], body["complete"]) == (0, True)
    how = {card["role"]: card["how"] for card in body["cards"]}
    assert how[DOCTOR] == "certain"
    assert [how[role] for role in STAFF] == ["derived", "answered", "answered"]


def test_a_file_that_is_there_is_replaced_only_by_force(tmp_path: Path) -> None:
    into = tmp_path / "mine.toml"
    into.write_text("mine")
    done = cpx(*SAMPLE, "--into", into, "--partial")
    assert (done.returncode, into.read_text()) == (2, "mine")
    assert "exists already" in done.stderr
    assert "--force" in done.stderr
    assert cpx(*SAMPLE, "--into", into, "--partial", "--force").returncode == 0
    assert into.read_text(encoding="utf-8").startswith("# ")
    assert stat.S_ISREG(into.stat().st_mode)
    assert list(tmp_path.iterdir()) == [into]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--assign", "infirmer=3100000016"], 'did you mean "infirmier"'),
        (["--assign", "infirmier"], "ROLE=CARDNUMBER"),
        (["--assign", "infirmier=0000000000"], "no card of this number was read"),
        (["--emulated", "there"], "--observation cannot go with"),
        (["--module", "there.so"], "--observation cannot go with"),
        (["--into", "no/such/directory/mine.toml"], "cannot be written"),
        (["--into", "."], "cannot be written"),
        (["--set", "centre-sant"], "centre-sante"),
        (["--observation", "there.json"], "cannot be read"),
    ],
)
def test_wrong_usage_is_one_line_and_a_remedy(
    tmp_path: Path, options: list[str], told: str
) -> None:
    done = cpx(*SAMPLE, "--into", tmp_path / "mine.toml", *options)
    assert (done.returncode, done.stdout) == (2, "")
    reason, remedy = done.stderr.strip().splitlines()
    assert reason.startswith("Error: ")
    assert told in done.stderr
    assert remedy.startswith("→ ")
    assert list(tmp_path.iterdir()) == []


def test_a_role_that_does_not_fit(tmp_path: Path, staff: dict[str, str]) -> None:
    word = f"infirmier={staff['cde-directeur']}"
    done = cpx(*SAMPLE, "--into", tmp_path / "mine.toml", "--assign", word)
    assert done.returncode == 2
    assert f"--assign {word}: this card does not fit this role" in done.stderr
    assert "Carte de Personnel d'Etablissement" in done.stderr


def test_no_card_at_all(tmp_path: Path) -> None:
    seen = json.loads(OBSERVATION.read_text())
    empty = tmp_path / "empty.json"
    empty.write_text(json.dumps({**seen, "cards": []}))
    words = ("enrol-set", "--set", "centre-sante", "--observation", empty)
    done = cpx(*words, "--into", tmp_path / "mine.toml")
    assert (done.returncode, done.stdout) == (4, "")
    body = cpx_json(*words, "--into", tmp_path / "mine.toml")
    assert body["error"]["hint"]


# --- cards that are not enrolled --------------------------------------------------------------


@pytest.mark.softhsm
@pytest.mark.parametrize(
    ("defect", "why"),
    [
        ("production", {"production"}),
        ("foreign", {"foreign"}),
        ("broken-certificate", {"not-proven-test"}),
        ("wrong-profession", {"differs"}),
        ("duplicate", {"same-number"}),
        ("missing", set()),
    ],
)
def test_what_is_not_enrolled_is_named(
    emulate: Emulate, tmp_path: Path, defect: str, why: set[str]
) -> None:
    cards, into = emulate("centre-sante", defect), tmp_path / "mine.toml"
    body = enrol(cards, into, *assigned(cards, *STAFF[:2]))
    assert (body["exit_code"], body["written"], into.exists()) == (1, False, False)
    assert {refused["why"] for refused in body["refused"]} == why
    assert [r["role"] for group in body["open"]["roles"] for r in group["roles"]] == [DOCTOR]


@pytest.mark.softhsm
def test_of_a_real_card_no_name_is_shown(emulate: Emulate, tmp_path: Path) -> None:
    cards = emulate("centre-sante", "production")
    words = ("enrol-set", "--set", "centre-sante", "--emulated", cards, "--into", tmp_path / "m")
    for options in ((), ("--json",), ("--partial",)):
        done = cpx(*words, *options)
        assert numbers(cards)[DOCTOR] in done.stdout
        assert "at once" in " ".join(done.stdout.split())
        assert "BASILE" not in done.stdout + done.stderr
    assert numbers(cards)[DOCTOR] not in (tmp_path / "m").read_text(encoding="utf-8")


# --- a set whose contents are not published, and one's own ------------------------------------


@pytest.fixture(scope="session")
def dental_cards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dentist's card and an employee's."""
    folder = tmp_path_factory.mktemp("dental")
    own = folder / "two.toml"
    own.write_text(
        'name = "two"\ntitle = "Deux cartes"\nsize = 2\n\n'
        '[[card]]\nrole = "a"\ntitle = "A"\ncard_type = "CPS"\nprofession = 40\n\n'
        '[[card]]\nrole = "b"\ntitle = "B"\ncard_type = "CDE/CPE"\nnominative = false\n',
        encoding="utf-8",
    )
    done = cpx("emulate", "--set", own, "--into", folder / "cards")
    assert done.returncode == 0, done.stderr
    return folder / "cards"


@pytest.mark.softhsm
def test_a_set_without_published_contents(dental_cards: Path, tmp_path: Path) -> None:
    own = tmp_path / "dental.toml"
    body = enrol(dental_cards, own, set_name="cabinet-dentaire")
    assert (body["exit_code"], body["complete"]) == (0, True)
    assert {(c["role"], c["title"], c["product"], c["how"]) for c in body["cards"]} == {
        ("cps-chirurgien-dentiste", "CPS test chirurgien-dentiste", "CPS", "proposed"),
        ("cde-cpe-1", "CDE/CPE test anonyme", None, "proposed"),
    }
    checked = check(own, dental_cards)
    assert (checked["verdict"], checked["set"]["name"]) == ("passed", "cabinet-dentaire")
    assert failures(checked) == set()


@pytest.mark.softhsm
def test_another_number_of_cards_than_ordered_is_said(dental_cards: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    words = ("enrol-set", "--set", "cabinet-officine", "--emulated", dental_cards, "--into", own)
    done = cpx(*words)
    assert (done.returncode, own.exists()) == (1, False)
    assert "2 cards enrolled; the set as ordered holds 3." in done.stdout
    assert cpx(*words, "--partial").returncode == 0
    assert tomllib.loads(own.read_text(encoding="utf-8"))["size"] == 2


@pytest.mark.softhsm
def test_a_set_of_ones_own(dental_cards: Path, tmp_path: Path) -> None:
    own = tmp_path / "Mes cartes.toml"
    anonymous = numbers(dental_cards)["b"]
    words = ("enrol-set", "--emulated", dental_cards, "--into", own)
    body = cpx_json(*words, "--assign", f"accueil={anonymous}")
    assert body["set"] == {
        "name": "mes-cartes",
        "title": "Mes cartes",
        "reference": None,
        "size": None,
    }
    assert {card["role"] for card in body["cards"]} == {"cps-chirurgien-dentiste", "accueil"}
    assert check(own, dental_cards)["verdict"] == "passed"


def test_french(tmp_path: Path) -> None:
    into = tmp_path / "mine.toml"
    done = cpx(*SAMPLE, "--into", into, "--partial", "--lang", "fr")
    assert "3 cartes enregistrées sur 6." in done.stdout
    assert "chacune peut être" in " ".join(done.stdout.split())
    assert into.read_text(encoding="utf-8").startswith("# Fichier de jeu de cpx-tool.")


def test_names_of_files_reach_the_terminal_harmless(tmp_path: Path) -> None:
    into = tmp_path / "\x1b[31m.toml"
    done = cpx(*SAMPLE, "--into", into, "--partial")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout + done.stderr
    assert "\x1b" not in into.read_text(encoding="utf-8")
