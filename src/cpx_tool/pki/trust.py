"""Judges certificates with what is at hand: issuers, anchors, CRLs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from cpx_tool.model.trust import Anchors, Authority, ChainResult, Revocation, TrustMaterial
from cpx_tool.pki.canonical import CanonicalName
from cpx_tool.pki.certificate import BadCertificate
from cpx_tool.pki.chain import judge_chain
from cpx_tool.pki.crl import BadCrl, Crl, judge_revocation, read_crl
from cpx_tool.pki.link import Link, Pool, make_pool, read_link


@dataclass(frozen=True, slots=True)
class Trust:
    """What chains are judged with: possible issuers, those that are believed, and CRLs."""

    anchors: Anchors
    pool: Pool
    crls: tuple[Crl, ...]

    def chain(self, certificate: bytes, at: datetime) -> ChainResult:
        """The chain of a certificate (DER) as of `at` (aware). Never raises."""
        return judge_chain(certificate, self.pool, self.anchors, at)

    def revocation(self, chain: ChainResult, at: datetime) -> Revocation:
        """What the CRLs say of the certificate of that chain. Never raises."""
        return judge_revocation(chain, self.crls, at)


def make_trust(
    material: TrustMaterial, known: tuple[Authority, ...], offered: Iterable[bytes] = ()
) -> Trust:
    """`known` are the catalogue's CAs; `offered` are further possible issuers (DER).

    What cannot be read is left out.
    """
    return Trust(
        anchors=Anchors(known, frozenset(material.accepted), frozenset(material.emulated)),
        pool=make_pool((*material.certificates, *offered)),
        crls=tuple(crl for _, crl in _read_crls(material.crls)),
    )


def relevant(material: TrustMaterial, certificates: Iterable[bytes]) -> TrustMaterial:
    """The part of the material that could count for these certificates (DER): their issuers, by
    full name and upwards, and the CRLs of those.
    """
    by_name: dict[CanonicalName, list[tuple[bytes, Link]]] = {}
    for der, link in _links(material.certificates):
        by_name.setdefault(link.subject, []).append((der, link))
    open_names = [link.issuer for _, link in _links(certificates)]
    names: set[CanonicalName] = set()
    kept: dict[bytes, str] = {}
    while open_names:
        name = open_names.pop()
        if not name or name in names:
            continue
        names.add(name)
        for der, link in by_name.get(name, ()):
            kept[der] = link.certificate.sha256
            open_names.append(link.issuer)
    prints = set(kept.values())
    return TrustMaterial(
        certificates=tuple(kept),
        crls=tuple(der for der, crl in _read_crls(material.crls) if crl.issuer in names),
        accepted=tuple(sha256 for sha256 in material.accepted if sha256 in prints),
        emulated=tuple(sha256 for sha256 in material.emulated if sha256 in prints),
    )


def _links(certificates: Iterable[bytes]) -> Iterator[tuple[bytes, Link]]:
    for der in certificates:
        with suppress(BadCertificate):
            yield der, read_link(der)


def _read_crls(crls: Iterable[bytes]) -> Iterator[tuple[bytes, Crl]]:
    for der in crls:
        with suppress(BadCrl):
            yield der, read_crl(der)
