"""The report of sign-test: a table for each card, for a person and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from rich.cells import cell_len

from cpx_tool.errors import ExitCode
from cpx_tool.i18n import say
from cpx_tool.judge.signing import judge_signing
from cpx_tool.model.fault import Fault, FaultKind
from cpx_tool.model.message import Message
from cpx_tool.model.observation import CardObservation, Hash, SignatureTry
from cpx_tool.model.signing import SigningChecklist
from cpx_tool.report.canvas import Paper
from cpx_tool.report.signing import render, render_json
from support.build import (
    AUTHENTICATION_ID,
    PEOPLE,
    SIGNATURE_ID,
    card,
    observation,
    signature,
)


def refusal(tried: SignatureTry, code: str = "CKR_GENERAL_ERROR") -> SignatureTry:
    return replace(tried, signature=b"", seconds=0.0, fault=Fault(FaultKind.ERROR, "C_Sign", code))


@pytest.fixture(scope="session")
def seen(key: rsa.RSAPrivateKey) -> CardObservation:
    """One try of each kind."""

    def with_key(key_id: str, mechanism: str, hash_name: Hash = Hash.SHA256) -> SignatureTry:
        label = "CPS_PRIV_AUT" if key_id == AUTHENTICATION_ID else "CPS_PRIV_SIG"
        return signature(key, key_id, label, mechanism, hash_name)

    wrong = with_key(SIGNATURE_ID, "CKM_RSA_PKCS", Hash.SHA1)
    tries = (
        with_key(AUTHENTICATION_ID, "CKM_RSA_PKCS"),
        refusal(with_key(SIGNATURE_ID, "CKM_RSA_PKCS")),
        refusal(with_key(AUTHENTICATION_ID, "CKM_RSA_PKCS", Hash.SHA1), "CKR_DATA_INVALID"),
        replace(wrong, challenge=b"another"),
        refusal(with_key(AUTHENTICATION_ID, "CKM_SHA256_RSA_PKCS")),
    )
    return replace(card(key, PEOPLE["infirmier"]), signatures=tries)


@pytest.fixture(scope="session")
def checklist(seen: CardObservation) -> SigningChecklist:
    return judge_signing(observation(seen))


def rows(text: str) -> dict[str, list[str]]:
    """The lines of the table by their mechanism; marks and codes, without times."""
    lines = [line for line in text.splitlines() if line.startswith("CKM_")]
    found = {}
    for line in lines:
        name, _, cells = line.partition("  ")
        found[name] = [word for word in cells.split() if word not in ("250", "ms")]
    return found


def test_each_result_has_its_mark(checklist: SigningChecklist) -> None:
    assert rows(render(checklist, say, Paper())) == {
        "CKM_RSA_PKCS (SHA-256)": ["✓*", "✗*", "CKR_GENERAL_ERROR"],
        "CKM_RSA_PKCS (SHA-1)": ["!", "CKR_DATA_INVALID", "✗"],
        "CKM_SHA256_RSA_PKCS": ["–", "CKR_GENERAL_ERROR"],
    }


def test_the_time_of_a_signature_is_shown(checklist: SigningChecklist) -> None:
    assert "✓* 250 ms" in render(checklist, say, Paper())


def test_a_card_without_pss_is_told_what_that_costs(seen: CardObservation) -> None:
    assert seen.token is not None
    cps3 = replace(seen, token=replace(seen.token, mechanisms=("CKM_RSA_PKCS",)))
    words = "announces no RSA-PSS"
    assert words in render(judge_signing(observation(cps3)), say, Paper())
    assert words not in render(judge_signing(observation(seen)), say, Paper())


def test_without_a_card_the_report_says_why() -> None:
    text = render(judge_signing(observation()), say, Paper())
    assert "No card could be checked" in text
    assert "0 cards" in text


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_longer_than_the_paper(
    checklist: SigningChecklist, wordy: Callable[[Message], str], width: int
) -> None:
    lines = render(checklist, wordy, Paper(width=width)).splitlines()
    assert max(map(cell_len, lines)) <= width


def test_the_json_says_the_same(checklist: SigningChecklist) -> None:
    body = json.loads(render_json(checklist, ExitCode.FAILED, say))
    (shown,) = body["cards"]
    assert (body["verdict"], body["exit_code"]) == ("failed", 1)
    assert [tried["result"] for tried in shown["signatures"]] == [
        "verified",
        "refused",
        "refused",
        "wrong",
        "known-refusal",
    ]
    assert shown["signatures"][0] == {
        "key": "authentication",
        "key_label": "CPS_PRIV_AUT",
        "key_id": AUTHENTICATION_ID,
        "mechanism": "CKM_RSA_PKCS",
        "hash": "SHA-256",
        "seconds": 0.25,
        "fault": None,
        "expected": "needed",
        "result": "verified",
    }


def test_codes_stay_english_in_every_language(
    checklist: SigningChecklist, shout: Callable[[Message], str]
) -> None:
    plain = json.loads(render_json(checklist, ExitCode.FAILED, say))
    shouted = json.loads(render_json(checklist, ExitCode.FAILED, shout))
    assert [c["signatures"] for c in plain["cards"]] == [c["signatures"] for c in shouted["cards"]]
