"""What is said of an observation that was saved: whose certificates it holds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from cpx_tool.cli.saving import save_observation
from cpx_tool.model.handshake import Client, ClientKind
from cpx_tool.model.observation import PinRecord, PinRefusal, PinResult
from support.build import PEOPLE, authentication_certificate, card, observation
from support.handshakes import by_card

TESTER = PEOPLE["medecin-generaliste"]
REAL = replace(TESTER, category=0x03)
A_CARD = "It holds the certificates of a real card: do not pass it on."
A_FILE = "It holds a production certificate: do not pass it on."


@pytest.mark.parametrize(
    "pin",
    [
        None,
        PinRecord(PinResult.REFUSED, PinRefusal.NOT_ASKED),
        PinRecord(PinResult.REFUSED, PinRefusal.PRODUCTION),
    ],
)
@pytest.mark.parametrize("real", [True, False])
def test_a_real_card_is_known_by_its_certificates(
    key: rsa.RSAPrivateKey,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    pin: PinRecord | None,
    *,
    real: bool,
) -> None:
    seen = observation(replace(card(key, REAL if real else TESTER), pin=pin))
    assert save_observation(seen, tmp_path / "seen.json") is None
    said = capsys.readouterr().err
    assert (A_CARD in said) == real
    assert A_FILE not in said


@pytest.mark.parametrize("real", [True, False])
def test_a_file_of_production_is_told_too(
    key: rsa.RSAPrivateKey, tmp_path: Path, capsys: pytest.CaptureFixture[str], *, real: bool
) -> None:
    der = authentication_certificate(key, REAL if real else TESTER)
    shaken = by_card(client=Client(ClientKind.FILE, "client.p12", der))
    seen = replace(observation(), handshakes=(shaken, by_card(client=Client(ClientKind.NOBODY))))
    assert save_observation(seen, tmp_path / "seen.json") is None
    said = capsys.readouterr().err
    assert (A_FILE in said) == real
    assert A_CARD not in said
