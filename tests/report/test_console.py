"""The checklist on a terminal: what it says, how wide, and what never reaches it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from rich.cells import cell_len

from cpx_tool.i18n import say
from cpx_tool.model.fault import INTERRUPTED, Fault, FaultKind
from cpx_tool.model.finding import Checklist, Outcome, Verdict
from cpx_tool.model.message import Message
from cpx_tool.model.observation import (
    CardObservation,
    ModuleObservation,
    Observation,
    PinRecord,
    PinRefusal,
    PinResult,
)
from cpx_tool.model.reader import Pcsc, PcscStatus
from cpx_tool.report import console
from cpx_tool.report.canvas import Paper
from cpx_tool.report.detail import Detail
from support.build import (
    FLAGS,
    PEOPLE,
    card,
    card_of,
    no_login,
    observation,
    with_card,
    without_cards,
)

Judged = Callable[[Observation], Checklist]
Say = Callable[[Message], str]
DOCTOR = "medecin-generaliste"
NO_BREAK = "\N{NO-BREAK SPACE}"
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
CRASH = Fault(FaultKind.CRASH, "C_FindObjects", "SIGSEGV")


def changed(seen: Observation, key: rsa.RSAPrivateKey, **changes: Any) -> Observation:
    """The médecin's card with other certificates."""
    person = replace(PEOPLE[DOCTOR], **changes)
    return with_card(seen, DOCTOR, lambda found: card(key, person, found.slot.id))


@pytest.fixture
def scenes(good: Observation, key: rsa.RSAPrivateKey) -> dict[str, Observation]:
    """Observations with much to say."""
    locked = PinRecord(PinResult.REFUSED, PinRefusal.LOCKED, FLAGS)
    again = card(key, PEOPLE[DOCTOR], 2_000_000_009)
    pharmacist = replace(
        PEOPLE[DOCTOR], card_number="3100000077", title="Masseur-Kinésithérapeute", profession=70
    )
    return {
        "good": good,
        "emulated": replace(good, emulated=True),
        "one wrong": changed(good, key, profession=26),
        "one locked": with_card(good, DOCTOR, lambda found: no_login(found, locked)),
        "duplicate and foreign": observation(*good.cards, again, card(key, pharmacist, 8)),
        "unread": with_card(
            good, DOCTOR, lambda found: replace(found, token=None, pin=None, faults=(CRASH,))
        ),
        "missing": without_cards(good, DOCTOR, "infirmier"),
        "no card": without_cards(good, *PEOPLE),
        "no service": replace(good, cards=(), module=None, pcsc=Pcsc(PcscStatus.NO_SERVICE)),
    }


SCENES = [
    "good",
    "emulated",
    "one wrong",
    "one locked",
    "duplicate and foreign",
    "unread",
    "missing",
    "no card",
    "no service",
]


def too_wide(text: str, width: int) -> list[str]:
    """The lines that could have been broken at a blank, and are too wide."""
    lines = ESCAPE.sub("", text).split("\n")
    return [line for line in lines if cell_len(line) > width and " " in line.strip()]


# --- layout -----------------------------------------------------------------------------------


def test_a_card_of_an_interrupted_run_says_when_it_was_read(
    good: Observation, judged: Judged
) -> None:
    day = good.observed_at - timedelta(days=6)
    seen = with_card(good, DOCTOR, lambda found: replace(found, observed_at=day))
    text = console.render(judged(seen), say, Paper(100))
    shown = " ".join(text.split())
    told = "CPS test médecin généraliste — read on 2026-01-09 09:30 UTC in an interrupted run"
    assert shown.count(told) == 1
    assert "CARD-FRESH — expected: The card was read in this run" in shown


def test_an_interrupted_run_calls_no_card_lost(good: Observation, judged: Judged) -> None:
    doctor = card_of(good, DOCTOR)
    fault = Fault(FaultKind.ERROR, "", INTERRUPTED)
    unread = CardObservation(doctor.slot, doctor.reader, None, faults=(fault,))
    seen = replace(with_card(good, DOCTOR, lambda _: unread), interrupted=True)
    checklist = judged(seen)
    shown = " ".join(console.render(checklist, say, Paper(100)).split())
    assert checklist.verdict is Verdict.INCOMPLETE
    assert ("not a CPx card" in shown, "lost" in shown) == (False, False)
    assert "5 of 6 cards; not read yet: CPS test médecin généraliste." in shown
    assert "run it again with --resume" in shown


def test_cards_taken_back_are_the_reason_for_an_empty_result(judged: Judged) -> None:
    stopped = replace(observation(), pcsc=Pcsc(PcscStatus.NO_SERVICE), taken_back=2)
    text = console.render(judged(stopped), say, Paper(100))
    assert "No card could be checked: 2 cards were read and taken back" in text
    assert "PCSC-SERVICE" in text  # it is still so


def test_the_good_set_at_a_glance(good: Observation, judged: Judged) -> None:
    lines = console.render(judged(good), say, Paper(80)).splitlines()
    head = next(i for i, line in enumerate(lines) if line.startswith("Card "))
    assert lines[head].split() == [
        "Card",
        "Type",
        "Profession",
        "Until",
        "Auth/Sign",
        "Result",
    ]
    rows = lines[head + 1 : head + 13]
    assert [row.split() for row in rows[::2]] == [
        ["3100000011", "CDE/CPE", "—", "2027-01-01", "✓✓", "interchangeable"],
        ["3100000012", "CPS", "Médecin", "2027-01-01", "✓✓", "PASSED"],
        ["3100000013", "CPS", "Chirurgien-Dentiste", "2027-01-01", "✓✓", "PASSED"],
        ["3100000014", "CDE/CPE", "—", "2027-01-01", "✓✓", "interchangeable"],
        ["3100000015", "CDE/CPE", "—", "2027-01-01", "✓✓", "interchangeable"],
        ["3100000016", "CPS", "Infirmier", "2027-01-01", "✓✓", "PASSED"],
    ]
    assert [row.replace(NO_BREAK, " ") for row in rows[1::2]] == [
        "  ANNE DIRECTRICE127180001 — CDE test directeur non professionnel de santé (?)",
        "  ADÈLE DOC0007512 — CPS test médecin généraliste",
        "  BASILE DENTISTE0004198 — CPS test chirurgien-dentiste",
        "  CHARLES ADMINISTRATIF127180002 — CPE test nominative employé (?)",
        "  DENISE ADMINISTRATIF127180003 — CPE test nominative employé délégué (?)",
        "  ELSA INFIRMIER0021889 — CPS test infirmier",
    ]
    columns = {row.index("2027-01-01") for row in rows[::2]}
    assert columns == {lines[head].index("Until")}
    assert lines[-2] == "PIN: tried once on 6 cards, not tried on 0."
    assert lines[-1] == ("PASSED — 6 of 6 cards (3 interchangeable), 217 checks passed, 3 warnings")


def test_a_card_that_is_in_no_pcsc_reader_is_said_to_be(good: Observation, judged: Judged) -> None:
    words = "not a PC/SC reader (GALSS, or a software token)"
    assert words not in console.render(judged(good), say, Paper(100))
    alone = with_card(good, DOCTOR, lambda found: replace(found, reader=None))
    assert f"Reader 01: {words}" in console.render(judged(alone), say, Paper(100))


def test_a_narrow_terminal_has_the_profession_below(good: Observation, judged: Judged) -> None:
    lines = console.render(judged(good), say, Paper(60)).splitlines()
    row = next(i for i, line in enumerate(lines) if line.startswith("3100000012"))
    assert "Médecin" not in lines[row]
    assert lines[row + 1] == "  Médecin, ADÈLE DOC0007512 — CPS test médecin généraliste"
    assert "  —" not in "\n".join(lines)


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("colour", [False, True])
def test_no_line_is_wider_than_the_paper(
    scenes: dict[str, Observation], judged: Judged, scene: str, width: int, colour: bool
) -> None:
    text = console.render(judged(scenes[scene]), say, Paper(width, colour))
    assert too_wide(text, width) == []


@pytest.mark.parametrize("width", [60, 80])
@pytest.mark.parametrize("scene", SCENES)
def test_nor_in_a_language_with_longer_words(
    scenes: dict[str, Observation], judged: Judged, wordy: Say, scene: str, width: int
) -> None:
    assert too_wide(console.render(judged(scenes[scene]), wordy, Paper(width)), width) == []


@pytest.mark.parametrize("scene", SCENES)
def test_colours_are_there_when_wanted_only(
    scenes: dict[str, Observation], judged: Judged, scene: str
) -> None:
    checklist = judged(scenes[scene])
    plain = console.render(checklist, say, Paper(80, colour=False))
    coloured = console.render(checklist, say, Paper(80, colour=True))
    assert "\x1b" not in plain
    assert ESCAPE.search(coloured)
    squeezed = [ESCAPE.sub("", line).rstrip() for line in coloured.split("\n")]
    assert squeezed == plain.split("\n")


def test_the_failed_verdict_is_red_and_the_good_one_green(
    scenes: dict[str, Observation], judged: Judged
) -> None:
    green = console.render(judged(scenes["good"]), say, Paper(colour=True)).splitlines()[-1]
    red = console.render(judged(scenes["one wrong"]), say, Paper(colour=True)).splitlines()[-1]
    assert green.startswith("\x1b[1;32mPASSED")
    assert red.startswith("\x1b[1;31mFAILED")


# --- what it says -----------------------------------------------------------------------------


def paragraphs(text: str) -> list[str]:
    """The text without its line breaks inside paragraphs."""
    return [" ".join(block.split()) for block in re.split(r"\n\s*\n", text)]


def group(checklist: Checklist, check: str) -> str:
    """What is said about one check."""
    text = console.render(checklist, say, Paper(80))
    return next(p for p in paragraphs(text) if check in p and "expected:" in p)


def test_a_failure_names_check_card_cause_and_remedy(
    scenes: dict[str, Observation], judged: Judged
) -> None:
    said = group(judged(scenes["one wrong"]), "CARD-PROFESSION")
    assert said == (
        "✗ CARD-PROFESSION — expected: The profession is the one the set expects "
        "3100000012 ADÈLE DOC0007512: Expected Médecin (10), found Audioprothésiste (26). "
        "→ Wrong card or wrong set: compare with the number printed on the card."
    )


def test_failures_stand_before_warnings(scenes: dict[str, Observation], judged: Judged) -> None:
    text = console.render(judged(scenes["one wrong"]), say, Paper(80))
    marks = [line[0] for line in text.splitlines() if "expected:" in line]
    assert marks == sorted(marks, key="✗–?!".index)
    assert set(marks) == {"✗", "!"}


def test_a_remedy_is_told_once_for_several_cards(good: Observation, judged: Judged) -> None:
    said = group(judged(good), "CARD-ROLE")
    assert "3100000011, 3100000014, 3100000015: The role may be any of these" in said
    assert said.count("→") == 1


def test_missing_cards_are_in_the_table(scenes: dict[str, Observation], judged: Judged) -> None:
    lines = console.render(judged(scenes["missing"]), say, Paper(80)).splitlines()
    gaps = [i for i, line in enumerate(lines) if line.startswith("—")]
    assert [lines[i].split() for i in gaps] == [["—", "missing"]] * 2
    assert [lines[i + 1].strip() for i in gaps] == [
        "CPS test médecin généraliste",
        "CPS test infirmier",
    ]
    assert lines[-1].startswith("FAILED — 4 of 6 cards")


def test_duplicate_and_foreign_cards_say_so(scenes: dict[str, Observation], judged: Judged) -> None:
    text = console.render(judged(scenes["duplicate and foreign"]), say, Paper(100))
    assert "ADÈLE DOC0007512 — duplicate" in text
    assert "ADÈLE DOC0007512 — not of this set" in text


def test_a_pin_that_was_not_tried_says_why(scenes: dict[str, Observation], judged: Judged) -> None:
    checklist = judged(scenes["one locked"])
    text = console.render(checklist, say, Paper(80))
    assert "PIN: tried once on 5 cards, not tried on 1." in text
    assert "the PIN of this card is locked." in group(checklist, "PIN-ALLOWED")
    assert "––" in next(line for line in text.splitlines() if line.startswith("3100000012"))


def test_one_card_is_not_spoken_of_as_many(good: Observation, judged: Judged) -> None:
    alone = without_cards(good, *(role for role in PEOPLE if role != DOCTOR))
    text = console.render(judged(alone), say, Paper(80))
    assert "PIN: tried once on 1 card, not tried on 0." in text


def test_what_was_not_answered_is_shown_where_nothing_else_explains_it(
    good: Observation, judged: Judged
) -> None:
    silent = with_card(good, DOCTOR, lambda found: replace(found, pin=None, keys=None))
    checklist = judged(silent)
    open_checks = {
        f.check
        for f in checklist.all_findings()
        if f.outcome is Outcome.SKIPPED and f.check != "SIGN-PSS"
    }
    assert {"PIN-ALLOWED", "SIGN-AUTH"} <= open_checks
    text = console.render(checklist, say, Paper(80))
    for check in open_checks:
        assert f"– {check} — expected:" in text
    assert text.splitlines()[-1].startswith("INCOMPLETE")


def test_what_follows_from_a_refused_pin_is_not_repeated(good: Observation, judged: Judged) -> None:
    low = PinRecord(PinResult.REFUSED, PinRefusal.COUNT_LOW, FLAGS)
    checklist = judged(with_card(good, DOCTOR, lambda found: no_login(found, low)))
    text = console.render(checklist, say, Paper(80))
    assert "– PIN-ALLOWED — expected:" in text
    assert "SIGN-AUTH" not in text
    assert "5 not answered" in text.splitlines()[-1] or "6 not answered" in text.splitlines()[-1]


def test_emulated_cards_are_said_to_be(scenes: dict[str, Observation], judged: Judged) -> None:
    banner = say(console.emulated_banner())
    assert banner in console.render(judged(scenes["emulated"]), say, Paper(80))
    real = replace(scenes["good"], emulated=False)
    assert banner not in console.render(judged(real), say, Paper(80))


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (PcscStatus.NO_SERVICE, "is not running"),
        (PcscStatus.ACCESS_REFUSED, "refuses access"),
        (PcscStatus.NO_READER, "sees no reader"),
        (PcscStatus.NOT_ASKED, "module shows no card"),
    ],
)
def test_no_card_gives_its_reason_and_no_empty_table(
    good: Observation, judged: Judged, status: PcscStatus, words: str
) -> None:
    nothing = replace(good, cards=(), slots=(), pcsc=Pcsc(status))
    text = " ".join(console.render(judged(nothing), say, Paper(80)).split())
    assert "No card could be checked: The " in text
    assert words in text
    assert "PIN:" not in text
    assert "Auth/Sign" not in text
    assert "→" in text


@pytest.mark.parametrize("detail", [Detail.NORMAL, Detail.QUIET])
def test_the_service_that_does_not_run_comes_first_and_is_counted_once(
    good: Observation, judged: Judged, detail: Detail
) -> None:
    nothing = replace(good, cards=(), slots=(), pcsc=Pcsc(PcscStatus.NO_SERVICE))
    text = console.render(judged(nothing), say, Paper(100, detail=detail))
    marks = [line[0] for line in text.splitlines() if line[:2] in ("! ", "– ", "✗ ")]
    assert text.index("! PCSC-SERVICE: No card could be checked") < text.index("SET-COMPLETE")
    assert text.count("PCSC-SERVICE") == 1
    assert f"{marks.count('!')} warning" in text
    assert "\n\n\n" not in text


# --- hostile names ----------------------------------------------------------------------------

HOSTILE = "A\x00\x1b[31m\x9b2J\u202eB\nPASSED — 6 of 6 cards\rC\u2028D"


def hostile(seen: Observation) -> Observation:
    """Token, reader, module and workstation with names made to deceive a terminal."""
    assert seen.module is not None
    assert seen.module.info is not None
    doctor = card_of(seen, DOCTOR)
    fault = Fault(FaultKind.CRASH, HOSTILE, HOSTILE, HOSTILE)
    assert doctor.token is not None
    spoilt = replace(
        doctor, faults=(fault,), token=replace(doctor.token, label=f"{HOSTILE}-9999999999")
    )
    return replace(
        with_card(seen, DOCTOR, lambda _: spoilt),
        workstation=replace(seen.workstation, host=HOSTILE),
        module=replace(
            seen.module, path=HOSTILE, info=replace(seen.module.info, description=HOSTILE)
        ),
    )


def with_holder(checklist: Checklist, name: str) -> Checklist:
    """The checklist with all holders named so, past what the reading of certificates removes."""
    cards = tuple(
        replace(c, identity=replace(c.identity, holder=replace(c.identity.holder, surname=name)))
        for c in checklist.cards
        if c.identity is not None
    )
    return replace(checklist, cards=cards)


def test_control_characters_of_names_never_reach_a_terminal(
    good: Observation, judged: Judged
) -> None:
    checklist = with_holder(judged(hostile(good)), HOSTILE)
    text = console.render(checklist, say, Paper(80))
    assert all(c.isprintable() or c in ("\n", NO_BREAK) for c in text)
    assert text.count("\ufffd") >= 6 * 6
    verdicts = [line for line in text.splitlines() if line.startswith(("PASSED", "FAILED"))]
    assert len(verdicts) == 1


def test_a_name_of_ten_kilobytes_does_not_flood_the_terminal(
    good: Observation, judged: Judged
) -> None:
    usual = console.render(judged(good), say, Paper(80)).count("\n")
    text = console.render(with_holder(judged(good), "D" * 10_000), say, Paper(80))
    assert text.count("\n") <= usual + 3 * 6
    assert "…" in text


def test_the_no_break_spaces_of_french_stay(good: Observation, judged: Judged) -> None:
    def french(message: Message) -> str:
        return say(message).replace(":", "\N{NO-BREAK SPACE}:").replace("—", "\u202f—")

    text = console.render(judged(good), french, Paper(80))
    assert "\ufffd" not in text
    assert "PIN\N{NO-BREAK SPACE}:" in text


def test_without_a_card_the_module_that_failed_is_the_reason(
    good: Observation, judged: Judged
) -> None:
    """PC/SC may be silent as well; the first thing to mend is the module."""
    fault = Fault(FaultKind.CRASH, "C_Initialize", "SIGSEGV", module="lib.so")
    module = ModuleObservation("/lib.so", "option", fault=fault)
    seen = replace(good, cards=(), module=module, pcsc=Pcsc(PcscStatus.NO_SERVICE))
    text = console.render(judged(seen), say, Paper(120))
    assert "No card could be checked: The module lib.so ended its process" in text
    assert "No card could be checked: The PC/SC service" not in text
