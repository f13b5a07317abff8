"""The ANS's own middleware for Linux, where it is: what a user without a card is told.

It is no part of this project. CPX_TEST_CRYPTOLIB names its file, wherever it was unpacked to.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from support.cli import COMMAND, environment
from support.pcscd import Service, pcscd
from support.tls.pki import FilePki, Identity
from support.virtual import virtual_cards

CRYPTOLIB = Path(
    os.environ.get("CPX_TEST_CRYPTOLIB", "/opt/santesocial/CPS/lib/libcps3_pkcs11_lux.so")
)
CPS3 = "3BAC00402A001225006480000310009000"

pytestmark = [
    pytest.mark.pcscd,
    pytest.mark.skipif(
        not CRYPTOLIB.exists(), reason="the Cryptolib CPS is not installed (CPX_TEST_CRYPTOLIB)"
    ),
]

CHECK = ("check-set", "--set", "centre-sante")


@pytest.fixture
def readers() -> Iterator[Service]:
    """A service with two readers."""
    with pcscd("Gemalto PC Twin Reader") as service:
        yield service


def told(service: Service, *arguments: str) -> tuple[int, str]:
    """Exit code, and what it said, in one line."""
    command = [COMMAND, *arguments, "--module", CRYPTOLIB]
    done = service.run(command, env=environment(), timeout=60)
    assert "Traceback" not in done.stderr
    return done.returncode, " ".join(done.stdout.split())


def body_of(service: Service, *arguments: str) -> dict[str, Any]:
    code, output = told(service, *arguments, "--json")
    body: dict[str, Any] = json.loads(output)
    assert body["exit_code"] == code
    return body


def failed(body: dict[str, Any]) -> dict[str, str]:
    return {f["check"]: f["message"] for f in body["findings"] if f["outcome"] == "failed"}


def test_no_reader_and_no_service() -> None:
    with pcscd() as service:
        for command in (("list-readers",), CHECK):
            code, output = told(service, *command)
            assert code == 4
            assert "The PC/SC service runs, but it sees no reader." in output
        checked = body_of(service, *CHECK)
        service.stop()
        for command in (("list-readers",), CHECK):
            code, output = told(service, *command)
            assert code == 4
            assert "The PC/SC service is not running." in output
    assert checked["module"]["manufacturer"] == "ANS"
    assert "sees no reader" in failed(checked)["PCSC-SERVICE"]


def test_empty_readers_are_joined_to_their_slots(readers: Service) -> None:
    listed = body_of(readers, "list-readers")
    assert listed["exit_code"] == 4
    assert [slot["reader"] for slot in listed["slots"]] == list(readers.readers)
    code, output = told(readers, *CHECK)
    assert code == 4
    assert "There are readers, but no card in any of them. → Insert a card" in output


def test_a_card_that_answers_no_command_is_seen_by_pcsc_alone(readers: Service) -> None:
    readers.insert(0, CPS3)
    code, output = told(readers, "list-readers")
    assert code == 0
    assert "card present CPS3 0x0" in output
    checked = body_of(readers, *CHECK)
    assert checked["exit_code"] == 4
    assert checked["cards"] == []
    assert readers.readers[0] in failed(checked)["MODULE-SEES-CARDS"]


@pytest.fixture(scope="module")
def many_readers() -> Iterator[Service]:
    """Six readers."""
    with pcscd("Alpha", "Beta", "Gamma") as service:
        yield service


CPS3_CARDS = ("--defect", "pkcs1-only=all")
PIN = {"CPX_PIN": "1234"}


@pytest.mark.parametrize("options", [(), CPS3_CARDS], ids=["cps4", "cps3"])
def test_a_set_of_virtual_cards_passes(
    many_readers: Service, tmp_path: Path, options: tuple[str, ...]
) -> None:
    with virtual_cards(many_readers, tmp_path, *options, readers=6, cards=6) as table:
        words = ("check-set", "--set", "centre-sante", "--module", CRYPTOLIB)
        body = table.json(*words, "--ca-dir", table.ca_directory, env=PIN)
        shown = table.run("cpx-tool", *words, "--ca-dir", table.ca_directory, env=PIN)
        without = table.run("cpx-tool", *words, env=PIN)
    assert body["exit_code"] == 0
    assert body["emulated"] is True
    kind = "CPS3v3" if options else "CPS4v1"
    for card in body["cards"]:
        assert card["token"]["label"] == f"{kind}-{card['identity']['card_number']}"
        assert card["token"]["manufacturer"] == "EMULATED TEST CARD"
        assert card["pin"]["result"] == "accepted"
        assert len(card["signatures"]) >= 2
    assert shown.stdout.splitlines()[1].startswith("EMULATED CARDS")
    assert without.stdout.splitlines()[1].startswith("EMULATED CARDS")


@pytest.mark.parametrize("options", [(), CPS3_CARDS], ids=["cps4", "cps3"])
def test_the_pin_of_a_virtual_card(
    many_readers: Service, tmp_path: Path, options: tuple[str, ...]
) -> None:
    with virtual_cards(many_readers, tmp_path, *options, readers=1, cards=1) as table:

        def tool(*words: str) -> str:
            done = table.run("pkcs11-tool", "--module", CRYPTOLIB, "--slot", "0", *words)
            return done.stdout + done.stderr

        counted = [tool("--login", "--pin", "0000", "-O") + tool("-L") for _ in range(3)]
        assert all("CKR_PIN_INCORRECT" in told or "CKR_PIN_LOCKED" in told for told in counted)
        assert "user PIN count low" in counted[0]
        assert "final user PIN try" in counted[1]
        assert "user PIN locked" in counted[2]
        assert "CKR_PIN_LOCKED" in tool("--login", "--pin", "1234", "-O")
        officer = ("--login", "--login-type", "so", "--so-pin", "87654321")
        assert "successfully" in tool(*officer, "--init-pin", "--new-pin", "4321")
        change = ("--login", "--pin", "4321", "--change-pin", "--new-pin", "1234")
        assert "successfully" in tool(*change)
        assert "CPS_PRIV_SIG" in tool("--login", "--pin", "1234", "-O")


def test_a_wrong_serial_file_makes_a_card_that_the_middleware_does_not_know(
    many_readers: Service, tmp_path: Path
) -> None:
    fault = ("--fault", "wrong-serial-file=1")
    with virtual_cards(many_readers, tmp_path, *CPS3_CARDS, *fault, readers=2, cards=2) as table:
        shown = table.run("pkcs11-tool", "--module", CRYPTOLIB, "-L").stdout
    assert shown.count("token label") == 1
    assert "CPS3v3-9945000223" in shown


def test_a_card_pulled_while_it_signs(many_readers: Service, tmp_path: Path) -> None:
    fault = ("--fault", "pulled-when-signing=medecin-generaliste")
    with virtual_cards(many_readers, tmp_path, *fault, readers=2, cards=2) as table:
        words = ("check-set", "--set", "centre-sante", "--module", CRYPTOLIB)
        body = table.json(*words, "--ca-dir", table.ca_directory, env=PIN)
    faulty = {
        card["identity"]["card_number"]: [s["fault"] for s in card["signatures"]]
        for card in body["cards"]
        if card["identity"]
    }
    assert set(faulty["9945000123"]) == {None}
    assert None not in faulty["9945000223"]


WRITES = """
import sys, pkcs11
from pkcs11 import Attribute, ObjectClass
(slot,) = pkcs11.lib(sys.argv[1]).get_slots(token_present=True)
with slot.get_token().open(rw=True, user_pin="1234") as session:
    objects = list(session.get_objects({Attribute.CLASS: ObjectClass.DATA}))
    (data,) = [o for o in objects if o[Attribute.LABEL] == "CPS_DATA"]
    data[Attribute.VALUE] = b"hello"
    print(data[Attribute.VALUE] == b"hello".ljust(128, b"\\0"))
"""


@pytest.mark.parametrize("options", [(), CPS3_CARDS], ids=["cps4", "cps3"])
def test_the_free_data_object_is_written(
    many_readers: Service, tmp_path: Path, options: tuple[str, ...]
) -> None:
    with virtual_cards(many_readers, tmp_path, *options, readers=1, cards=1) as table:
        done = table.run(sys.executable, "-c", WRITES, CRYPTOLIB)
    assert done.stdout == "True\n", done.stderr


@pytest.mark.parametrize("kind", [(), CPS3_CARDS], ids=["cps4", "cps3"])
def test_a_card_whose_contents_were_made_others_is_read_anew(
    many_readers: Service, tmp_path: Path, kind: tuple[str, ...]
) -> None:
    """The middleware keeps on disk what it read, under the serial number: a CPS3 tells when it was
    changed last, a CPS4 gets another number.
    """
    cache = Path("/etc/opt/santesocial/CPS/cache")  # of the namespaces
    many_readers.run(["mkdir", "-p", cache])
    shown = []
    for name, options in (("good", kind), ("old", (*kind, "--defect", "expired=1"))):
        with virtual_cards(many_readers, tmp_path / name, *options, readers=1, cards=1) as table:
            body = table.json(
                *("check-set", "--set", "centre-sante", "--module", CRYPTOLIB, "--no-login"),
                *("--ca-dir", table.ca_directory),
            )
        kept = many_readers.run(["ls", cache]).stdout
        shown.append(
            [
                f["outcome"]
                for c in body["cards"]
                for f in c["findings"]
                if f["check"] == "CERT-NOT-EXPIRED"
            ]
        )
        assert "99450001" in kept
    assert shown == [["passed"], ["failed"]]


SIGNS_WITHOUT_PIN = """
import sys, pkcs11
from pkcs11 import Attribute, Mechanism, ObjectClass
from cpx_tool.pki.signature import digest_info_sha256, verify_rsa
from cpx_tool.pki.certificate import read_certificate
from cpx_tool.model.observation import Hash
(slot,) = pkcs11.lib(sys.argv[1]).get_slots(token_present=True)
with slot.get_token().open() as session:
    (key,) = session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY})
    (own,) = session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE})
    certificate = read_certificate(own[Attribute.VALUE])
    signature = key.sign(digest_info_sha256(b"abc"), mechanism=Mechanism.RSA_PKCS)
    print(key[Attribute.LABEL], own[Attribute.LABEL], sep="|")
    print(verify_rsa(certificate.public_key, "CKM_RSA_PKCS", b"abc", signature, Hash.SHA256))
"""


def test_a_cps3_without_contacts(many_readers: Service, tmp_path: Path) -> None:
    options = (*CPS3_CARDS, "--fault", "contactless=1")
    with virtual_cards(many_readers, tmp_path, *options, readers=1, cards=1) as table:
        signed = table.run(sys.executable, "-c", SIGNS_WITHOUT_PIN, CRYPTOLIB)
        login = table.run("pkcs11-tool", "--module", CRYPTOLIB, "--login", "--pin", "1234", "-O")
        words = ("check-set", "--set", "centre-sante", "--module", CRYPTOLIB)
        (card,) = table.json(*words, "--ca-dir", table.ca_directory, env=PIN)["cards"]
    assert signed.stdout == "CPS_PRIV_TECH_AUT|Certificat Technique CPS\nTrue\n", signed.stderr
    assert "CKR_USER_PIN_NOT_INITIALIZED" in login.stderr
    assert card["pin"]["refusal"] == "contactless"


TLS_PORT = 44330


@contextmanager
def tls_server(service: Service, identity: Identity, trusted: Path, version: str) -> Iterator[None]:
    """`openssl s_server` inside, which demands a client certificate."""
    server = subprocess.Popen(
        [
            *service.prefix,
            *("openssl", "s_server", "-accept", f"127.0.0.1:{TLS_PORT}", "-www", version),
            *("-cert", identity.certificate, "-cert_chain", identity.certificate),
            *("-key", identity.key, "-CAfile", trusted, "-Verify", "5", "-verify_return_error"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert server.stdout
        assert any("ACCEPT" in line for line in server.stdout)
        yield
    finally:
        server.terminate()
        server.communicate()


@pytest.mark.parametrize("options", [(), CPS3_CARDS], ids=["cps4", "cps3"])
def test_tls_with_a_virtual_card(
    many_readers: Service, tmp_path: Path, file_pki: FilePki, options: tuple[str, ...]
) -> None:
    with virtual_cards(many_readers, tmp_path, *options, readers=2, cards=2) as table:

        def reached(version: str) -> dict[str, Any]:
            trusted = table.ca_directory / "bundle.pem"
            with tls_server(many_readers, file_pki.server(), trusted, version):
                return table.json(
                    *("tls-test", "--endpoint", f"https://localhost:{TLS_PORT}/"),
                    *("--ca-file", file_pki.ca, "--module", CRYPTOLIB, "--card", "9945000223"),
                    *("--ca-dir", table.ca_directory),
                    env=PIN,
                )

        older, newer = reached("-tls1_2"), reached("-tls1_3")
    assert older["exit_code"] == 0
    assert newer["emulated"] is True
    if options:  # PKCS#1 only
        assert newer["exit_code"] == 1
        assert "RSA-PSS" in json.dumps(newer)
    else:
        assert newer["exit_code"] == 0
