"""docs/checks.md, docs/codes.md, docs/commands.md and their French twins, made from the tool.

What `explain` and `--help` say, for reading: the same texts, in both languages. `made_docs.py`
writes and checks these pages. Helps are translated when they are imported, so the page of commands
is printed by a process for each language:

python scripts/reference_docs.py commands fr
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import click

import messages
from cpx_tool import i18n
from cpx_tool.catalogue.guidance import GUIDANCE
from cpx_tool.judge.check import Check, Scope
from cpx_tool.judge.checks import CHECKS
from cpx_tool.model.guidance import Guidance, Kind
from cpx_tool.model.message import Message, msg
from cpx_tool.report.checks import SEVERITIES
from cpx_tool.report.explain import says_the_same

DOCS = messages.ROOT / "docs"
HEAD = "<!-- Made by make docs, from the texts of the tool: change those instead. -->\n\n"
WIDTH = 80
SHOWN = 3
"""Codes in a heading; all of them stand below it."""

CHECKS_HEAD = {
    "en": """\
# Checks

[En français](checks.fr.md)

Ids are stable. The verdict is FAILED when a blocker failed, INCOMPLETE when a blocker could not \
be answered, else PASSED. Warnings never change it: that the role of a CDE or CPE cannot be told \
for certain is one (no published rule tells them apart). `cpx-tool list-checks` prints the list, \
`cpx-tool explain ID` what stands below it.

| id | severity | what must hold |
|---|---|---|
""",
    "fr": """\
# Contrôles

[In English](checks.md)

Les identifiants sont stables. Le verdict est FAILED quand un contrôle bloquant a échoué, \
INCOMPLETE quand un contrôle bloquant est resté sans réponse, sinon PASSED. Les avertissements n'y \
changent rien : le rôle incertain d'une CDE ou d'une CPE en est un (aucune règle publiée ne les \
distingue). `cpx-tool list-checks` affiche la liste, `cpx-tool explain ID` ce qui la suit ici.

| identifiant | gravité | ce qui doit être vrai |
|---|---|---|
""",
}
CODES_HEAD = {
    "en": """\
# Codes

[En français](codes.fr.md)

What stands in `--json` and reports beside the [checks](checks.md). Codes are the same in every \
language. `cpx-tool list-codes` prints them, a line each; `cpx-tool explain CODE` says of one what \
stands here.
""",
    "fr": """\
# Codes

[In English](codes.md)

Ce qui figure dans `--json` et les rapports, outre les [contrôles](checks.fr.md). Les codes sont \
les mêmes dans toutes les langues. `cpx-tool list-codes` les affiche, un par ligne ; \
`cpx-tool explain CODE` dit de l'un d'eux ce qui figure ici.
""",
}
COMMANDS_HEAD = {
    "en": """\
# Commands

[En français](commands.fr.md)

What `--help` says of each command. What each is for, with examples: the other pages. Every \
command ends with one of the [exit codes](exit-codes.md).
""",
    "fr": """\
# Commandes

[In English](commands.md)

Ce que `--help` dit de chaque commande. À quoi chacune sert, avec des exemples : les autres pages. \
Toute commande se termine par l'un des [codes de retour]({exit_codes}).
""",
}
FAMILIES = {
    Kind.PIN_REFUSAL: {"en": "PIN not tried", "fr": "Code PIN non présenté"},
    Kind.MODULE_FAULT: {"en": "Calls into the module", "fr": "Appels au module"},
    Kind.TLS_CAUSE: {"en": "Steps of TLS", "fr": "Étapes TLS"},
    Kind.MERGING: {"en": "Files to be merged", "fr": "Fichiers à fusionner"},
    Kind.EXIT_CODE: {"en": "Exit codes", "fr": "Codes de retour"},
}
PARTS = {
    Scope.RUN: {"en": "Readers, module and set", "fr": "Lecteurs, module et jeu"},
    Scope.CARD: {"en": "Cards", "fr": "Cartes"},
    Scope.TLS: {"en": "Mutual TLS", "fr": "TLS mutuel"},
    Scope.SIGNING: {"en": "Signatures", "fr": "Signatures"},
    Scope.FILE: {"en": "Software certificates", "fr": "Certificats logiciels"},
    Scope.FILES: {"en": "Software certificates together", "fr": "Certificats logiciels ensemble"},
    Scope.FLEET: {"en": "Merged results", "fr": "Résultats fusionnés"},
    Scope.STATION: {"en": "The workstation", "fr": "Le poste de travail"},
}
_SPECIAL = re.compile(r"([\\*_<>|\[\]])")
_ADDRESS = re.compile(r"https?://\S+")
_FILE = re.compile(r"docs/(\S+\.md)|udev/README\.md")


def pages() -> Mapping[Path, str]:
    """Each page and what it must hold."""
    messages.compile_()
    found = {}
    for language in i18n.LANGUAGES:
        i18n.use(language)
        for name, text in (
            ("checks", _checks(language)),
            ("codes", _codes(language)),
            ("commands", _by_a_process(language)),
        ):
            found[DOCS / file_of(name, language)] = HEAD + text
    return found


def file_of(name: str, language: str) -> str:
    """The name of a page in a language."""
    return f"{name}.md" if language == "en" else f"{name}.{language}.md"


# --- checks and codes -------------------------------------------------------------------------


def _checks(language: str) -> str:
    texts = {name: text for text in GUIDANCE if text.kind is Kind.CHECK for name in text.meanings}
    lines = [CHECKS_HEAD[language]]
    for check in CHECKS:
        severity, title = i18n.say(SEVERITIES[check.severity]), _plain(i18n.say(check.title))
        lines.append(f"| [`{check.id}`](#{check.id.lower()}) | {severity} | {title} |\n")
    for scope, words in PARTS.items():
        lines.append(f"\n## {words[language]}\n")
        for check in CHECKS:
            if check.scope is scope:
                lines += _check(check, texts[check.id], language)
    return "".join(lines)


def _codes(language: str) -> str:
    lines = [CODES_HEAD[language]]
    for kind, words in FAMILIES.items():
        lines.append(f"\n## {words[language]}\n")
        for text in GUIDANCE:
            if text.kind is kind:
                lines += _family(text, language)
    return "".join(lines)


def _check(check: Check, text: Guidance, language: str) -> Iterator[str]:
    """As `explain` has it, in Markdown."""
    say = i18n.say
    yield f"\n### {check.id}\n\n"
    yield f"{_plain(say(msg('Expected: {title}', title=check.title)))}  \n"
    if not says_the_same(check.title, text.meanings[check.id]):
        yield f"{_plain(say(msg('Proves: {what}', what=text.meanings[check.id])))}  \n"
    yield from _rest(text, check.hint, language)


def _family(text: Guidance, language: str) -> Iterator[str]:
    """Codes that are alike, under the first of them."""
    shown = ", ".join(list(text.meanings)[:SHOWN]) + ("…" if len(text.meanings) > SHOWN else "")
    yield f"\n### {_plain(shown)}\n\n"
    for name, meaning in text.meanings.items():
        yield f"- `{name}`: {_plain(i18n.say(meaning))}\n"
    yield "\n"
    yield from _rest(text, None, language)


def _rest(text: Guidance, hint: Message | None, language: str) -> Iterator[str]:
    """Why, causes, remedy and sources."""
    say, remedy = i18n.say, text.remedy or hint
    yield f"{_plain(say(msg('Why it matters: {why}', why=text.why)))}\n\n"
    yield f"{say(msg('Causes:'))}\n\n"
    yield from (f"- {_plain(say(cause))}\n" for cause in text.causes)
    if remedy is not None:
        yield f"\n→ {_plain(say(remedy))}\n"
    sources = "; ".join(_source(source, language) for source in text.sources)
    yield f"\n{say(msg('Sources:'))} {sources}\n"


def _plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    return _SPECIAL.sub(r"\\\1", text)


def _source(source: str, language: str) -> str:
    """A source, as a link where it is one."""
    if _ADDRESS.fullmatch(source):
        return f"<{source}>"
    if _FILE.fullmatch(source):
        return _page_link(source, language)
    return _plain(source)


def _page_link(source: str, language: str) -> str:
    place = source.removeprefix("docs/") if source.startswith("docs/") else f"../{source}"
    own = file_of(place.removesuffix(".md"), language)
    return f"[{source}]({own if (DOCS / own).is_file() else place})"


# --- commands ---------------------------------------------------------------------------------


def _by_a_process(language: str) -> str:
    done = subprocess.run(
        [sys.executable, __file__, "commands", language],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    return done.stdout


def _commands(language: str) -> str:
    from cpx_tool.cli import options  # noqa: PLC0415 - helps are translated when imported
    from cpx_tool.cli.main import cli  # noqa: PLC0415

    exit_codes = file_of("exit-codes", language)
    there = exit_codes if (DOCS / exit_codes).is_file() else "exit-codes.md"
    lines = [COMMANDS_HEAD[language].replace("{exit_codes}", there)]
    root = options.Context(cli, info_name="cpx-tool", **cli.context_settings)
    for path, shown in _helps(root, options.Context, options.EXIT_CODES):
        level = "##" if path.count(" ") == 1 else "###"
        lines.append(f"\n{level} {path}\n\n```text\n{shown.rstrip()}\n```\n")
    return "".join(lines)


def _helps(
    parent: click.Context, context: Callable[..., click.Context], epilog: str
) -> Iterator[tuple[str, str]]:
    """The path of each command below a group, and its help without the exit codes of all."""
    group = parent.command
    assert isinstance(group, click.Group)  # noqa: S101 - for mypy
    for name in group.list_commands(parent):
        command = group.get_command(parent, name)
        assert command is not None  # noqa: S101 - it is in the list
        if command.epilog == epilog:
            command.epilog = None
        own = context(command, info_name=name, parent=parent, terminal_width=WIDTH)
        yield own.command_path, command.get_help(own)
        if isinstance(command, click.Group):
            yield from _helps(own, context, epilog)


def main(arguments: Iterable[str]) -> int:
    """Print the page of commands in a language."""
    _what, language = arguments
    i18n.use(language)
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.stdout.write(_commands(language))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
