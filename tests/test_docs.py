"""The pages that are made from data are those that the data makes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import made_docs
import man_pages
import order_docs
import reference_docs
from cpx_tool import i18n, wiring
from cpx_tool.catalogue.guidance import GUIDANCE
from cpx_tool.cli.virtual import virtual_cards
from cpx_tool.judge.check import Scope
from cpx_tool.judge.checks import CHECKS
from cpx_tool.judge.tls import judge_handshake
from cpx_tool.judge.tls_causes import Cause
from cpx_tool.model.finding import Outcome, Severity
from cpx_tool.model.guidance import Kind
from support.handshakes import case


@pytest.fixture(autouse=True)
def _restored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LANGUAGE", "en")
    yield
    i18n.use("en")


def test_the_pages_made_from_the_tool_are_up_to_date() -> None:
    assert made_docs.stale() == [], "run `make docs`"


def test_there_is_a_page_for_each_language() -> None:
    assert set(order_docs.LINKS) == set(i18n.LANGUAGES)
    assert [path.name for path in order_docs.pages()] == ["order.md", "order.fr.md"]
    english, french = order_docs.pages().values()
    assert "## The order\n" in english
    assert "## La commande\n" in french
    assert "order.fr.md" in english
    assert "order.md" in french


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_every_check_and_code_has_its_text_on_the_pages(language: str) -> None:
    """What `explain` says, in both languages; headings are ids, to link to."""
    pages = {
        name: (reference_docs.DOCS / reference_docs.file_of(name, language)).read_text("utf-8")
        for name in ("checks", "codes")
    }
    assert re.findall(r"^### (\S+)$", pages["checks"], re.MULTILINE) == [
        check.id for scope in reference_docs.PARTS for check in CHECKS if check.scope is scope
    ]
    codes = [name for text in GUIDANCE if text.kind is not Kind.CHECK for name in text.meanings]
    assert sorted(re.findall(r"^- `(\S+)`: ", pages["codes"], re.MULTILINE)) == sorted(codes)


def test_the_readme_links_to_them() -> None:
    readme = (order_docs.messages.ROOT / "README.md").read_text(encoding="utf-8")
    for path in order_docs.pages():
        assert f"(docs/{path.name})" in readme


def test_a_page_that_is_not_up_to_date_is_found_and_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(order_docs, "DOCS", tmp_path)
    monkeypatch.setattr(order_docs.messages, "ROOT", tmp_path)
    for others in (reference_docs, man_pages):  # the same, and slower
        monkeypatch.setattr(others, "pages", dict)
    assert made_docs.stale() == ["order.md", "order.fr.md"]
    monkeypatch.setattr("sys.argv", ["made_docs.py"])
    assert made_docs.main() == 0
    assert made_docs.stale() == []
    page = tmp_path / "order.fr.md"
    page.write_text(page.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["made_docs.py", "check"])
    assert made_docs.main() == 1
    assert "order.fr.md is not up to date" in capsys.readouterr().out


def test_the_page_of_virtual_cards_shows_every_fault_and_command() -> None:
    page = (order_docs.messages.ROOT / "docs" / "virtual-cards.md").read_text(encoding="utf-8")
    assert tuple(re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE)) == wiring.FAULTS
    assert set(re.findall(r"cpx-tool virtual-cards ([a-z]+)", page)) == set(virtual_cards.commands)


# --- docs/tls.md ----------------------------------------------------------------------------

TLS_PAGE = (order_docs.messages.ROOT / "docs" / "tls.md").read_text(encoding="utf-8")
"""Written by hand; it has to have all causes, each below its check."""


def _causes_listed() -> list[tuple[str, str, str]]:
    """Mark, code, and the check it stands below."""
    found, check = [], ""
    for line in TLS_PAGE.split("\n## The causes\n", 1)[1].splitlines():
        if line.startswith("### "):
            check = line.removeprefix("### ")
        elif line.startswith("|") and "`" in line.split("|")[2]:
            mark, code, says, *_ = (cell.strip() for cell in line.strip("|").split("|"))
            assert says
            found.append((mark, code.strip("`"), check))
    return found


def test_the_page_about_tls_has_every_cause_below_its_check() -> None:
    titles = {check.id: check.title.text for check in CHECKS if check.scope is Scope.TLS}
    expected = []
    for cause in Cause:
        one = judge_handshake(case(cause).handshake, case(cause).pin)
        (told,) = [found for found in one.findings if found.code == cause.value]
        heading = f"{told.check}: {titles[told.check]}"
        warns = told.severity is Severity.WARNING and told.outcome is not Outcome.PASSED
        expected.append(("!" if warns else _MARKS[told.outcome], cause.value, heading))
    headings = [f"{check}: {title}" for check, title in titles.items()]
    assert _causes_listed() == sorted(expected, key=lambda row: headings.index(row[2]))


_MARKS = {Outcome.PASSED: "✓", Outcome.FAILED: "✗", Outcome.SKIPPED: "?", Outcome.ERROR: "?"}


# --- docs/troubleshooting.md ------------------------------------------------------------------


def test_the_sentences_to_look_for_are_those_of_the_tool_in_both_languages() -> None:
    """As they are printed; "…" stands for what differs."""
    page = (order_docs.DOCS / "troubleshooting.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| (.+?)<br>\*(.+?)\* \|", page, re.MULTILINE)
    assert len(listed) > 30
    assert [pair for pair in listed if pair not in set(_sentences())] == []


def _sentences() -> Iterator[tuple[str, str]]:
    """Each message with its French, as the page writes them."""
    path = order_docs.messages.LOCALES / "fr" / "LC_MESSAGES" / "cpx_tool.po"
    with path.open("rb") as file:
        catalogue = read_po(file)
    for message in catalogue:
        yield from zip(_forms(message.id), _forms(message.string), strict=False)


def _forms(text: str | tuple[str, ...]) -> tuple[str, ...]:
    forms = (text,) if isinstance(text, str) else text
    return tuple(re.sub(r"\{[^}]*\}", "…", form).rstrip(".") for form in forms)
