"""The published schema of the JSON is valid, strict, and knows every word that may stand there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from enum import StrEnum
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from cpx_tool.catalogue.sets import find_set
from cpx_tool.errors import BadInput, ExitCode
from cpx_tool.i18n import say
from cpx_tool.judge.blame import blame as judge_blame
from cpx_tool.judge.compare import compare
from cpx_tool.judge.signing import judge_signing
from cpx_tool.judge.station import judge_station
from cpx_tool.judge.tls import judge_handshake, tls_verdict
from cpx_tool.judge.tls_causes import Cause
from cpx_tool.judge.verdict import exit_code
from cpx_tool.model import (
    blame,
    dossier,
    eligibility,
    fault,
    fetch,
    finding,
    fleet,
    handshake,
    identity,
    observation,
    reader,
    signing,
    software,
    station,
    token,
    trust,
)
from cpx_tool.model.finding import Checklist
from cpx_tool.model.message import Message, msg
from cpx_tool.model.observation import Observation
from cpx_tool.model.station import NoModule, Unknown
from cpx_tool.report import schema
from cpx_tool.report.html import marks
from cpx_tool.report.json import SCHEMA_VERSION, render_error
from cpx_tool.report.result import Handshakes
from cpx_tool.report.results import (
    of_blame,
    of_comparison,
    of_handshakes,
    of_set,
    of_signing,
    of_software,
    of_station,
)
from support.build import PEOPLE, card, without_cards
from support.build import observation as observed
from support.handshakes import case
from support.reports import valid_result
from support.software import AUTO, file, unopened
from support.software import judged as judged_files
from support.station import station as good_station

WHOLE = json.loads(schema.text())
Judged = Callable[[Observation], Checklist]

ENUMS: dict[str, type[StrEnum]] = {
    "anchor_origin": trust.AnchorOrigin,
    "anchor_source": handshake.AnchorSource,
    "asked": handshake.Asked,
    "blame_part": blame.Part,
    "blame_sureness": blame.Sureness,
    "card_kind": reader.CardKind,
    "card_result": finding.CardResult,
    "category": identity.Category,
    "cause": eligibility.Cause,
    "chain_outcome": trust.ChainOutcome,
    "client_kind": handshake.ClientKind,
    "document": fetch.Document,
    "end": handshake.End,
    "entitlement": eligibility.Entitlement,
    "expectation": signing.Expectation,
    "fault_kind": fault.FaultKind,
    "fetch_problem": fetch.FetchProblem,
    "flaw": trust.Flaw,
    "hash": observation.Hash,
    "key": eligibility.Key,
    "merge_command": fleet.Command,
    "merge_outcome": marks.Kind,
    "merge_reason": fleet.Reason,
    "name_match": handshake.NameMatch,
    "outcome": finding.Outcome,
    "pcsc_status": reader.PcscStatus,
    "pin_refusal": observation.PinRefusal,
    "pin_result": observation.PinResult,
    "pki": identity.Pki,
    "place": finding.Place,
    "product_kind": identity.ProductKind,
    "purpose": software.Purpose,
    "reader_state": reader.ReaderState,
    "repetition": fleet.Repetition,
    "revocation_outcome": trust.RevocationOutcome,
    "revocation_source": trust.RevocationSource,
    "session_kind": station.SessionKind,
    "severity": finding.Severity,
    "sign_result": signing.SignResult,
    "source_kind": dossier.SourceKind,
    "state": dossier.State,
    "station_enclosure": station.Enclosure,
    "station_hold": station.Hold,
    "station_start": station.Start,
    "step": handshake.Step,
    "token_flag": token.TokenFlag,
    "topic": blame.Topic,
    "tries_left": token.TriesLeft,
    "usage": software.Usage,
    "use": eligibility.Use,
    "verdict": finding.Verdict,
    "weakness": trust.Weakness,
}


def parts(node: Any) -> Iterator[dict[str, Any]]:
    """Every object of the schema."""
    if isinstance(node, dict):
        yield node
    for value in node.values() if isinstance(node, dict) else node:
        if isinstance(value, dict | list):
            yield from parts(value)


def test_every_object_is_closed_and_all_its_keys_are_always_there() -> None:
    objects = [part for part in parts(WHOLE["$defs"]) if isinstance(part.get("properties"), dict)]
    assert len(objects) > 50
    for part in objects:
        assert part["additionalProperties"] is False, part
        assert part["required"] == list(part["properties"]), part


def test_every_word_that_may_stand_there_is_known() -> None:
    listed = {name: part["enum"] for name, part in WHOLE["$defs"].items() if "enum" in part}
    assert listed.pop("exit_code") == [int(code) for code in ExitCode]
    assert listed == {name: [word.value for word in words] for name, words in ENUMS.items()}


def test_lists_of_words_have_names() -> None:
    """What stands in one within an object is compared with nothing."""
    named = [part["enum"] for part in WHOLE["$defs"].values() if "enum" in part]
    assert [part["enum"] for part in parts(WHOLE) if "enum" in part] == named


def test_nothing_in_it_is_left_over() -> None:
    used = {part["$ref"].rpartition("/")[2] for part in parts(WHOLE) if "$ref" in part}
    assert used == set(WHOLE["$defs"])


def test_its_version_is_the_one_that_is_written() -> None:
    assert WHOLE["$defs"]["schema_version"] == {"const": SCHEMA_VERSION}


def test_judged_sets(good: Observation, judged: Judged, shout: Callable[[Message], str]) -> None:
    for seen in (
        good,
        without_cards(good, "infirmier", "cpe-employe"),
        replace(good, cards=(), module=None),
    ):
        checklist = judged(seen)
        result = of_set(checklist, "check-set", exit_code(checklist), ())
        for speak in (say, shout):
            assert valid_result(result.json(speak))["fetched"] == []


def test_judged_signatures(key: rsa.RSAPrivateKey) -> None:
    checklist = judge_signing(observed(card(key, PEOPLE["infirmier"])))
    valid_result(of_signing(checklist, ExitCode.PASSED).json(say))


def test_handshakes_that_ended_in_every_way() -> None:
    found = [judge_handshake(one.handshake, one.pin) for one in map(case, Cause)]
    told = Handshakes(observed(), found, tls_verdict(found))
    body = valid_result(of_handshakes(told, ExitCode.FAILED).json(say))
    assert {code for one in body["handshakes"] for code in one["codes"]}


def test_examined_workstations() -> None:
    unknown = Unknown(msg("Closed."), msg("Open it."))
    closed = replace(
        good_station(),
        service=unknown,
        holders=unknown,
        usb=unknown,
        middleware=unknown,
        trust=unknown,
        state=unknown,
        ledger=unknown,
        module=NoModule(msg("There is none."), msg("Install one.")),
    )
    for seen in (good_station(), closed):
        for hints in (True, False):
            result = of_station(judge_station(seen), "f00", ExitCode.PASSED, hints=hints)
            assert (valid_result(result.json(say))["fixes"] is None) is not hints


def test_judged_files() -> None:
    checklist = judged_files(file(AUTO), unopened())
    valid_result(of_software(checklist, "poste-1", "f00", ExitCode.USAGE).json(say))


def test_what_is_at_fault(good: Observation) -> None:
    wrong = replace(without_cards(good, "infirmier"), interrupted=True)
    card_set = find_set("centre-sante")
    found = valid_result(of_blame(judge_blame(wrong, card_set), ExitCode.FAILED).json(say))
    assert found["suspicions"]
    told = of_comparison(compare(good, wrong, None), ExitCode.PASSED)
    assert valid_result(told.json(say))["differences"]


def test_an_error() -> None:
    valid_result(render_error(BadInput(msg("It broke."), msg("Mend it.")), say))


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.update(more=1),
        lambda body: body.pop("verdict"),
        lambda body: body.update(schema_version=2),
        lambda body: body.update(observed_at="yesterday"),
        lambda body: body["cards"][0].update(pin="1234"),
        lambda body: body["cards"][0]["pin"].update(value="1234"),
        lambda body: body["findings"][0].update(outcome="fine"),
    ],
)
def test_a_result_that_is_none_is_refused(
    good: Observation, judged: Judged, change: Callable[[dict[str, Any]], Any]
) -> None:
    checklist = judged(good)
    body = json.loads(of_set(checklist, "check-set", ExitCode.PASSED).json(say))
    change(body)
    with pytest.raises(AssertionError):
        valid_result(json.dumps(body))
