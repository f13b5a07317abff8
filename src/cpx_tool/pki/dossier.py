"""Brings together who a card is: every value with every place it was looked for.

What the certificates say decides. The card's data objects and the token's label fill in what no
certificate says, marked by their source; they never override one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from functools import partial
from itertools import groupby
from typing import Any

from cpx_tool.model.certificate import Certificate
from cpx_tool.model.dossier import Dossier, Entry, Sighting, SourceKind, State
from cpx_tool.model.identity import Coded, ProductKind
from cpx_tool.model.token import DataObject
from cpx_tool.pki.card_objects import FREE_OBJECTS
from cpx_tool.pki.identity import Label
from cpx_tool.pki.sightings import Sightings, in_certificate, in_label, in_object

TECHNICAL_LABEL = "Certificat Technique CPS"
"""CKA_LABEL of the certificate that a contactless reading shows (ANS, Cryptolib CPS). None was
ever seen: what it says counts less than what the personal ones say."""

_SPEAKING = (State.READ, State.NOT_KNOWN)
_CHOSEN: dict[str, Callable[[Iterable[Any]], Any]] = {"valid_from": max, "valid_until": min}
"""Certificates may differ in these: all are valid from the latest start to the earliest end."""

_OF_ALL_CARDS = ("card_type", "category", "card_number", "identifier")
_OF_STAFF = ("product", "title", "organisation", "structure")
_OF_CARDS = {
    "00": ("profession",),
    "01": ("future_profession",),
    "02": _OF_STAFF,
    "03": _OF_STAFF,
}
_OF_PRODUCTS: dict[ProductKind, tuple[str, ...]] = {
    ProductKind.PERSON_SOFTWARE: ("category", "identifier", "profession"),
    ProductKind.ORGANISATION: ("category", "organisation", "structure"),
    ProductKind.NOT_KNOWN: ("category",),
}
"""As seen on test certificates (a CPS: no organisation; a CPE: no profession)."""


def make_dossier(
    certificates: Sequence[tuple[str, Certificate | None]],
    label: Label,
    data: Sequence[DataObject] | None = None,
    token_label: str | None = None,
) -> Dossier:
    """Who a card is, or one certificate alone. Never raises.

    `certificates` are labels (CKA_LABEL, "" for a file) with what was read, None where it could
    not be. `data` are the card's data objects and `token_label` its token's, None where there was
    no card to look at.
    """
    looks = list(_looks(certificates, label, data, token_label))
    return Dossier(**{field.name: _entry(field.name, looks) for field in fields(Dossier)})


def matters(kind: ProductKind, card_type: Coded | None) -> tuple[str, ...]:
    """The keys that such a product is expected to have: that one is absent is worth saying."""
    if kind is ProductKind.CARD:
        return _OF_ALL_CARDS + _OF_CARDS.get(card_type.code if card_type else "", ())
    return _OF_PRODUCTS.get(kind, ())


def _looks(
    certificates: Sequence[tuple[str, Certificate | None]],
    label: Label,
    data: Sequence[DataObject] | None,
    token_label: str | None,
) -> Iterator[Sightings]:
    for name, certificate in certificates:
        yield in_certificate(name, certificate, label)
    if data is not None:
        for name in FREE_OBJECTS:
            yield in_object(name, next((d for d in data if d.label == name), None), label)
    if token_label is not None:
        yield in_label(token_label)


def _entry(key: str, looks: Sequence[Sightings]) -> Entry[Any]:
    sightings = tuple(look[key] for look in looks if key in look)
    made = partial(Entry, sightings=sightings)
    tiers = [list(tier) for _, tier in groupby(sorted(sightings, key=_weight), key=_weight)]
    for tier in tiers:
        speaking = [sighting for sighting in tier if sighting.state in _SPEAKING]
        if speaking:
            return _agreed(speaking, _CHOSEN.get(key), made)
    return made(_silence(tiers))


def _weight(sighting: Sighting[Any]) -> int:
    """What counts more comes first."""
    source = sighting.source
    if source.kind.of_certificate:
        return 1 if source.name == TECHNICAL_LABEL else 0
    return 2 if source.kind is SourceKind.DATA_OBJECT else 3


def _agreed(
    speaking: Sequence[Sighting[Any]],
    choose: Callable[[Iterable[Any]], Any] | None,
    made: Callable[..., Entry[Any]],
) -> Entry[Any]:
    values = {sighting.value for sighting in speaking}
    if len(values) > 1 and choose is None:
        return made(State.CONTRADICTORY)
    value = choose(values) if choose else next(iter(values))
    found = next(sighting for sighting in speaking if sighting.value == value)
    return made(found.state, value, found.source)


def _silence(tiers: Sequence[Sequence[Sighting[Any]]]) -> State:
    """Nothing says it: why. What counts most answers."""
    if not tiers:
        return State.NOT_KNOWN
    unreadable = any(sighting.state is State.UNREADABLE for sighting in tiers[0])
    return State.UNREADABLE if unreadable else State.NOT_PRESENT
