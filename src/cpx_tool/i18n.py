"""Chooses the language and turns messages into sentences, through gettext."""

from __future__ import annotations

import gettext
import locale
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from cpx_tool.model.message import Message, Param

DOMAIN = "cpx_tool"
LOCALE_DIR = Path(__file__).parent / "locale"
LANGUAGES = ("en", "fr")

_LONGEST_VALUE = 600
"""In characters: longer than any name or path of good faith, and not a page."""


def choose(argv: Sequence[str], environ: os._Environ[str] | dict[str, str]) -> str:
    """The language asked for: `--lang`, then CPX_LANG, then the locale; English otherwise.

    Read from argv by hand, because help texts are translated before options are parsed.
    """
    asked = _lang_option(argv) or environ.get("CPX_LANG", "")
    names = [asked] if asked else _locale_names(environ)
    for name in names:
        code = name.replace("-", "_").split("_")[0].split(".")[0].lower()
        if code in LANGUAGES:
            return code
        if code in ("c", "posix"):
            return "en"
    return "en"


def _lang_option(argv: Sequence[str]) -> str:
    for position, word in enumerate(argv):
        if word == "--":
            return ""
        if word == "--lang":
            return "".join(argv[position + 1 : position + 2])
        if word.startswith("--lang="):
            return word.removeprefix("--lang=")
    return ""


def _locale_names(environ: os._Environ[str] | dict[str, str]) -> list[str]:
    for variable in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if environ.get(variable):
            return environ[variable].split(":")
    return [locale.getlocale()[0] or ""]  # Windows and macOS have no LANG


def use(language: str) -> None:
    """Make `language` the one of every sentence from now on, click's own included."""
    # click calls gettext.gettext, so the catalogue must be the process's default domain
    os.environ["LANGUAGE"] = language
    gettext.bindtextdomain(DOMAIN, str(LOCALE_DIR))
    gettext.textdomain(DOMAIN)


def language() -> str:
    """The code of the language that sentences are in."""
    names = _locale_names(os.environ)
    return next((name for name in names if name in LANGUAGES), "en")


def say(message: Message) -> str:
    """The message in the chosen language, its values filled in."""
    if message.plural is None:
        template = gettext.gettext(message.text)
    else:
        template = gettext.ngettext(message.text, message.plural, message.count)
    return template.format(**{name: _value(value) for name, value in message.params.items()})


def _value(value: Param) -> str | int:
    if isinstance(value, Message):
        return say(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    if isinstance(value, tuple):
        return _clipped(", ".join(str(_value(item)) for item in value))
    return _clipped(value) if isinstance(value, str) else value


def _clipped(text: str) -> str:
    """The text, or its two ends: a certificate of 64 kB may be nothing but one name."""
    if len(text) <= _LONGEST_VALUE:
        return text
    end = _LONGEST_VALUE // 4
    return f"{text[: _LONGEST_VALUE - end]}…{text[-end:]}"
