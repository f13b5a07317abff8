"""Values and templates → one page that needs nothing else."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from types import SimpleNamespace
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cpx_tool.report.html.labels import LABELS
from cpx_tool.report.words import Say, printable, shortened


def page(
    template: str, values: Mapping[str, Any], say: Say, lang: str, styles: Sequence[str] = ()
) -> str:
    """The page of a template; all text is escaped, and what is not printable is replaced.

    `styles` are style sheets of its own, behind that of all pages.
    """
    style, script = "\n".join(map(_file, ("page.css", *styles))), _file("page.js")
    frame = {
        "lang": lang,
        "policy": _policy(style, script),
        "style": Markup(style),  # noqa: S704 - a file of this package
        "script": Markup(script),  # noqa: S704 - a file of this package
        "label": SimpleNamespace(**{name: say(message) for name, message in LABELS.items()}),
    }
    return _environment().get_template(template).render({**frame, **values}).strip() + "\n"


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_safe,
    )


def _safe(value: object) -> object:
    """What an expression gives: names come from cards, with marks of direction or a page long."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return printable(shortened(value))


@cache
def _file(name: str) -> str:
    return (resources.files(__package__) / "templates" / name).read_text(encoding="utf-8").strip()


def _policy(style: str, script: str) -> str:
    """Nothing but this style and this script, and no address at all (CSP level 3)."""
    rules = {
        "default-src": "'none'",
        "style-src": _hash(style),
        "script-src": _hash(script),
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
