"""What an ATR hints at."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpx_tool.catalogue.atr import MAX_ATR_BYTES, KnownAtr, card_kind, historical_bytes, known_atrs
from cpx_tool.model.reader import CardKind

CPS3 = "3BAC00402A001225006480000310009000"
CPS4_T0 = "3BDC18FF00001225006480000401009000"


@pytest.mark.parametrize(
    ("atr", "kind"),
    [
        (CPS3, CardKind.CPS3),
        ("3B8F80010031B86404B0ECC1739401808290000E", CardKind.CPS3_CONTACTLESS),
        ("3B9B188001001225006480000401009044", CardKind.CPS4),
        ("3B9B188001001225006480040100009044", CardKind.CPS4),
        (CPS4_T0, CardKind.CPS4),
        ("3B751300004309EA9000", CardKind.VITALE),
        ("3B751300004909EA9000", CardKind.VITALE),
        ("3B751300004509FA9000", CardKind.VITALE),
        ("3F6525002209F99000", CardKind.VITALE),
        ("3F6525002C09699000", CardKind.VITALE),
        ("3F652500A4096A9000", CardKind.VITALE),
    ],
)
def test_known_cards(atr: str, kind: CardKind) -> None:
    assert card_kind(atr) is kind


@pytest.mark.parametrize(
    "atr",
    [
        "3BAC00402A001225006480000311009000",  # another version byte
        "3BAC00402A001225006480820212009000",  # seen in the field, absent from the Cryptolib
        "3BAC00403A001225006480000310009000",  # another waiting time
        "3B8F80010031B864FFFFECC1739401808290000E",  # contactless, within the declared mask
        "3B9B188001001225006480000501009045",  # a CPS4 to come
        CPS3 + "00",  # a byte too many
        "3BEC00004032001225006480000310009000",  # the mark after other interface bytes
    ],
)
def test_the_cryptolib_refuses_what_only_looks_like_a_cps(atr: str) -> None:
    assert card_kind(atr) is CardKind.CPX_LIKE


@pytest.mark.parametrize(
    "atr",
    [
        "3BFF1800FF8131FE55006B02091717011101434E531131808C",  # the Italian CPS
        "3B6700002D201601789000",  # card of the health insurance's own staff
        "3B6500002063CB6800",  # a bank's
        "3B8A8001001225006480000310A5",  # the mark, but in a contactless card's ATR
        "3BA01225006480",  # the mark among the interface bytes
        CPS3[:-2],  # cut short
    ],
)
def test_other_cards_are_unknown(atr: str) -> None:
    assert card_kind(atr) is CardKind.UNKNOWN


@pytest.mark.parametrize(
    "atr", ["", "3", "3B", CPS3[:-1], "no hex", "3B" * 200, "3BFF", "3BF0", "é", "3B\x00"]
)
def test_a_malformed_atr_is_unknown(atr: str) -> None:
    assert card_kind(atr) is CardKind.UNKNOWN


def test_case_and_blanks_do_not_count() -> None:
    assert card_kind("3b ac 00 40 2a 00 12 25 00 64 80 00 03 10 00 90 00") is CardKind.CPS3


def test_the_more_exact_entry_wins() -> None:
    """OpenSC takes this CPS4 for a CPS3: it fits that mask too."""
    fitting = [known.kind for known in known_atrs() if known.fits(bytes.fromhex(CPS4_T0))]
    assert fitting == [CardKind.CPS4, CardKind.CPX_LIKE]


@given(st.text() | st.binary(max_size=40).map(bytes.hex))
def test_any_text_has_a_kind(atr: str) -> None:
    assert isinstance(card_kind(atr), CardKind)


@given(st.binary(min_size=5, max_size=5), st.binary(max_size=5))
def test_the_mark_in_the_historical_bytes_of_a_contact_atr(before: bytes, after: bytes) -> None:
    historical = before + bytes.fromhex("1225006480") + after
    atr = bytes([0x3B, len(historical)]) + historical
    assert historical_bytes(atr) == historical
    assert card_kind(atr.hex()) is CardKind.CPX_LIKE


@pytest.mark.parametrize("known", known_atrs(), ids=lambda known: known.atr.hex())
def test_every_entry_of_the_data_is_sound(known: KnownAtr) -> None:
    assert 0 < len(known.atr) <= MAX_ATR_BYTES
    assert len(known.mask) == len(known.atr)
    assert known.fits(known.atr)
    assert known.kind is not CardKind.UNKNOWN
    assert known.source
