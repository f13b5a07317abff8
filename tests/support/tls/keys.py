"""A client's key in memory, and the connection that it makes."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from cpx_tool.adapters.reach import Proxy
from cpx_tool.adapters.server_proof import ServerTrust, read_ca_file
from cpx_tool.adapters.tls_client import TlsliteClient
from cpx_tool.model.endpoint import Endpoint
from cpx_tool.model.fault import Fault, FaultKind
from cpx_tool.model.handshake import AnchorSource, Connection, KeyUse
from cpx_tool.ports import ClientKey, KeyFault
from support.tls.pki import HOST, FilePki, Identity

PSS = ("rsa_pss_rsae_sha256", "rsa_pss_rsae_sha384", "rsa_pss_rsae_sha512")
PKCS1 = ("rsa_pkcs1_sha256", "rsa_pkcs1_sha384", "rsa_pkcs1_sha512", "rsa_pkcs1_sha1")
SECONDS = 20.0

_HASHES: dict[str, HashAlgorithm] = {
    "sha1": SHA1(),  # noqa: S303 - what old servers ask for
    "sha256": SHA256(),
    "sha384": SHA384(),
    "sha512": SHA512(),
}


@dataclass
class FileKey:
    """Satisfies `ports.ClientKey`; `asked` is what it was given to sign. `faulty`: it refuses;
    `locked`: it does not even let itself be logged in to.
    """

    identity: Identity
    able: tuple[str, ...] = PSS + PKCS1
    faulty: bool = False
    locked: bool = False
    asked: list[tuple[str, bytes]] = field(default_factory=list)

    @cached_property
    def certificates(self) -> tuple[bytes, ...]:
        """All that are in the file."""
        content = self.identity.certificate.read_bytes()
        found = x509.load_pem_x509_certificates(content)
        return tuple(one.public_bytes(Encoding.DER) for one in found)

    @cached_property
    def private(self) -> RSAPrivateKey:
        """The key in its file."""
        key = load_pem_private_key(self.identity.key.read_bytes(), None)
        assert isinstance(key, RSAPrivateKey)
        return key

    def schemes(self) -> tuple[str, ...]:
        return self.able

    def ready(self) -> bool:
        return not self.locked

    def sign(self, scheme: str, data: bytes) -> tuple[bytes, KeyUse]:
        self.asked.append((scheme, data))
        if self.faulty:
            raise KeyFault(KeyUse("", fault=Fault(FaultKind.ERROR, "C_Sign", "CKR_GENERAL_ERROR")))
        algorithm = _HASHES[scheme.rpartition("_")[2]]
        pads: padding.AsymmetricPadding = padding.PKCS1v15()
        if scheme.startswith("rsa_pss"):
            pads = padding.PSS(padding.MGF1(algorithm), algorithm.digest_size)
        digest = data[-algorithm.digest_size :]
        return self.private.sign(digest, pads, Prehashed(algorithm)), KeyUse("")


def connect(
    port: int,
    pki: FilePki,
    key: ClientKey | None = None,
    *,
    path: str = "/",
    newest: str = "TLSv1.3",
    proxy: Proxy | None = None,
) -> Connection:
    """One connection to a server of this machine that the PKI vouches for."""
    trust = ServerTrust({AnchorSource.CA_FILE: read_ca_file(pki.ca)})
    endpoint = Endpoint(HOST, port, path)
    return TlsliteClient(trust, SECONDS, proxies={endpoint: proxy}).connect(endpoint, newest, key)
