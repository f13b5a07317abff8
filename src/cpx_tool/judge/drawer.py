"""The cards of a drawer, collected reading by reading: each one once, a step back at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cpx_tool.catalogue.set_values import is_card_number
from cpx_tool.judge.collecting import Collected
from cpx_tool.judge.reading import ReadCard, read_card
from cpx_tool.judge.words import fault_message
from cpx_tool.model.cardset import PRODUCTS_OF
from cpx_tool.model.drawer import SeenCard
from cpx_tool.model.enrolment import RefusedCard, Why
from cpx_tool.model.identity import Identity
from cpx_tool.model.message import Message, msg
from cpx_tool.model.observation import Observation
from cpx_tool.model.trust import TrustMaterial
from cpx_tool.pki.proof import Proof
from cpx_tool.pki.trust import make_trust

_NO_CHAINS = make_trust(TrustMaterial(), ())
"""Who a card is does not depend on who vouches for it; `check-set` follows its chains."""


@dataclass(frozen=True, slots=True)
class Drawer(Collected[ReadCard]):
    """The cards that can be enrolled, and `unfit`, those that are not whatever the set (`refusal`).

    Of these, cards without a number are only of the last reading: nothing tells them from others.
    """

    unfit: tuple[ReadCard, ...] = ()

    @property
    def all_cards(self) -> tuple[ReadCard, ...]:
        """The unfit among them."""
        return self.cards + self.unfit

    def put(self, reading: Iterable[ReadCard]) -> Drawer:
        """With the new cards of this reading. The better of two readings of one card counts."""
        brought: tuple[ReadCard, ...] = ()
        unfit = tuple(card for card in self.unfit if _number(card))
        for card in reading:
            if any(_is_same(known, card) for known in (*self.cards, *brought)):
                continue
            unfit = tuple(known for known in unfit if known.key != card.key)
            if refusal(card) is None:
                brought = (*brought, card)
            else:
                unfit = (*unfit, card)
        return Drawer(unfit, steps=(*self.steps, brought) if brought else self.steps)


def read_cards(observation: Observation) -> tuple[ReadCard, ...]:
    """The cards of an observation, read."""
    at = observation.observed_at
    return tuple(read_card(card, _NO_CHAINS, at) for card in observation.cards)


def seen(card: ReadCard) -> SeenCard:
    """The card in plain values."""
    return SeenCard(card.key, card.observed.reader or card.observed.slot.description, card.identity)


def sort_out(cards: Sequence[ReadCard]) -> tuple[tuple[ReadCard, ...], tuple[RefusedCard, ...]]:
    """The cards that can be enrolled, by their numbers, and the others."""
    refusals = [(card, refusal(card)) for card in cards]
    fit = [card for card, refused in refusals if refused is None]
    numbers = Counter(card.key for card in fit)
    refused = [r for _, r in refusals if r is not None]
    refused += [_same_number(card) for card in fit if numbers[card.key] > 1]
    usable = sorted((c for c in fit if numbers[c.key] == 1), key=lambda card: card.key)
    return tuple(usable), tuple(refused)


def set_aside(card: ReadCard) -> RefusedCard:
    """A card that the operator left out."""
    return RefusedCard(seen(card), Why.SET_ASIDE, msg("It was left out."))


def refusal(card: ReadCard) -> RefusedCard | None:
    """Why this card, whatever the set, is not enrolled: only what is proven a TEST card is, and
    only what a set file can tell from others. None: it can be.
    """
    proof = card.proof
    if proof.proof is Proof.PRODUCTION:
        return RefusedCard(
            seen(card),
            Why.PRODUCTION,
            proof.reason,
            msg("Take this card out at once and give it back to its holder: it is a real card."),
        )
    if card.observed.token is None or card.observed.faults:
        return RefusedCard(seen(card), Why.UNREADABLE, _fault(card), _AGAIN)
    if card.identity is None:
        reason = msg("No certificate on it says that it is a CPx card.")
        return RefusedCard(seen(card), Why.UNRECOGNISED, reason)
    if proof.proof is not Proof.PROVEN:
        hint = _AGAIN if any(c.certificate is None for c in card.certificates) else _WHENCE
        return RefusedCard(seen(card), Why.NOT_PROVEN_TEST, proof.reason, hint)
    return _not_statable(card, card.identity)


def _not_statable(card: ReadCard, identity: Identity) -> RefusedCard | None:
    if card.authentication is None:
        reason = msg("It does not show its holder's authentication certificate.")
        return RefusedCard(seen(card), Why.UNREADABLE, reason, _CONTACTS)
    if not _number(card):
        reason = msg("Its certificates carry no card number of ten digits to know it by.")
        return RefusedCard(seen(card), Why.NOT_STATABLE, reason)
    if identity.card_type is None or int(identity.card_type.code) not in PRODUCTS_OF:
        reason = msg("Its certificates carry no card type that is known.")
        return RefusedCard(seen(card), Why.NOT_STATABLE, reason)
    return None


_WHENCE = msg("Check where this card comes from; its PIN was not tried.")
_CONTACTS = msg("A contactless reader sees only a part of a card: use one with contacts.")
_AGAIN = msg("Put the card in again, chip first and facing up, and read it once more.")


def _fault(card: ReadCard) -> Message:
    if card.observed.faults:
        return fault_message(card.observed.faults[0])
    return msg("The card could not be read.")


def _same_number(card: ReadCard) -> RefusedCard:
    return RefusedCard(
        seen(card),
        Why.SAME_NUMBER,
        msg("Two different cards carry this number, so it tells neither of them."),
        msg("Find out which of the two is the right one, and leave the other one out."),
    )


def _number(card: ReadCard) -> str | None:
    number = card.identity.card_number if card.identity else None
    return number if number is not None and is_card_number(number) else None


def _is_same(card: ReadCard, other: ReadCard) -> bool:
    """One number, and a certificate in common: a reading may lack one, a copy has its own."""
    ders = {item.der for item in card.observed.certificates if item.der}
    return card.key == other.key and any(i.der in ders for i in other.observed.certificates)
