"""doctor on this very machine, with a real PC/SC service, and where little is allowed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cpx_tool.adapters.observation_file import load
from cpx_tool.model.station import SessionKind
from support.cli import COMMAND, cpx, cpx_json, environment
from support.modules import compile_broken_module
from support.pcscd import Service, pcscd
from support.refusing_service import refusing_service
from support.station import fake_root, usb_device

CPS3 = "3BAC00402A001225006480000310009000"
READER = "Gemalto PC Twin Reader"
INSTALLED_DRIVER = Path("/usr/lib/pcsc/drivers/ifd-ccid.bundle/Contents/Info.plist")
NOBODY = {"PCSCLITE_CSOCK_NAME": "/gone", "CPX_PKCS11_MODULE": "/gone.so"}
HOLD = """
import sys
from smartcard import scard
_, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
result, card, _ = scard.SCardConnect(context, sys.argv[1], scard.{mode}, 3)
assert result == 0, hex(result)
print("connected", flush=True)
sys.stdin.read()
scard.SCardDisconnect(card, scard.SCARD_LEAVE_CARD)
scard.SCardReleaseContext(context)
"""


def by_check(body: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {finding["check"]: finding for finding in body["findings"]}


def connected(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The programs connected to the service. /proc shows the whole machine here, so
    others have the library loaded: the warden of the namespace, say.
    """
    holders = body["workstation"]["holders"]["holders"]
    return [holder for holder in holders if holder["hold"] == "connected"]


def examined(service: Service, *options: str) -> dict[str, Any]:
    done = service.run([str(COMMAND), "doctor", "--json", *options], env=environment())
    assert "Traceback" not in done.stderr
    body: dict[str, Any] = json.loads(done.stdout)
    assert body["exit_code"] == done.returncode
    return body


def test_without_a_service_and_without_a_module() -> None:
    done = cpx("doctor", "--fix-hints", env=NOBODY)
    assert (done.returncode, done.stderr) == (2, "")
    for words in (
        "The PC/SC service is not running.",
        "? MODULE-LOADED — expected: The PKCS#11 module loads\n    The module /gone.so does not",
        "→ Correct CPX_PKCS11_MODULE",
        "FAILED — workstation",
        "Commands that mend this; none was run:",
        "cpx-tool trust fetch",
    ):
        assert words in done.stdout


def test_as_json_it_is_all_there_and_nothing_else() -> None:
    body = cpx_json("doctor", env=NOBODY)
    assert body["fixes"] is None
    assert body["workstation"]["pcsc"]["status"] == "no-service"
    assert body["workstation"]["module"] == {"not_known": "The module /gone.so does not exist."}
    assert body["workstation"]["system"]["kernel"].startswith("Linux ")
    assert {part["failure"] for part in body["workstation"]["packages"]["compiled"]} == {""}
    hints = cpx_json("doctor", "--fix-hints", env=NOBODY)["fixes"]
    assert all(fix["commands"] for fix in hints)


def test_a_module_that_was_named_and_is_none_is_wrong_usage() -> None:
    done = cpx("doctor", "--module", "gone.so")
    assert (done.returncode, done.stdout) == (2, "")
    assert "does not exist" in done.stderr


def test_a_broken_configuration_is_said_once(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[middleware]\nmodul = 3\n")
    env = {"PCSCLITE_CSOCK_NAME": "/gone", "CPX_CONFIG": str(config), "CPX_PKCS11_MODULE": ""}
    done = cpx("doctor", "--fix-hints", env=env)
    assert (done.returncode, done.stderr) == (2, "")
    assert done.stdout.count('key "modul"') == 1
    assert "apt-get install" not in done.stdout


def test_a_module_that_crashes_is_a_finding(tmp_path: Path) -> None:
    module = compile_broken_module(tmp_path)
    env = {**NOBODY, "CPX_TEST_FAULT": "segv"}
    body = cpx_json("doctor", "--module", module, env=env)
    finding = by_check(body)["MODULE-LOADED"]
    assert (finding["outcome"], body["verdict"]) == ("failed", "failed")
    assert "SIGSEGV" in finding["message"]


def test_a_service_that_refuses_this_user(tmp_path: Path) -> None:
    env = {**NOBODY, "PCSCLITE_CSOCK_NAME": str(tmp_path / "socket"), "SSH_CONNECTION": "a 1 b 2"}
    with refusing_service(tmp_path / "socket"):
        done = cpx("doctor", "--fix-hints", env=env)
        seen = by_check(cpx_json("doctor", env=env))
    assert done.returncode == 2  # of /gone.so
    assert "The service refuses this user; the session is over ssh." in done.stdout
    assert "cp udev/50-cpx-tool.rules /etc/polkit-1/rules.d/" in done.stdout
    for check in ("PCSC-ACCESS", "SESSION-KIND", "PCSC-SERVICE"):
        assert seen[check]["outcome"] == "failed"


@pytest.mark.pcscd
class TestWithAService:
    """One service for the tests that only look at it."""

    @pytest.fixture(scope="class")
    @classmethod
    def running(cls) -> Iterator[Service]:
        with pcscd(READER) as service:
            yield service

    @pytest.fixture
    def service(self, running: Service) -> Iterator[Service]:
        yield running
        running.remove_all()

    def test_readers_access_and_the_service_itself(self, service: Service) -> None:
        body = examined(service)
        seen = by_check(body)
        assert seen["PCSC-ACCESS"]["message"] == "The service lets this user in."
        assert seen["PCSC-OTHERS"]["message"].startswith("None keeps a card.")
        assert connected(body) == []
        seen_service = body["workstation"]["service"]
        assert seen_service["socket"]["usable"] is True
        assert {process["name"] for process in seen_service["running"]} == {"pcscd"}
        assert [r["state"] for r in body["workstation"]["pcsc"]["readers"]] == ["empty", "empty"]

    @pytest.mark.parametrize(
        ("mode", "outcome", "words"),
        [
            ("SCARD_SHARE_SHARED", "passed", "None keeps a card. Others that use PC/SC: python"),
            ("SCARD_SHARE_EXCLUSIVE", "failed", f"kept in: {READER} 00 00. Others that use"),
        ],
    )
    def test_another_program_is_named(
        self, service: Service, mode: str, outcome: str, words: str
    ) -> None:
        service.insert(0, CPS3)
        name = service.readers[0]
        with service.background([sys.executable, "-c", HOLD.format(mode=mode), name]):
            body = examined(service, "--fix-hints")
        finding = by_check(body)["PCSC-OTHERS"]
        assert finding["outcome"] == outcome
        assert words in finding["message"]
        (holder,) = connected(body)
        assert f"(process {holder['process']['pid']}, " in finding["message"]
        assert body["workstation"]["holders"]["unmatched"] == 0
        shown = [line for fix in body["fixes"] for line in fix["commands"]]
        assert (f"ps -fp {holder['process']['pid']}" in shown) == (outcome == "failed")

    @pytest.mark.skipif(not INSTALLED_DRIVER.exists(), reason="libccid is not installed")
    def test_a_reader_on_usb_that_the_kernel_took(self, service: Service, tmp_path: Path) -> None:
        """/sys is made up; service, driver list and everything else are this machine's."""
        files = usb_device("1-1", "072f:2200", driver="pn533_usb", product="ACR122U")
        sysfs = fake_root(tmp_path, files).path("/sys")
        # the namespace hides the drivers, so that the service sees no real reader
        script = 'umount /usr/lib/pcsc/drivers; mount --bind "$1" /sys && shift && exec "$@"'
        command = ["unshare", "--mount", "sh", "-c", script, "sh", sysfs, COMMAND, "doctor"]
        env = environment(CPX_PKCS11_MODULE="/gone.so")
        done = service.run([*command, "--fix-hints"], env=env)
        assert done.returncode == 2  # of /gone.so
        text = " ".join(done.stdout.split())
        reader = "ACS ACR122U PICC Interface (072f:2200)"
        assert f"Plugged in, and not listed: {reader}." in text
        assert f"Taken: {reader} by pn533_usb." in text
        assert "✓ READER-DRIVER: ifd-ccid" in text
        assert "cp udev/cpx-tool-nfc-blacklist.conf /etc/modprobe.d/" in text

    def test_looking_leaves_the_card_alone(self, service: Service) -> None:
        service.insert(0, CPS3)
        body = examined(service)
        assert body["workstation"]["pcsc"]["readers"][0]["state"] == "card-present"


@pytest.mark.pcscd
def test_a_service_that_takes_connections_and_says_nothing() -> None:
    with pcscd(READER) as service:
        service.freeze()
        done = service.run([COMMAND, "doctor", "--timeout", "1"], env=environment(), timeout=60)
        assert done.returncode == 1
        assert "no answer within 10 s" in done.stdout
        assert "Restart the service" in done.stdout


# --- where little is allowed -------------------------------------------------------------------


def without_rights(*arguments: str | Path, env: dict[str, str]) -> dict[str, Any]:
    """What doctor says to a user who may not look everywhere: root without its capabilities is
    one, and still may run this Python.
    """
    command = [str(COMMAND), "doctor", "--json", *map(str, arguments)]
    if os.geteuid() == 0:
        if not shutil.which("setpriv"):
            pytest.skip("setpriv (util-linux) is not installed")
        command = ["setpriv", "--inh-caps=-all", "--bounding-set=-all", *command]
    done = subprocess.run(
        command, env=environment(**env), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr == ""
    body: dict[str, Any] = json.loads(done.stdout)
    return body


def test_what_may_not_be_read_or_written_is_said(tmp_path: Path) -> None:
    for name in ("state", "trust"):
        (tmp_path / name).mkdir()
    (tmp_path / "state" / "pin-ledger.json").write_text("{}")
    (tmp_path / "trust" / "authorities").mkdir()
    env = {
        **NOBODY,
        "CPX_STATE_DIR": str(tmp_path / "state"),
        "CPX_TRUST_DIR": str(tmp_path / "trust"),
    }
    closed = [tmp_path / "state", tmp_path / "trust" / "authorities"]
    try:
        for path in closed:
            path.chmod(0)
        seen = by_check(without_rights(env=env))
    finally:
        for path in closed:
            path.chmod(0o700)
    for check, outcome in (
        ("STATE-WRITABLE", "failed"),
        ("PIN-LEDGER", "error"),
        ("TRUST-STORE", "error"),
    ):
        assert (seen[check]["outcome"], "permission denied" in seen[check]["message"]) == (
            outcome,
            True,
        )
    assert "CPX_TRUST_DIR" in seen["TRUST-STORE"]["hint"]


def test_processes_that_may_not_be_seen_are_counted() -> None:
    body = without_rights(env=NOBODY)
    everything = cpx_json("doctor", env=NOBODY)["workstation"]["holders"]
    assert body["workstation"]["holders"]["unseen"] >= everything["unseen"]


@pytest.mark.parametrize("kind", ["garbage", "pipe"])
def test_a_ledger_that_is_none(tmp_path: Path, kind: str) -> None:
    ledger = tmp_path / "pin-ledger.json"
    if kind == "pipe":
        os.mkfifo(ledger)
    else:
        ledger.write_text(kind)
    seen = by_check(cpx_json("doctor", env={**NOBODY, "CPX_STATE_DIR": str(tmp_path)}))
    assert seen["PIN-LEDGER"]["outcome"] == "error"
    assert "damaged" in seen["PIN-LEDGER"]["message"]
    assert "Move it away" in seen["PIN-LEDGER"]["hint"]


def test_a_card_that_waits_is_named(tmp_path: Path) -> None:
    entry = {"card": "9945000223", "failed_at": "2026-11-24T12:00:00Z"}
    (tmp_path / "pin-ledger.json").write_text(json.dumps({"format": 1, "entries": [entry]}))
    done = cpx("doctor", "--fix-hints", env={**NOBODY, "CPX_STATE_DIR": str(tmp_path)})
    assert "9945000223" in done.stdout
    assert "cpx-tool pin-ledger --forget NUMBER" in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    "env",
    [
        {"HOME": "/gone", "TZ": "\x1b[31m/../..", "XDG_SESSION_ID": "../../etc/passwd"},
        {
            "PCSCLITE_CSOCK_NAME": "x" * 5000,
            "CPX_STATE_DIR": "y/" * 3000,
            "CPX_TRUST_DIR": "/dev/null",
            "PATH": "",
            "container": "\x07\n",
        },
    ],
    ids=["a home that is gone", "all too long"],
)
def test_surroundings_of_all_kinds(env: dict[str, str]) -> None:
    done = cpx("doctor", "--fix-hints", env={**NOBODY, **env})
    assert done.returncode == 2
    assert done.stderr == ""
    assert "workstation" in done.stdout
    assert not {"\x1b", "\x07"} & set(done.stdout)


@pytest.mark.softhsm
def test_a_saved_observation_names_session_and_versions(good: Path, tmp_path: Path) -> None:
    target = tmp_path / "seen.json"
    arguments = ("check-set", "--set", "centre-sante", "--emulated", good)
    body = cpx_json(*arguments, "--save-observation", target)
    noted = load(target).workstation
    assert noted.session in set(SessionKind)
    assert any(name.startswith("python-pkcs11 ") for name in noted.packages)
    assert body["workstation"]["packages"] == list(noted.packages)
    old = json.loads(target.read_text())
    for name in ("session", "pcsc_lite", "packages"):
        del old["workstation"][name]
    target.write_text(json.dumps(old))
    assert load(target).workstation.packages == ()
