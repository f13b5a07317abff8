"""What is known of a card or a certificate, value by value, and where each was read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from cpx_tool.model.cardset import Product
from cpx_tool.model.identity import Coded, Identifier, Pki

T = TypeVar("T")


class State(StrEnum):
    """What became of looking for a value. Nothing of this is ever taken for another."""

    READ = "read"
    NOT_PRESENT = "not-present"
    """It was looked for where it would stand, and it is not there."""
    UNREADABLE = "unreadable"
    """It may stand there, but what stands there cannot be read."""
    NOT_KNOWN = "not-known"
    """What stands there has no meaning that is published, or nothing was there to look at."""
    CONTRADICTORY = "contradictory"
    """Sources that count alike say different things; each sighting says what."""


class SourceKind(StrEnum):
    """What kind of place a value stands in. The first four are parts of a certificate."""

    EXTENSION = "extension"
    SUBJECT = "subject"
    ISSUER = "issuer"
    VALIDITY = "validity"
    DATA_OBJECT = "data-object"
    TOKEN_LABEL = "token-label"  # noqa: S105

    @property
    def of_certificate(self) -> bool:
        """What stands there decides; the other places only inform."""
        return self not in (SourceKind.DATA_OBJECT, SourceKind.TOKEN_LABEL)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value was looked for.

    `name` is the label of the certificate ("" for one in a file), of the data object, or of the
    token; `detail` the extension's OID, the attributes of the subject ("CN"), the end of the
    validity ("notBefore"), or the tags of the data object in hex ("E3 81").
    """

    kind: SourceKind
    name: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Sighting(Generic[T]):
    """One look at one place. `raw` is, in hex, what stands in a data object and is not understood;
    a code that no table holds has both a `value` and the state NOT_KNOWN.
    """

    source: Source
    state: State
    value: T | None = None
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Entry(Generic[T]):
    """One value of the dossier: what the sightings agree on, and all of them.

    `origin` is where the value, or that it is not known, comes from; None when nothing says it.
    """

    state: State
    value: T | None = None
    origin: Source | None = None
    sightings: tuple[Sighting[T], ...] = ()

    @property
    def informative(self) -> bool:
        """No certificate says it: it comes from the card's data objects or the token's label."""
        return self.origin is not None and not self.origin.kind.of_certificate


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything that says who a card, or a certificate, is.

    `product` is known where `card_type` stands for one product only. Codes are those of TRE_G02
    (`card_type`), TRE_G01 (`category`), TRE_G03, TRE_G15, TRE_G16 and TRE_R01. `valid_from` is the
    latest start, `valid_until` the earliest end of the certificates. `issued` ("YYYY-MM-DD") and
    `expires` ("YYYY-MM") are the card's own.
    """

    card_type: Entry[Coded]
    product: Entry[Product]
    category: Entry[Coded]
    pki: Entry[Pki]
    issuer_number: Entry[str]
    card_number: Entry[str]
    nominative: Entry[bool]
    civility: Entry[Coded]
    surname: Entry[str]
    given_name: Entry[str]
    practice_name: Entry[str]
    pseudonym: Entry[str]
    common_name: Entry[str]
    identifier: Entry[Identifier]
    title: Entry[str]
    profession: Entry[Coded]
    future_profession: Entry[Coded]
    specialities: Entry[tuple[Coded, ...]]
    organisation: Entry[str]
    structure: Entry[Identifier]
    valid_from: Entry[datetime]
    valid_until: Entry[datetime]
    issued: Entry[str]
    expires: Entry[str]

    def entries(self) -> Iterator[tuple[str, Entry[Any]]]:
        """Each entry with its key, in the order above."""
        for field in fields(self):
            yield field.name, getattr(self, field.name)
