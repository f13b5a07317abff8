"""What is certain, what is asked and what is left out, from cards, set and answers alone."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from cpx_tool.catalogue.set_file import read_set
from cpx_tool.catalogue.set_text import set_file_text
from cpx_tool.catalogue.sets import find_set, fits
from cpx_tool.i18n import say
from cpx_tool.judge.describing import own_set, slug
from cpx_tool.judge.drawer import read_cards
from cpx_tool.judge.enrolment import enrol, enrol_unasked, enrolled_set
from cpx_tool.judge.matching import match
from cpx_tool.judge.reading import ReadCard
from cpx_tool.model.cardset import CardSet, Product
from cpx_tool.model.enrolment import Answer, Ask, Enrolment, How, Why
from cpx_tool.model.fault import Fault, FaultKind
from cpx_tool.model.finding import Place
from cpx_tool.model.observation import CardObservation, Observation
from support.build import PEOPLE, card, read_card

Make = Callable[..., ReadCard]
STAFF = ["cde-directeur", "cpe-employe", "cpe-employe-delegue"]
DIRECTOR, EMPLOYEE, DELEGATE = (PEOPLE[role].card_number for role in STAFF)
DOCTOR = "medecin-generaliste"
ANONYMOUS = {"given_name": None, "surname": None, "pseudonym": "EMPLOYE000000009"}
DENTAL = find_set("cabinet-dentaire")


@pytest.fixture(scope="session")
def made(key: rsa.RSAPrivateKey) -> Make:
    """A card of that role's person, changed."""

    def make(role: str, **changes: Any) -> ReadCard:
        return read_card(card(key, replace(PEOPLE[role], **changes)))

    return make


@pytest.fixture(scope="session")
def cards(good: Observation) -> tuple[ReadCard, ...]:
    return read_cards(good)


def role(number: str, name: str | None) -> Answer:
    return Answer(number, Ask.ROLE, name)


def roles(found: Enrolment) -> dict[str, str]:
    """Card number → role, of the enrolled cards."""
    return {enrolled.card.key: enrolled.expected.role for enrolled in found.enrolled}


def asked(found: Enrolment) -> dict[str, list[str]]:
    """Card number → the roles it is asked about."""
    return {q.card.key: [r.role for r in q.roles] for q in found.questions}


def how(found: Enrolment) -> dict[str, How]:
    return {enrolled.expected.role: enrolled.how for enrolled in found.enrolled}


def refused(found: Enrolment) -> list[tuple[str, Why]]:
    return [(r.card.key, r.why) for r in found.refused]


def awaited(found: Enrolment) -> list[tuple[int, list[str]]]:
    return [(group.count, [r.role for r in group.roles]) for group in found.awaited]


# --- which card is which ----------------------------------------------------------------------


def test_only_what_no_certificate_tells_is_asked(
    cards: Sequence[ReadCard], card_set: CardSet
) -> None:
    found = enrol(cards, card_set, ())
    assert set(how(found).values()) == {How.CERTAIN}
    assert list(how(found)) == [DOCTOR, "chirurgien-dentiste", "infirmier"]
    assert asked(found) == dict.fromkeys((DIRECTOR, EMPLOYEE, DELEGATE), STAFF)
    assert (found.complete, found.refused, found.awaited) == (False, (), ())


def test_each_answer_narrows_what_is_left(cards: Sequence[ReadCard], card_set: CardSet) -> None:
    one = enrol(cards, card_set, [role(EMPLOYEE, "cde-directeur")])
    assert asked(one) == {DIRECTOR: STAFF[1:], DELEGATE: STAFF[1:]}
    two = enrol(cards, card_set, [role(EMPLOYEE, STAFF[0]), role(DIRECTOR, STAFF[2])])
    assert two.complete
    assert [c.expected.role for c in two.enrolled] == list(PEOPLE)
    assert roles(two)[DELEGATE] == "cpe-employe"
    assert [how(two)[name] for name in STAFF] == [How.ANSWERED, How.DERIVED, How.ANSWERED]
    assert how(two)[DOCTOR] is How.CERTAIN


def test_the_order_of_the_cards_does_not_count(
    cards: Sequence[ReadCard], card_set: CardSet
) -> None:
    answers = [role(EMPLOYEE, "cde-directeur")]
    first = enrol(cards, card_set, answers)
    for order in permutations(cards):
        assert enrol(order, card_set, answers) == first


def test_a_card_that_is_set_aside_gets_no_role(
    cards: Sequence[ReadCard], card_set: CardSet
) -> None:
    found = enrol(cards, card_set, [role(DIRECTOR, None), role(EMPLOYEE, "cde-directeur")])
    assert refused(found) == [(DIRECTOR, Why.SET_ASIDE)]
    assert asked(found) == {DELEGATE: STAFF[1:]}
    assert awaited(found) == [(1, STAFF[1:])]
    assert not found.complete


@pytest.mark.parametrize(
    "answer",
    [role("3100000099", "cde-directeur"), role(DIRECTOR, DOCTOR), role(DIRECTOR, "unheard-of")],
)
def test_an_answer_that_does_not_fit_does_not_count(
    cards: Sequence[ReadCard], card_set: CardSet, answer: Answer
) -> None:
    assert enrol(cards, card_set, [answer]) == enrol(cards, card_set, ())


def test_the_first_answer_about_a_card_or_a_role_counts(
    cards: Sequence[ReadCard], card_set: CardSet
) -> None:
    first = [role(DIRECTOR, "cde-directeur")]
    for second in (role(DIRECTOR, "cpe-employe"), role(EMPLOYEE, "cde-directeur")):
        assert enrol(cards, card_set, [*first, second]) == enrol(cards, card_set, first)
    aside = [role(DIRECTOR, None)]
    again = [*aside, role(DIRECTOR, "cde-directeur")]
    assert enrol(cards, card_set, again) == enrol(cards, card_set, aside)


def test_two_cards_for_one_role_are_both_asked_about(
    cards: Sequence[ReadCard], card_set: CardSet, made: Make
) -> None:
    second = made(DOCTOR, card_number="3100000099")
    found = enrol([*cards, second], card_set, ())
    assert DOCTOR not in how(found)
    assert asked(found)["3100000012"] == asked(found)["3100000099"] == [DOCTOR]
    chosen = enrol([*cards, second], card_set, [role("3100000099", DOCTOR)])
    assert roles(chosen)["3100000099"] == DOCTOR
    assert refused(chosen) == [("3100000012", Why.EXTRA)]
    assert "médecin généraliste" in say(chosen.refused[0].reason)


def test_four_cards_for_three_roles_are_all_asked_about(
    cards: Sequence[ReadCard], card_set: CardSet, made: Make
) -> None:
    fourth = made("cpe-employe", card_number="3100000099")
    found = enrol([*cards, fourth], card_set, ())
    assert set(asked(found)) == {DIRECTOR, EMPLOYEE, DELEGATE, "3100000099"}
    assert set(map(tuple, asked(found).values())) == {tuple(STAFF)}


def test_who_may_give_way_to_a_card_too_many_is_asked_about_too(made: Make) -> None:
    """Two anonymous cards for one anonymous role: one of them may be the director's instead."""
    hospital = find_set("centre-hospitalier")
    first = made("cpe-employe", **ANONYMOUS)
    others = [
        made("cpe-employe", **ANONYMOUS, card_number="3100000098"),
        made("cpe-employe", **ANONYMOUS, card_number="3100000099"),
    ]
    alone = enrol([first, made("cde-directeur"), made("cpe-employe-delegue")], hospital, ())
    assert roles(alone)[EMPLOYEE] == "cpe-anonyme"
    found = enrol([first, *others], hospital, ())
    assert set(map(tuple, asked(found).values())) == {("cde-directeur", "cpe-anonyme")}
    assert len(asked(found)) == 3
    contested = enrol([*others, made("cde-directeur"), made("cpe-employe-delegue")], hospital, ())
    assert set(asked(contested)) == {"3100000098", "3100000099", DIRECTOR, DELEGATE}


def test_who_may_give_way_in_the_end_is_asked_about_too(card_set: CardSet, made: Make) -> None:
    """Of "AB", "B" and "A" for the roles A* and *B, each may be the one too many."""
    employee = replace(card_set.cards[3], title_patterns=("A*",))
    other = replace(employee, role="other", title_patterns=("*B",))
    own = replace(card_set, cards=(employee, other), size=2)
    titles = {"3100000031": "AB", "3100000032": "B", "3100000033": "A"}
    found = enrol([made("cpe-employe", card_number=n, title=t) for n, t in titles.items()], own, ())
    assert asked(found) == {
        "3100000031": ["cpe-employe", "other"],
        "3100000032": ["other"],
        "3100000033": ["cpe-employe"],
    }


def test_roles_that_cannot_be_told_apart_are_awaited_together(
    cards: Sequence[ReadCard], card_set: CardSet
) -> None:
    assert awaited(enrol([], card_set, ())) == [(1, [name]) for name in PEOPLE]
    assert awaited(enrol(cards[:2], card_set, ())) == [
        (2, STAFF),
        (1, ["chirurgien-dentiste"]),
        (1, ["infirmier"]),
    ]


def test_roles_that_change_hands_by_way_of_another_card_are_awaited_together(made: Make) -> None:
    """The director may be the anonymous card, and the employee's card be free for the employee."""
    here = [made("cde-directeur"), made("cpe-employe", **ANONYMOUS)]
    assert (1, ["cde-directeur", "cpe-employe", "cpe-anonyme"]) in awaited(
        enrol(here, find_set("centre-hospitalier"), ())
    )


# --- what is left out -------------------------------------------------------------------------


def test_a_card_of_another_set_is_named(card_set: CardSet, made: Make) -> None:
    found = enrol([made(DOCTOR, profession=21, title="Pharmacien")], card_set, ())
    assert refused(found) == [("3100000012", Why.FOREIGN)]
    assert "Centre hospitalier" in say(found.refused[0].reason)


def test_a_card_that_contradicts_the_set_is_not_enrolled(card_set: CardSet, made: Make) -> None:
    """Else its wrong profession would be what the file expects from now on."""
    found = enrol([made(DOCTOR, profession=26)], card_set, ())
    assert refused(found) == [("3100000012", Why.DIFFERS)]
    assert (1, [DOCTOR]) in awaited(found)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"category": 0x00}, Why.PRODUCTION),
        ({"category": 0x81}, Why.NOT_PROVEN_TEST),
        ({"card_type": 7}, Why.NOT_STATABLE),
        ({"card_number": "31000000AB"}, Why.NOT_STATABLE),
    ],
)
def test_a_card_that_must_not_or_cannot_be_enrolled(
    card_set: CardSet, made: Make, changes: dict[str, Any], why: Why
) -> None:
    for chosen in (card_set, DENTAL):
        found = enrol([made(DOCTOR, **changes)], chosen, ())
        assert [r.why for r in found.refused] == [why]
        assert (found.enrolled, found.questions) == ((), ())
        assert (found.refused[0].hint is not None) == (why is not Why.NOT_STATABLE)


FAULT = Fault(FaultKind.ERROR, "C_GetAttributeValue", "CKR_DEVICE_REMOVED")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda c: replace(c, token=None, certificates=(), data=()), Why.UNREADABLE),
        (lambda c: replace(c, faults=(FAULT,)), Why.UNREADABLE),
        (lambda c: replace(c, certificates=(), data=()), Why.UNRECOGNISED),
    ],
)
def test_a_card_that_was_not_read(
    good: Observation,
    card_set: CardSet,
    change: Callable[[CardObservation], CardObservation],
    why: Why,
) -> None:
    found = enrol([read_card(change(good.cards[1]))], card_set, ())
    assert [r.why for r in found.refused] == [why]


def test_a_real_card_is_real_even_if_it_was_read_badly(
    key: rsa.RSAPrivateKey, card_set: CardSet
) -> None:
    real = replace(card(key, replace(PEOPLE[DOCTOR], category=0x00)), faults=(FAULT,))
    found = enrol([read_card(real)], card_set, ())
    assert refused(found) == [("3100000012", Why.PRODUCTION)]
    assert found.refused[0].hint is not None
    assert "at once" in say(found.refused[0].hint)


def test_a_number_that_two_cards_carry_tells_neither(
    cards: Sequence[ReadCard], card_set: CardSet, made: Make
) -> None:
    found = enrol([*cards, made(DOCTOR, serial=77)], card_set, ())
    assert refused(found) == [("3100000012", Why.SAME_NUMBER)] * 2
    assert (1, [DOCTOR]) in awaited(found)


# --- a set file that pins already -------------------------------------------------------------


def pinning(card_set: CardSet, **numbers: str) -> CardSet:
    by_role = {name.replace("_", "-"): number for name, number in numbers.items()}
    cards = (replace(card, card_number=by_role.get(card.role)) for card in card_set.cards)
    return replace(card_set, cards=tuple(cards))


def test_what_a_set_file_pins_is_certain(cards: Sequence[ReadCard], card_set: CardSet) -> None:
    found = enrol(cards, pinning(card_set, cde_directeur=DELEGATE), ())
    assert roles(found)[DELEGATE] == "cde-directeur"
    assert asked(found) == {DIRECTOR: STAFF[1:], EMPLOYEE: STAFF[1:]}


def test_a_renewed_card_is_asked_about_and_never_taken_for_certain(
    cards: Sequence[ReadCard], card_set: CardSet
) -> None:
    old = pinning(card_set, infirmier="3100000077", medecin_generaliste="3100000012")
    found = enrol(cards, old, ())
    assert how(found)[DOCTOR] is How.CERTAIN
    assert asked(found)["3100000016"] == ["infirmier"]
    (question,) = (q for q in found.questions if q.card.key == "3100000016")
    assert question.roles[0].card_number == "3100000077"
    renewed = enrol(cards, old, [role("3100000016", "infirmier")])
    assert roles(renewed)["3100000016"] == "infirmier"
    pins = {card.role: card.card_number for card in enrolled_set(renewed).cards}
    assert pins["infirmier"] == "3100000016"


def test_a_number_that_stays_open_stays_pinned(
    cards: Sequence[ReadCard], card_set: CardSet
) -> None:
    old = pinning(card_set, infirmier="3100000077")
    pins = {card.role: card.card_number for card in enrolled_set(enrol(cards, old, ())).cards}
    assert pins["infirmier"] == "3100000077"


# --- the set to write -------------------------------------------------------------------------

TOLD = [role(n, name) for name, n in zip(STAFF, (DIRECTOR, EMPLOYEE, DELEGATE), strict=True)]


def test_the_file_says_what_the_cards_say(cards: Sequence[ReadCard], card_set: CardSet) -> None:
    written = enrolled_set(enrol(cards, card_set, TOLD))
    assert (written.name, written.size, written.aliases) == ("centre-sante", 6, ())
    for card_file, person in zip(written.cards, PEOPLE.values(), strict=True):
        assert card_file.card_number == person.card_number
        assert card_file.profession == person.profession
        assert card_file.title_patterns == (person.title,)
        assert card_file.nominative is True
    assert [c.product for c in written.cards if c.role in STAFF] == ["CDE", "CPE", "CPE"]
    assert written.cards[1].specialities == ("SM26", "SM53", "SM54")


def test_a_partial_file_leaves_the_other_roles_as_the_set_states_them(
    cards: Sequence[ReadCard], card_set: CardSet
) -> None:
    written = enrolled_set(enrol(cards[1:3], card_set, ()))
    assert written.size == 6
    for before, after in zip(card_set.cards, written.cards, strict=True):
        assert (after.card_number is not None) == (after.role in (DOCTOR, "chirurgien-dentiste"))
        assert after.card_number is not None or after == before


@given(st.permutations(STAFF), st.randoms(use_true_random=False))
def test_the_file_knows_each_card_again_and_no_other(
    cards: Sequence[ReadCard],
    card_set: CardSet,
    made: Make,
    names: list[str],
    shuffle: random.Random,
) -> None:
    numbers = (DIRECTOR, EMPLOYEE, DELEGATE)
    told = [role(number, name) for number, name in zip(numbers, names, strict=True)]
    written = enrolled_set(enrol(cards, card_set, told))
    read = read_set(set_file_text(written, ()), "mine.toml")
    assert read == written
    order = shuffle.sample(cards, len(cards))
    matched = match(order, read)
    assert matched.missing == ()
    for shown, placement in zip(order, matched.placements, strict=True):
        assert placement.place is Place.EXPECTED
        assert placement.interchangeable == ()
        assert placement.expected is not None
        assert placement.expected.card_number == shown.key
    stranger = made("cpe-employe", card_number="3100000099")
    assert not any(fits(c, stranger.identity) for c in read.cards if stranger.identity)


@pytest.mark.parametrize(
    ("title", "patterns"),
    [
        ("[Médecin]*", ("[[]Médecin][*]",)),
        ("?", ("[?]",)),
        ("Cœur ²", ("Cœur ²",)),
        ("［Médecin］", ()),  # compared as "[medecin]", which would be a pattern
        ("a" * 300, ()),
        (" ", ()),
    ],
)
def test_a_title_is_stated_as_it_is_or_not_at_all(
    card_set: CardSet, made: Make, title: str, patterns: tuple[str, ...]
) -> None:
    shown = made(DOCTOR, title=title)
    written = enrolled_set(enrol([shown], card_set, ()))
    read = read_set(set_file_text(written, ()), "mine.toml")
    (doctor,) = (c for c in read.cards if c.role == DOCTOR)
    assert shown.identity is not None
    assert fits(doctor, shown.identity)
    assert doctor.title_patterns == patterns


@pytest.mark.parametrize(("position", "product"), [(1, Product.CPS), (3, None)])
def test_a_product_is_stated_where_the_type_leaves_one(
    cards: Sequence[ReadCard], card_set: CardSet, position: int, product: Product | None
) -> None:
    unstated = replace(card_set.cards[position], product=None)
    own = replace(card_set, cards=(unstated,), size=1)
    (written,) = enrolled_set(enrol([cards[position]], own, ())).cards
    assert written.product is product


def test_what_the_set_itself_says_of_titles_and_specialities_stays(
    cards: Sequence[ReadCard], card_set: CardSet
) -> None:
    doctor = replace(card_set.cards[1], title_patterns=("M*",), specialities=("SM54",))
    own = replace(card_set, cards=(doctor,), size=1)
    (written,) = enrolled_set(enrol(cards[1:2], own, ())).cards
    assert (written.title_patterns, written.specialities) == (("M*",), ("SM54",))


def test_a_code_newer_than_our_nomenclature_is_not_written(made: Make) -> None:
    newer = made(DOCTOR, profession=99, speciality="newer!")
    (written,) = enrolled_set(enrol_unasked([newer], DENTAL, ())).cards
    assert (written.profession, written.specialities) == (None, ())
    assert read_set(set_file_text(replace(DENTAL, cards=(written,), size=1), ()), "x").cards


# --- a set without published contents, or one's own -------------------------------------------


def name(number: str, value: str | None) -> Answer:
    return Answer(number, Ask.NAME, value)


def test_each_card_is_described_as_its_certificates_say_it(
    cards: Sequence[ReadCard], made: Make
) -> None:
    anonymous = made("cpe-employe", **ANONYMOUS, card_number="3100000020")
    student = made(
        DOCTOR, card_type=1, profession=None, card_number="3100000021", title="En formation"
    )
    found = enrol_unasked([*cards, anonymous, student], DENTAL, ())
    described = {c.expected.role: c.expected for c in found.enrolled}
    assert {role: card.title for role, card in described.items()} == {
        "cde-cpe-1": "CDE/CPE test nominative",
        "cps-medecin": "CPS test médecin",
        "cps-chirurgien-dentiste": "CPS test chirurgien-dentiste",
        "cde-cpe-2": "CDE/CPE test nominative",
        "cde-cpe-3": "CDE/CPE test nominative",
        "cps-infirmier": "CPS test infirmier",
        "cde-cpe-4": "CDE/CPE test anonyme",
        "cpf": "CPF test nominative",
    }
    assert described["cps-medecin"].specialities == ("SM26",)
    assert described["cps-medecin"].product is Product.CPS
    assert described["cde-cpe-1"].product is None
    assert {c.how for c in found.enrolled} == {How.PROPOSED}
    written = enrolled_set(found)
    assert (written.name, written.title, written.size) == (DENTAL.name, DENTAL.title, 8)
    assert written.source == ""


def test_cards_of_one_kind_get_names_of_their_own(made: Make) -> None:
    doctors = [made(DOCTOR, card_number=f"310000005{n}") for n in range(3)]
    found = enrol_unasked(doctors, DENTAL, [name("3100000051", "cps-medecin")])
    assert roles(found) == {
        "3100000050": "cps-medecin-2",
        "3100000051": "cps-medecin",
        "3100000052": "cps-medecin-3",
    }
    assert [c.how for c in found.enrolled] == [How.PROPOSED, How.ANSWERED, How.PROPOSED]


def test_the_product_is_asked_and_shapes_what_is_proposed(made: Make) -> None:
    employee = [made("cpe-employe")]
    (product,) = enrol(employee, DENTAL, ()).questions
    assert (product.ask, product.products) == (Ask.PRODUCT, (Product.CDE, Product.CPE))
    answers = [Answer(EMPLOYEE, Ask.PRODUCT, "CPE")]
    (proposed,) = enrol(employee, DENTAL, answers).questions
    assert (proposed.ask, proposed.default) == (Ask.NAME, "cpe")
    (title,) = enrol(employee, DENTAL, [*answers, name(EMPLOYEE, "accueil")]).questions
    assert (title.ask, title.default) == (Ask.TITLE, "CPE test nominative")
    answers += [name(EMPLOYEE, "accueil"), Answer(EMPLOYEE, Ask.TITLE, "Accueil")]
    (card_file,) = enrolled_set(enrol(employee, DENTAL, answers)).cards
    assert (card_file.role, card_file.title, card_file.product) == ("accueil", "Accueil", "CPE")


def test_an_anonymous_card_of_a_known_product(made: Make) -> None:
    cards = [made("cpe-employe", **ANONYMOUS)]
    answers = [Answer(EMPLOYEE, Ask.PRODUCT, "CPE")]
    (found,) = enrol_unasked(cards, DENTAL, answers).enrolled
    assert (found.expected.role, found.expected.title) == ("cpe-anonyme", "CPE test anonyme")
    assert found.expected.nominative is False


@pytest.mark.parametrize("ask", [Ask.PRODUCT, Ask.NAME, Ask.TITLE])
def test_a_described_card_can_be_set_aside_at_any_question(made: Make, ask: Ask) -> None:
    found = enrol_unasked([made("cpe-employe")], DENTAL, [Answer(EMPLOYEE, ask, None)])
    assert refused(found) == [(EMPLOYEE, Why.SET_ASIDE)]
    assert found.enrolled == ()


def test_as_many_cards_as_were_ordered(made: Make) -> None:
    cards = [made(DOCTOR, card_number=f"310000005{n}") for n in range(3)]
    complete = [enrol_unasked(cards[:n], DENTAL, ()).complete for n in range(4)]
    assert complete == [False, False, True, False]
    assert all(enrol_unasked(cards[:n], own_set("mine"), ()).complete for n in range(1, 4))


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("my-set", ("my-set", "my-set")),
        ("Mes cartes (été)", ("mes-cartes-ete", "Mes cartes (été)")),
        ("日本", ("my-set", "日本")),
        ("", ("my-set", "my-set")),
        ("a\x1b[31m", ("my-set", "my-set")),
    ],
)
def test_a_set_of_ones_own_is_named_after_its_file(file: str, expected: tuple[str, str]) -> None:
    card_set = own_set(file)
    assert (card_set.name, card_set.title) == expected
    assert (card_set.size, card_set.cards) == (0, ())


@given(st.text())
def test_a_name_is_one_that_a_set_file_allows(text: str) -> None:
    found = slug(text)
    assert found == "" or all(part.isalnum() and part.isascii() for part in found.split("-"))
    assert found == found.lower()


@settings(max_examples=20)
@given(st.lists(st.sampled_from([*PEOPLE, "anonymous"]), max_size=5))
def test_any_cards_make_a_file_that_is_read_back(made: Make, chosen: list[str]) -> None:
    cards = [
        made("cpe-employe", **ANONYMOUS, card_number=f"310000006{n}")
        if person == "anonymous"
        else made(person, card_number=f"310000006{n}")
        for n, person in enumerate(chosen)
    ]
    found = enrol_unasked(cards, own_set("mine"), ())
    assert len(found.enrolled) == len(chosen)
    written = enrolled_set(found)
    if written.cards:
        assert read_set(set_file_text(written, ()), "mine.toml") == written
