"""list-readers through a real PC/SC service with virtual readers, and on emulated cards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.cli import COMMAND, cpx, cpx_json, environment
from support.pcscd import Service, pcscd
from support.refusing_service import refusing_service

CPS3 = "3BAC00402A001225006480000310009000"
CPS4 = "3B9B188001001225006480040100009044"
OPENSC = next(Path("/usr/lib").glob("**/opensc-pkcs11.so"), None)


def listed(service: Service, *options: str) -> tuple[int, str]:
    done = service.run([str(COMMAND), "list-readers", *options], env=environment())
    assert "Traceback" not in done.stdout + done.stderr
    return done.returncode, done.stdout


def listed_json(service: Service, *options: str) -> dict[str, Any]:
    code, out = listed(service, "--json", *options)
    body: dict[str, Any] = json.loads(out)
    assert body["exit_code"] == code
    return body


@pytest.mark.pcscd
def test_readers_with_and_without_a_card() -> None:
    with pcscd("Gemalto PC Twin Reader", "OMNIKEY CardMan 3121") as service:
        code, empty = listed(service)
        assert code == 4
        assert "no card in any of them" in empty
        service.insert(0, CPS3)
        service.insert(2, CPS4)
        code, out = listed(service)
        assert code == 0
        assert "CPS3" in out
        assert "CPS4" in out
        readers = listed_json(service)["pcsc"]["readers"]
        assert [(r["state"], r["kind"]) for r in readers] == [
            ("card-present", "cps3"),
            ("empty", None),
            ("card-present", "cps4"),
            ("empty", None),
        ]
        service.remove(0)
        assert listed_json(service)["pcsc"]["readers"][0]["state"] == "empty"


@pytest.mark.pcscd
def test_a_mute_card_gets_its_remedy() -> None:
    with pcscd("Gemalto PC Twin Reader") as service:
        service.insert_mute(0)
        code, out = listed(service)
        assert code == 0
        assert "mute card" in out
        assert "chip first" in out


@pytest.mark.pcscd
def test_no_reader_and_no_service_are_two_answers_with_two_remedies() -> None:
    with pcscd() as service:
        code, no_reader = listed(service)
        assert code == 4
        service.stop()
        code, no_service = listed(service)
        assert code == 4
    assert "sees no reader" in no_reader
    assert "libccid" in no_reader
    assert "not running" in no_service
    assert "pcscd" in no_service


def test_a_service_that_refuses_access_is_a_third_answer(tmp_path: Path) -> None:
    env = {"PCSCLITE_CSOCK_NAME": str(tmp_path / "socket")}
    with refusing_service(tmp_path / "socket"):
        done = cpx("list-readers", env=env)
        body = cpx_json("list-readers", env=env)
    assert done.returncode == 4
    assert "refuses access" in done.stdout
    assert "polkit" in done.stdout
    assert (body["exit_code"], body["pcsc"]["status"]) == (4, "access-refused")


@pytest.mark.pcscd
@pytest.mark.skipif(OPENSC is None, reason="OpenSC is not installed")
def test_slots_are_joined_to_their_readers() -> None:
    with pcscd("Gemalto PC Twin Reader") as service:
        service.insert(0, CPS3)
        body = listed_json(service, "--module", str(OPENSC))
    names = [reader["name"] for reader in body["pcsc"]["readers"]]
    joined = {slot["reader"] for slot in body["slots"]}
    assert set(names) <= joined


@pytest.mark.pcscd
@pytest.mark.skipif(OPENSC is None, reason="OpenSC is not installed")
def test_cards_that_do_not_answer_stop_nothing() -> None:
    """Each of the first two makes one listing of OpenSC fail, and the mute one makes all."""
    with pcscd("Gemalto PC Twin Reader", "OMNIKEY CardMan 3121") as service:
        service.insert(0, CPS3)
        service.insert(1, CPS3)
        assert listed_json(service, "--module", str(OPENSC))["faults"] == []
        service.insert_mute(2)
        assert listed_json(service, "--module", str(OPENSC))["faults"] == []


@pytest.mark.pcscd
@pytest.mark.skipif(OPENSC is None, reason="OpenSC is not installed")
def test_a_card_that_only_pcsc_sees_is_a_finding_of_check_set() -> None:
    with pcscd("Gemalto PC Twin Reader") as service:
        service.insert(0, CPS4)
        arguments = ["check-set", "--set", "centre-sante", "--module", str(OPENSC), "--json"]
        done = service.run([str(COMMAND), *arguments], env=environment())
    body = json.loads(done.stdout)
    assert done.returncode == 4
    (finding,) = [f for f in body["findings"] if f["check"] == "MODULE-SEES-CARDS"]
    assert finding["outcome"] == "failed"
    assert "Gemalto" in finding["message"]
    assert "OpenSC knows no CPS4 card" in finding["hint"]
    assert "four readers" not in finding["hint"]
    (quirks,) = [f for f in body["findings"] if f["check"] == "MODULE-QUIRKS"]
    assert (quirks["outcome"], quirks["severity"]) == ("failed", "warning")


@pytest.mark.softhsm
def test_emulated_readers_are_called_emulated(good: Path) -> None:
    done = cpx("list-readers", "--emulated", good)
    assert done.returncode == 0
    assert "EMULATED" in done.stdout
    body = cpx_json("list-readers", "--emulated", good)
    assert body["emulated"] is True
    assert len(body["pcsc"]["readers"]) == 6
    assert all(slot["reader"] for slot in body["slots"] if slot["token_present"])
