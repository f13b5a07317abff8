"""Asks the web for what is missing to judge chains and revocation; only when the user says so.

What comes may be anybody's: it is only offered, as the files of a directory are. Certificates
are believed for an anchor's sake, CRLs and OCSP answers for the signature of the issuer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from cpx_tool.errors import BadInput
from cpx_tool.model.certificate import Certificate
from cpx_tool.model.fetch import Address, Document, Failure, Fetched, FetchProblem, Reply, Request
from cpx_tool.model.message import Message, msg, nmsg
from cpx_tool.model.trust import Authority, ChainOutcome, ChainResult, TrustMaterial
from cpx_tool.pki.canonical import label_of
from cpx_tool.pki.certificate import MAX_BYTES, BadCertificate, read_certificates
from cpx_tool.pki.crl import MAX_CRL, read_crl, read_crls
from cpx_tool.pki.link import Link, read_link
from cpx_tool.pki.ocsp import MAX_OCSP, MEDIA_TYPE, is_about, question, read_ocsp
from cpx_tool.pki.trust import make_trust
from cpx_tool.ports import Fetch

MAX_NAMED = 4
"""Addresses of one kind that are taken from one certificate. Real ones name one or two."""

MAX_ROUNDS = 4
"""How often missing issuers are looked for. A chain of the IGC-Santé lacks two at most."""

_MAX_CERTIFICATES = 32
"""Taken from one address; the bundle of a PKI has nine."""

_LIMITS = {Document.CERTIFICATE: MAX_BYTES, Document.CRL: MAX_CRL, Document.OCSP: MAX_OCSP}


@dataclass(frozen=True, slots=True)
class Gain:
    """What came of an address, in DER. All of it can be read, and nothing is believed."""

    fetched: Fetched
    certificates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    answers: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Online:
    """All that was gained for some certificates, and what came of each address."""

    gained: TrustMaterial
    fetched: tuple[Fetched, ...]


def ask(addresses: Sequence[Address], fetch: Fetch) -> tuple[Gain, ...]:
    """Fetch what stands at these addresses, and read it. Never raises."""
    replies = fetch.fetch(
        [
            Request(a.url, _LIMITS[a.document], a.question, MEDIA_TYPE if a.question else "")
            for a in addresses
        ]
    )
    return tuple(_gain(a, reply) for a, reply in zip(addresses, replies, strict=True))


def published(
    known: Sequence[Authority], certificates: Iterable[Certificate]
) -> tuple[Address, ...]:
    """Where these CAs publish their certificates and CRLs, and where these certificates say that
    those of their issuers are; each address once.
    """
    addresses = [Address(Document.CERTIFICATE, ca.url, ca.code) for ca in known]
    addresses += [Address(Document.CRL, ca.crl_url, ca.code) for ca in known if ca.crl_url]
    for certificate in certificates:
        about = label_of(certificate.issuer)
        issuers, crls = certificate.issuer_urls[:MAX_NAMED], certificate.crl_urls[:MAX_NAMED]
        addresses += (Address(Document.CERTIFICATE, url, about) for url in issuers)
        addresses += (Address(Document.CRL, url, about) for url in crls)
    first: dict[str, Address] = {}
    for address in addresses:
        first.setdefault(address.url, address)
    return tuple(first.values())


def look_up(
    certificates: Sequence[bytes],
    at_hand: TrustMaterial,
    known: tuple[Authority, ...],
    fetch: Fetch,
    at: datetime,
) -> Online:
    """What is missing for these certificates (DER), as of `at` (aware). Never raises.

    First the issuers, upwards, as far as chains end for want of one. Then, for chains that are
    verified, CRLs and OCSP answers about each certificate below the anchor: of the others
    nobody knows whose word would count. `known` are the catalogue's CAs.
    """
    session = _Session(fetch)
    issuers = replace(at_hand, crls=(), answers=())
    for _ in range(MAX_ROUNDS):
        chains = _chains(certificates, session.gained.plus(issuers), known, at)
        if not session.ask_issuers(chains):
            break
    else:
        chains = _chains(certificates, session.gained.plus(issuers), known, at)
    verified = [chain for chain in chains if chain.outcome is ChainOutcome.VERIFIED]
    session.ask_about(
        pair for chain in verified for pair in zip(chain.path, chain.path[1:], strict=False)
    )
    return Online(session.gained, tuple(session.fetched))


def _chains(
    certificates: Sequence[bytes],
    at_hand: TrustMaterial,
    known: tuple[Authority, ...],
    at: datetime,
) -> list[ChainResult]:
    trust = make_trust(at_hand, known, certificates)
    return [trust.chain(der, at) for der in certificates]


@dataclass(slots=True)
class _Session:
    """Asks each address once, and keeps what came."""

    fetch: Fetch
    gained: TrustMaterial = field(default_factory=TrustMaterial)
    fetched: list[Fetched] = field(default_factory=list)
    _asked: set[tuple[str, bytes]] = field(default_factory=set)

    def ask_issuers(self, chains: Iterable[ChainResult]) -> bool:
        """Whether a certificate came that was not here."""
        missing = [chain.missing for chain in chains if chain.missing is not None]
        before = len(self.gained.certificates)
        for gain in ask(
            self._fresh(
                Address(Document.CERTIFICATE, url, label_of(issuer.name))
                for issuer in missing
                for url in issuer.addresses[:MAX_NAMED]
            ),
            self.fetch,
        ):
            self._keep(gain)
        return len(self.gained.certificates) > before

    def ask_about(self, pairs: Iterable[tuple[Certificate, Certificate]]) -> None:
        """CRLs and OCSP answers about these certificates, given with their issuers."""
        asked: dict[bytes, tuple[Certificate, Certificate]] = {}
        addresses: list[Address] = []
        for subject, issuer in pairs:
            crls, about = subject.crl_urls[:MAX_NAMED], label_of(issuer.subject)
            addresses += (Address(Document.CRL, url, about) for url in crls)
            if subject.serial is None:  # there is nothing to ask about
                continue
            der = question(subject, issuer)
            asked[der] = subject, issuer
            responders, about = subject.ocsp_urls[:MAX_NAMED], label_of(subject.subject)
            addresses += (Address(Document.OCSP, url, about, der) for url in responders)
        fresh = self._fresh(addresses)
        for address, gain in zip(fresh, ask(fresh, self.fetch), strict=True):
            if address.document is Document.OCSP:
                self._keep(_of_that_certificate(gain, *asked[address.question]))
            else:
                self._keep(gain)

    def _fresh(self, addresses: Iterable[Address]) -> list[Address]:
        found = {(a.url, a.question): a for a in addresses}
        fresh = [a for key, a in found.items() if key not in self._asked]
        self._asked |= found.keys()
        return fresh

    def _keep(self, gain: Gain) -> None:
        self.gained = self.gained.plus(
            TrustMaterial(gain.certificates, gain.crls, answers=gain.answers)
        )
        self.fetched.append(gain.fetched)


def _of_that_certificate(gain: Gain, subject: Certificate, issuer: Certificate) -> Gain:
    if all(is_about(read_ocsp(answer), subject, issuer) for answer in gain.answers):
        return gain
    reason = msg("The OCSP answer is about another certificate.")
    return Gain(_unexpected(gain.fetched, reason))


def _gain(address: Address, reply: Reply) -> Gain:
    fetched = Fetched(address.document, address.url, address.about, failure=reply.failure)
    if reply.failure is not None:
        return Gain(fetched)
    try:
        return _READERS[address.document](fetched, reply.body)
    except BadInput as error:
        page = reply.body.lstrip()[:1] == b"<"
        return Gain(_unexpected(fetched, _PAGE if page else error.reason))


_PAGE = msg("A web page came instead, such as a proxy or the login to a network shows.")


def _unexpected(fetched: Fetched, reason: Message) -> Fetched:
    return replace(fetched, content=None, failure=Failure(FetchProblem.UNEXPECTED, reason))


def _certificates(fetched: Fetched, body: bytes) -> Gain:
    """Those that can be read; the others are named. Raises `BadCertificate` when none can be."""
    links, damaged = dict[bytes, Link](), list[tuple[int, Message]]()
    for number, der in enumerate(read_certificates(body)[:_MAX_CERTIFICATES], start=1):
        try:
            links[der] = read_link(der)
        except BadCertificate as error:
            damaged.append((number, error.reason))
    if not links:
        raise BadCertificate(damaged[0][1])
    names = tuple(label_of(link.certificate.subject) for link in links.values())
    content = nmsg(
        "A certificate: {names}.", "{count} certificates: {names}.", len(links), names=names
    )
    for number, reason in damaged:
        content = msg(
            "{content} Number {number} is left out: {reason}",
            content=content,
            number=number,
            reason=reason,
        )
    return Gain(replace(fetched, content=content), certificates=tuple(links))


def _crl(fetched: Fetched, body: bytes) -> Gain:
    der = read_crls(body)[0]  # an address names one (RFC 5280, 4.2.1.13)
    crl = read_crl(der)
    name = label_of(crl.issuer_name)
    content = msg("CRL of {name}, made on {date}.", name=name, date=crl.this_update)
    return Gain(replace(fetched, content=content), crls=(der,))


def _ocsp(fetched: Fetched, body: bytes) -> Gain:
    answer = read_ocsp(body)
    content = msg("OCSP answer, made on {date}.", date=answer.produced_at)
    return Gain(replace(fetched, content=content), answers=(body,))


_READERS = {Document.CERTIFICATE: _certificates, Document.CRL: _crl, Document.OCSP: _ocsp}
