"""deploy/ansible on three workstations and one that is not there: `make test-fleet`.

The tests are one story, told in the order of its runs; each run is a fixture.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from support.workstations import (
    DEPLOY,
    HOME,
    KEPT,
    ROOT,
    Fleet,
    Play,
    Watch,
    files_with,
    fleet,
    own,
    run,
)

pytestmark = pytest.mark.fleet

ADDRESSES = {"poste-1": "10.77.0.11", "poste-2": "10.77.0.12", "poste-3": "10.77.0.13"}
FAULTY = "poste-3"
"""Its nurse's card has expired."""
SILENT = "poste-4"
EVERYBODY = [*ADDRESSES, SILENT]
SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"
COMMAND = Path(sys.executable).with_name("cpx-tool")


def _wheel() -> str:
    """As the example says it: what `make package` made."""
    example = yaml.safe_load((DEPLOY / "inventory" / "example.yml").read_text("utf-8"))
    return str(example["all"]["children"]["cpx_workstations"]["vars"]["cpx_tool_wheel"])


def _inventory(machines: Fleet) -> dict[str, object]:
    hosts = {name: {"ansible_host": address} for name, address in ADDRESSES.items()}
    hosts["poste-2"]["cpx_tool_udev_rules"] = "always"
    hosts[SILENT] = {"ansible_host": "10.77.0.99"}
    known = f"-F none -o UserKnownHostsFile={Path('/run') / 'home' / 'known_hosts'}"
    return {
        "cpx_workstations": {
            "hosts": hosts,
            "vars": {
                "ansible_user": "qa",
                "ansible_ssh_private_key_file": "/run/" + "home/key",
                "ansible_ssh_common_args": known + " -o ConnectTimeout=5",
                "cpx_tool_wheel": _wheel(),
                "cpx_tool_wheelhouse": str(KEPT / "wheelhouse" / "wheelhouse.zip"),
                "cpx_tool_extra_packages": ["softhsm2"],
                "cpx_tool_set": "centre-sante",
                "cpx_tool_emulated": str(HOME / "cards"),
                "cpx_tool_at_once": 1,
                "cpx_tool_results": str(machines.results),
                "cpx_tool_merge_command": str(COMMAND),
            },
        }
    }


@pytest.fixture(scope="module")
def pin() -> str:
    """Eight digits that stand nowhere by chance."""
    return str(10_000_000 + secrets.randbelow(90_000_000))


@pytest.fixture(scope="module")
def machines() -> Iterator[Fleet]:
    folder = KEPT / "workstations"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with fleet(folder, ADDRESSES) as made:
        made.inventory.write_text(yaml.safe_dump(_inventory(made)), "utf-8")
        yield made


def _cards(machines: Fleet, pin: str) -> None:
    """A set of emulated cards on each workstation, with the PIN of the test."""
    for name, machine in machines.machines.items():
        made = machines.folder / f"cards-{name}"
        defect = ["--defect", "expired=infirmier"] if name == FAULTY else []
        run([COMMAND, "emulate", "--set", "centre-sante", "--into", made, *defect])
        _change_pins(made, pin)
        shutil.copytree(made, machine.path(HOME / "cards"))
        own(machine, HOME / "cards")
        shutil.rmtree(made)


def _change_pins(emulation: Path, pin: str) -> None:
    tokens = json.loads((emulation / "emulation.json").read_text("utf-8"))["tokens"]
    environment = os.environ | {"SOFTHSM2_CONF": str(emulation / "softhsm2.conf")}
    for token in tokens:
        run(["pkcs11-tool", "--module", SOFTHSM, "--token-label", token["label"], "--login",
             "--pin", "1234", "--change-pin", "--new-pin", pin], env=environment)  # fmt: skip


def _changed(play: Play) -> dict[str, int]:
    return {host: counts["changed"] for host, counts in play.recap().items()}


def _results(machines: Fleet) -> Path:
    """The folder of the newest run."""
    return max(path for path in machines.results.iterdir() if path.is_dir())


def _merged(machines: Fleet) -> dict[str, object]:
    (report,) = _results(machines).glob("*.json")
    return json.loads(report.read_text("utf-8"))  # type: ignore[no-any-return]


# --- a check of what would be done ----------------------------------------------------------


@pytest.fixture(scope="module")
def before(machines: Fleet) -> dict[str, object]:
    return {name: machine.state() for name, machine in machines.machines.items()}


@pytest.fixture(scope="module")
def dry(machines: Fleet, before: dict[str, object]) -> Play:
    return machines.ansible("check.yml", "--check", "--diff")


def test_check_passes_on_workstations_where_nothing_is_yet(dry: Play) -> None:
    assert dry.code == 0, dry.output
    assert all(counts["failed"] == counts["rescued"] == 0 for counts in dry.recap().values()), (
        dry.output
    )
    assert "Packages: gcc" in dry.output


def test_check_changes_nothing(machines: Fleet, dry: Play, before: dict[str, object]) -> None:
    assert {name: machine.state() for name, machine in machines.machines.items()} == before
    assert not machines.results.exists()


# --- the first run --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def first(machines: Fleet, dry: Play, pin: str) -> Play:
    _cards(machines, pin)
    return machines.ansible("check.yml")


def test_the_first_run_installs_and_ends_well_whatever_was_found(first: Play) -> None:
    assert first.code == 0, first.output
    assert all(_changed(first)[name] > 0 for name in ADDRESSES)


def test_the_tool_is_there_for_everybody(machines: Fleet, first: Play) -> None:
    for machine in machines.machines.values():
        said = run(["chroot", machine.root, "setpriv", "--reuid", "nobody", "--clear-groups",
                    "/usr/local/bin/cpx-tool", "--version"])  # fmt: skip
        assert "cpx-tool" in said.stdout
        assert "at_once = 1" in machine.path("/etc/cpx-tool/config.toml").read_text("utf-8")


def test_the_rules_are_there(machines: Fleet, first: Play) -> None:
    for name, machine in machines.machines.items():
        rule = machine.path("/etc/polkit-1/rules.d/50-cpx-tool.rules")
        assert rule.read_bytes() == (ROOT / "udev" / "50-cpx-tool.rules").read_bytes()
        assert "cpx-readers:" in machine.path("/etc/group").read_text("ascii")
        assert "cpx-readers" in run(["chroot", machine.root, "id", "-nG", "qa"]).stdout
        udev = machine.path("/etc/udev/rules.d/92-cpx-readers.rules")
        assert udev.exists() == (name == "poste-2")  # no pcscd of Debian 12 needs it


def test_the_workstations_are_examined_over_ssh_by_an_ordinary_user(
    machines: Fleet, first: Play
) -> None:
    for path in (_results(machines) / "workstations").glob("cpx-doctor-*.json"):
        result = json.loads(path.read_text("utf-8"))
        assert result["workstation"]["session"]["kind"] == "ssh"
        assert result["workstation"]["session"]["administrator"] is False
        assert result["workstation"]["service"]["polkit"]["rule"] is True
        assert result["verdict"] == "passed"


def test_the_results_come_to_one_folder(machines: Fleet, first: Play) -> None:
    came = sorted(path.name[:-39] for path in (_results(machines) / "workstations").iterdir())
    assert came == [
        f"cpx-{command}-{name}" for command in ("check-set", "doctor") for name in ADDRESSES
    ]


def test_the_merged_report_names_the_faulty_one_with_check_and_remedy(
    machines: Fleet, first: Play
) -> None:
    merged = _merged(machines)
    assert merged["verdict"] == "failed"
    of_check = {
        host["host"]: host["checks"]["CERT-NOT-EXPIRED"]  # type: ignore[index]
        for host in merged["hosts"]  # type: ignore[attr-defined]
    }
    assert of_check == {"poste-1": "passed", "poste-2": "passed", FAULTY: "failed"}
    (text,) = _results(machines).glob("cpx-merge-*.txt")
    said = text.read_text("utf-8").split("✗ CERT-NOT-EXPIRED", 1)[1].split("\n\n", 1)[0]
    assert "poste-3 (9945000623)" in said
    assert "→ " in said
    assert "poste-1" not in said


def test_without_a_pin_no_card_is_logged_in(first: Play) -> None:
    assert "poste-1: incomplete (doctor 0, check-set 5)" in first.output
    assert "poste-2: incomplete (doctor 0, check-set 5)" in first.output
    assert "poste-3: failed (doctor 0, check-set 1)" in first.output


def test_who_does_not_answer_is_named(first: Play) -> None:
    assert "poste-4: unreachable" in first.output


def test_nothing_is_left_in_the_temporary_folder(machines: Fleet, first: Play) -> None:
    for machine in machines.machines.values():
        assert list(machine.path("/tmp").glob("cpx-tool.*")) == []  # noqa: S108


# --- the second run -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def second(machines: Fleet, first: Play) -> Play:
    return machines.ansible("check.yml")


def test_the_second_run_changes_nothing(second: Play) -> None:
    assert second.code == 0, second.output
    assert set(_changed(second).values()) == {0}


# --- a login, with a PIN from a vault -------------------------------------------------------


@dataclass(frozen=True)
class Login:
    """The run with a login: its end, what was watched meanwhile, and its results."""

    play: Play
    watch: Watch
    results: Path


@pytest.fixture(scope="module")
def watched(machines: Fleet, second: Play, pin: str) -> Login:
    vault = machines.folder / "vault.yml"
    password = machines.folder / "vault-password"
    password.write_text(secrets.token_hex(), "ascii")
    plain = yaml.safe_dump({"cpx_tool_pin": pin})
    run(
        [KEPT / "ansible" / "bin" / "ansible-vault", "encrypt", "--vault-password-file", password,
         "--output", vault],
        input=plain,
        env=machines.environment,
    )  # fmt: skip
    with Watch(pin, "check-set") as watch:
        play = machines.ansible(
            "check.yml", "--diff", "-vvv", "--vault-password-file", password,
            "--extra-vars", f"@{vault}", "--extra-vars", "cpx_tool_login=true",
        )  # fmt: skip
    return Login(play, watch, _results(machines))


def test_with_the_pin_the_cards_are_logged_in(watched: Login) -> None:
    play = watched.play
    assert play.code == 0, play.output
    assert "poste-1: passed (doctor 0, check-set 0)" in play.output
    assert "poste-2: passed (doctor 0, check-set 0)" in play.output
    assert "poste-3: failed (doctor 0, check-set 1)" in play.output


def test_with_the_pin_the_others_pass(machines: Fleet, watched: Login) -> None:
    verdicts = {host["host"]: host["verdict"] for host in _merged(machines)["hosts"]}  # type: ignore[attr-defined]
    assert verdicts == {"poste-1": "passed", "poste-2": "passed", FAULTY: "failed"}


def test_the_pin_stands_in_no_output(watched: Login, pin: str) -> None:
    assert pin not in watched.play.output


def test_the_pin_stands_in_no_argument(watched: Login) -> None:
    assert watched.watch.witnessed
    assert watched.watch.seen == set()


def test_the_pin_stands_in_no_file(machines: Fleet, watched: Login, pin: str) -> None:
    written = [machine.changes for machine in machines.machines.values()]
    assert files_with("check-set", written)
    assert files_with(pin, [*written, machines.folder / "results", Path("/run") / "home"]) == []
    log = machines.folder / "ansible.log"
    assert pin not in log.read_text("utf-8")
    assert "poste-1: passed" in log.read_text("utf-8")


def test_an_environment_of_ansible_would_show_the_pin(machines: Fleet, pin: str) -> None:
    """So the watch can see it, and the role has a reason to go another way."""
    play = machines.folder / "environment.yml"
    play.write_text(
        yaml.safe_dump(
            [
                {
                    "hosts": "poste-1",
                    "gather_facts": False,
                    "tasks": [
                        {
                            "ansible.builtin.command": "sleep 1",
                            "environment": {"CPX_PIN": pin},
                            "no_log": True,
                        }
                    ],
                }
            ]
        ),
        "utf-8",
    )
    with Watch(pin, "sleep") as watch:
        assert machines.ansible(play).code == 0
    assert watch.seen


def _plain(text: str) -> list[str]:
    """The lines, without what is another one each time."""
    text = re.sub(r"\d{4}-\d\d-\d\d( \d\d:\d\d( UTC)?)?", "DATE", text)
    return [" ".join(line.split()) for line in text.splitlines()]


@pytest.mark.parametrize("page", ["fleet.md", "fleet.fr.md"])
def test_the_documentation_shows_what_is_seen(machines: Fleet, watched: Login, page: str) -> None:
    last_part = (ROOT / "docs" / page).read_text("utf-8").rsplit("\n## ", 1)[1]
    shown = "".join(re.findall(r"```text\n(.*?)```", last_part, re.DOTALL))
    (merged,) = watched.results.glob("cpx-merge-*.txt")
    real = merged.read_text("utf-8") + (watched.results / "workstations.txt").read_text("utf-8")
    assert shown
    assert [line for line in _plain(shown) if line not in [*_plain(real), "…"]] == []


# --- what is asked of the end ---------------------------------------------------------------


def test_the_code_tells_of_problems_when_that_is_asked(machines: Fleet, watched: Login) -> None:
    options = ["check.yml", "--extra-vars", "cpx_tool_install=false"]
    wanted = machines.ansible(*options, "--extra-vars", '{"cpx_tool_fail_on": ["unreachable"]}')
    assert wanted.code != 0
    assert "poste-4: unreachable" in wanted.output
    only_two = machines.ansible(
        *options, "--limit", "poste-1,poste-2", "--extra-vars",
        '{"cpx_tool_fail_on": ["unreachable", "problem", "failed"]}',
    )  # fmt: skip
    assert only_two.code == 0, only_two.output


def test_a_workstation_that_cannot_be_installed_stops_no_other(
    machines: Fleet, watched: Login
) -> None:
    bad = machines.folder / "bad.yml"
    bad.write_text(
        yaml.safe_dump({"all": {"hosts": {"poste-1": {"cpx_tool_wheel": "/nowhere.whl"}}}})
    )
    play = machines.ansible("-i", bad, "check.yml")
    assert play.code == 0, play.output
    assert "poste-1: problem (Refuse to guess what is to be installed: Give either" in play.output
    assert "poste-2: incomplete" in play.output
    assert "poste-3: failed" in play.output
