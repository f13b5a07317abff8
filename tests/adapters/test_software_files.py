"""Files of software certificates opened: what comes out, and what stays inside."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from asn1crypto import algos, cms, core, pkcs12
from asn1crypto import keys as asn1_keys
from cryptography import x509
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.asymmetric import x25519
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import (
    PKCS12Certificate,
    serialize_java_truststore,
    serialize_key_and_certificates,
)

from cpx_tool.adapters import pkcs12 as adapter
from cpx_tool.adapters.password import KnownPassword, PromptedPassword
from cpx_tool.adapters.software_files import read_software_file
from cpx_tool.errors import BadInput
from cpx_tool.i18n import say
from cpx_tool.model.software import SoftwareContents, SoftwareFile
from cpx_tool.ports import Password
from support.paths import shared_cert
from support.pki import key, rsa_key
from support.software import AUTO, MANU, PASSWORD, authority, p12, public_half


class Nobody:
    """A source that must not be asked."""

    def passwords(self, file: str) -> Iterator[Password]:
        raise AssertionError(f"asked for the password of {file}")


class Several:
    """A source that gives these one after the other, and remembers how far it came."""

    def __init__(self, *words: str) -> None:
        self.words = words
        self.given = 0

    def passwords(self, file: str) -> Iterator[Password]:
        for word in self.words:
            self.given += 1
            yield Password(word)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "INSI-AUTO.p12"


def read(path: Path, content: bytes, password: str = PASSWORD) -> SoftwareFile:
    path.write_bytes(content)
    return read_software_file(path, KnownPassword(Password(password)))


def contents_of(seen: SoftwareFile) -> SoftwareContents:
    assert seen.contents is not None, seen.problem and say(seen.problem)
    return seen.contents


def problem_of(seen: SoftwareFile) -> str:
    assert seen.contents is None
    assert seen.problem is not None
    assert seen.hint is not None
    return f"{say(seen.problem)} → {say(seen.hint)}"


def test_certificate_and_key_come_out(path: Path) -> None:
    ca = x509.load_der_x509_certificate(authority().der())
    held = contents_of(read(path, p12(cas=[ca])))
    assert set(held.certificates) == {AUTO.der(), authority().der()}
    assert held.key == public_half(AUTO.key)
    assert (held.keys, held.protected) == (1, True)


def test_of_a_private_key_only_its_public_half_is_kept(path: Path) -> None:
    """The whole of what is kept, as it would be saved."""
    seen = read(path, p12(of_key=rsa_key(2048)))
    saved = msgspec.msgpack.encode(contents_of(seen))
    numbers = rsa_key(2048).private_numbers()
    for number in (numbers.p, numbers.q, numbers.d):
        assert number.to_bytes((number.bit_length() + 7) // 8, "big") not in saved
    kept = contents_of(seen).key
    assert kept is not None
    assert (kept.algorithm, kept.bits) == ("RSA", 2048)


def test_the_key_of_another_certificate_comes_out_all_the_same(path: Path) -> None:
    held = contents_of(read(path, p12(of_key=key("stranger"))))
    assert held.key == public_half(key("stranger"))
    assert held.certificates == (AUTO.der(),)


def test_a_real_certificate_with_a_fresh_key(path: Path) -> None:
    der = shared_cert("TESTORG_authcli_10B0127189_2019.der")
    real = [x509.load_der_x509_certificate(der)]
    made = serialize_key_and_certificates(None, rsa_key(2048), None, real, NoEncryption())
    assert contents_of(read(path, made)).certificates == (der,)


# --- encryptions of all ages ------------------------------------------------------------------

OPENSSL = {
    "default": (),
    "rc2-40": ("-legacy", "-certpbe", "PBE-SHA1-RC2-40"),
    "3des": ("-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1"),
    "aes": ("-keypbe", "AES-256-CBC", "-certpbe", "AES-256-CBC", "-macalg", "sha256"),
    "plain-certificates": ("-certpbe", "NONE"),
    "no-seal": ("-nomac",),
}


def by_openssl(folder: Path, *options: str) -> bytes:
    """The same certificate and key, put together by the `openssl` of this machine."""
    bare = AUTO.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return joined(folder, x509.load_der_x509_certificate(AUTO.der()), bare, *options)


def joined(folder: Path, certificate: x509.Certificate, bare: bytes, *options: str) -> bytes:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    (folder / "cert.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    command = ["openssl", "pkcs12", "-export", "-in", "cert.pem", "-inkey", "/dev/stdin"]
    done = subprocess.run(
        [*command, "-passout", "env:SECRET", *options],
        cwd=folder,
        env={**os.environ, "SECRET": PASSWORD},
        input=bare,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", OPENSSL)
def test_encryptions_of_all_ages(path: Path, name: str) -> None:
    made = by_openssl(path.parent, *OPENSSL[name])
    held = contents_of(read(path, made))
    assert held.certificates == (AUTO.der(),)
    assert held.key == public_half(AUTO.key)
    assert held.protected
    assert "does not open" in problem_of(read(path, made, "another"))


# --- passwords --------------------------------------------------------------------------------


def test_a_wrong_password(path: Path) -> None:
    told = problem_of(read(path, p12(), "something else"))
    assert "does not open with this password" in told
    assert "something else" not in told


def test_an_empty_password(path: Path) -> None:
    assert "does not open with an empty password" in problem_of(read(path, p12(), ""))


def test_passwords_are_tried_until_one_opens(path: Path) -> None:
    path.write_bytes(p12())
    source = Several("one", PASSWORD, "three")
    assert contents_of(read_software_file(path, source)).key is not None
    assert source.given == 2


def test_letters_beyond_ascii(path: Path) -> None:

    secret = "clé de l'été — ñ"
    made = p12(encryption=BestAvailableEncryption(secret.encode()))
    assert contents_of(read(path, made, secret)).key is not None


def test_a_file_that_is_not_encrypted_opens_and_is_not_protected(path: Path) -> None:
    path.write_bytes(p12(encryption=NoEncryption()))
    held = contents_of(read_software_file(path, Nobody()))
    assert held.key is not None
    assert not held.protected


def test_a_bare_key_under_a_seal_is_not_protected(path: Path) -> None:
    made = by_openssl(path.parent, "-keypbe", "NONE", "-certpbe", "NONE")
    held = contents_of(read(path, made))
    assert held.key is not None
    assert not held.protected


def test_a_file_encrypted_with_an_empty_password_is_not_protected(path: Path) -> None:
    made = by_openssl(path.parent, "-passout", "pass:")
    held = contents_of(read(path, made, ""))
    assert held.key is not None
    assert not held.protected


def test_certificates_alone(path: Path) -> None:

    alone = [PKCS12Certificate(x509.load_der_x509_certificate(MANU.der()), b"name")]
    made = serialize_java_truststore(alone, BestAvailableEncryption(PASSWORD.encode()))
    held = contents_of(read(path, made))
    assert (held.certificates, held.key, held.keys) == ((MANU.der(),), None, 0)


# --- what does not open -----------------------------------------------------------------------


def test_no_password_is_asked_for_what_is_no_pkcs12(path: Path) -> None:
    path.write_bytes(AUTO.der())
    assert "a certificate alone" in problem_of(read_software_file(path, Nobody()))


def test_files_that_are_none(path: Path, tmp_path: Path) -> None:
    assert "no such file" in problem_of(read_software_file(path, Nobody()))
    assert "not a regular file" in problem_of(read_software_file(tmp_path, Nobody()))
    os.mkfifo(path)
    assert "not a regular file" in problem_of(read_software_file(path, Nobody()))
    large = tmp_path / "large.p12"
    large.write_bytes(bytes(1_000_000))
    assert "too large" in problem_of(read_software_file(large, Nobody()))


def test_no_terminal_to_ask_is_the_problem_of_that_file(path: Path) -> None:
    def no_terminal(question: str) -> str:
        raise EOFError

    path.write_bytes(p12())
    assert "No password was typed" in problem_of(
        read_software_file(path, PromptedPassword(no_terminal))
    )


def test_a_key_of_a_kind_that_is_not_known(path: Path) -> None:
    """X25519, which the library opens and then has no place for."""
    stranger = x25519.X25519PrivateKey.generate()
    bare = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = stranger.public_key()
    signer = key("signer")
    certificate = (
        x509.CertificateBuilder(authority().subject, authority().subject, public, 1)
        .not_valid_before(AUTO.start)
        .not_valid_after(AUTO.end)
        .sign(signer, SHA256())
    )
    made = joined(path.parent, certificate, stranger.private_bytes(*bare))
    assert "of a kind that is not known here" in problem_of(read(path, made))


def test_a_damaged_file(path: Path) -> None:
    good = p12()
    place = len(good) // 2
    told = problem_of(read(path, good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :]))
    assert "or the file is damaged" in told


# --- the child --------------------------------------------------------------------------------


def bomb(rounds: int) -> bytes:
    """A key under `rounds` rounds inside of an encrypted part, where nobody sees them before."""
    absurd, _ = _encrypted(b"no key", rounds=1)
    absurd["parameters"]["key_derivation_func"]["parameters"]["iteration_count"] = rounds
    wrapped = asn1_keys.EncryptedPrivateKeyInfo(
        {"encryption_algorithm": absurd, "encrypted_data": bytes(32)}
    )
    bag = pkcs12.SafeBag({"bag_id": "pkcs8_shrouded_key_bag", "bag_value": wrapped})
    algorithm, hidden = _encrypted(pkcs12.SafeContents([bag]).dump(), rounds=1)
    content = {
        "content_type": "data",
        "content_encryption_algorithm": algorithm,
        "encrypted_content": hidden,
    }
    part = cms.EncryptedData({"version": "v0", "encrypted_content_info": content})
    safe = pkcs12.AuthenticatedSafe([{"content_type": "encrypted_data", "content": part}]).dump()
    outer = {"content_type": "data", "content": core.OctetString(safe)}
    made: bytes = pkcs12.Pfx({"version": "v3", "auth_safe": outer}).dump()
    return made


def _encrypted(content: bytes, rounds: int) -> tuple[algos.EncryptionAlgorithm, bytes]:
    """PBES2 with AES-256-CBC."""
    salt, vector = b"saltsalt", bytes(16)
    secret = PBKDF2HMAC(SHA256(), 32, salt, rounds).derive(PASSWORD.encode())
    padder = padding.PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(secret), modes.CBC(vector)).encryptor()
    hidden = encryptor.update(padder.update(content) + padder.finalize()) + encryptor.finalize()
    derivation = {
        "algorithm": "pbkdf2",
        "parameters": {
            "salt": core.OctetString(salt),
            "iteration_count": rounds,
            "prf": {"algorithm": "sha256"},
        },
    }
    scheme = {"algorithm": "aes256_cbc", "parameters": vector}
    algorithm = algos.EncryptionAlgorithm(
        {
            "algorithm": "pbes2",
            "parameters": {"key_derivation_func": derivation, "encryption_scheme": scheme},
        }
    )
    return algorithm, hidden


def test_absurd_rounds_that_are_hidden_end_at_the_deadline() -> None:
    with pytest.raises(BadInput) as caught:
        adapter.open_pkcs12(bomb(2**31 - 1), Password(PASSWORD), deadline=1.5)
    assert say(caught.value.reason) == "It did not open within 1.5 seconds."


def test_a_file_of_that_build_with_few_rounds_is_just_refused() -> None:
    with pytest.raises(adapter.WrongPassword):
        adapter.open_pkcs12(bomb(1), Password(PASSWORD))


@pytest.fixture
def spied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the child is started with, written down by a shell in its place."""
    spy, seen = tmp_path / "python", tmp_path / "seen"
    spy.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" >{seen}\nenv >>{seen}\nexec {sys.executable} "$@"\n'
    )
    spy.chmod(spy.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(sys, "executable", str(spy))
    return seen


def test_no_password_in_argv_or_environment_of_the_child(
    path: Path, spied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CPX_P12_PASSWORD", PASSWORD)
    assert contents_of(read(path, p12())).key is not None
    lines = spied.read_text().splitlines()
    assert lines[:3] == ["-P", "-m", "cpx_tool.adapters.pkcs12"]
    assert "=" in lines[3]  # no more arguments: the environment begins
    assert PASSWORD not in spied.read_text()


def test_a_child_that_dies_is_a_problem_of_the_file(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dies = tmp_path / "python"
    dies.write_text("#!/bin/sh\nexit 7\n")
    dies.chmod(dies.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(sys, "executable", str(dies))
    assert "ended with 7" in problem_of(read(path, p12()))
