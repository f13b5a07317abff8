"""What cards are good for, and until when, on a terminal: calm, complete, and within its width."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from rich.cells import cell_len

from cpx_tool.i18n import say
from cpx_tool.model.finding import Checklist
from cpx_tool.model.message import Message
from cpx_tool.model.observation import Observation, PinRecord, PinRefusal, PinResult
from cpx_tool.report import console
from cpx_tool.report.canvas import Canvas, Paper
from cpx_tool.report.eligibility import explained
from support.build import FLAGS, NOW, PEOPLE, card, no_login, with_card, without_cards

Judged = Callable[[Observation], Checklist]
Say = Callable[[Message], str]
DOCTOR = "medecin-generaliste"
NUMBER = PEOPLE[DOCTOR].card_number
DAY = timedelta(days=1)
UNSURE = "3100000011, 3100000014, 3100000015"
GUIDE = (
    "Source: ANS, Fiche pratique pour commander des cartes et certificats de test (INS), appel "
    "du téléservice INSi"
)


@pytest.fixture
def changed(good: Observation, key: rsa.RSAPrivateKey) -> Callable[..., Observation]:
    """The good set with the médecin's card changed."""

    def make(**changes: Any) -> Observation:
        who = replace(PEOPLE[DOCTOR], **changes)
        return with_card(good, DOCTOR, lambda found: card(key, who, found.slot.id))

    return make


def text_of(checklist: Checklist, width: int = 80, *, explain_uses: bool = False) -> str:
    return console.render(checklist, say, Paper(width), explain_uses=explain_uses)


def part(text: str, head: str) -> list[str]:
    """The lines from the one that starts so, to the next empty one."""
    lines = text.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(head))
    return lines[start : lines.index("", start)]


def flat(lines: list[str]) -> str:
    return " ".join(" ".join(lines).split())


# --- the matrix -------------------------------------------------------------------------------


def test_one_line_for_each_card_then_why(good: Observation, judged: Judged) -> None:
    assert part(text_of(judged(good)), "Good for") == [
        "Good for    INSI  ORG-ADMIN  PORTAL  SIGNATURE",
        "3100000011  ?     ✓          ✓       ✓",
        "3100000012  ✓     ✓          ✓       ✓",
        "3100000013  ✓     ✓          ✓       ✓",
        "3100000014  ?     ✓          ✓       ✓",
        "3100000015  ?     ✓          ✓       ✓",
        "3100000016  ✓     ✓          ✓       ✓",
        f"  ? INSI — {UNSURE}: What it was ordered as decides,",
        "    and its certificates do not tell: CDE not named, nominative CPE yes.",
        "By the certificates of the card: ✓ yes, ✗ no, ? not known, ! unblock the PIN",
        "first. Sources: --eligibility.",
    ]


def test_the_matrix_stands_between_the_table_and_the_verdict(
    good: Observation, judged: Judged
) -> None:
    text = text_of(judged(good))
    places = [text.index(word) for word in ("Auth/Sign", "CARD-ROLE", "Good for", "Usable until")]
    assert places == sorted(places)
    assert text.splitlines()[-1].startswith("PASSED")


def test_one_reason_for_all_uses_is_told_once(
    changed: Callable[..., Observation], judged: Judged
) -> None:
    lines = part(text_of(judged(changed(not_after=NOW - DAY))), "Good for")
    assert f"{NUMBER}  ✗     ✗          ✗       ✗" in lines
    assert (
        f"✗ INSI, ORG-ADMIN, PORTAL, SIGNATURE — {NUMBER}: Expired on 2026-01-14 09:30 UTC."
        in flat(lines)
    )
    assert flat(lines).count("Expired") == 1


def test_a_locked_pin_has_its_own_mark(good: Observation, judged: Judged) -> None:
    locked = PinRecord(PinResult.REFUSED, PinRefusal.LOCKED, FLAGS)
    seen = with_card(good, DOCTOR, lambda found: no_login(found, locked))
    lines = part(text_of(judged(seen)), "Good for")
    assert f"{NUMBER}  !     ✓          !       !" in lines
    assert f"! INSI — {NUMBER}: Named for this" in flat(lines)


def test_the_same_reason_for_other_uses_is_not_mixed_up(good: Observation, judged: Judged) -> None:
    """Each line is true of each of its cards and each of its uses."""
    checklist = judged(good)
    doctor, dentist = checklist.cards[1:3]
    unsure = checklist.cards[0].eligibility[0]
    insi, org, *others = doctor.eligibility
    cards = (
        replace(doctor, eligibility=(unsure, org, *others)),
        replace(dentist, eligibility=(insi, replace(unsure, use=org.use), *others)),
    )
    lines = part(text_of(replace(checklist, cards=cards)), "Good for")
    assert f"? INSI — {doctor.key}: What" in flat(lines)
    assert f"? ORG-ADMIN — {dentist.key}: What" in flat(lines)


def test_no_matrix_without_cards(good: Observation, judged: Judged) -> None:
    text = text_of(judged(without_cards(good, *PEOPLE)))
    for word in ("Good for", "--eligibility", "Usable", "not complete"):
        assert word not in text


# --- the whole text ---------------------------------------------------------------------------


def test_each_answer_with_reason_remedy_and_source(good: Observation, judged: Judged) -> None:
    lines = part(text_of(judged(good), explain_uses=True), "INSI —")
    told = flat(lines)
    assert lines[0] == "INSI — call the INSi téléservice by card"
    assert (
        f"? {UNSURE}: What it was ordered as decides, and its certificates do not tell: CDE not "
        "named, nominative CPE yes. → Pin it in a set file of your own, with card_number and "
        f"product (--set FILE.toml). {GUIDE}" in told
    )
    assert (
        "✓ 3100000012, 3100000013, 3100000016: Named for this by the ANS's ordering guide: "
        f"nominative CPS. {GUIDE}" in told
    )
    assert "Pro Santé Connect takes no test product" in told
    assert told.endswith("Source: RFC 8017, 8.2.2; check SIGN-SIGN")


def test_with_the_whole_text_the_short_reasons_are_left_out(
    good: Observation, judged: Judged
) -> None:
    text = text_of(judged(good), explain_uses=True)
    assert "3100000011  ?     ✓" in text
    assert "INSI — 3100000011" not in text


def test_one_card_alone(good: Observation, judged: Judged) -> None:
    doctor = judged(good).cards[1]
    canvas = Canvas(Paper(200))
    explained(canvas, [("", doctor.eligibility)], say)
    assert canvas.text().splitlines()[:3] == [
        "INSI — call the INSi téléservice by card",
        "  ✓ Named for this by the ANS's ordering guide: nominative CPS.",
        f"    {GUIDE}",
    ]


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("language", ["English", "wordy"])
def test_no_line_of_the_whole_text_is_wider_than_the_paper(
    good: Observation, judged: Judged, wordy: Say, width: int, language: str
) -> None:
    speak = say if language == "English" else wordy
    text = console.render(judged(good), speak, Paper(width), explain_uses=True)
    assert all(cell_len(line) <= width for line in text.splitlines() if " " in line.strip())


# --- the forecast -----------------------------------------------------------------------------

ASSUMED = "90 days ahead are our assumption: no published document says how long an order takes."


def forecast_of(checklist: Checklist, head: str) -> str:
    return flat(part(text_of(checklist), head))


def test_a_set_that_lasts(good: Observation, judged: Judged) -> None:
    assert forecast_of(judged(good), "Usable until") == (
        "Usable until 2027-01-01 (350 days left): all its cards end then. Order the next set by "
        f"2026-10-03 (form 414, part 3). {ASSUMED}"
    )
    assert len(part(text_of(judged(good)), "Usable until")) == 3


def test_a_set_of_which_one_card_ends_first(
    changed: Callable[..., Observation], judged: Judged
) -> None:
    told = forecast_of(judged(changed(not_after=NOW + 91 * DAY)), "Usable until")
    assert told.startswith(
        f"Usable until 2026-04-16 (91 days left); first to end: {NUMBER}. "
        "Order the next set by 2026-01-16"
    )


def test_a_set_to_order_again_now(changed: Callable[..., Observation], judged: Judged) -> None:
    told = forecast_of(judged(changed(not_after=NOW + DAY)), "Usable until")
    assert told.startswith(f"Usable until 2026-01-16 (1 day left); first to end: {NUMBER}.")
    assert f"Order the next set now (form 414, part 3). {ASSUMED}" in told


def test_a_set_that_is_over(changed: Callable[..., Observation], judged: Judged) -> None:
    told = forecast_of(judged(changed(not_after=NOW - DAY)), "The set is not complete")
    assert told.startswith(
        "The set is not complete now: 1 expired. Not usable as a whole since 2026-01-14: "
        f"{NUMBER} expired. Order the next set now"
    )


def test_a_set_with_cards_missing(
    changed: Callable[..., Observation], judged: Judged, key: rsa.RSAPrivateKey
) -> None:
    seen = without_cards(changed(not_before=NOW + DAY), "infirmier")
    told = forecast_of(judged(seen), "The set is not complete")
    assert told.startswith(
        "The set is not complete now: 1 missing, 1 not yet valid. Its other cards end on "
        "2027-01-01 (350 days left). Order the next set by 2026-10-03"
    )
    assert "Usable until" not in told


def test_a_card_that_is_not_usable_for_another_reason(
    changed: Callable[..., Observation], judged: Judged
) -> None:
    told = forecast_of(judged(changed(category=0)), "The set is not complete")
    assert told.startswith("The set is not complete now: 1 not usable. Its other cards end on 2027")
