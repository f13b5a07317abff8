"""Card × use: product, nominative or not, and state of the card, each cell of the matrix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import product as combinations
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from cpx_tool.catalogue.uses import uses
from cpx_tool.i18n import say
from cpx_tool.judge.checks import BY_ID
from cpx_tool.judge.judge import judge
from cpx_tool.model.cardset import CardSet, ExpectedCard, Product
from cpx_tool.model.eligibility import Cause, Eligibility, Use
from cpx_tool.model.fault import Fault, FaultKind
from cpx_tool.model.finding import JudgedCard, Place
from cpx_tool.model.observation import (
    CardObservation,
    Observation,
    PinRecord,
    PinRefusal,
    PinResult,
)
from support.build import (
    FLAGS,
    NOW,
    PEOPLE,
    SIGNATURE,
    card,
    card_of,
    emulated,
    no_login,
    observation,
    with_card,
)
from support.certificates import ISSUER, SERIAL, Person

INSI, ORG, PORTAL, SIGN = Use
OTHER_KEY = rsa.generate_private_key(65537, 2048)
GUIDE = "ANS, Fiche pratique pour commander des cartes et certificats de test (INS)"
NUMBER = "3100000042"
MARKS = {"yes": "+", "no": "-", "not-known": "?"}


def person(card_type: int, *, nominative: bool) -> Person:
    """A holder with a name, or with none."""
    named = {"given_name": "ANNE", "surname": "TEST0001"} if nominative else {"pseudonym": "E0001"}
    profession = 10 if card_type == 0 else None
    return Person(NUMBER, card_type, "Titre", "899700075122", profession=profession, **named)


def set_of(card_type: int, product: Product | None) -> CardSet:
    """A set of this one card, pinned by its number."""
    role = ExpectedCard("card", "Card", card_type, product=product, card_number=NUMBER)
    return CardSet("one", "One", 1, (), cards=(role,))


def judged(
    key: rsa.RSAPrivateKey,
    who: Person,
    card_set: CardSet,
    change: Callable[[CardObservation], CardObservation] = lambda seen: seen,
    *revoked: int,
) -> JudgedCard:
    """The one card, whose CA and CRL are those of an emulation."""
    seen = emulated(observation(change(card(key, who))), key, *revoked)
    (found,) = judge(seen, card_set).cards
    return found


def row(found: JudgedCard) -> str:
    """The answers as one mark for each use: INSI, ORG-ADMIN, PORTAL, SIGNATURE."""
    assert [cell.use for cell in found.eligibility] == list(Use)
    return "".join(MARKS[cell.answer] for cell in found.eligibility)


def cell(found: JudgedCard, use: Use) -> Eligibility:
    return next(each for each in found.eligibility if each.use is use)


# --- what a card was ordered as ---------------------------------------------------------------

P = Product
Kind = tuple[int, Product | None, bool]
VALID: dict[Kind, str] = {
    (0, P.CPS, True): "++++",
    (0, P.CPS, False): "-+++",
    (1, P.CPF, True): "+??+",
    (1, P.CPF, False): "-??+",
    (2, P.CDE, True): "?+++",
    (2, P.CDE, False): "-+++",
    (2, P.CPE, True): "++++",
    (2, P.CPE, False): "--?+",
    (3, P.CDA, True): "?+++",
    (3, P.CDA, False): "-+++",
    (3, P.CPA, True): "?+++",
    (3, P.CPA, False): "-+++",
    (0, None, True): "++++",
    (1, None, True): "+??+",
    (2, None, True): "?+++",
    (2, None, False): "-??+",
    (3, None, True): "?+++",
    (3, None, False): "-+++",
}
"""(Type code, the set's product or None where it states none, nominative) → answers."""


def of_kind(key: rsa.RSAPrivateKey, kind: Kind, *revoked: int, **changes: Any) -> JudgedCard:
    """A card of that kind, pinned in a set that states that product."""
    card_type, product, nominative = kind
    who = replace(person(card_type, nominative=nominative), **changes)
    return judged(key, who, set_of(card_type, product), lambda seen: seen, *revoked)


@pytest.mark.parametrize("kind", VALID)
def test_a_valid_card(key: rsa.RSAPrivateKey, kind: Kind) -> None:
    found = of_kind(key, kind)
    assert row(found) == VALID[kind]
    assert {cell(found, use).source.document for use in (INSI, ORG, PORTAL)} == {GUIDE}
    assert len({cell(found, use).source.section for use in (INSI, ORG, PORTAL)}) == 3
    assert cell(found, SIGN).source.check == "SIGN-SIGN"


def test_the_table_above_holds_every_product() -> None:
    assert {(p, named) for _, p, named in VALID if p} == set(combinations(Product, (True, False)))


@pytest.mark.parametrize(
    ("kind", "use", "cause", "words"),
    [
        (
            (2, P.CPE, True),
            INSI,
            Cause.NAMED,
            "Named for this by the ANS's ordering guide: nominative",
        ),
        (
            (2, P.CDE, True),
            INSI,
            Cause.NOT_NAMED,
            "Not named for this by the ANS's ordering guide: CDE.",
        ),
        ((2, P.CPE, False), INSI, Cause.ANONYMOUS, "asks for a card that names a person"),
        ((2, P.CPE, False), ORG, Cause.ANONYMOUS, "asks for a card that names a person"),
        ((2, P.CPE, False), PORTAL, Cause.NOT_NAMED, "ordering guide: anonymous CPE."),
        ((2, None, True), INSI, Cause.PRODUCT_NOT_KNOWN, "CDE not named, nominative CPE yes."),
        ((2, None, False), ORG, Cause.PRODUCT_NOT_KNOWN, "CDE yes, anonymous CPE no."),
        ((2, None, True), ORG, Cause.NAMED, "ordering guide: CDE, nominative CPE."),
        ((3, None, True), INSI, Cause.NOT_NAMED, "ordering guide: CDA, CPA."),
        ((0, P.CPS, True), SIGN, Cause.VERIFIED, "Verified here"),
    ],
)
def test_why(key: rsa.RSAPrivateKey, kind: Kind, use: Use, cause: Cause, words: str) -> None:
    found = cell(of_kind(key, kind), use)
    assert found.cause is cause
    assert words in say(found.reason)


def test_what_would_decide_is_said(key: rsa.RSAPrivateKey) -> None:
    hint = cell(judged(key, person(2, nominative=True), set_of(2, None)), INSI).hint
    assert hint is not None
    assert "card_number and product" in say(hint)


@pytest.mark.parametrize("card_type", [4, 99])
def test_a_type_code_that_nobody_knows(key: rsa.RSAPrivateKey, card_type: int) -> None:
    found = judged(key, person(card_type, nominative=True), set_of(2, P.CPE))
    assert row(found) == "???+"
    assert {c.cause for c in found.eligibility[:3]} == {Cause.TYPE_NOT_KNOWN}


# --- what the set says, and when it counts ----------------------------------------------------


def roles(found: list[JudgedCard]) -> dict[str, JudgedCard]:
    return {c.expected.role: c for c in found if c.expected and c.place is Place.EXPECTED}


def test_a_role_that_is_not_certain_gives_no_product(good: Observation, card_set: CardSet) -> None:
    found = roles(list(judge(good, card_set).cards))
    assert {role: row(c) for role, c in found.items()} == {
        "cde-directeur": "?+++",
        "medecin-generaliste": "++++",
        "chirurgien-dentiste": "++++",
        "cpe-employe": "?+++",
        "cpe-employe-delegue": "?+++",
        "infirmier": "++++",
    }


def test_roles_of_one_product_need_not_be_told_apart(good: Observation, card_set: CardSet) -> None:
    director = card_set.cards[0]
    pinned = replace(director, card_number=PEOPLE["cde-directeur"].card_number)
    own = replace(card_set, cards=(pinned, *card_set.cards[1:]))
    found = roles(list(judge(good, own).cards))
    assert row(found["cde-directeur"]) == "?+++"
    assert cell(found["cde-directeur"], INSI).cause is Cause.NOT_NAMED
    for role in ("cpe-employe", "cpe-employe-delegue"):
        assert found[role].interchangeable
        assert row(found[role]) == "++++"


def test_a_card_that_contradicts_its_pinned_role_is_what_its_type_allows(
    key: rsa.RSAPrivateKey,
) -> None:
    found = judged(key, person(0, nominative=True), set_of(2, P.CPE))
    assert found.place is Place.EXPECTED
    assert "CPS" in say(cell(found, INSI).reason)
    other = judged(key, person(2, nominative=True), set_of(3, P.CDA))
    assert row(other) == "?+++"
    assert cell(other, INSI).cause is Cause.PRODUCT_NOT_KNOWN


def test_a_card_that_only_nearly_fits_has_not_the_sets_product(key: rsa.RSAPrivateKey) -> None:
    wanted = ExpectedCard("cpe", "CPE", 2, product=P.CPE, nominative=True)
    found = judged(key, person(2, nominative=False), CardSet("one", "One", 1, (), cards=(wanted,)))
    assert (found.place, found.interchangeable) == (Place.EXPECTED, ())
    assert row(found) == "-??+"


def test_with_a_card_too_many_none_of_them_has_the_sets_product(key: rsa.RSAPrivateKey) -> None:
    role = ExpectedCard("cpe", "CPE", 2, product=P.CPE)
    card_set = CardSet("one", "One", 1, (), cards=(role,))
    who = person(2, nominative=True)
    other = replace(who, card_number="3100000043")
    alone = judge(emulated(observation(card(key, who)), key), card_set)
    assert [row(c) for c in alone.cards] == ["++++"]
    both = judge(emulated(observation(card(key, who), card(key, other, 1)), key), card_set)
    assert sorted(c.place for c in both.cards) == [Place.EXPECTED, Place.EXTRA]
    assert [row(c) for c in both.cards] == ["?+++", "?+++"]


def test_in_a_set_with_gaps_the_sets_product_counts_for_a_pinned_card_only(
    key: rsa.RSAPrivateKey, card_set: CardSet
) -> None:
    """An anonymous CPE, of another set, alone: of this one only the CDE could be it."""
    who = person(2, nominative=False)
    seen = emulated(observation(card(key, who)), key)
    (alone,) = judge(seen, card_set).cards
    assert alone.expected is not None
    assert (alone.expected.role, alone.interchangeable) == ("cde-directeur", ())
    assert cell(alone, Use.ORG_ADMIN).cause is Cause.PRODUCT_NOT_KNOWN
    roles = (replace(card_set.cards[0], card_number=who.card_number), *card_set.cards[1:])
    (pinned,) = judge(seen, replace(card_set, cards=roles)).cards
    assert cell(pinned, Use.ORG_ADMIN).cause is Cause.NAMED


def test_a_card_of_another_set_is_as_good(key: rsa.RSAPrivateKey, card_set: CardSet) -> None:
    who = replace(person(0, nominative=True), profession=21)
    found = judged(key, who, card_set)
    assert found.place is Place.FOREIGN
    assert row(found) == "++++"


# --- states -----------------------------------------------------------------------------------

DAY = timedelta(days=1)
UNKNOWN_ISSUER = (*ISSUER[:-1], (NameOID.COMMON_NAME, "AC INCONNUE"))
LOST = {
    "expired": (
        {"not_before": NOW - 9 * DAY, "not_after": NOW - DAY},
        ("-", Cause.EXPIRED, "CERT-NOT-EXPIRED", "Expired on 2026-01-14"),
    ),
    "not yet valid": (
        {"not_before": NOW + DAY},
        ("-", Cause.NOT_YET_VALID, "CERT-STARTED", "Valid only from 2026-01-16"),
    ),
    "production": (
        {"category": 0x00},
        ("-", Cause.PRODUCTION, "CARD-TEST", "A production card is not for tests."),
    ),
    "unproven": (
        {"issuer": UNKNOWN_ISSUER},
        ("?", Cause.NOT_PROVEN, "CARD-TEST", "Nothing proves that it is a test card."),
    ),
    "production and expired": (
        {"category": 0x00, "not_after": NOW - DAY},
        ("-", Cause.PRODUCTION, "CARD-TEST", "A production card"),
    ),
    "unproven and expired": (
        {"issuer": UNKNOWN_ISSUER, "not_after": NOW - DAY},
        ("-", Cause.EXPIRED, "CERT-NOT-EXPIRED", "Expired on"),
    ),
}
"""What the card's certificates say, and the one answer to every use."""


def lost(found: JudgedCard, mark: str, cause: Cause, check: str, words: str) -> None:
    assert row(found) == mark * len(Use)
    for each in found.eligibility:
        assert each.cause is cause
        assert words in say(each.reason)
        assert each.source.check == check
        assert each.source.document
        assert each.source.section


@pytest.mark.parametrize("state", LOST)
@pytest.mark.parametrize("kind", VALID)
def test_a_card_that_is_good_for_nothing(key: rsa.RSAPrivateKey, kind: Kind, state: str) -> None:
    changes, expected = LOST[state]
    lost(of_kind(key, kind, **changes), *expected)


@pytest.mark.parametrize("kind", VALID)
def test_a_revoked_card(key: rsa.RSAPrivateKey, kind: Kind) -> None:
    found = of_kind(key, kind, SERIAL)
    lost(found, "-", Cause.REVOKED, "CERT-REVOKED", "REVOKED on 2026-01-13")


def test_a_forged_card(key: rsa.RSAPrivateKey) -> None:
    seen = emulated(observation(card(OTHER_KEY, person(0, nominative=True))), key)
    (found,) = judge(seen, set_of(0, P.CPS)).cards
    lost(found, "-", Cause.BROKEN_CHAIN, "CERT-CHAIN", "signature")


def test_no_issuer_at_hand_takes_nothing_away(key: rsa.RSAPrivateKey) -> None:
    seen = observation(card(key, person(0, nominative=True)))
    (found,) = judge(seen, set_of(0, P.CPS)).cards
    assert row(found) == "++++"


def test_a_card_without_certificates(key: rsa.RSAPrivateKey) -> None:
    who = person(0, nominative=True)
    found = judged(key, who, set_of(0, P.CPS), lambda seen: replace(seen, certificates=()))
    lost(found, "?", Cause.NOT_RECOGNISED, "CARD-CPX", "No certificate says who this card is.")


def test_a_card_that_could_not_be_read(key: rsa.RSAPrivateKey) -> None:
    who = person(0, nominative=True)
    found = judged(
        key, who, set_of(0, P.CPS), lambda seen: replace(seen, token=None, certificates=())
    )
    lost(found, "?", Cause.NOT_RECOGNISED, "CARD-CPX", "The card could not be read.")


# --- keys and PIN -----------------------------------------------------------------------------

CRASH = Fault(FaultKind.CRASH, "C_Sign", "SIGSEGV")


def cps(key: rsa.RSAPrivateKey, change: Callable[[CardObservation], CardObservation]) -> JudgedCard:
    return judged(key, person(0, nominative=True), set_of(0, P.CPS), change)


def tried(position: int, **changes: object) -> Callable[[CardObservation], CardObservation]:
    """A signature changed: 0 is the authentication key's, 1 the signature key's."""

    def change(seen: CardObservation) -> CardObservation:
        signatures = list(seen.signatures)
        signatures[position] = replace(signatures[position], **changes)  # type: ignore[arg-type]
        return replace(seen, signatures=tuple(signatures))

    return change


def swapped(seen: CardObservation) -> CardObservation:
    first, second = seen.certificates
    return replace(
        seen, certificates=(replace(first, der=second.der), replace(second, der=first.der))
    )


def without_certificate(label: str) -> Callable[[CardObservation], CardObservation]:
    return lambda seen: replace(
        seen, certificates=tuple(c for c in seen.certificates if c.label != label)
    )


def without_key(position: int) -> Callable[[CardObservation], CardObservation]:
    def change(seen: CardObservation) -> CardObservation:
        assert seen.keys is not None
        gone = seen.keys[position]
        return replace(
            seen,
            keys=tuple(k for k in seen.keys if k is not gone),
            signatures=tuple(s for s in seen.signatures if s.key_id != gone.id),
        )

    return change


def refused(refusal: PinRefusal) -> Callable[[CardObservation], CardObservation]:
    pin = PinRecord(PinResult.REFUSED, refusal, FLAGS)
    return lambda seen: no_login(seen, pin)


@pytest.mark.parametrize(
    ("change", "expected", "seen", "words"),
    [
        (
            tried(1, signature=b"\x01" * 256),
            "+++-",
            (SIGN, Cause.SIGNATURE_FAILED, "SIGN-SIGN"),
            "Signature key: The signature (CKM_RSA_PKCS) does not verify.",
        ),
        (tried(1, fault=CRASH), "+++-", (SIGN, Cause.SIGNATURE_FAILED, "SIGN-SIGN"), "SIGSEGV"),
        (tried(1, mechanism="CKM_X"), "+++?", (SIGN, Cause.NOT_VERIFIED, "SIGN-SIGN"), "CKM_X"),
        (
            tried(0, signature=b"\x01" * 256),
            "++-+",
            (PORTAL, Cause.SIGNATURE_FAILED, "SIGN-AUTH"),
            "Authentication key: The signature",
        ),
        (tried(0, mechanism="CKM_X"), "++?+", (PORTAL, Cause.NOT_VERIFIED, "SIGN-AUTH"), "CKM_X"),
        (
            without_key(1),
            "+++-",
            (SIGN, Cause.KEY_ABSENT, "KEY-PRESENT"),
            "Signature key: The private key is not on the card.",
        ),
        (without_key(0), "++-+", (PORTAL, Cause.KEY_ABSENT, "KEY-PRESENT"), "Authentication key:"),
        (
            swapped,
            "++--",
            (SIGN, Cause.WRONG_CERTIFICATE, "CERT-USAGE-SIGN"),
            "Signature certificate: Made for another use",
        ),
        (
            swapped,
            "++--",
            (PORTAL, Cause.WRONG_CERTIFICATE, "CERT-USAGE-AUTH"),
            "Authentication certificate: Made",
        ),
        (
            without_certificate(SIGNATURE),
            "+++-",
            (SIGN, Cause.WRONG_CERTIFICATE, "CERT-USAGE-SIGN"),
            "not on the card",
        ),
        (
            refused(PinRefusal.COUNT_LOW),
            "++++",
            (SIGN, Cause.NOT_TRIED, "CERT-USAGE-SIGN"),
            "the key was not tried here",
        ),
        (refused(PinRefusal.COUNT_LOW), "++++", (PORTAL, Cause.NAMED, None), "ordering guide: CPS"),
    ],
)
def test_what_was_seen_of_the_keys(
    key: rsa.RSAPrivateKey,
    change: Callable[[CardObservation], CardObservation],
    expected: str,
    seen: tuple[Use, Cause, str | None],
    words: str,
) -> None:
    found = cps(key, change)
    assert row(found) == expected
    use, *what = seen
    assert [cell(found, use).cause, cell(found, use).source.check] == what
    assert words in say(cell(found, use).reason)


@pytest.mark.parametrize(
    "change",
    [
        refused(PinRefusal.LOCKED),
        lambda seen: no_login(seen, PinRecord(PinResult.LOCKED, None, FLAGS)),
    ],
)
def test_a_locked_pin_takes_nothing_away_but_comes_first(
    key: rsa.RSAPrivateKey, change: Callable[[CardObservation], CardObservation]
) -> None:
    found = cps(key, change)
    assert row(found) == "++++"
    causes = [each.cause for each in found.eligibility]
    assert causes == [Cause.PIN_LOCKED, Cause.NAMED, Cause.PIN_LOCKED, Cause.PIN_LOCKED]
    locked = cell(found, INSI)
    assert say(locked.reason).startswith("Named for this")
    assert "locked" in say(locked.reason)
    assert locked.hint is not None
    assert "Unblock" in say(locked.hint)
    assert locked.source.document == GUIDE


def test_a_locked_pin_makes_no_yes_of_what_is_none(key: rsa.RSAPrivateKey) -> None:
    who = person(2, nominative=False)
    found = judged(key, who, set_of(2, P.CPE), refused(PinRefusal.LOCKED))
    assert row(found) == "--?+"
    assert "locked" not in say(cell(found, INSI).reason)


def test_the_documentation_shows_this_table() -> None:
    text = (Path(__file__).parents[2] / "docs" / "eligibility.md").read_text(encoding="utf-8")
    below = text.split("\n## The table\n", 1)[1].split("\n## ", 1)[0]
    rows = [line.strip("| ").split(" | ") for line in below.splitlines() if line.startswith("| C")]
    shown = {
        (product.removesuffix(", anonymous"), ", " not in product): tuple(answers[:3])
        for product, *answers in rows
    }
    words = {"+": "yes", "-": "no", "?": "not known"}
    assert shown == {
        (p.value, nominative): tuple(words[mark] for mark in marks[:3])
        for (_, p, nominative), marks in VALID.items()
        if p is not None
    }


# --- the whole --------------------------------------------------------------------------------


def test_every_check_that_is_named_exists(good: Observation, card_set: CardSet) -> None:
    seen = with_card(good, "infirmier", swapped)
    cells = [each for c in judge(seen, card_set).cards for each in c.eligibility]
    assert {each.source.check for each in cells if each.source.check} <= set(BY_ID)
    assert all(each.source.document and each.source.section for each in cells)


def test_nothing_but_the_card_itself_counts(good: Observation, card_set: CardSet) -> None:
    """A card is as good for its uses alone as among others."""
    alone = observation(card_of(good, "infirmier"))
    (found,) = judge(replace(good, cards=alone.cards), card_set).cards
    assert row(found) == "++++"


def test_the_columns_are_those_of_the_catalogue() -> None:
    assert [rule.use for rule in uses()] == list(Use)
