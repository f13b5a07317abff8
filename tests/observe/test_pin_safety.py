"""The PIN gate: in doubt the answer is no. The table is the one of docs/pin-safety.md."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from cpx_tool.model.observation import PinRefusal
from cpx_tool.model.token import TokenFlag, TokenInfo, TriesLeft, tries_left
from cpx_tool.observe.pin_safety import RunMemory, Situation, refusal, uses_pad
from cpx_tool.pki.proof import Proof
from support.fakes import token_info
from support.pin_table import Row, rows

ROWS = rows()
CARD = "2800262487"
PROOFS = {
    "production": Proof.PRODUCTION,
    "not proven a test card": Proof.NOT_PROVEN,
    "test": Proof.PROVEN,
}
FLAGS: dict[str, tuple[TokenFlag, ...]] = {
    "full": (),
    "pad": (TokenFlag.PROTECTED_PATH,),
    "locked": (TokenFlag.PIN_LOCKED,),
    "final try": (TokenFlag.PIN_FINAL_TRY,),
    "final try, count low": (TokenFlag.PIN_FINAL_TRY, TokenFlag.PIN_COUNT_LOW),
    "count low": (TokenFlag.PIN_COUNT_LOW,),
    "to be changed": (TokenFlag.PIN_TO_BE_CHANGED,),
}
LENGTHS = {"published": 4, "given": 6, "too short": 3, "too long": 9}
MEMORIES = {
    "none": RunMemory(),
    "tried in this run": RunMemory(frozenset({CARD})),
    "taken out too early": RunMemory(frozenset({CARD}), frozenset({CARD})),
    "another card refused it": RunMemory(given_pin_refused=True),
    "failed in an earlier run": RunMemory(),
}
ALL = {
    "card": tuple(PROOFS),
    "flags": (*FLAGS, "no PIN", "not readable"),
    "reading": ("contact", "contactless"),
    "pin": tuple(LENGTHS),
    "earlier": tuple(MEMORIES),
    "run": ("attended", "unattended"),
}


def token_of(flags: str) -> TokenInfo | None:
    if flags == "not readable":
        return None
    token = replace(token_info(CARD, *FLAGS.get(flags, ())), pin_lengths=(4, 8))
    if flags == "no PIN":
        return replace(token, flags=(TokenFlag.INITIALIZED,))
    return token


def decide(row: Row) -> str:
    """The gate's decision in the words of the table."""
    token = token_of(row.flags)
    situation = Situation(
        card=CARD,
        attended=row.run == "attended",
        contactless=row.reading == "contactless",
        failed_earlier=row.earlier == "failed in an earlier run",
        pin_length=LENGTHS[row.pin] if not (token and uses_pad(token)) else None,
    )
    refused = refusal(PROOFS[row.card], token, situation, MEMORIES[row.earlier])
    if refused is not None:
        return f"`{refused.value}`"
    assert token is not None
    return "one try, on the pad" if uses_pad(token) else "one try"


def filled(row: Row) -> list[Row]:
    """Every full row that the empty cells of this one stand for."""
    choices = [(getattr(row, name),) if getattr(row, name) else ALL[name] for name in ALL]
    return [replace(row, **dict(zip(ALL, values, strict=True))) for values in product(*choices)]


def first_that_fits(row: Row) -> Row:
    for candidate in ROWS:
        cells = [(getattr(candidate, name), getattr(row, name)) for name in ALL]
        if all(stated in ("", found) for stated, found in cells):
            return candidate
    raise AssertionError(f"the table does not decide {row}")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.number}-{row.decision.strip('`')}")
def test_each_line_of_the_table_decides_something(row: Row) -> None:
    own = [full for full in filled(row) if first_that_fits(full) == row]
    assert own
    assert {decide(full) for full in own} == {row.decision}


def test_the_table_and_the_gate_agree_on_everything() -> None:
    """All combinations that can be: 2160 less those the table leaves out."""
    everything = filled(Row(0, "", "", "", "", "", "", ""))
    assert len(everything) == 3 * 9 * 2 * 4 * 5 * 2
    for row in everything:
        if not _possible(row):
            continue
        assert decide(row) == first_that_fits(row).decision


def _possible(row: Row) -> bool:
    """A published PIN is refused by no other card in a way that counts, and is of a known size;
    a PIN of a wrong size that also failed before is refused for that.
    """
    if row.flags == "full" and row.earlier == "another card refused it":
        return row.pin == "given"
    if row.pin in ("too short", "too long"):
        return row.flags != "full" or row.earlier in (
            "none",
            "tried in this run",
            "taken out too early",
        )
    return True


@pytest.mark.parametrize("run", ["attended", "unattended"])
def test_once_a_person_confirms_the_earlier_try_does_not_count(run: str) -> None:
    """All else does: this is no way around the other lines."""
    memory = MEMORIES["taken out too early"]
    for row in filled(Row(0, "", "", "contact", "published", "none", run, "")):
        situation = Situation(CARD, attended=run == "attended", once_more=True, pin_length=4)
        refused = refusal(PROOFS[row.card], token_of(row.flags), situation, memory)
        expected = first_that_fits(row).decision
        assert (f"`{refused.value}`" if refused else expected) == expected


def test_every_refusal_of_the_gate_stands_in_the_table() -> None:
    elsewhere = {
        PinRefusal.NOT_ASKED,
        PinRefusal.UNATTENDED,
        PinRefusal.LEDGER_UNAVAILABLE,
        PinRefusal.NOT_REACHED,
    }
    listed = {row.decision.strip("`") for row in ROWS if row.decision.startswith("`")}
    assert listed == {refused.value for refused in PinRefusal if refused not in elsewhere}


@pytest.mark.parametrize("proof", [Proof.NOT_PROVEN, Proof.PRODUCTION])
@pytest.mark.parametrize("flag", list(TokenFlag))
def test_no_flag_makes_an_unproven_card_accept_a_try(proof: Proof, flag: TokenFlag) -> None:
    token = token_info("x", flag)
    assert refusal(proof, token, Situation(CARD), RunMemory()) is not None


def test_a_token_that_states_no_lengths_takes_any() -> None:
    token = token_info(CARD)
    assert token.pin_lengths is None
    assert refusal(Proof.PROVEN, token, Situation(CARD, pin_length=8), RunMemory()) is None


@pytest.mark.parametrize(
    ("flags", "left"),
    [
        ((TokenFlag.PIN_INITIALIZED,), TriesLeft.ALL),
        ((TokenFlag.PIN_INITIALIZED, TokenFlag.PIN_COUNT_LOW), TriesLeft.SOME),
        ((TokenFlag.PIN_COUNT_LOW, TokenFlag.PIN_FINAL_TRY), TriesLeft.ONE),
        ((TokenFlag.PIN_COUNT_LOW, TokenFlag.PIN_LOCKED), TriesLeft.NONE),
        ((), TriesLeft.NOT_KNOWN),
    ],
)
def test_tries_left_are_what_the_flags_tell(flags: tuple[TokenFlag, ...], left: TriesLeft) -> None:
    assert tries_left(flags) is left
