"""A check of one card after the other, as values: what was seen, what is asked for now, and what a
typed line or a change of the readers makes of it.

Nothing is read or shown here; `cli/drawer_run.py` does both.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from cpx_tool.judge.awaiting import still_awaited
from cpx_tool.judge.collecting import (
    BACK,
    NOTHING_TO_TAKE_BACK,
    SKIP,
    STOP,
    Act,
    Collected,
    means_nothing,
    taken_back,
)
from cpx_tool.judge.drawer import read_cards, refusal, seen
from cpx_tool.judge.hindrances import hindrances
from cpx_tool.judge.insertion import holds_any
from cpx_tool.judge.judge import judge
from cpx_tool.judge.matching import match, role_fits
from cpx_tool.judge.reading import ReadCard
from cpx_tool.judge.words import fault_message
from cpx_tool.model.cardset import CardSet
from cpx_tool.model.drawer import CheckNews, InsertCard, RealCard
from cpx_tool.model.enrolment import Why
from cpx_tool.model.fault import CARD_CHANGED, CARD_GONE
from cpx_tool.model.finding import Place
from cpx_tool.model.message import Message, msg
from cpx_tool.model.observation import (
    CardObservation,
    Observation,
    PinRefusal,
    PinResult,
)
from cpx_tool.model.reader import PcscStatus
from cpx_tool.model.trust import TrustMaterial
from cpx_tool.pki.proof import Proof


@dataclass(frozen=True, slots=True)
class DrawerRun(Collected[CardObservation]):
    """Where the run stands: the cards that count, and `aside`, those that were taken back: they
    need not be read again when they come back.

    `latest` is the newest reading, `trust` what was at hand in all of them, `began` when the first
    one of this run was made; None before that.
    """

    card_set: CardSet
    aside: tuple[CardObservation, ...] = ()
    latest: Observation | None = None
    trust: TrustMaterial = field(default_factory=TrustMaterial)
    began: datetime | None = None

    @property
    def whole(self) -> tuple[CardObservation, ...]:
        """All that need not be read again, those taken back among them."""
        return tuple(card for card in self.cards + self.aside if card.whole)

    @property
    def observation(self) -> Observation | None:
        """All readings as one: the cards of each, and the workstation as it was last seen."""
        if self.latest is None:
            return None
        back = len(self.aside)
        return replace(self.latest, cards=self.cards, trust=self.trust, taken_back=back)


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of a line: the run after it, what to do, and what to say."""

    run: DrawerRun
    act: Act = Act.GO_ON
    remark: Message | None = None


def resumed(card_set: CardSet, kept: Observation, *, logs_in: bool) -> DrawerRun:
    """A run that goes on from what an interrupted one saw; each card tells when that was. What was
    not read to the end is read again; so is what another run, PIN or ledger may open, and, by a
    run that logs in, what was read without that.
    """
    again = (*_OF_THE_RUN, *(_UNASKED if logs_in else ()))
    whole = tuple(
        (replace(card, observed_at=card.observed_at or kept.observed_at),)
        for card in kept.cards
        if card.whole and (card.pin is None or card.pin.refusal not in again)
    )
    return DrawerRun(card_set, steps=whole, latest=kept, trust=kept.trust)


def to_keep(run: DrawerRun) -> Observation | None:
    """What a resumed run would go on from, dated by its oldest card; None when there is nothing.
    Only what is proven a test card is kept: any other may belong to somebody.
    """
    cards = tuple(card.observed for card in _read(run) if _proven(card) and card.observed.whole)
    if run.latest is None or not cards:
        return None
    began = run.began or run.latest.observed_at
    cards = tuple(replace(card, observed_at=card.observed_at or began) for card in cards)
    oldest = min(card.observed_at or began for card in cards)
    return replace(run.latest, cards=cards, trust=run.trust, observed_at=oldest, interrupted=True)


def put(run: DrawerRun, reading: Observation) -> DrawerRun:
    """The run after a reading. Of one card's readings the one that shows more counts.

    A card that one reading shows in two slots stays in both, as in a run of one reading. Cards that
    show no certificate are only of the last reading: nothing tells them from others.
    """
    brought: list[CardObservation] = []
    steps = [tuple(card for card in step if card.certificates) for step in run.steps]
    for card in reading.cards:
        known = _same(card, [c for step in steps for c in step])
        if known is not None and not _shows_more(card, known):
            continue
        steps = [tuple(c for c in step if _same(c, [card]) is None) for step in steps]
        brought.append(card)
    kept = [after for before, after in zip(run.steps, steps, strict=True) if after or not before]
    aside = tuple(card for card in run.aside if _same(card, brought) is None)
    fresh = ((*brought,),) if brought else ()
    return replace(
        run,
        steps=(*kept, *fresh),
        aside=aside,
        latest=reading,
        trust=run.trust.plus(reading.trust),
        began=run.began or reading.observed_at,
    )


def news(
    before: DrawerRun, after: DrawerRun, reading: Observation, into: frozenset[str] | None
) -> CheckNews:
    """What the reading between the two brought. `into` are the readers that a card was just put
    into; None when nobody knows. A real card is news as long as it is in.
    """
    read = read_cards(reading)
    real = [found for card in read if (found := _real(card)) is not None]
    tame = [card for card in read if _real(card) is None]
    whole = [card for card in tame if card.observed.whole]
    had = [card for card in before.cards if card.whole]
    arrived = [card.observed for card in whole if _same(card.observed, had) is None]
    told = [card for card in tame if _is_in(card.observed, into)]
    unfinished = [card for card in told if card not in whole]
    read_elsewhere = [card.observed for card in whole]
    observation = after.observation
    judged = judge(observation, after.card_set).cards if observation else ()
    return CheckNews(
        judged=tuple(card for card in judged if _same(card.observed, arrived) is not None),
        real=tuple(real),
        unfinished=tuple(
            (seen(card), _why_unfinished(card.observed))
            for card in unfinished
            if _same(card.observed, read_elsewhere) is None
        ),
        again=() if arrived else tuple(seen(card) for card in told if card in whole),
        hindrances=hindrances(reading, after.card_set) if _anything_in(reading) else (),
    )


def prompt(run: DrawerRun) -> InsertCard | None:
    """The next card, please; None when no more are awaited.

    A card that only resembles a role does not fill it: the right one may still come.
    """
    fit = [card for card in _read(run) if _real(card) is None and card.observed.whole]
    matched = match(fit, run.card_set)
    missing, possible = list(matched.missing), []
    for card, placement in zip(fit, matched.placements, strict=True):
        role = placement.expected if placement.place is Place.EXPECTED else None
        if role is not None and role_fits(role, card):
            possible.append(placement.interchangeable or (role,))
        elif role is not None:
            missing.append(role)
    size = run.card_set.size
    number = size - len(missing) + run.skipped + 1
    if number > size:
        return None
    return InsertCard(number, size, still_awaited(missing, run.card_set.cards, possible))


def is_complete(run: DrawerRun) -> bool:
    """Every card of the set was read, or of an emulation, to which none can be added: nothing is
    left to resume.
    """
    if prompt(run) is None:
        return not run.skipped
    if run.began is None or run.latest is None or not _is_emulation(run.latest):
        return False
    return all(card.whole for card in run.latest.cards)


def _is_emulation(seen: Observation) -> bool:
    """Emulated cards in real readers come one after the other, as real ones do."""
    return seen.emulated and seen.middleware is None


def hear(run: DrawerRun, line: str) -> Heard:
    """The line typed while the next card is awaited."""
    word = line.strip().lower()
    if word == "":
        return Heard(run, Act.READ)
    if word == STOP:
        return Heard(run, Act.STOP)
    if word == SKIP:
        return _skip(run)
    if word == BACK:
        return _back(run)
    return Heard(run, remark=means_nothing(line.strip()))


_UNASKED = (PinRefusal.NOT_ASKED, PinRefusal.UNATTENDED)
_OF_THE_RUN = (
    PinRefusal.EARLIER_RUN,
    PinRefusal.LEDGER_UNAVAILABLE,
    PinRefusal.REFUSED_ELSEWHERE,
    PinRefusal.PIN_LENGTH,
    PinRefusal.PROTECTED_PATH,
    PinRefusal.ALREADY_TRIED,
    PinRefusal.NOT_REACHED,
    PinRefusal.STATE_UNKNOWN,
)
"""Refusals that are none of the card's own: their remedy is another run, PIN or ledger."""


def _read(run: DrawerRun) -> tuple[ReadCard, ...]:
    """The cards that count, read."""
    return read_cards(run.observation) if run.observation is not None else ()


def _skip(run: DrawerRun) -> Heard:
    """Which of those awaited is skipped is open until the others have come."""
    fewer = run.skip()
    several = prompt(fewer) is not None
    remark = msg("One card less is awaited, whichever does not come.") if several else None
    return Heard(fewer, remark=remark)


def _back(run: DrawerRun) -> Heard:
    if not run.steps:
        return Heard(run, remark=NOTHING_TO_TAKE_BACK)
    last = run.steps[-1]
    remark = taken_back([card.key for card in _read(run) if card.observed in last])
    return Heard(replace(run.back(), aside=(*run.aside, *last)), remark=remark)


def _same(card: CardObservation, among: Iterable[CardObservation]) -> CardObservation | None:
    """The reading of the same card: it shares a certificate, though either may lack one."""
    ders = {item.der for item in card.certificates}
    for other in among:
        if other is card or any(item.der in ders for item in other.certificates):
            return other
    return None


def _anything_in(reading: Observation) -> bool:
    """Whether there is more to say than that the readers are empty."""
    pcsc = reading.pcsc
    return bool(reading.cards) or pcsc.status is not PcscStatus.OK or holds_any(pcsc)


def _is_in(card: CardObservation, readers: frozenset[str] | None) -> bool:
    """A slot that no reader is joined with may be any of them."""
    return readers is None or card.reader is None or card.reader in readers


def _shows_more(card: CardObservation, known: CardObservation) -> bool:
    """Of two readings of one card, whether the newer counts."""
    return not known.whole and _evidence(card) >= _evidence(known)


def _evidence(card: CardObservation) -> tuple[bool, bool, int]:
    accepted = card.pin is not None and card.pin.result is PinResult.ACCEPTED
    return card.whole, accepted, sum(bool(tried.signature) for tried in card.signatures)


def _why_unfinished(card: CardObservation) -> Message:
    gone = next((fault for fault in card.all_hindrances if fault.code in CARD_GONE), None)
    if gone is not None and gone.code != CARD_CHANGED:
        return msg("It was taken out too early.")
    if card.all_hindrances:
        return fault_message(gone or card.all_hindrances[0])
    if card.pin and card.pin.refusal is PinRefusal.ALREADY_TRIED:
        return msg("Its PIN was tried before in this run.")
    return msg("The card could not be read.")


def _proven(card: ReadCard) -> bool:
    return card.proof.proof is Proof.PROVEN


def _real(card: ReadCard) -> RealCard | None:
    refused = refusal(card)
    if refused is None or refused.why is not Why.PRODUCTION or refused.hint is None:
        return None
    return RealCard(refused.card, refused.reason, refused.hint)
