"""DER is cut where its lengths say, and no byte is lost or read twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from asn1crypto import core, parser
from hypothesis import given
from hypothesis import strategies as st

from cpx_tool.pki.der import (
    SEQUENCE,
    content,
    dotted,
    elements,
    header,
    is_whole,
    moment,
    read_time,
)
from support.tree import Node, tlv

LEAVES = st.builds(Node, st.sampled_from([0x02, 0x04, 0x0C, 0x80, 0x06]), st.binary(max_size=200))
TREES = st.recursive(
    LEAVES,
    lambda below: st.builds(
        lambda tag, inside: Node(tag, inside=inside),
        st.sampled_from([0x30, 0x31, 0xA0, 0xA3]),
        st.lists(below, min_size=1, max_size=5),
    ),
    max_leaves=30,
)


@given(TREES)
def test_an_element_is_cut_as_asn1crypto_cuts_it(tree: Node) -> None:
    der = tree.dump()
    *_, head, inside, _ = parser.parse(der, strict=True)
    assert header(der) == (len(head), len(der))
    assert content(der) == inside
    assert is_whole(der)
    if tree.inside:
        assert elements(inside) == tuple(child.dump() for child in tree.inside)


@given(st.lists(TREES, min_size=1, max_size=4), st.integers(1, 50))
def test_only_the_last_of_what_is_cut_off_is_broken(trees: list[Node], missing: int) -> None:
    ders = [tree.dump() for tree in trees]
    data = b"".join(ders)[:-missing]
    *whole, last = elements(data) or (b"",)
    assert whole == ders[: len(whole)]
    assert all(map(is_whole, whole))
    assert b"".join((*whole, last)) == data
    assert not is_whole(last) or ders[len(whole)] == last


@given(st.binary(max_size=100))
def test_any_bytes_are_cut_into_pieces_that_make_them_up_again(data: bytes) -> None:
    assert b"".join(elements(data)) == data
    assert content(data) in data


@pytest.mark.parametrize("data", ["", "30", "3080", "3085ffffffffff", "1f0100", "308201", "3084"])
def test_what_has_no_header(data: str) -> None:
    broken = bytes.fromhex(data)
    with pytest.raises(ValueError, match=r"header|length"):
        header(broken)
    assert content(broken) == b""
    assert not is_whole(broken)


def test_a_tag_may_be_asked_for() -> None:
    assert is_whole(tlv(SEQUENCE, b"abc"), SEQUENCE)
    assert not is_whole(tlv(SEQUENCE, b"abc"), 0x31)
    assert not is_whole(tlv(SEQUENCE, b"abc") + b"d", SEQUENCE)


@pytest.mark.parametrize(
    "oid", ["2.5.4.3", "1.2.250.1.71.1.2.5", "2.999.1", "0.9.2342.19200300.100"]
)
def test_an_oid(oid: str) -> None:
    assert dotted(core.ObjectIdentifier(oid).dump()) == oid


@pytest.mark.parametrize(
    "value", [b"", b"\x80", b"\x55\x84", b"\xff" * 126 + b"\x7f", b"\xff" * 60_000 + b"\x7f"]
)
def test_no_oid_or_an_absurd_one(value: bytes) -> None:
    with pytest.raises(ValueError, match="OID"):
        dotted(tlv(0x06, value))


@pytest.mark.parametrize(
    ("tag", "text", "expected"),
    [
        (0x17, b"260115093000Z", datetime(2026, 1, 15, 9, 30, tzinfo=UTC)),
        (0x17, b"491231235959Z", datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (0x17, b"500101000000Z", datetime(1950, 1, 1, tzinfo=UTC)),
        (0x18, b"20260115093000Z", datetime(2026, 1, 15, 9, 30, tzinfo=UTC)),
        (0x18, b"00010101000000Z", datetime(1, 1, 1, tzinfo=UTC)),
        (0x18, b"99991231235959Z", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_date(tag: int, text: bytes, expected: datetime) -> None:
    assert read_time(tlv(tag, text)) == expected


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        (0x17, b""),
        (0x17, b"2601150930Z"),
        (0x17, b"260115093000"),
        (0x17, b"260115093000+0100"),
        (0x17, b"20260115093000Z"),
        (0x17, b"260230093000Z"),
        (0x17, b"260115093060Z"),
        (0x17, "२६०११५०९३०००Z".encode()),
        (0x18, b"260115093000Z"),
        (0x18, b"20260115093000.5Z"),
        (0x18, b"20260115093000"),
        (0x18, b"00000101000000Z"),
        (0x04, b"260115093000Z"),
    ],
)
def test_no_date_of_a_certificate(tag: int, text: bytes) -> None:
    """As OpenSSL and pyca/cryptography refuse them; asn1crypto reads most."""
    with pytest.raises(ValueError, match=r"date|day|second|year|time data"):
        read_time(tlv(tag, text))
    with pytest.raises(ValueError, match="date"):
        read_time(tlv(tag, text)[:-1])


def test_moments_are_in_utc() -> None:
    noon = datetime(2026, 1, 15, 12)
    assert moment(noon) == datetime(2026, 1, 15, 12, tzinfo=UTC)
    east = timezone(timedelta(hours=2))
    assert moment(noon.replace(tzinfo=east)) == datetime(2026, 1, 15, 10, tzinfo=UTC)
    with pytest.raises(TypeError):
        moment("tomorrow")
    with pytest.raises(OverflowError):
        moment(datetime(1, 1, 1, tzinfo=east))
