"""Reads a set file: each key is known, present and of its type, or is named with its line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cpx_tool.catalogue import set_values as values
from cpx_tool.catalogue.strict_table import Table
from cpx_tool.catalogue.toml_lines import locate
from cpx_tool.catalogue.toml_text import decode, parse
from cpx_tool.errors import BadInput, no_such_file, why
from cpx_tool.model.cardset import PRODUCTS_OF, CardSet, ExpectedCard
from cpx_tool.model.message import Message, msg

MAX_BYTES = 256_000
"""A thousand cards fit."""

_SET_KEYS = ("name", "title", "size", "igc", "reference", "aliases", "source", "card")
_CARD_KEYS = (
    "role",
    "title",
    "card_type",
    "product",
    "profession",
    "future_profession",
    "nominative",
    "specialities",
    "title_patterns",
    "card_number",
)
_COMPARE = msg(
    "Correct the file; `cpx-tool show-set centre-sante --toml` prints a set file to compare with."
)
_COMPARE_LINE = msg(
    "Correct that line; `cpx-tool show-set centre-sante --toml` prints a set file to compare with."
)


def read_set_file(path: Path) -> CardSet:
    """Read a user's own set file, which must list its cards.

    Raises `BadInput` with the file, and the line and the key where there is one.
    """
    card_set = read_set(read_text(path), str(path))
    if not card_set.cards:
        raise BadInput(
            msg("{file} lists no card.", file=str(path)),
            msg("Add a [[card]] table for each card, with its role, title and card_type."),
        )
    return card_set


def read_set(text: str, file: str) -> CardSet:
    """Read a set from TOML text; `file` is its name in error messages.

    Raises `BadInput` with the file, and the line and the key where there is one.
    """
    table = Table(parse(text, file, _COMPARE), file, locate(text), _COMPARE_LINE)
    table.refuse_unknown(_SET_KEYS)
    card_tables = table.tables("card")
    cards = tuple(map(_read_card, card_tables))
    card_set = CardSet(
        name=table.required("name", values.slug),
        title=table.required("title", values.text),
        size=table.required("size", values.size),
        igc=table.optional("igc", values.texts, ()),
        reference=table.optional("reference", values.text, None),
        aliases=table.optional("aliases", values.texts, ()),
        source=table.optional("source", values.text, ""),
        cards=cards,
    )
    _refuse_other_size(table, card_set)
    _refuse_repeated(card_tables, "role", [card.role for card in cards])
    _refuse_repeated(card_tables, "card_number", [card.card_number for card in cards])
    return card_set


def _read_card(table: Table) -> ExpectedCard:
    table.refuse_unknown(_CARD_KEYS)
    card = ExpectedCard(
        role=table.required("role", values.slug),
        title=table.required("title", values.text),
        card_type=table.required("card_type", values.card_type),
        product=table.optional("product", values.product, None),
        profession=table.optional("profession", values.profession, None),
        future_profession=table.optional("future_profession", values.future_profession, None),
        nominative=table.optional("nominative", values.boolean, None),
        specialities=table.optional("specialities", values.specialities, ()),
        title_patterns=table.optional("title_patterns", values.texts, ()),
        card_number=table.optional("card_number", values.card_number, None),
    )
    allowed = PRODUCTS_OF[card.card_type]
    if card.product is not None and card.product not in allowed:
        reason = msg("A card of this card_type is one of: {products}.", products=allowed)
        table.refuse("product", reason)
    return card


def _refuse_other_size(table: Table, card_set: CardSet) -> None:
    if card_set.cards and len(card_set.cards) != card_set.size:
        table.refuse(
            "size",
            msg(
                "It is {size}, but the number of [[card]] tables is {count}.",
                size=card_set.size,
                count=len(card_set.cards),
            ),
        )


def _refuse_repeated(cards: Sequence[Table], key: str, found: Sequence[str | None]) -> None:
    seen: set[str] = set()
    for card, value in zip(cards, found, strict=True):
        if value in seen:
            card.refuse(key, msg('Another card of this set already has "{value}".', value=value))
        if value is not None:
            seen.add(value)


def read_text(path: Path) -> str:
    """The text of a set file, as it is. Raises `BadInput` when it cannot be had."""
    return decode(_read_bytes(path), str(path))


def _read_bytes(path: Path) -> bytes:
    name = str(path)
    try:
        if path.is_dir():
            raise _unusable(msg("{file} is a directory, not a set file.", file=name))
        if path.exists() and not path.is_file():  # opening a pipe would wait for ever
            raise _unusable(msg("{file} is not a regular file.", file=name))
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        reason = msg("There is no file {file}.", file=name)
        raise BadInput(reason, no_such_file(path, _make_one(name), looks_like_set)) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = why(error) if isinstance(error, OSError) else msg("it is not a path")
        raise _unusable(msg("{file} cannot be read: {why}.", file=name, why=reason)) from error
    if len(raw) > MAX_BYTES:
        raise _unusable(msg("{file} is too large to be a set file (over 256 kB).", file=name))
    return raw


def looks_like_set(path: Path) -> bool:
    """Whether a person may mean this file as a set file: it lists cards."""
    try:
        with path.open("rb") as file:
            return b"[[card]]" in file.read(MAX_BYTES)
    except OSError:
        return False


def _make_one(file: str) -> Message:
    return msg(
        "Make it of your cards: `cpx-tool enrol-set --set NAME --into {file}`. Or give the name "
        "of a set: `cpx-tool list-sets` shows them.",
        file=file,
    )


def _unusable(reason: Message) -> BadInput:
    return BadInput(reason, _set_hint())


def _set_hint() -> Message:
    return msg(
        "Give the name of a set (`cpx-tool list-sets` shows them) or the path of a set file."
    )
