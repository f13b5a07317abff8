"""list-modules: what is installed here, what is wrong with it, and what check-set would use."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from cpx_tool.adapters.softhsm import find_softhsm
from cpx_tool.errors import NothingToCheck
from support.cli import cpx, cpx_json
from support.hosts import elf
from support.modules import compile_broken_module

OPENSC = next(Path("/usr/lib").glob("**/opensc-pkcs11.so"), None)


@pytest.fixture
def softhsm() -> Path:
    try:
        return find_softhsm({})
    except NothingToCheck:
        pytest.skip("SoftHSM is not installed")


def test_a_module_that_is_named_is_loaded_and_told(softhsm: Path) -> None:
    body = cpx_json("list-modules", "--module", softhsm)
    first = body["modules"][0]
    assert (body["exit_code"], body["chosen"]) == (0, str(softhsm))
    assert (first["path"], first["chosen"], first["usable"]) == (str(softhsm), True, True)
    assert (first["family"], first["at_once"]) == ("softhsm", "no")
    assert first["declared"][0] == {"origin": "option", "where": "--module"}
    assert first["info"]["manufacturer"] == "SoftHSM"
    assert first["slots"] == 1
    done = cpx("list-modules", "--module", softhsm)
    assert done.returncode == 0
    assert "check-set uses this one: named by --module." in done.stdout


@pytest.mark.skipif(OPENSC is None, reason="OpenSC is not installed")
def test_without_loading_no_version_is_told(softhsm: Path) -> None:
    body = cpx_json("list-modules", "--no-load", env={"CPX_PKCS11_MODULE": str(OPENSC)})
    first = body["modules"][0]
    assert (first["info"], first["slots"], first["family"]) == (None, None, "opensc")
    assert first["declared"][0] == {"origin": "environment", "where": "CPX_PKCS11_MODULE"}
    quirks = {quirk["id"]: quirk["applies"] for quirk in first["quirks"]}
    assert quirks["OPENSC-NO-CPX"] == "not-known"
    assert quirks["OPENSC-NO-CPS4"] == "yes"


@pytest.mark.parametrize("fault", ["segv", "exit", "hang"])
def test_a_module_that_dies_when_it_is_loaded_hides_no_other(tmp_path: Path, fault: str) -> None:
    library = compile_broken_module(tmp_path)
    body = cpx_json(
        *("list-modules", "--module", library, "--timeout", "3"), env={"CPX_TEST_FAULT": fault}
    )
    first, *others = body["modules"]
    assert (body["exit_code"], first["usable"]) == (4, False)
    assert first["fault"]["kind"] in ("crash", "hang", "error")
    assert all(other["info"] for other in others if other["problem"] is None)


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"text", "not-a-library", "is not a shared library"),
        (elf(machine=0xB6), "other-machine", "another architecture"),
        (b"MZ", "not-a-library", "is not a shared library"),
        (None, "missing", "does not exist"),
    ],
)
def test_a_file_that_cannot_be_one_says_why(
    tmp_path: Path, content: bytes | None, code: str, words: str
) -> None:
    file = tmp_path / "module.so"
    if content is not None:
        file.write_bytes(content)
    body = cpx_json("list-modules", "--module", file)
    assert body["exit_code"] == 2  # as of check-set
    assert body["modules"][0]["problem"]["code"] == code
    assert code != "missing" or body["modules"][0]["quirks"] == []
    assert words in body["modules"][0]["problem"]["message"]
    said = " ".join(cpx("list-modules", "--module", file).stdout.split())
    assert words in said
    assert "check-set takes this one, and cannot use it: named by --module." in said


def test_a_library_that_lacks_another_is_loaded_by_the_one_who_knows(tmp_path: Path) -> None:
    """The loader's own refusal is told beside ours."""
    file = tmp_path / "module.so"
    file.write_bytes(elf("libc.so.6", "libnowhere.so.9"))
    body = cpx_json("list-modules", "--module", file)
    first = body["modules"][0]
    assert (body["exit_code"], first["usable"]) == (4, False)
    assert first["fault"] is not None
    if first["problem"] is not None:  # there is an ldconfig here
        assert first["problem"]["names"] == ["libnowhere.so.9"]
        assert "libnowhere.so.9" in first["problem"]["hint"]


def test_a_library_that_is_no_module_is_said_to_be_none(tmp_path: Path) -> None:
    library = tmp_path / "libnone.so"
    source = tmp_path / "none.c"
    source.write_text("int nothing;")
    subprocess.run(["cc", "-shared", "-o", library, source], check=True)
    done = cpx("list-modules", "--module", library)
    said = " ".join(done.stdout.split())
    assert done.returncode == 4
    assert (
        f"{library} is a library, but no PKCS#11 module"
        in said.replace(" /", "/").replace("/ ", "/")
        or "is a library, but no PKCS#11 module" in said
    )
    assert "Give the path of the PKCS#11 library itself" in said
    assert "undefined symbol" not in said


def test_a_module_that_is_not_loaded_is_told_as_such(softhsm: Path) -> None:
    said = " ".join(cpx("list-modules", "--no-load").stdout.split())
    assert "it is the first that can be used" not in said
    assert "Not known for this version" not in said
    assert "only used when it is named" in said
    assert "it does not serve several processes at once" in said


def test_a_run_with_module_does_not_read_a_damaged_configuration(
    tmp_path: Path, softhsm: Path
) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[middleware]\nmodul = 3\n")
    done = cpx("list-readers", "--module", softhsm, env={"CPX_CONFIG": str(config)})
    assert "modul" not in done.stderr.replace("module", "")
    assert done.returncode != 2


def test_the_configuration_names_one(tmp_path: Path, softhsm: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[middleware]\nmodule = "{softhsm}"\n')
    body = cpx_json("list-modules", "--no-load", env={"CPX_CONFIG": str(config)})
    assert body["modules"][0]["declared"][0] == {"origin": "config", "where": str(config)}
    assert body["chosen"] == str(softhsm)


@pytest.mark.parametrize(
    "command",
    [
        ("list-modules", "--no-load"),
        ("list-readers",),
        ("check-set", "--set", "centre-sante"),
    ],
)
def test_a_broken_configuration_is_one_line(tmp_path: Path, command: tuple[str, ...]) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[middleware]\nmodul = 3\n")
    done = cpx(*command, env={"CPX_CONFIG": str(config)})
    assert done.returncode == 2
    assert f'{config}, line 2, key "modul"' in done.stderr
    assert "docs/configuration.md" in done.stderr
    assert len(done.stderr.splitlines()) == 2


@pytest.mark.softhsm
def test_the_observation_holds_the_middleware_and_is_judged_again(
    tmp_path: Path, softhsm: Path
) -> None:
    saved = tmp_path / "seen.json"
    done = cpx(
        *("check-set", "--set", "centre-sante", "--module", softhsm),
        *("--save-observation", saved, "--no-login", "--json"),
    )
    found = json.loads(done.stdout)["findings"]
    body = json.loads(saved.read_text())
    assert body["middleware"]["chosen"] == str(softhsm)
    again = cpx_json("judge", saved, "--set", "centre-sante")["findings"]
    assert {f["check"]: f["outcome"] for f in again} == {f["check"]: f["outcome"] for f in found}
    assert "MODULE-COMPETING" in {f["check"] for f in found}
