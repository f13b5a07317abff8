"""The conversation at the drawer: shows what `judge.dialogue` asks, reads a line, and again."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field

import click

from cpx_tool.cli.output import paper
from cpx_tool.cli.waiting import wait
from cpx_tool.errors import NothingToCheck
from cpx_tool.i18n import say
from cpx_tool.judge import dialogue
from cpx_tool.judge.assigning import misfits
from cpx_tool.judge.collecting import Act
from cpx_tool.judge.dialogue import Talk
from cpx_tool.judge.hindrances import hindrances
from cpx_tool.judge.insertion import inserted
from cpx_tool.model.drawer import InsertCard
from cpx_tool.model.enrolment import Decided, Question
from cpx_tool.model.message import Message
from cpx_tool.model.observation import Observation
from cpx_tool.model.reader import Pcsc, PcscStatus
from cpx_tool.report import enrol_prompts


@dataclass
class Dialogue:
    """One conversation; `read` reads the cards that are in now, and `look` looks at the readers,
    where there are some.
    """

    talk: Talk
    read: Callable[[], Observation]
    look: Callable[[], Pcsc] | None
    _emulated: bool = False
    _about: str = ""
    _told: list[Message] = field(default_factory=list)
    _seen: Pcsc = field(default_factory=lambda: Pcsc(PcscStatus.NOT_ASKED))

    def run(self) -> Decided:
        """Talk until the set is to be written, or the operator stops."""
        self._read()
        act = Act.GO_ON
        while act not in (Act.WRITE, Act.STOP):
            self._show(self._prompt())
            act = self._next()
        agreed = act is Act.WRITE
        return Decided(self.talk.enrolment, agreed, self._emulated, stopped=not agreed)

    def _next(self) -> Act:
        """A line typed, or a card put in while one is awaited, and what came of it."""
        inserting = isinstance(dialogue.prompt(self.talk), InsertCard)
        while isinstance(heard := wait(self._seen, self.look if inserting else None), Pcsc):
            into = inserted(self._seen, heard)
            self._seen = heard
            if into:
                click.echo(err=True)  # what follows starts on a line of its own
                self._read()
                return Act.GO_ON
        return Act.STOP if heard is None else self._hear(heard)

    def _hear(self, line: str) -> Act:
        heard = dialogue.hear(self.talk, line)
        self.talk = heard.talk
        if heard.remark is not None:
            self._show(say(heard.remark) + "\n")
        if heard.act is Act.READ:
            self._read()
        return heard.act

    def _read(self) -> None:
        observation = self.read()
        if not observation.cards and not self.talk.walks:
            raise NothingToCheck(*hindrances(observation, self.talk.card_set)[0])
        self._emulated, self._seen = observation.emulated, observation.pcsc
        before, self.talk = self.talk, dialogue.put(self.talk, observation)
        news = dialogue.news(before, self.talk, observation)
        self._show(enrol_prompts.render_news(news, say, paper(sys.stderr)))

    def _prompt(self) -> str:
        asked, sheet = dialogue.prompt(self.talk), paper(sys.stderr)
        if isinstance(asked, InsertCard):
            return enrol_prompts.render_insert(asked, say, sheet)
        self._tell_misfits()
        if isinstance(asked, Question):
            introduce, self._about = asked.card.key != self._about, asked.card.key
            return enrol_prompts.render_question(asked, introduce, say, sheet)
        return enrol_prompts.render_confirm(asked, self._emulated, say, sheet)

    def _tell_misfits(self) -> None:
        talk = self.talk
        for reason in misfits(talk.assigned, talk.drawer.all_cards, talk.card_set):
            if reason not in self._told:
                self._told.append(reason)
                self._show(say(reason) + "\n")

    def _show(self, text: str) -> None:
        click.echo(text, nl=False, err=True)
