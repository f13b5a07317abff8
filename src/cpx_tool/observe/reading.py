"""One reading: the cards that are in now, taken from a row by one process or by several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from queue import Empty, SimpleQueue

from cpx_tool.errors import NothingToCheck
from cpx_tool.model.fault import INTERRUPTED, NO_PROCESS, SLOT_GONE, Fault, FaultKind
from cpx_tool.model.observation import CardObservation
from cpx_tool.model.token import Slot
from cpx_tool.observe.card import CardWalk
from cpx_tool.observe.pin_attempt import Place
from cpx_tool.observe.pin_safety import LoginTurn
from cpx_tool.observe.timed import TimedTokens
from cpx_tool.ports import MAX_SLOTS, Progress, Step, TokenFault, Tokens


class Lane:
    """One process of the module, and the slots as it numbers them.

    `generation` is that in which `slots` were listed, None when that was another process.
    """

    def __init__(
        self, tokens: Tokens, slots: Sequence[Slot], generation: int | None = None
    ) -> None:
        self.tokens = tokens
        self._before = slots
        self._now = slots
        self._generation = generation
        self.spare = generation is None

    def slot(self, slot: Slot) -> Slot:
        """The slot in this process. Raises `TokenFault`."""
        if self.tokens.generation != self._generation:
            self._now = self.tokens.numbering()[:MAX_SLOTS]
            self._generation = self.tokens.generation
        return slot if self._now is self._before else _same_slot(slot, self._before, self._now)


class Reading:
    """The cards of one reading, taken from the row by one lane or by several. `keep` hears after
    each card how all of them stand, from any thread.
    """

    def __init__(
        self,
        walk: CardWalk,
        places: Sequence[Place],
        turn: LoginTurn,
        progress: Progress,
        card_seconds: float,
        keep: Callable[[tuple[CardObservation, ...]], None],
    ) -> None:
        self.places = places
        self._walk = walk
        self._turn = turn
        self._progress = progress
        self._card_seconds = card_seconds
        self._keep = keep
        self._row: SimpleQueue[int] = SimpleQueue()
        for number in range(len(places)):
            self._row.put(number)
        self._partly: dict[int, CardObservation] = {}
        self._whole: dict[int, CardObservation] = {}

    def run(self, lane: Lane) -> None:
        """Take cards until there is none left."""
        while True:
            try:
                number = self._row.get_nowait()
            except Empty:
                return
            try:
                card = self._observe(number, lane)
            except NothingToCheck:
                if lane.spare:  # its process cannot be started: the others go on
                    self._row.put(number)
                    return
                if not self._whole:
                    raise
                card = self._with(number, Fault(FaultKind.ERROR, "C_Initialize", NO_PROCESS))
            self._whole[number] = card
            self._keep(self.cards())
            self._progress.step(number, Step.FAULTY if card.hindrances else Step.DONE)

    def _observe(self, number: int, lane: Lane) -> CardObservation:
        place = self.places[number]

        def notice(step: Step, card: CardObservation | None) -> None:
            if card is not None:
                if number not in self._partly:
                    self._progress.name(number, card)
                self._partly[number] = card
            self._progress.step(number, step)

        timed = TimedTokens(lane.tokens, self._card_seconds)
        try:
            there = replace(place, slot=lane.slot(place.slot))
            walk = replace(self._walk, tokens=timed, pause=timed.paused)
            return walk.observe(there, self._turn, notice)
        except TokenFault as error:
            return self._with(number, error.fault)

    def cards(self) -> tuple[CardObservation, ...]:
        """The cards in their order; those that were not walked to the end say so."""
        return tuple(
            self._whole[n] if n in self._whole else self._unfinished(n)
            for n in range(len(self.places))
        )

    def _unfinished(self, number: int) -> CardObservation:
        return self._with(number, Fault(FaultKind.ERROR, "", INTERRUPTED))

    def _with(self, number: int, fault: Fault) -> CardObservation:
        """What was seen of the card by then, and why there is no more."""
        place = self.places[number]
        card = self._partly.get(number) or CardObservation(place.slot, place.reader, None)
        return replace(card, faults=(*card.faults, fault))


def _same_slot(slot: Slot, before: Sequence[Slot], now: Sequence[Slot]) -> Slot:
    """The slot in another process, or after a new start: ids may differ, descriptions do not.

    Slots of one description (OpenSC: four per reader) keep their order. Raises `TokenFault`
    when they are not as many as before.
    """
    then = [other for other in before if other.description == slot.description]
    same = [other for other in now if other.description == slot.description]
    if len(then) != len(same):
        raise TokenFault(Fault(FaultKind.ERROR, "C_GetSlotList", SLOT_GONE))
    return same[then.index(slot)]
