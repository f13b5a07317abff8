"""The configuration file: what it may say, and one clear line where it says something else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cpx_tool.adapters.config import CONFIG_VARIABLE, Config, read_config
from cpx_tool.errors import BadInput, ExitCode
from cpx_tool.i18n import say


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
    found = read(tmp_path, '[middleware]\nmodule = "/opt/x.so"\nat_once = 16\n')
    assert found == Config(tmp_path / "config.toml", "/opt/x.so", 16)


@pytest.mark.parametrize("text", ["", "# nothing\n", "[middleware]\n"])
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
        ("a." * 5000 + "b = 1\n", 1, "not valid TOML"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(
    tmp_path: Path, text: str | bytes, line: int, words: str
) -> None:
    said = refusal(tmp_path, text)
    assert f"config.toml, line {line}" in said
    assert words in said


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
