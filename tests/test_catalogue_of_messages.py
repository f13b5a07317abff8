"""The catalogues are complete, keep every placeholder, and are found where they are installed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

import messages
from cpx_tool import i18n

HEADER = 'msgid ""\nmsgstr ""\n"Plural-Forms: nplurals=2; plural=(n > 1);\\n"\n\n'


def catalogue(text: str) -> Catalog:
    return read_po((HEADER + text).splitlines(keepends=True), locale="fr", abort_invalid=True)


def template(folder: Path, source: str) -> Catalog:
    path = folder / "source.py"
    path.write_text(source, encoding="utf-8")
    return messages.template([path])


def faults(folder: Path, source: str, po: str) -> list[str]:
    return list(messages.catalogue_faults(template(folder, source), catalogue(po)))


# --- this project ---------------------------------------------------------------------------


def test_every_message_is_there_in_every_language() -> None:
    assert messages.project_faults() == []


def test_no_line_breaks_before_the_high_punctuation_of_french() -> None:
    """A plain space before it may end a line; the guillemets hold their words in the same way."""
    french = messages.read(messages.LOCALES / "fr" / "LC_MESSAGES" / f"{messages.DOMAIN}.po")
    texts = [text for entry in french if entry.id for text in _forms(entry.string)]
    assert len(texts) > 1000
    assert [text for text in texts if re.search(r" [:;»](\s|$)|« ", text)] == []


def _forms(string: str | Sequence[str]) -> Sequence[str]:
    return (string,) if isinstance(string, str) else string


def test_there_is_a_catalogue_for_each_language_but_english() -> None:
    found = [messages.language_of(po) for po in messages.po_files()]
    assert ["en", *found] == sorted(i18n.LANGUAGES)


def test_the_committed_catalogues_are_as_the_script_writes_them() -> None:
    for po in messages.po_files():
        written = messages.text_of(messages.read(po), messages.language_of(po))
        assert po.read_text(encoding="utf-8") == written, "run `make messages`"


def test_our_sentences_and_clicks_are_extracted() -> None:
    found = messages.project_template()
    assert "Interrupted." in found
    usage = found.get("Usage:")
    assert usage is not None
    assert usage.auto_comments == [messages.FROM_CLICK]


def test_a_wheel_speaks_french(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=messages.ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    templates = tmp_path / "installed" / "cpx_tool" / "report" / "html" / "templates"
    assert (templates / "page.css").is_file()
    code = (
        "import cpx_tool, gettext\n"
        "from cpx_tool import i18n\n"
        "i18n.use('fr')\n"
        "print(cpx_tool.__file__, i18n.say(i18n.Message('Interrupted.')), sep='\\n')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "installed"), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    where, sentence = done.stdout.splitlines()
    assert Path(where).is_relative_to(tmp_path)
    assert sentence == "Interrompu."


# --- the check can fail -----------------------------------------------------------------------

ONE = 'msg("Card {number} is missing", number=1)\n'
MANY = 'nmsg("{count} card", "{count} cards", 2)\n'
ALONE = 'nmsg("One card", "{count} cards", 2)\n'


def entry(msgid: str, msgstr: str) -> str:
    return f'msgid "{msgid}"\nmsgstr "{msgstr}"\n'


def plural(singular: str, many: str, *forms: str) -> str:
    lines = [f'msgstr[{index}] "{form}"\n' for index, form in enumerate(forms)]
    return f'msgid "{singular}"\nmsgid_plural "{many}"\n' + "".join(lines)


CARD = "Card {number} is missing"
CARTE = "La carte {number} manque"


@pytest.mark.parametrize(
    ("source", "po", "expected"),
    [
        (ONE, "", "missing"),
        (ONE, entry(CARD, ""), "empty"),
        (ONE, entry(CARD, " "), "empty"),
        (ONE, "#, fuzzy\n" + entry(CARD, CARTE), "fuzzy"),
        (ONE, entry(CARD, "La carte manque"), "placeholders differ"),
        (ONE, entry(CARD, "La carte {numero} manque"), "placeholders differ"),
        (ONE, entry(CARD, "La carte {number!r} manque"), "placeholders differ"),
        (ONE, entry(CARD, CARTE + "\\n"), "white space at the start or end differs"),
        ('_("%(prog)s, v")\n', entry("%(prog)s, v", "%(progr)s, v"), "placeholders differ"),
        (MANY, plural("{count} card", "{count} cards", "{count} carte"), "empty"),
        (MANY, plural("{count} card", "{count} cards", "{count} carte", ""), "empty"),
        (
            MANY,
            plural("{count} card", "{count} cards", "{count} carte", "des cartes"),
            "placeholders differ",
        ),
    ],
)
def test_a_fault_is_found(tmp_path: Path, source: str, po: str, expected: str) -> None:
    found = faults(tmp_path, source, po)
    assert [fault.split(": ")[0] for fault in found] == [expected]


@pytest.mark.parametrize(
    "gone",
    [entry("Old", "Ancien"), "".join(f"#~ {line}\n" for line in ['msgid "O"', 'msgstr "A"'])],
)
def test_what_no_source_says_any_more_is_obsolete(tmp_path: Path, gone: str) -> None:
    found = faults(tmp_path, ONE, entry(CARD, CARTE) + "\n" + gone)
    assert [fault.split(": ")[0] for fault in found] == ["obsolete"]


def test_a_plural_that_became_another_is_missing_and_obsolete(tmp_path: Path) -> None:
    found = faults(tmp_path, MANY, entry("{count} card", "{count} carte"))
    assert [fault.split(": ")[0] for fault in found] == ["missing", "obsolete"]


@pytest.mark.parametrize(
    ("source", "po"),
    [
        (ONE, entry(CARD, CARTE)),
        (MANY, plural("{count} card", "{count} cards", "{count} carte", "{count} cartes")),
        (ALONE, plural("One card", "{count} cards", "{count} carte", "{count} cartes")),
        (ALONE, plural("One card", "{count} cards", "Une carte au plus", "{count} cartes")),
        ('_("a {b} %d")\n', entry("a {b} %d", "%d de {b}")),
    ],
)
def test_a_good_catalogue_has_no_fault(tmp_path: Path, source: str, po: str) -> None:
    assert faults(tmp_path, source, po) == []


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("msg(text)", "the text must be a literal"),
        ("msg(f'{x}')", "the text must be a literal"),
        ("nmsg('a', b, 2)", "the text must be a literal"),
        ("_('a' + b)", "the text must be a literal"),
        ("msg('{a} {b.c}', a=1)", "no value for {b}"),
        ("nmsg('{count} of {n}', '{count}', 2)", "no value for {n}"),
        ("msg('{a')", "not a format"),
    ],
)
def test_a_call_that_cannot_be_translated_is_found(
    tmp_path: Path, call: str, expected: str
) -> None:
    path = tmp_path / "source.py"
    path.write_text(f"1\n{call}\n", encoding="utf-8")
    (fault,) = messages.call_faults(path)
    assert fault.startswith("source.py:2: ")
    assert expected in fault


@pytest.mark.parametrize(
    "call", ["msg('a {b}', b=1)", "msg('{a}', **values)", "_('{a}')", "nmsg('1', '{count}', 2)"]
)
def test_a_good_call_has_no_fault(tmp_path: Path, call: str) -> None:
    path = tmp_path / "source.py"
    path.write_text(call, encoding="utf-8")
    assert list(messages.call_faults(path)) == []


def test_updating_keeps_translations_and_is_stable(tmp_path: Path) -> None:
    old = catalogue(entry(CARD, CARTE))
    old.update(template(tmp_path, ONE + MANY))
    text = messages.text_of(old, "fr")
    assert CARTE in text
    assert "source.py" not in text
    assert "Date" not in text
    assert messages.text_of(read_po(text.splitlines(keepends=True), locale="fr"), "fr") == text
