"""The walk over one workstation: readers, module, cards → Observation."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from threading import Lock, Thread
from typing import TypeAlias

from cpx_tool.model.fault import (
    CARD_REMOVED,
    TOO_MANY_SLOTS,
    Fault,
    FaultKind,
)
from cpx_tool.model.middleware import Middleware
from cpx_tool.model.observation import (
    SCHEMA_VERSION,
    CardObservation,
    ModuleObservation,
    Observation,
    PinRefusal,
    PinResult,
    ReaderSlots,
    Workstation,
)
from cpx_tool.model.reader import CardKind, Pcsc, ReaderState
from cpx_tool.model.token import ModuleInfo, Slot
from cpx_tool.model.trust import TrustMaterial
from cpx_tool.observe.at_once import AtOnce
from cpx_tool.observe.card import CardWalk, KeysErrand
from cpx_tool.observe.certificates import card_key
from cpx_tool.observe.join import join
from cpx_tool.observe.lanes import AskedOperator, AskedPins, Desk, side_by_side
from cpx_tool.observe.pin_attempt import LoginMeans, Place
from cpx_tool.observe.pin_safety import LoginTurn
from cpx_tool.observe.reading import Lane, Reading
from cpx_tool.observe.session import Errand
from cpx_tool.pki.emulated import any_emulated
from cpx_tool.pki.trust import relevant
from cpx_tool.ports import MAX_SLOTS, Progress, Readers, TokenFault, Tokens

CARD_SECONDS = 120.0
"""How long one card may take in all: a slow card needs some ten seconds to be read, and about one
for each signature.
"""


@dataclass(frozen=True, slots=True)
class Visit:
    """What each card is visited for, and how many seconds one may take in all."""

    errand: Errand = field(default_factory=KeysErrand)
    seconds: float = CARD_SECONDS


@dataclass(frozen=True, slots=True)
class Module:
    """The PKCS#11 module to walk. `source` says who chose it (adapters.middleware).

    `another` starts it in one more process; `at_once` says whether that is a good idea.
    """

    path: str
    source: str
    tokens: Tokens
    another: Callable[[], Tokens] | None = None
    at_once: Callable[[ModuleInfo], AtOnce] = lambda _: AtOnce()


@dataclass(frozen=True, slots=True)
class Context:
    """What a run knows of itself before it looks at anything."""

    tool_version: str
    run_id: str
    emulated: bool
    workstation: Workstation
    started_at: datetime


def observe_slots(readers: Readers, module: Module | None) -> ReaderSlots:
    """The readers and the module's slots. No PIN is tried; the module may read its cards."""
    pcsc = readers.observe()
    if module is None:
        return ReaderSlots(pcsc, None, (), {})
    try:
        info = module.tokens.load()
    except TokenFault as error:
        seen = ModuleObservation(module.path, module.source, fault=error.fault)
        return ReaderSlots(pcsc, seen, (), {})
    seen = ModuleObservation(module.path, module.source, info=info)
    try:
        slots = module.tokens.slots()
    except TokenFault as error:
        return ReaderSlots(pcsc, seen, (), {}, (error.fault,))
    faults: tuple[Fault, ...] = ()
    if len(slots) > MAX_SLOTS:
        many = Fault(FaultKind.ERROR, "C_GetSlotList", TOO_MANY_SLOTS, str(len(slots)))
        slots, faults = slots[:MAX_SLOTS], (many,)
    return ReaderSlots(pcsc, seen, slots, join(pcsc.readers, slots), faults)


Keep: TypeAlias = Callable[[ReaderSlots, tuple[CardObservation, ...]], None]
"""Hears how far a reading is."""


class WalkInterrupted(KeyboardInterrupt):
    """Ctrl-C in the middle of the cards: what was seen until then."""

    def __init__(self, seen: ReaderSlots, cards: tuple[CardObservation, ...], *args: object):
        super().__init__(*args)
        self.seen = seen
        self.cards = cards


class Walk:
    """A run over the cards of a workstation, in one reading or, at a drawer, in several.

    With a refusal in the place of `means` the cards are only read: no login, no signature. On
    which cards a PIN was tried is remembered over all readings.
    """

    def __init__(
        self,
        readers: Readers,
        module: Module,
        means: LoginMeans | PinRefusal,
        progress: Progress,
        random: Callable[[int], bytes] = os.urandom,
        visit: Visit | None = None,
    ) -> None:
        self._readers = readers
        self._module = module
        self._means = means
        self._progress = progress
        self._random = random
        self._visit = visit or Visit()
        self._turn = LoginTurn()
        self._others: list[Tokens] = []
        self._told_why = False

    def look(self) -> Pcsc:
        """The readers now. No card is touched."""
        return self._readers.observe()

    def observe(
        self, known: Sequence[CardObservation] = (), keep: Keep | None = None
    ) -> tuple[ReaderSlots, tuple[CardObservation, ...]]:
        """Every card that is in now; one that is `known` as a whole is not walked again. `keep`
        hears after each card how all of them stand, one call at a time.

        Raises `WalkInterrupted` on Ctrl-C.
        """
        lock = Lock()

        def kept(cards: tuple[CardObservation, ...]) -> None:
            if keep is not None:
                with lock:
                    keep(seen, cards)

        seen = observe_slots(self._readers, self._module)
        places = [_place(slot, seen) for slot in seen.slots if slot.token_present]
        done = {card_key(card): card for card in known if card.whole}
        desk = Desk(self._progress)
        reading = Reading(
            walk=CardWalk(
                self._module.tokens,
                _asked(self._means, desk),
                self._random,
                done,
                errand=self._visit.errand,
            ),
            places=places,
            turn=self._turn,
            progress=self._progress,
            card_seconds=self._visit.seconds,
            keep=kept,
        )
        others = self._more(seen, len(places) - 1)
        self._progress.begin([place.reader or place.slot.description for place in places])
        try:
            self._run(reading, seen, others, desk)
            cards = self._without_removed(reading.cards())
        except KeyboardInterrupt as stop:
            raise WalkInterrupted(seen, reading.cards(), *stop.args) from None
        finally:
            self._progress.end()
        return seen, cards

    def _without_removed(self, cards: tuple[CardObservation, ...]) -> tuple[CardObservation, ...]:
        """The cards; of those with faults that are no longer in their readers, that is why."""
        doubtful = [card for card in cards if card.all_hindrances and not card.pulled]
        states = {reader.name: reader.state for reader in self.look().readers} if doubtful else {}
        gone = [c for c in doubtful if c.reader and states.get(c.reader) is ReaderState.EMPTY]
        for card in gone:
            if card.pin is not None and card.pin.result is PinResult.ACCEPTED:
                with self._turn:
                    self._turn.remember_end(card_key(card), whole=False)
        removed = Fault(FaultKind.ERROR, "SCardGetStatusChange", CARD_REMOVED)
        return tuple(replace(c, faults=(*c.faults, removed)) if c in gone else c for c in cards)

    def close(self) -> None:
        """Let go of the processes started beside the first."""
        _all_at_once([tokens.close for tokens in self._others])

    def _run(
        self, reading: Reading, seen: ReaderSlots, others: Sequence[Tokens], desk: Desk
    ) -> None:
        first = Lane(self._module.tokens, seen.slots, self._module.tokens.generation)
        if not others:
            reading.run(first)
            return
        lanes = [first, *(Lane(tokens, seen.slots) for tokens in others)]
        side_by_side([partial(reading.run, lane) for lane in lanes], desk, partial(_abandon, lanes))
        reading.run(first)  # what a lane that could not be started has left

    def _more(self, seen: ReaderSlots, wanted: int) -> list[Tokens]:
        """As many processes beside the first as the module allows; started once in a run."""
        info = seen.module.info if seen.module is not None else None
        if info is None or wanted < 1:
            return []
        allowed = self._module.at_once(info)
        if allowed.processes - 1 < wanted and allowed.why is not None and not self._told_why:
            self._told_why = True
            self._progress.tell(allowed.why)
        wanted = min(wanted, allowed.processes - 1)
        if self._module.another is not None:
            while len(self._others) < wanted:
                self._others.append(self._module.another())
        return self._others[:wanted]


def _asked(means: LoginMeans | PinRefusal, desk: Desk) -> LoginMeans | PinRefusal:
    """The means with which questions come to the desk."""
    if isinstance(means, PinRefusal):
        return means
    operator = None if means.operator is None else AskedOperator(means.operator, desk)
    return replace(means, pins=AskedPins(means.pins, desk), operator=operator)


def _abandon(lanes: Sequence[Lane]) -> None:
    _all_at_once([lane.tokens.abandon for lane in lanes])


def _all_at_once(partings: Sequence[Callable[[], None]]) -> None:
    """Each may take a moment, and a module that hangs some seconds."""
    leaving = [Thread(target=parting, daemon=True) for parting in partings]
    for thread in leaving:
        thread.start()
    for thread in leaving:
        thread.join()


def _place(slot: Slot, seen: ReaderSlots) -> Place:
    name = seen.reader_of.get(slot.id)
    kinds = {reader.name: reader.kind for reader in seen.pcsc.readers}
    contactless = name is not None and kinds.get(name) is CardKind.CPS3_CONTACTLESS
    return Place(slot, name, contactless)


def record(
    context: Context,
    seen: ReaderSlots,
    cards: tuple[CardObservation, ...],
    at_hand: TrustMaterial,
    middleware: Middleware | None = None,
) -> Observation:
    """The walk written down, with as much of what was at hand as could count for these cards."""
    ders = [item.der for card in cards for item in card.certificates]
    return Observation(
        schema_version=SCHEMA_VERSION,
        tool_version=context.tool_version,
        run_id=context.run_id,
        observed_at=context.started_at,
        emulated=context.emulated or any_emulated(ders),
        workstation=context.workstation,
        pcsc=seen.pcsc,
        module=seen.module,
        slots=seen.slots,
        cards=cards,
        faults=seen.faults,
        trust=relevant(at_hand, ders),
        middleware=middleware,
    )
