"""What the tool can find out of the order guide's steps: from cards, without a PIN; from files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cpx_tool.catalogue.pkis import PKIS
from cpx_tool.catalogue.readers import no_card_answer
from cpx_tool.catalogue.sets import fits
from cpx_tool.judge.checks.certificates import validity_left
from cpx_tool.judge.checks.identity import card_is_test
from cpx_tool.judge.checks.software import issuers_at_hand, name_exact
from cpx_tool.judge.checks.trust import chain_holds
from cpx_tool.judge.checks.workstation import set_complete
from cpx_tool.judge.judge import DEFAULT_WARNING_PERIOD
from cpx_tool.model.cardset import products_text
from cpx_tool.model.eligibility import Entitlement, Use
from cpx_tool.model.finding import Checklist, JudgedCard, Outcome, Place, Severity, Verdict
from cpx_tool.model.identity import Pki
from cpx_tool.model.message import Message, msg, nmsg
from cpx_tool.model.order import Verification, VerificationOutcome, Verifier
from cpx_tool.model.software import JudgedFile, SoftwareChecklist
from cpx_tool.model.trust import ChainOutcome
from cpx_tool.pki.insi_name import AUTO, MANUAL, meant


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the verifiers look at: judged cards, and judged .p12 files."""

    cards: Checklist | None = None
    files: SoftwareChecklist | None = None

    @property
    def is_empty(self) -> bool:
        """There is nothing to look at."""
        cards = self.cards is not None and self.cards.cards
        return not cards and not (self.files is not None and self.files.files)


def verify(verifier: Verifier, evidence: Evidence) -> Verification:
    """What the evidence says about a step. Pure."""
    if verifier in _NAMES:
        return _certificate(_NAMES[verifier], evidence.files)
    if evidence.cards is None:
        return _open(msg("No card was looked at."))
    if not evidence.cards.cards:
        return _open(*_no_card(evidence.cards))
    return _CARD_VERIFIERS[verifier](evidence.cards)


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
    return _one_will_do(checklist, Use.ORG_ADMIN)


def _insi_card(checklist: Checklist) -> Verification:
    return _one_will_do(checklist, Use.INSI)


def _one_will_do(checklist: Checklist, use: Use) -> Verification:
    """At least one card at hand is good for this use (`judge.eligibility`).

    One of which that is not known might be it; only where all are known not to be, none is.
    """
    answers = [(card, found) for card in checklist.cards for found in card.eligibility]
    told = [(card, found) for card, found in answers if found.use is use]
    usable = [card for card, found in told if found.answer is Entitlement.YES]
    if usable:
        return _verified(msg("At hand: {cards}.", cards=_named(usable)))
    unknown = [pair for pair in told if pair[1].answer is Entitlement.NOT_KNOWN]
    card, found = next(iter(unknown or told))
    reason = msg("{name}: {value}", name=card.key, value=found.reason)
    if unknown:
        return _open(reason, found.hint)
    return _contradicted(reason, found.hint or msg("Put in another card."))


def _certificate(name: str, checklist: SoftwareChecklist | None) -> Verification:
    """A file of exactly that CN is at hand, passes the checks of `check-p12`, and a CA that is
    known vouches for it.
    """
    if checklist is None or not checklist.files:
        return _open(msg("No .p12 file was looked at."), msg("Give it: --p12 FILE."))
    named = [file for file in checklist.files if _name(file) == name]
    if named:
        return _judged(name, min(named, key=lambda file: _RESULTS.index(file.result)))
    for file in checklist.files:
        if meant(_name(file)) == name:
            return _contradicted(*_said(file, name_exact.id))
    shut = next((file for file in checklist.files if file.certificate is None), None)
    if shut is not None:
        return _open(*_said(shut, None))
    return _open(msg("{name} is not among the files.", name=name))


def _judged(name: str, file: JudgedFile) -> Verification:
    if file.result is Verdict.PASSED:
        if file.identity is not None and file.identity.pki is Pki.EMULATED:
            return _open(
                msg("{name} is emulated: it proves nothing about an order.", name=file.key)
            )
        if file.chain is not None and file.chain.outcome is not ChainOutcome.VERIFIED:
            unproven = msg("{name}: {value}", name=file.key, value=file.chain.reason)
            return _open(unproven, issuers_at_hand.hint)
        date = (file.certificate.not_after if file.certificate else None) or "—"
        return _verified(msg("{name} is at hand, valid until {date}.", name=name, date=date))
    if file.result is Verdict.FAILED:
        return _contradicted(*_said(file, None))
    return _open(*_said(file, None))


def _said(file: JudgedFile, check: str | None) -> tuple[Message, Message | None]:
    """What that check says of the file; without one, the first that decides and did not pass."""
    open_ = [
        finding
        for finding in file.findings
        if finding.severity is Severity.BLOCKER and finding.outcome is not Outcome.PASSED
    ]
    failed = [finding for finding in open_ if finding.outcome is Outcome.FAILED]
    finding = next(f for f in (*failed, *open_) if check in (None, f.check))
    return msg("{name}: {value}", name=file.key, value=finding.message), finding.hint


def _name(file: JudgedFile) -> str:
    return (file.certificate.subject_value("CN") if file.certificate else None) or ""


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


def _ended(card: JudgedCard, at: datetime) -> bool:
    return card.identity is not None and card.not_after is not None and card.not_after < at


def _not_begun(card: JudgedCard, at: datetime) -> bool:
    return card.identity is not None and card.not_before is not None and card.not_before > at


def _named(cards: Sequence[JudgedCard]) -> tuple[Message, ...]:
    """The number printed on each card, and what it is."""
    return tuple(msg("{card} ({kind})", card=card.key, kind=_kind(card)) for card in cards)


def _kind(card: JudgedCard) -> str:
    """Its products, of which no certificate says more: "CDE/CPE"."""
    coded = card.identity.card_type if card.identity else None
    return products_text(int(coded.code)) if coded else "?"


def _keys(cards: Sequence[JudgedCard]) -> tuple[str, ...]:
    return tuple(card.key for card in cards)


def _verified(reason: Message, hint: Message | None = None) -> Verification:
    return Verification(VerificationOutcome.VERIFIED, reason, hint)


def _contradicted(reason: Message, hint: Message | None = None) -> Verification:
    return Verification(VerificationOutcome.CONTRADICTED, reason, hint)


def _open(reason: Message, hint: Message | None = None) -> Verification:
    return Verification(VerificationOutcome.NOT_VERIFIABLE, reason, hint)


_NAMES = {Verifier.INSI_AUTO: AUTO, Verifier.INSI_MANU: MANUAL}
_RESULTS = (Verdict.PASSED, Verdict.INCOMPLETE, Verdict.FAILED)

_CARD_VERIFIERS: Mapping[Verifier, Callable[[Checklist], Verification]] = {
    Verifier.SET_COMPLETE: _set_complete,
    Verifier.ISSUER: _issuer,
    Verifier.VALIDITY: _validity,
    Verifier.ADMINISTRATOR: _administrator,
    Verifier.INSI_CARD: _insi_card,
}
