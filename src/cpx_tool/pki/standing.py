"""How a CA's certificate stands: known, vouched for, unknown, or one that only bears a name."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from cpx_tool.model.certificate import Certificate
from cpx_tool.model.identity import Pki
from cpx_tool.model.message import Message, msg
from cpx_tool.model.trust import (
    AnchorOrigin,
    Anchors,
    Authority,
    ChainOutcome,
    ChainResult,
    Flaw,
    ImportStatus,
)
from cpx_tool.pki.canonical import canonical, label_of
from cpx_tool.pki.chain import judge_link
from cpx_tool.pki.identity import issuing_pki
from cpx_tool.pki.link import Link, Pool
from cpx_tool.pki.signed import key_octets


@dataclass(frozen=True, slots=True)
class Standing:
    """`status` is one of KNOWN, ISSUED_BY_ANCHOR, UNKNOWN, OTHER_FINGERPRINT, NOT_A_CA and
    UNREADABLE; `authority` is the catalogue's CA of that name.
    """

    status: ImportStatus
    reason: Message
    authority: Authority | None = None


def standing_of(link: Link, pool: Pool, anchors: Anchors, at: datetime) -> Standing:
    """How a certificate stands to the catalogue and to what the user accepted. Never raises."""
    certificate = link.certificate
    authority = named_in_catalogue(certificate, anchors)
    if not certificate.is_ca:
        return Standing(ImportStatus.NOT_A_CA, msg("This is not the certificate of a CA."))
    if authority is not None and authority.sha256 == certificate.sha256:
        reason = msg("Known: the fingerprint is that of {code}.", code=authority.code)
        return Standing(ImportStatus.KNOWN, reason, authority)
    if authority is not None and _contradicts(certificate, authority):
        return Standing(ImportStatus.OTHER_FINGERPRINT, _contradiction(authority), authority)
    return _by_its_chain(link, authority, judge_link(link, pool, anchors, at), anchors)


def named_in_catalogue(certificate: Certificate, anchors: Anchors) -> Authority | None:
    """The catalogue's CA with this full name."""
    name = canonical(certificate.subject)
    return next((known for known in anchors.known if canonical(known.name) == name), None)


def _contradicts(certificate: Certificate, authority: Authority) -> bool:
    if authority.sha256 is not None:
        return authority.sha256 != certificate.sha256
    return authority.key_id is not None and authority.key_id != certificate.subject_key_id


def _contradiction(authority: Authority) -> Message:
    if authority.sha256 is not None:
        return msg(
            "NOT the certificate it claims to be: it has the name of {code}, "
            "but another fingerprint.",
            code=authority.code,
        )
    return msg(
        "NOT the certificate it claims to be: it has the name of {code}, but not the key "
        "that certificates of {code} name ({key_id}).",
        code=authority.code,
        key_id=authority.key_id or "",
    )


def _by_its_chain(
    link: Link, authority: Authority | None, chain: ChainResult, anchors: Anchors
) -> Standing:
    if chain.outcome is ChainOutcome.VERIFIED and chain.anchor is not None:
        reason = (
            msg("Vouched for by {name}, a known CA.", name=label_of(chain.path[-1].subject))
            if chain.anchor.origin is AnchorOrigin.KNOWN
            else msg("Vouched for by {name}, which you accepted.", name=_last(chain))
        )
        return Standing(ImportStatus.ISSUED_BY_ANCHOR, reason, authority)
    forged = chain.flaw in (Flaw.SIGNATURE, Flaw.DAMAGED) and link.self_issued
    if forged:
        return Standing(ImportStatus.UNREADABLE, chain.reason)
    return Standing(ImportStatus.UNKNOWN, _unknown(link.certificate, authority, anchors), authority)


def _last(chain: ChainResult) -> str:
    return label_of(chain.path[-1].subject)


def _unknown(certificate: Certificate, authority: Authority | None, anchors: Anchors) -> Message:
    if authority is not None:
        return _without_fingerprint(certificate, authority)
    if issuing_pki(certificate) is Pki.IGC_SANTE_RECETTE:
        return msg("Unknown: a CA of the RECETTE clone of the IGC-Santé TEST.")
    common_name = certificate.subject_value("CN")
    for known in anchors.known:
        if label_of(known.name) == common_name:
            return msg("Unknown: it has the CN of {code}, but another full name.", code=known.code)
    return msg("Unknown: not a CA of the IGC-Santé as far as this version knows.")


def _without_fingerprint(certificate: Certificate, authority: Authority) -> Message:
    if authority.key_id is not None and _key_id(certificate) == authority.key_id:
        return msg(
            "Unknown: it has the name of {code}, whose fingerprint this version does not know; "
            "its key is the one that certificates of real test cards name.",
            code=authority.code,
        )
    return msg(
        "Unknown: it has the name of {code}, whose fingerprint this version does not know.",
        code=authority.code,
    )


def _key_id(certificate: Certificate) -> str | None:
    """SHA-1 of the key itself, as all seen CAs of the IGC-Santé have it (RFC 5280, 4.2.1.2 (1)):
    what a certificate says of its key proves nothing.
    """
    octets = key_octets(certificate.public_key)
    return hashlib.sha1(octets, usedforsecurity=False).hexdigest() if octets else None
