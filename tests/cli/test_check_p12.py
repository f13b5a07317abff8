"""check-p12, as a user runs it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    pkcs12,
)

from support.cli import cpx, cpx_json
from support.paths import SHARED_CERTS, shared_cert
from support.pki import key, pem, rsa_key
from support.software import AUTO, MANU, PASSWORD, SIGN, Org, authority, p12
from support.terminal import at_terminal

AT = ("--at", "2026-01-15")
ENV = {"CPX_P12_PASSWORD": PASSWORD}


@pytest.fixture
def pair(tmp_path: Path) -> list[Path]:
    """A good pair in two files."""
    return [written(tmp_path, "auto.p12", p12(AUTO)), written(tmp_path, "manu.p12", p12(MANU))]


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def shown(*arguments: str | Path, code: int = 0, env: dict[str, str] | None = None) -> str:
    """What is printed, on one line."""
    done = cpx("check-p12", *AT, *arguments, env=ENV if env is None else env)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert PASSWORD not in done.stdout + done.stderr
    return " ".join(done.stdout.split())


def failing(*arguments: str | Path) -> dict[str, set[str]]:
    """File → the checks that failed; "" for those about all files."""
    body = cpx_json("check-p12", *AT, *arguments, env=ENV)
    parts = [("", body), *((Path(f["file"]).name, f) for f in body["files"])]
    return {
        name: checks
        for name, part in parts
        if (checks := {f["check"] for f in part["findings"] if f["outcome"] == "failed"})
    }


def test_a_good_pair(pair: list[Path]) -> None:
    text = shown(*pair)
    assert "INSI-AUTO 10B0152872 AUTH_CLI 2027-01-01 PASSED" in text
    assert "INSI-MANU 10B0152872 AUTH_CLI 2027-01-01 PASSED" in text
    assert "PASSED — 2 files" in text
    body = cpx_json("check-p12", *AT, *pair, env=ENV)
    assert (body["verdict"], body["exit_code"]) == ("passed", 0)


def test_old_files_and_the_date(pair: list[Path]) -> None:
    assert "P12-NOT-EXPIRED" in shown(*pair, "--at", "2028-01-01", code=1)
    assert "30 days left" in shown(*pair, "--at", "2026-12-02")
    assert "days left" not in shown(*pair, "--at", "2026-12-02", "--warn-days", "30")


# --- passwords --------------------------------------------------------------------------------


def test_the_password_in_a_file(pair: list[Path], tmp_path: Path) -> None:
    secret = written(tmp_path, "secret", f"{PASSWORD}\n".encode())
    assert "PASSED" in shown(*pair, "--password-file", secret, env={})
    wrong = {"CPX_P12_PASSWORD": "wrong"}
    assert "PASSED" in shown(*pair, "--password-file", secret, env=wrong)


def test_a_password_file_that_is_none(pair: list[Path], tmp_path: Path) -> None:
    done = cpx("check-p12", *pair, "--password-file", tmp_path / "gone", env=ENV)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no such file" in done.stderr


def test_there_is_no_option_for_the_password_itself(pair: list[Path]) -> None:
    done = cpx("check-p12", *pair, "--password", PASSWORD)
    assert done.returncode == 2
    assert "--password-file" in done.stderr


def test_a_wrong_and_an_empty_password(pair: list[Path]) -> None:
    text = shown(*pair, code=2, env={"CPX_P12_PASSWORD": "wrong"})
    assert "auto.p12, manu.p12: It does not open with this password" in text
    text = shown(*pair, code=2, env={"CPX_P12_PASSWORD": ""})
    assert "does not open with an empty password" in text


def test_no_password_and_no_terminal(pair: list[Path]) -> None:
    text = shown(*pair, code=2, env={})
    assert "there is no terminal to ask" in text
    assert "CPX_P12_PASSWORD" in text


def test_one_password_of_two_does_not_hide_the_other_file(pair: list[Path], tmp_path: Path) -> None:
    other = written(tmp_path, "other.p12", p12(MANU, BestAvailableEncryption(b"another")))
    text = shown(pair[0], other, code=2)
    assert "INSI-AUTO 10B0152872 AUTH_CLI 2027-01-01 PASSED" in text
    assert "other.p12: It does not open with this password" in text


def prompted(paths: Sequence[Path], *dialogue: tuple[str, str]) -> tuple[str, int]:
    session = at_terminal(("check-p12", *AT, *paths), dialogue)
    assert all(answer not in session.screen for _, answer in dialogue if answer)
    return " ".join(session.screen.split()), session.code


def test_the_prompt_asks_once_where_one_password_opens_both(pair: list[Path]) -> None:
    screen, code = prompted(pair, ("auto.p12: ", PASSWORD))
    assert code == 0
    assert screen.count("Password of") == 1
    assert "PASSED — 2 files" in screen


def test_the_prompt_asks_again_and_for_another_file(pair: list[Path], tmp_path: Path) -> None:
    other = written(tmp_path, "other.p12", p12(MANU, BestAvailableEncryption(b"another one")))
    screen, code = prompted(
        (pair[0], other),
        ("auto.p12: ", "a typing mistake"),
        ("once more: ", PASSWORD),
        ("other.p12: ", "another one"),
    )
    assert code == 0
    assert "PASSED — 2 files" in screen


def test_the_prompt_gives_up_after_three_tries(pair: list[Path]) -> None:
    screen, code = prompted(
        pair[:1], ("auto.p12: ", "first"), ("once more: ", "second"), ("once more: ", "third")
    )
    assert code == 2
    assert "It does not open with this password" in screen


def test_an_interruption_at_the_prompt(pair: list[Path]) -> None:
    session = at_terminal(("check-p12", *pair), [("auto.p12: ", "\x03")])
    assert session.code == 130
    assert "Traceback" not in session.screen


# --- files that are wrong ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"cn": "INSI\u2013AUTO"}, "P12-NAME"),
        ({"structure": None}, "P12-STRUCTURE"),
        ({"usages": SIGN}, "P12-USAGE"),
        ({"category": 0x03}, "P12-TEST"),
    ],
)
def test_a_check_that_fails_ends_with_1(
    tmp_path: Path, changes: dict[str, Any], check: str
) -> None:
    wrong = written(tmp_path, "wrong.p12", p12(replace(AUTO, **changes)))
    text = shown(wrong, code=1)
    assert f"✗ {check} — expected" in text
    assert text.count("✗") == 1


def test_a_person_s_certificate(tmp_path: Path) -> None:
    person = replace(AUTO, cn="899700075122", surname="DOC0007512", structure=None)
    text = shown(written(tmp_path, "person.p12", p12(person)), code=1)
    assert "It is a person's certificate (DOC0007512), not an organisation's" in text
    assert "P12-NAME" not in text


def test_the_key_of_another_certificate(tmp_path: Path) -> None:
    wrong = written(tmp_path, "wrong.p12", p12(AUTO, of_key=key("stranger")))
    assert failing(wrong) == {"wrong.p12": {"P12-KEY"}}


def test_a_key_without_protection_is_a_warning(tmp_path: Path) -> None:
    bare = written(tmp_path, "bare.p12", p12(AUTO, NoEncryption()))
    text = shown(bare, env={})
    assert "! P12-PROTECTED" in text
    assert "PASSED — 1 file" in text


def _request() -> bytes:
    made = x509.CertificateSigningRequestBuilder().subject_name(authority().subject)
    return made.sign(AUTO.key, SHA256()).public_bytes(Encoding.DER)


OTHERS: dict[str, tuple[Callable[[], bytes], str]] = {
    "cert.cer": (AUTO.der, "a certificate alone"),
    "cert.pem": (lambda: pem(AUTO.der()), "PEM text"),
    "request.csr": (_request, "certificate request (CSR)"),
    "store.jks": (lambda: b"\xfe\xed\xfe\xed\x00\x00\x00\x02", "Java keystore"),
    "cut.p12": (lambda: p12()[:900], "cut short"),
    "garbage.p12": (lambda: bytes(range(256)), "not a PKCS#12"),
    "large.p12": (lambda: bytes(1_000_000), "too large"),
    "empty.p12": (lambda: b"", "empty"),
}


def test_what_is_no_pkcs12_is_told_and_hides_nothing(pair: list[Path], tmp_path: Path) -> None:
    others = [written(tmp_path, name, make()) for name, (make, _) in OTHERS.items()]
    os.mkfifo(tmp_path / "pipe.p12")
    text = shown(*others, tmp_path / "pipe.p12", tmp_path, tmp_path / "gone.p12", *pair, code=2)
    for name, (_, words) in OTHERS.items():
        assert f"{name}: " in text
        assert words in text
    assert text.count("not a regular file") == 2
    assert "no such file or directory" in text
    assert "INSI-AUTO 10B0152872 AUTH_CLI 2027-01-01 PASSED" in text


def test_where_no_file_is_there_nothing_is_judged(pair: list[Path]) -> None:
    near = pair[0].with_name(f"{pair[0].stem}s.p12")
    done = cpx("check-p12", near, "gone.p12", env=ENV)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"Error: {near} cannot be read: no such file or directory.\n")
    assert f"Did you mean {pair[0]}?" in done.stderr


def test_the_same_file_twice(pair: list[Path]) -> None:
    assert failing(pair[0], pair[0])[""] == {"P12-DISTINCT", "P12-PAIR"}


def test_for_another_purpose(tmp_path: Path) -> None:
    dmp = Org(cn="Certificat Wizard DMP", usages=SIGN)
    path = written(tmp_path, "dmp.p12", p12(dmp))
    assert failing(path) == {"dmp.p12": {"P12-NAME", "P12-USAGE"}}
    assert failing(path, "--for", "any") == {}


# --- chains -----------------------------------------------------------------------------------


def test_chain_and_revocation(pair: list[Path], tmp_path: Path) -> None:
    ca = written(tmp_path, "ca.cer", authority().der())
    assert "P12-ISSUER" in shown(*pair)
    assert "P12-CHAIN" in shown(*pair, "--ca-dir", ca, code=1)

    env = {**ENV, "CPX_TRUST_DIR": str(tmp_path / "trust")}
    done = cpx("trust", "import", "--accept-unknown", ca, env=env)
    assert done.returncode == 1, done.stdout  # the name of a known CA, another fingerprint
    assert "REFUSED" in done.stdout


def with_fresh_key(*certificates: x509.Certificate) -> bytes:
    secret = BestAvailableEncryption(PASSWORD.encode())
    key = rsa_key(2048)
    return pkcs12.serialize_key_and_certificates(None, key, None, certificates, secret)


def test_the_real_ca_is_known_wherever_it_stands(tmp_path: Path) -> None:
    """A fresh key in a file with a real certificate: the chain holds, the key is not its."""
    leaf = x509.load_der_x509_certificate(shared_cert("TESTORG_authcli_10B0127189_2019.der"))
    issuer = x509.load_der_x509_certificate(shared_cert("CA_TEST_ACI-EL-ORG-TEST.cer"))
    path = written(tmp_path, "real.p12", with_fresh_key(leaf, issuer))
    body = cpx_json("check-p12", path, "--for", "any", "--at", "2020-01-01", env=ENV)
    (file,) = body["files"]
    outcomes = {f["check"]: f["outcome"] for f in file["findings"]}
    assert {c for c, o in outcomes.items() if o == "failed"} == {"P12-KEY"}
    assert outcomes["P12-CHAIN"] == outcomes["P12-ANCHOR"] == "passed"
    assert file["identity"]["holder"]["structure"]["value"] == "10B0127189"
    assert file["usage"] == "AUTH_CLI"


def test_a_real_revoked_certificate(tmp_path: Path) -> None:
    name = "TESTORG_sign_tomwsrevoque_REVOKEDNAME_2019.der"
    leaf = x509.load_der_x509_certificate(shared_cert(name))
    issuer = x509.load_der_x509_certificate(shared_cert("CA_TEST_ACI-EL-ORG-TEST.cer"))
    path = written(tmp_path, "revoked.p12", with_fresh_key(leaf, issuer))
    crl = SHARED_CERTS / "CRL_TEST_ACI-EL-ORG-TEST_2019.pem"
    options = ("--for", "any", "--crl", crl, "--at", "2019-12-01")
    found = failing(path, *options)["revoked.p12"]
    assert "P12-REVOKED" in found


def test_a_crl_that_is_not_there(pair: list[Path], tmp_path: Path) -> None:
    done = cpx("check-p12", *pair, "--crl", tmp_path / "gone.crl", env=ENV)
    assert (done.returncode, done.stdout) == (2, "")
    assert "gone.crl" in done.stderr


# --- emulated ---------------------------------------------------------------------------------


@pytest.mark.softhsm
def test_the_pair_of_an_emulation(pristine: Path, tmp_path: Path) -> None:
    files = sorted((pristine / "org").iterdir())
    env = {"CPX_P12_PASSWORD": "1234"}
    done = cpx("check-p12", *files, "--emulated", pristine, env=env)
    assert done.returncode == 0, done.stdout
    text = " ".join(done.stdout.split())
    assert "EMULATED by cpx-tool, not of the ANS" in text
    assert "PASSED — 2 files, 42 checks passed" in text

    without = cpx_json("check-p12", *files, env=env)["files"]
    assert {file["chain"]["outcome"] for file in without} == {"issuer-not-at-hand"}
    elsewhere = cpx("check-p12", *files, "--emulated", tmp_path, env=env)
    assert (elsewhere.returncode, elsewhere.stdout) == (2, "")


def test_json_is_json_whatever_happens(tmp_path: Path) -> None:
    done = cpx("check-p12", tmp_path / "gone.p12", "--json", env=ENV)
    body = json.loads(done.stdout)
    assert (done.returncode, body["exit_code"], body["verdict"]) == (2, 2, None)
    assert "gone.p12" in body["error"]["reason"]
    missing = cpx("check-p12", "--json", tmp_path, "--password-file", tmp_path / "gone")
    assert json.loads(missing.stdout)["error"]["reason"]
