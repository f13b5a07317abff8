"""csr, as a user runs it: a key and a request that OpenSSL reads."""

from __future__ import annotations

import json
import stat
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from cpx_tool.pki.certificate import read_certificate
from support.cli import cpx, environment
from support.paths import shared_cert
from support.terminal import at_terminal
from support.warm import Place

SECRET = "correct horse battery"
ENV = {"CPX_P12_PASSWORD": SECRET}
FULL = (
    "--structure",
    "10B0152872",
    "--organisation",
    "CENTRE DE SANTE RPPS15287",
    "--department",
    "Rhône (69)",
)


def csr(folder: Path, *arguments: str | Path, env: dict[str, str] | None = None) -> str:
    """What it says, run in that folder; it must succeed."""
    done = run(folder, *arguments, env=env)
    assert done.returncode == 0, done.stderr
    return " ".join(done.stdout.split())


def run(
    folder: Path, *arguments: str | Path, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    given = ENV if env is None else env
    done = cpx("csr", *arguments, env=given, place=Place(folder, session=True))
    assert "Traceback" not in done.stderr
    assert SECRET not in done.stdout + done.stderr
    return done


def refused(folder: Path, *arguments: str | Path, env: dict[str, str] | None = None) -> str:
    """Why it refuses; nothing is left behind."""
    before = sorted(folder.iterdir())
    done = run(folder, *arguments, env=env)
    assert (done.returncode, done.stdout) == (2, "")
    assert sorted(folder.iterdir()) == before
    return " ".join(done.stderr.split())


def request_in(folder: Path, name: str = "INSI-AUTO") -> x509.CertificateSigningRequest:
    return x509.load_pem_x509_csr((folder / f"{name}.csr").read_bytes())


def test_key_and_request_belong_together(tmp_path: Path) -> None:
    csr(tmp_path, "--cn", "INSI-AUTO", *FULL)
    assert {path.name for path in tmp_path.iterdir()} == {"INSI-AUTO.key", "INSI-AUTO.csr"}
    key = load_pem_private_key((tmp_path / "INSI-AUTO.key").read_bytes(), SECRET.encode())
    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.key_size == 2048
    request = request_in(tmp_path)
    assert request.is_signature_valid
    assert request.public_key() == key.public_key()
    assert list(request.extensions) == []


def test_the_key_is_encrypted_and_for_its_owner_only(tmp_path: Path) -> None:
    csr(tmp_path, "--cn", "INSI-AUTO")
    path = tmp_path / "INSI-AUTO.key"
    assert path.read_text().startswith("-----BEGIN ENCRYPTED PRIVATE " + "KEY-----")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(TypeError):
        load_pem_private_key(path.read_bytes(), None)


def test_the_subject_is_as_on_real_certificates(tmp_path: Path) -> None:
    csr(tmp_path, "--cn", "INSI-AUTO", *FULL)
    real = read_certificate(shared_cert("TESTORG_authcli_10B0127189_2019.der"))
    kinds = [rdn[0][0] for rdn in real.subject]
    subject = request_in(tmp_path).subject
    assert [a.rfc4514_attribute_name for a in subject] == kinds
    wanted = ["FR", "Rhône (69)", "CENTRE DE SANTE RPPS15287", "10B0152872", "INSI-AUTO"]
    assert [a.value for a in subject] == wanted
    real_der = x509.load_der_x509_certificate(shared_cert("TESTORG_authcli_10B0127189_2019.der"))
    assert [a._type for a in subject] == [a._type for a in real_der.subject]


def test_only_what_is_given_is_asked_for(tmp_path: Path) -> None:
    csr(tmp_path, "--cn", "INSI-MANU")
    assert [a.value for a in request_in(tmp_path, "INSI-MANU").subject] == ["FR", "INSI-MANU"]


def test_openssl_reads_both(tmp_path: Path) -> None:
    csr(tmp_path, "--cn", "INSI-AUTO", *FULL)
    command = ["openssl", "req", "-in", "INSI-AUTO.csr", "-noout", "-verify"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "verify OK" in done.stderr + done.stdout
    command = ["openssl", "pkey", "-in", "INSI-AUTO.key", "-passin", "env:SECRET", "-noout"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={"SECRET": SECRET, "PATH": environment()["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_it_says_what_is_not_known(tmp_path: Path) -> None:
    text = csr(tmp_path, "--cn", "INSI-AUTO", *FULL)
    assert "OU=10B0152872, CN=INSI-AUTO" in text
    assert "pfc.eservices.esante.gouv.fr" in text
    assert "in that same browser" in text
    assert "is not known" in text


def test_names_of_one_s_own(tmp_path: Path) -> None:
    body = json.loads(csr(tmp_path, "--cn", "INSI-AUTO", "--key", "k", "--csr", "c", "--json"))
    assert (body["key_file"], body["csr_file"]) == ("k", "c")
    assert body["subject"] == "C=FR, CN=INSI-AUTO"
    assert {path.name for path in tmp_path.iterdir()} == {"k", "c"}


@pytest.mark.parametrize("taken", ["INSI-AUTO.key", "INSI-AUTO.csr"])
def test_nothing_is_overwritten(tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).write_text("precious")
    told = refused(tmp_path, "--cn", "INSI-AUTO", env={})
    assert f"{taken} exists already" in told  # before any password is asked for
    assert (tmp_path / taken).read_text() == "precious"


def test_places_that_are_none(tmp_path: Path) -> None:
    named = ("--cn", "INSI-AUTO", "--key", "k")
    assert "one file" in refused(tmp_path, *named, "--csr", "k")
    assert "no such file" in refused(tmp_path, *named, "--csr", "gone/c")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("INSI_AUTO", "is not INSI-AUTO: LOW LINE U+005F at position 5"),
        ("insi-manu", "is not INSI-MANU: small letters"),
        ("DMP", "neither INSI-AUTO nor INSI-MANU"),
        (" INSI-AUTO", "blanks at an end"),
        ("", "empty"),
    ],
)
def test_other_names_are_refused(tmp_path: Path, name: str, words: str) -> None:
    assert words in refused(tmp_path, "--cn", name)


def test_other_names_where_they_are_wanted(tmp_path: Path) -> None:
    csr(tmp_path, "--cn", "DMP", "--any-cn")
    assert (tmp_path / "DMP.key").exists()
    told = refused(tmp_path, "--cn", "../DMP", "--any-cn")
    assert "makes no name for a file" in told
    csr(tmp_path, "--cn", "a/b", "--any-cn", "--key", "k", "--csr", "c")
    assert "too long" in refused(tmp_path, "--cn", "é" * 40, "--any-cn")


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--structure", "0B0152872", "1 for a FINESS (10B0152872)"),
        ("--structure", "18751275100020", "3 for a SIRET (318751275100020)"),
        ("--structure", "nonsense", "no Struct_IdNat"),
        ("--organisation", "x" * 65, "too long: 65"),
        ("--organisation", "a\tb", "do not print"),
        ("--department", "", "empty"),
    ],
)
def test_parts_of_the_name_that_cannot_be(
    tmp_path: Path, option: str, value: str, words: str
) -> None:
    assert words in refused(tmp_path, "--cn", "INSI-AUTO", option, value)


# --- the password -----------------------------------------------------------------------------


def test_a_short_password_and_none(tmp_path: Path) -> None:
    short = {"CPX_P12_PASSWORD": "1234"}
    assert "at least 12 characters" in refused(tmp_path, "--cn", "INSI-AUTO", env=short)
    assert "no terminal" in refused(tmp_path, "--cn", "INSI-AUTO", env={})


def test_a_password_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    csr(tmp_path, "--cn", "INSI-AUTO", "--password-file", "secret", env={})
    assert load_pem_private_key((tmp_path / "INSI-AUTO.key").read_bytes(), SECRET.encode())


def test_a_password_typed_twice(tmp_path: Path) -> None:
    files = ("--key", tmp_path / "k", "--csr", tmp_path / "c")
    words = (("new key: ", SECRET), ("once more: ", SECRET))
    session = at_terminal(("csr", "--cn", "INSI-AUTO", *files), words)
    assert session.code == 0, session.screen
    assert SECRET not in session.screen
    assert load_pem_private_key((tmp_path / "k").read_bytes(), SECRET.encode())


def test_two_different_passwords_leave_nothing(tmp_path: Path) -> None:
    files = ("--key", tmp_path / "k", "--csr", tmp_path / "c")
    words = (("new key: ", SECRET), ("once more: ", "correct horse  battery"))
    session = at_terminal(("csr", "--cn", "INSI-AUTO", *files), words)
    assert session.code == 2
    assert "not the same" in session.screen
    assert list(tmp_path.iterdir()) == []


def test_the_file_that_check_p12_wants(tmp_path: Path) -> None:
    """A certificate made for the request, put together with openssl, is recognised."""
    csr(tmp_path, "--cn", "INSI-AUTO", *FULL)
    command = ["openssl", "x509", "-req", "-in", "INSI-AUTO.csr", "-signkey", "INSI-AUTO.key"]
    more = {"env": {"SECRET": SECRET, "PATH": environment()["PATH"]}, "cwd": tmp_path}
    made = subprocess.run(
        [*command, "-passin", "env:SECRET", "-days", "9"], capture_output=True, check=True, **more
    )
    (tmp_path / "cert.pem").write_bytes(made.stdout)
    command = ["openssl", "pkcs12", "-export", "-in", "cert.pem", "-inkey", "INSI-AUTO.key"]
    secrets = ["-passin", "env:SECRET", "-passout", "env:SECRET"]
    subprocess.run([*command, *secrets, "-out", "auto.p12"], check=True, **more)
    done = cpx("check-p12", tmp_path / "auto.p12", "--json", env=ENV)
    (file,) = json.loads(done.stdout)["files"]
    outcomes = {f["check"]: f["outcome"] for f in file["findings"]}
    for check in ("P12-OPENS", "P12-CONTENTS", "P12-KEY"):
        assert outcomes[check] == "passed"
    der = x509.load_pem_x509_certificate(made.stdout).public_bytes(Encoding.DER)
    assert file["certificate"]["subject"].endswith("CN=INSI-AUTO")
    assert file["certificate"]["sha256"] == read_certificate(der).sha256
