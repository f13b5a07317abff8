"""RSA keys of the emulation: made on the spot, kept in a cache directory, mode 0600."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from cpx_tool.emulate.authorities import AUTHORITIES, make_authorities
from cpx_tool.emulate.card import CardKeys

LEAF_BITS = 2048
AUTHORITY_BITS = 4096
_PUBLIC_EXPONENT = 65537


@dataclass(frozen=True, slots=True)
class KeyCache:
    """Keys by name. Two runs at once are harmless: files appear whole, the last one stays."""

    directory: Path
    authority_bits: int = AUTHORITY_BITS

    def authorities(self) -> tuple[dict[str, RSAPrivateKey], dict[str, x509.Certificate]]:
        """Key and certificate of each CA; the certificates stay the same between runs."""
        keys = self._keys([(f"ca-{code}", self.authority_bits) for code in AUTHORITIES])
        by_code = dict(zip(AUTHORITIES, keys, strict=True))
        made = {code: self._certificate(code, by_code) for code in AUTHORITIES}
        if any(certificate is None for certificate in made.values()):
            fresh = make_authorities(by_code)
            for code, certificate in fresh.items():
                self._write(f"ca-{code}.cer", certificate.public_bytes(Encoding.DER))
            return by_code, fresh
        return by_code, {code: c for code, c in made.items() if c is not None}

    def cards(self, count: int) -> list[CardKeys]:
        """The keys of `count` cards."""
        roles = ("authentication", "signature")
        names = [f"card-{n:02d}-{role}" for n in range(count) for role in roles]
        keys = self._keys([(name, LEAF_BITS) for name in ["stray", *names]])
        stray, pairs = keys[0], iter(keys[1:])
        return [CardKeys(first, second, stray) for first, second in zip(pairs, pairs, strict=True)]

    def _keys(self, wanted: Sequence[tuple[str, int]]) -> list[RSAPrivateKey]:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        # making a key leaves the interpreter free, so threads use every core
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            return list(pool.map(lambda item: self._key(*item), wanted))

    def _key(self, name: str, bits: int) -> RSAPrivateKey:
        path = self.directory / f"{name}.{bits}.key"
        try:
            key = load_der_private_key(path.read_bytes(), None, unsafe_skip_rsa_key_validation=True)
            if isinstance(key, RSAPrivateKey) and key.key_size == bits:
                return key
        except (OSError, ValueError, TypeError):
            pass  # absent or damaged: made anew
        made = rsa.generate_private_key(_PUBLIC_EXPONENT, bits)
        content = made.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        self._write(path.name, content)
        return made

    def _certificate(self, code: str, keys: dict[str, RSAPrivateKey]) -> x509.Certificate | None:
        try:
            content = (self.directory / f"ca-{code}.cer").read_bytes()
            certificate = x509.load_der_x509_certificate(content)
        except (OSError, ValueError):
            return None
        own = keys[code].public_key()
        return certificate if certificate.public_key() == own else None

    def _write(self, name: str, content: bytes) -> None:
        handle, temporary = tempfile.mkstemp(dir=self.directory)  # mode 0600
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).replace(self.directory / name)


def pem_bundle(certificates: Iterable[x509.Certificate]) -> bytes:
    """Several certificates in one PEM text."""
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)
