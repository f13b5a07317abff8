"""One reader, a drawer of cards: shows what `judge.drawer_run` asks for, waits, and reads."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import click

from cpx_tool.catalogue.readers import pcsc_answer
from cpx_tool.cli.output import paper
from cpx_tool.cli.waiting import wait
from cpx_tool.i18n import say
from cpx_tool.judge import drawer_run
from cpx_tool.judge.dialogue import Act
from cpx_tool.judge.drawer_run import DrawerRun
from cpx_tool.model.drawer import CheckNews
from cpx_tool.model.observation import CardObservation, Observation
from cpx_tool.model.reader import Pcsc, PcscStatus
from cpx_tool.report import check_prompts

_GRACE_SECONDS = 0.6
"""How long PC/SC may take to notice that a card is out: services poll their readers."""
_READINGS_IN_A_ROW = 2
"""A card that is never read to the end is not read for ever by itself."""


class Readings(Protocol):
    """One run over several readings."""

    def look(self) -> Pcsc:
        """The readers now; no card is touched."""

    def read(self, known: Sequence[CardObservation]) -> Observation:
        """The cards that are in now; those `known` stand as they are."""


@dataclass
class Drawer:
    """One conversation; `state` is where it stands. `keep` is told of each new state."""

    state: DrawerRun
    readings: Readings
    keep: Callable[[DrawerRun], None]
    _seen: Pcsc = field(default_factory=lambda: Pcsc(PcscStatus.NOT_ASKED))

    def read(self) -> Observation:
        """One reading of what is in now, without a word."""
        reading = self.readings.read(self.state.whole)
        self._seen = reading.pcsc
        self._put(drawer_run.put(self.state, reading))
        return reading

    def talk(self, before: DrawerRun, reading: Observation) -> None:
        """Tell of the first reading, which followed `before`; then ask for cards until all are
        read, or the operator stops.
        """
        self._tell(drawer_run.news(before, self.state, reading, None))
        act = Act.GO_ON
        while act is not Act.STOP:
            asked = drawer_run.prompt(self.state)
            if asked is None:
                return
            self._show(check_prompts.render_insert(asked, say, paper(sys.stderr)))
            act = self._next()

    def _next(self) -> Act:
        """A line typed, or a card put in, and what came of it."""
        while isinstance(heard := wait(self._seen, self.readings.look), Pcsc):
            into = drawer_run.inserted(self._seen, heard)
            self._tell_service(heard)
            self._seen = heard
            if into:
                click.echo(err=True)  # what follows starts on a line of its own
                self._read(into)
                return Act.GO_ON
        return Act.STOP if heard is None else self._hear(heard)

    def _hear(self, line: str) -> Act:
        heard = drawer_run.hear(self.state, line)
        if heard.run is not self.state:
            self._put(heard.run)
        if heard.remark is not None:
            self._show(say(heard.remark) + "\n")
        if heard.act is Act.READ:
            self._read(None)
        return heard.act

    def _read(self, into: frozenset[str] | None) -> None:
        """Read, and tell; once more where another card was put in meanwhile."""
        for _ in range(_READINGS_IN_A_ROW):
            before, reading = self.state, self.read()
            self._tell(drawer_run.news(before, self.state, reading, into))
            pulled = [card.reader for card in reading.cards if card.pulled]
            if not pulled:
                return
            time.sleep(_GRACE_SECONDS)
            self._seen = self.readings.look()
            into = drawer_run.inserted(drawer_run.emptied(reading.pcsc, pulled), self._seen)
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
