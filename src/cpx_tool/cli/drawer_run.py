"""One reader, a drawer of cards: shows what `judge.drawer_run` asks for, waits, and reads."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import click

from cpx_tool import wiring
from cpx_tool.catalogue.readers import pcsc_answer
from cpx_tool.cli.output import paper
from cpx_tool.cli.waiting import wait
from cpx_tool.i18n import say
from cpx_tool.judge import drawer_run
from cpx_tool.judge.collecting import Act
from cpx_tool.judge.drawer_run import DrawerRun
from cpx_tool.judge.insertion import emptied, inserted
from cpx_tool.model.drawer import CheckNews
from cpx_tool.model.observation import CardObservation, Observation
from cpx_tool.model.reader import Pcsc, PcscStatus
from cpx_tool.report import check_prompts

_GRACE_SECONDS = 0.6
"""How long PC/SC may take to notice that a card is out: services poll their readers."""
_READINGS_IN_A_ROW = 2
"""A card that is never read to the end is not read for ever by itself."""


class Readings(Protocol):
    """One run over several readings (`wiring.Run`)."""

    def look(self) -> Pcsc:
        """The readers now; no card is touched."""

    def read(
        self, known: Sequence[CardObservation], keep: Callable[[Observation], None]
    ) -> Observation:
        """The cards that are in now; those `known` stand as they are. `keep` hears after each
        card what was seen until then.
        """


@dataclass
class CardByCard:
    """One run of `check-set`; `state` is where it stands, and `keep` is told of each new state."""

    state: DrawerRun
    readings: Readings
    keep: Callable[[DrawerRun], None]
    _seen: Pcsc = field(default_factory=lambda: Pcsc(PcscStatus.NOT_ASKED))

    def collect(self, *, asks: bool) -> Observation:
        """Everything seen. With `asks`, more cards are asked for when the set has more than there
        are in the readers. Raises `Interrupted`.
        """
        before = self.state
        try:
            reading = self._read()
            if asks and self._has_room() and _can_come(reading):
                self._tell(drawer_run.news(before, self.state, reading, None))
                self._talk()
            elif not before.cards:
                return reading
        except wiring.Interrupted as stop:
            self._put(drawer_run.put(self.state, stop.observation))
            raise wiring.Interrupted(self._observation(stop.observation), stop) from None
        except KeyboardInterrupt as stop:  # in waiting
            if self.state.latest is None:
                raise
            seen = replace(self._observation(self.state.latest), interrupted=True)
            raise wiring.Interrupted(seen, stop) from None
        return self._observation(reading)

    def _observation(self, reading: Observation) -> Observation:
        return self.state.observation or reading

    def _has_room(self) -> bool:
        return len(self.state.cards) < self.state.card_set.size

    def _talk(self) -> None:
        """Ask for cards until all are read, or the operator stops."""
        act = Act.GO_ON
        while act is not Act.STOP:
            asked = drawer_run.prompt(self.state)
            if asked is None:
                return
            watched = self._seen.status is PcscStatus.OK
            text = check_prompts.render_insert(asked, say, paper(sys.stderr), noticed=watched)
            self._show(text)
            act = self._next()

    def _read(self) -> Observation:
        """One reading of what is in now, without a word."""
        reading = self.readings.read(self.state.whole, self._keep_partly)
        self._seen = reading.pcsc
        self._put(drawer_run.put(self.state, reading))
        return reading

    def _keep_partly(self, reading: Observation) -> None:
        self.keep(drawer_run.put(self.state, reading))

    def _next(self) -> Act:
        """A line typed, or a card put in, and what came of it."""
        while isinstance(heard := wait(self._seen, self.readings.look), Pcsc):
            into = inserted(self._seen, heard)
            self._tell_service(heard)
            self._seen = heard
            if into:
                click.echo(err=True)  # what follows starts on a line of its own
                self._read_and_tell(into)
                return Act.GO_ON
        return Act.STOP if heard is None else self._hear(heard)

    def _hear(self, line: str) -> Act:
        heard = drawer_run.hear(self.state, line)
        if heard.run is not self.state:
            self._put(heard.run)
        if heard.remark is not None:
            self._show(say(heard.remark) + "\n")
        if heard.act is Act.READ:
            self._read_and_tell(None)
        return heard.act

    def _read_and_tell(self, into: frozenset[str] | None) -> None:
        """Read, and tell; once more where another card was put in meanwhile."""
        for _ in range(_READINGS_IN_A_ROW):
            before, reading = self.state, self._read()
            self._tell(drawer_run.news(before, self.state, reading, into))
            pulled = [card.reader for card in reading.cards if card.pulled]
            if not pulled:
                return
            time.sleep(_GRACE_SECONDS)
            self._seen = self.readings.look()
            into = inserted(emptied(reading.pcsc, pulled), self._seen)
            if not into:
                return

    def _put(self, state: DrawerRun) -> None:
        self.state = state
        self.keep(state)

    def _tell_service(self, now: Pcsc) -> None:
        """The service stopped, or refuses."""
        answer = pcsc_answer(now) if now.status not in (PcscStatus.OK, self._seen.status) else None
        if answer is not None:
            click.echo(err=True)
            self._tell(CheckNews(hindrances=(answer,)))

    def _tell(self, news: CheckNews) -> None:
        self._show(check_prompts.render_news(news, say, paper(sys.stderr)))

    def _show(self, text: str) -> None:
        click.echo(text, nl=False, err=True)


def _can_come(reading: Observation) -> bool:
    """Whether a card may still come: the module works, and it or PC/SC has a place for one."""
    if reading.module is None or reading.module.fault is not None:
        return False
    return bool(reading.slots) or reading.pcsc.status in (PcscStatus.OK, PcscStatus.NO_READER)
