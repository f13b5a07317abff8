"""check-set and judge on real SoftHSM tokens, through the installed command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from support.cli import cpx, cpx_json, failures

pytestmark = pytest.mark.softhsm

Emulate = Callable[..., Path]
DOCTOR = "medecin-generaliste"
STAFF = ("cde-directeur", "cpe-employe", "cpe-employe-delegue")
UNCERTAIN = {("CARD-ROLE", role) for role in STAFF}
"""What a good set Centre de santé says: CDE and CPE cannot be told apart."""
UNCERTAIN_OF_NINE = {("CARD-ROLE", role) for role in ("cde-directeur", "cpe-employe")}
"""What a good set Centre hospitalier says; its other CPE is anonymous."""


def check(directory: Path, *options: str | Path, set_name: str = "centre-sante") -> dict:
    return cpx_json("check-set", "--set", set_name, "--emulated", directory, *options)


def test_a_good_set_passes(good: Path) -> None:
    body = check(good)
    assert (body["verdict"], body["exit_code"], body["emulated"]) == ("passed", 0, True)
    assert len(body["cards"]) == 6
    assert failures(body) == UNCERTAIN
    assert failures(body, "skipped", "error") == {("CARD-SPECIALITY", DOCTOR)}


def test_every_card_of_a_good_set_signs_with_both_keys_after_one_login(good: Path) -> None:
    for card in check(good)["cards"]:
        assert card["pin"]["result"] == "accepted"
        keys = {tried["key_label"] for tried in card["signatures"]}
        assert keys == {"CPS_PRIV_AUT", "CPS_PRIV_SIG"}
        assert any(item["private"] for item in card["data_objects"])


def test_the_console_shows_the_six_cards_and_one_verdict(good: Path) -> None:
    done = cpx("check-set", "--set", "centre-sante", "--emulated", good)
    assert done.returncode == 0
    assert "EMULATED" in done.stdout
    for word in ("Médecin", "Chirurgien-Dentiste", "Infirmier", "CDE/CPE", "6 of 6 cards"):
        assert word in done.stdout
    assert done.stdout.count("✓✓") == 6
    assert done.stdout.rstrip().splitlines()[-1].startswith("PASSED")


def test_the_nine_cards_of_the_hospital(emulate: Emulate) -> None:
    body = check(emulate("centre-hospitalier"), set_name="JM1_HOPITAL RPPS")
    assert (body["exit_code"], len(body["cards"])) == (0, 9)
    roles = {card["role"]["role"]: card for card in body["cards"]}
    anonymous = roles["cpe-anonyme"]
    assert anonymous["identity"]["holder"]["nominative"] is False
    assert anonymous["interchangeable"] == []
    assert failures(body) == UNCERTAIN_OF_NINE


CARD = "the first CPS of the set"
DEFECTS = {
    "expired": (1, {("CERT-NOT-EXPIRED", CARD)}),
    "not-yet-valid": (1, {("CERT-STARTED", CARD)}),
    "expiring-soon": (0, {("CERT-EXPIRY", CARD)}),
    "wrong-profession": (1, {("CARD-PROFESSION", CARD), ("CARD-TITLE", CARD)}),
    "production": (1, {("CARD-TEST", CARD)}),
    "swapped": (1, {("CERT-USAGE-AUTH", CARD), ("CERT-USAGE-SIGN", CARD)}),
    "key-mismatch": (
        1,
        {("KEY-MATCHES", CARD), ("SIGN-AUTH", CARD), ("SIGN-PSS", CARD)},
    ),
    "missing": (1, {("SET-COMPLETE", "run")}),
    "duplicate": (1, {("CARD-UNIQUE", "duplicate")}),
    "extra": (1, {("CARD-NOT-EXTRA", CARD)}),
    "foreign": (1, {("SET-COMPLETE", "run"), ("CARD-IN-SET", "foreign")}),
    "broken-certificate": (1, {("CERT-READABLE", CARD), ("CARD-TEST", CARD)}),
    "no-private-key": (1, {("KEY-PRESENT", CARD)}),
    "pkcs1-only": (0, {("SIGN-PSS", CARD)}),
    "revoked": (1, {("CERT-REVOKED", CARD)}),
    "forged": (1, {("CERT-CHAIN", CARD)}),
}
"""Defect → exit code, and exactly the checks that catch it."""


@pytest.mark.parametrize("defect", DEFECTS)
@pytest.mark.parametrize(
    ("set_name", "card", "uncertain"),
    [
        ("centre-sante", DOCTOR, UNCERTAIN),
        ("centre-hospitalier", "medecin-specialiste", UNCERTAIN_OF_NINE),
    ],
    ids=["six", "nine"],
)
def test_each_defect_is_caught_on_the_right_card(
    emulate: Emulate, set_name: str, card: str, uncertain: set[tuple[str, str]], defect: str
) -> None:
    code, checks = DEFECTS[defect]
    expected = {(check_id, card if on == CARD else on) for check_id, on in checks}
    body = check(emulate(set_name, defect), set_name=set_name)
    assert body["exit_code"] == code
    assert failures(body) - uncertain == expected


def test_the_table_above_knows_every_defect() -> None:
    listed = cpx("emulate", "--help").stdout
    done = cpx("emulate", "--set", "centre-sante", "--into", "/nowhere", "--defect", "?")
    known = done.stderr.split("Known: ")[1].split(".")[0].split(", ")
    assert sorted(known) == sorted(DEFECTS)
    assert "expired" in listed


def test_another_emulation_that_is_replaced_is_told(tmp_path: Path) -> None:
    into = tmp_path / "cards"
    told = []
    for defect in ("expired", "expired", "swapped"):
        done = cpx("emulate", "--set", "centre-sante", "--into", into, "--defect", defect)
        told.append(done.stderr)
    assert told == ["", "", f"Replaced what was in {into}: centre-sante, expired.\n"]


def test_a_defect_on_a_chosen_card(emulate: Emulate) -> None:
    body = check(emulate("centre-sante", "expired=infirmier", "swapped=3"))
    found = failures(body) - UNCERTAIN
    assert ("CERT-NOT-EXPIRED", "infirmier") in found
    assert ("CERT-USAGE-AUTH", "chirurgien-dentiste") in found
    assert len(found) == 3


def test_a_card_without_proof_gets_no_pin(emulate: Emulate) -> None:
    body = check(emulate("centre-sante", "production", "broken-certificate=infirmier"))
    refusals = {
        card["role"]["role"]: card["pin"]["refusal"]
        for card in body["cards"]
        if card["pin"]["result"] == "refused"
    }
    assert refusals == {DOCTOR: "production", "infirmier": "not-proven-test"}


def test_a_wrong_given_pin_costs_one_try_in_all_and_is_not_tried_again(good: Path) -> None:
    wrong = {"CPX_PIN": "9999"}
    body = cpx_json("check-set", "--set", "centre-sante", "--emulated", good, env=wrong)
    results = [(card["pin"]["result"], card["pin"]["refusal"]) for card in body["cards"]]
    assert body["exit_code"] == 1
    assert results.count(("wrong", None)) == 1
    assert results.count(("refused", "refused-elsewhere")) == 5

    again = check(good)  # the right PIN now, but that card's count is low
    refusals = [card["pin"]["refusal"] for card in again["cards"]]
    assert refusals.count("count-low") == 1
    assert refusals.count(None) == 5
    assert (again["verdict"], again["exit_code"]) == ("incomplete", 5)


def test_the_pin_stands_in_no_output(good: Path, tmp_path: Path) -> None:
    saved = tmp_path / "seen.json"
    arguments = ("check-set", "--set", "centre-sante", "--emulated", good)
    for options in (("--json",), ("--save-observation", saved), ()):
        done = cpx(*arguments, *options, env={"CPX_PIN": "86421357"})
        assert "86421357" not in done.stdout + done.stderr
    assert "86421357" not in saved.read_text()


def test_a_saved_observation_gets_the_same_judgement(good: Path, tmp_path: Path) -> None:
    saved = tmp_path / "seen.json"
    with_cards = check(good, "--save-observation", saved)
    without = cpx_json("judge", saved, "--set", "centre-sante")
    assert without == with_cards
    assert list(tmp_path.glob(".seen*")) == []


def test_judging_against_another_set(good: Path, tmp_path: Path) -> None:
    saved = tmp_path / "seen.json"
    check(good, "--save-observation", saved)
    body = cpx_json("judge", saved, "--set", "centre-hospitalier")
    assert body["exit_code"] == 1
    assert ("CARD-IN-SET", "foreign") in failures(body)


@pytest.mark.parametrize(
    "spelling", ["Centre de santé", "JM1_CENTRE DE SANTE_RPPS", "CENTRE_SANTE"]
)
def test_the_set_may_be_named_as_a_person_would(good: Path, spelling: str) -> None:
    assert check(good, set_name=spelling)["set"]["name"] == "centre-sante"


def test_a_set_file_of_ones_own_pins_the_cards(good: Path, tmp_path: Path) -> None:
    numbers = {t["role"]: t["card_number"] for t in _tokens(good)}
    toml = cpx("show-set", "centre-sante", "--toml").stdout
    for role in STAFF:
        line = f'role = "{role}"\n'
        toml = toml.replace(line, f'{line}card_number = "{numbers[role]}"\n')
    own = tmp_path / "mine.toml"
    own.write_text(toml)
    body = cpx_json("check-set", "--set", own, "--emulated", good)
    assert failures(body) == set()
    assert all(card["interchangeable"] == [] for card in body["cards"])


def _tokens(directory: Path) -> list[dict[str, str]]:
    tokens: list[dict[str, str]] = json.loads((directory / "emulation.json").read_text())["tokens"]
    return tokens


def test_a_set_without_published_contents_says_so(good: Path) -> None:
    done = cpx("check-set", "--set", "cabinet-dentaire", "--emulated", good)
    assert done.returncode == 2
    assert "not published" in done.stderr
    assert "enrol-set --set cabinet-dentaire" in done.stderr


def test_no_card_at_all(tmp_path: Path) -> None:
    (tmp_path / "tokens").mkdir()
    configuration = tmp_path / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {tmp_path / 'tokens'}\n")
    module = next(Path("/usr/lib").glob("**/libsofthsm2.so"))
    env = {"SOFTHSM2_CONF": str(configuration), "PCSCLITE_CSOCK_NAME": str(tmp_path / "none")}
    arguments = ("check-set", "--set", "centre-sante", "--module", module)
    done = cpx(*arguments, env=env)
    assert done.returncode == 4
    assert "No card could be checked" in done.stdout
    assert cpx_json(*arguments, env=env)["cards"] == []


def test_french(good: Path) -> None:
    done = cpx("check-set", "--set", "centre-sante", "--emulated", good, "--lang", "fr")
    assert done.returncode == 0
    assert "CARTES ÉMULÉES" in done.stdout
    assert "6 cartes sur 6" in done.stdout


def test_codes_and_keys_are_the_same_in_both_languages(good: Path) -> None:
    english, french = check(good), check(good, "--lang", "fr")
    volatile = ("run_id", "observed_at")
    assert _shape(english, volatile) == _shape(french, volatile)
    assert english["cards"][0]["findings"][0]["title"] != french["cards"][0]["findings"][0]["title"]


def _shape(value: object, without: tuple[str, ...]) -> object:
    """The structure with its codes; sentences and times left out."""
    sentences = ("title", "message", "hint", "reason", "seconds")
    if isinstance(value, dict):
        return {
            key: None if key in sentences else _shape(item, without)
            for key, item in value.items()
            if key not in without
        }
    if isinstance(value, list):
        return [_shape(item, without) for item in value]
    return value
