"""The sets of the order form, and those of a user's own files."""

from __future__ import annotations

import difflib
import os
import unicodedata
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from cpx_tool.catalogue.set_file import looks_like_set, read_set, read_set_file, read_text
from cpx_tool.errors import BadInput, no_such_file
from cpx_tool.model.cardset import CardSet, ExpectedCard
from cpx_tool.model.identity import Coded, Identity
from cpx_tool.model.message import msg


@cache
def load_sets() -> tuple[CardSet, ...]:
    """The ten sets of the ANS's order form, by name."""
    files = sorted(
        (file for file in _folder().iterdir() if file.name.endswith(".toml")),
        key=lambda file: file.name,
    )
    return tuple(read_set(file.read_text(encoding="utf-8"), file.name) for file in files)


def set_text(name_or_path: str) -> str:
    """The set file of what `find_set` finds, as it is written: a start for one's own."""
    found = find_set(name_or_path)
    if found in load_sets():
        return (_folder() / f"{found.name}.toml").read_text(encoding="utf-8")
    return read_text(Path(name_or_path))


def find_set(name_or_path: str) -> CardSet:
    """The set a person means: its name, title, reference or alias, or the path of a set file.

    Case, accents, spaces, hyphens and underscores do not count in names. Raises `BadInput`
    for an unknown name or a file that cannot be used.
    """
    if _looks_like_path(name_or_path):
        return read_set_file(Path(name_or_path))
    found = _by_word().get(_word(name_or_path))
    if found is not None:
        return found
    if os.path.lexists(name_or_path):
        return read_set_file(Path(name_or_path))
    raise _unknown(name_or_path)


def fits(expected: ExpectedCard, identity: Identity) -> bool:
    """Whether a card is as the set states it; what is not stated is not compared.

    Specialities are left out: a card need not carry them.
    """
    if expected.card_number is not None and expected.card_number != identity.card_number:
        return False
    stated = (
        (expected.card_type, _number(identity.card_type)),
        (expected.profession, _number(identity.profession)),
        (expected.future_profession, _number(identity.future_profession)),
        (expected.nominative, identity.holder.nominative),
    )
    if any(wanted is not None and wanted != found for wanted, found in stated):
        return False
    return title_fits(expected, identity)


def title_fits(expected: ExpectedCard, identity: Identity) -> bool:
    """Whether the holder's title matches one of the set's patterns; true where it states none.

    Case, accents and blanks at the ends do not count.
    """
    if not expected.title_patterns:
        return True
    title = _plain(identity.holder.title or "")
    return any(fnmatchcase(title, _plain(pattern)) for pattern in expected.title_patterns)


def sets_holding(identity: Identity) -> tuple[CardSet, ...]:
    """The sets of the order form that hold such a card; only two have published contents."""
    return tuple(s for s in load_sets() if any(fits(card, identity) for card in s.cards))


def _folder() -> Traversable:
    return resources.files(__package__) / "sets"


def _number(coded: Coded | None) -> int | None:
    return int(coded.code) if coded is not None else None


def _looks_like_path(text: str) -> bool:
    return "/" in text or os.sep in text or text.lower().endswith(".toml")


@cache
def _by_word() -> Mapping[str, CardSet]:
    return {_word(word): found for found in load_sets() for word in _words(found)}


def _words(card_set: CardSet) -> tuple[str, ...]:
    reference = (card_set.reference,) if card_set.reference else ()
    return (card_set.name, card_set.title, *reference, *card_set.aliases)


def _word(text: str) -> str:
    return "".join(c for c in _plain(text) if c.isalnum())


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold().strip()


def _unknown(name: str) -> BadInput:
    known = _by_word()
    near = difflib.get_close_matches(_word(name), known, n=3)
    close = tuple(dict.fromkeys(known[word].name for word in near))
    hint = (
        msg("Did you mean {names}?", names=close)
        if close
        else no_such_file(
            Path(name),
            msg("Choose one of these, or give the path of your own set file (.toml)."),
            looks_like_set,
        )
    )
    return BadInput(
        msg(
            'There is no set "{name}". The sets are: {names}.',
            name=name,
            names=tuple(card_set.name for card_set in load_sets()),
        ),
        hint,
    )
