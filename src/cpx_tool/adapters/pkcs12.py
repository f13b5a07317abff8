"""pyca/cryptography: opens PKCS#12 files, in a child process, and writes those of the emulation.

Opening one derives keys in as many rounds as the file asks for, some of them only known inside
of it, in a call that cannot be interrupted: so it happens in a child, with a deadline. The private
key stays there; its public half comes back.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PublicFormat,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import (
    load_pkcs12,
    serialize_key_and_certificates,
)

from cpx_tool.adapters.system import child_environment, end_with_parent, keep_no_core
from cpx_tool.errors import BadInput
from cpx_tool.model.message import msg
from cpx_tool.model.software_key import SoftwareKey
from cpx_tool.ports import Password

DEADLINE = 60.0
"""Seconds. What `pki.pfx` lets through takes a few, even on a slow machine."""


class WrongPassword(Exception):
    """The file does not open with this password; or it is damaged: nothing tells the two apart."""


class Request(msgspec.Struct):
    """What the child is told: the file's content, and the password in UTF-8."""

    content: bytes
    password: bytes


class Opened(msgspec.Struct):
    """What the child found: certificates (DER), and what is kept of the private key.

    `refused`: it does not open. `strange`: it does, but the key is of no kind that is known.
    """

    certificates: list[bytes] = []
    key: SoftwareKey | None = None
    refused: bool = False
    strange: bool = False


def open_pkcs12(content: bytes, password: Password, deadline: float = DEADLINE) -> Opened:
    """Open a PKCS#12 in a child process. Raises `WrongPassword`, and `BadInput` for the rest."""
    request = msgspec.msgpack.encode(Request(content, password.reveal().encode()))
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "cpx_tool.adapters.pkcs12"],
            input=request,
            env=child_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=False,
            timeout=deadline,
        )
    except subprocess.TimeoutExpired:
        raise BadInput(
            msg("It did not open within {seconds} seconds.", seconds=f"{deadline:g}"),
            msg("No honest file takes so long: get it again, or export it again."),
        ) from None
    if done.returncode != 0:
        raise BadInput(
            msg("The process that opens it ended with {code}.", code=done.returncode),
            msg("Get the file again, or export it again with another program."),
        )
    opened = msgspec.msgpack.decode(done.stdout, type=Opened)
    if opened.refused:
        raise WrongPassword
    if opened.strange:
        raise BadInput(
            msg("Its private key is of a kind that is not known here."),
            msg("Keys are RSA, or on elliptic curves; those of the IGC-Santé are RSA."),
        )
    return opened


def write_pkcs12(
    key: RSAPrivateKey,
    certificate: x509.Certificate,
    authorities: Sequence[x509.Certificate],
    password: Password,
) -> bytes:
    """A PKCS#12 with certificate, key and chain, encrypted."""
    encryption = BestAvailableEncryption(password.reveal().encode())
    return serialize_key_and_certificates(None, key, certificate, authorities, encryption)


def main() -> None:
    """The child: a request on standard input, the answer on standard output."""
    keep_no_core()
    end_with_parent()
    request = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Request)
    sys.stdout.buffer.write(msgspec.msgpack.encode(_open(request)))


def _open(request: Request) -> Opened:
    try:
        held = load_pkcs12(request.content, request.password)
        entries = [held.cert, *held.additional_certs]
        return Opened(
            certificates=[e.certificate.public_bytes(Encoding.DER) for e in entries if e],
            key=_public_half(held.key),
        )
    except ValueError:
        return Opened(refused=True)
    except Exception:  # a key of a kind that the library has no name for, among them
        return Opened(strange=True)


def _public_half(key: PrivateKeyTypes | None) -> SoftwareKey | None:
    if key is None:
        return None
    algorithm, bits = "", 0
    if isinstance(key, RSAPrivateKey):
        algorithm, bits = "RSA", key.key_size
    elif isinstance(key, EllipticCurvePrivateKey):
        algorithm, bits = "EC", key.key_size
    public = key.public_key()
    spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return SoftwareKey(algorithm, bits, spki)


if __name__ == "__main__":
    main()
