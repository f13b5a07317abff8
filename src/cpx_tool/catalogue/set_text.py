"""Writes a set file, to be read by people and by `set_file.read_set`, which gives the set back.

Not with tomli-w: it writes no comments, and each list on lines of its own. A set file is flat, of
strings, whole numbers, true and false, and lists of strings: that much TOML fits on one page, and
what is written is always read back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cpx_tool.catalogue.set_values import CARD_TYPES
from cpx_tool.model.cardset import CardSet, ExpectedCard

_WORDS: Mapping[int, str] = {code: word for word, code in CARD_TYPES.items()}


def set_file_text(card_set: CardSet, comment: Sequence[str]) -> str:
    """The TOML text of a set; `comment` are the lines at its head."""
    lines = [f"# {_plain(line)}".rstrip() for line in comment]
    lines += [""] if lines else []
    lines += _pairs(
        ("name", card_set.name),
        ("title", card_set.title),
        ("size", card_set.size),
        ("igc", card_set.igc),
        ("reference", card_set.reference),
        ("aliases", card_set.aliases),
        ("source", card_set.source),
    )
    for card in card_set.cards:
        lines += ["", "[[card]]", *_card(card)]
    return "\n".join(lines) + "\n"


def _card(card: ExpectedCard) -> Iterator[str]:
    return _pairs(
        ("role", card.role),
        ("title", card.title),
        ("card_type", _WORDS[card.card_type]),
        ("product", card.product.value if card.product else None),
        ("profession", card.profession),
        ("future_profession", card.future_profession),
        ("nominative", card.nominative),
        ("specialities", card.specialities),
        ("title_patterns", card.title_patterns),
        ("card_number", card.card_number),
    )


def _pairs(*pairs: tuple[str, str | int | bool | tuple[str, ...] | None]) -> Iterator[str]:
    """What is not stated is not written."""
    for key, value in pairs:
        if value is not None and value not in ("", ()):
            yield f"{key} = {_value(value)}"


def _value(value: str | int | bool | tuple[str, ...]) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_string, value))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else _string(value)


def _string(text: str) -> str:
    """A basic string (TOML 1.0): quotation mark, backslash and what is not printable escaped."""
    return '"' + "".join(map(_character, text)) + '"'


def _character(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    return character if character.isprintable() else f"\\U{ord(character):08x}"


def _plain(line: str) -> str:
    """Without control characters, which would end the comment or be refused in it."""
    return "".join(c if c.isprintable() else " " for c in line)
