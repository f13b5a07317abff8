"""Which card is which: cards in any order, matched to the roles of a set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cpx_tool.catalogue.nomenclature import label
from cpx_tool.catalogue.sets import fits
from cpx_tool.judge.reading import ReadCard
from cpx_tool.model.cardset import CardSet, ExpectedCard
from cpx_tool.model.finding import Place
from cpx_tool.model.identity import Identity

PROFESSIONS = "TRE_G15"


@dataclass(frozen=True, slots=True)
class Placement:
    """Where one card stands. `interchangeable` is empty when the role is certain.

    For an extra card, these are the roles that it would fit, had others not taken them.
    `contested`: an extra card could be here in its stead, so which of them is the set's is open.
    `partial`: cards of the set are missing, so that a card of another set may have this place.
    """

    place: Place
    expected: ExpectedCard | None = None
    interchangeable: tuple[ExpectedCard, ...] = ()
    contested: bool = False
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """The placement of each card, by its position among the cards; and the roles left over."""

    placements: tuple[Placement, ...]
    missing: tuple[ExpectedCard, ...]


def match(cards: Sequence[ReadCard], card_set: CardSet) -> Match:
    """Match as many cards as possible, then explain each one left over.

    A card fits a role when it agrees with everything the set states of it. A card that
    nearly fits a role nobody took is put there, so that its check can name the difference.
    """
    roles = card_set.cards
    places: dict[int, Placement] = {}
    seen: set[str] = set()
    free: list[int] = []
    for index in sorted(range(len(cards)), key=lambda i: cards[i].key):
        identity = cards[index].identity
        if identity is None:
            places[index] = Placement(_unplaced(cards[index]))
        elif cards[index].key in seen:
            places[index] = Placement(Place.DUPLICATE)
        else:
            free.append(index)
            seen.add(cards[index].key)
    fitting = {i: [r for r, role in enumerate(roles) if role_fits(role, cards[i])] for i in free}
    taken = _maximum(fitting)
    for index, role in taken.items():
        others = _interchangeable(index, role, fitting, taken)
        places[index] = Placement(
            Place.EXPECTED,
            roles[role],
            tuple(roles[r] for r in others) if len(others) > 1 else (),
            _contested(index, fitting, taken),
        )
    open_roles = [r for r in range(len(roles)) if r not in taken.values()]
    for index in free:
        if index not in places:
            places[index] = _left_over(cards[index], fitting[index], roles, open_roles)
    ordered = tuple(replace(places[i], partial=bool(open_roles)) for i in range(len(cards)))
    return Match(ordered, tuple(roles[r] for r in open_roles))


def _unplaced(card: ReadCard) -> Place:
    """A card that does not say who it is: because it was not read, or read and no CPx card."""
    seen = card.observed
    unread = seen.token is None or (seen.hindrances and not seen.certificates)
    return Place.UNREAD if unread else Place.UNRECOGNISED


def role_fits(role: ExpectedCard, card: ReadCard) -> bool:
    """Whether a card may have this role, as its certificates say it."""
    return card.identity is not None and fits(role, card.identity)


def _code(identity: Identity, field: str) -> int | None:
    coded = getattr(identity, field)
    return int(coded.code) if coded is not None else None


def _maximum(fitting: Mapping[int, Sequence[int]]) -> dict[int, int]:
    """A maximum matching card → role, by augmenting paths (Kuhn)."""
    holder: dict[int, int] = {}

    def place(card: int, visited: set[int]) -> bool:
        unvisited = [role for role in fitting[card] if role not in visited]
        for role in sorted(unvisited, key=lambda role: role in holder):  # free roles first
            visited.add(role)
            if role not in holder or place(holder[role], visited):
                holder[role] = card
                return True
        return False

    for card in fitting:
        place(card, set())
    return {card: role for role, card in holder.items()}


def _interchangeable(
    card: int, role: int, fitting: Mapping[int, Sequence[int]], taken: Mapping[int, int]
) -> list[int]:
    """The roles this card may hold in some other matching that places as many cards."""
    return [
        other
        for other in fitting[card]
        if other == role or _as_many_with(card, other, fitting, len(taken))
    ]


def _as_many_with(card: int, role: int, fitting: Mapping[int, Sequence[int]], size: int) -> bool:
    rest = {c: [r for r in rs if r != role] for c, rs in fitting.items() if c != card}
    return len(_maximum(rest)) + 1 == size


def _contested(card: int, fitting: Mapping[int, Sequence[int]], taken: Mapping[int, int]) -> bool:
    """Whether as many cards can be placed without this one."""
    if all(other in taken for other, roles in fitting.items() if roles):
        return False  # no card is left over
    return len(_maximum({c: rs for c, rs in fitting.items() if c != card})) == len(taken)


def _left_over(
    card: ReadCard, fitting: Sequence[int], roles: Sequence[ExpectedCard], open_roles: list[int]
) -> Placement:
    if fitting:
        possible = tuple(roles[role] for role in fitting)
        return Placement(Place.EXTRA, possible[0], possible if len(possible) > 1 else ())
    for role in sorted(open_roles, key=lambda r: not _is_pinned_to(card, roles[r])):
        if _nearly_fits(card, roles[role]):
            open_roles.remove(role)
            return Placement(Place.EXPECTED, roles[role])
    return Placement(Place.FOREIGN)


def _is_pinned_to(card: ReadCard, role: ExpectedCard) -> bool:
    return (
        card.identity is not None
        and role.card_number is not None
        and role.card_number == card.identity.card_number
    )


def _nearly_fits(card: ReadCard, role: ExpectedCard) -> bool:
    """Something on the card itself names the role: its profession code, or its title.

    A card that says throughout to be another profession is a foreign card instead.
    """
    identity = card.identity
    if identity is None:
        return False
    if role.card_number is not None:  # everything but the pinned number, or the number alone
        return _is_pinned_to(card, role) or fits(replace(role, card_number=None), identity)
    if role.profession is None:
        return identity.profession is None and _code(identity, "card_type") == role.card_type
    if _code(identity, "profession") == role.profession:
        return True
    return identity.holder.title == label(PROFESSIONS, f"{role.profession:02d}")
