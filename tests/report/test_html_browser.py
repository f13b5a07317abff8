"""The HTML pages in a real browser: with `make test-browser`, not with `make test`."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from cpx_tool.i18n import say
from cpx_tool.judge.tls import judge_handshakes, tls_exit_code, tls_verdict
from cpx_tool.model.finding import Checklist
from cpx_tool.model.observation import Observation, PinRecord, PinRefusal, PinResult, Workstation
from cpx_tool.report import html
from support.browser import Page, browser
from support.build import FLAGS, PEOPLE, card, no_login, observation, with_card, without_cards
from support.other_pages import answers
from support.pages import FETCHED, Reading, as_json, knocking, rendered, sentences
from support.results import fleet_pages

pytestmark = pytest.mark.browser

Judged = Callable[[Observation], Checklist]
DOCTOR = "medecin-generaliste"
WIDTHS = (1440, 800, 400, 360, 320)  # 320: a window of 1280 at 400 %, WCAG 1.4.10
SCENES = (
    "good",
    "wrong",
    "hostile",
    "no card",
    "sixty cards",
    "handshakes",
    "sign-test",
    "doctor",
    "check-p12",
    "blame",
    "compare",
    "fleet",
    "wide fleet",
    "hostile fleet",
)
LONG = "W" * 10_000

IS_SHOWN = "(each) => each.checkVisibility({ contentVisibilityAuto: true })"
LINES = f"Array.from(document.querySelectorAll('.line')).filter({IS_SHOWN})"
KINDS = f"Array.from(new Set({LINES}.map((each) => each.dataset.kinds)))"
UNFOLD = "document.querySelectorAll('details').forEach((each) => { each.open = true; })"
DRAWN = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture(scope="session")
def wrong(good: Observation, key: rsa.RSAPrivateKey, judged: Judged) -> Checklist:
    person = replace(PEOPLE[DOCTOR], profession=26)
    locked = PinRecord(PinResult.REFUSED, PinRefusal.LOCKED, FLAGS)
    seen = with_card(good, DOCTOR, lambda found: knocking(card(key, person, found.slot.id)))
    seen = with_card(seen, "infirmier", lambda found: no_login(found, locked))
    seen = replace(seen, interrupted=True)
    return judged(without_cards(seen, "chirurgien-dentiste"))


def hostile(good: Observation, key: rsa.RSAPrivateKey, judged: Judged) -> str:
    """Names that want to be more than names."""
    attack = '"><script>document.title = "taken"</script>\u202e' + LONG
    person = replace(PEOPLE[DOCTOR], surname="<script>x</script>", given_name='"onload="x')
    seen = with_card(good, DOCTOR, lambda found: card(key, person, found.slot.id))
    seen = with_card(seen, "infirmier", lambda found: replace(found, reader=attack))
    seen = replace(seen, workstation=Workstation(attack, attack, attack, packages=(attack,)))
    told = [{**FETCHED[0], "url": f"javascript:{attack}", "message": attack}]
    return rendered(judged(seen), say, fetched=told)


def sixty(key: rsa.RSAPrivateKey) -> Observation:
    """Cards of ten drawers at once."""
    people = list(PEOPLE.values()) * 10
    numbers = range(9945000000, 9945000060)
    return observation(
        *(
            card(key, replace(person, card_number=str(number)), number % 100)
            for person, number in zip(people, numbers, strict=True)
        )
    )


def of_handshakes(good: Observation) -> str:
    seen = with_card(good, DOCTOR, knocking)
    shaken = judge_handshakes(seen)
    return html.render_handshakes(
        seen, shaken, tls_verdict(shaken), tls_exit_code(shaken), say, "en"
    )


@pytest.fixture(scope="session")
def pages(
    tmp_path_factory: pytest.TempPathFactory,
    good: Observation,
    wrong: Checklist,
    key: rsa.RSAPrivateKey,
    judged: Judged,
) -> dict[str, Path]:
    """Each scene in a file."""
    written = {
        **fleet_pages(tmp_path_factory.mktemp("results"), LONG),
        "good": rendered(judged(good), say),
        "wrong": rendered(wrong, say, fetched=FETCHED),
        "hostile": hostile(good, key, judged),
        "no card": rendered(judged(without_cards(good, *PEOPLE)), say),
        "sixty cards": rendered(judged(sixty(key)), say),
        "handshakes": of_handshakes(good),
        **{name: told.html(say, "en") for name, told in answers(good, name=LONG).items()},
    }
    folder = tmp_path_factory.mktemp("pages")
    found = {}
    for name, page in written.items():
        found[name] = folder / f"{name}.html"
        found[name].write_text(page, encoding="utf-8")
    return found


@pytest.fixture(scope="session")
def _tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture
def tab(_tab: Page) -> Page:
    """A tab as it is in the beginning."""
    _tab.scripts(allowed=True)
    _tab.width(1440)
    _tab.media()
    return _tab


def unfold(tab: Page) -> None:
    """Open what is folded, and wait until that is drawn."""
    tab.value(UNFOLD)
    tab.value(DRAWN)


def complaints(tab: Page) -> list[Any]:
    """What stands in the browser's console, violations of the page's own policy among it."""
    return (
        tab.told("Log.entryAdded")
        + tab.told("Runtime.consoleAPICalled")
        + tab.told("Runtime.exceptionThrown")
    )


def axe(tab: Page, *rules: str) -> list[str]:
    """What axe-core finds by all rules, or by these; each with the place."""
    if not tab.value("'axe' in window"):
        source = Path(os.environ["CPX_TEST_AXE"]).read_text(encoding="utf-8")
        tab.value(f"{source}; undefined")
    wanted: dict[str, Any] = {"resultTypes": ["violations"]}
    if rules:
        wanted["runOnly"] = rules
    found = tab.value(f"axe.run({json.dumps(wanted)}).then((told) => told.violations)")
    return [f"{each['id']}: {node['html'][:200]}" for each in found for node in each["nodes"]]


@pytest.mark.parametrize("scene", SCENES)
def test_a_page_asks_for_nothing_and_nothing_complains(
    tab: Page, pages: dict[str, Path], scene: str
) -> None:
    tab.open(pages[scene])
    unfold(tab)
    asked = [told["request"]["url"] for told in tab.told("Network.requestWillBeSent")]
    assert asked == [pages[scene].as_uri()]
    assert complaints(tab) == []
    assert "taken" not in tab.value("document.title")[:5]


def test_the_policy_would_refuse_another_script_and_style(
    tab: Page, tmp_path: Path, pages: dict[str, Path]
) -> None:
    """Were there a hole in the escaping, this is what remains."""
    attack = '<script>document.title = "taken"</script><p style="color: red" onclick="x()">'
    text = pages["good"].read_text(encoding="utf-8").replace("</main>", f"{attack}</main>")
    path = tmp_path / "attacked.html"
    path.write_text(text, encoding="utf-8")
    tab.open(path)
    assert tab.value("document.title") != "taken"
    assert len(complaints(tab)) >= 2


@pytest.mark.parametrize("scene", SCENES)
def test_no_page_is_wider_than_the_window(tab: Page, pages: dict[str, Path], scene: str) -> None:
    tab.open(pages[scene])
    unfold(tab)
    root = "document.documentElement"
    for width in WIDTHS:
        tab.width(width)
        tab.value(DRAWN)
        wide = tab.value(f"[{root}.scrollWidth, {root}.clientWidth]")
        assert wide[0] <= wide[1], width


@pytest.mark.parametrize("scene", SCENES)
def test_axe_finds_no_violation(tab: Page, pages: dict[str, Path], scene: str) -> None:
    """Folded, unfolded, in the dark (where nothing but colours is another), and on a phone."""
    tab.open(pages[scene])
    assert axe(tab) == []
    unfold(tab)
    assert axe(tab) == []
    tab.media(scheme="dark")
    assert axe(tab, "color-contrast") == []
    tab.media()
    tab.width(360)
    tab.value(DRAWN)
    assert axe(tab) == []


def test_axe_can_find_one(tab: Page, tmp_path: Path) -> None:
    path = tmp_path / "bad.html"
    path.write_text("<!doctype html><title>x</title><p style='color:#ccc'>text</p>")
    tab.open(path)
    assert {told.split(":")[0] for told in axe(tab)} >= {"html-has-lang", "color-contrast"}
    assert {told.split(":")[0] for told in axe(tab, "color-contrast")} == {"color-contrast"}


@pytest.mark.parametrize("kind", ["failed", "warning", "skipped", "passed"])
def test_a_filter_shows_the_lines_of_its_outcome_and_no_others(
    tab: Page, pages: dict[str, Path], kind: str
) -> None:
    tab.open(pages["wrong"])
    unfold(tab)
    total = tab.value(f"{LINES}.length")
    button = f"document.querySelector('.filter [data-kind={kind}]')"
    tab.value(f"{button}.click()")
    unfold(tab)
    count = tab.value(f"{LINES}.length")
    assert 0 < count < total
    assert tab.value(KINDS) == [kind]
    assert tab.value(f"Number({button}.querySelector('b').textContent)") == count
    told = tab.value("document.querySelector('[role=status]').textContent")
    assert told == f"{count} of {total} lines are shown."
    pressed = "Array.from(document.querySelectorAll('[aria-pressed=true]'), (b) => b.dataset.kind)"
    assert tab.value(pressed) == [kind]
    tab.value("document.querySelector('.filter [data-kind=\"\"]').click()")
    assert tab.value(f"{LINES}.length") == total


def test_a_filter_shows_the_results_of_its_verdict(tab: Page, pages: dict[str, Path]) -> None:
    tab.open(pages["fleet"])
    rows = LINES.replace(".line", "#stations .line")
    total = tab.value(f"{rows}.length")
    tab.value("document.querySelector('.filter [data-kind=passed]').click()")
    assert 0 < tab.value(f"{rows}.length") < total
    assert tab.value(KINDS.replace(LINES, rows)) == ["passed"]
    told = tab.value("document.querySelector('[role=status]').textContent")
    assert told.endswith(f" of {total} results are shown.")


def test_the_heads_of_a_long_table_stay_in_sight(tab: Page, pages: dict[str, Path]) -> None:
    tab.open(pages["wide fleet"])
    top = "document.querySelector('.fleet thead th').getBoundingClientRect().top"
    before = tab.value(top)
    tab.value("document.querySelector('.tall').scrollTop = 9999")
    assert tab.value("document.querySelector('.tall').scrollTop") > 100
    assert abs(tab.value(top) - before) < 40, "only the caption goes"


def test_what_is_chosen_can_be_told_where_the_system_has_its_own_colours(
    tab: Page, pages: dict[str, Path]
) -> None:
    tab.call("Emulation.setEmulatedMedia", features=[{"name": "forced-colors", "value": "active"}])
    tab.open(pages["wrong"])
    grounds = "Array.from(document.querySelectorAll('.filter button'), (each) => "
    chosen, *others = tab.value(f"{grounds}getComputedStyle(each).backgroundColor)")
    assert chosen not in others


def test_a_filter_opens_what_it_shows(tab: Page, pages: dict[str, Path]) -> None:
    tab.open(pages["wrong"])
    shown = tab.value(f"{LINES}.filter((each) => each.dataset.kinds === 'failed').length")
    tab.value("document.querySelector('.filter [data-kind=failed]').click()")
    tab.until(f"{LINES}.length > {shown}")
    assert tab.value(KINDS) == ["failed"]


def test_the_keyboard_reaches_the_filter(tab: Page, pages: dict[str, Path]) -> None:
    tab.open(pages["wrong"])
    tab.key("Tab")
    assert tab.value("document.activeElement.className") == "skip"
    tab.value("document.querySelector('.filter [data-kind=\"\"]').focus()")
    tab.key("Tab")
    assert tab.value("document.activeElement.dataset.kind") == "failed"
    tab.key("Enter", "\r")
    assert tab.value(KINDS) == ["failed"]


def test_a_link_opens_what_it_leads_to(tab: Page, pages: dict[str, Path]) -> None:
    tab.open(pages["wrong"])
    first = "document.querySelector('#card-1-checks .line')"
    assert tab.value(f"({IS_SHOWN})({first})") is False
    tab.value("document.querySelector('a[href=\"#card-1-checks\"]').click()")
    tab.until(f"({IS_SHOWN})({first})")


EXPLAINED = "document.querySelector('.problem .explained')"


def test_an_explanation_opens_by_keyboard(tab: Page, pages: dict[str, Path]) -> None:
    tab.open(pages["wrong"])
    assert tab.value(f"{EXPLAINED}.open") is False
    tab.value(f"{EXPLAINED}.querySelector('summary').focus()")
    tab.key("Enter", "\r")
    tab.until(f"({IS_SHOWN})({EXPLAINED}.querySelector('dl'))")


def test_a_cause_leads_to_its_explanation(tab: Page, pages: dict[str, Path]) -> None:
    tab.open(pages["handshakes"])
    link = "document.querySelector('.code a[href^=\"#explain-\"]')"
    place = tab.value(f"{link}.hash.slice(1)")
    assert tab.value(f"document.getElementById('{place}').open") is False
    tab.value(f"{link}.click()")
    tab.until(f"document.getElementById('{place}').open")


FOLLOWS = "(last.compareDocumentPosition(now) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0"


@pytest.mark.parametrize("scene", SCENES)
def test_the_keyboard_goes_down_the_page_and_only_to_what_is_seen(
    tab: Page, pages: dict[str, Path], scene: str
) -> None:
    tab.open(pages[scene])
    tab.key("Tab")
    assert tab.value("document.activeElement.className") == "skip"
    for count in range(25):
        tab.value("window.last = document.activeElement; undefined")
        tab.key("Tab")
        if tab.value("document.activeElement.matches('body, .skip')"):
            assert count > 3, "after the last one it begins anew"
            break
        assert tab.value(f"((last, now) => {FOLLOWS})(window.last, document.activeElement)")
        assert tab.value(f"({IS_SHOWN})(document.activeElement)")


def test_without_a_script_everything_is_unfolded_and_no_filter_is_shown(
    tab: Page, pages: dict[str, Path]
) -> None:
    tab.scripts(allowed=False)
    tab.open(pages["wrong"])
    assert tab.value("document.querySelectorAll('details:not([open])').length") == 0
    assert tab.value(f"({IS_SHOWN})(document.querySelector('.filter'))") is False


def test_the_print_has_everything_that_the_page_says(
    tab: Page, tmp_path: Path, pages: dict[str, Path], wrong: Checklist
) -> None:
    tab.open(pages["wrong"])
    tab.value("document.querySelector('.filter [data-kind=failed]').click()")
    tab.media(scheme="dark")
    path = tmp_path / "page.pdf"
    path.write_bytes(tab.pdf())
    done = subprocess.run(["pdftotext", "-raw", path, "-"], capture_output=True, check=True)
    printed = "".join(done.stdout.decode().split())
    wanted = {"".join(each.split()) for each in sentences(as_json(wrong, say, FETCHED))}
    assert len(wanted) > 100
    assert [each for each in sorted(wanted) if each not in printed] == []


def test_the_sum_of_the_times_stands_once_in_the_print(tab: Page, pages: dict[str, Path]) -> None:
    """The foot of a table would be printed on each page that the table reaches."""
    tab.media("print")
    tab.open(pages["handshakes"])
    feet = "Array.from(document.querySelectorAll('tfoot'), (f) => getComputedStyle(f).display)"
    assert set(tab.value(feet)) == {"table-row-group"}


def test_the_print_has_no_dark_ground(tab: Page, pages: dict[str, Path]) -> None:
    tab.media("print", "dark")
    tab.open(pages["wrong"])
    ground = tab.value("getComputedStyle(document.body).backgroundColor")
    ink = tab.value("getComputedStyle(document.body).color")
    assert (ground, ink) == ("rgb(255, 255, 255)", "rgb(17, 24, 32)")


def test_the_screen_can_be_dark(tab: Page, pages: dict[str, Path]) -> None:
    grounds = set()
    for scheme in ("light", "dark"):
        tab.media(scheme=scheme)
        tab.open(pages["wrong"])
        grounds.add(tab.value("getComputedStyle(document.body).backgroundColor"))
    assert len(grounds) == 2


def test_what_the_browser_shows_is_what_was_written(tab: Page, pages: dict[str, Path]) -> None:
    tab.open(pages["hostile"])
    text = " ".join(tab.value("document.body.textContent").split())
    read = Reading(pages["hostile"].read_text(encoding="utf-8"))
    assert read.faults == []
    assert tab.value("document.querySelectorAll('script').length") == 1
    assert "<script>x</script>" in text
