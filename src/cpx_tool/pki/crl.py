"""Revocation, from CRLs at hand (RFC 5280, 5 and 6.3).

A CRL counts for a certificate when the very CA that issued the certificate signed it: same full
name, same key. Refused, with a reason: delta CRLs (they say only what changed), indirect ones
(they speak for other CAs), those for some reasons only, and those with critical extensions that
are not processed here.

Entries are looked up in the DER as it stands: the CRL of a large CA has megabytes, and
asn1crypto would take minutes to unfold them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import Any

from asn1crypto import core, crl, x509

from cpx_tool.errors import BadInput
from cpx_tool.model.certificate import Certificate, Name
from cpx_tool.model.message import Message, msg, nmsg
from cpx_tool.model.trust import Revocation, RevocationOutcome, RevocationSource
from cpx_tool.pki.canonical import CanonicalName, canonical, label_of
from cpx_tool.pki.der import SEQUENCE, content, header, is_whole, present, read_time, walk
from cpx_tool.pki.extensions import split_extensions
from cpx_tool.pki.names import read_name
from cpx_tool.pki.pem import MARK, blocks, decoded
from cpx_tool.pki.signed import Answer, Signed, split, verify

MAX_CRL = 16_000_000
"""In bytes: some 400 000 entries."""

MAX_HEAD = 65_536
"""In bytes: all that stands around the entries. Real ones have less than 2 kB."""

MAX_CRLS = 1000
"""In a file."""

_REMEMBERED = 16
"""CRLs that are not read anew: the same few come back for each card, and may be large."""

_VERSION, _EXTENSIONS = 0x02, 0xA0
_TIMES = (0x17, 0x18)
_MOST_PARTS = 7
"""Of a tbsCertList (RFC 5280, 5.1)."""

_AUTHORITY_KEY_ID = "2.5.29.35"
_NUMBER = "2.5.29.20"
_DELTA = "2.5.29.27"
_SCOPE = "2.5.29.28"
_PROCESSED = frozenset({_AUTHORITY_KEY_ID, _NUMBER, _SCOPE})
_CERTIFICATE_ISSUER = "2.5.29.29"
_REASON = "2.5.29.21"
_MARKED_CRITICAL = re.compile(rb"\x01\x01[^\0]\x04", re.DOTALL)
"""BOOLEAN true before an OCTET STRING, as in an extension; other bytes may look like it."""
_PEM_LABELS = ("X509 CRL", "CRL")

CAUSES = {
    0: "unspecified",
    1: "keyCompromise",
    2: "cACompromise",
    3: "affiliationChanged",
    4: "superseded",
    5: "cessationOfOperation",
    6: "certificateHold",
    8: "removeFromCRL",
    9: "privilegeWithdrawn",
    10: "aACompromise",
}
"""RFC 5280, 5.3.1."""

HOLD = "certificateHold"

SKEW = timedelta(minutes=5)
"""How far the clocks of a CA, or its responder, and of this machine may differ, as OpenSSL has it
for OCSP.
"""


class BadCrl(BadInput):
    """The bytes are no CRL that can be used."""

    def __init__(self, reason: Message) -> None:
        super().__init__(reason, msg("Give a complete CRL: DER or PEM (.crl, .pem)."))


class RefusedCrl(BadCrl):
    """A CRL of a kind that is not used."""


@dataclass(frozen=True, slots=True)
class Crl:
    """A CRL, read as far as its head. `revoked` is the content of its list, as it stands.

    `points` are the distribution points it is limited to, empty for none.
    """

    issuer_name: Name
    issuer: CanonicalName
    key_id: str | None
    this_update: datetime
    next_update: datetime | None
    signed: Signed
    revoked: bytes
    users_only: bool = False
    authorities_only: bool = False
    points: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Entry:
    revoked_at: datetime
    cause: str | None


def read_crls(data: bytes) -> tuple[bytes, ...]:
    """The CRLs (DER) that a file holds: DER, or PEM with one or several.

    They are only cut apart: `read_crl` reads each. Raises `BadCrl` when there is none.
    """
    if not data:
        raise BadCrl(msg("The CRL is empty."))
    if len(data) > MAX_CRL:
        raise BadCrl(msg("This file is too large to be a CRL (over 16 MB)."))
    return _from_pem(data) if MARK in data else (data,)


def _from_pem(data: bytes) -> tuple[bytes, ...]:
    found, others = list[bytes](), dict[str, None]()
    for label, body in blocks(data):
        if label in _PEM_LABELS:
            found.append(_of_block(body))
        else:
            others[label] = None
    if len(found) > MAX_CRLS:
        raise BadCrl(msg("This file holds more than {limit} CRLs.", limit=MAX_CRLS))
    if not found and others:
        raise BadCrl(msg("This file holds no CRL, but: {found}.", found=tuple(others)))
    if not found:
        raise BadCrl(msg("The PEM text is damaged."))
    return tuple(found)


def _of_block(body: bytes) -> bytes:
    try:
        return decoded(body)
    except ValueError as error:
        raise BadCrl(msg("The PEM text is damaged.")) from error


def read_crl(der: bytes) -> Crl:
    """Read one CRL. Raises `BadCrl`, and nothing else, when it is damaged or refused."""
    if len(der) > MAX_CRL:
        raise BadCrl(msg("This file is too large to be a CRL (over 16 MB)."))
    try:
        return _read(der)
    except BadCrl:
        raise
    except Exception as error:  # asn1crypto declares no errors of its own
        raise BadCrl(msg("This is not a CRL, or it is damaged.")) from error


def signed_by(found: Crl, issuer: Certificate) -> bool:
    """Whether this CA made the CRL: full name, key identifiers, cRLSign, signature."""
    return _not_of(found, issuer) is None


def judge_crls(
    subject: Certificate, issuer: Certificate, crls: Sequence[Crl], at: datetime
) -> Revocation:
    """What the CRLs say of a certificate as of `at` (aware); `issuer` must have issued it, and be
    trusted. Never raises.
    """
    serial = subject.serial
    if serial is None:
        return _unknown(msg("The serial number of the certificate cannot be read."), subject)
    of_name = [found for found in crls if found.issuer == canonical(subject.issuer)]
    doubts = [_doubt(found, subject, issuer) for found in of_name]
    usable = [found for found, doubt in zip(of_name, doubts, strict=True) if doubt is None]
    usable.sort(key=lambda found: found.this_update)
    if not usable:
        reason = next(filter(None, doubts), msg("No CRL of the issuer is at hand."))
        return _unknown(reason, subject)
    try:
        entries = [(found, _entry(found.revoked, serial)) for found in usable]
    except Exception:  # asn1crypto declares no errors of its own
        return _unknown(msg("The CRL at hand is damaged."), subject)
    return _revoked(entries, subject, at) or _not_revoked(entries, subject, at)


def _late(found: Crl, at: datetime) -> bool:
    return found.this_update - at > SKEW


def _last_words(crls: Iterable[Crl], subject: Certificate, at: datetime) -> set[datetime]:
    """The dates of the newest CRL of then, and of the newest that still had to list it."""
    made = [found.this_update for found in crls if not _late(found, at)]
    last = subject.not_after
    alive = [date for date in made if last is not None and date <= last]
    return {max(dates) for dates in (made, alive) if dates}


def _revoked(
    entries: Sequence[tuple[Crl, _Entry | None]], subject: Certificate, at: datetime
) -> Revocation | None:
    """The first revocation that was in force. It is for ever, but for a hold (RFC 5280, 5.3.1):
    that one counts only as a last word. A late CRL tells of it to the second.
    """
    last_words = _last_words((found for found, _ in entries), subject, at)
    for found, entry in entries:
        allowed = timedelta(0) if _late(found, at) else SKEW
        if entry is None or entry.revoked_at - at > allowed:
            continue
        if entry.cause == HOLD and found.this_update not in last_words:
            continue
        return Revocation(
            RevocationOutcome.REVOKED,
            _revoked_words(entry),
            RevocationSource.CRL,
            revoked_at=entry.revoked_at,
            cause=entry.cause,
            this_update=found.this_update,
            next_update=found.next_update,
        )
    return None


def _revoked_words(entry: _Entry) -> Message:
    if entry.cause is None:
        return msg("REVOKED on {date}, says a CRL; it states no reason.", date=entry.revoked_at)
    return msg("REVOKED on {date} ({cause}), says a CRL.", date=entry.revoked_at, cause=entry.cause)


def _not_revoked(
    entries: Sequence[tuple[Crl, _Entry | None]], subject: Certificate, at: datetime
) -> Revocation:
    """`entries` are sorted by date, and none of them was in force."""
    before = [(found, entry) for found, entry in entries if not _late(found, at)]
    if not before:
        return _unknown(msg("The CRL at hand was made after that moment."), subject)
    last = subject.not_after
    if last is None:
        return _unknown(msg("When the certificate expires cannot be read."), subject)
    alive = [(found, entry) for found, entry in before if found.this_update <= last]
    if not alive:
        reason = msg(
            "The CRL at hand was made after the certificate expired, so it need not list it."
        )
        return Revocation(RevocationOutcome.NO_CRL, reason, too_late=True)
    newest, entry = alive[-1]
    if entry is not None and entry.revoked_at > at:
        return _unknown(msg("The CRL at hand tells of a revocation after that moment."), subject)
    return _good_or_stale(newest, at)


def _good_or_stale(newest: Crl, at: datetime) -> Revocation:
    made, due = newest.this_update, newest.next_update
    if due is not None and at <= due:
        outcome = RevocationOutcome.GOOD
        reason = nmsg(
            "Not revoked, says a CRL {count} day old, of {date}.",
            "Not revoked, says a CRL {count} days old, of {date}.",
            max(at - made, timedelta(0)).days,
            date=made,
        )
    elif due is not None:
        outcome = RevocationOutcome.STALE
        reason = msg(
            "Not in the CRL of {date}, but a newer one was due on {due}.", date=made, due=due
        )
    else:
        outcome = RevocationOutcome.STALE
        reason = msg("Not in the CRL of {date}, which does not say how long it counts.", date=made)
    return Revocation(outcome, reason, RevocationSource.CRL, this_update=made, next_update=due)


def _unknown(reason: Message, subject: Certificate) -> Revocation:
    return Revocation(RevocationOutcome.NO_CRL, reason, addresses=subject.crl_urls)


def _doubt(found: Crl, subject: Certificate, issuer: Certificate) -> Message | None:
    """Why a CRL with the issuer's name says nothing about this certificate."""
    excluded = found.users_only if subject.is_ca else found.authorities_only
    if excluded or (found.points and not set(found.points) & set(subject.crl_urls)):
        return msg("The CRL at hand is for other certificates of this issuer.")
    return _not_of(found, issuer)


def _not_of(found: Crl, issuer: Certificate) -> Message | None:
    name = label_of(issuer.subject)
    if not found.issuer or found.issuer != canonical(issuer.subject):
        return msg("The CRL at hand is of another issuer than {name}.", name=name)
    if None not in (found.key_id, issuer.subject_key_id) and found.key_id != issuer.subject_key_id:
        return msg("The CRL at hand bears the name of {name}, but another key.", name=name)
    if issuer.key_usage and "cRLSign" not in issuer.key_usage:
        return msg("{name} may not sign CRLs (key usage).", name=name)
    answer = verify(found.signed, issuer.public_key)
    if answer is Answer.UNSUPPORTED:
        return msg("The signature on the CRL at hand cannot be verified: unsupported algorithm.")
    if answer is Answer.FAILS:
        return msg("The signature on the CRL at hand is not that of {name}.", name=name)
    return None


@lru_cache(_REMEMBERED)
def _read(der: bytes) -> Crl:
    signed, algorithm, signature = _inside(der, 3)
    parts = list(_inside(signed, _MOST_PARTS))
    if parts[0][0] == _VERSION:
        del parts[0]
    inner, issuer, this_update, *rest = parts
    next_update = _taken(rest, *_TIMES)
    revoked = _taken(rest, SEQUENCE)
    wrapped = _taken(rest, _EXTENSIONS)
    if rest or len(der) - len(revoked) > MAX_HEAD:
        raise ValueError("parts that no CRL has")
    extensions = _extensions(content(wrapped))
    issuer_name, whole = read_name(issuer)
    if not whole:
        raise ValueError("a CRL of whom")
    _refuse_critical_entries(content(revoked))
    return Crl(
        issuer_name=issuer_name,
        issuer=canonical(issuer_name),
        key_id=_key_id(extensions),
        this_update=read_time(this_update),
        next_update=read_time(next_update) if next_update else None,
        signed=split(signed, algorithm, signature, inner),
        revoked=content(revoked),
        **_scope(extensions),
    )


def _inside(element: bytes, most: int) -> tuple[bytes, ...]:
    """The elements in a SEQUENCE. Raises `ValueError` for more of them, and for broken ones."""
    parts = tuple(islice(walk(content(element)), most + 1))
    if not is_whole(element, SEQUENCE) or len(parts) > most or not all(map(is_whole, parts)):
        raise ValueError("not a CRL")
    return parts


def _taken(rest: list[bytes], *tags: int) -> bytes:
    """The first of the rest, taken away, when it has one of these tags; else b""."""
    return rest.pop(0) if rest and rest[0][0] in tags else b""


def _extensions(der: bytes) -> Mapping[str, bytes]:
    """OID → value. Refuses what must not be ignored."""
    found: dict[str, bytes] = {}
    items, problems = split_extensions(der) if der else ((), ())
    if problems:
        raise ValueError("extensions that cannot be read")
    for item in items:
        if item.oid in found:
            raise ValueError("an extension stands twice")
        if item.oid == _DELTA:
            raise RefusedCrl(
                msg("This is a delta CRL: it says only what changed, and is not used.")
            )
        if item.critical and item.oid not in _PROCESSED:
            raise _critical(item.oid)
        found[item.oid] = item.value
    return found


def _key_id(extensions: Mapping[str, bytes]) -> str | None:
    if _AUTHORITY_KEY_ID not in extensions:
        return None
    read = x509.AuthorityKeyIdentifier.load(extensions[_AUTHORITY_KEY_ID], strict=True)
    key = read["key_identifier"].native
    return key.hex() if key is not None else None


def _scope(extensions: Mapping[str, bytes]) -> dict[str, Any]:
    """The limits of the issuing distribution point (RFC 5280, 5.2.5)."""
    if _SCOPE not in extensions:
        return {}
    point = crl.IssuingDistributionPoint.load(extensions[_SCOPE], strict=True)
    if point["indirect_crl"].native:
        raise RefusedCrl(msg("This is an indirect CRL: it speaks for other CAs, and is not used."))
    if present(point["only_some_reasons"]) or point["only_contains_attribute_certs"].native:
        raise RefusedCrl(
            msg("This CRL is limited to some reasons or to attributes: it is not used.")
        )
    return {
        "users_only": bool(point["only_contains_user_certs"].native),
        "authorities_only": bool(point["only_contains_ca_certs"].native),
        "points": _points(point["distribution_point"]),
    }


def _points(where: Any) -> tuple[str, ...]:
    if not present(where):
        return ()
    if where.name != "full_name":
        raise ValueError("a relative distribution point")
    uris = (n.chosen for n in where.chosen if n.name == "uniform_resource_identifier")
    found = tuple(uri.contents.decode("latin-1") for uri in uris)
    if not found:
        raise ValueError("a distribution point without an address")
    return found


def _entry(revoked: bytes, serial: int) -> _Entry | None:
    """The entry of a serial number in a list's content, None when it is not listed.

    Raises whatever asn1crypto raises, and `ValueError`, for a damaged list.
    """
    digits = core.Integer(serial).contents.removeprefix(b"\0")  # however the list pads it
    if digits not in revoked:  # most often: nothing has to be unfolded
        return None
    for start, inside, end in _entries(revoked):
        value, after = header(revoked, inside)
        if int.from_bytes(revoked[value:after], "big", signed=True) == serial:
            return _read_entry(revoked[start:end])
    return None


def _refuse_critical_entries(revoked: bytes) -> None:
    """An entry that carries what must not be ignored spoils the whole list (RFC 5280, 5.3)."""
    if not _MARKED_CRITICAL.search(revoked):  # most often
        return
    for _, inside, end in _entries(revoked):
        _, after_serial = header(revoked, inside)
        _, after_date = header(revoked, after_serial)
        if after_date >= end or not _MARKED_CRITICAL.search(revoked, after_date, end):
            continue
        for item in split_extensions(revoked[after_date:end])[0]:
            if item.critical and item.oid != _REASON:
                raise _critical(item.oid)


def _critical(oid: str) -> RefusedCrl:
    return RefusedCrl(
        msg("This CRL carries a critical extension that is not processed ({oid}).", oid=oid)
    )


def _entries(revoked: bytes) -> Iterator[tuple[int, int, int]]:
    """Where each entry, and its content, begins, and where it ends."""
    at = 0
    while at < len(revoked):
        inside, end = header(revoked, at)
        if revoked[at] != SEQUENCE or end > len(revoked) or end - at > MAX_HEAD:
            raise ValueError("not an entry, or cut short, or absurdly long")
        yield at, inside, end
        at = end


def _read_entry(der: bytes) -> _Entry | None:
    _, date, *rest = _inside(der, 3)
    items, problems = split_extensions(rest[0]) if rest else ((), ())
    if problems:
        raise ValueError("extensions that cannot be read")
    cause: str | None = None
    for item in items:
        if item.oid == _CERTIFICATE_ISSUER:
            raise ValueError("an entry for another CA")
        if item.oid == _REASON:
            code = core.Enumerated.load(item.value, strict=True).contents
            cause = CAUSES.get(int.from_bytes(code, "big"), "unspecified")
    if cause == "removeFromCRL":
        return None
    return _Entry(read_time(date), cause)
