"""A key in a PKCS#12 file signs in a process of its own, and only what it is asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, NoEncryption
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from tlslite.utils.rsakey import RSAKey

from cpx_tool.adapters.pkcs12_key import SCHEMES, Pkcs12Key
from cpx_tool.model.fault import FaultKind
from cpx_tool.ports import KeyFault, Password
from support.pki import Key, rsa_key
from support.processes import wait_for_end

PASSWORD = "open sesame"
HASHES: dict[str, HashAlgorithm] = {
    "sha1": SHA1(),  # noqa: S303 - it is among them
    "sha256": SHA256(),
    "sha384": SHA384(),
    "sha512": SHA512(),
}


def pfx(key: Key, password: str = PASSWORD) -> bytes:
    hidden = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    return serialize_key_and_certificates(b"own", key, None, None, hidden)


def opened(key: Key, password: str = PASSWORD) -> Pkcs12Key:
    return Pkcs12Key(pfx(key, password), Password(password), (b"own",))


@pytest.fixture(scope="module")
def signer() -> Iterator[Pkcs12Key]:
    with closing(opened(rsa_key(2048))) as made:
        yield made


def to_sign(scheme: str, message: bytes) -> bytes:
    """As tlslite-ng gives it: a DigestInfo, or a hash."""
    name = scheme.rpartition("_")[2]
    digest = bytearray(hashlib.new(name, message).digest())
    return bytes(digest if "pss" in scheme else RSAKey.addPKCS1Prefix(digest, name))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_each_scheme_verifies(signer: Pkcs12Key, scheme: str) -> None:
    message = scheme.encode()
    signature, use = signer.sign(scheme, to_sign(scheme, message))
    algorithm = HASHES[scheme.rpartition("_")[2]]
    pads: padding.AsymmetricPadding = padding.PKCS1v15()
    if "pss" in scheme:
        pads = padding.PSS(padding.MGF1(algorithm), algorithm.digest_size)
    digest = hashlib.new(algorithm.name, message).digest()
    public = rsa_key(2048).public_key()
    public.verify(signature, digest, pads, Prehashed(algorithm))
    with pytest.raises(InvalidSignature):
        public.verify(signature, bytes(len(digest)), pads, Prehashed(algorithm))
    assert (use.mechanism, use.fault) == ("", None)
    assert use.seconds > 0


def test_all_the_schemes_of_tls_are_offered_best_first(signer: Pkcs12Key) -> None:
    assert signer.schemes() == SCHEMES
    assert len(SCHEMES) == 7
    assert signer.schemes()[0] == "rsa_pss_rsae_sha256"


def test_a_file_without_a_password() -> None:
    with closing(opened(rsa_key(2048), "")) as key:
        assert key.certificates == (b"own",)
        assert key.sign(SCHEMES[0], bytes(32))[0]


def test_a_key_too_short_for_a_hash_does_not_end_the_process() -> None:
    short = rsa.generate_private_key(65537, 1024)  # noqa: S505
    with closing(opened(short)) as key:
        with pytest.raises(KeyFault) as fault:
            key.sign("rsa_pss_rsae_sha512", bytes(64))
        assert fault.value.use is not None
        assert fault.value.use.fault is not None
        assert fault.value.use.fault.kind is FaultKind.ERROR
        assert key.sign("rsa_pkcs1_sha256", to_sign("rsa_pkcs1_sha256", b""))[0]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(lambda: pfx(rsa_key(2048), "another"), id="another password"),
        pytest.param(lambda: pfx(ec.generate_private_key(ec.SECP256R1())), id="a curve"),
        pytest.param(lambda: b"junk", id="junk"),
        pytest.param(lambda: b"", id="empty"),
    ],
)
def test_what_cannot_sign_says_so_each_time(content: object) -> None:
    """It was looked at before; if it is another all the same, nothing hangs."""
    assert callable(content)
    with closing(Pkcs12Key(content(), Password(PASSWORD), ())) as key:
        for _ in range(2):
            with pytest.raises(KeyFault):
                key.sign(SCHEMES[0], bytes(32))


def test_the_process_ends_with_the_key() -> None:
    key = opened(rsa_key(2048))
    pid = key._process.pid
    key.close()
    wait_for_end(pid)
    key.close()  # twice is no harm


def test_a_process_that_was_killed_is_told() -> None:
    with closing(opened(rsa_key(2048))) as key:
        key.sign(SCHEMES[0], bytes(32))
        key._process.kill()
        key._process.wait()
        with pytest.raises(KeyFault):
            key.sign(SCHEMES[0], bytes(32))


def test_neither_key_nor_password_are_on_the_command_line_or_in_the_environment() -> None:
    with closing(opened(rsa_key(2048))) as key:
        key.sign(SCHEMES[0], bytes(32))
        for name in ("cmdline", "environ"):
            with open(f"/proc/{key._process.pid}/{name}", "rb") as shown:  # noqa: PTH123
                assert PASSWORD.encode() not in shown.read()
