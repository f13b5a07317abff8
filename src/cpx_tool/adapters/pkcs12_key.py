"""A key in a PKCS#12 file for TLS. It stays in a child process, which signs when it is asked."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from time import perf_counter
from typing import Any, BinaryIO

import msgspec
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12

from cpx_tool.adapters.frames import read_frame, write_frame
from cpx_tool.adapters.system import child_environment, end_with_parent, keep_no_core
from cpx_tool.model.fault import Fault, FaultKind
from cpx_tool.model.handshake import KeyUse
from cpx_tool.ports import KeyFault, Password

SCHEMES = (
    "rsa_pss_rsae_sha256",
    "rsa_pss_rsae_sha384",
    "rsa_pss_rsae_sha512",
    "rsa_pkcs1_sha256",
    "rsa_pkcs1_sha384",
    "rsa_pkcs1_sha512",
    "rsa_pkcs1_sha1",
)
_HASHES: dict[str, HashAlgorithm] = {
    "sha1": SHA1(),  # noqa: S303 - where a server takes nothing else
    "sha256": SHA256(),
    "sha384": SHA384(),
    "sha512": SHA512(),
}


class Opening(msgspec.Struct):
    """The first thing the child is told."""

    content: bytes
    password: bytes


class Signing(msgspec.Struct):
    """What it is told from then on; its answer is the signature, b"" when there is none."""

    scheme: str
    data: bytes


class Pkcs12Key:
    """Satisfies `ports.ClientKey` with the key in `content`, which `password` opens.

    `certificates` (DER) are those to present: the key's own first.
    """

    def __init__(self, content: bytes, password: Password, certificates: tuple[bytes, ...]) -> None:
        self._certificates = certificates
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "cpx_tool.adapters.pkcs12_key"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=child_environment(),
        )
        self._tell(msgspec.msgpack.encode(Opening(content, password.reveal().encode())))

    @property
    def certificates(self) -> tuple[bytes, ...]:
        """See `ports.ClientKey.certificates`."""
        return self._certificates

    def schemes(self) -> tuple[str, ...]:
        """See `ports.ClientKey.schemes`."""
        return SCHEMES

    def ready(self) -> bool:
        """See `ports.ClientKey.ready`."""
        return True

    def sign(self, scheme: str, data: bytes) -> tuple[bytes, KeyUse]:
        """See `ports.ClientKey.sign`."""
        start = perf_counter()
        self._tell(msgspec.msgpack.encode(Signing(scheme, data)))
        signature = read_frame(_pipe(self._process.stdout))
        use = KeyUse("", perf_counter() - start)
        if not signature:
            raise KeyFault(KeyUse("", use.seconds, Fault(FaultKind.ERROR, "sign", "refused")))
        return signature, use

    def close(self) -> None:
        """End the child."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # what a child did not read any more
                _pipe(pipe).close()

    def _tell(self, frame: bytes) -> None:
        try:
            write_frame(_pipe(self._process.stdin), frame)
        except OSError:  # it has ended; then it does not answer either
            return


def _pipe(pipe: Any) -> BinaryIO:
    stream: BinaryIO = pipe
    return stream


def main() -> None:
    """The child: opens, then signs until its input ends."""
    keep_no_core()
    end_with_parent()
    opening = msgspec.msgpack.decode(read_frame(sys.stdin.buffer) or b"", type=Opening)
    key = load_pkcs12(opening.content, opening.password).key
    assert isinstance(key, RSAPrivateKey)  # noqa: S101 - looked at before
    while frame := read_frame(sys.stdin.buffer):
        asked = msgspec.msgpack.decode(frame, type=Signing)
        write_frame(sys.stdout.buffer, _signature(key, asked))


def _signature(key: RSAPrivateKey, asked: Signing) -> bytes:
    algorithm = _HASHES[asked.scheme.rpartition("_")[2]]
    digest = asked.data[-algorithm.digest_size :]  # of a DigestInfo, its end
    pads: padding.AsymmetricPadding = padding.PKCS1v15()
    if asked.scheme.startswith("rsa_pss"):
        pads = padding.PSS(padding.MGF1(algorithm), algorithm.digest_size)
    try:
        return key.sign(digest, pads, Prehashed(algorithm))
    except ValueError:  # a key too short for this hash
        return b""


if __name__ == "__main__":
    main()
