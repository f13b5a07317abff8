"""What a card is good for: each use, whether this card may, why, and who says so."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cpx_tool.model.cardset import Product
from cpx_tool.model.message import Message


class Use(StrEnum):
    """What test cards are ordered for. Stable codes."""

    INSI = "INSI"
    """Call the INSi téléservice by card."""
    ORG_ADMIN = "ORG-ADMIN"
    """Be the technical administrator for ORG certificates."""
    PORTAL = "PORTAL"
    """Authenticate at the portal of the IGC-Santé by card."""
    SIGNATURE = "SIGNATURE"
    """Sign documents with the signature key."""


class Entitlement(StrEnum):
    """Three answers. What no document says is not a no."""

    YES = "yes"
    NO = "no"
    NOT_KNOWN = "not-known"


class Key(StrEnum):
    """One of the two personal keys of a card."""

    AUTHENTICATION = "authentication"
    SIGNATURE = "signature"


class Cause(StrEnum):
    """What decided the answer. Stable codes."""

    NAMED = "named"
    """The document names such a card."""
    NOT_NAMED = "not-named"
    """The document names other cards, and does not exclude this one."""
    ANONYMOUS = "anonymous"
    """The document asks for a card that names a person."""
    PRODUCT_NOT_KNOWN = "product-not-known"
    """The products that this card may be have different answers."""
    TYPE_NOT_KNOWN = "type-not-known"
    """No certificate says what type of card it is."""
    VERIFIED = "verified"
    """The key signed here, and its certificate verified it."""
    NOT_TRIED = "not-tried"
    """The certificate is made for it; the key was not tried here."""
    NOT_VERIFIED = "not-verified"
    """What the key did here could not be judged."""
    WRONG_CERTIFICATE = "wrong-certificate"
    """The certificate is made for another use, or is not there."""
    KEY_ABSENT = "key-absent"
    SIGNATURE_FAILED = "signature-failed"
    PIN_LOCKED = "pin-locked"
    """The card may, once its PIN is unblocked."""
    NOT_RECOGNISED = "not-recognised"
    NOT_PROVEN = "not-proven"
    """Nothing proves that it is a test card."""
    PRODUCTION = "production"
    REVOKED = "revoked"
    BROKEN_CHAIN = "broken-chain"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"


LOSSES = frozenset(
    {
        Cause.NOT_RECOGNISED,
        Cause.NOT_PROVEN,
        Cause.PRODUCTION,
        Cause.REVOKED,
        Cause.BROKEN_CHAIN,
        Cause.EXPIRED,
        Cause.NOT_YET_VALID,
    }
)
"""With one of these a card is good for nothing, whatever it was ordered as."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where an answer comes from: a document and the place in it; the check that saw it, if one."""

    document: str
    section: str
    check: str | None = None


@dataclass(frozen=True, slots=True)
class UseRule:
    """What a document says of one use. Products neither named nor `nominative` are not known.

    `products_decide` is false where the certificate on the card does. Those in `nominative` may
    only as cards that name a person; `anonymous` is the answer for those that name none. The use
    needs the card's `key` and its PIN, where these are stated.
    """

    use: Use
    source: Source
    products_decide: bool
    named: frozenset[Product] = frozenset()
    nominative: frozenset[Product] = frozenset()
    anonymous: Entitlement = Entitlement.NOT_KNOWN
    key: Key | None = None
    pin: bool = False


@dataclass(frozen=True, slots=True)
class Eligibility:
    """One cell: one card, one use. `hint` is what to do first, or what would decide."""

    use: Use
    answer: Entitlement
    cause: Cause
    reason: Message
    source: Source
    hint: Message | None = None
