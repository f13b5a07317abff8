"""What a command loads before it can begin: nothing that only others need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from support.cli import environment

TLS = {"tlslite", "OpenSSL", "service_identity"}
"""They take as long to load as all else that a command needs."""
OTHERS = {"icalendar", "pkcs11"}
"""For `--ics`; for the process of the module."""


def loaded(*arguments: str | Path) -> set[str]:
    """The packages that a run of the command imports, as Python itself tells."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "cpx_tool", *arguments],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    found = {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}
    assert "cpx_tool" in found, done.stderr
    return found


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["list-readers"], ["list-endpoints"], ["inspect", "nowhere.pem"]],
    ids=lambda arguments: arguments[0],
)
def test_a_command_that_speaks_no_tls_loads_no_tls(arguments: list[str]) -> None:
    assert not loaded(*arguments) & (TLS | OTHERS)


def test_tls_test_loads_it_once_it_has_an_endpoint() -> None:
    assert not loaded("tls-test", "--help") & TLS
    endpoint = "https://127.0.0.1:1/"
    assert loaded("tls-test", "--no-card", "--endpoint", endpoint) >= TLS
