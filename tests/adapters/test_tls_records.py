"""Ciphers in the place of tlslite-ng's: the same bytes, where the library would use its own."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tlslite.constants import CipherSuite
from tlslite.recordlayer import RecordLayer
from tlslite.utils.cipherfactory import createAESGCM, createCHACHA20

from cpx_tool.adapters.bounded_socket import BoundedSocket, Deadline
from cpx_tool.adapters.tls_connection import ObservedConnection
from cpx_tool.adapters.tls_records import Cipher, Records, aes_gcm, chacha20
from cpx_tool.adapters.tls_watch import Watch
from cpx_tool.model.handshake import ServerProof
from support.tls.nginx import Verify, nginx
from support.tls.pki import FilePki

NONCE, DATA, TEXT = bytearray(range(12)), bytearray(b"data"), bytearray(b"text" * 9)


@pytest.mark.parametrize(
    ("make", "original", "size"),
    [(aes_gcm, createAESGCM, 16), (aes_gcm, createAESGCM, 32), (chacha20, createCHACHA20, 32)],
)
def test_it_says_of_itself_and_seals_what_the_librarys_own_does(
    make: Callable[..., Cipher], original: Callable[..., Any], size: int
) -> None:
    key = bytearray(range(size))
    ours, theirs = make(key, ["python"]), original(key, ["python"])
    for name in ("name", "isAEAD", "isBlockCipher", "nonceLength", "tagLength"):
        assert getattr(ours, name) == getattr(theirs, name)
    sealed = ours.seal(NONCE, TEXT, DATA)
    assert sealed == theirs.seal(NONCE, TEXT, DATA)
    assert ours.open(NONCE, sealed, DATA) == TEXT == theirs.open(NONCE, sealed, DATA)


@pytest.mark.parametrize("make", [aes_gcm, chacha20])
@pytest.mark.parametrize("change", [0, -1])
def test_what_was_changed_is_not_opened(make: Callable[..., Cipher], change: int) -> None:
    cipher = make(bytearray(32))
    sealed = cipher.seal(NONCE, TEXT, DATA)
    sealed[change] ^= 1
    assert cipher.open(NONCE, sealed, DATA) is None
    assert cipher.open(NONCE, sealed[:3], DATA) is None


@pytest.mark.parametrize(
    ("suites", "make"),
    [
        (CipherSuite.aes128GcmSuites, aes_gcm),
        (CipherSuite.aes256GcmSuites, aes_gcm),
        (CipherSuite.chacha20Suites, chacha20),
    ],
)
def test_the_library_asks_it_for_these_suites(suites: list[int], make: object) -> None:
    assert {Records._getCipherSettings(suite)[2] for suite in suites} == {make}


def test_other_suites_are_left_as_they_are() -> None:
    for suite in CipherSuite.aes128Suites:
        assert Records._getCipherSettings(suite) == RecordLayer._getCipherSettings(suite)


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_a_connection_uses_it(tmp_path: Path, version: str) -> None:
    pki = FilePki(tmp_path)
    with (
        nginx(pki.server(), verify=Verify.OFF, protocols=version) as server,
        socket.create_connection(("127.0.0.1", server.port), 10) as plain,
    ):
        sock = BoundedSocket(plain, Deadline(10), 1_000_000)
        connection = ObservedConnection(sock, Watch(), lambda _: ServerProof(0))
        connection.insecure = True
        connection.shake_hands("TLSv1.3", "localhost", None)
        assert connection.getCipherImplementation() == Cipher.implementation
        connection.write(b"GET / HTTP/1.0\r\n\r\n")
        assert connection.read(None, 5).startswith(b"HTTP/")
