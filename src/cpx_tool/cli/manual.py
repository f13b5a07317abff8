"""The manual page, made of the commands themselves: what `--help` says, in roff (man(7))."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from gettext import gettext as _

import click

from cpx_tool import RELEASED, __version__
from cpx_tool.catalogue import guidance
from cpx_tool.cli.examples import EXAMPLES
from cpx_tool.i18n import say
from cpx_tool.model.guidance import Kind

_LONGEST_LINE = 78
"""In characters, those beyond ASCII as groff writes them: mandoc finds fault with more than 80."""

_EVERYWHERE = ("--help", "--lang")
"""Options that every command takes: they are told once."""

VARIABLES = {
    "CPX_PKCS11_MODULE": _("The PKCS#11 module; --module goes before it."),
    "CPX_CONFIG": _("The configuration file, instead of the one below."),
    "CPX_PIN": _("The PIN of the test cards, when it is not 1234."),
    "CPX_P12_PASSWORD": _("The password of software certificates, and of a new key."),
    "CPX_LANG": _("en or fr; --lang goes before it, the locale comes after it."),
    "CPX_STATE_DIR": _("Where PIN tries, interrupted runs and ticks are kept."),
    "CPX_TRUST_DIR": _("Your store of CA certificates and CRLs."),
    "CPX_SOFTHSM": _("The SoftHSM library, when it is in no known place."),
    "HTTPS_PROXY, NO_PROXY": _("The proxy that tls-test goes through, and where it does not."),
    "NO_COLOR": _("No colours, whatever the next ones say."),
    "CLICOLOR_FORCE, FORCE_COLOR": _("Colours without a terminal, too; not when it is 0."),
    "COLUMNS": _("How wide the terminal is, in columns; it goes before what the terminal says."),
}
"""Each variable that is looked at, and what for."""

_FILES = {
    "~/.config/cpx-tool/config.toml": _("The configuration file: [middleware] and [endpoints]."),
    "~/.local/state/cpx-tool/": _("PIN tries that did not succeed, interrupted runs, ticks."),
    "~/.local/share/cpx-tool/trust/": _("Your store of CA certificates and CRLs."),
    "~/.cache/cpx-tool/": _("What can be made again."),
}

_SEE_ALSO = ("openssl(1)", "opensc-tool(1)", "p11tool(1)", "pkcs11-tool(1)", "pcscd(8)")


def manual(root: click.Group) -> str:
    """The whole page, in the language of now."""
    context = click.Context(root, info_name="cpx-tool", **root.context_settings)
    lines = [
        '.\\" -*- coding: utf-8 -*-',
        f'.\\" {_("Made by scripts/man_pages.py (make docs): change the commands instead.")}',
        f'.TH CPX\\-TOOL 1 {RELEASED} "cpx\\-tool {__version__}"',
        ".nh",
        ".ad l",
        *_section(_("NAME")),
        *_wrapped(_text("cpx-tool - " + _summary(root).rstrip("."))),
        *_section(_("SYNOPSIS")),
        *_usage(root, context),
        *_section(_("DESCRIPTION")),
        *tuple(_paragraphs(_DESCRIPTION))[1:],
        *_examples(""),
        *_section(_("OPTIONS OF EVERY COMMAND")),
        *_options(root, context, ()),
        *_section(_("COMMANDS")),
        *_commands(root, context),
        *_section(_("EXIT STATUS")),
        *_exit_codes(),
        *_section(_("ENVIRONMENT")),
        *_terms(VARIABLES.items()),
        *_section(_("FILES")),
        *_wrapped(_text(_("On Linux; elsewhere in the user's own directories of the system."))),
        *_terms(_FILES.items()),
        *_section(_("SEE ALSO")),
        *_wrapped(_text(", ".join(_SEE_ALSO))),
    ]
    return "\n".join(lines) + "\n"


_DESCRIPTION = _(
    "At each workstation: says whether a set of test CPx cards (CPS, CPF, CPE, CDE, CDA and CPA "
    "of the Agence du Numérique en Santé), its readers and its middleware work; what is broken, "
    "why, and what to do about it.\n\n"
    "A PIN is tried only on a card whose certificates prove it a test card, at most once in a "
    "run, never when the card says that tries are missing, and never again after a failure until "
    "a person says so.\n\n"
    "Results go to standard output, everything else to standard error. Colours are for terminals "
    "only; what is piped is plain text of 80 columns, and JSON with --json. Progress is shown at "
    "a terminal only. --quiet (of check-set, judge, sign-test, tls-test and merge) leaves the "
    "verdict and what needs attention, --verbose adds every finding; neither changes a verdict, a "
    "report or JSON.\n\n"
    "cpx-tool explain ID says more of each check, code and exit code that is named here or in a "
    "report."
)


def _summary(command: click.Command) -> str:
    return (command.help or "").partition("\n\n")[0]


def _commands(group: click.Group, context: click.Context) -> Iterator[str]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is not None:
            yield from _command(command, click.Context(command, context, info_name=name))


def _command(command: click.Command, context: click.Context) -> Iterator[str]:
    name = context.command_path.partition(" ")[2]
    yield f".SS {_text(name)}"
    yield from _usage(command, context)
    yield from _paragraphs(command.help or "")
    yield from _options(command, context, _EVERYWHERE)
    yield from _examples(name)
    if isinstance(command, click.Group):
        yield from _commands(command, context)


def _usage(command: click.Command, context: click.Context) -> Iterator[str]:
    words = [context.command_path, *command.collect_usage_pieces(context)]
    yield from _wrapped(f"\\fB{_text(words[0])}\\fR {_text(' '.join(words[1:]))}")


def _options(
    command: click.Command, context: click.Context, without: Sequence[str]
) -> Iterator[str]:
    for param in command.get_params(context):
        head, text = param.get_help_record(context) or ("", "")
        if text and not set(param.opts) & set(without):
            yield from _term(head, text)


def _examples(name: str) -> Iterator[str]:
    examples = EXAMPLES.get(name, ())
    if examples:
        yield ".PP"
        yield from _wrapped(_text(_("{heading}:").format(heading=_("Examples"))))
        yield ".PP"
        yield ".nf"
        for example in examples:
            yield _line(f"    {_text(example)}")
        yield ".fi"


def _exit_codes() -> Iterator[str]:
    for text in guidance.GUIDANCE:
        if text.kind is Kind.EXIT_CODE:
            for name, meaning in text.meanings.items():
                yield from _term(name.removeprefix("exit-"), say(meaning))


# --- roff ---------------------------------------------------------------------------------------


def _section(title: str) -> tuple[str, ...]:
    return (f".SH {_text(title)}",)


def _terms(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    for head, text in rows:
        yield from _term(head, text)


def _term(head: str, text: str) -> Iterator[str]:
    yield ".TP"
    yield _line(f"\\fB{_text(head)}\\fR")
    yield from _wrapped(_text(text))


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in text.split("\n\n"):
        yield ".PP"
        yield from _wrapped(_text(paragraph))


def _text(text: str) -> str:
    """The text so that roff prints it as it is: a hyphen can be copied, and no line is broken at a
    no-break space.
    """
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return re.sub("[\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}]", "\\\\ ", text)


def _wrapped(text: str) -> Iterator[str]:
    """Lines that mandoc does not find too long; roff fills them again."""
    line = ""
    for word in re.split(r"(?<!\\)\s+", text):
        longer = f"{line} {word}".lstrip()
        if line and _length(longer) > _LONGEST_LINE:
            yield _line(line)
            longer = word
        line = longer
    yield _line(line)


def _length(line: str) -> int:
    return sum(1 if character.isascii() else len(r"\[u00E9]") for character in line)


def _line(line: str) -> str:
    """A line of text: one that begins as a request does is none."""
    return f"\\&{line}" if line.startswith((".", "'")) else line
