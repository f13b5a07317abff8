"""Which card is which: any order, exact about what cannot be told, and names for the rest."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import permutations, product
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from cpx_tool.catalogue.nomenclature import label
from cpx_tool.catalogue.sets import find_set, fits
from cpx_tool.judge.judge import judge
from cpx_tool.judge.matching import Match, match
from cpx_tool.judge.reading import ReadCard
from cpx_tool.model.cardset import CardSet, ExpectedCard
from cpx_tool.model.fault import INTERRUPTED, Fault, FaultKind
from cpx_tool.model.finding import Place
from cpx_tool.model.identity import Category, Coded, Holder, Identity, Pki, ProductKind
from cpx_tool.model.observation import CardObservation, Observation
from cpx_tool.model.token import Slot
from cpx_tool.pki.dossier import make_dossier
from support.build import PEOPLE, card, card_of, observation, read_card

Make = Callable[..., ReadCard]
DOCTOR = "medecin-generaliste"
STAFF = {"cde-directeur", "cpe-employe", "cpe-employe-delegue"}


@pytest.fixture
def made(key: rsa.RSAPrivateKey) -> Make:
    """A card of that role's person, changed."""

    def make(role: str, slot: int = 0, **changes: Any) -> ReadCard:
        return read_card(card(key, replace(PEOPLE[role], **changes), slot))

    return make


def names(matched: Match) -> list[tuple[str, str | None]]:
    return [(p.place.value, p.expected.role if p.expected else None) for p in matched.placements]


def missing(matched: Match) -> list[str]:
    return [role.role for role in matched.missing]


# --- the set of six ---------------------------------------------------------------------------


def test_the_good_set_takes_every_role(good: Observation, card_set: CardSet) -> None:
    matched = match([read_card(seen) for seen in good.cards], card_set)
    assert names(matched) == [("expected", role) for role in PEOPLE]
    assert missing(matched) == []
    unsure = {
        role: {r.role for r in placement.interchangeable}
        for role, placement in zip(PEOPLE, matched.placements, strict=True)
    }
    assert unsure == {role: STAFF if role in STAFF else set() for role in PEOPLE}


def test_the_order_of_the_cards_does_not_count(good: Observation, card_set: CardSet) -> None:
    cards = [read_card(seen) for seen in good.cards]
    first = dict(zip((c.key for c in cards), match(cards, card_set).placements, strict=True))
    for order in permutations(cards):
        placements = match(order, card_set).placements
        assert dict(zip((c.key for c in order), placements, strict=True)) == first


def test_cards_are_shown_in_the_order_of_the_set(good: Observation, card_set: CardSet) -> None:
    backwards = replace(good, cards=good.cards[::-1])
    shown = [c.expected.role for c in judge(backwards, card_set).cards if c.expected]
    assert shown == list(PEOPLE)


def test_no_card_at_all(card_set: CardSet) -> None:
    matched = match([], card_set)
    assert matched.placements == ()
    assert missing(matched) == list(PEOPLE)


def test_a_set_without_published_contents_places_nothing(good: Observation) -> None:
    cards = [read_card(seen) for seen in good.cards]
    matched = match(cards, find_set("cabinet-dentaire"))
    assert {place for place, _ in names(matched)} == {"foreign"}


# --- what is left over ------------------------------------------------------------------------


def test_the_second_card_of_a_kind_is_one_too_many(
    good: Observation, card_set: CardSet, made: Make
) -> None:
    cards = [*map(read_card, good.cards), made(DOCTOR, 9, card_number="3100000099")]
    assert names(match(cards, card_set))[-1] == ("extra", DOCTOR)


def test_one_of_four_cards_that_fit_three_roles_is_too_many_for_all_of_them(
    good: Observation, card_set: CardSet, made: Make
) -> None:
    cards = [*map(read_card, good.cards), made("cpe-employe", 9, card_number="3100000099")]
    placement = match(cards, card_set).placements[-1]
    assert placement.place is Place.EXTRA
    assert {role.role for role in placement.interchangeable} == STAFF


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"given_name": None}, "expected"),
        ({"given_name": None, "card_type": 3}, "foreign"),
        ({"given_name": None, "profession": 10}, "foreign"),
    ],
)
def test_what_nearly_fits_a_role_without_a_profession(
    card_set: CardSet, made: Make, changes: dict[str, object], place: str
) -> None:
    employee = replace(card_set, cards=card_set.cards[3:4], size=1)
    assert names(match([made("cpe-employe", **changes)], employee))[0][0] == place


def test_the_second_card_of_a_number_is_a_duplicate(
    good: Observation, card_set: CardSet, made: Make
) -> None:
    cards = [*map(read_card, good.cards), made(DOCTOR, 9)]
    assert names(match(cards, card_set))[-1] == ("duplicate", None)


def test_two_duplicates_have_keys_of_their_own(key: rsa.RSAPrivateKey, card_set: CardSet) -> None:
    doctor = PEOPLE[DOCTOR]
    seen = observation(*(card(key, doctor, slot) for slot in (0, 1, 1)))
    assert len({c.key for c in judge(seen, card_set).cards}) == 3


def test_a_card_of_another_profession_throughout_is_foreign(card_set: CardSet, made: Make) -> None:
    matched = match([made(DOCTOR, profession=21, title="Pharmacien")], card_set)
    assert names(matched) == [("foreign", None)]
    assert DOCTOR in missing(matched)


@pytest.mark.parametrize(
    "changes",
    [
        {"profession": 26},
        {"profession": None},
        {"title": "Infirmier de nuit", "card_type": 1},
        {"given_name": None},
        {"title": "Whatever", "surname": None},
    ],
    ids=str,
)
def test_a_card_that_is_nearly_right_is_put_there(
    card_set: CardSet, made: Make, changes: dict[str, object]
) -> None:
    assert names(match([made(DOCTOR, **changes)], card_set)) == [("expected", DOCTOR)]


def test_a_near_match_takes_no_role_from_a_right_card(card_set: CardSet, made: Make) -> None:
    wrong = made(DOCTOR, 0, card_number="1000000000", given_name=None)
    right = made(DOCTOR, 1)
    assert names(match([wrong, right], card_set)) == [("foreign", None), ("expected", DOCTOR)]


def test_two_near_matches_do_not_share_a_role(card_set: CardSet, made: Make) -> None:
    cards = [made(DOCTOR, n, card_number=f"100000000{n}", given_name=None) for n in (0, 1)]
    assert names(match(cards, card_set)) == [("expected", DOCTOR), ("foreign", None)]


def test_an_anonymous_cpe_nearly_fits_where_a_person_is_expected(
    card_set: CardSet, made: Make
) -> None:
    directed = [made("cde-directeur", 0), made("cpe-employe", 1)]
    anonymous = made("cpe-employe-delegue", 2, given_name=None, surname=None, pseudonym="EMPLOYE1")
    matched = match([*directed, anonymous], card_set)
    assert {place for place, _ in names(matched)} == {"expected"}
    assert matched.placements[2].expected is not None


def test_a_card_without_a_certificate_is_not_recognised(
    good: Observation, card_set: CardSet
) -> None:
    empty = replace(card_of(good, DOCTOR), certificates=())
    assert names(match([read_card(empty)], card_set)) == [("unrecognised", None)]


def test_a_card_that_was_not_read_is_not_called_a_stranger(
    good: Observation, card_set: CardSet
) -> None:
    whole = card_of(good, DOCTOR)
    fault = Fault(FaultKind.ERROR, "", INTERRUPTED)
    for token in (None, whole.token):
        unread = CardObservation(whole.slot, whole.reader, token, faults=(fault,))
        assert names(match([read_card(unread)], card_set)) == [("unread", None)]


# --- pinned numbers ---------------------------------------------------------------------------


def pinned(card_set: CardSet, numbers: dict[str, str]) -> CardSet:
    cards = tuple(replace(c, card_number=numbers.get(c.role)) for c in card_set.cards)
    return replace(card_set, cards=cards)


def test_pinned_numbers_make_every_role_certain(good: Observation, card_set: CardSet) -> None:
    numbers = {role: PEOPLE[role].card_number for role in STAFF}
    matched = match([read_card(seen) for seen in good.cards], pinned(card_set, numbers))
    assert names(matched) == [("expected", role) for role in PEOPLE]
    assert all(placement.interchangeable == () for placement in matched.placements)


def test_pinned_numbers_decide_against_the_order(good: Observation, card_set: CardSet) -> None:
    numbers = {
        "cde-directeur": PEOPLE["cpe-employe"].card_number,
        "cpe-employe": PEOPLE["cde-directeur"].card_number,
    }
    matched = match([read_card(seen) for seen in good.cards], pinned(card_set, numbers))
    placed = dict(zip(PEOPLE, names(matched), strict=True))
    assert placed["cde-directeur"] == ("expected", "cpe-employe")
    assert placed["cpe-employe"] == ("expected", "cde-directeur")


def test_another_number_than_the_pinned_one_is_told_by_its_check(
    card_set: CardSet, made: Make
) -> None:
    matched = match([made(DOCTOR)], pinned(card_set, {DOCTOR: "9999999999"}))
    assert names(matched) == [("expected", DOCTOR)]


# --- against brute force ----------------------------------------------------------------------

CODES = (None, Coded("10", "Médecin"), Coded("60", "Infirmier"))


def identified(number: int, card_type: int, profession: Coded | None, named: bool) -> ReadCard:
    holder = Holder("cn", "SURNAME" if named else None, "GIVEN", None, None, None, None, None)
    identity = Identity(
        ProductKind.CARD,
        Category.TEST_CARD,
        Pki.EMULATED,
        holder,
        card_type=Coded(f"{card_type:02d}", None),
        card_number=f"{number:010d}",
        profession=profession,
    )
    seen = CardObservation(Slot(number, "", True), None, None)
    return ReadCard(f"{number:010d}", seen, (), identity, make_dossier((), label))


@st.composite
def some_cards(draw: st.DrawFn) -> list[ReadCard]:
    kinds = draw(
        st.lists(
            st.tuples(st.sampled_from((0, 2)), st.sampled_from(CODES), st.booleans()), max_size=5
        )
    )
    return [identified(number, *kind) for number, kind in enumerate(kinds)]


@st.composite
def some_roles(draw: st.DrawFn) -> CardSet:
    kinds = draw(
        st.lists(
            st.tuples(
                st.sampled_from((0, 2)),
                st.sampled_from((None, 10, 60)),
                st.sampled_from((None, None, True, False)),
                st.sampled_from((None, None, None, 0, 1, 2)),
            ),
            max_size=5,
        )
    )
    cards = tuple(
        ExpectedCard(
            role=f"role-{position}",
            title=f"Role {position}",
            card_type=card_type,
            profession=profession,
            nominative=nominative,
            card_number=None if number is None else f"{number:010d}",
        )
        for position, (card_type, profession, nominative, number) in enumerate(kinds)
    )
    return CardSet("random", "Random", max(len(cards), 1), (), cards=cards)


def every_maximum(cards: Sequence[ReadCard], card_set: CardSet) -> list[dict[int, ExpectedCard]]:
    """All assignments of cards to roles that place as many cards as possible."""
    choices = [
        [None, *(role for role in card_set.cards if c.identity and fits(role, c.identity))]
        for c in cards
    ]
    assignments = []
    for chosen in product(*choices):
        placed = {i: role for i, role in enumerate(chosen) if role is not None}
        if len({role.role for role in placed.values()}) == len(placed):
            assignments.append(placed)
    most = max(map(len, assignments))
    return [placed for placed in assignments if len(placed) == most]


@given(some_cards(), some_roles())
def test_as_many_cards_as_possible_and_exactly_what_is_interchangeable(
    cards: list[ReadCard], card_set: CardSet
) -> None:
    best = every_maximum(cards, card_set)
    matched = match(cards, card_set)
    fitting = {
        index: placement.expected
        for index, (c, placement) in enumerate(zip(cards, matched.placements, strict=True))
        if placement.place is Place.EXPECTED
        and placement.expected is not None
        and c.identity is not None
        and fits(placement.expected, c.identity)
    }
    assert fitting in best
    for index in fitting:
        possible = {placed[index].role for placed in best if index in placed}
        told = {role.role for role in matched.placements[index].interchangeable}
        assert told == (possible if len(possible) > 1 else set())


@given(some_cards(), some_roles())
def test_every_card_and_every_role_is_accounted_for(
    cards: list[ReadCard], card_set: CardSet
) -> None:
    matched = match(cards, card_set)
    assert len(matched.placements) == len(cards)
    taken = [
        placement.expected.role
        for placement in matched.placements
        if placement.place is Place.EXPECTED and placement.expected
    ]
    assert sorted(taken + missing(matched)) == sorted(role.role for role in card_set.cards)


@given(some_cards(), some_roles(), st.randoms(use_true_random=False))
def test_no_order_changes_anything(
    cards: list[ReadCard], card_set: CardSet, dice: random.Random
) -> None:
    shuffled = list(cards)
    dice.shuffle(shuffled)
    first = {c.key: p for c, p in zip(cards, match(cards, card_set).placements, strict=True)}
    again = match(shuffled, card_set).placements
    assert {c.key: p for c, p in zip(shuffled, again, strict=True)} == first


# --- what only a set file states ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "fits_it"),
    [
        ("Personnel santé ou social", True),
        ("PERSONNEL SANTE*", True),
        ("personnel ????? ou social", True),
        ("Personnel", False),
        ("Directeur*", False),
    ],
)
def test_a_title_pattern_decides_whether_a_card_fits(
    made: Make, pattern: str, fits_it: bool
) -> None:
    identity = made("cpe-employe").identity
    assert identity is not None
    role = ExpectedCard("cpe", "CPE", 2, title_patterns=("Secrétaire", pattern))
    assert fits(role, identity) is fits_it


def test_title_patterns_tell_apart_what_the_type_code_does_not(
    made: Make, card_set: CardSet
) -> None:
    director = made("cde-directeur", title="Directeur")
    roles = tuple(
        replace(
            role,
            title_patterns=("Direct*",) if role.role == "cde-directeur" else ("Personnel*",),
        )
        for role in card_set.cards
        if role.role in ("cde-directeur", "cpe-employe")
    )
    matched = match([made("cpe-employe", 1), director], replace(card_set, cards=roles, size=2))
    assert names(matched) == [("expected", "cpe-employe"), ("expected", "cde-directeur")]
    assert [p.interchangeable for p in matched.placements] == [(), ()]


def test_a_card_with_the_pinned_number_takes_that_role_whatever_else_differs(
    made: Make, card_set: CardSet
) -> None:
    doctor = made(DOCTOR, profession=60, title="Infirmier")
    number = PEOPLE[DOCTOR].card_number
    roles = tuple(
        replace(role, card_number=number) if role.role == DOCTOR else role
        for role in card_set.cards
        if role.role in (DOCTOR, "chirurgien-dentiste")
    )
    matched = match([doctor], replace(card_set, cards=roles, size=2))
    assert names(matched) == [("expected", DOCTOR)]
    assert missing(matched) == ["chirurgien-dentiste"]
