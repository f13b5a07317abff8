"""Joining slots to readers by what modules make of a reader's name."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cpx_tool.model.reader import Reader, ReaderState
from cpx_tool.model.token import Slot
from cpx_tool.observe.join import join
from support.pcscd import pcscd

LONG = "A very long reader name that goes on and on, Gemalto PC Twin Reader (0123456789ABCDEF) XYZ"

printable = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"))
names = st.text(printable, min_size=1, max_size=100).filter(lambda name: name == name.strip())
ascii_names = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=65)


def readers(*found: str) -> list[Reader]:
    return [Reader(name, ReaderState.EMPTY) for name in found]


def slots(*descriptions: str) -> list[Slot]:
    return [Slot(number, text, token_present=False) for number, text in enumerate(descriptions)]


def opensc(name: str) -> str:
    """As OpenSC writes it: cut at 64 bytes."""
    return name.encode()[:64].decode(errors="ignore")


def cryptolib(name: str) -> str:
    """As the ANS's Cryptolib writes it, which copies bytes."""
    encoded = name.encode()
    if len(encoded) <= 64:
        return name
    return (encoded[:30] + b"..." + encoded[-31:]).decode(errors="replace")


def test_the_same_name() -> None:
    found = join(readers("A 00 00", "B 00 00"), slots("B 00 00", "A 00 00"))
    assert found == {0: "B 00 00", 1: "A 00 00"}


def test_the_four_slots_of_one_reader() -> None:
    found = join(readers("A", "B"), slots("A", "A", "A", "A", "B"))
    assert found == {0: "A", 1: "A", 2: "A", 3: "A", 4: "B"}


def test_a_name_as_the_cryptolib_showed_it() -> None:
    shown = "A very long reader name that g...er (0123456789ABCDEF) XYZ 00 00"
    assert join(readers(f"{LONG} 00 00"), slots(shown)) == {0: f"{LONG} 00 00"}


def test_padding_does_not_count() -> None:
    assert join(readers("A"), slots("A".ljust(64), "A" + "\0" * 63)) == {0: "A", 1: "A"}


@pytest.mark.parametrize(
    "description", ["", "   ", "SoftHSM slot ID 0x2f", "GALSS CPS 1", "a 00 00", "A 00 0"]
)
def test_an_unknown_description_is_nobodys(description: str) -> None:
    assert join(readers("A 00 00"), slots(description)) == {}


def test_no_readers_or_no_slots() -> None:
    assert join([], slots("A")) == {}
    assert join(readers("A"), []) == {}


def test_readers_that_differ_only_after_the_cut_are_not_told_apart() -> None:
    first, second = f"{LONG} 00 00", f"{LONG} 00 01"
    assert join(readers(first, second), slots(opensc(first))) == {}
    assert join(readers(first, second), slots(cryptolib(second))) == {0: second}


def test_readers_that_differ_only_in_the_middle_are_not_told_apart() -> None:
    first, second = (f"{'head' * 10}{middle}{'tail' * 10}" for middle in "ab")
    assert join(readers(first, second), slots(cryptolib(first))) == {}
    assert join(readers(first, second), slots(opensc(first))) == {0: first}


def test_a_reader_whose_whole_name_is_the_cut_name_of_another() -> None:
    long = "x" * 70
    assert join(readers(long[:64], long), slots(long[:64])) == {}


@given(st.lists(names, unique=True, max_size=6), st.data())
def test_short_names_all_join(found: list[str], data: st.DataObject) -> None:
    short = [name for name in found if len(name.encode()) <= 64]
    assume(short)
    asked = data.draw(st.lists(st.sampled_from(short), max_size=8))
    assert join(readers(*short), slots(*asked)) == dict(enumerate(asked))


@given(names)
def test_one_reader_alone_joins_however_its_name_is_shortened(name: str) -> None:
    shown = slots(name, opensc(name), cryptolib(name), opensc(name).ljust(64))
    assert join(readers(name), shown) == dict.fromkeys(range(4), name)


@given(st.lists(ascii_names, unique=True, min_size=2, max_size=4))
def test_a_long_name_joins_exactly_when_it_is_the_only_one_so_shortened(found: list[str]) -> None:
    for shorten in (opensc, cryptolib):
        shown = [shorten(name) for name in found]
        joined = join(readers(*found), slots(*shown))
        for number, name in enumerate(found):
            others = {opensc(o) for o in found if o != name}
            others |= {cryptolib(o) for o in found if o != name}
            assert joined.get(number) == (None if shown[number] in others else name)


@given(st.lists(names, max_size=5), st.lists(st.text(max_size=80), max_size=5))
def test_only_known_readers_and_asked_slots_come_out(
    found: list[str], descriptions: list[str]
) -> None:
    joined = join(readers(*found), slots(*descriptions))
    assert set(joined) <= set(range(len(descriptions)))
    assert set(joined.values()) <= set(found)


@pytest.mark.pcscd
def test_the_slots_of_the_real_opensc() -> None:
    module = next(Path("/usr/lib").glob("*/opensc-pkcs11.so"), None)
    if module is None:
        pytest.skip("OpenSC's PKCS#11 module is not installed")
    code = (
        "import json, sys, pkcs11\n"
        "slots = pkcs11.lib(sys.argv[1]).get_slots()\n"
        "print(json.dumps([[slot.slot_id, slot.slot_description] for slot in slots]))"
    )
    with pcscd("Short", LONG[:60]) as service:
        found = service.readers
        done = service.run([sys.executable, "-c", code, module])
    assert done.returncode == 0, done.stderr
    seen = [Slot(number, text, token_present=False) for number, text in json.loads(done.stdout)]
    assert len(seen) >= 4
    assert set(join(readers(*found), seen).values()) == set(found[:2])  # the two others look alike


def test_a_terminal_of_galss_belongs_to_no_reader() -> None:
    """Its slot is named by a prefix and a resource, and PC/SC knows nothing of it."""
    reader = Reader("Gemalto PC Twin Reader 00 00", ReaderState.EMPTY)
    slots = (Slot(0, reader.name, False), Slot(1, "GALSS CPS TERMINAL", True))
    assert dict(join((reader,), slots)) == {0: reader.name}
