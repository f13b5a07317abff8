"""Judges certificates with what is at hand: issuers, anchors, CRLs, OCSP answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from cpx_tool.model.trust import Anchors, Authority, ChainResult, Revocation, TrustMaterial
from cpx_tool.pki.canonical import CanonicalName
from cpx_tool.pki.certificate import BadCertificate
from cpx_tool.pki.chain import judge_chain
from cpx_tool.pki.crl import BadCrl, Crl, read_crl
from cpx_tool.pki.link import Link, Pool, make_pool, read_link
from cpx_tool.pki.ocsp import BadOcsp, Ocsp, is_about, read_ocsp
from cpx_tool.pki.revocation import judge_revocation


@dataclass(frozen=True, slots=True)
class Trust:
    """What chains are judged with: possible issuers, those that are believed, CRLs and answers."""

    anchors: Anchors
    pool: Pool
    crls: tuple[Crl, ...]
    answers: tuple[Ocsp, ...] = ()

    def chain(self, certificate: bytes, at: datetime) -> ChainResult:
        """The chain of a certificate (DER) as of `at` (aware). Never raises."""
        return judge_chain(certificate, self.pool, self.anchors, at)

    def revocation(self, chain: ChainResult, at: datetime) -> Revocation:
        """What CRLs and OCSP say of the certificate of that chain. Never raises."""
        return judge_revocation(chain, self.crls, at, self.answers)


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
        answers=tuple(answer for _, answer in _read_answers(material.answers)),
    )


def relevant(material: TrustMaterial, certificates: Iterable[bytes]) -> TrustMaterial:
    """The part of the material that could count for these certificates (DER): their issuers, by
    full name and upwards, the CRLs of those, and OCSP answers about any of them.
    """
    subjects = list(_links(certificates))
    by_name: dict[CanonicalName, list[tuple[bytes, Link]]] = {}
    for der, link in _links(material.certificates):
        by_name.setdefault(link.subject, []).append((der, link))
    open_names = [link.issuer for _, link in subjects]
    names: set[CanonicalName] = set()
    kept: dict[bytes, Link] = {}
    while open_names:
        name = open_names.pop()
        if not name or name in names:
            continue
        names.add(name)
        for der, link in by_name.get(name, ()):
            kept[der] = link
            open_names.append(link.issuer)
    issuers = [link.certificate for link in kept.values()]
    below = [link.certificate for _, link in subjects] + issuers
    prints = {issuer.sha256 for issuer in issuers}
    return TrustMaterial(
        certificates=tuple(kept),
        crls=tuple(der for der, crl in _read_crls(material.crls) if crl.issuer in names),
        accepted=tuple(sha256 for sha256 in material.accepted if sha256 in prints),
        emulated=tuple(sha256 for sha256 in material.emulated if sha256 in prints),
        answers=tuple(
            der
            for der, answer in _read_answers(material.answers)
            if any(is_about(answer, subject, issuer) for subject in below for issuer in issuers)
        ),
    )


def _links(certificates: Iterable[bytes]) -> Iterator[tuple[bytes, Link]]:
    for der in certificates:
        with suppress(BadCertificate):
            yield der, read_link(der)


def _read_crls(crls: Iterable[bytes]) -> Iterator[tuple[bytes, Crl]]:
    for der in crls:
        with suppress(BadCrl):
            yield der, read_crl(der)


def _read_answers(answers: Iterable[bytes]) -> Iterator[tuple[bytes, Ocsp]]:
    for der in answers:
        with suppress(BadOcsp):
            yield der, read_ocsp(der)
