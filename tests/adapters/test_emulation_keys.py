"""The key cache: private, shared by all runs, and never believed when it is damaged."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from cpx_tool.adapters.emulation_keys import LEAF_BITS, KeyCache
from cpx_tool.catalogue.sets import find_set
from cpx_tool.emulate.authorities import fit_together
from support.cli import environment
from support.emulation import planned

SMALL = 1024
"""Bits of CA keys: enough for what is tested here, and quick."""

PROFILE = planned(find_set("centre-sante"))[1]

RUN = """
import sys
from pathlib import Path
from cpx_tool.adapters.emulation_keys import KeyCache
found = KeyCache(Path(sys.argv[1]), authority_bits=1024).authorities()
print(" ".join(f"{c.serial_number:x}" for c in found.certificates.values()))
"""


@pytest.fixture
def cache(tmp_path: Path) -> KeyCache:
    return KeyCache(tmp_path / "keys", authority_bits=SMALL)


def serials(cache: KeyCache) -> list[int]:
    return [c.serial_number for c in cache.authorities().certificates.values()]


def test_keys_and_authorities_stay_the_same(cache: KeyCache) -> None:
    first, (keys,) = serials(cache), cache.cards([PROFILE])
    again, (same,) = serials(cache), cache.cards([PROFILE])
    assert first == again
    assert keys.authentication.private_numbers() == same.authentication.private_numbers()
    assert keys.authentication.private_numbers() != keys.signature.private_numbers()
    assert keys.stray is None


def test_files_are_for_their_owner_only(cache: KeyCache) -> None:
    cache.authorities()
    cache.cards([PROFILE])
    assert cache.directory.stat().st_mode & 0o777 == 0o700
    modes = {path.stat().st_mode & 0o777 for path in cache.directory.iterdir()}
    assert modes == {0o600}
    assert len(list(cache.directory.iterdir())) == 3


def test_the_same_card_number_has_the_same_keys_and_another_has_others(cache: KeyCache) -> None:
    clone = replace(PROFILE, serial="0000000f")
    other = replace(PROFILE, card_number="9900000001")
    keys = [k.authentication.private_numbers() for k in cache.cards([PROFILE, clone, other])]
    assert keys[0] == keys[1] != keys[2]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-40],
        lambda content: content.replace(b"A", b"B", 1),
        lambda content: b"no key at all\n",
    ],
)
def test_a_damaged_file_is_made_anew(cache: KeyCache, damage: object) -> None:
    serials(cache)
    cache.cards([PROFILE])
    files = sorted(cache.directory.iterdir())
    for path in files:
        path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    found = cache.authorities()
    assert fit_together(found.keys, found.certificates)
    (keys,) = cache.cards([PROFILE])
    numbers = keys.authentication.private_numbers()
    assert numbers.p * numbers.q == numbers.public_numbers.n
    assert sorted(cache.directory.iterdir()) == files
    assert serials(cache) == [c.serial_number for c in found.certificates.values()]
    assert cache.cards([PROFILE])[0].authentication.private_numbers() == numbers


def _pem(key: PrivateKeyTypes, secret: KeySerializationEncryption) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, secret)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"garbage\n",
        _pem(ec.generate_private_key(ec.SECP256R1()), NoEncryption()),
        _pem(rsa.generate_private_key(65537, SMALL), NoEncryption()),
        _pem(rsa.generate_private_key(65537, SMALL), BestAvailableEncryption(b"secret")),
    ],
    ids=["nothing", "garbage", "elliptic", "short", "enciphered"],
)
def test_a_file_that_somebody_else_made_is_made_anew(cache: KeyCache, content: bytes) -> None:
    """Its digest is right."""
    cache.cards([PROFILE])
    whole = b"sha256 " + hashlib.sha256(content).hexdigest().encode() + b"\n" + content
    for path in cache.directory.iterdir():
        path.write_bytes(whole)
    (keys,) = cache.cards([PROFILE])
    assert keys.authentication.key_size == LEAF_BITS
    (again,) = cache.cards([PROFILE])
    assert again.signature.private_numbers() == keys.signature.private_numbers()


def test_the_pki_of_another_version_is_made_anew(cache: KeyCache, tmp_path: Path) -> None:
    """Whole and readable, but its certificates are not those that its keys would need."""
    other = KeyCache(tmp_path / "other", authority_bits=SMALL)
    serials(cache)
    serials(other)
    (ours,), (theirs,) = cache.directory.iterdir(), other.directory.iterdir()
    marks = b"-----BEGIN CERTIFICATE-----"
    head, tail = ours.read_bytes().partition(b"\n")[2], theirs.read_bytes().partition(b"\n")[2]
    mixed = head.split(marks)[0] + marks + tail.split(marks, 1)[1]
    ours.write_bytes(b"sha256 " + hashlib.sha256(mixed).hexdigest().encode() + b"\n" + mixed)
    found = cache.authorities()
    assert fit_together(found.keys, found.certificates)
    assert serials(cache) == [c.serial_number for c in found.certificates.values()]


def test_runs_at_once_share_one_pki(tmp_path: Path) -> None:
    command = [sys.executable, "-c", RUN, str(tmp_path / "keys")]
    runs = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment())
        for _ in range(4)
    ]
    answers = {run.communicate(timeout=60)[0] for run in runs}
    assert [run.returncode for run in runs] == [0] * 4
    assert len(answers) == 1
    assert answers.pop().split() == [
        f"{serial:x}" for serial in serials(KeyCache(tmp_path / "keys", SMALL))
    ]
    assert len(list((tmp_path / "keys").iterdir())) == 1
