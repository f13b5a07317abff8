"""What there is to say of each check and each code. A new one without its text fails a test."""

from __future__ import annotations

import difflib
import re
import signal
from collections.abc import Iterator

from cpx_tool.catalogue.guidance import (
    cards,
    exit_codes,
    fleet,
    merging,
    module_faults,
    pin_refusals,
    software,
    tls,
    tls_causes,
    workstation,
)
from cpx_tool.model.guidance import Guidance

GUIDANCE: tuple[Guidance, ...] = (
    *workstation.GUIDANCE,
    *cards.GUIDANCE,
    *tls.GUIDANCE,
    *software.GUIDANCE,
    *fleet.GUIDANCE,
    *pin_refusals.GUIDANCE,
    *module_faults.GUIDANCE,
    *tls_causes.GUIDANCE,
    *merging.GUIDANCE,
    *exit_codes.GUIDANCE,
)
_NEAREST = 3
_MISTYPED = 0.85
"""So alike are two names of which one is the other with a letter wrong."""
OTHER_FAULT = "CKR-OTHER"
"""The text for codes that PKCS#11 leaves to the maker of a module."""

_SPELLED = (
    (re.compile("|".join(one.name for one in signal.Signals)), "crash"),
    (re.compile(r"CKR[ _-]?0X[0-9A-F]+|0X[0-9A-F]+|CKR_VENDOR_DEFINED"), OTHER_FAULT),
    (re.compile(r"[0-9]+(\.[0-9]+)? S"), "hang"),
    (re.compile(r"[0-9]+ MIB"), "excess"),
)
"""Codes of faults that stand for a number or a signal: "SIGSEGV", "CKR 0x80000064", "20 s"."""


def ids() -> Iterator[str]:
    """Every id that has a text."""
    for guidance in GUIDANCE:
        yield from guidance.meanings


def find(written: str) -> list[tuple[str, Guidance]]:
    """The texts for an id as a person wrote it: upper and lower case do not count, a bare number
    is an exit code. Several, where two families have the same code; none where there is none.
    """
    wanted = written.strip().lower()
    if wanted not in {name.lower() for name in ids()}:
        wanted = _stands_for(wanted).lower()
    return [
        (name, guidance)
        for guidance in GUIDANCE
        for name in guidance.meanings
        if name.lower() == wanted
    ]


def _stands_for(wanted: str) -> str:
    if wanted.isascii() and wanted.isdigit():
        return f"exit-{wanted}"
    return next((name for form, name in _SPELLED if form.fullmatch(wanted.upper())), wanted)


def nearest_ids(written: str) -> tuple[str, ...]:
    """The ids that are written much like it or begin so, the nearest first, at most three."""
    names, wanted = {name.lower(): name for name in ids()}, written.strip().lower()
    near = difflib.get_close_matches(wanted, names, n=_NEAREST, cutoff=_MISTYPED)
    longer = [name for name in names if len(wanted) > 1 and name.startswith(wanted)]
    found = [*longer, *near] or difflib.get_close_matches(wanted, names, n=1)
    return tuple(names[name] for name in dict.fromkeys(found))[:_NEAREST]
