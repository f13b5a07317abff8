"""What was fetched, and what was not: each reason once, each address on its own line."""

from __future__ import annotations

import json

from cpx_tool.i18n import say
from cpx_tool.model.fetch import Address, Document, Failure, Fetched, FetchProblem
from cpx_tool.model.message import Message, msg
from cpx_tool.model.trust import Arrival, Imported, ImportStatus
from cpx_tool.report import fetch
from cpx_tool.report.canvas import Canvas, Paper

URL = "http://ca.example/{n}"
SHA256 = "ab" * 32


def came(n: int, document: Document = Document.CERTIFICATE) -> Fetched:
    return Fetched(document, URL.format(n=n), "ca", content=msg("A certificate: ca."))


def failed(n: int, problem: FetchProblem, reason: Message) -> Fetched:
    return Fetched(Document.CRL, URL.format(n=n), "ca", failure=Failure(problem, reason))


def lines(*fetched: Fetched) -> list[str]:
    canvas = Canvas(Paper(100))
    fetch.fetched_lines(canvas, fetched, say)
    return canvas.text().splitlines()


NO_NAME = msg("The name {host} cannot be resolved.", host="ca.example")
GONE = msg("The server answers with the HTTP status {status}.", status="404")


def test_each_reason_stands_once_with_its_addresses_and_its_hint() -> None:
    told = lines(
        failed(1, FetchProblem.NAME, NO_NAME),
        failed(2, FetchProblem.STATUS, GONE),
        failed(3, FetchProblem.NAME, NO_NAME),
    )
    assert told == [
        "Not fetched. The name ca.example cannot be resolved.",
        "  http://ca.example/1",
        "  http://ca.example/3",
        f"  → {say(fetch.HINTS[FetchProblem.NAME])}",
        "Not fetched. The server answers with the HTTP status 404.",
        "  http://ca.example/2",
    ]


def test_what_was_not_even_asked_is_said_as_it_is() -> None:
    told = lines(failed(1, FetchProblem.SCHEME, msg("Not asked: neither http nor https.")))
    assert told[0] == "Not asked: neither http nor https."


def test_a_responder_is_shown_with_whom_it_was_asked_about() -> None:
    assert lines(came(1, Document.OCSP))[0] == "OCSP about ca: http://ca.example/1"
    assert lines(came(1))[:2] == ["http://ca.example/1", "  A certificate: ca."]
    assert lines() == ["There was nothing to fetch."]


def test_what_became_of_it_is_told_and_a_hint_stands_once() -> None:
    refused = Imported(
        file=URL.format(n=1),
        status=ImportStatus.UNKNOWN,
        reason=msg("Unknown."),
        name=((("CN", "ca"),),),
        sha256=SHA256,
        hint=msg("Ask."),
    )
    text = fetch.render_arrivals(
        [Arrival(came(1), (refused, refused)), Arrival(came(2), (refused,))], say, Paper(100)
    )
    assert text.count("  ca: REFUSED. Unknown.\n") == 3
    assert text.count(SHA256.upper()) == 3
    assert text.count("→ Ask.") == 1


def test_addresses_reach_no_terminal_as_they_are() -> None:
    nasty = "http://ca.example/\x1b[31m\nPASSED"
    text = fetch.render_addresses([Address(Document.CRL, nasty)], say)
    told = "\n".join(lines(Fetched(Document.CRL, nasty, "ca", content=msg("A"))))
    body = fetch.render_addresses_json([Address(Document.CRL, nasty)])
    for shown in (text, told, body):
        assert "\x1b" not in shown
        assert "\nPASSED" not in shown
    assert json.loads(body)["addresses"][0]["url"] == nasty
