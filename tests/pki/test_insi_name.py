"""The CN that INSi wants, to the character."""

from __future__ import annotations

import pytest

from cpx_tool.i18n import say
from cpx_tool.pki.insi_name import common_name, differences, meant
from support.paths import shared_cert
from support.software import AUTO, Org

HYPHEN_MINUS = "HYPHEN-MINUS U+002D"


def told(name: str) -> list[str]:
    wanted = meant(name)
    assert wanted is not None
    return [say(difference) for difference in differences(name, wanted)]


@pytest.mark.parametrize("name", ["INSI-AUTO", "INSI-MANU"])
def test_the_two_names_are_right(name: str) -> None:
    assert meant(name) == name
    assert told(name) == []


@pytest.mark.parametrize(
    ("dash", "described"),
    [
        ("\u2010", "HYPHEN U+2010"),
        ("\u2011", "NON-BREAKING HYPHEN U+2011"),
        ("\u2012", "FIGURE DASH U+2012"),
        ("\u2013", "EN DASH U+2013"),
        ("\u2014", "EM DASH U+2014"),
        ("\u2015", "HORIZONTAL BAR U+2015"),
        ("\u2212", "MINUS SIGN U+2212"),
        ("\u00ad", "SOFT HYPHEN U+00AD"),
        ("_", "LOW LINE U+005F"),
    ],
)
def test_a_dash_that_only_looks_like_one(dash: str, described: str) -> None:
    assert told(f"INSI{dash}MANU") == [f"{described} at position 5 instead of {HYPHEN_MINUS}"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("insi-auto", ["small letters at positions 1, 2, 3, 4, 6, 7, 8, 9"]),
        ("INSI-AUTo", ["a small letter at position 9"]),
        ("INSIAUTO", ["no dash before position 5"]),
        ("INSI--AUTO", [f"a dash too many at position 6 ({HYPHEN_MINUS})"]),
        (
            "IN-SIAUTO",
            [f"a dash too many at position 3 ({HYPHEN_MINUS})", "no dash before position 6"],
        ),
        ("INSI-AUTO ", ["a blank at position 10 (SPACE U+0020)"]),
        ("\u00a0INSI-AUTO", ["a blank at position 1 (NO-BREAK SPACE U+00A0)"]),
        ("INSI\u200b-AUTO", ["a blank at position 5 (ZERO WIDTH SPACE U+200B)"]),
        ("INSI-AUTO\n", ["a blank at position 10 (U+000A)"]),
        ("INSI-AUT0", ["DIGIT ZERO U+0030 at position 9 instead of O"]),
        ("lNSI-AUTO", ["LATIN SMALL LETTER L U+006C at position 1 instead of I"]),
        ("INSI-\u0410UTO", ["CYRILLIC CAPITAL LETTER A U+0410 at position 6 instead of A"]),
        ("INSI-\u0430UTO", ["CYRILLIC SMALL LETTER A U+0430 at position 6 instead of A"]),
        ("INSI-\u039cANU", ["GREEK CAPITAL LETTER MU U+039C at position 6 instead of M"]),
        ("INSI-\uff21UTO", ["FULLWIDTH LATIN CAPITAL LETTER A U+FF21 at position 6 instead of A"]),
        ("INSI-\u00c3UTO", ["LATIN CAPITAL LETTER A WITH TILDE U+00C3 at position 6 instead of A"]),
        (
            "insi_auto",
            [
                f"LOW LINE U+005F at position 5 instead of {HYPHEN_MINUS}",
                "small letters at positions 1, 2, 3, 4, 6, 7, 8, 9",
            ],
        ),
    ],
)
def test_what_is_wrong_with_a_name(name: str, expected: list[str]) -> None:
    assert told(name) == expected


@pytest.mark.parametrize(
    "name", ["", "  ", "INSI", "INSI-ATUO", "INSI-AUTO-2", "-", "INSI-AUTOMANU"]
)
def test_a_name_that_means_neither(name: str) -> None:
    assert meant(name) is None


@pytest.mark.parametrize("name", ["INSI-AUTO", "INSI-\u200bAUTO", "Médecin ô", "INSI-AUTO "])
def test_the_name_of_a_certificate_as_it_stands(name: str) -> None:
    assert common_name(Org(cn=name).der()) == name


def test_no_name() -> None:
    assert common_name(Org(cn=None).der()) is None
    assert common_name(AUTO.der()[:300]) is None
    assert common_name(b"") is None


def test_the_name_of_a_real_certificate() -> None:
    der = shared_cert("TESTORG_authcli_10B0127189_2019.der")
    assert common_name(der) == "Certificat Wizard DMP 2019-R2"
