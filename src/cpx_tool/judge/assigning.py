"""Answers given beforehand: `--assign ROLE=CARDNUMBER`, held against the set, then the cards."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from cpx_tool.catalogue import set_values as values
from cpx_tool.catalogue.strict_table import BadValueError
from cpx_tool.errors import BadInput
from cpx_tool.judge.drawer import refusal
from cpx_tool.judge.enrolment import open_roles
from cpx_tool.judge.matching import role_fits
from cpx_tool.judge.reading import ReadCard
from cpx_tool.judge.words import card_kind
from cpx_tool.model.cardset import CardSet
from cpx_tool.model.enrolment import Answer, Ask
from cpx_tool.model.message import Message, msg


def read_assignments(words: Sequence[str], card_set: CardSet) -> tuple[Answer, ...]:
    """What the words say, before any card is read.

    Raises `BadInput`: not of that form, a role that the set does not have, a role or card twice.
    """
    answers: list[Answer] = []
    for word in words:
        answer = _read(word, card_set)
        if answer.value in [other.value for other in answers]:
            raise _bad(word, msg("this role was assigned already"))
        if answer.card in [other.card for other in answers]:
            raise _bad(word, msg("this card was assigned already"))
        answers.append(answer)
    return tuple(answers)


def misfits(
    answers: Sequence[Answer], cards: Sequence[ReadCard], card_set: CardSet
) -> tuple[Message, ...]:
    """Why some of these answers do not count, now that the cards are read."""
    reasons = [(answer, _misfit(answer, cards, card_set)) for answer in answers]
    return tuple(_said(f"{a.value}={a.card}", reason) for a, reason in reasons if reason)


def refuse_misfits(answers: Sequence[Answer], cards: Sequence[ReadCard], card_set: CardSet) -> None:
    """Raises `BadInput` for the first answer that does not fit these cards."""
    for reason in misfits(answers, cards, card_set):
        raise BadInput(reason, msg("Run the command without --assign to see cards and roles."))


def _read(word: str, card_set: CardSet) -> Answer:
    role, equals, number = word.partition("=")
    if not equals or not values.is_card_number(number):
        raise _bad(word, msg("it must be ROLE=CARDNUMBER, with the ten digits of the card"))
    known = [card.role for card in card_set.cards]
    if not known:
        return Answer(number, Ask.NAME, _own_name(word, role))
    if role not in known:
        near = difflib.get_close_matches(role, known, n=1)
        if near:
            raise _bad(word, msg('there is no such role; did you mean "{near}"?', near=near[0]))
        raise _bad(word, msg("there is no such role; the roles are {roles}", roles=tuple(known)))
    return Answer(number, Ask.ROLE, role)


def _own_name(word: str, role: str) -> str:
    try:
        return values.slug(role)
    except BadValueError as error:
        raise BadInput(_said(word, error.why), _FORM) from None


def _misfit(answer: Answer, cards: Sequence[ReadCard], card_set: CardSet) -> Message | None:
    card = next((card for card in cards if card.key == answer.card), None)
    if card is None:
        return msg("no card of this number was read")
    refused = refusal(card)
    if refused is not None:
        return refused.reason
    usable = [card for card in cards if refusal(card) is None]
    role = next((r for r in open_roles(usable, card_set) if r.role == answer.value), None)
    if role is None or card.identity is None or role_fits(role, card):
        return None
    kind = card_kind(card.identity)
    return msg("this card does not fit this role; its certificates say: {kind}", kind=kind)


_FORM = msg("Say --assign ROLE=CARDNUMBER; cpx-tool show-set lists the roles of a set.")


def _bad(word: str, reason: Message) -> BadInput:
    return BadInput(_said(word, reason), _FORM)


def _said(word: str, reason: Message) -> Message:
    return msg("--assign {word}: {reason}", word=word, reason=reason)
