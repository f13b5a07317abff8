"""Who the emulated cards are."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cpx_tool.catalogue.sets import find_set, load_sets
from cpx_tool.emulate.profile import Profile, profiles
from cpx_tool.errors import BadInput
from cpx_tool.model.cardset import CardSet, ExpectedCard
from cpx_tool.pki.luhn import luhn_valid
from support.emulation import planned

NOW = datetime(2026, 3, 4, 5, 6, 7, 891011, tzinfo=UTC)
CENTRE = find_set("centre-sante")
HOSPITAL = find_set("centre-hospitalier")
DOCTOR = 1
KNOWN_FINESS = ("0B0057881", "0B0127189", "0B0152872")


def cards(*defects: str, card_set: CardSet = CENTRE) -> tuple[Profile, ...]:
    return planned(card_set, *defects, now=NOW)


def finess_key_valid(finess: str) -> bool:
    return luhn_valid(finess.replace("B", "2"))


def test_the_same_cards_at_each_run() -> None:
    later = planned(CENTRE, now=NOW + timedelta(days=400))
    assert [c.card_number for c in later] == [c.card_number for c in cards()]
    assert [c.common_name for c in later] == [c.common_name for c in cards()]


def test_the_documented_numbers_of_the_two_known_sets() -> None:
    """They stand in documentation: a change is a change of the documentation."""
    assert [c.card_number for c in cards()] == [f"99450{n:03d}23" for n in range(1, 7)]
    assert cards()[DOCTOR].surname == "DOC4502002"
    assert cards(card_set=HOSPITAL)[0].card_number == "9952900170"


def test_sets_of_the_catalogue_never_share_a_serial_or_an_identifier() -> None:
    role = ExpectedCard("cps", "CPS", 0, profession=10)
    both = [replace(known, cards=(role,)) for known in load_sets()]
    made = [card for card_set in both for card in cards("extra", card_set=card_set)]
    for what in ("card_number", "serial", "common_name", "surname"):
        assert len({getattr(card, what) for card in made}) == len(made) == 2 * len(both), what


def test_labels_and_serials_have_the_shape_of_real_tokens() -> None:
    for card in cards("pkcs1-only=6"):
        kind = "CPS3v3" if card.role == "infirmier" else "CPS4v1"
        assert card.label == f"{kind}-{card.card_number}"
        assert re.fullmatch("[0-9]{10}", card.card_number)
        assert card.serial == card.card_number[:8]


def test_a_cps_has_a_test_rpps_with_a_right_key_and_a_name_that_ends_like_it() -> None:
    for card in (*cards(), *cards(card_set=HOSPITAL)):
        if card.card_type == 0:
            rpps = card.common_name.removeprefix("8")
            assert re.fullmatch("997[0-9]{8}", rpps)
            assert luhn_valid(rpps)
            assert str(card.surname).endswith(rpps[3:-1])
            assert card.structure is None


@pytest.mark.parametrize("finess", KNOWN_FINESS)
def test_the_key_of_the_known_test_finess(finess: str) -> None:
    """Real ones of the field: our own are made by the same rule."""
    assert finess_key_valid(finess)


def test_a_cpe_has_a_test_finess_and_names_that_end_like_it() -> None:
    staff = [card for card in cards() if card.card_type == 2]
    assert len(staff) == 3
    for card in staff:
        finess, _, rank = card.common_name.removeprefix("3").partition("/")
        assert re.fullmatch("0B[0-9]{7}", finess)
        assert finess_key_valid(finess)
        assert re.fullmatch("CPET[0-9]{4}", rank)
        assert card.structure == f"1{finess}"
        assert str(card.organisation).endswith(finess[3:8])
        assert str(card.surname).endswith(finess[3:8] + rank[4:])
        assert card.title == "Personnel santé ou social"


def test_an_anonymous_cpe_names_nobody() -> None:
    card = cards(card_set=HOSPITAL)[-1]
    assert (card.surname, card.given_name) == (None, None)
    assert card.pseudonym == "EMPLOYE000000009"
    assert card.common_name == f"3{str(card.structure)[1:]}/000000009"
    assert card.title == "Carte de service santé ou social"


def test_titles_are_the_labels_of_the_profession() -> None:
    titles = [card.title for card in cards(card_set=HOSPITAL) if card.profession]
    assert titles == [
        "Médecin",
        "Pharmacien",
        "Infirmier",
        "Masseur-Kinésithérapeute",
        "Sage-Femme",
        "Manipulateur ERM",
    ]


def test_a_card_is_valid_for_three_years_to_the_second_from_the_midnight_of_yesterday() -> None:
    card = cards()[0]
    assert card.not_before == datetime(2026, 3, 3, tzinfo=UTC)
    assert card.not_after == datetime(2029, 3, 3, tzinfo=UTC)


def test_a_card_made_twice_on_a_day_is_dated_the_same() -> None:
    morning, evening = (datetime(2026, 3, 4, hour, 6, 7, tzinfo=UTC) for hour in (5, 23))
    assert profiles(find_set("centre-sante"), {}, morning) == profiles(
        find_set("centre-sante"), {}, evening
    )


def test_a_card_issued_on_a_leap_day_ends_on_the_day_before_march() -> None:
    card = planned(CENTRE, now=datetime(2028, 3, 1, 12, tzinfo=UTC))[0]
    assert card.not_before == datetime(2028, 2, 29, tzinfo=UTC)
    assert card.not_after == datetime(2031, 2, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    ("defect", "ends"),
    [
        ("expired", timedelta(days=-30)),
        ("expiring-soon", timedelta(days=20)),
        ("not-yet-valid", timedelta(days=30 + 3 * 365 + 1)),  # with 29 February 2028
    ],
)
def test_the_defects_of_time(defect: str, ends: timedelta) -> None:
    card = cards(defect)[DOCTOR]
    assert card.not_after == NOW.replace(microsecond=0) + ends
    assert card.not_after.replace(year=card.not_after.year - 3) == card.not_before
    assert cards(defect)[0].not_after == cards()[0].not_after


def test_wrong_profession_keeps_the_title() -> None:
    good, wrong = cards()[DOCTOR], cards("wrong-profession")[DOCTOR]
    assert (wrong.title, wrong.common_name) == ("Médecin", good.common_name)
    assert wrong.profession not in {card.profession for card in cards()}


def test_production_changes_the_category_only_on_that_card() -> None:
    assert [c.category for c in cards("production")] == [0x80, 0x00, 0x80, 0x80, 0x80, 0x80]


def test_missing_and_extra_and_duplicate_cards() -> None:
    assert [c.role for c in cards("missing")] == [
        c.role for c in CENTRE.cards if "gene" not in c.role
    ]
    one, other = cards("extra")[DOCTOR : DOCTOR + 2]
    assert one.role == other.role
    assert one.card_number != other.card_number
    assert one.common_name != other.common_name
    one, other = cards("duplicate")[DOCTOR : DOCTOR + 2]
    assert (one.card_number, one.label) == (other.card_number, other.label)
    assert one.slot_id != other.slot_id


def test_an_extra_card_does_not_share_the_number_that_the_set_states() -> None:
    stated = ExpectedCard("cps", "CPS", 0, profession=10, card_number="2800262487")
    own = CardSet("own", "Own", 1, (), cards=(stated,))
    one, other = cards("extra", card_set=own)
    assert one.card_number == "2800262487"
    assert other.card_number.startswith("99")


def test_cards_whose_stated_numbers_share_eight_digits_get_slots_of_their_own() -> None:
    numbers = ("2800262487", "2800262488", "2800262489")
    stated = tuple(ExpectedCard(n, n, 0, profession=10, card_number=n) for n in numbers)
    made = cards(card_set=CardSet("own", "Own", 3, (), cards=stated))
    assert [c.card_number for c in made] == list(numbers)
    assert len({c.slot_id for c in made}) == 3


@pytest.mark.parametrize("card_set", [CENTRE, HOSPITAL])
def test_a_foreign_card_is_of_a_profession_that_the_set_does_not_hold(card_set: CardSet) -> None:
    made = cards("foreign=1", card_set=card_set)
    assert len(made) == len(card_set.cards)
    assert made[0].role == ""
    assert made[0].profession not in {card.profession for card in card_set.cards}
    assert made[0].card_number not in {c.card_number for c in cards(card_set=card_set)}


def test_nothing_is_foreign_to_a_set_that_holds_every_profession() -> None:
    roles = tuple(
        ExpectedCard(f"cps-{code}", f"CPS {code}", 0, profession=code) for code in range(100)
    )
    with pytest.raises(BadInput):
        cards("foreign", card_set=CardSet("every", "Every", 100, (), cards=roles))


def test_a_trainee_has_a_future_profession_and_no_profession() -> None:
    trainee = ExpectedCard("cpf", "CPF", 1, future_profession=40)
    (card,) = profiles(CardSet("own", "Own", 1, (), cards=(trainee,)), {}, NOW)
    assert (card.profession, card.future_profession) == (None, 40)
    assert card.title == "Chirurgien-Dentiste en formation"


def test_any_set_a_user_can_write_has_values_a_certificate_can_hold() -> None:
    title = "Œuvre d'été “Ñandú” " + "x" * 180
    roles = (
        ExpectedCard("a", title, 0, profession=77),
        ExpectedCard("b", title, 0),
        ExpectedCard("c", title, 3),
    )
    for card in cards(card_set=CardSet("own", title, 3, (), cards=roles)):
        assert 0 < len(card.title) <= 64
        assert card.organisation is None or len(card.organisation) <= 64
        assert all(a.company.encode("latin-1") for a in card.activities)


def test_the_doctor_has_a_second_situation_in_a_practice_of_her_own() -> None:
    counts = [len(card.activities) for card in cards()]
    assert counts == [1, 2, 1, 1, 1, 1]
    own = cards()[DOCTOR].activities[1]
    assert own.structure == f"4{cards()[DOCTOR].common_name[1:]}001"
