"""A client's key in a file."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from cpx_tool.adapters.pkcs12_key import SCHEMES, Signing, signature_of
from cpx_tool.model.handshake import KeyUse
from support.tls.pki import Identity


class FileKey:
    """Satisfies `ports.ClientKey` with a key in memory, and counts."""

    def __init__(self, identity: Identity) -> None:
        certificate = x509.load_pem_x509_certificate(identity.certificate.read_bytes())
        key = load_pem_private_key(identity.key.read_bytes(), None)
        assert isinstance(key, RSAPrivateKey)
        self._key = key
        self.certificates = (certificate.public_bytes(Encoding.DER),)
        self.asked = 0

    def schemes(self) -> tuple[str, ...]:
        return SCHEMES

    def sign(self, scheme: str, data: bytes) -> tuple[bytes, KeyUse]:
        self.asked += 1
        return signature_of(self._key, Signing(scheme, data)), KeyUse("")
