"""The conversation at the drawer, as values: what is asked now, and what a typed line makes of it.

Nothing is read or shown here; `cli/enrol_dialogue.py` does both, line by line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from cpx_tool.catalogue import set_values as values
from cpx_tool.catalogue.strict_table import BadValueError
from cpx_tool.judge.collecting import (
    BACK,
    NOTHING_TO_TAKE_BACK,
    SKIP,
    STOP,
    WRITE,
    Act,
    means_nothing,
    taken_back,
)
from cpx_tool.judge.describing import NOT_KNOWN
from cpx_tool.judge.drawer import Drawer, read_cards
from cpx_tool.judge.enrolment import enrol
from cpx_tool.judge.hindrances import hindrances
from cpx_tool.model.cardset import CardSet
from cpx_tool.model.drawer import InsertCard
from cpx_tool.model.enrolment import Answer, Ask, Confirm, Enrolment, News, Question
from cpx_tool.model.message import Message, msg
from cpx_tool.model.observation import Observation

Prompt: TypeAlias = InsertCard | Question | Confirm


@dataclass(frozen=True, slots=True)
class Talk:
    """Where the conversation stands.

    `assigned` are answers given beforehand. `walks`: more cards can be put in; `closed`: the
    operator said that there are no more. `partial`: an incomplete set may be written.
    """

    card_set: CardSet
    assigned: tuple[Answer, ...] = ()
    walks: bool = True
    partial: bool = False
    drawer: Drawer = field(default_factory=Drawer)
    answers: tuple[Answer, ...] = ()
    closed: bool = False

    @property
    def enrolment(self) -> Enrolment:
        """What is settled now."""
        return enrol(self.drawer.all_cards, self.card_set, (*self.assigned, *self.answers))


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of a line: the conversation after it, what to do, and what to say."""

    talk: Talk
    act: Act = Act.GO_ON
    remark: Message | None = None


def put(talk: Talk, seen_now: Observation) -> Talk:
    """The conversation after a reading."""
    return replace(talk, drawer=talk.drawer.put(read_cards(seen_now)))


def news(before: Talk, after: Talk, seen_now: Observation) -> News:
    """What the reading between the two brought."""
    found = after.enrolment
    keys = {card.key for card in read_cards(seen_now)}
    known = {card.key for card in before.drawer.cards}
    roles = {card.card.key: card.expected for card in found.enrolled}
    placed = [card.card for card in found.enrolled] + [asked.card for asked in found.questions]
    placed = [card for card in placed if card.key in keys]
    arrived = tuple((c, roles.get(c.key)) for c in placed if c.key not in known)
    return News(
        arrived=arrived,
        refused=tuple(refused for refused in found.refused if refused.card.key in keys),
        again=tuple(card for card in placed if card.key in known),
        hindrances=hindrances(seen_now, after.card_set),
    )


def prompt(talk: Talk) -> Prompt:
    """What to ask now: first for cards, then about them, then whether to write."""
    insert = _insert(talk)
    if insert is not None:
        return insert
    found = talk.enrolment
    if found.questions:
        return found.questions[0]
    return Confirm(found, talk.partial or found.complete)


def hear(talk: Talk, line: str) -> Heard:
    """The line typed at `prompt(talk)`."""
    asked, word = prompt(talk), line.strip()
    if word.lower() == STOP:
        return Heard(talk, Act.STOP)
    if word.lower() == BACK:
        return _back(talk)
    if isinstance(asked, InsertCard):
        return _hear_at_drawer(talk, word.lower())
    if isinstance(asked, Question):
        return _hear_answer(talk, asked, word)
    return _hear_confirmation(talk, asked, word.lower())


def _insert(talk: Talk) -> InsertCard | None:
    """Whether more cards are awaited. Cards set aside later do not bring this question back."""
    if not talk.walks or talk.closed:
        return None
    found = enrol(talk.drawer.all_cards, talk.card_set, talk.assigned)
    here, size = found.placed + talk.drawer.skipped, talk.card_set.size
    if size and here >= size:
        return None
    return InsertCard(here + 1, size, found.awaited)


def _back(talk: Talk) -> Heard:
    """One step back: an answer, else the end of collecting, else what was collected last."""
    if talk.answers:
        return Heard(replace(talk, answers=talk.answers[:-1]))
    if talk.closed:
        return Heard(replace(talk, closed=False))
    if not talk.walks or not talk.drawer.steps:
        return Heard(talk, remark=NOTHING_TO_TAKE_BACK)
    remark = taken_back([card.key for card in talk.drawer.steps[-1]])
    return Heard(replace(talk, drawer=talk.drawer.back()), remark=remark)


def _hear_at_drawer(talk: Talk, word: str) -> Heard:
    if word == "":
        return Heard(talk, Act.READ)
    if word == SKIP and talk.card_set.size:
        return Heard(replace(talk, drawer=talk.drawer.skip()))
    if word == WRITE:
        return Heard(replace(talk, closed=True))
    return Heard(talk, remark=means_nothing(word))


def _hear_answer(talk: Talk, question: Question, word: str) -> Heard:
    value: str | None = None
    if word.lower() != SKIP:
        try:
            value = _VALUES[question.ask](question, word)
        except BadValueError as error:
            return Heard(talk, remark=error.why)
    answer = Answer(question.card.key, question.ask, value)
    return Heard(replace(talk, answers=(*talk.answers, answer)))


def _hear_confirmation(talk: Talk, asked: Confirm, word: str) -> Heard:
    if word not in ("", WRITE):
        return Heard(talk, remark=means_nothing(word))
    if not asked.enrolment.enrolled:
        return Heard(talk, remark=msg("No card is enrolled, so there is nothing to write."))
    if word == "" and not asked.plainly:
        return Heard(talk, remark=msg("The set is not complete: type w to write it all the same."))
    return Heard(talk, Act.WRITE)


def _role(question: Question, word: str) -> str:
    return _chosen([role.role for role in question.roles], word)


def _product(question: Question, word: str) -> str:
    if word == "":
        return question.default or NOT_KNOWN
    choices = [*(product.value for product in question.products), NOT_KNOWN]
    return _chosen(choices, word.upper())


def _chosen(choices: Sequence[str], word: str) -> str:
    """By its number in the menu, or by its name."""
    if word and word in choices:
        return word
    if word.isascii() and word.isdigit() and 0 < int(word) <= len(choices):
        return choices[int(word) - 1]
    raise BadValueError(
        msg("Type a number from 1 to {count}, or one of the letters.", count=len(choices))
    )


def _name(question: Question, word: str) -> str:
    name = values.slug(word or question.default)
    if name in question.taken:
        raise BadValueError(msg("Another card has this name already."))
    return name


def _title(question: Question, word: str) -> str:
    return values.text(word or question.default)


_VALUES = {Ask.ROLE: _role, Ask.PRODUCT: _product, Ask.NAME: _name, Ask.TITLE: _title}
