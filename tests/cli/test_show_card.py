"""show-card, as a user runs it: on emulated cards, and on a saved observation."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from support.cli import cpx, cpx_json

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "fixtures" / "observation.json"
DOCTOR = "9945000223"
NUMBERS = [f"9945000{n}23" for n in range(1, 7)]


def told(*arguments: str | Path, code: int, words: str) -> str:
    done = cpx("show-card", *arguments)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert words in done.stderr
    assert done.stdout == ""
    return done.stderr


def cards(*arguments: str | Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = cpx_json("show-card", *arguments)["cards"]
    return found


# --- emulated cards ---------------------------------------------------------------------------


@pytest.fixture(scope="session")
def emulation(pristine: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(pristine, tmp_path_factory.mktemp("show") / "cards"))


@pytest.mark.softhsm
def test_every_card_of_an_emulation_has_its_sheet(emulation: Path) -> None:
    body = cpx_json("show-card", "--emulated", emulation)
    assert (body["emulated"], body["observation"]) == (True, None)
    assert sorted(card["key"] for card in body["cards"]) == NUMBERS
    for card in body["cards"]:
        assert card["test_card"]["outcome"] == "proven"
        assert {c["chain"]["outcome"] for c in card["certificates"]} == {"verified"}
        assert {c["revocation"]["outcome"] for c in card["certificates"]} == {"good"}
        assert card["pin"]["refusal"] == "not-asked"
        assert not any(item["private"] for item in card["data_objects"])
        numbers = [s["value"] for s in card["dossier"]["card_number"]["sightings"]]
        assert numbers == [card["key"]] * 4


@pytest.mark.softhsm
def test_the_sheet_of_one_card(emulation: Path) -> None:
    done = cpx("show-card", "--emulated", emulation, "--card", "9945 0002 23")
    assert done.returncode == 0
    assert re.findall(r"^Card (\d+)$", done.stdout, re.MULTILINE) == [DOCTOR]
    assert done.stderr == ""
    assert [line for line in done.stdout.splitlines() if cell_len(line) > 80] == []
    assert "EMULATED CARDS" in done.stdout
    assert "←" not in "".join(line[:30] for line in done.stdout.splitlines())
    more = cpx("show-card", "--emulated", emulation, "--card", DOCTOR, "--sources").stdout
    assert re.search(r"^ +← CPS_ID_CARD, tag E3 81$", more, re.MULTILINE)


@pytest.mark.softhsm
def test_no_pin_is_tried_and_the_cards_are_as_before(emulation: Path) -> None:
    env = {"CPX_PIN": "9999"}  # a wrong one would be counted
    assert cpx("show-card", "--emulated", emulation, env=env).returncode == 0
    after = cpx_json("check-set", "--set", "centre-sante", "--emulated", emulation)
    assert {card["pin"]["result"] for card in after["cards"]} == {"accepted"}


@pytest.mark.softhsm
def test_check_set_carries_the_same_dossier(emulation: Path) -> None:
    checked = cpx_json("check-set", "--set", "centre-sante", "--emulated", emulation)["cards"]
    shown = {card["key"]: card for card in cards("--emulated", emulation)}
    for card in checked:
        assert card["dossier"] == shown[card["key"]]["dossier"]
        assert card["identity"] == shown[card["key"]]["identity"]
        agree = [f for f in card["findings"] if f["check"] == "CARD-DATA-AGREE"]
        assert [f["outcome"] for f in agree] == ["passed"]


# --- a saved observation ----------------------------------------------------------------------


def test_the_sample_observation_needs_no_card() -> None:
    body = cpx_json("show-card", "--observation", SAMPLE)
    assert body["observation"] == str(SAMPLE)
    assert body["observed_at"] == json.loads(SAMPLE.read_text())["observed_at"]
    doctor = next(card for card in body["cards"] if card["key"] == DOCTOR)
    assert {c["validity"] for c in doctor["certificates"]} == {"expired"}
    assert doctor["dossier"]["profession"]["value"]["code"] == "10"
    assert any(item["private"] and item["fields"] for item in doctor["data_objects"])


def test_french() -> None:
    done = cpx("show-card", "--observation", SAMPLE, "--card", DOCTOR, "--lang", "fr", "--sources")
    assert done.returncode == 0
    assert [line for line in done.stdout.splitlines() if cell_len(line) > 80] == []
    assert "899745020026 (RPPS, clé valide)" in done.stdout
    assert "dans chaque certificat" in done.stdout
    assert "EXPIRÉ\N{NO-BREAK SPACE}: du" in done.stdout


@pytest.mark.softhsm
def test_ca_certificates_and_crls_that_are_at_hand_now(emulation: Path, tmp_path: Path) -> None:
    saved = tmp_path / "seen.json"
    options = ("--emulated", emulation, "--save-observation", saved)
    assert cpx("check-set", "--set", "centre-sante", *options).returncode == 0
    seen = json.loads(saved.read_text())
    del seen["trust"]
    saved.write_text(json.dumps(seen))
    alone, more = (
        cards("--observation", saved, "--card", DOCTOR, *options)[0]["certificates"][0]
        for options in ((), ("--ca-dir", emulation / "ca"))
    )
    assert alone["chain"]["outcome"] == "issuer-not-at-hand"
    assert more["chain"]["outcome"] == "verified"  # the emulator's roots vouch for its own cards
    assert more["chain"]["anchor"]["origin"] == "emulated"


# --- bad input --------------------------------------------------------------------------------


def test_an_unknown_number_is_one_line_with_those_that_are_there() -> None:
    err = told("--observation", SAMPLE, "--card", "3100000099", code=2, words="3100000099")
    first = err.splitlines()[0]
    assert all(card["key"] in first for card in cards("--observation", SAMPLE))


def test_an_observation_and_cards_exclude_each_other(tmp_path: Path) -> None:
    told("--observation", SAMPLE, "--emulated", tmp_path, code=2, words="excludes")
    told("--observation", SAMPLE, "--module", "a.so", code=2, words="excludes")


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    told("--observation", tmp_path / "gone.json", code=2, words="cannot be read")
    told("--emulated", tmp_path, code=2, words="not a directory of emulated cards")
    told("--observation", SAMPLE, "--ca-dir", tmp_path / "gone", code=2, words="gone")


def test_no_card(tmp_path: Path) -> None:
    empty = tmp_path / "empty.json"
    empty.write_text(json.dumps({**json.loads(SAMPLE.read_text()), "cards": []}))
    told("--observation", empty, code=4, words="shows no card")
    body = cpx_json("show-card", "--observation", empty)
    assert (body["exit_code"], body["verdict"]) == (4, None)
