"""The order guide says what its sources say, and its data is read strictly."""

from __future__ import annotations

import pytest

from cpx_tool.catalogue.order import order_guide, read_guide
from cpx_tool.catalogue.order_words import GROUPS, WAYS, WORDS
from cpx_tool.catalogue.sets import find_set
from cpx_tool.model.message import Message, msg
from cpx_tool.model.order import Entry, Group, Step, StepWords, Verifier, Way

IDS = [
    "WHY-WAY",
    *("ORDER-SET", "ORDER-PAGE", "FORM-1", "FORM-2", "FORM-3-1", "FORM-3-2"),
    *("FORM-4-1", "FORM-4-2", "FORM-4-3", "ORDER-SEND"),
    *("WAIT-CARDS", "WAIT-ENTITLED"),
    *("ORG-CARD", "ORG-BROWSER", "ORG-LOGIN", "ORG-AUTO", "ORG-MANU"),
    *("WITHDRAW-KEYS", "WITHDRAW-AUTO", "WITHDRAW-MANU"),
    *("CHECK-ISSUER", "CHECK-VALIDITY", "CHECK-INSI-CARD", "CHECK-SET"),
]

FOR_CERTIFICATES_ONLY = {
    *("FORM-4-1", "FORM-4-2", "FORM-4-3", "WAIT-ENTITLED"),
    *("ORG-CARD", "ORG-BROWSER", "ORG-LOGIN", "ORG-AUTO", "ORG-MANU"),
    *("WITHDRAW-KEYS", "WITHDRAW-AUTO", "WITHDRAW-MANU"),
}


def step(name: str) -> Step:
    return next(step for step in order_guide().steps if step.id == name)


def sentences(words: StepWords) -> str:
    parts = (words.title, words.how, words.why, words.otherwise, *words.needs)
    return " ".join(part.text for part in parts if isinstance(part, Message))


def test_the_ids_are_for_ever() -> None:
    assert [s.id for s in order_guide().steps] == IDS


def test_which_steps_each_way_needs() -> None:
    steps = order_guide().steps
    assert {s.id for s in steps if s.ways == (Way.INSI_ORG,)} == FOR_CERTIFICATES_ONLY
    assert {s.id for s in steps if s.ways == (Way.INSI_CARD,)} == {"CHECK-INSI-CARD"}


@pytest.mark.parametrize(
    ("name", "address"),
    [
        (
            "ORDER-PAGE",
            "https://esante.gouv.fr/securite/cartes-et-certificats/commandes?offre=certificats",
        ),
        ("ORDER-PAGE", "https://esante.gouv.fr/documents/414"),
        ("ORDER-SEND", "monserviceclient.developpement@esante.gouv.fr"),
        ("ORG-LOGIN", "https://pfc.eservices.esante.gouv.fr/pfcng-ihm/authentication.xhtml"),
        ("WITHDRAW-KEYS", "https://industriels.esante.gouv.fr/"),
    ],
)
def test_addresses(name: str, address: str) -> None:
    assert address in step(name).where


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("ORDER-PAGE", Entry("Profil", "Non professionnel de santé")),
        ("ORDER-PAGE", Entry("Structure", "Industriel")),
        (
            "ORDER-PAGE",
            Entry("Produit", "Produits de développement : socle technique et produits de test"),
        ),
        ("FORM-3-2", Entry("3.2, Centre de santé, IGC-Santé", "1")),
        ("FORM-4-2", Entry("4.2", "ORG")),
        ("ORG-AUTO", Entry("service applicatif", "INSI-AUTO")),
        ("ORG-MANU", Entry("service applicatif", "INSI-MANU")),
    ],
)
def test_what_is_written_literally(name: str, entry: Entry) -> None:
    assert entry in step(name).write


def test_only_the_purpose_may_be_in_ones_own_words() -> None:
    free = [s.id for s in order_guide().steps for entry in s.write if entry.example]
    assert free == ["FORM-3-1"]


def test_the_sets_are_those_of_the_catalogue() -> None:
    recommended, substitute = find_set(order_guide().recommended), find_set("centre-hospitalier")
    words = sentences(WORDS["ORDER-SET"])
    for card_set in (recommended, substitute):
        assert card_set.title in words
        assert str(card_set.reference) in words
    assert recommended.name in words
    assert substitute.title in sentences(WORDS["FORM-3-2"])


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("FORM-2", "legal representative need not"),
        ("FORM-4-3", "CPS, CDE, nominative CPE, CDA or CPA"),
        ("ORG-LOGIN", "Pro Santé Connect is not possible"),
        ("ORG-LOGIN", "1234"),
        ("ORG-BROWSER", "in the same browser"),
        ("WITHDRAW-AUTO", "the browser that made its key and CSR"),
        ("WITHDRAW-MANU", "the browser that made its key and CSR"),
        ("CHECK-VALIDITY", "three years"),
    ],
)
def test_what_must_not_be_forgotten(name: str, said: str) -> None:
    assert said in sentences(WORDS[name])


@pytest.mark.parametrize("name", ["ORDER-SET", "ORDER-SEND", "WAIT-CARDS", "WAIT-ENTITLED"])
def test_what_no_source_says_is_said_so(name: str) -> None:
    assert step(name).words.unpublished is not None


def test_every_verifier_serves_one_step() -> None:
    served = [s.verifier for s in order_guide().steps if s.verifier is not None]
    assert sorted(served) == sorted(Verifier)


def test_every_group_and_way_has_its_words() -> None:
    assert set(GROUPS) == set(Group)
    assert set(WAYS) == set(Way)


# --- the reader ---------------------------------------------------------------------------------

GOOD = """
recommended = "centre-sante"
[sources]
guide = "The guide"
[[step]]
id = "A"
group = "why"
for = ["insi-card"]
sources = ["guide"]
[[step]]
id = "B"
group = "order"
for = ["insi-card", "insi-org"]
after = ["A"]
where = ["https://a.invalid/"]
write = [{ field = "x", value = "y", example = true }]
sources = ["guide"]
verifier = "issuer"
"""
SAID = {name: StepWords(msg("Do it"), msg("Because")) for name in ("A", "B")}


def test_a_guide_is_read() -> None:
    guide = read_guide(GOOD, SAID)
    assert guide.sources == {"guide": "The guide"}
    assert guide.steps == (
        Step("A", Group.WHY, (Way.INSI_CARD,), SAID["A"], ("guide",)),
        Step(
            "B",
            Group.ORDER,
            (Way.INSI_CARD, Way.INSI_ORG),
            SAID["B"],
            ("guide",),
            ("A",),
            ("https://a.invalid/",),
            (Entry("x", "y", example=True),),
            Verifier.ISSUER,
        ),
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('recommended = "centre-sante"', ""),
        ('id = "B"', 'id = "C"'),
        ('id = "B"', 'id = "A"'),
        ('group = "why"', 'group = "check"'),
        ('group = "why"', 'group = "other"'),
        ('for = ["insi-card"]', "for = []"),
        ('for = ["insi-card"]', 'for = ["dmp"]'),
        ('for = ["insi-card"]', ""),
        ('after = ["A"]', 'after = ["B"]'),
        ('after = ["A"]', 'after = ["Z"]'),
        ('sources = ["guide"]', "sources = []"),
        ('sources = ["guide"]', 'sources = ["hearsay"]'),
        ('verifier = "issuer"', 'verifier = "magic"'),
        ('verifier = "issuer"', 'price = "free"'),
        ('field = "x", ', ""),
        ('field = "x"', 'field = "x", why = "?"'),
    ],
)
def test_a_slip_in_the_data_is_refused(old: str, new: str) -> None:
    assert old in GOOD
    with pytest.raises(ValueError, match=r"\S"):
        read_guide(GOOD.replace(old, new, 1), SAID)


def test_a_sentence_without_a_step_is_refused() -> None:
    with pytest.raises(ValueError, match="'Z'"):
        read_guide(GOOD, {**SAID, "Z": SAID["A"]})
