"""A card's authentication key for TLS: it logs in when a first server asks for it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from cpx_tool.model.handshake import PSS_MECHANISM, RAW_MECHANISM, KeyUse
from cpx_tool.model.observation import SignatureTry
from cpx_tool.model.token import CertificateObject
from cpx_tool.observe.session import CardSession
from cpx_tool.pki.pss import pss_block
from cpx_tool.ports import KeyFault

PKCS1, PSS, RAW = "CKM_RSA_PKCS", PSS_MECHANISM, RAW_MECHANISM

_PSS_SCHEMES = ("rsa_pss_rsae_sha256", "rsa_pss_rsae_sha384", "rsa_pss_rsae_sha512")
_PKCS1_SCHEMES = (
    "rsa_pkcs1_sha256",
    "rsa_pkcs1_sha384",
    "rsa_pkcs1_sha512",
    "rsa_pkcs1_sha1",
)


def schemes_of(mechanisms: Collection[str]) -> tuple[str, ...]:
    """What a token that announces these mechanisms can sign, best first.

    A raw operation comes last: the Cryptolib announces it for CPS3, and refuses it (its 5.2
    sources, cps3_init; seen with 5.2.2).
    """
    by_card = _PSS_SCHEMES if PSS in mechanisms else ()
    pkcs1 = _PKCS1_SCHEMES if PKCS1 in mechanisms else ()
    raw = _PSS_SCHEMES if RAW in mechanisms and not by_card else ()
    return by_card + pkcs1 + raw


@dataclass(frozen=True, slots=True)
class CardKey:
    """Satisfies `ports.ClientKey` with the key that belongs to `certificate`; `issuers` (DER) are
    sent with it. `modulus_bits` is the length of its modulus; `refused` are mechanisms that it
    turned out not to have: once one is, there is no PSS.
    """

    session: CardSession
    certificate: CertificateObject
    issuers: tuple[bytes, ...]
    modulus_bits: int
    refused: set[str] = field(default_factory=set)

    @property
    def certificates(self) -> tuple[bytes, ...]:
        """See `ports.ClientKey.certificates`."""
        return (self.certificate.der, *self.issuers)

    def schemes(self) -> tuple[str, ...]:
        """See `ports.ClientKey.schemes`."""
        able = schemes_of(self.session.contents.info.mechanisms)
        return tuple(one for one in able if not (self.refused and one in _PSS_SCHEMES))

    def ready(self) -> bool:
        """See `ports.ClientKey.ready`."""
        return self.session.login()

    def sign(self, scheme: str, data: bytes) -> tuple[bytes, KeyUse]:
        """See `ports.ClientKey.sign`."""
        if not self.session.login():
            raise KeyFault(None)
        mechanism, block = self._operation(scheme, data)
        tried = SignatureTry(self.certificate.id, self.certificate.label, mechanism, data)
        done = self.session.sign(tried, block)
        use = KeyUse(mechanism, done.seconds, done.fault)
        if use.is_vain_promise:
            self.refused.add(mechanism)
        if done.fault is not None:
            raise KeyFault(use)
        return done.signature, use

    def _operation(self, scheme: str, data: bytes) -> tuple[str, bytes]:
        if scheme.startswith("rsa_pkcs1"):
            return PKCS1, data
        if PSS in self.session.contents.info.mechanisms:
            return PSS, data
        return RAW, pss_block(data, scheme.rpartition("_")[2], self.modulus_bits)
