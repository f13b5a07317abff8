"""The conversation at the drawer: shows what `judge.dialogue` asks, reads a line, and again."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field

import click

from cpx_tool.cli.output import paper
from cpx_tool.errors import NothingToCheck
from cpx_tool.i18n import say
from cpx_tool.judge import dialogue
from cpx_tool.judge.assigning import misfits
from cpx_tool.judge.dialogue import Act, Talk
from cpx_tool.judge.hindrances import hindrances
from cpx_tool.model.drawer import InsertCard
from cpx_tool.model.enrolment import Decided, Question
from cpx_tool.model.message import Message
from cpx_tool.model.observation import Observation
from cpx_tool.report import enrol_prompts
from cpx_tool.report.words import printable


@dataclass
class Dialogue:
    """One conversation; `read` reads the cards that are in now."""

    talk: Talk
    read: Callable[[], Observation]
    _emulated: bool = False
    _about: str = ""
    _told: list[Message] = field(default_factory=list)

    def run(self) -> Decided:
        """Talk until the set is to be written, or the operator stops."""
        self._read()
        act = Act.GO_ON
        while act not in (Act.WRITE, Act.STOP):
            self._show(self._prompt())
            line = _line()
            act = Act.STOP if line is None else self._hear(line)
        agreed = act is Act.WRITE
        return Decided(self.talk.enrolment, agreed, self._emulated, stopped=not agreed)

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
        self._emulated = observation.emulated
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
        for reason in misfits(talk.assigned, talk.drawer.cards, talk.card_set):
            if reason not in self._told:
                self._told.append(reason)
                self._show(say(reason) + "\n")

    def _show(self, text: str) -> None:
        click.echo(text, nl=False, err=True)


def _line() -> str | None:
    """A line typed, None at the end of input."""
    try:
        typed = sys.stdin.buffer.readline()
    except KeyboardInterrupt:
        click.echo(err=True)  # what follows starts on a line of its own
        raise
    if not typed:
        click.echo(err=True)
        return None
    return printable(typed.decode(sys.stdin.encoding, errors="replace").rstrip("\r\n"))
