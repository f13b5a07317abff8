"""What must hold of any connection, whatever the server did: it can be judged, shown and kept."""

from __future__ import annotations

import json
from dataclasses import replace

from cpx_tool.adapters import observation_file
from cpx_tool.adapters.codec import from_json, to_json
from cpx_tool.errors import ExitCode
from cpx_tool.i18n import say
from cpx_tool.judge.tls import judge_handshakes, tls_exit_code, tls_verdict
from cpx_tool.model.endpoint import Endpoint
from cpx_tool.model.handshake import Client, ClientKind, Connection, End, Handshake
from cpx_tool.model.observation import Observation
from cpx_tool.report import tls as report
from cpx_tool.report.canvas import Paper
from support import build

MOST_TEXT = 100_000
"""Characters of a report of one handshake."""


def check_sound(connection: Connection, endpoint: Endpoint, certificate: bytes) -> None:
    """Raises `AssertionError`, or what the tool raises. `certificate` is the client's, DER."""
    assert connection.stop is None or isinstance(connection.stop.end, End)
    client = Client(ClientKind.FILE, "client.p12", certificate)
    shaken = Handshake(endpoint, client, True, None, (connection,))
    observation = replace(build.observation(), handshakes=(shaken,))
    kept = from_json(to_json(observation), Observation, observation_file.MAXIMUM_ITEMS)
    assert kept == observation
    judged = judge_handshakes(kept)
    for finding in judged[0].findings:
        assert not say(finding.message).startswith("This check itself"), finding
    verdict, code = tls_verdict(judged), tls_exit_code(judged)
    assert connection.stop is None or code is not ExitCode.PASSED
    text = report.render(kept, judged, verdict, say, Paper(80))
    assert all(_printable(line) for line in text.splitlines())
    assert len(text) < MOST_TEXT
    json.loads(report.render_json(kept, judged, verdict, code, say))


def _printable(line: str) -> bool:
    return line.replace("\N{NO-BREAK SPACE}", " ").isprintable()
