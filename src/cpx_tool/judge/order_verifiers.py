"""What the tool can find out of the order guide's steps: from the cards at hand, without a PIN."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from cpx_tool.catalogue.nomenclature import label
from cpx_tool.catalogue.pkis import PKIS
from cpx_tool.catalogue.readers import no_card_answer
from cpx_tool.catalogue.sets import fits
from cpx_tool.judge.checks.certificates import validity_left
from cpx_tool.judge.checks.identity import card_is_test
from cpx_tool.judge.checks.place import card_role_certain
from cpx_tool.judge.checks.trust import chain_holds
from cpx_tool.judge.checks.workstation import set_complete
from cpx_tool.judge.judge import DEFAULT_WARNING_PERIOD
from cpx_tool.model.cardset import PRODUCTS_OF, Product
from cpx_tool.model.certificate import Certificate
from cpx_tool.model.finding import Checklist, JudgedCard, Outcome, Place
from cpx_tool.model.identity import Category, Pki, ProductKind
from cpx_tool.model.message import Message, msg, nmsg
from cpx_tool.model.order import Verification, VerificationOutcome, Verifier
from cpx_tool.pki.identity import identify

Rule: TypeAlias = Callable[[Product, bool], bool]
"""Whether a card of that product, nominative or not, will do."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the verifiers look at: judged cards, as of their observation, and certificates of .p12
    files, as of `at`.
    """

    at: datetime
    checklist: Checklist | None = None
    certificates: tuple[Certificate, ...] = ()

    @property
    def is_empty(self) -> bool:
        """There is nothing to look at."""
        return not self.certificates and (self.checklist is None or not self.checklist.cards)


def verify(verifier: Verifier, evidence: Evidence) -> Verification:
    """What the evidence says about a step. Pure."""
    if verifier in _NAMES:
        return _organisation(_NAMES[verifier], evidence)
    checklist = evidence.checklist
    if checklist is None:
        return _open(msg("No card was looked at."))
    if not checklist.cards:
        return _open(*_no_card(checklist))
    return _CARD_VERIFIERS[verifier](checklist)


def may_administer(product: Product, nominative: bool) -> bool:
    """Whether such a card may be technical administrator: CPS, CDE, nominative CPE, CDA or CPA.

    ANS's ordering guide, ORG certificates. To give way to the eligibility matrix, once there is
    one: this rule and `may_call_insi` are all that the guide knows of it.
    """
    if product is Product.CPE:
        return nominative
    return product in (Product.CPS, Product.CDE, Product.CDA, Product.CPA)


def may_call_insi(product: Product, nominative: bool) -> bool:
    """Whether INSi may be called with such a card: a nominative CPS, CPE or CPF.

    ANS's ordering guide, "who and why".
    """
    return nominative and product in (Product.CPS, Product.CPE, Product.CPF)


def _set_complete(checklist: Checklist) -> Verification:
    """Every role has its card. A card that is not seen may lie in a drawer: that is no proof."""
    size = len(checklist.card_set.cards)
    if not size:
        title = checklist.card_set.title
        return _open(msg("The contents of the set “{title}” are not published.", title=title))
    placed = [card for card in checklist.cards if _has_its_place(card)]
    if len(placed) == size:
        return _verified(
            nmsg(
                "The set is complete: {count} of {size} cards.",
                "The set is complete: {count} of {size} cards.",
                len(placed),
                size=size,
            )
        )
    wrong = [c for c in checklist.cards if c.identity is not None and _is_wrong_here(c)]
    if wrong:
        title = checklist.card_set.title
        return _contradicted(
            msg("Not test cards of the set “{title}”: {cards}.", title=title, cards=_named(wrong)),
            msg("Take them out; or name the set that you received: --set (cpx-tool list-sets)."),
        )
    answer = next(f for f in checklist.findings if f.check == set_complete.id)
    return _open(
        answer.message, msg("A card in a drawer is not seen: put in all cards of the set at once.")
    )


def _has_its_place(card: JudgedCard) -> bool:
    """The card fits the role that it was given; one that nearly fits has such a place, too."""
    return (
        card.place is Place.EXPECTED
        and card.expected is not None
        and card.identity is not None
        and fits(card.expected, card.identity)
        and _is_test(card)
    )


def _is_wrong_here(card: JudgedCard) -> bool:
    beside = (Place.EXTRA, Place.DUPLICATE)  # of the right kind, and its place is taken
    return card.place not in beside and not _has_its_place(card)


def _issuer(checklist: Checklist) -> Verification:
    """All cards name the IGC-Santé TEST as their issuer, and no chain says otherwise."""
    if checklist.observation.emulated:
        return _open(msg("The cards are emulated: they prove nothing about an order."))
    wrong = tuple(
        msg("{name} ({state})", name=card.key, state=PKIS[card.identity.pki])
        for card in checklist.cards
        if card.identity is not None and card.identity.pki is not Pki.IGC_SANTE_TEST
    )
    if wrong:
        return _contradicted(
            msg("Not of the IGC-Santé TEST: {cards}.", cards=wrong),
            msg("Take them out; if they were delivered so, look at the column of part 3.2."),
        )
    broken = [c for c in checklist.cards if _outcome(c, chain_holds.id) is Outcome.FAILED]
    if broken:
        return _contradicted(
            msg("They name the IGC-Santé TEST, but the chain fails: {cards}.", cards=_keys(broken)),
            chain_holds.hint,
        )
    return _unread(checklist) or _verified(
        nmsg(
            "{count} card names the IGC-Santé TEST as its issuer.",
            "{count} cards name the IGC-Santé TEST as their issuer.",
            len(checklist.cards),
        )
    )


def _validity(checklist: Checklist) -> Verification:
    """No card has expired or is not valid yet, at the moment of the observation."""
    at = checklist.observation.observed_at
    over = [card for card in checklist.cards if _ended(card, at)]
    if over:
        return _contradicted(
            msg("Expired: {cards}.", cards=_named(over)),
            msg("Order the set again: test cards live three years."),
        )
    early = [card for card in checklist.cards if _not_begun(card, at)]
    if early:
        return _contradicted(
            msg("Not valid yet: {cards}.", cards=_named(early)),
            msg("Check this workstation's date. If it is right, wait until the cards are valid."),
        )
    unread = _unread(checklist)
    ends = [card.not_after for card in checklist.cards if card.not_after is not None]
    if unread is not None or not ends:
        return unread or _open(msg("No certificate could be read."))
    left = min(ends) - at
    return _verified(
        nmsg(
            "All cards are valid for {count} day more, until {date}.",
            "All cards are valid for {count} days more, until {date}.",
            left.days,
            date=min(ends),
        ),
        validity_left.hint if left < DEFAULT_WARNING_PERIOD else None,
    )


def _administrator(checklist: Checklist) -> Verification:
    return _one_will_do(
        checklist,
        may_administer,
        msg("None of the cards at hand is a CPS, CDE, nominative CPE, CDA or CPA."),
    )


def _insi_card(checklist: Checklist) -> Verification:
    return _one_will_do(
        checklist,
        may_call_insi,
        msg("None of the cards at hand is a nominative CPS, CPE or CPF."),
    )


def _one_will_do(checklist: Checklist, rule: Rule, none: Message) -> Verification:
    """At least one card at hand is of the right kind, a TEST card, and valid now."""
    at = checklist.observation.observed_at
    answers = [(card, _will_do(card, rule)) for card in checklist.cards]
    fit = [card for card, answer in answers if answer]
    usable = [card for card in fit if _usable(card, at)]
    if usable:
        return _verified(msg("At hand: {cards}.", cards=_named(usable)))
    doubtful = [card for card, answer in answers if answer is None and _usable(card, at)]
    if doubtful:
        return _open(
            msg("CDE or CPE, of which one will not do: {cards}.", cards=_named(doubtful)),
            card_role_certain.hint,
        )
    if fit:
        return _contradicted(
            msg("Not a TEST card, or not valid now: {cards}.", cards=_named(fit)),
            msg("Put in another card, or order the set again."),
        )
    return _unread(checklist) or _contradicted(none, msg("Put in another card."))


def _will_do(card: JudgedCard, rule: Rule) -> bool | None:
    """None where it depends on what no certificate says: CDE or CPE."""
    if card.identity is None:
        return False
    nominative = card.identity.holder.nominative
    answers = {rule(product, nominative) for product in _products(card)}
    return None if len(answers) > 1 else True in answers


def _products(card: JudgedCard) -> tuple[Product, ...]:
    """What the card may have been ordered as. The set's word counts for a card that it pins by its
    number: any other role may just be one that the card fits, too.
    """
    if card.identity is None or card.identity.card_type is None:
        return ()
    role = card.expected if _has_its_place(card) else None
    if role is not None and role.product is not None and role.card_number is not None:
        return (role.product,)
    return PRODUCTS_OF.get(int(card.identity.card_type.code), ())


def _organisation(name: str, evidence: Evidence) -> Verification:
    """An ORG test certificate of exactly that CN is at hand, and valid.

    INSi takes no other spelling (padoa/tlsi-ins, README: DESIR_560).
    """
    if not evidence.certificates:
        return _open(msg("No .p12 file was looked at."))
    names = {c: c.subject_value("CN") or "" for c in evidence.certificates}
    found = [c for c in evidence.certificates if names[c] == name]
    near = tuple(n for n in names.values() if _spelt(n) == _spelt(name))
    if not found and near:
        return _contradicted(
            msg("The name is {found}, and must be exactly {name}.", found=near, name=name),
            msg("Request the certificate again, with that name as service applicatif."),
        )
    if not found:
        return _open(msg("{name} is not among the files.", name=name))
    if not any(map(_is_organisation, found)):
        return _contradicted(msg("{name} is no test certificate of an organisation.", name=name))
    ends = [_end(c, evidence.at) for c in found if _is_organisation(c)]
    valid = [end for end in ends if end is not None]
    if not valid:
        return _contradicted(
            msg("{name} is not valid now.", name=name), msg("Request and withdraw it again.")
        )
    return _verified(msg("{name} is at hand, valid until {date}.", name=name, date=max(valid)))


def _end(certificate: Certificate, at: datetime) -> datetime | None:
    """The end of a validity that is not over; None for one that is, or that cannot be read."""
    start, end = certificate.not_before, certificate.not_after
    if start is None or end is None:
        return None
    return end if start <= at <= end else None


def _is_organisation(certificate: Certificate) -> bool:
    identity = identify(certificate, label)
    kind = (identity.kind, identity.category)
    return kind == (ProductKind.ORGANISATION, Category.TEST_SOFTWARE)


def _spelt(name: str) -> str:
    return "".join(c for c in name if c.isalnum()).casefold()


def _unread(checklist: Checklist) -> Verification | None:
    unread = [card for card in checklist.cards if card.identity is None]
    if not unread:
        return None
    return _open(
        msg("Nothing says what card this is: {cards}.", cards=_keys(unread)),
        msg("cpx-tool check-set says what is wrong with it."),
    )


def _no_card(checklist: Checklist) -> tuple[Message, Message | None]:
    failed = next((f for f in checklist.findings if f.outcome is Outcome.FAILED), None)
    if failed is not None:
        return failed.message, failed.hint
    return no_card_answer(checklist.observation.pcsc)


def _is_test(card: JudgedCard) -> bool:
    return _outcome(card, card_is_test.id) is Outcome.PASSED


def _outcome(card: JudgedCard, check: str) -> Outcome | None:
    return next((f.outcome for f in card.findings if f.check == check), None)


def _usable(card: JudgedCard, at: datetime) -> bool:
    return _is_test(card) and not _ended(card, at) and not _not_begun(card, at)


def _ended(card: JudgedCard, at: datetime) -> bool:
    return card.identity is not None and card.not_after is not None and card.not_after < at


def _not_begun(card: JudgedCard, at: datetime) -> bool:
    return card.identity is not None and card.not_before is not None and card.not_before > at


def _named(cards: Sequence[JudgedCard]) -> tuple[Message, ...]:
    """The number printed on each card, and what it is."""
    return tuple(
        msg("{card} ({kind})", card=card.key, kind="/".join(_products(card)) or "?")
        for card in cards
    )


def _keys(cards: Sequence[JudgedCard]) -> tuple[str, ...]:
    return tuple(card.key for card in cards)


def _verified(reason: Message, hint: Message | None = None) -> Verification:
    return Verification(VerificationOutcome.VERIFIED, reason, hint)


def _contradicted(reason: Message, hint: Message | None = None) -> Verification:
    return Verification(VerificationOutcome.CONTRADICTED, reason, hint)


def _open(reason: Message, hint: Message | None = None) -> Verification:
    return Verification(VerificationOutcome.NOT_VERIFIABLE, reason, hint)


_NAMES = {Verifier.INSI_AUTO: "INSI-AUTO", Verifier.INSI_MANU: "INSI-MANU"}

_CARD_VERIFIERS: Mapping[Verifier, Callable[[Checklist], Verification]] = {
    Verifier.SET_COMPLETE: _set_complete,
    Verifier.ISSUER: _issuer,
    Verifier.VALIDITY: _validity,
    Verifier.ADMINISTRATOR: _administrator,
    Verifier.INSI_CARD: _insi_card,
}
