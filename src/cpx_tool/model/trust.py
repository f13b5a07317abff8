"""Whom a chain of certificates may end at, and what came of following one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from cpx_tool.model.certificate import Certificate, Name
from cpx_tool.model.fetch import Fetched
from cpx_tool.model.identity import Pki
from cpx_tool.model.message import Message

T = TypeVar("T", bytes, str)


@dataclass(frozen=True, slots=True)
class Authority:
    """A CA that the catalogue knows: `code` as in its file name ("ACI-FO-PP-TEST").

    `sha256` (of the certificate) and `key_id` are lower-case hex, None when not known; `parent`
    is the code of its issuer, None for a root; `url` is where the PKI publishes it, `crl_url`
    where it publishes its CRL.
    """

    code: str
    pki: Pki
    name: Name
    parent: str | None
    url: str
    sha256: str | None = None
    key_id: str | None = None
    crl_url: str | None = None


class AnchorOrigin(StrEnum):
    """Who vouches for an anchor."""

    KNOWN = "known"
    """Its SHA-256 fingerprint is in the catalogue."""
    ACCEPTED = "accepted"
    """The user accepted it, explicitly; every report says so."""
    EMULATED = "emulated"
    """The emulation made it; it vouches for emulated cards only."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A CA that a chain may end at. `code` and `pki` are None for one the catalogue lacks."""

    sha256: str
    origin: AnchorOrigin
    code: str | None = None
    pki: Pki | None = None


@dataclass(frozen=True, slots=True)
class Anchors:
    """The CAs that may be believed: the catalogue's, those the user accepted (SHA-256), and those
    that an emulation made for its own cards (SHA-256).
    """

    known: tuple[Authority, ...] = ()
    accepted: frozenset[str] = field(default_factory=frozenset)
    emulated: frozenset[str] = field(default_factory=frozenset)

    def of(self, sha256: str) -> Anchor | None:
        """The anchor with this fingerprint; what the catalogue knows goes first."""
        for authority in self.known:
            if authority.sha256 == sha256:
                return Anchor(sha256, AnchorOrigin.KNOWN, authority.code, authority.pki)
        if sha256 in self.emulated:
            return Anchor(sha256, AnchorOrigin.EMULATED)
        return Anchor(sha256, AnchorOrigin.ACCEPTED) if sha256 in self.accepted else None


@dataclass(frozen=True, slots=True)
class TrustMaterial:
    """What chains and revocation are judged with, as it was found: certificates, CRLs and OCSP
    answers in DER.

    A certificate is believed for its fingerprint (lower-case hex) only: because the catalogue
    knows it, because the user accepted it (`accepted`), or because an emulation made it for its
    own cards (`emulated`).
    """

    certificates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    accepted: tuple[str, ...] = ()
    emulated: tuple[str, ...] = ()
    answers: tuple[bytes, ...] = ()

    def plus(self, other: TrustMaterial) -> TrustMaterial:
        """Both, each thing once."""
        return TrustMaterial(
            certificates=_once(self.certificates + other.certificates),
            crls=_once(self.crls + other.crls),
            accepted=_once(self.accepted + other.accepted),
            emulated=_once(self.emulated + other.emulated),
            answers=_once(self.answers + other.answers),
        )


def _once(items: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(items))


class ChainOutcome(StrEnum):
    """What came of following a chain."""

    VERIFIED = "verified"
    """Every signature holds, up to an anchor."""
    ISSUER_NOT_AT_HAND = "issuer-not-at-hand"
    """An issuer's certificate is missing: nothing is wrong, nothing is proven."""
    NOT_TRUSTED = "not-trusted"
    """The chain is whole, but ends at a CA that is neither known nor accepted."""
    WRONG_PKI = "wrong-pki"
    """A CA with a known name, but of another PKI: other full name or other key."""
    BROKEN = "broken"
    """Something in the chain does not hold."""


class Flaw(StrEnum):
    """What breaks a chain. Stable codes, shown in reports."""

    DAMAGED = "damaged"
    """A certificate, or a part that decides, cannot be read."""
    SIGNATURE = "signature"
    ALGORITHM = "algorithm"
    """The signature cannot be verified: its algorithm is not supported."""
    NOT_A_CA = "not-a-ca"
    KEY_USAGE = "key-usage"
    PATH_LENGTH = "path-length"
    NOT_YET_VALID = "not-yet-valid"
    EXPIRED = "expired"
    CRITICAL_EXTENSION = "critical-extension"
    LOOP = "loop"
    TOO_LONG = "too-long"
    TOO_MANY = "too-many"
    """More possible issuers than are tried."""


class Weakness(StrEnum):
    """Old cryptography in a chain: it is verified all the same, and said."""

    WEAK_DIGEST = "weak-digest"
    """A signature over MD5 or SHA-1."""
    SHORT_KEY = "short-key"
    """RSA below 2048 bits, or an elliptic curve below 224."""


@dataclass(frozen=True, slots=True)
class WeakLink:
    """A weakness and the certificate (of `ChainResult.path`) that has it; `detail` names it."""

    weakness: Weakness
    sha256: str
    detail: str


@dataclass(frozen=True, slots=True)
class MissingIssuer:
    """The issuer that is not at hand. `code` when the catalogue knows it."""

    name: Name
    key_id: str | None
    code: str | None
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChainResult:
    """What following a chain gave.

    `path` begins with the certificate itself and goes as far as signatures hold; with VERIFIED
    its last is the anchor. It is empty when the certificate cannot be read. `flaw` is set with
    BROKEN, `missing` with ISSUER_NOT_AT_HAND. `unproven` is set with NOT_TRUSTED, when the chain
    ends at the name of a CA whose fingerprint the catalogue does not know: that CA's code.
    """

    outcome: ChainOutcome
    reason: Message
    path: tuple[Certificate, ...] = ()
    anchor: Anchor | None = None
    missing: MissingIssuer | None = None
    flaw: Flaw | None = None
    weak: tuple[WeakLink, ...] = ()
    unproven: str | None = None


class RevocationOutcome(StrEnum):
    """What CRLs and OCSP answers say of a certificate."""

    REVOKED = "revoked"
    GOOD = "good"
    STALE = "stale"
    """Not revoked, but what says so was already out of date."""
    UNKNOWN = "unknown"
    """The OCSP responder of the CA does not know the certificate."""
    NO_CRL = "no-crl"
    """No CRL at hand can be used, and no OCSP answer."""


class RevocationSource(StrEnum):
    """What an answer rests on."""

    CRL = "crl"
    OCSP = "ocsp"


@dataclass(frozen=True, slots=True)
class Revocation:
    """A certificate's state at a moment. `authority` names an issuer of the chain, when it is
    that one which is revoked; `cause` is the RFC 5280 reason ("keyCompromise"), None when none
    is stated. `source` says what answered, None with NO_CRL. `addresses` are where CRLs of the
    issuer are published, none when it is `too_late`: no CRL made from now on can tell any more.
    `others` say what else was at hand, and does not count.
    """

    outcome: RevocationOutcome
    reason: Message
    source: RevocationSource | None = None
    revoked_at: datetime | None = None
    cause: str | None = None
    authority: str | None = None
    this_update: datetime | None = None
    next_update: datetime | None = None
    addresses: tuple[str, ...] = ()
    others: tuple[Message, ...] = ()
    too_late: bool = False


class ImportStatus(StrEnum):
    """What became of a certificate or CRL that was to be imported."""

    KNOWN = "known"
    """A CA whose fingerprint the catalogue knows."""
    ISSUED_BY_ANCHOR = "issued-by-anchor"
    """A CA whose chain is verified up to an anchor: used, but no anchor itself."""
    ACCEPTED = "accepted"
    """An unknown CA, accepted because the user said so."""
    CRL = "crl"
    DUPLICATE = "duplicate"
    NOT_A_CA = "not-a-ca"
    UNKNOWN = "unknown"
    """Refused: neither known nor accepted."""
    OTHER_FINGERPRINT = "other-fingerprint"
    """Refused: the name of a known CA, but not its certificate."""
    CRL_REFUSED = "crl-refused"
    UNREADABLE = "unreadable"

    @property
    def imported(self) -> bool:
        """It is in the store now because of this import."""
        return self in _IMPORTED

    @property
    def refused(self) -> bool:
        """It is not in the store, and the user has to know."""
        return self in _REFUSED


_IMPORTED = (
    ImportStatus.KNOWN,
    ImportStatus.ISSUED_BY_ANCHOR,
    ImportStatus.ACCEPTED,
    ImportStatus.CRL,
)
_REFUSED = (ImportStatus.UNKNOWN, ImportStatus.OTHER_FINGERPRINT, ImportStatus.CRL_REFUSED)


@dataclass(frozen=True, slots=True)
class Imported:
    """One certificate or CRL of a file. `sha256` is that of a certificate, `code` the
    catalogue's; `hint` says what to do about a refusal.
    """

    file: str
    status: ImportStatus
    reason: Message
    name: Name = ()
    sha256: str | None = None
    code: str | None = None
    hint: Message | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """What came of an address, and what became of it in the store."""

    fetched: Fetched
    imported: tuple[Imported, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredAuthority:
    """A CA in the user's store; `anchor` None for one that is only used on the way to one.

    `acceptance` is the file that makes it accepted, where the user accepted it.
    """

    certificate: Certificate
    anchor: Anchor | None
    acceptance: str | None = None


@dataclass(frozen=True, slots=True)
class StoredCrl:
    """A CRL in the user's store."""

    issuer: Name
    this_update: datetime
    next_update: datetime | None


@dataclass(frozen=True, slots=True)
class StoreListing:
    """The user's store: where it is and what it holds; `problems` are files that do not belong.

    `others` are the other places looked at, and how many certificates they hold.
    """

    directory: str
    authorities: tuple[StoredAuthority, ...]
    crls: tuple[StoredCrl, ...]
    problems: tuple[str, ...]
    others: tuple[tuple[str, int], ...]
