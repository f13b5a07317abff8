"""Handshakes as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from cpx_tool.errors import ExitCode
from cpx_tool.i18n import say
from cpx_tool.judge.tls import judge_handshake, tls_exit_code, tls_verdict
from cpx_tool.judge.tls_causes import Cause
from cpx_tool.model.finding import JudgedHandshake
from cpx_tool.model.handshake import Client, ClientKind, Handshake, HttpAnswer
from cpx_tool.model.message import Message
from cpx_tool.model.observation import Observation
from cpx_tool.report import tls
from cpx_tool.report.canvas import Paper
from support.build import observation
from support.handshakes import (
    CASES,
    ENDPOINT,
    NAME,
    Case,
    by_card,
    by_nobody,
    case,
    connection,
    page,
    proof,
    refused,
)

SEEN = observation()
WIDTH = 80


def judged(*cases: Case | Handshake | Cause) -> list[JudgedHandshake]:
    """Each of them, judged."""
    given = [case(one) if isinstance(one, Cause) else one for one in cases]
    both = [one if isinstance(one, Case) else Case(one) for one in given]
    return [judge_handshake(one.handshake, one.pin) for one in both]


def text(
    of: Sequence[JudgedHandshake],
    width: int = WIDTH,
    seen: Observation = SEEN,
    words: Callable[[Message], str] = say,
) -> str:
    return tls.render(seen, of, tls_verdict(of), words, Paper(width))


def body(of: Sequence[JudgedHandshake], seen: Observation = SEEN) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        tls.render_json(seen, of, tls_verdict(of), tls_exit_code(of), say)
    )
    return found


def test_one_handshake_is_shown_step_by_step() -> None:
    shown = text(judged(by_card(connection())))
    lines = shown.splitlines()
    assert lines[0].startswith(f"{NAME} client (anonymous) at https://server.example/")
    steps = [line.split()[1] for line in lines if line.startswith("✓ ")]
    assert steps == [
        "TLS-RESOLVE",
        "TLS-CONNECT",
        "TLS-HELLO",
        "TLS-PROTOCOL",
        "TLS-CHAIN",
        "TLS-NAME",
        "TLS-STRICT",
        "TLS-REQUEST",
        "TLS-ISSUERS",
        "TLS-SCHEMES",
        "TLS-SIGNATURE",
        "TLS-ACCEPTED",
        "TLS-HTTP",
    ]
    (connect,) = [line for line in lines if "TLS-CONNECT" in line]
    assert connect.split() == ["✓", "TLS-CONNECT", "2.0", "192.0.2.1,", "port", "443"]
    assert lines[-1].startswith("PASSED — 1 handshake, ")


def test_the_chain_is_shown_with_what_was_not_sent() -> None:
    shown = text(judged(by_card(connection())))
    (_, chain) = shown.split("The server's certificates:\n")
    first, second, third = chain.splitlines()[:3]
    assert first.startswith("  0 server.example, until 2027-01-01, issued by between")
    assert second.startswith("  1 between, until 2027-01-01, issued by servers")
    assert third.startswith("  2 servers, until 2027-01-01, issued by servers (not sent, at hand)")


def test_what_failed_is_told_with_its_remedy() -> None:
    shown = text(judged(Cause.SERVER_EXPIRED))
    assert "✗ TLS-CHAIN" in shown
    assert "A certificate of the server's chain has expired." in shown
    assert "→ Whoever runs the server must renew or correct its certificate" in shown
    assert shown.splitlines()[-1].startswith("FAILED — 1 handshake, ")


def test_a_warning_is_told_apart() -> None:
    assert "! TLS-PROVEN" in text(judged(Cause.SAME_WITHOUT))


def test_insecure_is_in_every_report() -> None:
    passed_on = judged(Cause.INSECURE)
    assert "--insecure let this pass" in text(passed_on)
    assert "--insecure let this pass" in text(passed_on * 2)
    assert body(passed_on)["handshakes"][0]["insecure"] is True


def test_a_second_connection_is_told() -> None:
    assert "Two connections: the second offered TLS 1.2 at most." in text(
        judged(Cause.SCHEME_AT_TLS_1_2)
    )
    assert "Two connections" not in text(judged(Cause.SCHEME))


def test_several_are_a_table_with_the_cause_of_each() -> None:
    shown = text(judged(Cause.ACCEPTED, Cause.NAME_UNKNOWN, Cause.NO_LOGIN, Cause.NO_CERTIFICATE))
    rows = [line.split() for line in shown.splitlines() if line.startswith(NAME)]
    assert rows == [
        [NAME, "TLSv1.3", "CKM_RSA_PKCS_PSS", "200", "PASSED"],
        [NAME, "—", "—", "—", "FAILED", "name-unknown"],
        [NAME, "TLSv1.3", "—", "—", "INCOMPLETE", "no-login"],
        [NAME, "—", "—", "—", "FAILED", "no-certificate"],
    ]
    assert shown.count("https://server.example/") >= 4


def test_a_success_with_a_warning_shows_it_in_its_row() -> None:
    both = by_card(connection(proof=proof(error=10)), insecure=True, control=page(200))
    shown = text(judged(Cause.SAME_WITHOUT, Cause.INSECURE, both, Cause.NAME_UNKNOWN), width=160)
    results = [line.split("200")[-1].split() for line in shown.splitlines() if "PASSED" in line]
    assert results == [
        ["PASSED", "!", "same-without-certificate"],
        ["PASSED", "!", "insecure"],
        ["PASSED", "!", "insecure,", "same-without-certificate"],
    ]


def test_nobody_and_a_file_have_their_row_and_title() -> None:
    nobody = by_nobody(connection())
    by_file = replace(nobody, client=Client(ClientKind.FILE, "client.p12"))
    shown = text(judged(nobody, by_file))
    assert [line.split()[0] for line in shown.splitlines() if "TLSv1.3" in line] == [
        "nobody",
        "client.p12",
    ]
    assert text(judged(nobody)).startswith("Nobody (no certificate is presented) at https://")
    assert text(judged(by_file)).startswith("client.p12 at https://")


def test_an_emulation_says_so() -> None:
    emulated = replace(SEEN, emulated=True)
    assert "EMULATED" in text(judged(Cause.ACCEPTED), seen=emulated)
    assert "EMULATED" not in text(judged(Cause.ACCEPTED))


def test_an_interrupted_run_without_a_handshake_has_a_report() -> None:
    assert text([]).splitlines()[-1].startswith("INCOMPLETE — 0 handshakes")
    assert body([])["handshakes"] == []


def test_no_line_is_wider_than_the_paper(wordy: Callable[[Message], str]) -> None:
    alone = [text(judged(cause), words=wordy) for cause in CASES]
    for shown in (*alone, text(judged(*CASES)), text(judged(*CASES), words=wordy)):
        assert [line for line in shown.splitlines() if len(line) > WIDTH] == []


def test_every_word_of_a_report_is_translated(shout: Callable[[Message], str]) -> None:
    shown = text(judged(Cause.SERVER_EXPIRED), words=shout)
    assert "A CERTIFICATE OF THE SERVER'S CHAIN HAS EXPIRED." in shown
    assert "THE SERVER'S CERTIFICATES:" in shown


# --- JSON -----------------------------------------------------------------------------------


def test_json_has_all_of_a_handshake() -> None:
    found = body(judged(Cause.PROVEN))
    assert set(found) == {
        "schema_version",
        "tool_version",
        "run_id",
        "observed_at",
        "emulated",
        "interrupted",
        "verdict",
        "exit_code",
        "workstation",
        "module",
        "handshakes",
    }
    (shaken,) = found["handshakes"]
    assert set(shaken) == {
        "endpoint",
        "client",
        "insecure",
        "expect_status",
        "verdict",
        "codes",
        "findings",
        "connections",
        "decisive",
        "control",
    }
    (one,) = shaken["connections"]
    assert set(one) == {
        "offered",
        "addresses",
        "address",
        "proxy",
        "version",
        "cipher",
        "group",
        "server_certificates",
        "server_proof",
        "request",
        "signable",
        "scheme",
        "signature",
        "presented",
        "accepted",
        "http",
        "stop",
        "seconds",
    }
    assert shaken["control"]["http"]["status"] == 403
    assert one["signature"]["mechanism"] == "CKM_RSA_PKCS_PSS"
    assert one["presented"][0]["subject"] == "C=FR, O=TEST, CN=client"
    assert one["request"]["authorities"][0] == "C=FR, O=TEST, CN=clients"
    assert one["server_proof"]["anchor"] == "ca-file"
    assert one["http"] == {
        "status": 200,
        "reason": "OK",
        "first_line": "Welcome",
        "server": None,
        "body_bytes": 0,
    }


@pytest.mark.parametrize("cause", Cause)
def test_json_has_the_code_of_each_cause(cause: Cause) -> None:
    (shaken,) = body(judged(cause))["handshakes"]
    codes = {found["code"] for found in shaken["findings"]}
    assert cause.value in codes
    wrong = {f["code"] for f in shaken["findings"] if f["code"] and f["outcome"] != "passed"}
    assert set(shaken["codes"]) == wrong


def test_json_of_what_stopped_and_what_decided() -> None:
    (shaken,) = body(judged(Cause.NO_PSS_FOR_TLS_1_3))["handshakes"]
    assert shaken["decisive"] == 0
    first, second = shaken["connections"]
    assert first["stop"] == {"step": "request", "end": "not-signable", "detail": None}
    assert second["stop"] == {"step": "hello", "end": "alert", "detail": "protocol_version"}
    (card,) = body(judged(Cause.NO_CERTIFICATE))["handshakes"]
    assert (card["connections"], card["decisive"]) == ([], None)


def test_verdict_and_exit_code_are_those_of_all() -> None:
    found = body(judged(Cause.ACCEPTED, Cause.NO_LOGIN))
    assert (found["verdict"], found["exit_code"]) == ("incomplete", int(ExitCode.PIN_SAFETY))


# --- what a hostile server says --------------------------------------------------------------

EVIL = "\x1b[2J\x07\u202e[bold red]not markup[/] \r\n\x9b31m"


def test_what_a_server_says_does_not_reach_the_terminal_raw() -> None:
    """Observations may come from a file, in which nothing was made printable."""
    answer = HttpAnswer(500, EVIL, EVIL, EVIL)
    endpoint = replace(ENDPOINT, path=f"/{EVIL}")
    names = refused(error=7, text=EVIL, names=(EVIL,))
    for shaken in (
        by_card(connection(http=answer, cipher=EVIL, scheme=EVIL), endpoint=endpoint),
        by_card(names),
        by_card(connection(chain=(b"\x30\x00", b"")), client=Client(ClientKind.FILE, EVIL)),
    ):
        for shown in (text(judged(shaken)), text(judged(shaken) * 2)):
            assert not set(shown) & set("\x1b\x07\x9b\r\u202e")
        if shaken.connections[0].http is answer:
            assert "[bold red]not markup[/]" in text(judged(shaken), 400)
        json.dumps(body(judged(shaken)))
