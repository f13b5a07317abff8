"""What the documents say of each use, and that a slip in the file does not go unnoticed."""

from __future__ import annotations

from importlib import resources

import pytest

from cpx_tool.catalogue.uses import TITLES, read_states, read_uses, states, uses
from cpx_tool.judge.checks import BY_ID
from cpx_tool.model.cardset import Product
from cpx_tool.model.eligibility import LOSSES, Cause, Entitlement, Key, Use

CPS, CPF, CDE, CPE, CDA, CPA = Product
TEXT = (resources.files("cpx_tool.catalogue") / "uses.toml").read_text(encoding="utf-8")
GUIDE = "ANS, Fiche pratique pour commander des cartes et certificats de test (INS)"


def test_what_the_ordering_guide_says() -> None:
    rules = {rule.use: rule for rule in uses()}
    insi, org, portal = rules[Use.INSI], rules[Use.ORG_ADMIN], rules[Use.PORTAL]
    assert insi.named == {CPS, CPF, CPE}
    assert insi.nominative == set(Product)
    assert org.named == portal.named == {CPS, CDE, CPE, CDA, CPA}
    assert org.nominative == portal.nominative == {CPE}
    assert insi.anonymous is org.anonymous is Entitlement.NO
    assert portal.anonymous is Entitlement.NOT_KNOWN
    assert {rule.source.document for rule in (insi, org, portal)} == {GUIDE}


def test_what_a_use_needs() -> None:
    needs = {rule.use: (rule.key, rule.pin) for rule in uses()}
    assert needs == {
        Use.INSI: (None, True),
        Use.ORG_ADMIN: (None, False),
        Use.PORTAL: (Key.AUTHENTICATION, True),
        Use.SIGNATURE: (Key.SIGNATURE, True),
    }
    assert [rule.use for rule in uses() if not rule.products_decide] == [Use.SIGNATURE]


def test_each_use_has_words() -> None:
    assert set(TITLES) == set(Use)


def test_each_state_has_a_source_and_its_check_exists() -> None:
    assert set(states()) >= LOSSES
    assert {s.check for s in states().values() if s.check} <= set(BY_ID)
    assert all(states()[cause].check for cause in LOSSES)
    assert states()[Cause.EXPIRED].check == "CERT-NOT-EXPIRED"


def test_the_file_is_as_the_readers_want_it() -> None:
    assert read_uses(TEXT) == uses()
    assert read_states(TEXT) == states()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('code = "INSI"', 'code = "INSEE"'),
        ('code = "INSI"', 'code = "PORTAL"'),
        ('code = "INSI"', ""),
        ('section = "appel du téléservice INSi"', ""),
        ('section = "appel du téléservice INSi"', 'section = " "'),
        ('section = "appel du téléservice INSi"', "section = 4"),
        ('not_named = ["CDE", "CDA", "CPA"]', 'not_named = ["CDE", "CDA"]'),
        ('not_named = ["CDE", "CDA", "CPA"]', 'not_named = ["CDE", "CDA", "CPA", "CPS"]'),
        ('not_named = ["CDE", "CDA", "CPA"]', 'not_named = ["CDE", "CDA", "CPX"]'),
        ('not_named = ["CDE", "CDA", "CPA"]', 'not_named = "CDE"'),
        ('nominative = ["CPE"]', ""),
        ('anonymous = "no"', ""),
        ('anonymous = "no"', 'anonymous = "yes"'),
        ('anonymous = "no"', 'anonymous = "perhaps"'),
        ("pin = true", 'pin = "true"'),
        ("pin = true", "pins = true"),
        ('key = "signature"', ""),
        ('key = "signature"', 'key = "signature"\nnominative = ["CPE"]\nanonymous = "no"'),
        ('key = "authentication"', 'key = "authentification"'),
        ("\n[[use]]", "\n[[uses]]"),
    ],
)
def test_a_slip_in_a_use_is_refused(old: str, new: str) -> None:
    assert old in TEXT
    with pytest.raises(ValueError, match=r"."):
        read_uses(TEXT.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('cause = "expired"', 'cause = "revoked"'),
        ('cause = "expired"', 'cause = "named"'),
        ('cause = "expired"', 'cause = "old"'),
        ('cause = "expired"\ncheck = "CERT-NOT-EXPIRED"', 'cause = "expired"\nchecks = "X"'),
        ('section = "6.3"', "section = 6.3"),
    ],
)
def test_a_slip_in_a_state_is_refused(old: str, new: str) -> None:
    assert old in TEXT
    with pytest.raises(ValueError, match=r"."):
        read_states(TEXT.replace(old, new, 1))


def test_a_state_that_is_left_out_is_missed() -> None:
    head, state, rest = TEXT.partition('[[state]]\ncause = "expired"')
    assert state
    with pytest.raises(ValueError, match="expired"):
        read_states(head + "[[state]]" + rest.split("[[state]]", 1)[1])
