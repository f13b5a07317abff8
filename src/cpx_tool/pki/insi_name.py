"""The CN that the INSi téléservice wants, and what is wrong with another one, to the character.

It is compared there character by character: another case, dash or blank is another name, and is
answered with DESIR_560 (README of padoa/tlsi-ins).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from cpx_tool.model.message import Message, msg, nmsg
from cpx_tool.pki.certificate import BadCertificate, cut_apart
from cpx_tool.pki.names import raw_text

AUTO = "INSI-AUTO"
MANUAL = "INSI-MANU"
NAMES = (AUTO, MANUAL)

_LETTERS_BEFORE_DASH = 4
_DASHES = frozenset(
    "-_~\u00ad\u02d7\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\ufe58\ufe63\uff0d"
)
_BLANKS = ("Cc", "Cf", "Zl", "Zp", "Zs")
"""Unicode categories: controls, invisible marks, separators."""
_LOOKALIKES = {
    "A": "\u0391\u0410\u13aa",
    "I": "1l|\u0399\u0406\u04c0\u13c6",
    "M": "\u039c\u041c\u13b7",
    "N": "\u039d",
    "O": "0\u039f\u041e\u0555",
    "S": "5\u0405\u13da",
    "T": "\u03a4\u0422\u13a2",
    "U": "\u054d",
}
"""Digits, and letters of the Greek, Cyrillic, Armenian and Cherokee scripts."""
_LATIN = {other: letter for letter, others in _LOOKALIKES.items() for other in others}


def common_name(der: bytes) -> str | None:
    """The CN of a certificate (DER) as it stands; None where none can be read.

    In `Certificate.subject`, what cannot be printed is replaced.
    """
    try:
        return raw_text(cut_apart(der).subject, "CN")
    except BadCertificate:
        return None


def meant(name: str) -> str | None:
    """Which of the two names is meant by one that may be spelled wrongly; None for neither."""
    letters = "".join(_letter(c) for c in name if not (_is_dash(c) or _is_blank(c)))
    return next((wanted for wanted in NAMES if wanted.replace("-", "") == letters), None)


def differences(name: str, wanted: str) -> tuple[Message, ...]:
    """What is wrong with a name that means `wanted`; positions count from 1. Empty: nothing."""
    small = tuple(str(p) for p, c in enumerate(name, start=1) if _is_small(c))
    found = tuple(_differences(name, wanted.replace("-", "")))
    if not small:
        return found
    told = nmsg(
        "a small letter at position {positions}",
        "small letters at positions {positions}",
        len(small),
        positions=small,
    )
    return (*found, told)


def _differences(name: str, letters: str) -> Iterator[Message]:
    seen, dashed = 0, False
    for position, character in enumerate(name, start=1):
        if _is_dash(character):
            if dashed or seen != _LETTERS_BEFORE_DASH:
                yield _one_too_many(character, position)
            else:
                dashed = True
                if character != "-":
                    yield _instead_of(character, position, _described("-"))
        elif _is_blank(character):
            yield msg(
                "a blank at position {position} ({character})",
                position=position,
                character=_described(character),
            )
        else:
            if seen == _LETTERS_BEFORE_DASH and not dashed:
                dashed = True
                yield msg("no dash before position {position}", position=position)
            if character not in (letters[seen], letters[seen].lower()):
                yield _instead_of(character, position, letters[seen])
            seen += 1


def _one_too_many(dash: str, position: int) -> Message:
    return msg(
        "a dash too many at position {position} ({character})",
        position=position,
        character=_described(dash),
    )


def _instead_of(character: str, position: int, wanted: str) -> Message:
    return msg(
        "{character} at position {position} instead of {wanted}",
        character=_described(character),
        position=position,
        wanted=wanted,
    )


def _is_small(character: str) -> bool:
    return character in "insiautomanu"


def _letter(character: str) -> str:
    """The capital Latin letter that a character stands for, or looks like; else itself."""
    if character in _LATIN:
        return _LATIN[character]
    capital = character.upper()
    return _LATIN.get(capital) or unicodedata.normalize("NFKD", capital)[0]


def _is_dash(character: str) -> bool:
    return character in _DASHES


def _is_blank(character: str) -> bool:
    return unicodedata.category(character) in _BLANKS


def _described(character: str) -> str:
    """By its Unicode name: the sign itself may look like another, or like nothing."""
    code = f"U+{ord(character):04X}"
    name = unicodedata.name(character, "")
    return f"{name} {code}" if name else code
