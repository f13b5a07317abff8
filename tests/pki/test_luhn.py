import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpx_tool.pki.luhn import luhn_key, luhn_valid


@pytest.mark.parametrize("rpps", ["99700075122", "99900063480", "99900038839", "00000000029751"])
def test_published_test_rpps_are_valid(rpps: str) -> None:
    assert luhn_valid(rpps)


@pytest.mark.parametrize("number", ["01234567890", "10012345678", "9970007512²", "9970 75122"])
def test_others_are_not(number: str) -> None:
    assert not luhn_valid(number)


@given(st.text("0123456789", min_size=1, max_size=30), st.integers(1, 9))
def test_the_key_and_only_the_key_is_valid(digits: str, shift: int) -> None:
    key = int(luhn_key(digits))

    assert luhn_valid(f"{digits}{key}")
    assert not luhn_valid(f"{digits}{(key + shift) % 10}")


def test_a_key_needs_digits() -> None:
    with pytest.raises(ValueError, match="digits"):
        luhn_key("0B1")
