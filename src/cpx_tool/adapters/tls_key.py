"""A key of tlslite-ng whose private half is elsewhere: on a card, or in another process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from time import perf_counter
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from tlslite.utils.python_rsakey import Python_RSAKey
from tlslite.x509 import X509
from tlslite.x509certchain import X509CertChain

from cpx_tool.adapters.bounded_socket import Deadline
from cpx_tool.adapters.ended import Ended
from cpx_tool.adapters.tls_watch import Watch
from cpx_tool.errors import CpxError
from cpx_tool.model.fault import Fault, FaultKind
from cpx_tool.model.handshake import End, KeyUse, Step
from cpx_tool.pki.certificate import BadCertificate, cut_apart
from cpx_tool.ports import ClientKey, KeyFault

T = TypeVar("T")

_HASH_BY_DIGEST_INFO = {35: "sha1", 47: "sha224", 51: "sha256", 67: "sha384", 83: "sha512"}
"""By its length in bytes (RFC 8017, 9.2, note 1)."""


class RemoteKey(Python_RSAKey):
    """Signs by asking `key`; the public half verifies what comes back before it is sent."""

    def __init__(self, key: ClientKey, watch: Watch, deadline: Deadline) -> None:
        numbers = _public(key.certificates[0])
        super().__init__(n=numbers.n, e=numbers.e)
        self._key = key
        self._watch = watch
        self._deadline = deadline
        self.schemes = key.schemes()
        self.issuers = frozenset(_issuers(key.certificates))
        """The names (DER) of those who issued what is presented."""

    def hasPrivateKey(self) -> bool:  # noqa: N802 - tlslite's
        """Somewhere."""
        return True

    def get_ready(self) -> None:
        """Log in where that is needed, before anything of the client's is shown. Raises `Ended`."""
        if not self._ask(self._key.ready):
            raise Ended(Step.SIGNATURE, End.NO_LOGIN)

    def sign(
        self,
        bytes: bytearray,
        padding: str = "pkcs1",
        hashAlg: str | None = None,  # noqa: N803 - tlslite's
        saltLen: int | None = None,  # noqa: N803 - tlslite's
    ) -> bytearray:
        """The signature. Raises `Ended`."""
        data = memoryview(bytes).tobytes()
        if padding == "pss":
            scheme = f"rsa_pss_rsae_{hashAlg}"
        else:
            scheme = f"rsa_pkcs1_{_HASH_BY_DIGEST_INFO.get(len(data), '')}"
        self._watch.scheme = scheme
        signature, use = self._ask(partial(self._key.sign, scheme, data))
        self._watch.signature = use
        given = bytearray(signature)
        if not self.verify(given, bytes, padding, hashAlg, saltLen):
            raise Ended(Step.SIGNATURE, End.WRONG_SIGNATURE)
        self._watch.step = Step.VERDICT
        return given

    def _ask(self, question: Callable[[], T]) -> T:
        """The key's answer; the server's time stands still. Raises `Ended`, and `CpxError` where a
        person has to do something.
        """
        self._watch.step = Step.SIGNATURE
        start = perf_counter()
        try:
            with self._deadline.paused():
                return question()
        except KeyFault as fault:
            self._watch.signature = fault.use
            end = End.NO_LOGIN if fault.use is None else End.NOT_SIGNED
            raise Ended(Step.SIGNATURE, end) from None
        except CpxError:
            raise
        except Exception as error:  # ours, and no fault of the server's
            fault_of_ours = Fault(FaultKind.ERROR, "sign", type(error).__name__)
            self._watch.signature = KeyUse("", fault=fault_of_ours)
            raise Ended(Step.SIGNATURE, End.NOT_SIGNED) from error
        finally:
            self._watch.took(Step.SIGNATURE, start)


def chain_of(key: ClientKey, own: RemoteKey) -> X509CertChain:
    """What is presented. tlslite-ng does not get to parse it: it would refuse some."""
    items = []
    for der in key.certificates:
        item = X509()
        item.bytes = bytearray(der)
        item.publicKey, item.certAlg = own, "rsa"
        items.append(item)
    return X509CertChain(items)


class NoRsaKey(Exception):
    """The certificate has no RSA key, or cannot be read; cards and ORG of the field have one."""


def _issuers(ders: Iterable[bytes]) -> Iterator[bytes]:
    for der in ders:
        with suppress(BadCertificate):
            yield cut_apart(der).issuer


def _public(der: bytes) -> RSAPublicNumbers:
    try:
        public = x509.load_der_x509_certificate(der).public_key()
    except Exception as error:  # ValueError, UnsupportedAlgorithm, and what Rust's parser throws
        raise NoRsaKey from error
    if not isinstance(public, RSAPublicKey):
        raise NoRsaKey
    return public.public_numbers()
