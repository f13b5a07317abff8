"""Judged software certificates as text and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from cpx_tool.errors import ExitCode
from cpx_tool.i18n import say
from cpx_tool.judge.software import software_exit_code
from cpx_tool.model.software import Purpose, SoftwareChecklist
from cpx_tool.report import software
from cpx_tool.report.canvas import Paper
from cpx_tool.report.results import of_software
from support.software import AUTO, CONF, MANU, NOW, file, judged, unopened

BAD_NAME = replace(MANU, cn="INSI_MANU")


def text(checklist: SoftwareChecklist, width: int = 100) -> str:
    return software.render(checklist, say, Paper(width))


def row(checklist: SoftwareChecklist, beginning: str) -> list[str]:
    lines = text(checklist).splitlines()
    return next(line for line in lines if line.startswith(beginning)).split()


def test_a_pair_for_a_person() -> None:
    checklist = judged(file(AUTO), file(MANU))
    shown = text(checklist)
    assert "Software certificates for INSi (INSI-AUTO and INSI-MANU)" in shown
    assert "Judged as of 2026-01-15 09:30 UTC" in shown
    assert row(checklist, "INSI-AUTO") == [
        "INSI-AUTO",
        "10B0152872",
        "AUTH_CLI",
        "2027-01-01",
        "PASSED",
    ]
    assert "  INSI-MANU.p12 — CENTRE DE SANTE RPPS15287\n" in shown
    assert shown.splitlines()[-1].startswith("PASSED — 2 files, ")
    assert "EMULATED" not in shown


def test_what_is_wrong_is_told_with_file_and_remedy() -> None:
    shown = text(judged(file(AUTO), file(BAD_NAME, "some/where/manu.p12"), unopened()))
    assert "✗ P12-NAME — expected: The name (CN) is exactly INSI-AUTO or INSI-MANU" in shown
    assert "    manu.p12: The name is “INSI_MANU” instead of INSI-MANU: LOW LINE U+005F" in shown
    assert "DESIR_560" in shown
    assert "    broken.p12: It is broken.\n    → Mend it." in shown
    assert shown.splitlines()[-1].startswith("FAILED — 3 files, ")


def test_a_file_that_did_not_open_has_its_row_all_the_same() -> None:
    checklist = judged(unopened())
    assert row(checklist, "—") == ["—", "—", "—", "—", "FAILED"]
    assert "  broken.p12\n" in text(checklist)


def test_a_usage_that_is_not_known_is_called_so_and_is_no_pass() -> None:
    checklist = judged(file(replace(AUTO, usages=CONF)))
    assert row(checklist, "INSI-AUTO")[2:4] == ["not", "known"]
    assert row(checklist, "INSI-AUTO")[-1] == "INCOMPLETE"
    assert "– P12-USAGE" in text(checklist)


def test_two_files_of_one_name_are_told_apart() -> None:
    shown = text(
        judged(file(replace(AUTO, cn="x"), "a/x.p12"), file(replace(MANU, cn="y"), "b/x.p12"))
    )
    assert "    a/x.p12: The name is “x”" in shown
    assert "    b/x.p12: The name is “y”" in shown


def test_another_purpose_has_another_heading() -> None:
    shown = text(judged(file(BAD_NAME), purpose=Purpose.ANY))
    assert shown.startswith("Software certificates\n")
    assert "1 file, " in shown


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_too_long(width: int) -> None:
    long_name = replace(AUTO, cn="W" * 64, organisation="O" * 64)
    shown = text(judged(file(long_name, "/a/very/long/path/" * 9 + "x.p12"), unopened()), width)
    assert all(len(line) <= width for line in shown.splitlines())


def test_signs_that_a_terminal_obeys_are_not_printed() -> None:
    evil = replace(AUTO, cn="\x1b[2J\u202e", organisation="a\nPASSED")
    shown = text(judged(file(evil, "x\x1b[31m.p12")))
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "\nPASSED" not in shown


def body(checklist: SoftwareChecklist) -> dict[str, Any]:
    code = software_exit_code(checklist)
    done: dict[str, Any] = json.loads(of_software(checklist, "poste-1", "f00", code).json(say))
    return done


def test_a_pair_as_json() -> None:
    result = body(judged(file(AUTO), file(MANU)))
    assert (result["schema_version"], result["host"], result["run_id"]) == (1, "poste-1", "f00")
    assert result["judged_at"] == NOW.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (result["purpose"], result["verdict"], result["exit_code"]) == ("insi", "passed", 0)
    assert {f["check"] for f in result["findings"]} == {
        "P12-DISTINCT",
        "P12-PAIR",
        "P12-PAIR-STRUCTURE",
        "P12-PAIR-KEY",
    }
    auto, _ = result["files"]
    assert (auto["file"], auto["result"], auto["usage"]) == ("INSI-AUTO.p12", "passed", "AUTH_CLI")
    assert auto["contents"] == {
        "certificates": 1,
        "private_keys": 1,
        "private_key": {"algorithm": "EC", "bits": 256},
        "protected": True,
    }
    assert auto["certificate"]["subject"].endswith("OU=10B0152872, CN=INSI-AUTO")
    assert auto["identity"]["holder"]["structure"]["kind"] == "FINESS"
    assert auto["chain"]["outcome"] == "issuer-not-at-hand"
    assert auto["revocation"]["outcome"] == "no-crl"


def test_a_file_that_did_not_open_as_json() -> None:
    result = body(judged(unopened(), file(AUTO)))
    assert (result["verdict"], result["exit_code"]) == ("failed", int(ExitCode.USAGE))
    broken, good = result["files"]
    assert (broken["opened"], good["opened"]) == (False, True)
    assert [broken[key] for key in ("contents", "certificate", "identity", "chain")] == [None] * 4
    assert broken["findings"][0]["message"] == "It is broken."
    assert good["result"] == "passed"
