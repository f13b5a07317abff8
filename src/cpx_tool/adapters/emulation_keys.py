"""RSA keys of the emulation: made on the spot, kept in a cache directory, mode 0600.

Files appear whole, and the first of two runs wins, so that all emulations share one PKI. A file
that is damaged is made anew.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from cpx_tool.adapters.files import write_whole
from cpx_tool.emulate.authorities import AUTHORITIES, fit_together, make_authorities
from cpx_tool.emulate.card import CardKeys
from cpx_tool.emulate.defects import Defect
from cpx_tool.emulate.organisation import Organisation
from cpx_tool.emulate.profile import Profile

LEAF_BITS = 2048
AUTHORITY_BITS = 4096
_PUBLIC_EXPONENT = 65537
_DIGEST = b"sha256 %b\n"
_PEM_BLOCK = re.compile(rb"-----BEGIN ([A-Z ]+)-----.*?-----END \1-----\n", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Authorities:
    """The CAs of the emulated PKI, by code."""

    keys: Mapping[str, RSAPrivateKey]
    certificates: Mapping[str, x509.Certificate]


@dataclass(frozen=True, slots=True)
class KeyCache:
    """Keys by name, in `directory`. Every method may raise `OSError`."""

    directory: Path
    authority_bits: int = AUTHORITY_BITS

    def authorities(self) -> Authorities:
        """Key and certificate of each CA; they stay the same between runs."""
        name = f"authorities.{self.authority_bits}.pem"
        unusable = self._exists(name)
        found = _read_authorities(self._content(name))
        if found is not None:
            return found
        made = rsa_keys([self.authority_bits] * len(AUTHORITIES))
        keys = dict(zip(AUTHORITIES, made, strict=True))
        fresh = Authorities(keys, make_authorities(keys))
        self._keep(name, _authorities_pem(fresh), replace=unusable)
        return _read_authorities(self._content(name)) or fresh

    def cards(self, profiles: Sequence[Profile]) -> list[CardKeys]:
        """The keys of each card: the same card number, the same keys."""
        wanted = {name for profile in profiles for name in _key_names(profile)}
        keys = self._keys(sorted(wanted))
        return [CardKeys(*(keys[name] for name in _key_names(card))) for card in profiles]

    def technical(self, profile: Profile) -> RSAPrivateKey:
        """The key that a card has for readings without contacts."""
        (key,) = self._keys([f"card-{profile.card_number}-technical.{LEAF_BITS}.pem"]).values()
        return key

    def organisations(self, wanted: Sequence[Organisation]) -> list[RSAPrivateKey]:
        """The key of each software certificate: the same structure and name, the same key."""
        names = [f"org-{o.structure.identifier}-{o.common_name}.{LEAF_BITS}.pem" for o in wanted]
        keys = self._keys(sorted(names))
        return [keys[name] for name in names]

    def _keys(self, names: Sequence[str]) -> dict[str, RSAPrivateKey]:
        unusable = {name for name in names if self._exists(name)}
        read = {name: _read_key(self._content(name)) for name in names}
        keys = {name: key for name, key in read.items() if key and key.key_size == LEAF_BITS}
        missing = [name for name in names if name not in keys]
        for name, fresh in zip(missing, rsa_keys([LEAF_BITS] * len(missing)), strict=True):
            self._keep(name, _key_pem(fresh), replace=name in unusable)
            keys[name] = _read_key(self._content(name)) or fresh
        return keys

    def _exists(self, name: str) -> bool:
        return (self.directory / name).exists()

    def _content(self, name: str) -> bytes | None:
        """The file's content, None when it is absent or not as it was written."""
        try:
            head, _, content = (self.directory / name).read_bytes().partition(b"\n")
        except FileNotFoundError:
            return None
        return content if head + b"\n" == _digest_line(content) else None

    def _keep(self, name: str, content: bytes, *, replace: bool) -> None:
        """Write the file, unless another run was first; over one that is of no use, `replace`."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        whole = _digest_line(content) + content
        with suppress(FileExistsError):
            write_whole(self.directory / name, whole, mode=0o600, exclusive=not replace)


def rsa_keys(sizes: Sequence[int]) -> list[RSAPrivateKey]:
    """New keys of these sizes in bits. Making one leaves the interpreter free: all cores work."""
    pool = ThreadPoolExecutor(max_workers=os.cpu_count())
    try:
        return list(pool.map(lambda b: rsa.generate_private_key(_PUBLIC_EXPONENT, b), sizes))
    finally:  # an interruption does not wait for keys that nobody will use
        pool.shutdown(wait=False, cancel_futures=True)


def pem_bundle(certificates: Iterable[x509.Certificate]) -> bytes:
    """Several certificates in one PEM text."""
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)


def _key_names(profile: Profile) -> tuple[str, ...]:
    uses = ["authentication", "signature"]
    if Defect.KEY_MISMATCH in profile.defects:
        uses.append("stray")
    return tuple(f"card-{profile.card_number}-{use}.{LEAF_BITS}.pem" for use in uses)


def _digest_line(content: bytes) -> bytes:
    return _DIGEST % hashlib.sha256(content).hexdigest().encode()


def _key_pem(key: RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _read_key(content: bytes | None) -> RSAPrivateKey | None:
    if content is None:
        return None
    with suppress(ValueError, TypeError, UnsupportedAlgorithm):
        # the digest was right: no need for the slow validation
        key = load_pem_private_key(content, None, unsafe_skip_rsa_key_validation=True)
        return key if isinstance(key, RSAPrivateKey) else None
    return None


def _authorities_pem(authorities: Authorities) -> bytes:
    return b"".join(
        _key_pem(authorities.keys[code]) + pem_bundle([authorities.certificates[code]])
        for code in AUTHORITIES
    )


def _read_authorities(content: bytes | None) -> Authorities | None:
    """None when the file is not of the PKI as this version of the tool describes it."""
    if content is None:
        return None
    blocks = [block[0] for block in _PEM_BLOCK.finditer(content)]
    if len(blocks) != 2 * len(AUTHORITIES):
        return None
    with suppress(ValueError):
        keys = dict(zip(AUTHORITIES, map(_read_key, blocks[::2]), strict=True))
        certificates = map(x509.load_pem_x509_certificate, blocks[1::2])
        found = Authorities(
            {code: key for code, key in keys.items() if key is not None},
            dict(zip(AUTHORITIES, certificates, strict=True)),
        )
        if fit_together(found.keys, found.certificates):
            return found
    return None
