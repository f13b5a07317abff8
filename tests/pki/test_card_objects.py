from hypothesis import given
from hypothesis import strategies as st

from cpx_tool.pki.card_objects import (
    REST,
    ActivityPs,
    IdCard,
    InfoPs,
    NamePs,
    read_activity_ps,
    read_id_card,
    read_info_ps,
    read_name_ps,
)


def tlv(tag: int, value: bytes) -> bytes:
    return bytes([tag, len(value)]) + value


def test_id_card() -> None:
    fields = (
        tlv(0x80, bytes.fromhex("80250000010F"))
        + tlv(0x81, bytes.fromhex("2900000001"))
        + tlv(0x82, b"\x80")
        + tlv(0x83, bytes.fromhex("20240115"))
        + tlv(0x84, bytes.fromhex("202701"))
    )

    read = read_id_card(tlv(0xE3, fields) + bytes(20))

    assert read == IdCard("2900000001", 0x80, "2024-01-15", "2027-01")


def test_id_card_fields_that_look_wrong_are_none() -> None:
    fields = (
        tlv(0x81, b"\xab\xcd")
        + tlv(0x82, b"\x80\x80")
        + tlv(0x83, bytes.fromhex("20241399"))
        + tlv(0x84, bytes.fromhex("2027"))
    )

    wrong = ("81", "82", "83", "84")
    assert read_id_card(tlv(0xE3, fields)) == IdCard(None, None, None, None, wrong)


def test_a_blank_field_is_absent_and_not_wrong() -> None:
    assert read_id_card(tlv(0xE3, tlv(0x81, b""))) == IdCard(None, None, None, None)
    blank = tlv(0x81, b"  \0\0") + tlv(0x83, b"\xff \xff")
    assert read_name_ps(tlv(0xE4, blank)) == NamePs(None, None, None, ())
    assert read_info_ps(tlv(0xED, tlv(0x80, b"\0"))) == InfoPs(0, None, None, None, None)


def test_what_is_no_field_is_named() -> None:
    good = tlv(0x82, b"\x80")
    for rest in (b"\x83\x7f\x20", b"\x83"):
        read = read_id_card(tlv(0xE3, good + rest))
        assert read == IdCard(None, 0x80, None, None, (REST,))
    assert read_id_card(tlv(0xE3, good + bytes(3))) == IdCard(None, 0x80, None, None)


def test_texts_that_are_none_are_named() -> None:
    texts = tlv(0x81, b"A\x1b[2J") + tlv(0x82, b"B") + tlv(0x83, b"C\xffD\x07")
    assert read_name_ps(tlv(0xE4, texts)) == NamePs(None, None, "B", (), ("81", "83"))


def test_name_ps() -> None:
    fields = (
        tlv(0x80, bytes([22]))
        + tlv(0x81, b"VIRTUELLE")
        + tlv(0x83, "ADÈLE".encode("latin-1") + b"\xffLUCIE")
    )

    assert read_name_ps(tlv(0xE4, fields)) == NamePs(22, "VIRTUELLE", None, ("ADÈLE", "LUCIE"))


def test_info_ps() -> None:
    fields = tlv(0x80, b"\x02\x00") + tlv(0x81, b"899700075122") + tlv(0x82, bytes([10]))

    assert read_info_ps(tlv(0xED, fields)) == InfoPs(2, "899700075122", 10, None, None)


def test_orientations_are_left_as_they_are() -> None:
    read = read_info_ps(tlv(0xED, tlv(0x85, b"\x00SM54\xff")))

    assert read is not None
    assert read.orientations == b"\x00SM54\xff"


def test_activity_ps() -> None:
    fields = (
        tlv(0x80, b"\x01\x00")
        + tlv(0x84, "CABINET É".encode("latin-1"))
        + tlv(0x85, b"10B0127189")
        + tlv(0x86, b"?A05")
    )

    read = read_activity_ps(tlv(0xEE, fields))

    assert read == ActivityPs(1, "CABINET É", "10B0127189", "SA05")
    assert read_activity_ps(tlv(0xED, fields)) is None


def test_another_object_is_none() -> None:
    other = tlv(0xEE, tlv(0x82, b"\x80"))

    assert read_id_card(other) is None
    assert read_name_ps(other) is None
    assert read_info_ps(other) is None


@given(st.sampled_from([0xE3, 0xE4, 0xED, 0xEE]), st.binary(max_size=80))
def test_control_characters_never_come_through(tag: int, fields: bytes) -> None:
    data = tlv(tag, fields)
    name, info, activity = read_name_ps(data), read_info_ps(data), read_activity_ps(data)
    read_id_card(data)

    texts = [name.surname, name.other_surname, *name.given_names] if name else []
    texts += [info.holder_id, info.practice_name] if info else []
    texts += [activity.company, activity.structure, activity.sector] if activity else []
    assert all(text.isprintable() for text in texts if text)
