"""The ways in which an emulated set can be wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from cpx_tool.emulate.card_names import CardName, by_title, exactly
from cpx_tool.errors import BadInput, nearest
from cpx_tool.model.cardset import CardSet, ExpectedCard
from cpx_tool.model.message import Message, msg


class Defect(StrEnum):
    """One defect of one card."""

    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    EXPIRING_SOON = "expiring-soon"
    WRONG_PROFESSION = "wrong-profession"
    PRODUCTION = "production"
    SWAPPED = "swapped"
    KEY_MISMATCH = "key-mismatch"
    MISSING = "missing"
    DUPLICATE = "duplicate"
    EXTRA = "extra"
    FOREIGN = "foreign"
    BROKEN_CERTIFICATE = "broken-certificate"
    NO_PRIVATE_KEY = "no-private-key"
    PKCS1_ONLY = "pkcs1-only"
    REVOKED = "revoked"
    FORGED = "forged"


WORDS: Mapping[Defect, Message] = {
    Defect.EXPIRED: msg("the certificates expired 30 days ago"),
    Defect.NOT_YET_VALID: msg("the certificates become valid in 30 days"),
    Defect.EXPIRING_SOON: msg("the certificates expire in 20 days"),
    Defect.WRONG_PROFESSION: msg("the profession code is another one than the title says"),
    Defect.PRODUCTION: msg("the category is that of a real card"),
    Defect.SWAPPED: msg("authentication and signature certificate are exchanged"),
    Defect.KEY_MISMATCH: msg("the authentication key is not the one of its certificate"),
    Defect.MISSING: msg("the card is not there"),
    Defect.DUPLICATE: msg("a second token shows the same card number"),
    Defect.EXTRA: msg("a second card of the same role"),
    Defect.FOREIGN: msg("a card of another set stands in its place"),
    Defect.BROKEN_CERTIFICATE: msg("the signature certificate is cut off"),
    Defect.NO_PRIVATE_KEY: msg("the authentication key is absent"),
    Defect.PKCS1_ONLY: msg("the keys sign PKCS#1 v1.5 only, as a CPS3 does"),
    Defect.REVOKED: msg("the certificates were revoked ten days ago"),
    Defect.FORGED: msg("the certificates are not signed by the CA that they name"),
}

_EXCLUSIVE: tuple[frozenset[Defect], ...] = (
    frozenset({Defect.EXPIRED, Defect.NOT_YET_VALID, Defect.EXPIRING_SOON}),
    frozenset({Defect.KEY_MISMATCH, Defect.NO_PRIVATE_KEY}),
    frozenset({Defect.FOREIGN, Defect.DUPLICATE}),
    frozenset({Defect.FOREIGN, Defect.EXTRA}),
    *(frozenset({Defect.MISSING, other}) for other in Defect if other is not Defect.MISSING),
)
_ALL = "all"
_NOT_FOR_ALL = (Defect.MISSING, Defect.FOREIGN)
_CPS = 0


def plan_defects(card_set: CardSet, words: Sequence[str]) -> dict[str, frozenset[Defect]]:
    """Role → defects, from `NAME` and `NAME=CARD` as typed.

    CARD is a role, a position from 1, a part of the card's title, or "all"; without it, the
    first CPS of the set is meant. Raises `BadInput` for unknown names, for a CARD that is none
    or several, and for defects that exclude each other on one card.
    """
    planned: dict[str, set[Defect]] = {}
    for word in words:
        name, separator, card = word.partition("=")
        defect = _defect(name)
        for role in _roles(card_set, defect, card if separator else None):
            planned.setdefault(role, set()).add(defect)
    for role, defects in planned.items():
        _refuse_contradictions(role, defects)
    return {role: frozenset(defects) for role, defects in planned.items()}


def _defect(name: str) -> Defect:
    try:
        return Defect(name.strip().lower().replace("_", "-"))
    except ValueError:
        known = tuple(defect.value for defect in Defect)
        hint = nearest(name, known, msg("Choose one of these."))
        raise BadInput(
            msg("There is no defect “{name}”. Known: {known}.", name=name, known=known), hint
        ) from None


def _roles(card_set: CardSet, defect: Defect, card: str | None) -> list[str]:
    if card is None:
        return [_default(card_set, defect).role]
    if card.strip().lower() == _ALL:
        return _all_roles(card_set, defect)
    chosen = _named(card_set, card)
    if not _applies(defect, chosen):
        raise BadInput(
            msg("The card {role} has no profession that could be wrong.", role=chosen.role),
            msg("Choose a CPS card of the set for wrong-profession."),
        )
    return [chosen.role]


def _all_roles(card_set: CardSet, defect: Defect) -> list[str]:
    if defect in _NOT_FOR_ALL:
        raise BadInput(
            msg("Not all cards can have the defect {name}.", name=defect.value),
            msg("Give it to one card: --defect {name}=CARD.", name=defect.value),
        )
    return [card.role for card in card_set.cards if _applies(defect, card)]


def _default(card_set: CardSet, defect: Defect) -> ExpectedCard:
    cps = [c for c in card_set.cards if c.card_type == _CPS]
    suitable = [c for c in (*cps, *card_set.cards) if _applies(defect, c)]
    if not suitable:
        raise BadInput(
            msg("No card of the set {name} can have the defect.", name=card_set.name),
            msg("Choose another set or another defect."),
        )
    return suitable[0]


def _applies(defect: Defect, card: ExpectedCard) -> bool:
    return defect is not Defect.WRONG_PROFESSION or card.profession is not None


def _named(card_set: CardSet, card: str) -> ExpectedCard:
    """The card that is meant: by its role or position, else by a part of its title."""
    cards = card_set.cards
    names = [CardName("", expected.role, expected.title) for expected in cards]
    found = [cards[at] for at in exactly(card, names) or by_title(card, names)]
    if len(found) == 1:
        return found[0]
    roles = tuple(expected.role for expected in found or cards)
    if found:
        raise BadInput(
            msg("“{card}” could be several cards: {roles}.", card=card, roles=roles),
            msg("Choose one of these."),
        )
    raise BadInput(
        msg("The set {name} has no card “{card}”.", name=card_set.name, card=card),
        cards_of(roles),
    )


def cards_of(roles: Sequence[str]) -> Message:
    """The remedy for the name of a card that is none: the names of those that there are."""
    return msg(
        "Its cards are: {roles}; or a position from 1 to {size}.",
        roles=tuple(roles),
        size=len(roles),
    )


def _refuse_contradictions(role: str, defects: set[Defect]) -> None:
    for group in _EXCLUSIVE:
        both = sorted(group & defects)
        if len(both) > 1:
            raise BadInput(
                msg(
                    "The card {role} cannot have these defects at once: {names}.",
                    role=role,
                    names=tuple(both),
                ),
                msg("Give them to different cards: --defect NAME=CARD."),
            )
