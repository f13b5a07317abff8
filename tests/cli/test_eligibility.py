"""What cards are good for and until when, on real SoftHSM tokens, through the installed command."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar

from support.cli import cpx, cpx_json
from support.ics import check_lines

pytestmark = pytest.mark.softhsm

Emulate = Callable[..., Path]
DOCTOR = "medecin-generaliste"
MARKS = {"yes": "+", "no": "-", "not-known": "?"}


def check(directory: Path, *options: str | Path, set_name: str = "centre-sante") -> dict[str, Any]:
    return cpx_json("check-set", "--set", set_name, "--emulated", directory, *options)


def answers(body: dict[str, Any]) -> dict[str, str]:
    """Role → one mark for each use: INSI, ORG-ADMIN, PORTAL, SIGNATURE."""
    return {
        card["role"]["role"]: "".join(MARKS[cell["answer"]] for cell in card["eligibility"])
        for card in body["cards"]
        if card["role"]
    }


def causes(body: dict[str, Any], role: str) -> list[str]:
    (card,) = (c for c in body["cards"] if c["role"] and c["role"]["role"] == role)
    return [cell["cause"] for cell in card["eligibility"]]


# --- what they are good for -------------------------------------------------------------------


def test_the_six_cards(good: Path) -> None:
    assert answers(check(good)) == {
        "cde-directeur": "?+++",
        DOCTOR: "++++",
        "chirurgien-dentiste": "++++",
        "cpe-employe": "?+++",
        "cpe-employe-delegue": "?+++",
        "infirmier": "++++",
    }


def test_the_six_cards_pinned(good: Path, tmp_path: Path) -> None:
    numbers = {
        token["role"]: token["card_number"]
        for token in json.loads((good / "emulation.json").read_text())["tokens"]
    }
    toml = cpx("show-set", "centre-sante", "--toml").stdout
    for role in ("cde-directeur", "cpe-employe", "cpe-employe-delegue"):
        line = f'role = "{role}"\n'
        toml = toml.replace(line, f'{line}card_number = "{numbers[role]}"\n')
    own = tmp_path / "mine.toml"
    own.write_text(toml)
    found = answers(check(good, set_name=str(own)))
    assert found["cde-directeur"] == "?+++"
    assert found["cpe-employe"] == found["cpe-employe-delegue"] == "++++"


def test_the_nine_cards_of_the_hospital(emulate: Emulate) -> None:
    body = check(emulate("centre-hospitalier"), set_name="centre-hospitalier")
    found = answers(body)
    assert found.pop("cpe-anonyme") == "--?+"
    assert found.pop("cde-directeur") == found.pop("cpe-employe") == "?+++"
    assert set(found.values()) == {"++++"}
    assert len(found) == 6
    assert causes(body, "cpe-anonyme") == ["anonymous", "anonymous", "not-named", "verified"]


def test_defects(emulate: Emulate) -> None:
    body = check(
        emulate(
            "centre-sante",
            "expired",
            "production=infirmier",
            "revoked=cde-directeur",
            "forged=cpe-employe",
            "swapped=chirurgien-dentiste",
        )
    )
    lost = {
        DOCTOR: "expired",
        "infirmier": "production",
        "cde-directeur": "revoked",
        "cpe-employe": "broken-chain",
    }
    for role, cause in lost.items():
        assert causes(body, role) == [cause] * 4
        assert answers(body)[role] == "----"
    assert causes(body, "chirurgien-dentiste") == [
        "named",
        "named",
        "wrong-certificate",
        "wrong-certificate",
    ]


def test_the_console_shows_the_matrix_before_the_verdict(good: Path) -> None:
    arguments = ("check-set", "--set", "centre-sante", "--emulated", good)
    short, whole = cpx(*arguments).stdout, cpx(*arguments, "--eligibility").stdout
    for text in (short, whole):
        assert "Good for    INSI  ORG-ADMIN  PORTAL  SIGNATURE" in text
        assert text.rstrip().splitlines()[-1].startswith("PASSED")
    assert "Fiche pratique" not in short
    assert whole.count("Fiche pratique") == 6


def test_judging_gives_the_same_without_cards(good: Path, tmp_path: Path) -> None:
    saved = tmp_path / "seen.json"
    with_cards = check(good, "--save-observation", saved, "--reorder-days", "30")
    judged = cpx_json("judge", saved, "--set", "centre-sante", "--reorder-days", "30")
    assert judged["forecast"] == with_cards["forecast"]
    assert answers(judged) == answers(with_cards)
    done = cpx("judge", saved, "--set", "centre-sante", "--eligibility")
    assert "Source: ANS" in done.stdout


def test_french(good: Path) -> None:
    done = cpx(
        "check-set", "--set", "centre-sante", "--emulated", good, "--eligibility", "--lang", "fr"
    )
    assert "Usages" in done.stdout
    assert "appeler le téléservice INSi par carte" in done.stdout
    assert "Jeu utilisable jusqu'au" in done.stdout


# --- until when -------------------------------------------------------------------------------


def test_the_forecast(emulate: Emulate) -> None:
    body = check(emulate("centre-sante", "expiring-soon", "missing=infirmier"))
    told = body["forecast"]
    assert (told["complete_now"], told["reorder_now"], told["reorder_days"]) == (False, True, 90)
    assert [role["role"] for role in told["missing"]] == ["infirmier"]
    (doctor,) = (c for c in body["cards"] if c["role"] and c["role"]["role"] == DOCTOR)
    assert told["first_to_end"] == [doctor["key"]]
    assert told["usable_until"] == doctor["not_after"]


def test_the_days_to_order_ahead_are_an_option(good: Path) -> None:
    end = check(good)["forecast"]["usable_until"][:10]
    told = check(good, "--reorder-days", "10")["forecast"]
    assert date.fromisoformat(told["reorder_by"]) == date.fromisoformat(end) - timedelta(days=10)
    text = cpx(
        "check-set", "--set", "centre-sante", "--emulated", good, "--reorder-days", "10"
    ).stdout
    assert "10 days ahead are our assumption" in " ".join(text.split())


@pytest.mark.parametrize("days", ["-1", "3651", "soon"])
def test_days_that_are_none(days: str) -> None:
    done = cpx("judge", "none.json", "--set", "centre-sante", "--reorder-days", days)
    assert done.returncode == 2
    assert "--reorder-days" in done.stderr


# --- the calendar file ------------------------------------------------------------------------


def read(path: Path) -> list[dict[str, Any]]:
    """The events, checked line by line first."""
    content = path.read_bytes()
    check_lines(content)
    return [
        {
            "uid": str(event["uid"]),
            "day": event["dtstart"].dt,
            "summary": str(event["summary"]),
            "description": str(event["description"]),
            "alarms": len(event.walk("VALARM")),
        }
        for event in Calendar.from_ical(content).events
    ]


def test_a_calendar_file(good: Path, tmp_path: Path) -> None:
    path, again = tmp_path / "set.ics", tmp_path / "again.ics"
    secret = {"CPX_PIN": "1234"}
    arguments = ("check-set", "--set", "centre-sante", "--emulated", good, "--ics")
    done = cpx(*arguments, path, env=secret)
    assert done.returncode == 0
    assert str(path) in done.stderr
    told = check(good)["forecast"]
    order, end = read(path)
    assert order["day"].isoformat() == told["reorder_by"]
    assert end["day"].isoformat() == told["usable_until"][:10]
    assert order["summary"] == "EMULATED CARDS: Order the test cards “Centre de santé” again"
    assert order["alarms"] == end["alarms"] == 2
    assert "form 414" in order["description"]
    assert cpx(*arguments, again, "--json").returncode == 0
    assert [event["uid"] for event in read(again)] == [order["uid"], end["uid"]]


def test_no_pin_and_no_name_gets_into_it(good: Path, tmp_path: Path) -> None:
    path = tmp_path / "set.ics"
    body = check(good, "--ics", path)
    text = "".join(event["summary"] + event["description"] for event in read(path))
    for card in body["cards"]:
        holder = card["identity"]["holder"]
        assert card["key"] in text
        for secret in (holder["surname"], holder["common_name"], holder["display"]):
            assert secret not in text
    digits = path.read_text(encoding="utf-8").replace("\r\n ", "")
    assert "1234" not in digits.replace("monserviceclient", "")


def test_a_calendar_file_from_an_observation_in_french(good: Path, tmp_path: Path) -> None:
    saved, path = tmp_path / "seen.json", tmp_path / "set.ics"
    check(good, "--save-observation", saved)
    done = cpx("judge", saved, "--set", "centre-sante", "--ics", path, "--lang", "fr")
    assert done.returncode == 0
    order, _ = read(path)
    assert (
        "Commander de nouveau les cartes de test «\N{NO-BREAK SPACE}Centre de" in order["summary"]
    )
    assert "colonne IGC-Santé" in order["description"]


def test_what_is_late_stands_on_today(emulate: Emulate, tmp_path: Path) -> None:
    path = tmp_path / "set.ics"
    body = check(emulate("centre-sante", "expired"), "--ics", path)
    order, end = read(path)
    assert order["day"].isoformat() == body["observed_at"][:10]
    assert end["day"] < datetime.now(UTC).date()


def test_a_calendar_file_that_cannot_be_written_is_refused_before_the_cards_are_asked(
    good: Path, tmp_path: Path
) -> None:
    done = cpx(
        "check-set", "--set", "centre-sante", "--emulated", good, "--ics", tmp_path / "no" / "x.ics"
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "cannot be written" in done.stderr


def test_no_card_no_calendar_file(good: Path, tmp_path: Path) -> None:
    saved, path = tmp_path / "seen.json", tmp_path / "set.ics"
    check(good, "--save-observation", saved)
    body = json.loads(saved.read_text())
    saved.write_text(json.dumps({**body, "cards": []}))
    done = cpx("judge", saved, "--set", "centre-sante", "--ics", path)
    assert done.returncode == 4
    assert "No calendar file was written" in done.stderr
    assert not path.exists()
