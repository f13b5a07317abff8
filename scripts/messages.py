"""The catalogues of messages.

    python scripts/messages.py extract    print the template: all messages, untranslated
    python scripts/messages.py update     bring the .po files up to date with the sources
    python scripts/messages.py compile    make the .mo files that the program reads
    python scripts/messages.py check      say what is missing or wrong; exit 1 when anything is

One catalogue holds our sentences and click's: see docs/decisions, "One gettext domain".
"""

from __future__ import annotations

import argparse
import ast
import importlib.util
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "src" / "cpx_tool"
LOCALES = SOURCES / "locale"
DOMAIN = "cpx_tool"

# function → the places of its literal texts; `msg` and `nmsg` take values, gettext's do not
KEYWORDS: dict[str, tuple[int, ...]] = {
    "msg": (1,),
    "nmsg": (1, 2),
    "_": (1,),
    "gettext": (1,),
    "ngettext": (1, 2),
}
WITH_VALUES = {"msg", "nmsg"}
FROM_CLICK = "click"  # comment that tells a translator where the sentence comes from

NO_DATE = datetime(1970, 1, 1, tzinfo=UTC)  # babel's default is now: no two builds would be equal

HEADER = """\
# Messages of cpx-tool, {language}. `make messages` keeps the list up to date; edit the msgstr only.
msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plural_forms}\\n"

"""

PERCENT = re.compile(r"%\(\w+\)[a-z]|%[sdr]\b")
BRACES = re.compile(r"\{[^{}]*\}")


# --- extraction -----------------------------------------------------------------------------


def click_sources() -> list[Path]:
    """The files of the installed click, whose sentences are shown to our users, too."""
    spec = importlib.util.find_spec("click")
    if spec is None or spec.origin is None:
        raise SystemExit("click is not installed: run make setup")
    return sorted(Path(spec.origin).parent.glob("*.py"))


def template(ours: Iterable[Path], theirs: Iterable[Path] = ()) -> Catalog:
    """Every message of our and click's sources, untranslated."""
    catalog = Catalog(domain=DOMAIN)
    for comments, paths in (((FROM_CLICK,), theirs), ((), ours)):
        for path in paths:
            for _line, text, _comments, _context in extract_from_file("python", path, KEYWORDS):
                if text:
                    catalog.add(text, auto_comments=comments)
    return catalog


def project_template() -> Catalog:
    """The template of this project with the click that is installed."""
    return template(sorted(SOURCES.rglob("*.py")), click_sources())


# --- what is wrong with a call ----------------------------------------------------------------


def call_faults(path: Path) -> Iterator[str]:
    """What keeps a message of a source file from being translated or filled in."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            name = node.func.id
            if name in KEYWORDS:
                for fault in _call_faults(name, node):
                    yield f"{path.name}:{node.lineno}: {name}(): {fault}"


def _call_faults(name: str, call: ast.Call) -> Iterator[str]:
    texts = [
        argument.value
        for argument in call.args[: len(KEYWORDS[name])]
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]
    if len(texts) < len(KEYWORDS[name]):
        yield "the text must be a literal, or it cannot be extracted"
        return
    if name not in WITH_VALUES:
        return
    given = {keyword.arg for keyword in call.keywords}
    if None in given:  # **values: cannot be told from here
        return
    if name == "nmsg":
        given.add("count")
    for text in texts:
        try:
            wanted = {re.split(r"[.\[]", field)[0] for _, field, *_ in _fields(text)}
        except ValueError as error:
            yield f"not a format: {error}"
            return
        for field in sorted(wanted - given):
            yield f"no value for {{{field}}}"


def _fields(text: str) -> list[tuple[str, str, str, str | None]]:
    return [
        (literal, field, spec or "", conversion)
        for literal, field, spec, conversion in Formatter().parse(text)
        if field is not None
    ]


# --- what is wrong with a catalogue -----------------------------------------------------------


def placeholders(text: str) -> frozenset[str]:
    """The placeholders of a text: `{name}`, `{name!r}`, `{n:02d}`, `%(name)s`."""
    found = set(PERCENT.findall(text))
    try:
        for _, field, spec, conversion in _fields(text):
            suffix = (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "")
            found.add("{" + field + suffix + "}")
    except ValueError:  # braces that are just text
        found |= set(BRACES.findall(text))
    return frozenset(found)


def catalogue_faults(wanted: Catalog, catalogue: Catalog) -> Iterator[str]:
    """What is missing, left over, unfinished or mistranslated, one line each."""
    for message in _messages(wanted):
        known = catalogue.get(_key(message))
        if known is None or known.id != message.id:
            yield f"missing: {_show(message)}"
    for obsolete in catalogue.obsolete.values():
        yield f"obsolete: {_show(obsolete)}"
    for entry in _messages(catalogue):
        source = wanted.get(_key(entry))
        if source is None or entry.id != source.id:
            yield f"obsolete: {_show(entry)}"
        elif entry.fuzzy:
            yield f"fuzzy: {_show(entry)}"
        else:
            for fault in _translation_faults(entry, catalogue.num_plurals):
                yield f"{fault}: {_show(entry)}"


def _translation_faults(entry: Message, plurals: int) -> Iterator[str]:
    strings = _strings(entry)
    if isinstance(entry.id, str):
        yield from _text_faults(strings[0], [entry.id])
        return
    if len(strings) != plurals:
        yield f"{len(strings)} plural forms in place of {plurals}"
        return
    singular, plural = entry.id
    # the first form may also stand for 0, so it may show a count that "One card" does not
    yield from _text_faults(strings[0], [singular, plural])
    for string in strings[1:]:
        yield from _text_faults(string, [plural])


def _strings(entry: Message) -> tuple[str, ...]:
    string = entry.string or ""
    return (string,) if isinstance(string, str) else tuple(string)


def _text_faults(string: str, allowed: list[str]) -> Iterator[str]:
    if not string.strip():
        yield "empty"
        return
    if placeholders(string) not in {placeholders(text) for text in allowed}:
        yield "placeholders differ"
    if _edges(string) not in {_edges(text) for text in allowed}:
        yield "white space at the start or end differs"


def _edges(text: str) -> tuple[str, str]:
    return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]


def _messages(catalogue: Catalog) -> Iterator[Message]:
    return (message for message in catalogue if message.id)


def _key(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _show(message: Message) -> str:
    return ascii(_key(message)) if not _key(message).isprintable() else f'"{_key(message)}"'


# --- files ------------------------------------------------------------------------------------


def po_files() -> list[Path]:
    """The committed catalogues."""
    return sorted(LOCALES.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))


def language_of(po: Path) -> str:
    """`fr` for `fr/LC_MESSAGES/cpx_tool.po`."""
    return po.parents[1].name


def read(po: Path) -> Catalog:
    """A catalogue. Raises `PoFileError` when the file is not one."""
    with po.open("rb") as file:
        return read_po(file, locale=language_of(po), domain=DOMAIN, abort_invalid=True)


def text_of(catalogue: Catalog, language: str) -> str:
    """The .po text: sorted, without dates and places, so that only translations make a diff."""
    body = BytesIO()
    write_po(body, catalogue, width=96, no_location=True, omit_header=True, sort_output=True)
    header = HEADER.format(language=language, plural_forms=catalogue.plural_forms)
    return header + body.getvalue().decode("utf-8").strip("\n") + "\n"


# --- commands ---------------------------------------------------------------------------------


def extract() -> int:
    """Print the template."""
    body = BytesIO()
    write_po(body, project_template(), width=96, no_location=True, omit_header=True)
    sys.stdout.write(body.getvalue().decode("utf-8"))
    return 0


def update() -> int:
    """Add what is new (as fuzzy where an old sentence is near), drop what is gone."""
    wanted = project_template()
    for po in po_files():
        catalogue = read(po)
        catalogue.update(wanted)
        catalogue.obsolete.clear()
        po.write_text(text_of(catalogue, language_of(po)), encoding="utf-8")
    return 0


def compile_() -> int:
    """Make the .mo files. What is not translated stays out: it is shown in English."""
    for po in po_files():
        catalogue = read(po)
        catalogue.creation_date = NO_DATE
        binary = BytesIO()
        write_mo(binary, catalogue)
        mo = po.with_suffix(".mo")
        if not mo.exists() or mo.read_bytes() != binary.getvalue():
            mo.write_bytes(binary.getvalue())
    return 0


def project_faults() -> list[str]:
    """Everything that is wrong with the messages of this project."""
    faults = [fault for path in sorted(SOURCES.rglob("*.py")) for fault in call_faults(path)]
    wanted = project_template()
    for po in po_files():
        name = f"{language_of(po)}/{po.name}"
        try:
            catalogue = read(po)
        except PoFileError as error:
            faults.append(f"{name}: {error}")
            continue
        faults += [f"{name}: {fault}" for fault in catalogue_faults(wanted, catalogue)]
    return faults


def check() -> int:
    """Print the faults; 1 when there is any."""
    faults = project_faults()
    for fault in faults:
        print(fault)
    if faults:
        print(f"{len(faults)} faults. `make messages` adds and removes; the rest is for an editor.")
    return 1 if faults else 0


COMMANDS: dict[str, Callable[[], int]] = {
    "extract": extract,
    "update": update,
    "compile": compile_,
    "check": check,
}


def main() -> int:
    """Run the command named on the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=COMMANDS)
    return COMMANDS[parser.parse_args().command]()


if __name__ == "__main__":
    sys.exit(main())
