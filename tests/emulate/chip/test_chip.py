"""A chip as a reader meets it: framing, files, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cpx_tool.emulate.chip.make import Damage, make_chip
from cpx_tool.errors import BadInput
from cpx_tool.pki.tlv import first_value
from support.chips import (
    CPS3_DIALOGUE,
    CPS4_DIALOGUE,
    HASH_ABC,
    OPEN_CHIPDOC,
    Talk,
    cps3_card,
    cps4_card,
    set_cards,
)

PIN = "00200001 04 31323334"


@pytest.fixture
def cps3() -> Talk:
    return Talk(make_chip(cps3_card()))


@pytest.fixture
def cps4() -> Talk:
    return Talk(make_chip(cps4_card()))


@pytest.mark.parametrize("bytes_", ["", "00", "00A4", "00A400", "00A40000023F"])
def test_a_command_cut_off_is_of_a_wrong_length(cps3: Talk, bytes_: str) -> None:
    assert cps3(bytes_) == "6700"


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("80A40000 02 3F00", "6E00"),  # a class of its own
        ("40A40000 02 3F00", "6E00"),
        ("0CA40000 02 3F00", "6882"),  # secure messaging
        ("01A40000 02 3F00", "6881"),  # a channel it has not
        ("00FF0000", "6D00"),
        ("00A40000 01 3F", "6A80"),
        ("00A40100 02 3F00", "6A86"),
        ("00A40003 02 3F00", "6A86"),
        ("00A40000 02 1234", "6A82"),
        ("00A40300", "6A82"),  # above the MF
        ("00A40404 05 A000000003", "6A82"),
        ("00B0000010", "6986"),  # no file is selected
        ("00C0000010", "6985"),  # nothing waits
        ("00CB0000 02 4D00", "6A86"),
        ("00CB3FFF 02 4D00", "6A80"),
        ("00CB3FFF 0A 4D087006BFFB0102A080", "6A88"),
        ("00200005 04 31323334", "6A88"),
        ("00200101 04 31323334", "6A86"),
        ("002A9E9A00", "6985"),  # no security environment
        ("00880000 01 00 00", "6985"),
        ("00840000", "6700"),  # no length of a random number
        ("0084000001 00 08", "6700"),
        ("00840001 08", "6A86"),
        ("00BC00000C", "6D00"),
        ("00B0FC000C", "6A86"),  # bits of a short number that mean nothing
        ("00B09D000C", "6A82"),
    ],
)
def test_what_is_refused(cps3: Talk, command: str, status: str) -> None:
    assert cps3(command) == status


def test_what_le_did_not_ask_for_waits_for_get_response(cps3: Talk) -> None:
    assert cps3("00A40904 04 3F00D003")[:2] == "61"
    whole = cps3.data("00A40904 04 3F00D003")
    assert first_value(whole, 0x62) is not None
    assert cps3("00A40904 04 3F00D003 04") == f"{whole[:4].hex().upper()} 61{len(whole) - 4:02X}"
    assert cps3("00C00000 04") == f"{whole[4:8].hex().upper()} 61{len(whole) - 8:02X}"
    assert cps3("00B0000001") == "5A 9000"
    assert cps3("00C00000 04") == "6985"  # another command came in between


def test_a_cps4_answers_at_once_or_not_at_all(cps4: Talk) -> None:
    assert cps4("01A40800 02 D003 00").endswith(" 9000")
    assert cps4("01A40800 02 D003") == "9000"
    assert cps4("01C0000010") == "6985"


def test_a_cps4_s_template_is_6f(cps4: Talk) -> None:
    assert cps4.data("01A40804 02 D003 00")[0] == 0x6F


def test_the_serial_file_is_read_by_path_and_by_its_short_number(cps3: Talk) -> None:
    number = "5A0A8025000001" + cps3_card().profile.serial
    cps3("00A4090C 04 3F00D003")
    by_path = cps3("00B000000C")
    cps3("00A4000C 02 3F00")
    assert cps3("00B09C000C") == by_path
    assert by_path.startswith(number)


def test_a_cps3_says_when_it_was_updated_last(cps3: Talk, cps4: Talk) -> None:
    assert cps3("00A4090C 04 3F00D010") == "9000"
    content = cps3.data("00B0000000")
    day = f"{cps3_card().profile.not_before:%Y%m%d%H%M%S}"
    assert content.hex() == f"ec128107{day}8207{day}"
    assert cps4("01A4080C 02 D010") == "6A82"


def test_reading_beyond_the_end(cps3: Talk) -> None:
    cps3("00A4090C 04 3F00D003")
    assert cps3("00B0000A05").endswith(" 6282")
    assert cps3("00B0000A00").endswith(" 9000")  # 00 asks for all there is
    assert cps3("00B0000C01") == "6282"
    assert cps3("00B0000D01") == "6B00"
    assert cps3("00B00000") == "6700"


def test_paths_are_followed_from_where_one_is(cps3: Talk) -> None:
    assert cps3("00A4090C 02 0001") == "9000"
    assert cps3("00A4020C 02 5031") == "9000"
    assert cps3("00A4090C 02 5032") == "9000"  # beside the file that is selected
    assert cps3("00A4030C") == "9000"
    assert cps3("00A4020C 02 5032") == "6A82"
    assert cps3("00A4080C 04 00015032") == "9000"
    assert cps3("00A4080C 06 000150325032") == "6A82"
    assert cps3("00A4040C 0D E828BD080F8025000001FF0010") == "9000"
    assert cps3("00A4020C 02 5032") == "9000"


def test_what_needs_the_pin(cps3: Talk) -> None:
    read, write = "00B0000004", "00D60000 02 4142"
    assert cps3.all("00A4090C 06 3F000001D120", read) == ["9000", "6982"]
    assert cps3.all("00A4090C 06 3F000001D107", read, write) == ["9000", "00000000 9000", "6982"]
    assert cps3(PIN) == "9000"
    assert cps3.all(write, read) == ["9000", "41420000 9000"]
    assert cps3("00D6007F 02 4142") == "6A84"
    assert cps3("00D60081 02 4142") == "6B00"
    assert cps3.all("00A4090C 06 3F000001D120", read)[1].endswith(" 9000")
    assert cps3("00D60000 02 4142") == "6982"  # nobody writes this one
    cps3.chip.reset()
    assert cps3.all("00A4090C 06 3F000001D120", read) == ["9000", "6982"]


def test_a_chain(cps3: Talk) -> None:
    assert cps3("10A40904 02 3F00") == "9000"
    assert cps3("00A40904 02 D003")[:2] == "61"
    assert cps3("10A40904 02 3F00") == "9000"
    assert cps3("00B0000001") == "6883"
    assert cps3("00A40904 02 D003")[:2] == "61"  # the chain was given up


@pytest.mark.parametrize("between", ["00C0000000", "0CB0000001", "00A4", "02B0000001"])
def test_whatever_comes_in_between_ends_a_chain(cps3: Talk, between: str) -> None:
    assert cps3("10200001 02 3132") == "9000"
    assert cps3(between) != "9000"
    assert cps3("00200001 02 3334") == "63C2"  # a PIN of its own, and a wrong one


def test_a_chain_without_end(cps3: Talk) -> None:
    long = "102A8086 FF" + "00" * 255
    assert cps3.all(*[long] * 16) == ["9000"] * 16
    assert cps3(long) == "6700"


def test_a_channel_is_opened_by_selecting_an_application_on_it() -> None:
    talk = Talk(make_chip(cps4_card()))
    talk.chip.reset()
    assert talk.all("01A40800 02 D003 00", "01200001 04 31323334", "01708001") == ["6881"] * 3
    assert talk("01A4040C 05 A000000003") == "6A82"
    assert talk("01200001") == "6881"  # it stayed closed
    assert talk(OPEN_CHIPDOC) == "9000"
    assert talk("01200001") == "63C3"


def test_each_channel_has_its_own_file_and_its_own_environment(cps4: Talk) -> None:
    assert cps4("01A4080C 02 D003") == "9000"
    assert cps4("00B000000C") == "6986"
    assert cps4("00A4000C 02 2F01") == "9000"
    assert cps4("01B0000001") == "5A 9000"
    assert cps4("00B0000001") == "80 9000"
    assert cps4.all("01200001 04 31323334", "012281B6 04 91022890") == ["9000"] * 2
    assert cps4(f"002A9E9A {HASH_ABC} 00") == "6985"
    assert cps4(f"012A9E9A {HASH_ABC} 00").endswith(" 9000")


def test_a_pin_is_given_to_the_card_and_not_to_a_channel(cps4: Talk) -> None:
    assert cps4("00200001 04 31323334") == "9000"
    assert cps4("012281B6 04 91022890") == "9000"
    assert cps4(f"012A9E9A {HASH_ABC} 00").endswith(" 9000")
    assert cps4("00200001 04 39393939") == "63C2"
    assert cps4(f"012A9E9A {HASH_ABC} 00") == "6982"
    assert cps4("01200001") == "63C2"


def test_channels_are_opened_and_closed(cps4: Talk) -> None:
    assert cps4("0070000001") == "6A81"  # none is left
    assert cps4("012281B6 04 91022890") == "9000"
    assert cps4("00708001") == "9000"
    assert cps4.all("01200001", "00708001", "00708000", "00700100") == [
        *("6881", "6200", "6A81", "6A86")
    ]
    assert cps4("0070000001") == "01 9000"
    assert cps4("01200001 04 31323334") == "9000"
    assert cps4(f"012A9E9A {HASH_ABC} 00") == "6985"  # the environment went with the channel
    assert cps4("01708000") == "9000"  # itself
    assert cps4("00700001") == "9000"
    cps4.chip.reset()
    assert cps4("01200001") == "6881"


def test_a_cps3_has_one_channel(cps3: Talk) -> None:
    assert cps3("0070000001") == "6D00"


def test_random_numbers(cps3: Talk) -> None:
    one, other = (cps3.data("0084000008") for _ in range(2))
    assert len(one) == 8
    assert one != other


def test_files_of_the_former_generation(cps3: Talk) -> None:
    def header(step: str) -> bytes:
        assert cps3(f"A0A40000 02 {step}") == "9F07"
        return cps3.data("A0C0000007")

    assert cps3("A0B0000004") == "9400"
    assert header("3F00").hex() == "850500003f0001"
    assert header("4010")[2:4] > b"\0\0"
    assert cps3("A0B0000004") == "9804"
    assert cps3(PIN) == "9000"
    assert cps3("A0B0000001") == "EE 9000"
    assert header("4011")
    assert cps3("A0A40000 02 4012") == "9404"
    assert [header(step)[:2].hex() for step in ("3F00", "7F01", "4000")] == ["8505"] * 3
    assert cps3("A0B0000001") == "E0 9000"


def test_a_cps4_has_none_of_them(cps4: Talk) -> None:
    assert cps4("A0A40000 02 3F00") == "6E00"


def test_both_middlewares_dialogues_are_understood() -> None:
    refused = {}
    for card, dialogue in ((cps3_card(), CPS3_DIALOGUE), (cps4_card(), CPS4_DIALOGUE)):
        talk = Talk(make_chip(card))
        for command in dialogue:
            status = talk(command)[-4:]
            if status[:2] not in ("90", "61", "9F"):
                refused[command] = status
    assert refused == {
        "00CB3FFF 0B 4D097007BF9002037F4880 00": "6A80",  # OpenSC goes on after this word only
        "00200001": "63C3",
        "002A8086 02 0304 00": "6700",  # no cryptogram
        "01200001": "63C3",
        "012A8086 02 0506 00": "6700",
    }


def test_a_wrong_serial_file_keeps_its_form() -> None:
    talk = Talk(make_chip(cps3_card(), [Damage.WRONG_SERIAL_FILE]))
    talk("00A4090C 04 3F00D003")
    assert talk("00B000000C").startswith("5A0A0000000000")


def test_a_damaged_certificate_file_keeps_its_size() -> None:
    damaged = Talk(make_chip(cps3_card(), [Damage.DAMAGED_CERTIFICATE_FILE]))
    whole = Talk(make_chip(cps3_card()))
    select, read = "00A40904 06 3F000001B001", "00B0000000"
    assert damaged.data(select) == whole.data(select)
    half = len(cps3_card().slots[0].certificate) // 2
    read = f"00B0{half:04X}10"
    assert damaged(read) == f"{'00' * 16} 9000"
    assert whole(read) != damaged(read)


def test_a_card_that_claims_to_be_a_real_one_gets_no_chip() -> None:
    (claims,) = [c for c in set_cards("production=medecin") if c.profile.category == 0]
    with pytest.raises(BadInput, match="claims to be a real card"):
        make_chip(claims)


@pytest.mark.parametrize("slot", [0, 1])
def test_a_card_of_another_pki_gets_no_chip(slot: int) -> None:
    card = cps4_card()
    slots = list(card.slots)
    slots[slot] = replace(slots[slot], whole_certificate=b"of another PKI")
    with pytest.raises(BadInput, match="claims to be a real card"):
        make_chip(replace(card, slots=tuple(slots)))
