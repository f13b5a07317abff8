"""Emulated cards in real SoftHSM tokens, read by python-pkcs11 in another process."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import x509
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12
from cryptography.x509 import load_der_x509_certificate

from cpx_tool.adapters.emulation_keys import KeyCache
from cpx_tool.adapters.softhsm import (
    SOFTHSM_VARIABLE,
    find_softhsm,
    open_emulation,
    write_emulation,
)
from cpx_tool.adapters.softhsm_directory import fingerprint
from cpx_tool.catalogue.sets import find_set
from cpx_tool.emulate.authorities import AUTHORITIES
from cpx_tool.emulate.organisation import organisations
from cpx_tool.errors import BadInput, CpxError, ExitCode, NothingToCheck
from cpx_tool.i18n import say
from cpx_tool.model.emulation import Emulation
from support.dump_tokens import MESSAGE
from support.emulation import CACHE, dump, emulate, object_of, openssl, planned, wanted
from support.modules import compile_broken_module
from support.tls.client import get
from support.tls.nginx import nginx
from support.tls.pki import FilePki, Identity

pytestmark = pytest.mark.softhsm

AID = "e828bd080f8025000001ff0010"
AUTHENTICATION = "Certificat d'Authentification CPS"
SIGNATURE = "Certificat de Signature CPS"
LABELS = {AUTHENTICATION: "CPS_PRIV_AUT", SIGNATURE: "CPS_PRIV_SIG"}
FREE_DATA = {"CPS_DATA", "CPS_ID_CARD", "CPS_NAME_PS", "CPS_LANG_PS", "CPS_INFO_PS"}
CPS3_MECHANISMS = {"SHA_1", "SHA256", "RSA_X_509", "RSA_PKCS", "SHA1_RSA_PKCS", "SHA256_RSA_PKCS"}
PSS_MECHANISMS = {"RSA_PKCS_PSS", "SHA1_RSA_PKCS_PSS", "SHA256_RSA_PKCS_PSS"}
Token = dict[str, Any]


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Emulation:
    """Six good cards; for looking at."""
    return emulate(tmp_path_factory.mktemp("softhsm") / "pristine")


@pytest.fixture(scope="session")
def good(pristine: Emulation) -> list[Token]:
    return dump(pristine)


@pytest.fixture(scope="session")
def bad(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Token]]:
    """Role → tokens of a set in which nearly every card has a defect of its own."""
    defects = (
        "duplicate=1",
        "swapped=2",
        "key-mismatch=3",
        "broken-certificate=4",
        "no-private-key=5",
        "pkcs1-only=6",
    )
    emulation = emulate(tmp_path_factory.mktemp("softhsm") / "bad", *defects)
    by_slot = {token["slot_id"]: token for token in dump(emulation)}
    roles: dict[str, list[Token]] = {}
    for card in emulation.tokens:
        roles.setdefault(card.role, []).append(by_slot[card.slot_id])
    return roles


@pytest.fixture
def own(pristine: Emulation, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(pristine.directory, tmp_path / "own"))


def refusal(directory: Path) -> str:
    with pytest.raises(BadInput) as caught:
        open_emulation(directory)
    assert caught.value.exit_code is ExitCode.USAGE
    return say(caught.value.reason)


def certificate(token: Token, label: str) -> bytes:
    return bytes.fromhex(object_of(token["free"], "CERTIFICATE", label)["VALUE"])


# --- tokens and objects ---------------------------------------------------------------------


def test_one_token_per_card_with_label_and_serial_as_on_real_cards(
    pristine: Emulation, good: list[Token]
) -> None:
    assert [card.role for card in pristine.tokens] == [c.role for c in find_set("cds").cards]
    shown = {(t["slot_id"], t["slot_description"], t["label"], t["serial"]) for t in good}
    assert shown == {
        (card.slot_id, card.slot_description, card.label, card.serial) for card in pristine.tokens
    }
    for card in pristine.tokens:
        assert card.label == f"CPS4v1-{card.card_number}"
        assert card.serial == card.card_number[:8]


def test_what_is_seen_before_the_login(good: list[Token]) -> None:
    for token in good:
        by_class: dict[str, set[str]] = {}
        for item in token["free"]:
            by_class.setdefault(item["class"], set()).add(item["label"])
        assert by_class == {
            "CERTIFICATE": set(LABELS),
            "PUBLIC_KEY": {f"Cle publique - {name}" for name in LABELS},
            "DATA": FREE_DATA,
        }


def test_what_the_pin_opens(good: list[Token]) -> None:
    for token in good:
        seen = {(o["class"], o["label"]) for o in token["free"]}
        opened = {(o["class"], o["label"]) for o in token["all"]} - seen
        doctor = "02" in token["label"][-4:-2]
        situations = {"CPS_ACTIVITY_01_PS"} | ({"CPS_ACTIVITY_02_PS"} if doctor else set())
        assert opened == {
            *(("PRIVATE_KEY", name) for name in LABELS.values()),
            *(("DATA", name) for name in situations),
        }


def test_private_keys_are_sensitive_and_used_as_on_real_cards(good: list[Token]) -> None:
    for token in good:
        for name, decrypts in (("CPS_PRIV_AUT", True), ("CPS_PRIV_SIG", False)):
            key = object_of(token["all"], "PRIVATE_KEY", name)
            flags = {flag: key[flag] for flag in ("PRIVATE", "SENSITIVE", "SIGN")}
            assert flags == {"PRIVATE": True, "SENSITIVE": True, "SIGN": True}
            assert key["EXTRACTABLE"] is False
            assert key["DECRYPT"] is decrypts
            assert key["PRIVATE_EXPONENT"] == "AttributeSensitive"


def test_ids_join_certificate_public_and_private_key(good: list[Token]) -> None:
    for token in good:
        for (name, key_name), last in zip(LABELS.items(), ("20", "10"), strict=True):
            shown = object_of(token["free"], "CERTIFICATE", name)
            public = object_of(token["free"], "PUBLIC_KEY", f"Cle publique - {name}")
            private = object_of(token["all"], "PRIVATE_KEY", key_name)
            assert shown["ID"] == public["ID"] == private["ID"] == AID + last
            parsed = x509.Certificate.load(bytes.fromhex(shown["VALUE"]))
            assert shown["SUBJECT"] == parsed.subject.dump().hex()
            serial = parsed["tbs_certificate"]["serial_number"]
            assert shown["SERIAL_NUMBER"] == serial.dump().hex()
            modulus = f"{parsed.public_key.native['public_key']['modulus']:x}"
            assert public["MODULUS"] == private["MODULUS"] == modulus


def test_data_objects_belong_to_the_application_cps(good: list[Token]) -> None:
    for token in good:
        data = [item for item in token["all"] if item["class"] == "DATA"]
        assert {item["application"] for item in data} == {"CPS"}
        assert object_of(data, "DATA", "CPS_DATA")["MODIFIABLE"] is True
        number = object_of(data, "DATA", "CPS_ID_CARD")["VALUE"]
        assert f"8105{token['label'][-10:]}" in number


def test_both_keys_sign_what_their_certificates_verify(good: list[Token]) -> None:
    for token in good:
        for name, key_name in LABELS.items():
            public = load_der_x509_certificate(certificate(token, name)).public_key()
            signed = bytes.fromhex(token["signatures"][key_name]["SHA256_RSA_PKCS_PSS"])
            public.verify(signed, MESSAGE, PSS(MGF1(SHA256()), 32), SHA256())
        signed = bytes.fromhex(token["signatures"]["CPS_PRIV_SIG"]["SHA256_RSA_PKCS"])
        public.verify(signed, MESSAGE, PKCS1v15(), SHA256())


def test_keys_refuse_what_real_cards_refuse(good: list[Token]) -> None:
    for token in good:
        assert set(token["mechanisms"]) == CPS3_MECHANISMS | PSS_MECHANISMS
        tried = token["signatures"]
        assert tried["CPS_PRIV_AUT"]["SHA256_RSA_PKCS"] == "MechanismInvalid"
        assert {tried[key]["RSA_X_509"] for key in tried} == {"MechanismInvalid"}
        assert len(tried["CPS_PRIV_AUT"]["RSA_PKCS"]) == 512


def test_the_software_certificates_lie_beside(pristine: Emulation) -> None:
    folder = Path(pristine.directory)
    assert [software.name for software in pristine.software] == ["INSI-AUTO", "INSI-MANU"]
    paths = [folder / software.file for software in pristine.software]
    assert sorted(paths) == sorted((folder / "org").iterdir())
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o600}
    for software, path in zip(pristine.software, paths, strict=True):
        held = load_pkcs12(path.read_bytes(), b"1234")
        assert held.key is not None
        assert held.cert is not None
        assert held.cert.certificate.subject.rfc4514_string().startswith(f"CN={software.name},")
        (issuer,) = held.additional_certs
        assert issuer.certificate == CACHE.authorities().certificates["ACI-EL-ORG-TEST"]
        held.cert.certificate.verify_directly_issued_by(issuer.certificate)
        with pytest.raises(ValueError, match="password"):
            load_pkcs12(path.read_bytes(), b"")


def test_the_software_certificates_keep_their_keys(pristine: Emulation) -> None:
    card_set = find_set("centre-sante")
    later = organisations(card_set, datetime.now(UTC) + timedelta(days=40))
    keys = [key.public_key() for key in CACHE.organisations(later)]
    files = [Path(pristine.directory) / software.file for software in pristine.software]
    held = [load_pkcs12(file.read_bytes(), b"1234").key for file in files]
    assert [key.public_key() for key in held if key] == keys
    assert keys[0] != keys[1]


def test_the_certificates_of_the_authorities_lie_beside(
    pristine: Emulation, tmp_path: Path
) -> None:
    folder = Path(pristine.directory) / "ca"
    names = {path.name for path in folder.iterdir()}
    assert {f"{code}.pem" for code in AUTHORITIES} | {"bundle.pem"} <= names
    pem = {name for name in names if name.endswith(".pem")} - {"bundle.pem"}
    assert (folder / "bundle.pem").read_text().count("BEGIN CERTIFICATE") == len(pem)
    assert {name.removesuffix(".crl") for name in names if name.endswith(".crl")} == {
        name.removesuffix(".pem") for name in pem
    }
    assert "PRIVATE" not in (folder / "bundle.pem").read_text()
    for token in dump(pristine):
        leaf = tmp_path / "leaf.der"
        leaf.write_bytes(certificate(token, SIGNATURE))
        assert openssl("verify", "-CAfile", folder / "bundle.pem", leaf).endswith("OK\n")


def test_a_server_that_is_given_the_authorities_accepts_a_certificate_of_theirs(
    pristine: Emulation, file_pki: FilePki, tmp_path: Path
) -> None:
    folder = Path(pristine.directory)
    held = load_pkcs12((folder / pristine.software[0].file).read_bytes(), b"1234")
    assert held.cert
    assert isinstance(held.key, RSAPrivateKey)
    client = Identity(tmp_path / "client.pem", tmp_path / "client.key")
    client.certificate.write_bytes(held.cert.certificate.public_bytes(Encoding.PEM))
    client.key.write_bytes(
        held.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    with nginx(file_pki.server(), trusted=folder / "ca" / "bundle.pem") as server:
        answer = get(server.port, file_pki.ca, client)
    assert f"verify=SUCCESS subject=CN={pristine.software[0].name}," in answer.text


# --- defects --------------------------------------------------------------------------------


def test_a_duplicate_shows_the_same_card_number_in_two_slots(bad: dict[str, list[Token]]) -> None:
    one, other = bad["cde-directeur"]
    assert one["label"] == other["label"]
    assert one["serial"] != other["serial"]
    number = object_of(one["free"], "DATA", "CPS_ID_CARD")["VALUE"]
    assert object_of(other["free"], "DATA", "CPS_ID_CARD")["VALUE"] == number


def test_swapped_certificates_only_their_usages_tell(bad: dict[str, list[Token]]) -> None:
    (token,) = bad["medecin-generaliste"]
    shown = x509.Certificate.load(certificate(token, AUTHENTICATION))
    assert shown.key_usage_value.native == {"non_repudiation"}
    modulus = f"{shown.public_key.native['public_key']['modulus']:x}"
    key = object_of(token["all"], "PRIVATE_KEY", "CPS_PRIV_AUT")
    assert key["MODULUS"] == modulus


def test_a_mismatched_key_is_not_the_certificates(bad: dict[str, list[Token]]) -> None:
    (token,) = bad["chirurgien-dentiste"]
    public = object_of(token["free"], "PUBLIC_KEY", f"Cle publique - {AUTHENTICATION}")
    private = object_of(token["all"], "PRIVATE_KEY", "CPS_PRIV_AUT")
    assert public["ID"] == private["ID"]
    assert public["MODULUS"] != private["MODULUS"]


def test_a_broken_certificate_is_no_certificate(bad: dict[str, list[Token]]) -> None:
    (token,) = bad["cpe-employe"]
    with pytest.raises(ValueError):  # noqa: PT011 - any reason is right
        load_der_x509_certificate(certificate(token, SIGNATURE))
    load_der_x509_certificate(certificate(token, AUTHENTICATION))


def test_an_absent_key_is_absent(bad: dict[str, list[Token]]) -> None:
    (token,) = bad["cpe-employe-delegue"]
    assert set(token["signatures"]) == {"CPS_PRIV_SIG"}


def test_a_pkcs1_only_card_is_a_cps3(bad: dict[str, list[Token]]) -> None:
    (token,) = bad["infirmier"]
    assert token["label"].startswith("CPS3v3-")
    ids = {o["ID"][-2:] for o in token["free"] if o["class"] == "CERTIFICATE"}
    assert ids == {"01", "02"}
    for key in LABELS.values():
        assert token["signatures"][key]["SHA256_RSA_PKCS_PSS"] == "MechanismInvalid"
        assert len(token["signatures"][key]["RSA_PKCS"]) == 512
    assert object_of(token["all"], "DATA", "CPS_SIT_FACT")["PRIVATE"] is True


def test_where_every_card_is_a_cps3_none_announces_pss(tmp_path: Path) -> None:
    tokens = dump(emulate(tmp_path / "cps3", "pkcs1-only=all"))
    assert [set(token["mechanisms"]) for token in tokens] == [CPS3_MECHANISMS] * 6


# --- the directory --------------------------------------------------------------------------


def test_a_moved_emulation_opens(own: Path, pristine: Emulation, tmp_path: Path) -> None:
    moved = own.rename(tmp_path / "moved é elsewhere")
    emulation = open_emulation(moved)
    assert emulation.tokens == pristine.tokens
    assert emulation.directory == str(moved)
    settings = Path(emulation.environment["SOFTHSM2_CONF"])
    assert f"= {moved / 'tokens'}\n" in settings.read_text("utf-8")
    assert len(dump(emulation)) == 6


def test_opening_writes_nothing_where_nothing_moved(own: Path) -> None:
    open_emulation(own)
    before = (own / "softhsm2.conf").stat().st_mtime_ns
    open_emulation(own)
    assert (own / "softhsm2.conf").stat().st_mtime_ns == before


def test_lost_settings_are_written_again(own: Path) -> None:
    (own / "softhsm2.conf").unlink()
    assert len(dump(open_emulation(own))) == 6


def test_a_directory_that_is_no_emulation(tmp_path: Path) -> None:
    assert "is not a directory of emulated cards" in refusal(tmp_path)
    assert "is not a directory of emulated cards" in refusal(tmp_path / "absent")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff", b'{"format": 3}', b'{"format": "3"}']
)
def test_a_damaged_manifest(own: Path, content: bytes) -> None:
    (own / "emulation.json").write_bytes(content)
    assert "is damaged (emulation.json)" in refusal(own)


def test_the_manifest_of_another_version(own: Path) -> None:
    (own / "emulation.json").write_text('{"format": 1, "cards": {}}')
    assert "another version" in refusal(own)


def test_a_store_that_a_crash_damaged(own: Path) -> None:
    next((own / "tokens").glob("*/token.object")).write_bytes(b"")
    assert "is damaged (tokens" in refusal(own)
    shutil.rmtree(own / "tokens")
    assert "is damaged (tokens)" in refusal(own)


@pytest.mark.parametrize("name", ["a#b", "a=b"])
def test_a_path_that_softhsm_cannot_read(own: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput) as caught:
        emulate(tmp_path / name / "emulation")
    assert "“#” or “=”" in say(caught.value.reason)
    assert "“#” or “=”" in refusal(own.rename(tmp_path / name))


def test_other_files_are_never_replaced(own: Path, tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "thesis.odt").write_text("years of work")
    (own / "notes.txt").write_text("mine")
    file = tmp_path / "file"
    file.write_text("a file")
    for place in (full, own, file):
        with pytest.raises(BadInput) as caught:
            emulate(place)
        assert str(place) in say(caught.value.reason)
    assert (full / "thesis.odt").read_text() == "years of work"
    assert (own / "notes.txt").exists()
    assert file.read_text() == "a file"


def test_an_emulation_and_an_empty_directory_are_replaced(own: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for place in (own, tmp_path / "empty"):
        emulation = emulate(place, "missing")
        assert len(emulation.tokens) == len(dump(emulation)) == 5
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "own"]


def test_a_damaged_emulation_can_be_made_again(own: Path) -> None:
    (own / "emulation.json").write_text("{")
    assert len(emulate(own).tokens) == 6


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput) as caught:
        emulate(tmp_path / "file" / "below")
    assert "cannot be written" in say(caught.value.reason)


def test_a_failed_run_leaves_what_was_there(
    own: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stub = compile_broken_module(tmp_path)
    monkeypatch.setenv(SOFTHSM_VARIABLE, str(stub))
    with pytest.raises(CpxError) as caught:
        emulate(own, "missing")
    assert "SoftHSM could not be filled" in say(caught.value.reason)
    monkeypatch.delenv(SOFTHSM_VARIABLE)
    assert len(open_emulation(own).tokens) == 6
    assert sorted(path.name for path in tmp_path.iterdir()) == ["libbroken.so", "own"]


# --- reuse ----------------------------------------------------------------------------------


def reused(directory: Path, *defects: str, set_name: str = "centre-sante") -> bool:
    before = directory.stat().st_ino
    asked = wanted(set_name, *defects)
    write_emulation(asked, directory, CACHE, reuse=True)
    return directory.stat().st_ino == before


def test_the_same_cards_are_kept(own: Path) -> None:
    software = {path: path.read_bytes() for path in (own / "org").iterdir()}
    assert reused(own)
    assert {path: path.read_bytes() for path in (own / "org").iterdir()} == software


def test_other_defects_or_another_set_are_written(own: Path) -> None:
    assert not reused(own, "missing")
    assert reused(own, "missing")
    assert not reused(own, set_name="centre-hospitalier")


def test_old_cards_are_written_anew_before_their_dates_lie(own: Path) -> None:
    manifest = json.loads((own / "emulation.json").read_text())
    manifest["created"] = (datetime.now(UTC) - timedelta(days=8)).isoformat()
    (own / "emulation.json").write_text(json.dumps(manifest))
    assert not reused(own)


def test_cards_from_the_future_are_written_anew(own: Path) -> None:
    manifest = json.loads((own / "emulation.json").read_text())
    manifest["created"] = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    (own / "emulation.json").write_text(json.dumps(manifest))
    assert not reused(own)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda own: next((own / "tokens").glob("*/token.object")).write_bytes(b""),
        lambda own: shutil.rmtree(next((own / "tokens").iterdir())),
        lambda own: (own / "emulation.json").write_text("{"),
        lambda own: shutil.rmtree(own / "ca"),
        lambda own: (own / "ca" / "bundle.pem").unlink(),
        lambda own: (own / "ca" / "ACR-EL-TEST.pem").unlink(),
        lambda own: (own / "ca" / "ACI-EL-PP-TEST.crl").unlink(),
        lambda own: next((own / "org").iterdir()).unlink(),
    ],
)
def test_a_spoiled_emulation_is_written_anew(own: Path, spoil: Any) -> None:
    spoil(own)
    assert not reused(own)
    assert len(dump(open_emulation(own))) == 6


def test_cards_of_another_version_are_written_anew(own: Path) -> None:
    """Without the files in ca/ that a server is told to trust."""
    manifest = json.loads((own / "emulation.json").read_text())
    (own / "emulation.json").write_text(json.dumps(manifest | {"format": 2}))
    shutil.rmtree(own / "ca")
    assert not reused(own)
    root, below = (own / "ca" / f"{code}.pem" for code in ("ACR-EL-TEST", "ACI-EL-ORG-TEST"))
    assert openssl("verify", "-CAfile", root, below).endswith("OK\n")


def test_another_content_under_the_same_name_is_written() -> None:
    """A user's own set file keeps its name while its cards change."""
    now = datetime.now(UTC)
    same = planned(find_set("centre-sante"), now=now - timedelta(days=3))
    assert fingerprint(same) == fingerprint(planned(find_set("centre-sante"), now=now))
    other = planned(find_set("centre-sante"), "wrong-profession", now=now)
    assert fingerprint(other) != fingerprint(same)


# --- secrets and SoftHSM --------------------------------------------------------------------


def test_no_pin_in_argv_or_environment_of_the_child(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spy, seen = tmp_path / "python", tmp_path / "seen"
    spy.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" >{seen}\nenv >>{seen}\nexec {sys.executable} "$@"\n'
    )
    spy.chmod(spy.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("CPX_PIN", "24680")
    monkeypatch.delenv("SOFTHSM2_CONF", raising=False)
    monkeypatch.setattr(sys, "executable", str(spy))
    emulate(tmp_path / "emulation", "missing=1")
    lines = seen.read_text().splitlines()
    assert lines[:3] == ["-P", "-m", "cpx_tool.adapters.softhsm_writer"]
    assert "=" in lines[3]  # no more arguments: the environment begins
    assert not any(line.split("=", 1)[-1] in ("1234", "24680") for line in lines)
    assert "SOFTHSM2_CONF" not in os.environ


def test_the_so_pin_is_not_one_that_somebody_knows(own: Path) -> None:
    script = (
        "import sys, pkcs11\n"
        "token = next(iter(pkcs11.lib(sys.argv[1]).get_tokens()))\n"
        "for pin in sys.argv[2:]:\n"
        "    try: token.open(rw=True, so_pin=pin)\n"
        "    except pkcs11.PinIncorrect: print('refused')\n"
    )
    emulation = open_emulation(own)
    done = subprocess.run(
        [sys.executable, "-c", script, emulation.module, "1234", "12345678", "0000"],
        env={**os.environ, **emulation.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["refused"] * 3, done.stderr


def test_softhsm_is_found_or_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = find_softhsm({})
    assert found.name == "libsofthsm2.so"
    assert find_softhsm({SOFTHSM_VARIABLE: str(found)}) == found
    with pytest.raises(BadInput) as wrong:
        find_softhsm({SOFTHSM_VARIABLE: str(tmp_path / "none.so")})
    assert str(tmp_path / "none.so") in say(wrong.value.reason)
    monkeypatch.setattr("cpx_tool.adapters.softhsm._places", tuple)
    with pytest.raises(NothingToCheck) as absent:
        find_softhsm({})
    assert absent.value.exit_code is ExitCode.NOTHING_CHECKED
    assert "apt-get install softhsm2" in say(absent.value.hint)


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    blocked = KeyCache(tmp_path / "file" / "cache", authority_bits=1024)
    with pytest.raises(BadInput) as caught:
        write_emulation(wanted("centre-sante"), tmp_path / "into", blocked, reuse=False)
    assert str(blocked.directory) in say(caught.value.reason)


def test_the_nine_cards_of_the_hospital(tmp_path: Path) -> None:
    emulation = emulate(tmp_path / "nine", set_name="centre-hospitalier")
    assert len(dump(emulation)) == 9
