"""What the documentation shows is what happens: its commands are run, its output compared.

A page is followed from its top to its end, in a folder where what it speaks of is there: emulated
cards, a saved observation, certificates. Commands that look at cards, and do not say where, get
the emulated ones. What varies (dates, this machine, times) is made alike on both sides.
"""

from __future__ import annotations

import copy
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tomllib
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from cpx_tool import i18n
from cpx_tool.adapters.config import CONFIG_VARIABLE, read_config
from cpx_tool.adapters.softhsm import find_softhsm
from cpx_tool.catalogue.sets import find_set
from cpx_tool.cli.main import cli
from cpx_tool.i18n import say
from cpx_tool.judge.station import judge_station
from cpx_tool.model.station import Hold, Holder, Holders, Process
from cpx_tool.report import doctor
from cpx_tool.report.canvas import Paper
from support.cli import cpx
from support.documents import (
    ROOT,
    Block,
    agree,
    blocks,
    commands,
    inline,
    is_made,
    name_of,
    pages,
    shown_below,
    transcript,
)
from support.places import quick_directory
from support.station import station, usb_reader
from support.tls.programs import find_program

PAGES = [page for page in pages() if not is_made(page) and "decisions" not in page.parts]
PIN = "1234"
NURSE, STAFF = "9945000623", "9945000523"

NOT_RUN = {
    "it is the installation of the tree, or the whole demonstration": (
        "make demo",
        "make setup",
        "make test",
        "source .venv/bin/activate",
    ),
    "it changes the machine, or asks what only a machine with readers has": (
        "getent group pcscd",
        "grep -ic 0x2947 /etc/libccid_Info.plist",
        "ls -l /dev/bus/usb/001/007",
        "ls /usr/lib/udev/rules.d/*ccid* /etc/udev/rules.d/",
        "lsmod | grep pn533",
        "lsusb",
        "pkcheck --action-id org.debian.pcsc-lite.access_pcsc --process PID; echo $?",
        "sudo cp 50-cpx-tool.rules /etc/polkit-1/rules.d/",
        "sudo cp 92-cpx-readers.rules /etc/udev/rules.d/",
        "sudo cp cpx-tool-nfc-blacklist.conf /etc/modprobe.d/",
        'sudo gpasswd --add "$USER" cpx-readers',
        "sudo groupadd --force --system cpx-readers",
        "sudo modprobe -r pn533_usb pn533 nfc",
        "sudo systemctl restart pcscd",
        "sudo udevadm control --reload",
        "sudo udevadm trigger --subsystem-match=usb --action=add",
        "systemctl show -p User --value pcscd.service",
    ),
    "it needs another program": (
        """cpx-tool merge results --json | jq -r '.hosts[] | select(.checks["PCSC-SERVICE"]"""
        """ == "failed").host'""",
    ),
    "it is for a fleet; tests/fleet runs the playbook (make test-fleet)": (
        "make package",
        "python3 -m venv ~/ansible",
        "~/ansible/bin/pip install --require-hashes -r requirements/fleet.txt",
        "export PATH=~/ansible/bin:$PATH",
        "mkdir -p inventory/group_vars/cpx_workstations",
        "ansible-vault create inventory/group_vars/cpx_workstations/vault.yml",
    ),
    "it asks the network": (
        "cpx-tool trust fetch",
        "cpx-tool tls-test --endpoint https://server.example.fr:8443/path",
        "cpx-tool check-set --set centre-sante --endpoint integration",
    ),
    "it writes where a test must not": (
        "cpx-tool doctor --report prometheus=/var/lib/prometheus/node-exporter/cpx-doctor.prom",
        "cpx-tool show-set centre-sante --toml > src/cpx_tool/catalogue/sets/NAME.toml",
    ),
    "it needs the service and its virtual readers: tests/cli/test_virtual_cards.py": (
        "cpx-tool virtual-cards start --set centre-sante",
        "cpx-tool virtual-cards start --set centre-sante --defect pkcs1-only=all",
        "cpx-tool virtual-cards start --set centre-sante  # transcript",
        "cpx-tool virtual-cards status",
        "cpx-tool virtual-cards remove medecin-generaliste",
        "cpx-tool virtual-cards insert infirmier",
        "cpx-tool virtual-cards stop",
    ),
    "it asks a person, card by card: tests/cli/test_drawer_run.py compares what is shown": (
        "cpx-tool check-set --set centre-sante  # transcript",
    ),
    "it needs a server; test_a_server_of_ones_own runs it": (
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout server.key -out server.pem -days 7"
        "      -subj /CN=localhost -addext subjectAltName=DNS:localhost",
        "openssl s_server -accept 127.0.0.1:8443 -key server.key -cert server.pem"
        "      -CAfile cards/ca/bundle.pem -Verify 4 -verify_return_error -www",
        "cpx-tool tls-test --endpoint https://localhost:8443/ --ca-file server.pem"
        " --emulated cards --all-cards",
    ),
    "test_the_handshake_of_the_demonstration runs it, with a server": (
        "cpx-tool tls-test --endpoint https://localhost:34633/ --ca-file .demo/server-ca.pem"
        " --emulated .demo/centre-sante --card 9945000223  # transcript",
    ),
    "test_what_doctor_finds shows it of a workstation on which this is wrong": (
        "cpx-tool doctor --fix-hints  # transcript",
    ),
}
"""By reason. Those of cpx-tool are parsed all the same, so that no option is missing."""

CODES = {
    "cpx-tool check-set --set centre-sante --emulated .demo/bad --report html=bad.html": 1,
    "cpx-tool blame poste.json --set centre-sante": 1,
    "cpx-tool judge fixtures/observation.json --set centre-sante --report-dir reports": 1,
    "cpx-tool judge fixtures/observation.json --set centre-sante --report monitor=-": 1,
    "cpx-tool judge fixtures/observation.json --set centre-sante"
    " --report json=trial/poste-qa-1.json": 1,
    "cpx-tool merge trial": 1,
    "cpx-tool judge fixtures/observation.json --set centre-sante"
    " --report html=cards.html --report json=cards.json": 1,
    "cpx-tool pin-ledger --forget 9945000223": 2,  # it is not in the ledger
    "cpx-tool check-set --set centre-sante --resume": 2,  # nothing was interrupted
    "cpx-tool trust import issuers": 1,  # those of emulated cards are not known
}
"""Exit codes other than 0."""
ADDED = {
    "check-set": ("--emulated", ".demo/centre-sante"),
    "show-card": ("--emulated", ".demo/centre-sante"),
    "sign-test": ("--emulated", ".demo/centre-sante"),
    "enrol-set": (
        *("--emulated", ".demo/centre-sante", "--assign", "cde-directeur=9945000123"),
        *("--assign", "cpe-employe=9945000423", "--assign", "cpe-employe-delegue=9945000523"),
    ),
    "list-readers": ("--emulated", ".demo/centre-sante"),
    "check-p12": ("--emulated", ".demo/centre-sante"),
    "inspect": ("--ca-dir", "issuers"),
}
"""Where to look, for commands that do not say it."""
SAYS_WHERE = ("--emulated", "--observation", "--ca-dir", "--module")


# --- the folder ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def prepared() -> Iterator[Path]:
    """What the pages speak of, made once."""
    with quick_directory() as place:
        _prepare(place)
        yield place


def _prepare(place: Path) -> None:
    cards = place / ".demo" / "centre-sante"
    done = cpx("emulate", "--set", "centre-sante", "--into", cards)
    assert done.returncode == 0, done.stderr
    looking = ("--emulated", cards, "--save-observation")
    assert cpx("check-set", "--set", "centre-sante", *looking, place / "poste.json").returncode == 0
    assert cpx("sign-test", *looking, place / "signed.json").returncode == 0


@pytest.fixture
def place(prepared: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of its own for each page, the current one."""
    with quick_directory() as folder:
        _furnish(folder, prepared)
        monkeypatch.chdir(folder)
        yield folder


def _furnish(place: Path, prepared: Path) -> None:
    shutil.copytree(prepared, place, dirs_exist_ok=True)
    shutil.copytree(ROOT / "fixtures", place / "fixtures")
    cards = place / ".demo" / "centre-sante"
    (place / "cards").symlink_to(cards)
    shutil.copytree(cards / "ca", place / "issuers")
    shutil.copy(cards / "ca" / "ACI-FO-PP-TEST.crl", place / "list.crl")
    for name, file in zip(("auto", "manu"), sorted((cards / "org").glob("*.p12")), strict=True):
        shutil.copy(file, place / f"{name}.p12")
    observation = json.loads((place / "poste.json").read_text())
    certificate = b64decode(observation["cards"][1]["certificates"][0]["der"])
    (place / "card.pem").write_bytes(certificate)
    (place / "reports").mkdir()
    for name, made in OBSERVATIONS.items():
        (place / name).write_text(json.dumps(made(copy.deepcopy(observation))))
    (place / "servers.toml").write_text(_servers())


def _servers() -> str:
    (text,) = [b.text for b in blocks(ROOT / "docs" / "configuration.md") if b.language == "toml"]
    return text[text.index("[endpoints]") :]


def _as_it_is(observation: dict[str, Any]) -> dict[str, Any]:
    return observation


def _another_key(observation: dict[str, Any]) -> dict[str, Any]:
    """The nurse's authentication key is not that of the certificate."""
    for part, label in (("keys", "label"), ("signatures", "key_label")):
        ours, theirs = (_of_key(observation, number, part, "AUT") for number in (NURSE, STAFF))
        ours |= {name: value for name, value in theirs.items() if name not in (label, *_IDS)}
    observation["workstation"]["host"] = "workstation-2"
    return observation


_IDS = ("id", "key_id")


def _another_middleware(observation: dict[str, Any]) -> dict[str, Any]:
    """Another version of the module, with which the nurse's signature is wrong."""
    ours, theirs = (_of_key(observation, number, "signatures", "SIG") for number in (NURSE, STAFF))
    ours["signature"] = theirs["signature"]
    observation["module"]["info"]["version"] = "0.23"
    observation["workstation"]["host"] = "workstation-2"
    observation["run_id"] = "0" * 16
    return observation


def _of_key(observation: dict[str, Any], number: str, part: str, key: str) -> dict[str, Any]:
    """The card's key of that name, or its first signature; SoftHSM has them in any order."""
    found: dict[str, Any] = next(
        entry
        for entry in _card(observation, number)[part]
        if (entry.get("key_label") or entry["label"]).endswith(key)
    )
    return found


def _card(observation: dict[str, Any], number: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        card for card in observation["cards"] if card["token"]["label"].endswith(number)
    )
    return found


OBSERVATIONS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "workstation-1.json": _as_it_is,
    "workstation-2.json": _another_middleware,
    "poste-1.json": _as_it_is,
    "poste-2.json": _another_key,
}
PAGES_WITH_A_FAULT = dict.fromkeys(("docs/compare.md", "docs/compare.fr.md"), "poste-2.json")
"""Pages whose poste.json is another one."""
STAND_ON_THE_REST = ("docs/merge.fr.md",)
"""French pages on which what is shown comes of the commands above it."""


# --- running a command --------------------------------------------------------------------------


def not_run(command: str, *, shown: bool) -> bool:
    """Whether a command is one of those that a test leaves alone."""
    named = f"{command}  # transcript" if shown else command
    return any(named in lines for lines in NOT_RUN.values())


def ours(command: str) -> bool:
    """Whether it is a command of the tool."""
    return re.match(r"([A-Z_0-9]+=\S+ )*(\S*/)?cpx-tool ", command) is not None


def run(command: str, place: Path) -> tuple[int, str]:
    """Exit code and output of a line: variables before it, one ">", one "|" behind it."""
    line = command
    command, _, behind = command.partition(" | ")
    command, _, into = command.partition(" > ")
    words = shlex.split(command)
    variables = _variables(place)
    while "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        variables[name] = value
    name, *rest = (word for found in words for word in _globbed(found))
    if not name.endswith("cpx-tool"):
        done = subprocess.run(["sh", "-c", line], env=variables, check=False, text=True)
        return done.returncode, ""
    done = cpx(*_placed(rest), env=variables)
    output = done.stdout + done.stderr
    if into:
        Path(into.replace("~", str(place))).write_text(done.stdout)
    if behind:
        program = ["sh", "-c", behind.replace("python3", sys.executable, 1)]
        filtered = subprocess.run(
            program, input=done.stdout, capture_output=True, text=True, check=False
        )
        return filtered.returncode, filtered.stdout
    assert "Traceback" not in output
    return done.returncode, output


def _globbed(word: str) -> list[str]:
    return sorted(map(str, Path().glob(word))) if "*" in word else [word]


def _placed(words: list[str]) -> list[str]:
    """The words, with where to look."""
    verifies = words[:1] == ["order-guide"] and "--verify" in words
    added = ADDED["check-set"] if verifies else ADDED.get(words[0], ())
    return words if set(SAYS_WHERE) & set(words) else [*words, *added]


def _variables(place: Path) -> dict[str, str]:
    return {
        "HOME": str(place),
        "PATH": os.environ["PATH"],
        "CPX_STATE_DIR": str(place / "state"),
        "CPX_TRUST_DIR": str(place / "trust"),
        "CPX_PKCS11_MODULE": str(find_softhsm({})),
        "CPX_P12_PASSWORD": PIN,
        "PCSCLITE_CSOCK_NAME": str(place / "no-pcscd"),
    }


OF_THIS_MACHINE = {
    "cpx-tool doctor",
    "cpx-tool doctor --fix-hints",
    "cpx-tool doctor --report-dir results",
    "cpx-tool merge results",
    "cpx-tool merge results --report html=fleet.html --report junit=fleet.xml",
}
"""They end with 0 or 1: there is no card reader where tests run."""
LONG_PASSWORD = {"cpx-tool csr": "correct horse battery staple"}


def code_of(command: str) -> set[int]:
    return {0, 1} if command in OF_THIS_MACHINE else {CODES.get(command, 0)}


def alike(line: str) -> str:
    """A line without what varies: dates, times, this machine, versions, places."""
    for pattern, word in VARYING:
        line = re.sub(pattern, word, line)
    return line.rstrip()


VARYING = (
    (r"\d{4}-\d\d-\d\d( \d\d:\d\d UTC)?|\d+(?= (days left|jours restants))", "DATE"),
    (r"\bon [\w.-]+( \(Linux .*\))?$", "on HOST"),
    (r"(\bsur|, poste) [\w.-]+( \(Linux .*\))?$", "sur HOST"),
    (r"^\((/\S+)\)$|^Module\s?: .*", "MODULE"),
    (r"  +\d+\.\d  +", "  TIME  "),
    (r"\b\d+\sms\b *", "N ms "),
    (r"localhost:\d+|port \d+", "PORT"),
    (r"\d{8}T\d{6}Z-[0-9a-f]{16}", "RUN"),
)


def normal(lines: list[str]) -> list[str]:
    """All lines; a module's place may or may not have a line of its own."""
    found = list(map(alike, lines))
    return [
        line
        for at, line in enumerate(found)
        if not (line == "MODULE" and at and found[at - 1] == "MODULE")
    ]


# --- the tests ----------------------------------------------------------------------------------


def steps(page: Path) -> Iterator[tuple[Block, str, list[str] | None]]:
    """Each command of a page, in order, with the output shown below it, if any."""
    for block in blocks(page):
        shown = transcript(block)
        for one in shown:
            yield block, one.command, one.output
        if not shown and block.language in ("sh", "") and is_commands(block):
            for command in commands(block):
                yield block, command.replace(".venv/bin/cpx-tool", "cpx-tool"), None


def language_of(page: Path | str) -> str:
    """ "fr" for X.fr.md, else "en"."""
    return "fr" if str(page).endswith(".fr.md") else "en"


def is_commands(block: Block) -> bool:
    """Not a script, a table or a rule of something else."""
    first = block.text.split(maxsplit=1)[0]
    return (
        first.endswith("cpx-tool")
        or first in PROGRAMS
        or re.match(r"[A-Z_0-9]+=", first) is not None
    )


PROGRAMS = {
    "make", "source", "mkdir", "openssl", "sudo", "systemctl", "ls", "getent", "lsmod", "lsusb",
    "pkcheck",
}  # fmt: skip


@pytest.mark.softhsm
@pytest.mark.parametrize(
    "page", [page for page in PAGES if any(True for _ in steps(page))], ids=name_of
)
def test_what_a_page_shows_is_what_happens(page: Path, place: Path) -> None:
    if name_of(page) in PAGES_WITH_A_FAULT:
        shutil.copy(place / PAGES_WITH_A_FAULT[name_of(page)], place / "poste.json")
    wrong = []
    language = language_of(page)
    for block, command, output in steps(page):
        if not_run(command, shown=output is not None):
            continue
        if language != "en" and output is None and name_of(page) not in STAND_ON_THE_REST:
            continue  # it is the same as on the English page
        with_password = next((p for c, p in LONG_PASSWORD.items() if command.startswith(c)), "")
        prefix = f"CPX_P12_PASSWORD={shlex.quote(with_password)} " if with_password else ""
        prefix += f"CPX_LANG={language} "
        code, printed = run(f"{prefix}{command}", place)
        where = f"{name_of(page)}:{block.line}: {command}"
        if code not in code_of(command):
            wrong.append(f"{where}\n  ended with {code}: {printed[-400:]}")
        if output is not None and (why := agree(normal(output), normal(printed.splitlines()))):
            wrong.append(f"{where}\n  {why}")
    assert not wrong, "\n".join(wrong)


def test_nothing_is_left_out_that_no_page_shows() -> None:
    shown = {
        f"{command}  # transcript" if output is not None else command
        for page in PAGES
        for _, command, output in steps(page)
    }
    left_out = {line for lines in NOT_RUN.values() for line in lines}
    assert left_out - shown == set()
    assert set(CODES) - {line.removesuffix("  # transcript") for line in shown} == set()


# --- options --------------------------------------------------------------------------------------


def spoken_of() -> Iterator[tuple[str, str]]:
    """Page and command line: those in blocks, and those within sentences."""
    for page in PAGES:
        for _, command, _ in steps(page):
            if ours(command):
                yield name_of(page), command
        for token in inline(page):
            if token.type == "code_inline" and token.content.startswith("cpx-tool "):
                yield name_of(page), token.content


@pytest.mark.parametrize(("page", "command"), sorted(set(spoken_of())))
def test_every_option_that_is_shown_is_there(page: str, command: str) -> None:
    words = shlex.split(re.split(r" [|>] ", command)[0])
    while not words[0].endswith("cpx-tool"):
        words = words[1:]
    group: click.Command = cli
    context = click.Context(cli, info_name="cpx-tool")
    rest = words[1:]
    while isinstance(group, click.Group) and rest and not rest[0].startswith("-"):
        found = group.get_command(context, rest[0])
        assert found is not None, f"{page}: there is no command {rest[0]}"
        group, rest = found, rest[1:]
    known = {name for param in group.params for name in (*param.opts, *param.secondary_opts)}
    options = {word.partition("=")[0] for word in rest if re.match(r"--?[a-z]", word)}
    assert options - known - {"--help", "-h"} == set(), page


# --- files ----------------------------------------------------------------------------------------


def of_language(language: str) -> list[Block]:
    return [block for page in PAGES for block in blocks(page) if block.language == language]


def test_every_language_is_read_by_somebody() -> None:
    told = {block.language for page in PAGES for block in blocks(page)}
    assert told <= {"", "sh", "text", "toml", "yaml", "json", "python", "groovy"}  # of Jenkins


def test_toml_is_what_the_tool_reads(tmp_path: Path) -> None:
    for block in of_language("toml"):
        if "[[card]]" in block.text:
            path = tmp_path / "my-set.toml"
            path.write_text(f'name = "my-set"\ntitle = "Mine"\nsize = 1\n\n{block.text}')
            assert len(find_set(str(path)).cards) == 1
        else:
            path = tmp_path / "config.toml"
            path.write_text(block.text)
            config = read_config({CONFIG_VARIABLE: str(path)})
            assert config is not None
            assert tomllib.loads(block.text)["middleware"]["at_once"] == 1


def test_yaml_is_what_gitlab_and_prometheus_read() -> None:
    for block in of_language("yaml"):
        body = yaml.safe_load(block.text)
        assert isinstance(body, dict | list)
        if isinstance(body, dict) and "script" in str(body):
            (job,) = body.values()
            assert all(line.startswith("cpx-tool ") for line in job["script"])
            assert f"junit={job['artifacts']['reports']['junit']}" in job["script"][0]
        if isinstance(body, list) and "alert" in body[0]:
            assert all({"alert", "expr"} == set(rule) for rule in body)


def test_json_is_json() -> None:
    for block in of_language("json"):
        json.loads(block.text)


def test_python_uses_what_there_is() -> None:
    import cpx_tool.testing  # noqa: PLC0415 - it imports what only these pages speak of

    for block in of_language("python"):
        compile(block.text, f"{name_of(block.page)}:{block.line}", "exec")
        for names in re.findall(r"^from cpx_tool\.testing import (.+)$", block.text, re.MULTILINE):
            assert all(hasattr(cpx_tool.testing, name) for name in names.split(", "))


# --- what needs more than a command ---------------------------------------------------------------


@pytest.fixture
def _speaks_english_again(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LANGUAGE", "en")
    yield
    i18n.use("en")


@pytest.mark.usefixtures("_speaks_english_again")
@pytest.mark.parametrize("page", ["docs/workstation.md", "docs/workstation.fr.md"])
def test_what_doctor_finds(page: str) -> None:
    i18n.use(language_of(page))
    reader = usb_reader("ACS ACR122U PICC Interface", "pn533_usb")
    reader = replace(reader, vendor="072f", product="2200")
    firefox = Holder(Process(2112, "firefox-esr", "qa"), Hold.CONNECTED)
    good = station()
    bad = replace(
        good,
        host="workstation-1",
        usb=replace(good.usb, readers=(*good.usb.readers, reader)),
        holders=Holders((firefox,), 0, 0),
    )
    printed = doctor.render(judge_station(bad), say, Paper(80), hints=True)
    shown = shown_below(page, "cpx-tool doctor")
    assert agree(normal(shown), normal(printed.splitlines())) == ""


@pytest.mark.softhsm
@pytest.mark.parametrize("page", ["docs/tls.md", "docs/tls.fr.md"])
def test_the_handshake_of_the_demonstration(page: str, place: Path) -> None:
    find_program("nginx")
    options = ("--trust", "cards/ca/bundle.pem", "--ca-file", ".demo/server-ca.pem")
    command = [sys.executable, ROOT / "scripts" / "demo_server.py", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            url = server.stdout.readline().strip()
            line = next(line for _, line, _ in steps(ROOT / page) if ":34633" in line)
            line = line.replace("https://localhost:34633/", url)
            code, printed = run(f"CPX_LANG={language_of(page)} {line}", place)
        finally:
            server.terminate()
    assert code == 0, printed
    shown = shown_below(page, "cpx-tool tls-test")
    assert agree(unwrapped(shown), unwrapped(printed.splitlines())) == ""


def unwrapped(lines: list[str]) -> list[str]:
    """Rows of a table without spaces: it is as wide as the times that were measured."""
    found: list[str] = []
    for line in lines:
        if line.startswith(" " * 10) and found:
            found[-1] += f" {line.strip()}"
        else:
            found.append(line)
    return [re.sub(r"\s", "", alike(line)) for line in found]


@pytest.mark.softhsm
def test_a_server_of_ones_own(place: Path) -> None:
    find_program("openssl")
    made, served, asked = (
        line.replace("8443", str(port))
        for port in [free_port()]
        for _, line, output in steps(ROOT / "docs/tls.md")
        if output is None and ("server.pem" in line or ("8443" in line and "localhost" in line))
    )
    subprocess.run(shlex.split(made), check=True, capture_output=True)
    with subprocess.Popen(shlex.split(served), stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            assert any(line.startswith("ACCEPT") for line in server.stdout)
            code, printed = run(asked, place)
        finally:
            server.terminate()
    assert code == 0, printed
    assert "6 handshakes" in printed


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
