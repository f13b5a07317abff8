"""The server of `make demo`: asks for a certificate, trusts what it is told, leaves nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.processes import children, wait_for_end, wait_until
from support.tls.client import get, refusal
from support.tls.pki import FilePki
from support.tls.programs import find_program

SCRIPT = Path(__file__).parents[1] / "scripts" / "demo_server.py"
KINDS = ["nginx", "python"]


@dataclass
class Demo:
    process: subprocess.Popen[str]
    port: int
    ca: Path
    directory: Path

    def pids(self) -> list[int]:
        return [self.process.pid, *children(self.process.pid)]


@contextmanager
def demo(kind: str, trusted: Path, directory: Path) -> Iterator[Demo]:
    """The server, with a directory for what it makes."""
    if kind == "nginx":
        find_program("nginx")
    options = ("--python",) if kind == "python" else ()
    ca = directory / "ca.pem"
    places = directory / "places"
    places.mkdir()
    process = subprocess.Popen(
        [sys.executable, SCRIPT, "--trust", trusted, "--ca-file", ca, *options],
        env={**os.environ, "TMPDIR": str(places)},
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdout
            url = process.stdout.readline().strip()
            port = int(url.removeprefix("https://localhost:").removesuffix("/"))
            yield Demo(process, port, ca, places)
        finally:
            process.terminate()


@pytest.mark.parametrize("kind", KINDS)
def test_it_says_who_the_client_is(kind: str, file_pki: FilePki, tmp_path: Path) -> None:
    client = file_pki.client()
    with demo(kind, file_pki.clients_ca, tmp_path) as server:
        for newest in ("TLSv1_2", "TLSv1_3"):
            answer = get(server.port, server.ca, client, newest=newest)
            assert "client certificate accepted: CN=client,O=TEST,C=FR\n" in answer.text
        assert len(server.pids()) == (2 if kind == "nginx" else 1)


@pytest.mark.parametrize("kind", KINDS)
def test_it_accepts_no_other(kind: str, file_pki: FilePki, tmp_path: Path) -> None:
    with demo(kind, file_pki.other_ca, tmp_path) as server:
        if kind == "nginx":
            assert "400 The SSL certificate error" in (
                get(server.port, server.ca, file_pki.client()).text
            )
        else:
            assert "unknown ca" in refusal(server.port, server.ca, file_pki.client()).lower()


@pytest.mark.parametrize("kind", KINDS)
def test_it_ends_and_leaves_no_key(kind: str, file_pki: FilePki, tmp_path: Path) -> None:
    with demo(kind, file_pki.clients_ca, tmp_path) as server:
        assert list(server.directory.rglob("*.key"))
        pids = server.pids()
    assert server.process.returncode == 0
    for pid in pids:
        wait_for_end(pid)
    assert list(server.directory.iterdir()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_it_ends_with_the_one_who_started_it(kind: str, file_pki: FilePki, tmp_path: Path) -> None:
    if kind == "nginx":
        find_program("nginx")
    output = tmp_path / "output"
    options = "--python" if kind == "python" else ""
    command = (
        f'"{sys.executable}" "{SCRIPT}" --trust "{file_pki.clients_ca}" '
        f'--ca-file "{tmp_path}/ca.pem" {options} >"{output}" & wait'
    )
    with subprocess.Popen(["bash", "-c", command]) as shell:
        wait_until(lambda: output.exists() and output.read_text().endswith("\n"), "no address")
        (server,) = children(shell.pid)
        pids = [server, *children(server)]
        shell.kill()
    for pid in pids:
        wait_for_end(pid)
