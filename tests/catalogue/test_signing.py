"""What is known of mechanisms: the file says what the documents say, and is read strictly."""

from __future__ import annotations

from importlib import resources

import pytest

from cpx_tool import catalogue
from cpx_tool.catalogue.signing import read_signing_rules, rule_of, signing_rules
from cpx_tool.emulate.profile import CPS4_MECHANISMS
from cpx_tool.model.eligibility import Key
from cpx_tool.model.observation import Hash
from cpx_tool.model.signing import Expectation, mechanism_name
from cpx_tool.pki.signature import MECHANISMS

TEXT = (resources.files(catalogue) / "signing.toml").read_text(encoding="utf-8")


def _expected(expectation: Expectation) -> set[tuple[str, str]]:
    return {
        (key.value, mechanism_name(rule.mechanism, rule.hash))
        for rule in signing_rules()
        for key in Key
        if rule.expects(key) is expectation
    }


def test_each_can_be_verified_here() -> None:
    for rule in signing_rules():
        assert rule.hash in MECHANISMS[rule.mechanism]


def test_each_mechanism_that_cards_announce_for_signing_is_known() -> None:
    digests = {"CKM_SHA_1", "CKM_SHA256"}
    assert {rule.mechanism for rule in signing_rules()} == set(CPS4_MECHANISMS) - digests


def test_what_applications_need() -> None:
    assert _expected(Expectation.NEEDED) == {
        ("authentication", "CKM_RSA_PKCS (SHA-256)"),
        ("signature", "CKM_RSA_PKCS (SHA-256)"),
    }
    assert _expected(Expectation.NEEDED_IF_ANNOUNCED) == {
        ("authentication", "CKM_RSA_PKCS_PSS (SHA-256)")
    }


def test_what_the_cryptolib_refuses() -> None:
    assert _expected(Expectation.REFUSES) == {
        ("authentication", "CKM_SHA1_RSA_PKCS"),
        ("authentication", "CKM_SHA256_RSA_PKCS"),
        ("authentication", "CKM_RSA_X_509 (SHA-256)"),
        ("signature", "CKM_RSA_X_509 (SHA-256)"),
    }


def test_what_is_needed_is_tried_first_and_what_is_refused_last() -> None:
    """A crash costs the login, and all that would come after it."""
    order = [rule.expects(key) for rule in signing_rules() for key in Key]
    needed = (Expectation.NEEDED, Expectation.NEEDED_IF_ANNOUNCED)
    assert all(expected in needed for expected in order[:3])
    first_refusal = order.index(Expectation.REFUSES)
    assert not any(expected in needed for expected in order[3:])
    assert first_refusal > len(order) // 2


def test_a_mechanism_that_nobody_documents() -> None:
    assert rule_of("CKM_SHA512_RSA_PKCS", Hash.SHA256) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('hash = "SHA-1"', 'hash = "SHA-2"'),
        ('hash = "SHA-1"', 'hash = "SHA-256"'),
        ('authentication = "needed"', ""),
        ('authentication = "needed"', 'authentication = "wanted"'),
        ('authentication = "needed"', 'authentification = "needed"'),
        ('source = "seen"', 'source = " "'),
        ('source = "seen"', "source = 5"),
        ("\n[[signature]]", "\n[[signatures]]"),
    ],
)
def test_a_slip_is_refused(old: str, new: str) -> None:
    assert old in TEXT
    with pytest.raises(ValueError, match=r"."):
        read_signing_rules(TEXT.replace(old, new, 1))
