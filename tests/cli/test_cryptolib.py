"""The ANS's own middleware for Linux, where it is: what a user without a card is told.

It is no part of this project. CPX_TEST_CRYPTOLIB names its file, wherever it was unpacked to.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.cli import COMMAND, environment
from support.pcscd import Service, pcscd

CRYPTOLIB = Path(
    os.environ.get("CPX_TEST_CRYPTOLIB", "/opt/santesocial/CPS/lib/libcps3_pkcs11_lux.so")
)
CPS3 = "3BAC00402A001225006480000310009000"

pytestmark = [
    pytest.mark.pcscd,
    pytest.mark.skipif(
        not CRYPTOLIB.exists(), reason="the Cryptolib CPS is not installed (CPX_TEST_CRYPTOLIB)"
    ),
]

CHECK = ("check-set", "--set", "centre-sante")


@pytest.fixture
def readers() -> Iterator[Service]:
    """A service with two readers."""
    with pcscd("Gemalto PC Twin Reader") as service:
        yield service


def told(service: Service, *arguments: str) -> tuple[int, str]:
    """Exit code, and what it said, in one line."""
    command = [COMMAND, *arguments, "--module", CRYPTOLIB]
    done = service.run(command, env=environment(), timeout=60)
    assert "Traceback" not in done.stderr
    return done.returncode, " ".join(done.stdout.split())


def body_of(service: Service, *arguments: str) -> dict[str, Any]:
    code, output = told(service, *arguments, "--json")
    body: dict[str, Any] = json.loads(output)
    assert body["exit_code"] == code
    return body


def failed(body: dict[str, Any]) -> dict[str, str]:
    return {f["check"]: f["message"] for f in body["findings"] if f["outcome"] == "failed"}


def test_no_reader_and_no_service() -> None:
    with pcscd() as service:
        for command in (("list-readers",), CHECK):
            code, output = told(service, *command)
            assert code == 4
            assert "The PC/SC service runs, but it sees no reader." in output
        checked = body_of(service, *CHECK)
        service.stop()
        for command in (("list-readers",), CHECK):
            code, output = told(service, *command)
            assert code == 4
            assert "The PC/SC service is not running." in output
    assert checked["module"]["manufacturer"] == "ANS"
    assert "sees no reader" in failed(checked)["PCSC-SERVICE"]


def test_empty_readers_are_joined_to_their_slots(readers: Service) -> None:
    listed = body_of(readers, "list-readers")
    assert listed["exit_code"] == 4
    assert [slot["reader"] for slot in listed["slots"]] == list(readers.readers)
    code, output = told(readers, *CHECK)
    assert code == 4
    assert "There are readers, but no card in any of them. → Insert a card" in output


def test_a_card_that_answers_no_command_is_seen_by_pcsc_alone(readers: Service) -> None:
    readers.insert(0, CPS3)
    code, output = told(readers, "list-readers")
    assert code == 0
    assert "card present CPS3 0x0" in output
    checked = body_of(readers, *CHECK)
    assert checked["exit_code"] == 4
    assert checked["cards"] == []
    assert readers.readers[0] in failed(checked)["MODULE-SEES-CARDS"]
