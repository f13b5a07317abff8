import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpx_tool.pki.tlv import MAX_FILE, Tlv, first_value, is_whole, read_tlvs


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("8001AA", [(0x80, "AA")]),
        ("E3038101AA", [(0xE3, "8101AA")]),
        ("8001AA8101BB", [(0x80, "AA"), (0x81, "BB")]),
        ("80810141", [(0x80, "41")]),
        ("8082000141", [(0x80, "41")]),
        ("5F200141", [(0x5F20, "41")]),
        ("00FF8001AA0000FF", [(0x80, "AA")]),
        ("8000", [(0x80, "")]),
        ("8001AA8105BB", [(0x80, "AA")]),
        ("80", []),
        ("8080AA0000", []),
        ("8085FFFFFFFFFF", []),
        ("8084FFFFFFFF", []),
        ("5F", []),
        ("DFFFFFFFFF0141", []),
        ("", []),
    ],
)
def test_reads_up_to_the_first_that_cannot_be_read(
    data: str, expected: list[tuple[int, str]]
) -> None:
    assert read_tlvs(bytes.fromhex(data)) == tuple(Tlv(t, bytes.fromhex(v)) for t, v in expected)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("", True),
        ("8001AA", True),
        ("8001AA8101BB0000FF", True),
        ("8001AA8105BB", False),
        ("8001AA80", False),
        ("DFFFFFFFFF0141", False),
    ],
)
def test_whole_is_what_is_read_to_its_end(data: str, expected: bool) -> None:
    assert is_whole(bytes.fromhex(data)) is expected


def test_first_value_of_a_tag() -> None:
    data = bytes.fromhex("8101AA8101BB")

    assert first_value(data, 0x81) == b"\xaa"
    assert first_value(data, 0x82) is None


def test_more_than_a_card_s_file_holds_is_no_file_of_a_card() -> None:
    first = bytes.fromhex("8101AA")

    assert first_value(first + bytes(MAX_FILE - len(first)), 0x81) == b"\xaa"
    assert first_value(first + bytes(MAX_FILE), 0x81) is None


@given(st.binary(max_size=200))
def test_never_raises_nor_reads_more_than_there_is(data: bytes) -> None:
    assert sum(len(tlv.value) + 2 for tlv in read_tlvs(data)) <= len(data)
