"""The HTML pages: what they say, and what hostile names can do to them: nothing."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from cpx_tool import i18n
from cpx_tool.adapters.observation_file import load
from cpx_tool.catalogue.guidance import GUIDANCE
from cpx_tool.catalogue.sets import find_set
from cpx_tool.errors import ExitCode
from cpx_tool.i18n import say
from cpx_tool.judge.judge import judge
from cpx_tool.judge.tls import judge_handshakes, tls_exit_code, tls_verdict
from cpx_tool.model.fault import Fault, FaultKind
from cpx_tool.model.finding import Checklist
from cpx_tool.model.message import Message
from cpx_tool.model.observation import (
    Observation,
    PinRecord,
    PinRefusal,
    PinResult,
    Workstation,
)
from cpx_tool.model.reader import Pcsc, PcscStatus
from cpx_tool.model.token import TokenFlag
from cpx_tool.report import html, tls
from cpx_tool.report.html.fleet_labels import FLEET_LABELS
from cpx_tool.report.html.labels import LABELS
from cpx_tool.report.html.timeline import scale
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
from support.pages import FETCHED, Reading, as_json, knocking, rendered, sentences

Judged = Callable[[Observation], Checklist]
DOCTOR = "medecin-generaliste"
NURSE = "infirmier"
TEMPLATES = Path(html.__file__).parent / "templates"
SAMPLE = Path(__file__).parents[2] / "fixtures" / "observation.json"
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>\u202egnp.exe\x1b[31m'


SOURCES = {source for guidance in GUIDANCE for source in guidance.sources}


def outside(read: Reading) -> set[str]:
    """The links that lead out of the page. Nothing is loaded from there unless somebody clicks."""
    return {place for place in read.values("href") if not place.startswith("#")}


@pytest.fixture
def wrong(good: Observation, key: rsa.RSAPrivateKey, judged: Judged) -> Checklist:
    """Something of everything: a wrong card, a locked one, one missing, servers asked."""
    person = replace(PEOPLE[DOCTOR], profession=26)
    locked = PinRecord(PinResult.REFUSED, PinRefusal.LOCKED, (*FLAGS, TokenFlag.PIN_LOCKED))
    seen = with_card(good, DOCTOR, lambda found: knocking(card(key, person, found.slot.id)))
    seen = with_card(seen, NURSE, lambda found: no_login(found, locked))
    return judged(without_cards(seen, "chirurgien-dentiste"))


@pytest.fixture
def french() -> Iterator[None]:
    i18n.use("fr")
    yield
    i18n.use("en")


def test_the_page_says_all_that_the_json_says_of_checks_and_uses(wrong: Checklist) -> None:
    read = Reading(rendered(wrong, say))
    told = sentences(as_json(wrong, say))
    assert len(told) > 100
    assert [sentence for sentence in sorted(told) if sentence not in read.text] == []


def test_the_page_is_well_formed(wrong: Checklist) -> None:
    read = Reading(rendered(wrong, say, fetched=FETCHED))
    assert read.faults == []
    ids = read.values("id")
    assert len(ids) == len(set(ids))
    places = [place for place in read.values("href") if place.startswith("#")]
    assert places
    assert {place.removeprefix("#") for place in places} <= set(ids)
    assert {name for each in read.values("aria-labelledby") for name in each.split()} <= set(ids)


def test_the_page_can_load_nothing_and_run_nothing_else(wrong: Checklist) -> None:
    page = rendered(wrong, say, fetched=FETCHED)
    read = Reading(page)
    (policy,) = (each["content"] for each in read.all("meta") if "http-equiv" in each)
    (style,) = re.findall("<style>(.*?)</style>", page, re.DOTALL)
    (script,) = re.findall("<script>(.*?)</script>", page, re.DOTALL)
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in (style, script)
    ]
    assert policy == (
        f"default-src 'none'; style-src {hashes[0]}; script-src {hashes[1]}; "
        "base-uri 'none'; form-action 'none'"
    )
    attributes = {name for _, found in read.elements for name in found}
    assert {name for name in attributes if name.startswith("on")} == set()
    assert attributes.isdisjoint({"style", "src", "srcset", "action", "data"})
    assert outside(read) <= SOURCES
    assert "url(" not in style
    assert "@import" not in style


def test_the_digest_is_that_of_the_json(wrong: Checklist) -> None:
    for fetched in (None, FETCHED):
        digest = hashlib.sha256(as_json(wrong, say, fetched).encode()).hexdigest()
        assert f'<code id="digest">{digest}</code>' in rendered(wrong, say, fetched=fetched)


def test_the_verdict_stands_at_the_top(wrong: Checklist, good: Observation) -> None:
    text = Reading(rendered(wrong, say)).text
    assert text.index("FAILED") < text.index("What needs attention")
    assert "5 of 6 cards" in text
    seen = replace(good, emulated=False)
    assert "EMULATED" not in rendered(judge(seen, find_set("centre-sante")), say)


def test_emulated_and_interrupted_runs_say_so_above_everything(
    good: Observation, judged: Judged
) -> None:
    text = Reading(rendered(judged(replace(good, interrupted=True)), say)).text
    head = text[: text.index("Centre de santé", text.index("Go to the result"))]
    assert "EMULATED CARDS" in head
    assert "INTERRUPTED" in head


def test_a_set_without_a_fault_says_that_nothing_is_to_be_done(
    good: Observation, judged: Judged
) -> None:
    text = Reading(rendered(judged(good), say)).text
    assert ("Nothing: every check that was run has passed." in text) is (
        "does not change the verdict" not in text
    )
    assert "decides the verdict" not in text


@pytest.mark.parametrize("with_reader", [True, False])
def test_no_card_at_all_says_why_and_what_to_do(
    good: Observation, judged: Judged, with_reader: bool
) -> None:
    none = without_cards(good, *PEOPLE)
    seen = none if with_reader else replace(none, pcsc=Pcsc(PcscStatus.NO_SERVICE))
    read = Reading(rendered(judged(seen), say))
    assert read.faults == []
    assert "No card could be checked" in read.text
    assert ("pcscd.socket" in read.text) is not with_reader
    assert "card-1" not in read.values("id")


def test_each_card_shows_who_until_when_and_what_became_of_its_pin(wrong: Checklist) -> None:
    text = Reading(rendered(wrong, say)).text
    ledger = text[text.index("never more than one try in a run") :]
    ledger = ledger[: ledger.index("Checks and cards")]
    assert "no try left" in ledger
    assert "the middleware says that the PIN of this card is locked" in ledger
    for one in wrong.cards:
        assert one.identity is not None
        assert one.identity.holder.display in text
        assert one.not_after is not None
        assert one.not_after.date().isoformat() in text


def test_an_earlier_try_and_a_pad_stand_in_the_ledger(good: Observation, judged: Judged) -> None:
    earlier = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    pins = {
        DOCTOR: PinRecord(PinResult.REFUSED, PinRefusal.EARLIER_RUN, FLAGS, earlier=earlier),
        NURSE: PinRecord(PinResult.ACCEPTED, flags=FLAGS, pad=True),
    }
    seen = with_card(good, DOCTOR, lambda found: no_login(found, pins[DOCTOR]))
    seen = with_card(seen, NURSE, lambda found: replace(found, pin=pins[NURSE]))
    text = Reading(rendered(judged(seen), say)).text
    assert "A try of an earlier run did not succeed, on 2026-01-02 03:04 UTC" in text
    assert "typed on the reader's own pad" in text


def test_handshakes_show_each_step_with_its_time(wrong: Checklist) -> None:
    text = Reading(rendered(wrong, say)).text
    steps = text[text.index("Mutual TLS", text.index("Workstation and set")) :]
    assert "TLS_AES_256_GCM_SHA384" in steps
    assert re.search(r"TLS-HELLO .*? 30\.5 ", steps)
    assert "All steps 36.8" in steps
    assert "Two connections" in steps
    assert "INSECURE" in steps
    assert "connection-refused" in steps


def test_a_page_of_handshakes_alone(good: Observation) -> None:
    seen = with_card(good, DOCTOR, knocking)
    judged = judge_handshakes(seen)
    verdict, code = tls_verdict(judged), tls_exit_code(judged)
    page = html.render_handshakes(seen, judged, verdict, code, say, "en")
    read = Reading(page)
    body = tls.render_json(seen, judged, verdict, code, say)
    assert read.faults == []
    assert hashlib.sha256(body.encode()).hexdigest() in page
    messages = [say(finding.message) for one in judged for finding in one.findings]
    assert [each for each in messages if " ".join(each.split()) not in read.text] == []


def test_what_was_asked_of_the_network_is_told_only_when_it_was_asked(wrong: Checklist) -> None:
    assert "Asked of the network" not in rendered(wrong, say)
    text = Reading(rendered(wrong, say, fetched=FETCHED)).text
    assert "http://ca.example/list.crl Not fetched No answer." in text
    assert "There was nothing to fetch." in rendered(wrong, say, fetched=[])


def test_the_sample_observation_has_its_page() -> None:
    read = Reading(rendered(judge(load(SAMPLE), find_set("centre-sante")), say))
    assert read.faults == []
    assert "FAILED" in read.text


def scenes(good: Observation, key: rsa.RSAPrivateKey) -> dict[str, Observation]:
    """Cards that lack what the page shows of others."""
    crash = Fault(FaultKind.CRASH, "C_FindObjects", "SIGSEGV")
    unread = {"token": None, "pin": None, "certificates": (), "faults": (crash,)}
    foreign = replace(PEOPLE[DOCTOR], card_number="3100000077", profession=70)
    again = card(key, PEOPLE[DOCTOR], 2_000_000_009)
    day = good.observed_at - timedelta(days=6)
    earlier = with_card(good, NURSE, lambda found: replace(found, observed_at=day))
    return {
        "unread": with_card(good, DOCTOR, lambda found: replace(found, **unread)),
        "duplicate and foreign": observation(*good.cards, again, card(key, foreign, 8)),
        "no PC/SC": replace(good, pcsc=Pcsc(PcscStatus.NOT_ASKED)),
        "no reader": with_card(good, DOCTOR, lambda found: replace(found, reader=None)),
        "no module": replace(good, module=None),
        "of an earlier run": earlier,
        "nobody logs in": with_card(good, DOCTOR, lambda found: replace(found, keys=None)),
    }


@pytest.mark.parametrize(
    ("scene", "told"),
    [
        ("unread", "Its certificates show no dates."),
        ("duplicate and foreign", "not of this set"),
        ("no PC/SC", "Reader 03"),
        ("no reader", "not a PC/SC reader (GALSS, or a software token)"),
        ("no module", "PKCS#11 module none"),
        ("of an earlier run", "Read in an interrupted run, on 2026-01-09 09:30 UTC"),
        ("nobody logs in", "Not determined"),
    ],
)
def test_what_is_not_known_leaves_no_hole(
    good: Observation, key: rsa.RSAPrivateKey, judged: Judged, scene: str, told: str
) -> None:
    checklist = judged(scenes(good, key)[scene])
    page = rendered(checklist, say)
    read = Reading(page)
    assert read.faults == []
    assert told in read.text
    assert not re.search(r">\s*None\s*<", page)
    assert page == rendered(checklist, say)


# --- hostile names ----------------------------------------------------------------------------


def test_hostile_strings_are_text_and_no_more(
    good: Observation, key: rsa.RSAPrivateKey, judged: Judged
) -> None:
    person = replace(PEOPLE[DOCTOR], surname="<script>alert(1)</script>", given_name='"onload="x')
    seen = with_card(good, DOCTOR, lambda found: card(key, person, found.slot.id))
    seen = with_card(seen, NURSE, lambda found: replace(found, reader=HOSTILE))
    seen = replace(
        seen,
        run_id=HOSTILE,
        workstation=Workstation(HOSTILE, HOSTILE, HOSTILE, packages=(HOSTILE,)),
    )
    fetched = [{**FETCHED[0], "url": f"javascript:{HOSTILE}", "message": HOSTILE}]
    page = rendered(judged(seen), say, fetched=fetched)
    read = Reading(page)
    assert read.faults == []
    assert len(read.all("script")) == 1
    assert read.all("img") == []
    assert outside(read) <= SOURCES
    assert "<script>alert(1)</script>" in read.text
    assert not {"\u202e", "\x1b"} & set(page)


def test_a_name_of_ten_thousand_characters_is_cut(good: Observation, judged: Judged) -> None:
    long = "x" * 10_000
    doctor = card_of(good, DOCTOR)
    assert doctor.token is not None
    token = replace(doctor.token, label=long)
    seen = with_card(good, DOCTOR, lambda found: replace(found, token=token, reader=long))
    seen = replace(seen, run_id=long, workstation=Workstation(long, long, long, packages=(long,)))
    page = rendered(judged(seen), say)
    assert max(map(len, re.findall("x+", page))) <= 1000
    assert len(page) < len(rendered(judged(good), say)) + 2 * len(long)


def test_a_certificate_to_the_end_of_time_has_a_place_on_the_scale() -> None:
    now = datetime(2026, 1, 15, tzinfo=UTC)
    end = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    drawn = scale(now, datetime(1, 1, 1, tzinfo=UTC), end, None)
    assert len(drawn.ticks()) <= 8
    assert 0 < drawn.at(now) < 100
    assert drawn.at(end) == 100


def test_a_scale_of_one_moment_has_a_length() -> None:
    now = datetime(2026, 1, 15, tzinfo=UTC)
    drawn = scale(now)
    assert drawn.at(now) == 50
    bar = drawn.bar(now, now + timedelta(seconds=1))
    assert (bar.start, bar.length) == (50, 0.3)


# --- languages ----------------------------------------------------------------------------


def test_every_label_is_used_and_every_used_one_is_there() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES.glob("*.html"))
    assert set(re.findall(r"\blabel\.(\w+)", text)) == set(LABELS | FLEET_LABELS)


def test_no_words_stand_in_a_template() -> None:
    """They would be English in every language."""
    allowed = {"ATR", "PID", "USB", "cpx-tool"}
    for path in TEMPLATES.glob("*.html"):
        bare = re.sub(r"\{[%{].*?[%}]\}", "\n", path.read_text(encoding="utf-8"))
        bare = re.sub(r"<[^>]*>", "\n", bare)
        assert not set(":;") & set(bare), "French puts a space before them"
        assert set(re.findall(r"[A-Za-z][\w-]+", bare)) <= allowed, path.name


def test_everything_is_said_in_the_language_chosen(
    wrong: Checklist, shout: Callable[[Message], str]
) -> None:
    """`shout` speaks in upper case: what stands in lower case did not go through it."""
    text = Reading(rendered(wrong, shout, "xx", FETCHED)).text
    labels = [say(message) for message in LABELS.values()]
    assert [label for label in labels if len(label) > 12 and f" {label} " in text] == []


def test_the_page_names_its_language(wrong: Checklist, french: None) -> None:
    (root,) = Reading(rendered(wrong, say, "fr")).all("html")
    assert root["lang"] == "fr"


def test_the_page_is_french_in_french(wrong: Checklist, french: None) -> None:
    read = Reading(rendered(wrong, say, "fr", FETCHED))
    assert "À traiter" in read.text
    assert "What needs attention" not in read.text


def test_an_interruption_has_the_exit_code_that_it_was_given(wrong: Checklist) -> None:
    page = html.render_checklist(wrong, ExitCode(130), say, "en")
    assert "<dd>130</dd>" in page
