"""Names compared as X.509 compares them: whole, whatever their string types and letter case."""

from __future__ import annotations

from typing import TypeAlias

from cpx_tool.model.certificate import Name

CanonicalName: TypeAlias = tuple[tuple[tuple[str, str], ...], ...]

_BLANKS = " \t\n\v\f\r"
_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


def canonical(name: Name) -> CanonicalName:
    """The form in which two equal names are equal (RFC 5280, 7.1, as OpenSSL does it).

    ASCII letters in lower case, runs of blanks as one, none at the ends; the values of one RDN
    sorted, the RDNs in their order. A name that could not be read is empty, and equals none.
    """
    return tuple(tuple(sorted((kind, _folded(value)) for kind, value in rdn)) for rdn in name)


def label_of(name: Name) -> str:
    """A name for a sentence: its CN, else all of it."""
    common_names = [value for rdn in name for kind, value in rdn if kind == "CN"]
    return common_names[0] if common_names else whole(name)


def whole(name: Name) -> str:
    """All of a name on one line, in certificate order."""
    return ", ".join("+".join(f"{kind}={value}" for kind, value in rdn) for rdn in name)


def _folded(value: str) -> str:
    words = value.translate(_LOWER).translate(dict.fromkeys(map(ord, _BLANKS), " ")).split(" ")
    return " ".join(word for word in words if word)
