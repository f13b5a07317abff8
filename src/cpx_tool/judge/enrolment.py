"""Cards × set × answers so far → which card has which role, what to ask next, what is left out.

Only the certain is settled unasked: a role that every way of placing the cards gives to this very
card. CDE, CPE and a delegate's CPE share one type code, so those are asked about. Where the set's
contents are not published, each card is described from its certificates instead (`describing`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cpx_tool.judge.awaiting import still_awaited
from cpx_tool.judge.describing import describe, pinned
from cpx_tool.judge.drawer import seen, set_aside, sort_out
from cpx_tool.judge.matching import Placement, match, role_fits
from cpx_tool.judge.reading import ReadCard
from cpx_tool.judge.words import extra_message, foreign_message
from cpx_tool.model.cardset import CardSet, ExpectedCard
from cpx_tool.model.drawer import Awaited
from cpx_tool.model.enrolment import (
    Answer,
    Ask,
    EnrolledCard,
    Enrolment,
    How,
    Question,
    RefusedCard,
    Why,
)
from cpx_tool.model.finding import Place
from cpx_tool.model.message import msg

Roles = tuple[ExpectedCard, ...]


def enrol(cards: Sequence[ReadCard], card_set: CardSet, answers: Sequence[Answer]) -> Enrolment:
    """What is settled and what is open. Pure: same input, same result, in any order of cards.

    Answers about cards that are not there, and answers that do not fit, do not count.
    """
    usable, refused = sort_out(cards)
    if not card_set.cards:
        enrolled, questions, aside = describe(usable, answers)
        return Enrolment(card_set, enrolled, questions, (*refused, *aside))
    return _into_roles(usable, refused, card_set, answers)


def enrol_unasked(
    cards: Sequence[ReadCard], card_set: CardSet, answers: Sequence[Answer]
) -> Enrolment:
    """The same where nobody can be asked: what is proposed is taken, what is not stays open."""
    found = enrol(cards, card_set, answers)
    while proposed := [q for q in found.questions if q.default is not None]:
        answers = (*answers, *(Answer(q.card.key, q.ask, q.default, True) for q in proposed))
        found = enrol(cards, card_set, answers)
    return found


def enrolled_set(found: Enrolment) -> CardSet:
    """The set to write. A role that no card was given stays as the set states it."""
    own = replace(found.card_set, aliases=())
    given = {card.expected.role: card.expected for card in found.enrolled}
    if own.cards:
        return replace(own, cards=tuple(given.get(role.role, role) for role in own.cards))
    return replace(own, cards=tuple(given.values()), size=len(given), source="")


def open_roles(cards: Sequence[ReadCard], card_set: CardSet) -> Roles:
    """The roles as these cards can be held against: a number that none of them has is not
    asked for, since a card may be the successor of the one that was pinned.
    """
    numbers = {card.key for card in cards}
    return tuple(
        role if role.card_number in numbers else replace(role, card_number=None)
        for role in card_set.cards
    )


def _into_roles(
    usable: Sequence[ReadCard],
    refused: Sequence[RefusedCard],
    card_set: CardSet,
    answers: Sequence[Answer],
) -> Enrolment:
    roles = open_roles(usable, card_set)
    successors = {r.role for r, given in zip(roles, card_set.cards, strict=True) if r != given}
    as_given = {role.role: role for role in card_set.cards}
    given, aside = _answered(usable, roles, answers)
    rest = [card for card in usable if card.key not in given and card not in aside]
    left = tuple(role for role in roles if role not in given.values())
    placed = _place(rest, left, card_set, successors)
    unasked = _place(usable, roles, card_set, successors).certain
    enrolled = [
        _enrolled(card, given[card.key], How.ANSWERED) for card in usable if card.key in given
    ]
    for card in rest:
        role = placed.certain.get(card.key)
        if role is not None:
            how = How.CERTAIN if unasked.get(card.key) == role else How.DERIVED
            enrolled.append(_enrolled(card, role, how))
    order = [role.role for role in card_set.cards]
    left_out = [set_aside(card) for card in aside]
    left_out += [_unplaced(card, roles, nearly) for card, nearly in placed.unplaced]
    return Enrolment(
        card_set,
        tuple(sorted(enrolled, key=lambda card: order.index(card.expected.role))),
        tuple(
            Question(
                Ask.ROLE, seen(card), tuple(as_given[r.role] for r in placed.possible[card.key])
            )
            for card in rest
            if card.key in placed.possible
        ),
        (*refused, *left_out),
        placed.awaited,
    )


def _answered(
    usable: Sequence[ReadCard], roles: Roles, answers: Sequence[Answer]
) -> tuple[Mapping[str, ExpectedCard], Sequence[ReadCard]]:
    """Card → role as answered, and the cards set aside. The first answer about a role counts."""
    by_name = {role.role: role for role in roles}
    by_number = {card.key: card for card in usable}
    given: dict[str, ExpectedCard] = {}
    aside: list[ReadCard] = []
    for answer in answers:
        card = by_number.get(answer.card)
        if card is None or card.key in given or card in aside:
            continue
        role = by_name.get(answer.value or "")
        if answer.value is None:
            aside.append(card)
        elif role is not None and role not in given.values() and role_fits(role, card):
            given[card.key] = role
    return given, aside


@dataclass(frozen=True, slots=True)
class _Placed:
    """Where the cards stand that nobody was asked about. `possible` are the roles of a card that
    is to be asked about; `unplaced` has a role that the card resembles, or None.
    """

    certain: Mapping[str, ExpectedCard]
    possible: Mapping[str, Roles]
    unplaced: Sequence[tuple[ReadCard, ExpectedCard | None]]
    awaited: tuple[Awaited, ...]


def _place(
    cards: Sequence[ReadCard], roles: Roles, card_set: CardSet, successors: set[str]
) -> _Placed:
    matched = match(cards, replace(card_set, cards=roles))
    possible: dict[str, Roles] = {}
    certain: dict[str, ExpectedCard] = {}
    missing = list(matched.missing)
    unplaced: list[tuple[ReadCard, ExpectedCard | None]] = []
    for card, placement in zip(cards, matched.placements, strict=True):
        expected = placement.expected
        if expected is None or not role_fits(expected, card):
            unplaced.append((card, expected))
            missing += [expected] if expected is not None else []
            continue
        possible[card.key] = placement.interchangeable or (expected,)
        if _is_certain(placement) and expected.role not in successors:
            certain[card.key] = expected
    asked = {key: fitting for key, fitting in possible.items() if key not in certain}
    return _Placed(certain, asked, unplaced, still_awaited(missing, roles, possible.values()))


def _is_certain(placement: Placement) -> bool:
    """Every way of placing the cards gives this role to this card."""
    if placement.place is not Place.EXPECTED or placement.contested:
        return False
    return not placement.interchangeable


def _enrolled(card: ReadCard, role: ExpectedCard, how: How) -> EnrolledCard:
    return EnrolledCard(seen(card), pinned(role, card), how)


def _unplaced(card: ReadCard, roles: Roles, nearly: ExpectedCard | None) -> RefusedCard:
    taken = tuple(role for role in roles if role_fits(role, card))
    if taken:
        return RefusedCard(seen(card), Why.EXTRA, extra_message(taken))
    if nearly is not None:
        return RefusedCard(
            seen(card),
            Why.DIFFERS,
            msg("It resembles “{role}”, but contradicts what the set states.", role=nearly.title),
            msg("Run check-set with the card in the reader: it says what differs."),
        )
    assert card.identity is not None  # noqa: S101 - sort_out keeps such a card out
    return RefusedCard(seen(card), Why.FOREIGN, foreign_message(card.identity))
