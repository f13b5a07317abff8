"""Virtual cards in a real pcscd: what OpenSC's programs and this tool see of them."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

from support.cli import COMMAND, cpx, environment
from support.documents import agree, shown_below
from support.pcscd import FIRST_PORT, Service, pcscd
from support.processes import wait_until
from support.virtual import Table, told, virtual_cards

pytestmark = pytest.mark.pcscd

CPS3 = ("--defect", "pkcs1-only=all")
OPENSC_CONF = """
app default { }
app opensc-pkcs11 { pkcs11 { max_virtual_slots = 64; slots_per_card = 1; } }
"""
"""By default it shows the first four readers only."""
PAGE = ("docs/virtual-cards.md", "cpx-tool virtual-cards start")
DIRECTOR, DOCTOR = "9945000123", "9945000223"


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with pcscd("Alpha", "Beta", "Gamma") as running:
        yield running


@pytest.fixture(scope="module")
def opensc() -> Path:
    found = [*Path("/usr/lib").glob("*/opensc-pkcs11.so"), *Path("/usr/lib").glob("opensc-*.so")]
    if not found:
        pytest.skip("OpenSC is not installed (opensc-pkcs11)")
    return found[0]


def seats_of(table: Table) -> list[dict[str, Any]]:
    """The cards, as `status` shows them."""
    seats: list[dict[str, Any]] = json.loads(table.told("status", "--json")[1])["cards"]
    return seats


@pytest.fixture
def table(service: Service, tmp_path: Path) -> Iterator[Table]:
    """One CPS3 of a doctor."""
    with virtual_cards(service, tmp_path, *CPS3, readers=1, cards=1) as running:
        yield running


def test_opensc_s_programs_read_a_cps3_and_use_its_key(table: Table) -> None:
    assert "IAS-ECC" in table.run("opensc-tool", "-n").stdout
    dump = table.run("pkcs15-tool", "-D").stdout
    assert "PKCS#15 Card [CPS3v3-9945000123]" in dump
    for name in ("CPS_PRIV_SIG", "CPS_PRIV_AUT", "Certificat de Signature CPS", "CPS_ID_CARD"):
        assert name in dump
    assert "Access Rules   : pso_cds:01;" in dump
    slots = table.run("pkcs11-tool", "-L").stdout
    assert re.search(r"token label +: CPS3v3-9945000123", slots)
    assert "EMULATED TEST CARD" in slots
    objects = table.run("pkcs11-tool", "--login", "--pin", "1234", "-O").stdout
    assert objects.count("Private Key Object") == 2
    assert "CPS_ACTIVITY_01_PS" in objects
    tested = table.run("pkcs11-tool", "--login", "--pin", "1234", "--test").stdout
    for part in ("Signatures", "Verify", "Decryption"):
        after = tested.split(part, 1)[1].split("(CPS_PRIV_SIG)", 1)[0]
        assert "RSA-PKCS: OK" in after
    # OpenSC with OpenSSL 3 does not try the signature key
    errors = [line for line in tested.splitlines() if "ERR" in line]
    assert all("CKR_FUNCTION_NOT_SUPPORTED" in line for line in errors)


def test_three_wrong_pins_lock_a_card_and_its_code_unblocks_it(table: Table) -> None:
    def login(pin: str) -> str:
        return table.run("pkcs11-tool", "--login", "--pin", pin, "-O").stderr

    def tries() -> int:
        seats = seats_of(table)
        return next(int(seat["tries_left"]) for seat in seats if seat["port"])

    counted = []
    for _ in range(3):
        assert "CKR_PIN_INCORRECT" in login("0000")
        counted.append(tries())
    assert counted == [2, 1, 0]
    assert "user PIN locked" in table.run("pkcs11-tool", "-L").stdout
    assert "CKR_PIN_LOCKED" in login("1234")
    unblock = ("pkcs15-tool", "-u", "-a", "01", "--puk", "87654321", "--new-pin", "4321")
    assert table.run(*unblock).returncode == 0
    assert tries() == 3
    assert "CKR_PIN_INCORRECT" in login("1234")
    assert "error" not in login("4321")


def test_check_set_through_opensc_says_emulated_and_what_opensc_cannot_do(
    service: Service, tmp_path: Path, opensc: Path
) -> None:
    conf = tmp_path / "opensc.conf"
    conf.write_text(OPENSC_CONF)
    variables = {"CPX_PIN": "1234", "OPENSC_CONF": str(conf)}
    with virtual_cards(service, tmp_path / "state", *CPS3, readers=6, cards=6) as table:
        body = table.json(
            *("check-set", "--set", "centre-sante", "--module", opensc),
            *("--ca-dir", table.ca_directory),
            env=variables,
        )
    assert body["emulated"] is True
    assert len(body["cards"]) == 6
    blockers = [
        found
        for card in body["cards"]
        for found in card["findings"]
        if found["outcome"] in ("failed", "error") and found["severity"] == "blocker"
    ]
    for found in blockers:  # none, where OpenSC is built with an older OpenSSL
        assert (found["check"], found["outcome"]) == ("SIGN-SIGN", "error")
        assert "built with OpenSSL 3" in found["message"]
        assert "Cryptolib CPS" in found["hint"]
    assert body["exit_code"] == (1 if blockers else 0)
    for card in body["cards"]:
        assert card["pin"]["result"] == "accepted"
        tried = {(s["key_label"], s["mechanism"]) for s in card["signatures"]}
        assert ("CPS_PRIV_SIG", "CKM_SHA256_RSA_PKCS") in tried


def test_check_set_without_a_card_speaks_of_virtual_ones(
    service: Service, tmp_path: Path, opensc: Path
) -> None:
    """CPS4 cards, which OpenSC does not read."""
    with virtual_cards(service, tmp_path, readers=1, cards=1) as table:
        checked = table.run("cpx-tool", "check-set", "--set", "centre-sante", "--module", opensc)
        assert "start CPS3 cards (--defect pkcs1-only=all)" in " ".join(
            table.told("status")[1].split()
        )
    assert checked.returncode == 4
    assert "You have 1 virtual card in a reader" in checked.stderr
    assert "start CPS3 cards (--defect pkcs1-only=all)" in checked.stderr


def test_cards_come_and_go(service: Service, tmp_path: Path) -> None:
    with virtual_cards(service, tmp_path, readers=2, cards=2) as table:

        def inside() -> dict[str, int]:
            return {seat["card_number"]: seat["port"] for seat in seats_of(table) if seat["port"]}

        assert inside() == {DIRECTOR: FIRST_PORT, DOCTOR: FIRST_PORT + 1}
        assert agree(*map(_table, (shown_below(*PAGE), table.told("status")[1].splitlines()))) == ""
        assert table.run("cpx-tool", "virtual-cards", "remove", DIRECTOR).returncode == 0
        table.wait_for_cards(1)
        assert table.run("cpx-tool", "virtual-cards", "insert", "infirmier").returncode == 0
        table.wait_for_cards(2)
        assert inside() == {"9945000623": FIRST_PORT, DOCTOR: FIRST_PORT + 1}
        listed = table.run("cpx-tool", "list-readers").stdout
        assert len(re.findall("card present +CPS4", listed)) == 2
        assert "You have 2 virtual cards in readers" in listed
        code, shown, _ = table.told("status")
        assert code == 0
        assert shown.startswith("EMULATED CARDS")
        assert f"port {FIRST_PORT}" in shown
        for words, reason in (
            (("remove", DIRECTOR), f"Card {DIRECTOR} is in no reader."),
            (("insert", "infirmier"), "Card infirmier is in a reader already."),
            (("insert", "1"), "There is no free virtual reader"),
            (("insert", "1", "--port", str(FIRST_PORT)), "Another card is in the reader"),
            (("insert", "1", "--port", "1"), "or none on that port"),
            (("insert", "nobody"), "No card, or several, are meant by nobody."),
            (("insert", "nobody"), "Its cards are: cde-directeur, "),
            (("remove", "infirmeir"), "Did you mean infirmier?"),
            (("start", "--set", "centre-sante"), "virtual cards in use on this machine already"),
        ):
            code, shown, errors = table.told(*words)
            assert (code, shown) == (2, "")
            assert reason in errors


def _table(lines: list[str]) -> list[str]:
    """What stands before the next command, with any ports."""
    return [re.sub(r"port \d+", "PORT", line.rstrip()) for line in takewhile(_not_next, lines)]


def _not_next(line: str) -> bool:
    return not line.startswith("Next")


FAULTS = (
    "pulled-when-signing",
    "pin-nearly-locked",
    "error-answers",
    "pin-locked",
    "damaged-certificate-file",
)
"""Of the cards in their order. (A mute one makes every program wait long: test_real_service.)"""


def test_each_fault_of_a_card_is_named(service: Service, tmp_path: Path, opensc: Path) -> None:
    options = [w for at, name in enumerate(FAULTS, 1) for w in ("--fault", f"{name}={at}")]
    (tmp_path / "opensc.conf").write_text(OPENSC_CONF)
    variables = {"CPX_PIN": "1234", "OPENSC_CONF": str(tmp_path / "opensc.conf")}
    with virtual_cards(service, tmp_path / "s", *CPS3, *options, readers=5, cards=5) as table:
        seats = seats_of(table)
        assert [seat["faults"] for seat in seats] == [*([fault] for fault in FAULTS), []]
        assert [seat["tries_left"] for seat in seats] == [3, 1, 3, 0, 3, 3]
        body = table.json(
            *("check-set", "--set", "centre-sante", "--module", opensc),
            *("--ca-dir", table.ca_directory),
            env=variables,
        )
    assert body["exit_code"] == 1
    told = {
        (card["reader"], found["check"]): found["message"]
        for card in body["cards"]
        for found in card["findings"]
        if found["outcome"] in ("failed", "skipped")
    }
    for reader, check, words in (
        ("Alpha 00 01", "PIN-ALLOWED", "only one try is left before the card locks"),
        ("Beta 00 00", "CARD-READ", "answered CKR_GENERAL_ERROR"),
        ("Beta 00 01", "PIN-ALLOWED", "the PIN of this card is locked"),
        ("Gamma 00 00", "CERT-CHAIN", "is not that of EMULATED TEST AC"),
    ):
        assert words in told.get((reader, check), ""), (told, body["cards"])
    # vpcd tells the service up to 0.4 seconds later that a card has gone
    pulled = told.get(("Alpha 00 00", "CARD-READ")) or told[("Alpha 00 00", "SIGN-AUTH")]
    assert re.search("taken out of its reader|C_Sign .* CKR_GENERAL_ERROR", pulled), told


def test_a_service_that_starts_again_finds_its_cards(service: Service, tmp_path: Path) -> None:
    with virtual_cards(service, tmp_path, readers=2, cards=2) as table:
        service.stop()
        service.start()
        table.wait_for_cards(2)


def test_where_there_is_no_virtual_reader(tmp_path: Path) -> None:
    variables = {"CPX_STATE_DIR": str(tmp_path)}
    done = cpx("virtual-cards", "start", "--set", "centre-sante", "--port", "1", env=variables)
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith("Error: There is no virtual reader on port 1 of this machine.\n")
    assert "vsmartcard-vpcd" in done.stderr
    assert "“cpx-tool list-readers” says whether it does" in done.stderr
    for words in (["status"], ["stop"], ["insert", "1"], ["remove", "1"]):
        code, _, errors = told(tmp_path, *words)
        assert code == 4
        assert "No virtual cards are in use by you" in errors
    assert list(tmp_path.glob("*.socket")) == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_start_leaves_nothing(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as driver:
        port = str(driver.getsockname()[1])
        words = ["virtual-cards", "start", "--set", "centre-sante", "--port", port]
        process = subprocess.Popen(
            [COMMAND, *words],
            env=environment(CPX_STATE_DIR=str(tmp_path)),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        wait_until(lambda: told(tmp_path, "status")[0] == 0, "it did not start")
        process.send_signal(number)
        shown, errors = process.communicate(timeout=60)
    assert (process.returncode, errors.strip()) == (code, "Error: Interrupted.")
    assert shown.startswith("EMULATED CARDS")
    assert "waits: the PC/SC service has not asked this card anything" in " ".join(shown.split())
    assert list(tmp_path.glob("*.socket")) == []


def test_a_socket_left_by_a_killed_process_is_no_hindrance(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "virtual-cards.socket"))
    assert told(tmp_path, "status")[0] == 4
    code, _, errors = told(tmp_path, "start", "--set", "centre-sante", "--port", "1")
    assert code == 4
    assert "no virtual reader on port 1" in errors


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--fault", "mutt"], "There is no fault mutt."),
        (["--fault", "mute=nobody"], "No card of this set is nobody."),
        (["--fault", "mute=1", "--fault", "mute=7"], "No card of this set is 7."),
        (["--port", "0"], "no ports of virtual readers: 0"),
        (["--port", "5-1"], "no ports of virtual readers: 5-1"),
        (["--defect", "production"], "claims to be a real card"),
        (["--fault", "contactless"], "nothing reads it without contacts"),
    ],
)
def test_what_start_refuses(tmp_path: Path, options: list[str], reason: str) -> None:
    code, shown, errors = told(tmp_path, "start", "--set", "centre-sante", "--port", "1", *options)
    assert (code, shown) == (2, "")
    assert reason in errors


def test_half_of_the_cas_is_left_to_nobody(tmp_path: Path) -> None:
    words = ("virtual-cards", "start", "--set", "centre-sante", "--port", "1")
    done = subprocess.run(
        ["prlimit", "--fsize=1000", COMMAND, *words],  # as on a disk that is full
        env=environment(CPX_STATE_DIR=str(tmp_path)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert f"{tmp_path}/virtual-ca cannot be written: the file is too large." in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_socket_is_the_user_s_own(service: Service, tmp_path: Path) -> None:
    with virtual_cards(service, tmp_path, readers=1, cards=1):
        (socket_file,) = tmp_path.glob("*.socket")
        assert socket_file.stat().st_mode & 0o077 == 0
    assert list(tmp_path.glob("*.socket")) == []
