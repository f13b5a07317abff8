"""The servers that have a name, listed: none is contacted."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.cells import cell_len

from cpx_tool.catalogue.endpoints import endpoints
from cpx_tool.i18n import say
from cpx_tool.model.endpoint import Endpoint, KnownEndpoint
from cpx_tool.report import endpoints as report
from cpx_tool.report.canvas import Paper
from support.cli import cpx, cpx_json

OWN = KnownEndpoint(Endpoint("localhost", 8443, "/", "mine"), file=Path("/etc/config.toml"))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "config.toml"
    file.write_text('[endpoints]\nmine = "localhost:8443/ws"\n')
    return file


def test_each_known_server_is_listed_with_its_source() -> None:
    done = cpx("list-endpoints")
    assert (done.returncode, done.stderr) == (0, "")
    text = " ".join(done.stdout.split())
    for server in endpoints():
        assert f"\n  {server.endpoint.url}\n" in done.stdout
        assert server.title
        assert server.source
        assert f"{server.name}: {say(server.title)}" in text
        assert f"Source: {server.source}" in text
    assert "None of them is contacted unless you name it." in text
    assert "Yours" not in text


def test_what_a_server_is_called_with_and_whether_it_asks() -> None:
    lines = [line.split("  ") for line in cpx("list-endpoints").stdout.splitlines()]
    rows = {cells[0]: [cell.strip() for cell in cells[1:] if cell.strip()] for cells in lines}
    assert rows["insi-org"] == ["ORG certificate", "yes"]
    assert rows["insi-card"] == ["card", "not known"]
    assert rows["ans-testssl"] == ["not known", "not known"]


def test_own_servers_are_listed_with_their_file(config: Path) -> None:
    done = cpx("list-endpoints", env={"CPX_CONFIG": str(config)})
    assert done.returncode == 0
    assert f"Yours,in{config}" in "".join(done.stdout.split())
    assert "mine\n  https://localhost:8443/ws\n" in done.stdout
    assert done.stdout.index("mine") < done.stdout.index("insi-org")


def test_as_json(config: Path) -> None:
    body = cpx_json("list-endpoints", env={"CPX_CONFIG": str(config)})
    mine, *others = body["endpoints"]
    assert mine == {
        "name": "mine",
        "url": "https://localhost:8443/ws",
        "host": "localhost",
        "port": 8443,
        "path": "/ws",
        "title": None,
        "client": "not-known",
        "asks_for_certificate": "not-known",
        "note": None,
        "source": None,
        "file": str(config),
    }
    assert [server["name"] for server in others] == [server.name for server in endpoints()]
    assert all(server["title"] and server["source"] for server in others)
    assert {server["file"] for server in others} == {None}


def test_a_fault_in_the_configuration_is_told(config: Path) -> None:
    config.write_text('[endpoints]\nmine = "http://localhost"\n')
    done = cpx("list-endpoints", env={"CPX_CONFIG": str(config)})
    assert (done.returncode, done.stdout) == (2, "")
    assert 'config.toml, line 2, key "mine": http://localhost cannot be tested' in done.stderr


@pytest.mark.parametrize("width", [60, 80, 120])
def test_nothing_but_an_address_is_wider_than_the_paper(width: int) -> None:
    lines = report.render((OWN, *endpoints()), say, Paper(width)).splitlines()
    assert [s for s in lines if cell_len(s) > width and not s.startswith("  https://")] == []
