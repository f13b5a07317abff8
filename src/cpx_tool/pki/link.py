"""A certificate as a link of a chain: what path validation needs beyond `Certificate`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache

from asn1crypto import x509

from cpx_tool.model.certificate import Certificate, Name
from cpx_tool.model.message import msg
from cpx_tool.pki.canonical import CanonicalName, canonical
from cpx_tool.pki.certificate import REMEMBERED, BadCertificate, cut_apart, read_certificate
from cpx_tool.pki.extensions import Extension, split_extensions
from cpx_tool.pki.parts import Parts
from cpx_tool.pki.signed import Signed, split

BASIC_CONSTRAINTS = "2.5.29.19"
KEY_USAGE = "2.5.29.15"
SUBJECT_KEY_ID = "2.5.29.14"
AUTHORITY_KEY_ID = "2.5.29.35"
NAME_CONSTRAINTS = "2.5.29.30"

_DECIDING_PARTS = frozenset(
    {
        "extensions",
        f"extension {BASIC_CONSTRAINTS}",
        f"extension {KEY_USAGE}",
        f"extension {SUBJECT_KEY_ID}",
        f"extension {AUTHORITY_KEY_ID}",
    }
)


@dataclass(frozen=True, slots=True)
class Link:
    """A certificate, its names in canonical form, its signature and its constraints.

    `path_length` is that of the basic constraints; `critical` holds the OIDs of the critical
    extensions, `present` those of all.
    """

    certificate: Certificate
    subject: CanonicalName
    issuer: CanonicalName
    signed: Signed
    path_length: int | None
    critical: frozenset[str]
    present: frozenset[str]

    @property
    def damaged(self) -> tuple[str, ...]:
        """The parts without which nothing can be decided, and that cannot be read."""
        return tuple(p for p in self.certificate.problems if p in _DECIDING_PARTS)

    @property
    def self_issued(self) -> bool:
        """Subject and issuer are the same name (RFC 5280, 3.2)."""
        return bool(self.subject) and self.subject == self.issuer

    def may_be_issued_by(self, candidate: Link) -> bool:
        """Whether names and key identifiers fit; the signature decides."""
        if not self.issuer or self.issuer != candidate.subject:
            return False
        wanted, found = self.certificate.authority_key_id, candidate.certificate.subject_key_id
        return wanted is None or found is None or wanted == found


@dataclass(frozen=True, slots=True)
class Pool:
    """Certificates among which issuers are looked for; none of them is believed for being here."""

    by_name: Mapping[CanonicalName, tuple[Link, ...]] = field(default_factory=dict)

    def named(self, name: CanonicalName) -> tuple[Link, ...]:
        """Those with this subject; none for an empty name."""
        return self.by_name.get(name, ()) if name else ()


def make_pool(certificates: Iterable[bytes]) -> Pool:
    """A pool of certificates (DER); what cannot be read, or stands twice, is left out.

    Its size has no limit, so that nothing hides an issuer: only those of the name looked for are
    ever tried, and the search counts the signatures, and says when they were too many.
    """
    by_name: dict[CanonicalName, list[Link]] = {}
    for der in dict.fromkeys(certificates):
        with suppress(BadCertificate):
            link = read_link(der)
            by_name.setdefault(link.subject, []).append(link)
    return Pool({name: tuple(alike) for name, alike in by_name.items()})


def read_link(der: bytes) -> Link:
    """Read one certificate. Raises `BadCertificate`, and nothing else.

    One that is damaged as a whole is refused: what it says may be shown, but not relied on.
    """
    return _remembered(der)


@lru_cache(REMEMBERED)
def _remembered(der: bytes) -> Link:
    parts = cut_apart(der)
    certificate = read_certificate(der)
    if parts.defects:
        raise BadCertificate(msg("The certificate is damaged ({parts}).", parts=parts.defects))
    try:
        return _read(parts, certificate)
    except Exception as error:  # asn1crypto declares no errors of its own
        raise BadCertificate(msg("This is not a certificate, or it is damaged.")) from error


def _read(parts: Parts, certificate: Certificate) -> Link:
    extensions, _ = split_extensions(parts.extensions)
    return Link(
        certificate=certificate,
        subject=_whole_name(certificate, "subject", certificate.subject),
        issuer=_whole_name(certificate, "issuer", certificate.issuer),
        signed=split(parts.signed, parts.algorithm, parts.signature, parts.inner_algorithm),
        path_length=_path_length(extensions, certificate),
        critical=frozenset(item.oid for item in extensions if item.critical),
        present=frozenset(item.oid for item in extensions),
    )


def _whole_name(certificate: Certificate, part: str, name: Name) -> CanonicalName:
    """A name that was not read whole equals none."""
    return () if part in certificate.problems else canonical(name)


def _path_length(extensions: Sequence[Extension], certificate: Certificate) -> int | None:
    if not certificate.is_ca:  # then they stand there, once
        return None
    (constraints,) = (item.value for item in extensions if item.oid == BASIC_CONSTRAINTS)
    read = x509.BasicConstraints.load(constraints, strict=True)
    length: int | None = read["path_len_constraint"].native
    return length
