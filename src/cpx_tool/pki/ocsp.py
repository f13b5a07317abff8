"""OCSP (RFC 6960): the question about one certificate, and what an answer is worth.

An answer counts for a certificate when it is about that very certificate (the hashes of its
issuer's name and key, and its serial number) and the CA that issued the certificate signed it,
or a responder to whom that CA itself gave a certificate for it (RFC 6960, 4.2.2.2): the one
with the extended key usage OCSPSigning, valid when it signed, revoked in no CRL at hand.

The question carries no nonce: see docs/decisions, "Online, when asked". How old an answer may
be, it says itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from asn1crypto import core, ocsp

from cpx_tool.errors import BadInput
from cpx_tool.model.certificate import Certificate
from cpx_tool.model.message import Message, msg
from cpx_tool.model.trust import Revocation, RevocationOutcome, RevocationSource
from cpx_tool.pki.canonical import CanonicalName, canonical, label_of
from cpx_tool.pki.certificate import BadCertificate
from cpx_tool.pki.chain import unusable
from cpx_tool.pki.crl import CAUSES, HOLD, SKEW, Crl, judge_crls
from cpx_tool.pki.der import moment, present
from cpx_tool.pki.extensions import OCSP_SIGNING
from cpx_tool.pki.link import Link, read_link
from cpx_tool.pki.names import read_name
from cpx_tool.pki.signed import Answer, Signed, key_octets, split, verify

MAX_OCSP = 65_536
"""In bytes. An answer has one to six kB."""

MEDIA_TYPE = "application/ocsp-request"

MAX_AGE = timedelta(days=1)
"""Of an answer that does not say when a newer one comes: a newer one is there at any time
(RFC 6960, 4.2.2.1), so an old one was kept by somebody.
"""

_MAX_RESPONDERS = 8
"""Certificates of an answer that are looked at."""

_BASIC = "1.3.6.1.5.5.7.48.1.1"
_SIGNING = frozenset({"digitalSignature", "nonRepudiation"})
_SHA1 = "1.3.14.3.2.26"
_DIGESTS = {
    _SHA1: "sha1",
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
_REFUSALS = {
    1: "malformedRequest",
    2: "internalError",
    3: "tryLater",
    5: "sigRequired",
    6: "unauthorized",
}
"""RFC 6960, 4.2.1."""


class BadOcsp(BadInput):
    """The bytes are no OCSP answer that can be used."""

    def __init__(self, reason: Message) -> None:
        super().__init__(reason, msg("Ask again later, or use a CRL."))


class Status(Enum):
    """What a responder says of a certificate."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Single:
    """What an answer says of one certificate. `digest` is the name of the hash that names it,
    "" for one that is not supported.
    """

    digest: str
    issuer_name_hash: bytes
    issuer_key_hash: bytes
    serial: int
    status: Status
    revoked_at: datetime | None
    cause: str | None
    this_update: datetime
    next_update: datetime | None


@dataclass(frozen=True, slots=True)
class Ocsp:
    """An answer, read and not verified. The responder gives its name, or the SHA-1 of its key;
    `certificates` (DER) are those it sends along.
    """

    responder_name: CanonicalName
    responder_key: bytes
    produced_at: datetime
    singles: tuple[Single, ...]
    signed: Signed
    certificates: tuple[bytes, ...]


def question(subject: Certificate, issuer: Certificate) -> bytes:
    """The OCSP request (DER) about a certificate, which must have a serial number.

    Hashes are SHA-1, which every responder understands (RFC 5019, 2.1.1): they name the
    certificate, and protect nothing.
    """
    request = ocsp.Request(
        {
            "req_cert": {
                "hash_algorithm": {"algorithm": "sha1", "parameters": core.Null()},
                "issuer_name_hash": _hash("sha1", subject.issuer_der),
                "issuer_key_hash": _hash("sha1", key_octets(issuer.public_key) or b""),
                "serial_number": subject.serial,
            }
        }
    )
    der: bytes = ocsp.OCSPRequest({"tbs_request": {"request_list": [request]}}).dump()
    return der


def read_ocsp(der: bytes) -> Ocsp:
    """Read an answer. Raises `BadOcsp`, and nothing else, when it is damaged or says nothing."""
    if len(der) > MAX_OCSP:
        raise BadOcsp(msg("This is too large to be an OCSP answer (over 64 kB)."))
    try:
        return _read(der)
    except BadOcsp:
        raise
    except Exception as error:  # asn1crypto declares no errors of its own
        raise BadOcsp(msg("This is not an OCSP answer, or it is damaged.")) from error


def is_about(answer: Ocsp, subject: Certificate, issuer: Certificate) -> bool:
    """Whether an answer says something of this certificate."""
    return bool(_singles(answer, subject, issuer))


def judge_ocsp(
    subject: Certificate,
    issuer: Certificate,
    answers: Sequence[Ocsp],
    crls: Sequence[Crl],
    at: datetime,
) -> tuple[Revocation, ...]:
    """What each answer about a certificate says, as of `at` (aware); `issuer` must have issued
    it, and be trusted. Never raises.

    One that cannot be used is NO_CRL with its reason. `crls` may revoke a responder.
    """
    judge = _Judge(issuer, crls, at)
    found: list[Revocation] = []
    for answer in answers:
        singles = _singles(answer, subject, issuer)
        if singles:  # the signature is one for all of them
            doubt = _not_entitled(answer, judge)
            found += (
                _unusable(doubt) if doubt else _judge(single, answer, subject, at)
                for single in singles
            )
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Judge:
    """Whose word counts, and when."""

    issuer: Certificate
    crls: Sequence[Crl]
    at: datetime


def _judge(single: Single, answer: Ocsp, subject: Certificate, at: datetime) -> Revocation:
    if _contradicts(single, answer):
        return _unusable(msg("The dates of the OCSP answer at hand contradict each other."))
    late = single.this_update - at > SKEW
    if single.status is Status.REVOKED and _in_force(single, at, late=late):
        return _revoked(single)
    if late:
        return _unusable(msg("The OCSP answer at hand was made after that moment."))
    if single.status is Status.REVOKED:
        reason = msg("The OCSP answer at hand tells of a revocation after that moment.")
        return _unusable(reason)
    if single.status is Status.UNKNOWN:
        reason = msg("The OCSP responder does not know this certificate.")
        return _result(RevocationOutcome.UNKNOWN, reason, single)
    return _not_revoked(single, subject, at)


def _in_force(single: Single, at: datetime, *, late: bool) -> bool:
    """Whether a revocation counts at that moment. A late answer tells of it to the second, and of
    no hold: that one may have begun and ended before.
    """
    if single.revoked_at is None or (late and single.cause == HOLD):
        return False
    return single.revoked_at - at <= (timedelta(0) if late else SKEW)


def _not_revoked(single: Single, subject: Certificate, at: datetime) -> Revocation:
    if subject.not_after is None:
        return _unusable(msg("When the certificate expires cannot be read."))
    if single.this_update > subject.not_after:
        reason = msg(
            "The OCSP answer at hand was made after the certificate expired, so it need not "
            "know a revocation any more."
        )
        return _unusable(reason)
    return _good_or_stale(single, at)


def _revoked(single: Single) -> Revocation:
    assert single.revoked_at is not None  # noqa: S101 - the caller looked
    reason = (
        msg("REVOKED on {date}, says OCSP; it states no reason.", date=single.revoked_at)
        if single.cause is None
        else msg(
            "REVOKED on {date} ({cause}), says OCSP.", date=single.revoked_at, cause=single.cause
        )
    )
    return _result(RevocationOutcome.REVOKED, reason, single)


def _good_or_stale(single: Single, at: datetime) -> Revocation:
    made, due = single.this_update, single.next_update
    if due is None and at - made > MAX_AGE:
        reason = msg(
            "Not revoked, said OCSP on {date}; that is too old, as a newer answer was there at "
            "any time.",
            date=made,
        )
        return _result(RevocationOutcome.STALE, reason, single)
    if due is not None and at > due:
        reason = msg(
            "Not revoked, said OCSP on {date}, but a newer answer was due on {due}.",
            date=made,
            due=due,
        )
        return _result(RevocationOutcome.STALE, reason, single)
    return _result(
        RevocationOutcome.GOOD, msg("Not revoked, says OCSP, as of {date}.", date=made), single
    )


def _result(outcome: RevocationOutcome, reason: Message, single: Single) -> Revocation:
    revoked = outcome is RevocationOutcome.REVOKED
    return Revocation(
        outcome,
        reason,
        RevocationSource.OCSP,
        revoked_at=single.revoked_at if revoked else None,
        cause=single.cause if revoked else None,
        this_update=single.this_update,
        next_update=single.next_update,
    )


def _unusable(reason: Message) -> Revocation:
    return Revocation(RevocationOutcome.NO_CRL, reason)


def _contradicts(single: Single, answer: Ocsp) -> bool:
    """Dates that cannot be together (RFC 6960, 2.4)."""
    due = single.next_update
    produced_before = single.this_update - answer.produced_at > SKEW
    return produced_before or (due is not None and due < single.this_update)


def _not_entitled(answer: Ocsp, judge: _Judge) -> Message | None:
    """Why whoever signed may not speak for the issuer; None when somebody did who may."""
    issuer = judge.issuer
    doubt = msg(
        "The OCSP answer at hand is by a responder of which {issuer} says nothing.",
        issuer=label_of(issuer.subject),
    )
    if _is_responder(answer, issuer):
        if _signed_with(answer, issuer.public_key):
            return None
        doubt = _not_signed(issuer)
    for der in answer.certificates[:_MAX_RESPONDERS]:
        try:
            link = read_link(der)
        except BadCertificate:
            continue
        own = link.certificate
        if own.public_key == issuer.public_key or not _is_responder(answer, own):
            continue
        found = _not_delegated(link, answer, judge)
        if found is None and _signed_with(answer, own.public_key):
            return None
        doubt = found or _not_signed(own)
    return doubt


def _not_delegated(link: Link, answer: Ocsp, judge: _Judge) -> Message | None:
    """Why a responder's certificate does not let it speak for the issuer."""
    issuer, own = judge.issuer, link.certificate
    flaw = unusable(link)
    if flaw is not None:
        return flaw[1]
    names = {"name": label_of(own.subject), "issuer": label_of(issuer.subject)}
    if not _issued_by(link, issuer):
        return msg("The OCSP responder {name} has no certificate of {issuer} itself.", **names)
    if OCSP_SIGNING not in own.extended_key_usage:
        return msg("{name} may not answer for {issuer} (no OCSPSigning).", **names)
    if own.key_usage and not _SIGNING & set(own.key_usage):
        return msg("The OCSP responder {name} may not sign (key usage).", **names)
    return _not_in_force(own, answer, judge)


def _covers(own: Certificate, produced_at: datetime, at: datetime) -> bool:
    """Whether a responder's certificate was, and is, in force; unreadable dates say no."""
    start, end = own.not_before, own.not_after
    if start is None or end is None:
        return False
    return start - produced_at <= SKEW and max(produced_at, at) <= end


def _not_in_force(own: Certificate, answer: Ocsp, judge: _Judge) -> Message | None:
    name = label_of(own.subject)
    if not _covers(own, answer.produced_at, judge.at):
        return msg("The certificate of the OCSP responder {name} was not valid.", name=name)
    found = judge_crls(own, judge.issuer, judge.crls, judge.at)
    if found.outcome is RevocationOutcome.REVOKED:
        return msg("The certificate of the OCSP responder {name} is revoked.", name=name)
    return None


def _issued_by(link: Link, issuer: Certificate) -> bool:
    wanted, found = link.certificate.authority_key_id, issuer.subject_key_id
    return (
        bool(link.issuer)
        and link.issuer == canonical(issuer.subject)
        and (None in (wanted, found) or wanted == found)
        and verify(link.signed, issuer.public_key) is Answer.HOLDS
    )


def _is_responder(answer: Ocsp, candidate: Certificate) -> bool:
    if answer.responder_key:
        return answer.responder_key == _key_hash("sha1", candidate)
    name = canonical(candidate.subject)
    return bool(name) and name == answer.responder_name


def _signed_with(answer: Ocsp, public_key: bytes) -> bool:
    return verify(answer.signed, public_key) is Answer.HOLDS


def _not_signed(signer: Certificate) -> Message:
    return msg(
        "The signature on the OCSP answer at hand is not that of {name}.",
        name=label_of(signer.subject),
    )


def _singles(answer: Ocsp, subject: Certificate, issuer: Certificate) -> list[Single]:
    return [
        single
        for single in answer.singles
        if single.digest
        and single.serial == subject.serial
        and single.issuer_name_hash == _hash(single.digest, subject.issuer_der)
        and single.issuer_key_hash == _key_hash(single.digest, issuer)
    ]


def _hash(digest: str, data: bytes) -> bytes:
    return hashlib.new(digest, data, usedforsecurity=False).digest()


def _key_hash(digest: str, certificate: Certificate) -> bytes | None:
    octets = key_octets(certificate.public_key)
    return _hash(digest, octets) if octets else None


# --- reading ----------------------------------------------------------------------------------


def _read(der: bytes) -> Ocsp:
    outer = ocsp.OCSPResponse.load(der, strict=True)
    status = int.from_bytes(outer["response_status"].contents, "big")
    if status != 0:
        word = _REFUSALS.get(status, str(status))
        raise BadOcsp(msg("The OCSP responder gives no answer: {status}.", status=word))
    inside = outer["response_bytes"]
    if inside["response_type"].dotted != _BASIC:
        raise BadOcsp(msg("The OCSP answer is of a kind that is not used."))
    basic = ocsp.BasicOCSPResponse.load(inside["response"].contents, strict=True)
    data, algorithm = basic["tbs_response_data"], basic["signature_algorithm"].dump()
    _refuse_critical(data["response_extensions"])
    name, key = _responder(data["responder_id"])
    return Ocsp(
        responder_name=name,
        responder_key=key,
        produced_at=moment(data["produced_at"].native),
        singles=tuple(map(_read_single, data["responses"])),
        # the algorithm stands outside only
        signed=split(data.dump(), algorithm, basic["signature"].dump(), algorithm),
        certificates=_certificates(basic["certs"]),
    )


def _certificates(field: Any) -> tuple[bytes, ...]:
    return tuple(item.dump() for item in field) if present(field) else ()


def _responder(identifier: Any) -> tuple[CanonicalName, bytes]:
    if identifier.name == "by_key":
        key: bytes = identifier.chosen.native
        if not key:
            raise ValueError("no responder")
        return (), key
    name, whole = read_name(identifier.chosen.untag().dump())
    if not whole:
        raise ValueError("a responder of no name")
    return canonical(name), b""


def _read_single(single: Any) -> Single:
    _refuse_critical(single["single_extensions"])
    identifier, status = single["cert_id"], single["cert_status"]
    revoked, due = status.name == "revoked", single["next_update"]
    return Single(
        digest=_DIGESTS.get(identifier["hash_algorithm"]["algorithm"].dotted, ""),
        issuer_name_hash=identifier["issuer_name_hash"].native,
        issuer_key_hash=identifier["issuer_key_hash"].native,
        serial=identifier["serial_number"].native,
        status=Status(status.name),
        revoked_at=moment(status.chosen["revocation_time"].native) if revoked else None,
        cause=_cause(status.chosen["revocation_reason"]) if revoked else None,
        this_update=moment(single["this_update"].native),
        next_update=moment(due.native) if present(due) else None,
    )


def _cause(reason: Any) -> str | None:
    if not present(reason):
        return None
    return CAUSES.get(int.from_bytes(reason.contents, "big"), "unspecified")


def _refuse_critical(extensions: Any) -> None:
    """None is processed here, so one that must not be ignored ends it (RFC 6960, 4.4)."""
    for item in extensions if present(extensions) else ():
        if item["critical"].native:
            raise BadOcsp(
                msg(
                    "The OCSP answer carries a critical extension that is not processed ({oid}).",
                    oid=item["extn_id"].dotted,
                )
            )
