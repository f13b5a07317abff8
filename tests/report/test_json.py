"""The result as JSON: valid, the same in every language, and without secrets."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from cpx_tool.errors import BadInput, CpxError, ExitCode, NothingToCheck
from cpx_tool.i18n import say
from cpx_tool.judge.verdict import exit_code
from cpx_tool.model.finding import Checklist
from cpx_tool.model.message import Message, msg
from cpx_tool.model.observation import Observation, PinRecord, PinRefusal, PinResult
from cpx_tool.report import checklist_json as report
from cpx_tool.report.json import render_error
from support.build import FLAGS, PEOPLE, card, no_login, observation, with_card, without_cards

Judged = Callable[[Observation], Checklist]
Say = Callable[[Message], str]
SENTENCES = {"title", "message", "hint", "reason"}
DOCTOR = "medecin-generaliste"


@pytest.fixture
def scene(good: Observation, key: rsa.RSAPrivateKey) -> Observation:
    """One card each that is good, locked, missing, foreign, and without certificates."""
    locked = PinRecord(PinResult.REFUSED, PinRefusal.LOCKED, FLAGS)
    seen = with_card(good, DOCTOR, lambda found: no_login(found, locked))
    seen = with_card(seen, "cpe-employe", lambda found: replace(found, certificates=()))
    stranger = replace(PEOPLE[DOCTOR], card_number="3100000077", title="Pharmacien", profession=21)
    return without_cards(
        replace(
            seen,
            cards=(*seen.cards, card(key, stranger, 8)),
            faults=(),
        ),
        "infirmier",
    )


def body(checklist: Checklist, speak: Say = say) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(report.render(checklist, exit_code(checklist), speak))
    return parsed


def test_a_card_of_an_interrupted_run_says_when_it_was_read(
    good: Observation, judged: Judged
) -> None:
    seen = with_card(good, DOCTOR, lambda found: replace(found, observed_at=good.observed_at))
    dates = {card["key"]: card["read_at"] for card in body(judged(seen))["cards"]}
    number = PEOPLE[DOCTOR].card_number
    assert {key for key, date in dates.items() if date is not None} == {number}
    assert dates[number] == "2026-01-15T09:30:00Z"


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value with its path."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, (*path, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from leaves(inner, (*path, str(number)))
    else:
        yield path, value


def test_the_whole_result(good: Observation, judged: Judged) -> None:
    result = body(judged(good))
    assert result["schema_version"] == 1
    assert (result["verdict"], result["exit_code"]) == ("passed", 0)
    assert result["observed_at"] == "2026-01-15T09:30:00Z"
    assert result["set"]["reference"] == "JM1_CENTRE DE SANTE_RPPS"
    assert [c["role"]["role"] for c in result["cards"]] == list(PEOPLE)
    doctor = result["cards"][1]
    assert doctor["key"] == doctor["identity"]["card_number"] == "3100000012"
    assert doctor["identity"]["profession"] == {"code": "10", "label": "Médecin"}
    assert doctor["identity"]["holder"]["identifier"] == {
        "value": "899700075122",
        "kind": "RPPS",
        "key_valid": True,
    }
    assert doctor["dossier"]["card_number"]["value"] == "3100000012"
    assert len(doctor["dossier"]["card_number"]["sightings"]) == 4
    assert doctor["dossier"]["issued"]["origin"]["source"] == "data-object"
    assert (doctor["not_before"], doctor["not_after"]) == (
        "2024-01-01T00:00:00Z",
        "2027-01-01T00:00:00Z",
    )
    assert doctor["pin"] == {
        "result": "accepted",
        "refusal": None,
        "flags": list(FLAGS),
        "tries_left": "all",
        "pad": False,
        "earlier_failure": None,
        "fault": None,
    }
    assert [s["mechanism"] for s in doctor["signatures"]].count("CKM_RSA_PKCS") == 2


def test_what_each_card_is_good_for(good: Observation, judged: Judged) -> None:
    cards = {c["key"]: c["eligibility"] for c in body(judged(good))["cards"]}
    assert [cell["use"] for cell in cards["3100000012"]] == [
        "INSI",
        "ORG-ADMIN",
        "PORTAL",
        "SIGNATURE",
    ]
    assert cards["3100000012"][0] == {
        "use": "INSI",
        "answer": "yes",
        "cause": "named",
        "reason": "Named for this by the ANS's ordering guide: nominative CPS.",
        "hint": None,
        "source": {
            "document": "ANS, Fiche pratique pour commander des cartes et certificats de test "
            "(INS)",
            "section": "appel du téléservice INSi",
            "check": None,
        },
    }
    unsure = cards["3100000011"][0]
    assert (unsure["answer"], unsure["cause"]) == ("not-known", "product-not-known")
    assert "card_number and product" in unsure["hint"]
    assert cards["3100000011"][3]["source"]["check"] == "SIGN-SIGN"


def test_until_when_the_set_can_be_used(good: Observation, judged: Judged) -> None:
    numbers = [f"31000000{n}" for n in range(11, 17)]
    assert body(judged(good))["forecast"] == {
        "complete_now": True,
        "usable_until": "2027-01-01T00:00:00Z",
        "days_left": 350,
        "first_to_end": numbers,
        "reorder_by": "2026-10-03",
        "reorder_now": False,
        "reorder_days": 90,
        "missing": [],
        "cards": [
            {"key": n, "usable_until": "2027-01-01T00:00:00Z", "days_left": 350, "lost": None}
            for n in numbers
        ],
    }


def test_what_is_wrong_is_in_it(scene: Observation, judged: Judged) -> None:
    result = body(judged(scene))
    assert (result["verdict"], result["exit_code"]) == ("failed", 1)
    assert [role["role"] for role in result["missing"]] == ["cpe-employe-delegue", "infirmier"]
    places = {c["key"]: c["place"] for c in result["cards"]}
    assert places["3100000077"] == "foreign"
    assert places["slot-3"] == "unrecognised"
    pins = [c["pin"]["refusal"] for c in result["cards"]]
    assert pins.count("locked") == 1


def test_only_sentences_change_with_the_language(
    scene: Observation, judged: Judged, shout: Say
) -> None:
    checklist = judged(scene)
    ours, theirs = list(leaves(body(checklist))), list(leaves(body(checklist, shout)))
    assert [path for path, _ in ours] == [path for path, _ in theirs]
    different = {path[-1] for (path, one), (_, two) in zip(ours, theirs, strict=True) if one != two}
    assert different == {"title", "message", "hint", "reason"}
    for (path, one), (_, two) in zip(ours, theirs, strict=True):
        if path[-1] not in SENTENCES or "set" in path or "role" in path:
            assert one == two, path


def test_no_key_and_no_challenge_leaves(
    good: Observation, judged: Judged, key: rsa.RSAPrivateKey
) -> None:
    text = report.render(judged(good), ExitCode.PASSED, say)
    numbers = key.private_numbers()
    for secret in (numbers.d, numbers.p, numbers.q):
        assert f"{secret:x}" not in text
        assert str(secret) not in text
    for tried in good.cards[0].signatures:
        assert tried.challenge.hex() not in text
        assert tried.signature.hex() not in text
    private = next(item for item in good.cards[0].data if item.private)
    assert private.value.hex() not in text


def test_there_is_no_place_for_a_pin(scene: Observation, judged: Judged) -> None:
    values = list(leaves(body(judged(scene))))
    assert {path[3] for path, _ in values if path[2:3] == ("pin",) and len(path) > 3} == {
        "result",
        "refusal",
        "flags",
        "tries_left",
        "pad",
        "earlier_failure",
        "fault",
    }
    assert "1234" not in {value for _, value in values}


def test_control_characters_are_escaped_not_lost(good: Observation, judged: Judged) -> None:
    name = "A\x00\x1b[31m\x9b2J\u202eB\nC\u2028\udc80\U000e0041"
    seen = replace(good, workstation=replace(good.workstation, host=name))
    text = report.render(judged(seen), ExitCode.PASSED, say)
    assert all(c.isprintable() or c == "\n" for c in text)
    text.encode()
    told = name.replace("\udc80", "\N{REPLACEMENT CHARACTER}")  # half of a pair is no JSON
    assert (
        json.loads(text)["workstation"]["host"] == msgspec.json.decode(text)["workstation"]["host"]
    )
    assert json.loads(text)["workstation"]["host"] == told
    assert "Médecin" in text


def test_an_observation_without_module_or_card(good: Observation, judged: Judged) -> None:
    empty = replace(observation(), module=None)
    result = body(judged(empty))
    assert (result["module"], result["cards"], result["exit_code"]) == (None, [], 4)
    assert len(result["missing"]) == 6


@pytest.mark.parametrize("kind", [BadInput, NothingToCheck, CpxError])
def test_an_error_is_json_too(kind: type[CpxError], shout: Say) -> None:
    error = kind(msg("It broke: {what}.", what="x"), msg("Repair it."))
    result = json.loads(render_error(error, shout))
    assert result == {
        "schema_version": 1,
        "verdict": None,
        "exit_code": int(kind.exit_code),
        "error": {"reason": "IT BROKE: X.", "hint": "REPAIR IT."},
    }
