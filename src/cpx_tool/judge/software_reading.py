"""An observed file with its certificates read: which one is the file's own, and who it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cpx_tool.catalogue.nomenclature import label
from cpx_tool.judge.reading import unique_keys
from cpx_tool.model.certificate import Certificate
from cpx_tool.model.identity import Identity
from cpx_tool.model.message import Message
from cpx_tool.model.software import SoftwareFile, Usage
from cpx_tool.model.software_key import SoftwareKey
from cpx_tool.pki.certificate import BadCertificate, read_certificate
from cpx_tool.pki.identity import identify
from cpx_tool.pki.insi_name import common_name
from cpx_tool.pki.organisation import same_key, usage_of


@dataclass(frozen=True, slots=True)
class HeldCertificate:
    """A certificate of the file (DER), read; or `problem`, why it cannot be."""

    der: bytes
    certificate: Certificate | None
    problem: Message | None


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file as the checks see it. `key` is unique among the files of one observation.

    `own` are the certificates that are no CA's; `leaf` is the one that the file is about:
    that of the private key, or the only one there is.
    """

    key: str
    observed: SoftwareFile
    own: tuple[HeldCertificate, ...] = ()
    authorities: tuple[HeldCertificate, ...] = ()
    leaf: HeldCertificate | None = None

    @property
    def certificate(self) -> Certificate | None:
        """The leaf, where it can be read."""
        return self.leaf.certificate if self.leaf else None

    @property
    def private_key(self) -> SoftwareKey | None:
        """What is kept of the private key."""
        return self.observed.contents.key if self.observed.contents else None

    @property
    def identity(self) -> Identity | None:
        """Who the leaf is."""
        return identify(self.certificate, label) if self.certificate else None

    @property
    def common_name(self) -> str | None:
        """The CN of the leaf, exactly as it stands."""
        return common_name(self.leaf.der) if self.leaf else None

    @property
    def usage(self) -> Usage | None:
        """The usage that the leaf's extensions show."""
        return usage_of(self.certificate) if self.certificate else None


def read_files(observed: Sequence[SoftwareFile]) -> tuple[ReadFile, ...]:
    """Read the certificates of all files; a path that stands twice gets "#2" added."""
    keys = unique_keys(file.file for file in observed)
    return tuple(_read_file(key, file) for key, file in zip(keys, observed, strict=True))


def _read_file(key: str, observed: SoftwareFile) -> ReadFile:
    if observed.contents is None:
        return ReadFile(key, observed)
    held = tuple(map(_read, dict.fromkeys(observed.contents.certificates)))
    authorities = tuple(h for h in held if h.certificate is not None and h.certificate.is_ca)
    own = tuple(h for h in held if h not in authorities)
    return ReadFile(key, observed, own, authorities, _leaf(own, authorities, observed))


def _leaf(
    own: Sequence[HeldCertificate],
    authorities: Sequence[HeldCertificate],
    observed: SoftwareFile,
) -> HeldCertificate | None:
    """A CA's certificate only where the key is a CA's: the key says what the file is about."""
    key = observed.contents.key if observed.contents else None
    of_key = [h for h in (*own, *authorities) if key is not None and _belongs(h, key)]
    candidates = of_key or own or (authorities if len(authorities) == 1 else ())
    return candidates[0] if of_key or len(candidates) == 1 else None


def _belongs(held: HeldCertificate, key: SoftwareKey) -> bool:
    certificate = held.certificate
    return certificate is not None and same_key(certificate.public_key, key.public_key)


def _read(der: bytes) -> HeldCertificate:
    try:
        return HeldCertificate(der, read_certificate(der), None)
    except BadCertificate as error:
        return HeldCertificate(der, None, error.reason)
