"""Looks for each value where it may stand: in a certificate, a data object, a token's label."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cpx_tool.model.cardset import PRODUCTS_OF
from cpx_tool.model.certificate import Certificate
from cpx_tool.model.dossier import Sighting, Source, SourceKind, State
from cpx_tool.model.identity import Coded, Identity, Pki, ProductKind
from cpx_tool.model.token import DataObject
from cpx_tool.pki import extensions
from cpx_tool.pki.card_objects import (
    REST,
    InfoPs,
    read_activity_ps,
    read_id_card,
    read_info_ps,
    read_name_ps,
)
from cpx_tool.pki.identity import Label, coded, identify, person_identifier, structure_identifier
from cpx_tool.pki.parts import STRUCTURE, TRUNCATED
from cpx_tool.pki.tlv import first_value

Sightings = Mapping[str, Sighting[Any]]
"""By the keys of the dossier; those of data objects may have further ones."""

_CPF = 1
_STAFF = (2, 3)
"""TRE_G02."""


class _Meaningless:
    """Stands for what is there, and has no meaning that is published."""


_MEANINGLESS = _Meaningless()


# --- certificates -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Read:
    """A certificate and who it is."""

    certificate: Certificate
    who: Identity
    label: Label


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a certificate says something; `part` is what `Certificate.problems` calls it."""

    kind: SourceKind
    detail: str
    part: str
    value: Callable[[_Read], Any]


def _extension(oid: str, value: Callable[[_Read], Any]) -> _Place:
    return _Place(SourceKind.EXTENSION, oid, f"extension {oid}", value)


def _subject(attributes: str, value: Callable[[_Read], Any]) -> _Place:
    return _Place(SourceKind.SUBJECT, attributes, "subject", value)


def _validity(end: str, part: str, value: Callable[[_Read], Any]) -> _Place:
    return _Place(SourceKind.VALIDITY, end, part, value)


def _product(read: _Read) -> Any:
    """No published rule tells CDE from CPE, or CDA from CPA."""
    code = read.certificate.card_type
    products = PRODUCTS_OF.get(code, ()) if code is not None else None
    if products is None:
        return None
    return products[0] if len(products) == 1 else _MEANINGLESS


def _identifier(read: _Read) -> Any:
    """Only a person's CN is an identifier."""
    holder = read.who.holder
    named = read.who.kind in (ProductKind.CARD, ProductKind.PERSON_SOFTWARE)
    if not named or holder.common_name is None:
        return None
    return holder.identifier or _MEANINGLESS


def _structure(read: _Read) -> Any:
    """The OU of staff and of organisations; an IGC-CPS 2ter CPS has its profession there."""
    certificate, who = read.certificate, read.who
    expected = who.kind is ProductKind.ORGANISATION or certificate.card_type in _STAFF
    meant = expected and certificate.subject_value("OU") is not None
    return who.holder.structure or (_MEANINGLESS if meant else None)


def _pki(read: _Read) -> Any:
    if not read.certificate.issuer:
        return None
    return _MEANINGLESS if read.who.pki is Pki.NOT_KNOWN else read.who.pki


_IN_CERTIFICATE: Mapping[str, _Place] = {
    "card_type": _extension(extensions.CARD_TYPE, lambda read: read.who.card_type),
    "product": _extension(extensions.CARD_TYPE, _product),
    "category": _extension(
        extensions.CATEGORY, lambda read: _category(read.certificate.category, read.label)
    ),
    "pki": _Place(SourceKind.ISSUER, "", "issuer", _pki),
    "issuer_number": _extension(extensions.CARD_NUMBER, lambda read: read.who.issuer_number),
    "card_number": _extension(extensions.CARD_NUMBER, lambda read: read.who.card_number),
    "nominative": _subject("SN, GN", lambda read: read.who.holder.nominative),
    "surname": _subject("SN", lambda read: read.who.holder.surname),
    "given_name": _subject("GN", lambda read: read.who.holder.given_name),
    "pseudonym": _subject("pseudonym", lambda read: read.who.holder.pseudonym),
    "common_name": _subject("CN", lambda read: read.who.holder.common_name),
    "identifier": _subject("CN", _identifier),
    "title": _subject("title", lambda read: read.who.holder.title),
    "profession": _extension(extensions.PROFESSION, lambda read: read.who.profession),
    "future_profession": _extension(
        extensions.FUTURE_PROFESSION, lambda read: read.who.future_profession
    ),
    "specialities": _extension(extensions.SPECIALITIES, lambda read: read.who.specialities or None),
    "organisation": _subject("O", lambda read: read.who.holder.organisation),
    "structure": _subject("OU", _structure),
    "valid_from": _validity(
        "notBefore", "start of validity", lambda read: read.certificate.not_before
    ),
    "valid_until": _validity(
        "notAfter", "end of validity", lambda read: read.certificate.not_after
    ),
}

_UNTOLD = {TRUNCATED, STRUCTURE}
"""Problems of a whole certificate: what it seems to lack may stand in what cannot be read."""


def in_certificate(name: str, certificate: Certificate | None, label: Label) -> Sightings:
    """What a certificate says of each value that one may say; `name` is its label.

    None stands for a certificate that cannot be read.
    """
    if certificate is None:
        return {
            key: Sighting(Source(place.kind, name, place.detail), State.UNREADABLE)
            for key, place in _IN_CERTIFICATE.items()
        }
    read = _Read(certificate, identify(certificate, label), label)
    return {key: _look(place, name, read) for key, place in _IN_CERTIFICATE.items()}


def _look(place: _Place, name: str, read: _Read) -> Sighting[Any]:
    source = Source(place.kind, name, place.detail)
    value = place.value(read)
    if _is_unreadable(place, read.certificate, value):
        return Sighting(source, State.UNREADABLE)
    return _sighting(source, value)


def _is_unreadable(place: _Place, certificate: Certificate, value: Any) -> bool:
    problems = set(certificate.problems)
    list_of = {"extensions"} if place.kind is SourceKind.EXTENSION else set()
    broken = place.part in problems
    if value is None or value is False:  # nobody is named where the names cannot be read
        return broken or bool(problems & (_UNTOLD | list_of))
    no_text = isinstance(value, str) and value.startswith("#")  # see read_name
    return broken and (value is _MEANINGLESS or no_text)


# --- data objects -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Field:
    """A field of a data object: its tag, what the object's reader gives, what that means."""

    tag: int
    value: Callable[[Any], Any]
    meaning: Callable[[Any, Label], Any] = lambda value, _label: value


@dataclass(frozen=True, slots=True)
class _Form:
    """How a data object is read: the tag around it, its reader, its fields."""

    tag: int
    read: Callable[[bytes], Any]
    fields: Mapping[str, _Field]


def _in_table(table: str) -> Callable[[int, Label], Coded]:
    return lambda code, label: coded(table, code, label)


def _category(code: int | None, label: Label) -> Coded | None:
    return None if code is None else _coded("TRE_G01", f"{code:02X}", label)


def _future_profession(info: InfoPs, label: Label) -> Coded:
    """On other cards than a CPF the tag may hold what the ANS's viewer calls a "métier"."""
    code = f"{info.future_profession:02d}"
    return _coded("TRE_G16", code, label) if info.card_type == _CPF else Coded(code, None)


_FORMS: Mapping[str, _Form] = {
    "CPS_ID_CARD": _Form(
        0xE3,
        read_id_card,
        {
            "card_number": _Field(0x81, lambda card: card.card_number),
            "category": _Field(0x82, lambda card: card.category, _category),
            "issued": _Field(0x83, lambda card: card.issued),
            "expires": _Field(0x84, lambda card: card.expires),
        },
    ),
    "CPS_NAME_PS": _Form(
        0xE4,
        read_name_ps,
        {
            "civility": _Field(0x80, lambda name: name.civility, _in_table("TRE_G03")),
            "surname": _Field(0x81, lambda name: name.surname),
            "other_surname": _Field(0x82, lambda name: name.other_surname),
            "given_name": _Field(0x83, lambda name: " ".join(name.given_names) or None),
        },
    ),
    "CPS_INFO_PS": _Form(
        0xED,
        read_info_ps,
        {
            "card_type": _Field(0x80, lambda info: info.card_type, _in_table("TRE_G02")),
            "identifier": _Field(
                0x81, lambda info: info.holder_id, lambda text, _l: person_identifier(text)
            ),
            "profession": _Field(0x82, lambda info: info.profession, _in_table("TRE_G15")),
            "future_profession": _Field(
                0x83,
                lambda info: None if info.future_profession is None else info,
                _future_profession,
            ),
            "practice_name": _Field(0x84, lambda info: info.practice_name),
            "specialities": _Field(
                0x85, lambda info: info.orientations, lambda _value, _l: _MEANINGLESS
            ),
        },
    ),
    "CPS_ACTIVITY_PS": _Form(
        0xEE,
        read_activity_ps,
        {
            "mode": _Field(0x80, lambda activity: activity.mode, _in_table("TRE_G17")),
            "company": _Field(0x84, lambda activity: activity.company),
            "structure": _Field(
                0x85,
                lambda activity: activity.structure,
                lambda text, _l: structure_identifier(text),
            ),
            "sector": _Field(
                0x86,
                lambda activity: activity.sector,
                lambda code, label: _coded("TRE_R02", code, label),
            ),
        },
    ),
}


def in_object(name: str, item: DataObject | None, label: Label) -> Sightings:
    """What the data object of that label says; None where the card has none.

    Empty for an object of which this version can read no field.
    """
    form = _FORMS.get(re.sub(r"_[0-9]{2}_PS$", "_PS", name))
    if form is None:
        return {}
    value = b"" if item is None else item.value
    read = form.read(value)
    found: dict[str, Sighting[Any]] = {}
    for key, field in form.fields.items():
        source = Source(SourceKind.DATA_OBJECT, name, f"{form.tag:02X} {field.tag:02X}")
        if item is None:
            found[key] = Sighting(source, State.NOT_PRESENT)
        elif item.error or read is None:
            found[key] = Sighting(source, State.UNREADABLE)
        else:
            raw = first_value(first_value(value, form.tag) or b"", field.tag) or b""
            found[key] = _field(field, source, read, raw, label)
    return found


def _field(field: _Field, source: Source, read: Any, raw: bytes, label: Label) -> Sighting[Any]:
    value = field.value(read)
    if value is None:
        if f"{field.tag:02X}" in read.problems or (REST in read.problems and not raw):
            return Sighting(source, State.UNREADABLE, raw=raw.hex())
        return Sighting(source, State.NOT_PRESENT)
    meaning = field.meaning(value, label)
    return _sighting(source, _MEANINGLESS if meaning is None else meaning, raw.hex())


# --- the token's label ------------------------------------------------------------------------


def number_in_label(token_label: str) -> str | None:
    """The card number in a label as "CPS4v1-3100603746" (Cryptolib CPS)."""
    found = re.search(r"-(\d{10})\b", token_label)
    return found[1] if found else None


def in_label(token_label: str) -> Sightings:
    """What the label of a token says."""
    source = Source(SourceKind.TOKEN_LABEL, token_label)
    return {"card_number": _sighting(source, number_in_label(token_label))}


# --- what a value is worth --------------------------------------------------------------------


def _coded(table: str, code: str, label: Label) -> Coded:
    return Coded(code, label(table, code))


def _sighting(source: Source, value: Any, raw: str = "") -> Sighting[Any]:
    if value is None:
        return Sighting(source, State.NOT_PRESENT)
    if value is _MEANINGLESS:
        return Sighting(source, State.NOT_KNOWN, raw=raw)
    if any(code.label is None for code in _codes(value)):
        return Sighting(source, State.NOT_KNOWN, value, raw)
    return Sighting(source, State.READ, value)


def _codes(value: Any) -> Iterator[Coded]:
    items = value if isinstance(value, tuple) else (value,)
    return (item for item in items if isinstance(item, Coded))
