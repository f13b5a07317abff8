"""The PIN of a chip: three tries, locked, unblocked; and whatever is said to it in between."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cpx_tool.emulate.chip.contents import UNBLOCKING_PIN, USER_PIN
from cpx_tool.emulate.chip.layout import UNBLOCKING_CODE
from cpx_tool.emulate.chip.make import Damage, make_chip
from support.chips import (
    DIGEST_INFO_ABC,
    HASH_ABC,
    OPEN_CHIPDOC,
    Talk,
    cps3_card,
    cps4_card,
    watched,
)

CODE = UNBLOCKING_CODE.encode().hex()
RIGHT, WRONG, OTHER = "31323334", "39393939", "34333231"


def presented(channel: str, value: str, reference: int = USER_PIN) -> str:
    return f"{channel}2000{reference:02X} {len(value) // 2:02X} {value}"


@pytest.mark.parametrize("channel", ["00", "01"])
def test_three_wrong_tries_lock_it_and_the_code_unblocks_it(channel: str) -> None:
    talk = Talk(make_chip(cps3_card() if channel == "00" else cps4_card()))
    ask, right, wrong = (
        f"{channel}200001",
        presented(channel, RIGHT),
        presented(channel, WRONG),
    )
    assert talk.all(ask, wrong, ask) == ["63C3", "63C2", "63C2"]
    assert talk.all(right, wrong, wrong, wrong) == ["9000", "63C2", "63C1", "63C0"]
    assert talk.all(ask, right, wrong) == ["6983"] * 3
    talk.reset()
    assert talk(right) == "6983"  # power off helps nothing
    assert talk(f"{channel}2C0201 04 {OTHER}") == "6982"
    assert talk(presented(channel, WRONG + WRONG, UNBLOCKING_PIN)) == "63C9"
    assert talk(presented(channel, CODE, UNBLOCKING_PIN)) == "9000"
    assert talk(f"{channel}2C0201 04 {OTHER}") == "9000"
    assert talk.all(ask, right, presented(channel, OTHER)) == ["63C3", "63C2", "9000"]


def test_as_opensc_unblocks() -> None:
    talk = Talk(make_chip(cps3_card(), [Damage.PIN_LOCKED]))
    assert talk(presented("00", RIGHT)) == "6983"
    assert talk(f"002C0001 0C {CODE}{OTHER}") == "9000"
    assert talk(presented("00", OTHER)) == "9000"


def test_as_the_cryptolib_unblocks_a_cps4() -> None:
    talk = Talk(make_chip(cps4_card(), [Damage.PIN_LOCKED]))
    assert talk(presented("01", CODE, UNBLOCKING_PIN)) == "9000"
    assert talk.all("012C0381", f"01240101 04 {OTHER}") == ["9000", "9000"]
    assert talk(presented("01", OTHER)) == "9000"


def test_the_code_itself_is_locked_after_ten_tries_or_a_hundred_uses() -> None:
    talk = Talk(make_chip(cps3_card()))
    right, wrong = presented("00", CODE, 2), presented("00", RIGHT, 2)
    assert talk.all(*[right] * 100) == ["9000"] * 100
    assert talk(right) == "6983"
    talk = Talk(make_chip(cps3_card()))
    assert talk.all(*[wrong] * 10)[-1] == "63C0"
    assert talk(right) == "6983"
    assert talk("002C0002 08 " + CODE) == "6A88"  # nothing unblocks it


def test_the_code_in_a_command_unblocks_once() -> None:
    talk = Talk(make_chip(cps3_card()))
    assert talk(f"002C0001 0C {CODE}{OTHER}") == "9000"
    assert talk.all(f"002C0201 04 {RIGHT}", "002C0301") == ["6982"] * 2


def test_it_is_changed_by_who_knows_it() -> None:
    talk = Talk(make_chip(cps3_card()))
    assert talk(f"00240101 04 {OTHER}") == "6982"
    assert talk(f"00240001 08 {WRONG}{OTHER}") == "63C2"
    assert talk(f"00240001 07 {RIGHT}{OTHER[:6]}") == "6700"
    assert talk(f"00240001 08 {RIGHT}{OTHER}") == "9000"
    assert talk.all(presented("00", RIGHT), presented("00", OTHER)) == ["63C2", "9000"]
    assert talk(f"00240101 05 {OTHER}00") == "6A80"


def test_a_reset_forgets_that_it_was_given() -> None:
    talk = Talk(make_chip(cps3_card()))
    assert talk.all(presented("00", RIGHT), "00200001") == ["9000", "9000"]
    talk.chip.reset()
    assert talk("00200001") == "63C3"


def test_a_wrong_try_takes_back_what_a_right_one_gave() -> None:
    talk = Talk(make_chip(cps3_card()))
    assert talk.all(presented("00", RIGHT), presented("00", WRONG), "00200001")[-1] == "63C2"


def test_one_try_is_left_of_a_card_that_is_nearly_locked() -> None:
    talk = Talk(make_chip(cps3_card(), [Damage.PIN_NEARLY_LOCKED]))
    assert talk.all("00200001", presented("00", WRONG), "00200001") == ["63C1", "63C0", "6983"]


VALUES = st.sampled_from([RIGHT, OTHER, WRONG])
LENGTHS = st.sampled_from(["31", "3132333435", "00" * 16])
BETWEEN = (
    "A4000C 02 3F00",
    "A4040C 08 8025000001FF0100",
    "A40000 02 1234",
    "B0000001",
    "CB3FFF 0A 4D087006BF810102A080",
    "84000008",
    "22F301",
    "C0000000",
    "FF0000",
)
"""Commands that say nothing of a PIN."""
ON_CPS3 = (
    ("2241B6 06 800142840181", f"2A9E9A {HASH_ABC} 00"),
    ("2241A4 06 800102840182", f"880000 {DIGEST_INFO_ABC} 00"),
    ("2241B8 06 80011A840182", "2A8086 03 810102 00"),
)
ON_CPS4 = (
    ("2281B6 04 91022890", f"2A9E9A {HASH_ABC} 00"),
    ("2281B6 04 91022CA0", f"2A9E9A {HASH_ABC} 00"),
    ("2241B8 03 830120", "2A8086 02 0102 00"),
)
"""An environment, and a command that uses its key."""


class Holder(RuleBasedStateMachine):
    """Somebody with a card, who remembers what it should do. Keys are watched over."""

    @initialize(of_cps4=st.booleans())
    def take(self, *, of_cps4: bool) -> None:
        self.of_cps4 = of_cps4
        self.channel = "00"
        self.talk = Talk(watched(cps4_card() if of_cps4 else cps3_card()))
        self.value, self.left, self.given = RIGHT, 3, False
        self.code_left, self.code_given = 10, False
        self.before = 3
        self.may_rise = False

    def say(self, command: str) -> str:
        self.before = self.left_on_card()
        self.may_rise = False
        return self.talk(self.channel + command)

    def left_on_card(self) -> int:
        return self.talk.chip.contents.pin(USER_PIN).left

    def try_it(self, value: str) -> str:
        """What should be answered when this value is presented."""
        if not self.left:
            self.given = False
            return "6983"
        self.given = self.may_rise = value == self.value
        self.left = 3 if self.given else self.left - 1
        return "9000" if self.given else f"63C{self.left:X}"

    def try_code(self, right: bool) -> bool:
        """Whether the code should be taken."""
        taken = right and self.code_left > 0
        self.code_left = 10 if taken else max(self.code_left - 1, 0)
        self.code_given = taken and self.code_given
        return taken

    @precondition(lambda self: self.of_cps4)
    @rule()
    def speak_on_the_other_channel(self) -> None:
        self.channel = "01" if self.channel == "00" else "00"

    @precondition(lambda self: self.of_cps4)
    @rule()
    def close_and_open_a_channel(self) -> None:
        assert self.talk.all("00708001", OPEN_CHIPDOC) == ["9000"] * 2

    @rule(value=VALUES)
    def verify(self, value: str) -> None:
        assert self.say(f"200001 04 {value}") == self.try_it(value)

    @rule(value=VALUES)
    def verify_in_a_chain(self, value: str) -> None:
        assert self.talk(f"1{self.channel[1]}200001 01 {value[:2]}") == "9000"
        assert self.say(f"200001 03 {value[2:]}") == self.try_it(value)

    @rule()
    def ask(self) -> None:
        told = self.say("200001")
        counted = f"63C{self.left}" if self.left else "6983"
        assert told == ("9000" if self.given and not self.of_cps4 else counted)

    @rule(value=LENGTHS)
    def of_another_length(self, value: str) -> None:
        assert self.say(f"200001 {len(value) // 2:02X} {value}") == self.try_it(value)

    @rule(old=VALUES, new=VALUES)
    def change(self, old: str, new: str) -> None:
        assert self.say(f"240001 08 {old}{new}") == self.try_it(old)
        if self.given:
            self.value = new

    @rule(new=VALUES)
    def change_once_given(self, new: str) -> None:
        allowed = self.given or (self.of_cps4 and self.code_given)
        assert self.say(f"240101 04 {new}") == ("9000" if allowed else "6982")
        if allowed:
            self.value = new

    @rule(right=st.booleans())
    def give_code(self, *, right: bool) -> None:
        status = self.say(f"200002 08 {CODE if right else '00' * 8}")
        self.code_given = self.try_code(right)
        assert (status == "9000") is self.code_given

    @rule(new=VALUES, right=st.booleans())
    def unblock_with_the_code(self, new: str, *, right: bool) -> None:
        status = self.say(f"2C0001 0C {CODE if right else '00' * 8}{new}")
        taken = self.try_code(right)
        assert (status == "9000") is taken
        if taken:
            self.unblocked(new)

    @rule(new=st.sampled_from(["", RIGHT, OTHER]))
    def unblock_once_the_code_was_given(self, new: str) -> None:
        command = f"2C0201 04 {new}" if new else "2C0301"
        assert self.say(command) == ("9000" if self.code_given else "6982")
        if self.code_given:
            self.unblocked(new or self.value)

    def unblocked(self, new: str) -> None:
        self.value, self.left, self.given, self.may_rise = new, 3, False, True

    @rule()
    def power_off(self) -> None:
        self.before = self.left_on_card()
        self.talk.reset()
        self.given = self.code_given = self.may_rise = False

    @rule(command=st.sampled_from(BETWEEN))
    def say_something_else(self, command: str) -> None:
        self.say(command)

    @rule()
    def use_each_key(self) -> None:
        for environment, command in ON_CPS4 if self.of_cps4 else ON_CPS3:
            assert self.say(environment) == "9000"
            assert (self.say(command) == "6982") is not self.given

    @invariant()
    def counts_as_remembered(self) -> None:
        if hasattr(self, "talk"):
            assert self.left_on_card() == self.left
            assert self.left <= self.before or self.may_rise


Holder.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestHolder = Holder.TestCase
