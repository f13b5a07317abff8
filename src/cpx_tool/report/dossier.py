"""What is known of a card or certificate, as lines with a head, a value and its sources."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cpx_tool.catalogue.dossier import coded_words, place_words, source_words
from cpx_tool.catalogue.pkis import PKIS
from cpx_tool.model.cardset import PRODUCTS_OF
from cpx_tool.model.dossier import Dossier, Entry, Sighting, State
from cpx_tool.model.identity import Category, Coded, Identifier, Pki, ProductKind
from cpx_tool.model.message import Message, msg
from cpx_tool.pki.dossier import matters
from cpx_tool.pki.identity import category_of_code
from cpx_tool.report.words import Say, clipped, day

CATEGORIES = {
    Category.TEST_CARD: msg("TEST card"),
    Category.TEST_MODULE: msg("TEST security module"),
    Category.TEST_SOFTWARE: msg("TEST software certificate"),
    Category.PRODUCTION_CARD: msg("PRODUCTION card"),
    Category.PRODUCTION_MODULE: msg("PRODUCTION security module"),
    Category.PRODUCTION_SOFTWARE: msg("PRODUCTION software certificate"),
    Category.NOT_KNOWN: msg("not known"),
}
STATES = {
    State.NOT_PRESENT: msg("not present"),
    State.UNREADABLE: msg("unreadable"),
    State.NOT_KNOWN: msg("not known"),
    State.CONTRADICTORY: msg("contradictory"),
}
"""What is said where there is no value."""

HEADS = {
    "card_type": msg("Card type"),
    "product": msg("Ordered as"),
    "category": msg("Category"),
    "pki": msg("PKI"),
    "issuer_number": msg("Issuer number"),
    "card_number": msg("Card number"),
    "nominative": msg("Nominative"),
    "civility": msg("Civility"),
    "surname": msg("Surname"),
    "other_surname": msg("Other surname"),
    "given_name": msg("Given name"),
    "practice_name": msg("Name in practice"),
    "pseudonym": msg("Pseudonym"),
    "common_name": msg("Common name"),
    "identifier": msg("Identifier"),
    "title": msg("Title"),
    "profession": msg("Profession"),
    "future_profession": msg("Future profession"),
    "specialities": msg("Specialities"),
    "organisation": msg("Organisation"),
    "structure": msg("Structure"),
    "valid_from": msg("Valid from"),
    "valid_until": msg("Valid until"),
    "issued": msg("Issued"),
    "expires": msg("Expires, end of"),
    "mode": msg("Mode of practice"),
    "company": msg("Company, probably"),
    "sector": msg("Sector"),
}
"""The heads of all values, those of data objects included."""

_NAMES = {"holder": msg("Holder"), "name": msg("Name")}
_LONGEST_RAW = 64
_PERSONS = (ProductKind.CARD, ProductKind.PERSON_SOFTWARE)
_STYLES = {
    State.NOT_PRESENT: "dim",
    State.NOT_KNOWN: "dim",
    State.UNREADABLE: "red",
    State.CONTRADICTORY: "red",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line: its head, its text, where that was read."""

    head: Message
    text: str
    sources: tuple[str, ...] = ()
    style: str = ""


def rows(keys: Sequence[str], dossier: Dossier, kind: ProductKind, say: Say) -> list[Row]:
    """The lines of these keys, in their order: values that are there, and those of which it
    matters for such a product that they are not. "holder", or "name", stands for all the names.
    """
    entries = dict(dossier.entries())
    wanted = matters(kind, dossier.card_type.value)
    found: list[Row] = []
    for key in keys:
        if key in _NAMES:
            found.append(_holder(_NAMES[key], dossier, kind, say))
        elif _is_shown(key, entries[key], wanted):
            found.append(_row(key, entries[key], dossier, say))
    return found


def value_words(value: Any) -> Message | str:
    """A value of the dossier, or of a data object."""
    if isinstance(value, Coded):
        return coded_words(value)
    if isinstance(value, Identifier):
        return _identifier(value)
    if isinstance(value, Pki):
        return PKIS[value]
    if isinstance(value, tuple):
        return msg("{found}", found=tuple(map(value_words, value)))
    if isinstance(value, bool):
        return msg("yes") if value else msg("no")
    return day(value) if isinstance(value, datetime) else clipped(str(value))


def sighting_words(key: str, sighting: Sighting[Any]) -> Message | str:
    """What one look gave: the value, or why there is none and what stands there instead."""
    if sighting.value is not None:
        return _value(key, sighting.value)
    if sighting.raw:
        raw = _raw(sighting.raw)
        return msg("{state} ({raw})", state=STATES[sighting.state], raw=raw)
    return STATES[sighting.state]


def _is_shown(key: str, entry: Entry[Any], wanted: Sequence[str]) -> bool:
    if key == "product":  # else the type says it
        return entry.state is not State.READ and key in wanted
    stands = entry.state is State.NOT_KNOWN and entry.origin is not None
    contradictory = entry.state is State.CONTRADICTORY
    return entry.value is not None or key in wanted or stands or contradictory


def _row(key: str, entry: Entry[Any], dossier: Dossier, say: Say) -> Row:
    text = _words(key, entry, dossier)
    style = "" if entry.value is not None else _STYLES.get(entry.state, "")
    if entry.value is not None and entry.informative and entry.origin is not None:
        text = msg("{value} [{source}]", value=text, source=entry.origin.name)
    return Row(HEADS[key], _said(text, say), tuple(_sources(key, entry, say)), style)


def _words(key: str, entry: Entry[Any], dossier: Dossier) -> Message | str:
    if entry.value is not None:
        return _value(key, entry.value)
    if entry.state is State.CONTRADICTORY:
        return msg("contradictory: {values}", values=tuple(_each(key, entry)))
    if entry.state is State.NOT_KNOWN and key == "product":
        return _undecided(dossier)
    said = next((s for s in entry.sightings if s.source == entry.origin), None)
    if said is not None and said.raw:
        return msg("not known: {source} holds {raw}", source=said.source.name, raw=_raw(said.raw))
    return STATES[entry.state]


def _value(key: str, value: Any) -> Message | str:
    if key == "category":
        category = category_of_code(int(value.code, 16))
        if category is not Category.NOT_KNOWN:
            return msg("{label} ({code})", label=CATEGORIES[category], code=value.code)
    return value_words(value)


def _each(key: str, entry: Entry[Any]) -> Iterator[Message]:
    for sighting in entry.sightings:
        if sighting.value is not None:
            value = _value(key, sighting.value)
            yield msg("{value} ({source})", value=value, source=source_words(sighting.source))


def _undecided(dossier: Dossier) -> Message:
    card_type = dossier.card_type.value
    products = PRODUCTS_OF.get(int(card_type.code), ()) if card_type else ()
    if len(products) != 2:  # noqa: PLR2004 - a code of no product
        return STATES[State.NOT_KNOWN]
    return msg(
        "{one} or {other}, not known which: no published rule tells them apart",
        one=products[0].value,
        other=products[1].value,
    )


def _identifier(identifier: Identifier) -> Message:
    """No key is published for most kinds: then nothing is said of it."""
    value, kind = clipped(identifier.value), identifier.kind
    if identifier.key_valid is None:
        return msg("{value} ({kind})", value=value, kind=kind)
    if identifier.key_valid:
        return msg("{value} ({kind}, key valid)", value=value, kind=kind)
    return msg("{value} ({kind}, key WRONG)", value=value, kind=kind)


def _holder(head: Message, dossier: Dossier, kind: ProductKind, say: Say) -> Row:
    """Names of the certificates, else the pseudonym or the common name, else those of a card."""
    names = [entry for entry in (dossier.given_name, dossier.surname) if entry.value is not None]
    certain = [entry for entry in names if not entry.informative]
    others = [e for e in (dossier.pseudonym, dossier.common_name) if e.value is not None]
    if certain:
        text = clipped(" ".join(entry.value or "" for entry in certain))
        sources = _sources("nominative", dossier.nominative, say)
    elif others:
        text = clipped(others[0].value or "")
        sources = _sources("common_name", others[0], say)
    elif names:
        origin = names[0].origin
        found = clipped(" ".join(entry.value or "" for entry in names))
        text = say(msg("{value} [{source}]", value=found, source=origin.name if origin else ""))
        sources = _sources("surname", names[-1], say)
    else:
        state = dossier.common_name.state
        return Row(head, say(STATES[state]), style=_STYLES.get(state, ""))
    if kind in _PERSONS and not dossier.nominative.value:
        text = say(msg("{name} (anonymous)", name=text))
    return Row(head, text, tuple(sources))


def _sources(key: str, entry: Entry[Any], say: Say) -> Iterator[str]:
    """Each place once, with the certificates in which it says the same."""
    everywhere = [s.source.name for s in entry.sightings if s.source.kind.of_certificate]
    groups: dict[tuple[Any, ...], list[Sighting[Any]]] = {}
    for sighting in entry.sightings:
        source = sighting.source
        name = "" if source.kind.of_certificate else source.name
        what = (source.kind, name, source.detail, sighting.state, sighting.value, sighting.raw)
        groups.setdefault(what, []).append(sighting)
    for group in groups.values():
        first = group[0]
        where = _where([s.source.name for s in group], everywhere, first)
        as_agreed = first.state is State.READ and first.value == entry.value
        found = sighting_words(key, first)
        yield say(where if as_agreed else msg("{name}: {value}", name=where, value=found))


def _where(names: Sequence[str], everywhere: Sequence[str], first: Sighting[Any]) -> Message:
    place = place_words(first.source)
    if not first.source.kind.of_certificate or len(everywhere) == 1:
        return source_words(first.source)
    if list(names) == list(everywhere):
        return msg("{place}, in each certificate", place=place)
    return msg("{name}, {place}", name=tuple(names), place=place)


def _raw(raw: str) -> Message | str:
    """Hex, and the text that it may be."""
    if len(raw) > _LONGEST_RAW:
        return f"{raw[:_LONGEST_RAW].upper()}…"
    text = bytes.fromhex(raw).decode("latin-1")
    if text.isascii() and text.isprintable():
        return msg("{bytes} “{text}”", bytes=raw.upper(), text=text)
    return raw.upper()


def _said(text: Message | str, say: Say) -> str:
    return say(text) if isinstance(text, Message) else text
