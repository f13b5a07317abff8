"""The configuration file: what it may say, and one clear line where it says something else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cpx_tool.adapters.config import CONFIG_VARIABLE, Config, read_config
from cpx_tool.errors import BadInput, ExitCode
from cpx_tool.i18n import say
from cpx_tool.model.endpoint import Endpoint, KnownEndpoint


def read(tmp_path: Path, text: str | bytes) -> Config:
    file = tmp_path / "config.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_config({CONFIG_VARIABLE: str(file)})


def refusal(tmp_path: Path, text: str | bytes) -> str:
    with pytest.raises(BadInput) as caught:
        read(tmp_path, text)
    assert caught.value.exit_code is ExitCode.USAGE
    assert say(caught.value.hint)
    return say(caught.value.reason)


def test_all_keys(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        '[middleware]\nmodule = "/opt/x.so"\nat_once = 16\n[endpoints]\nmine = "a.fr"\n',
    )
    file = tmp_path / "config.toml"
    mine = KnownEndpoint(Endpoint("a.fr", 443, "/", "mine"), file=file)
    assert found == Config(file, "/opt/x.so", 16, (mine,))


def test_servers_stand_in_the_order_of_the_file(tmp_path: Path) -> None:
    found = read(tmp_path, '[endpoints]\nz = "https://z.fr:1/a"\n1-a = "[::1]"\n').endpoints
    assert [server.name for server in found] == ["z", "1-a"]
    assert [server.endpoint.url for server in found] == ["https://z.fr:1/a", "https://[::1]/"]


def test_so_many_servers_and_no_more(tmp_path: Path) -> None:
    lines = [f's{number} = "a.fr"\n' for number in range(200)]
    assert len(read(tmp_path, "".join(["[endpoints]\n", *lines])).endpoints) == 200
    said = refusal(tmp_path, "".join(["\n[endpoints]\n", *lines, 'last = "a.fr"\n']))
    assert "config.toml, line 2" in said
    assert "more than 200" in said


@pytest.mark.parametrize("text", ["", "# nothing\n", "[middleware]\n", "[endpoints]\n"])
def test_nothing_need_be_said(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text) == Config(tmp_path / "config.toml")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[midleware]\n", 1, 'did you mean "middleware"?'),
        ("\n[middleware]\nmodul = 1\n", 3, 'did you mean "module"?'),
        ("[middleware]\nmodule = 7\n", 2, "the absolute path"),
        ('[middleware]\nmodule = "opensc.so"\n', 2, "the absolute path"),
        ('[middleware]\nmodule = "/a\\u0007"\n', 2, "the absolute path"),
        ('[middleware]\n\nat_once = "4"\n', 3, "from 1 to 16"),
        ("at_once = 2\n", 1, "under the line [middleware]"),
        ('[middleware]\nmodule = "~/m.so"\n', 2, "not expanded"),
        ("[middleware]\nat_once = 0\n", 2, "from 1 to 16"),
        ("[middleware]\nat_once = 17\n", 2, "from 1 to 16"),
        ("[middleware]\nat_once = true\n", 2, "from 1 to 16"),
        ("middleware = 3\n", 1, "Write it as a table: [middleware]."),
        ("[middleware\n", 1, "not valid TOML"),
        (b"[middleware]\nmodule = '\xff'\n", 2, "not UTF-8"),
        ("[endpoint]\n", 1, 'did you mean "endpoints"?'),
        ("[[endpoints]]\n", 1, "Write it as a table: [endpoints]."),
        ('[endpoints]\na = "a.fr"\n"b c" = "b.fr"\n', 3, "1 to 40 of a-z"),
        ('[endpoints]\n\nB = "b.fr"\n', 3, "1 to 40 of a-z"),
        ('[endpoints]\n-b = "b.fr"\n', 2, "begins with no “-”"),
        (f'[endpoints]\n{"b" * 41} = "b.fr"\n', 2, "1 to 40 of a-z"),
        ('[endpoints]\na = "a.fr"\ninsi-org = "a.fr"\n', 3, "a server of this name"),
        ("[endpoints]\na = 443\n", 2, "between quotes"),
        ('[endpoints]\na.url = "a.fr"\n', 2, "between quotes"),
        ('[endpoints]\na = ""\n', 2, "it is empty"),
        ('[endpoints]\na = "http://a.fr"\n', 2, "http knows no certificates"),
        ('[endpoints]\na = "a.fr"\nb = "https://b.fr:0"\n', 3, "no such port"),
        ("a." * 5000 + "b = 1\n", 1, "not valid TOML"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(
    tmp_path: Path, text: str | bytes, line: int, words: str
) -> None:
    said = refusal(tmp_path, text)
    assert f"config.toml, line {line}" in said
    assert words in said


def test_a_password_of_an_address_is_not_repeated(tmp_path: Path) -> None:
    said = refusal(tmp_path, '[endpoints]\na = "https://user:s3cret@a.fr"\n')
    assert "line 2" in said
    assert "s3cret" not in said


def test_what_is_no_configuration(tmp_path: Path) -> None:
    for path in ("gone.toml", ""):
        with pytest.raises(BadInput):
            read_config({CONFIG_VARIABLE: str(tmp_path / path)})
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadInput) as caught:
        read_config({CONFIG_VARIABLE: str(tmp_path / "pipe")})
    assert "not a regular file" in say(caught.value.reason)
    assert CONFIG_VARIABLE in say(caught.value.hint)


def test_its_own_place_may_be_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert read_config({}) == Config()
    assert read_config({CONFIG_VARIABLE: ""}) == Config()
    own = tmp_path / "cpx-tool" / "config.toml"
    own.parent.mkdir()
    own.write_text("[middleware]\nat_once = 2\n")
    assert read_config({}) == Config(own, None, 2)
