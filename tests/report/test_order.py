"""The order guide in its three forms, made of the same progress."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from rich.cells import cell_len

from cpx_tool.catalogue.order import order_guide
from cpx_tool.catalogue.sets import find_set
from cpx_tool.errors import ExitCode
from cpx_tool.i18n import say
from cpx_tool.judge.judge import judge
from cpx_tool.judge.order import follow
from cpx_tool.judge.order_verifiers import Evidence
from cpx_tool.model.message import Message
from cpx_tool.model.observation import Observation
from cpx_tool.model.order import Progress, Way
from cpx_tool.report import forecast, order, request
from cpx_tool.report.canvas import Paper
from support import software
from support.build import NOW, PEOPLE, card, centre_sante, observation, with_card

Say = Callable[[Message], str]
BOTH = tuple(Way)
STEPS = order_guide().steps
ADDRESSES = [address for step in STEPS for address in step.where]
THEN = datetime(2026, 1, 2, tzinfo=UTC)


def progress(
    *ticked: str,
    seen: Observation | None = None,
    ways: tuple[Way, ...] = BOTH,
    set_name: str = "centre-sante",
) -> Progress:
    evidence = Evidence(judge(seen, find_set(set_name))) if seen is not None else None
    return follow(order_guide(), ways, dict.fromkeys(ticked, THEN), evidence)


@pytest.fixture(scope="session")
def real(key: rsa.RSAPrivateKey) -> Observation:
    """The six cards, not emulated."""
    return centre_sante(key)


@pytest.fixture(scope="session")
def expired(real: Observation, key: rsa.RSAPrivateKey) -> Observation:
    old = replace(PEOPLE["infirmier"], not_after=NOW - timedelta(days=1))
    return with_card(real, "infirmier", lambda _: card(key, old, 5))


def shown(made: Progress, *, full: bool = False, width: int = 80) -> str:
    return order.render(made, say, Paper(width), full=full)


def flat(text: str) -> str:
    return " ".join(text.split())


def block(text: str, name: str) -> str:
    """What is shown of one step."""
    after = re.split(rf"[☐☑] {name}: ", text)[1]
    return flat(re.split(r"\n[☐☑] |\n\n", after)[0])


# --- at a terminal ------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_too_wide_but_addresses_stay_whole(width: int, expired: Observation) -> None:
    for made in (progress(), progress("FORM-1", seen=expired)):
        lines = shown(made, full=True, width=width).splitlines()
        wide = [line for line in lines if cell_len(line) > width]
        assert {line.strip(" →") for line in wide} <= set(ADDRESSES)
        assert {line.strip(" →") for line in lines} >= set(ADDRESSES)


def test_a_language_that_needs_more_room_fits(wordy: Say) -> None:
    text = order.render(progress(), wordy, Paper(80), full=True)
    wide = {line.strip(" →") for line in text.splitlines() if cell_len(line) > 80}
    assert wide <= set(ADDRESSES)


def test_every_step_with_its_mark_in_order() -> None:
    text = shown(progress("ORDER-SET"))
    marks = re.findall(r"^([☐☑]) ([A-Z0-9-]+):", text, re.MULTILINE)
    assert [name for _, name in marks] == [step.id for step in STEPS]
    assert [name for mark, name in marks if mark == "☑"] == ["ORDER-SET"]


def test_everything_there_is_to_say_of_a_step() -> None:
    text = block(shown(progress()), "FORM-3-2")
    for part in (
        "column “IGC-Santé”, not into the column “IGC-CPS 2Ter”",
        "Write or choose: 3.2, Centre de santé, IGC-Santé: “1”",
        "Otherwise: when it is out of stock",
        "Why: The column is the PKI",
        "predecessor of the IGC-Santé. [1]",
        "Waits for: ORDER-SET, ORDER-PAGE.",
    ):
        assert part in text
    assert "Needs: the stamp of your structure." in block(shown(progress()), "FORM-2")
    assert "Not published: prices." in block(shown(progress()), "ORDER-SEND")
    assert "Write, as an example: 3.1: “Passer" in block(shown(progress()), "FORM-3-1")
    assert "(DESIR_560). [1] [2]" in block(shown(progress()), "ORG-AUTO")


def test_the_sources_are_named_by_their_numbers() -> None:
    text = flat(shown(progress()))
    assert re.search(r"\[1\] ANS, Identité Nationale de Santé — Fiche pratique", text)
    assert "[2] padoa/tlsi-ins" in text
    by_card = progress(ways=(Way.INSI_CARD,))
    assert "[2]" not in shown(by_card)
    assert "[2" not in order.render_markdown(by_card, say)
    assert "[1] ANS" in flat(shown(by_card))


def test_a_ticked_step_is_one_line_with_its_date_unless_in_full() -> None:
    made = progress("FORM-2")
    assert block(shown(made), "FORM-2").endswith("visa and stamp (ticked 2026-01-02)")
    assert "stamp of your structure" in block(shown(made, full=True), "FORM-2")


def test_how_far_one_is_and_what_comes_next() -> None:
    text = flat(shown(progress("WHY-WAY", "ORDER-SET")))
    assert "Ticked: 2 of 25 steps. Next: ORDER-PAGE: Open the ANS's order page" in text
    done = flat(shown(progress(*(step.id for step in STEPS))))
    assert "Ticked: 25 of 25 steps. Next: nothing, all steps are done." in done


def test_the_way_that_a_reader_needs() -> None:
    both, one = shown(progress()), shown(progress(ways=(Way.INSI_CARD,)))
    for name in ("insi-card: ", "insi-org: ", "--for insi-card or --for insi-org"):
        assert name in both
    assert "insi-card: " in one
    assert "insi-org" not in one
    assert "of 13 steps" in one


def test_which_steps_could_be_verified_and_how() -> None:
    text = shown(progress())
    assert (
        "With cards in the readers, cpx-tool order-guide --verify verifies: WAIT-CARDS, "
        "ORG-CARD, CHECK-ISSUER, CHECK-VALIDITY, CHECK-INSI-CARD." in flat(text)
    )
    assert "--verify finds out by itself" in block(text, "ORG-CARD")
    assert "With --p12 FILE FILE it also verifies: WITHDRAW-AUTO, WITHDRAW-MANU." in flat(text)
    assert "--verify --p12 FILE finds out" in block(text, "WITHDRAW-AUTO")
    assert "--verify" not in block(text, "FORM-1")
    assert "--p12" not in shown(progress(ways=(Way.INSI_CARD,)))


def test_what_the_cards_verify(real: Observation) -> None:
    text = shown(progress("WAIT-CARDS", seen=real))
    assert "Looked at 6 cards, as of 2026-01-15 09:30 UTC, for the set “Centre de" in flat(text)
    assert "✓ verified. The set is complete: 6 of 6 cards." in block(text, "WAIT-CARDS")
    assert "? cannot be verified here. No .p12 file" in block(text, "WITHDRAW-AUTO")
    assert (
        "Verified and not ticked yet: cpx-tool order-guide --tick ORG-CARD CHECK-ISSUER "
        "CHECK-VALIDITY CHECK-INSI-CARD" in flat(text)
    )
    assert "--verify" not in text
    assert "Contradicted" not in text


def test_what_the_files_verify() -> None:
    files = software.judged(software.file(software.AUTO, "auto.p12"), trust=software.vouched())
    made = follow(order_guide(), BOTH, {}, Evidence(files=files))
    text = shown(made)
    assert "Looked at these files: auto.p12" in text
    assert "✓ verified. INSI-AUTO is at hand" in block(text, "WITHDRAW-AUTO")
    assert "? cannot be verified here. No card was looked at." in block(text, "WAIT-CARDS")
    assert "--tick WITHDRAW-AUTO\n" in text
    assert "Looked at these files: auto.p12" in order.render_markdown(made, say)
    assert as_json(made)["looked_at"] == {"cards": None, "files": ["auto.p12"]}


def test_a_contradiction_is_pointed_out(expired: Observation) -> None:
    ticked = shown(progress("CHECK-VALIDITY", seen=expired))
    assert (
        "✗ CONTRADICTED, though ticked. Expired: 3100000016 (CPS). → Order the set again"
        in block(ticked, "CHECK-VALIDITY")
    )
    assert "Contradicted: CHECK-VALIDITY." in ticked
    unticked = shown(progress(seen=expired))
    assert "✗ CONTRADICTED. Expired" in block(unticked, "CHECK-VALIDITY")


def test_emulated_cards_are_said_and_ask_for_no_ticks(real: Observation) -> None:
    text = shown(progress(seen=replace(real, emulated=True)))
    assert "EMULATED CARDS" in text
    assert "Verified and not ticked" not in text


def test_one_hint_is_given_once() -> None:
    text = shown(progress(seen=observation()))
    assert text.count("cannot be verified here. The PC/SC service runs") == 5
    assert text.count("→ Plug in the reader") == 1


# --- Markdown -----------------------------------------------------------------------------------


def tasks(text: str) -> dict[str, str]:
    """Step → its box."""
    found = re.findall(r"^- \[([ x])\] ([A-Z0-9-]+):", text, re.MULTILINE)
    return {name: box for box, name in found}


def test_a_task_list() -> None:
    text = order.render_markdown(progress("FORM-1"), say)
    assert [*tasks(text)] == [step.id for step in STEPS]
    assert [name for name, box in tasks(text).items() if box == "x"] == ["FORM-1"]
    assert "(ticked 2026-01-02)" in text
    assert "Ticked: 1 of 25 steps.  \nNext: WHY-WAY" in text
    for address in ADDRESSES:
        assert f"  - <{address}>\n" in text
    assert text.startswith("# Ordering test cards")
    assert text.endswith("  \n")


def test_a_task_list_with_what_the_cards_say(expired: Observation) -> None:
    text = order.render_markdown(progress("CHECK-VALIDITY", seen=expired), say)
    assert "  - ✗ CONTRADICTED, though ticked. Expired: 3100000016 (CPS)." in text
    assert "    - Order the set again" in text
    assert "Looked at 6 cards" in text


def test_names_cannot_become_markdown(real: Observation) -> None:
    evil = replace(
        find_set("cabinet-dentaire"), title="<img src=x> [a](b) *c* `d`\n- [x] FORM-1 | ~~e~~ #1"
    )
    made = follow(order_guide(), BOTH, {}, Evidence(judge(real, evil)))
    text = order.render_markdown(made, say)
    assert "x" not in tasks(text).values()
    assert r"\<img src=x\> \[a\](b) \*c\* \`d\`" in text
    assert "<img" not in text.replace(r"\<img", "")


def test_the_page_for_reading_has_no_progress() -> None:
    text = order.render_page(progress(), say)
    assert [*tasks(text)] == [step.id for step in STEPS]
    assert "Ticked:" not in text
    assert "Next:" not in text
    assert "cpx-tool order-guide" in text


# --- JSON ---------------------------------------------------------------------------------------


def as_json(made: Progress, speak: Say = say, code: ExitCode = ExitCode.PASSED) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(order.render_json(made, code, speak))
    return body


def test_as_data(expired: Observation) -> None:
    body = as_json(progress("CHECK-VALIDITY", seen=expired), code=ExitCode.FAILED)
    assert body["exit_code"] == 1
    assert body["for"] == ["insi-card", "insi-org"]
    assert body["progress"] == {"ticked": 1, "total": 25}
    assert body["next"] == "WHY-WAY"
    assert body["recommended_set"] == "centre-sante"
    assert body["looked_at"] == {
        "cards": {
            "observed_at": "2026-01-15T09:30:00Z",
            "emulated": False,
            "set": "centre-sante",
            "count": 6,
        },
        "files": [],
    }
    steps = {step["id"]: step for step in body["steps"]}
    validity = steps["CHECK-VALIDITY"]
    assert validity["ticked_at"] == "2026-01-02T00:00:00Z"
    assert validity["done"] is False
    assert validity["verification"]["outcome"] == "contradicted"
    assert validity["verification"]["message"] == "Expired: 3100000016 (CPS)."
    assert validity["verification"]["hint"].startswith("Order the set again")
    assert steps["FORM-1"]["verification"] is None
    assert steps["FORM-1"]["ticked_at"] is None
    assert steps["FORM-3-2"] == {
        "id": "FORM-3-2",
        "group": "order",
        "for": ["insi-card", "insi-org"],
        "title": "Form 414, part 3.2: order one set",
        "how": steps["FORM-3-2"]["how"],
        "write": [{"field": "3.2, Centre de santé, IGC-Santé", "value": "1", "example": False}],
        "where": [],
        "needs": [],
        "otherwise": "when it is out of stock, write the 1 into the row “Centre hospitalier”.",
        "why": steps["FORM-3-2"]["why"],
        "not_published": None,
        "sources": ["guide"],
        "after": ["ORDER-SET", "ORDER-PAGE"],
        "waits_for": ["ORDER-SET", "ORDER-PAGE"],
        "verifier": None,
        "ticked_at": None,
        "done": False,
        "verification": None,
    }
    assert set(body["sources"]) == {"guide", "tlsi"}


def test_nothing_looked_at_and_nothing_left_to_do() -> None:
    body = as_json(progress(*(step.id for step in STEPS)))
    assert (body["looked_at"], body["next"]) == (None, None)


def test_keys_and_codes_are_the_same_in_any_language(real: Observation, shout: Say) -> None:
    ours, theirs = (as_json(progress("FORM-1", seen=real), speak) for speak in (say, shout))
    codes = ("id", "group", "for", "write", "where", "sources", "after", "verifier", "ticked_at")
    for mine, other in zip(ours["steps"], theirs["steps"], strict=True):
        assert [mine[code] for code in codes] == [other[code] for code in codes]
        assert mine.keys() == other.keys()
        assert mine["title"].upper() == other["title"]


def test_other_reports_name_the_addresses_of_the_guide() -> None:
    assert {forecast.FORM, forecast.MAIL, request.PORTAL} <= set(ADDRESSES)
