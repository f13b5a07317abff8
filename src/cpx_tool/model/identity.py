"""Who a card or a certificate is, as its certificates say it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Category(StrEnum):
    """TRE_G01, and whether the product is a test one."""

    TEST_CARD = "test-card"
    TEST_MODULE = "test-module"
    TEST_SOFTWARE = "test-software"
    PRODUCTION_CARD = "production-card"
    PRODUCTION_MODULE = "production-module"
    PRODUCTION_SOFTWARE = "production-software"
    NOT_KNOWN = "not-known"

    @property
    def is_production(self) -> bool:
        """A product of a real person or organisation."""
        return self.value.startswith("production-")


class Pki(StrEnum):
    """Which PKI issued a certificate, by its issuer's full name."""

    IGC_SANTE_TEST = "igc-sante-test"
    IGC_SANTE = "igc-sante"
    IGC_SANTE_RECETTE = "igc-sante-recette"
    IGC_CPS_TEST = "igc-cps-2ter-test"
    IGC_CPS = "igc-cps-2ter"
    EMULATED = "emulated"
    NOT_KNOWN = "not-known"


class ProductKind(StrEnum):
    """What carries the certificate."""

    CARD = "card"
    PERSON_SOFTWARE = "person-software"
    ORGANISATION = "organisation"
    AUTHORITY = "authority"
    NOT_KNOWN = "not-known"


@dataclass(frozen=True, slots=True)
class Coded:
    """A code as the nomenclature writes it ("02", "SM26") and its label, None when unknown."""

    code: str
    label: str | None


@dataclass(frozen=True, slots=True)
class Identifier:
    """A national identifier (PS_IdNat, Struct_IdNat), its prefix digit (TRE_G08, TRE_G07) included.

    `kind` is what the digit stands for: RPPS, ADELI, FINESS, SIRET, SIREN, FINESS-EJ,
    CABINET-RPPS, CABINET-ADELI, DRASS, STUDENT. `key_valid` is None where no key is known for it.
    """

    value: str
    kind: str
    key_valid: bool | None


@dataclass(frozen=True, slots=True)
class Holder:
    """The person, or the anonymous service, that the card names. None: the field is absent."""

    common_name: str | None
    surname: str | None
    given_name: str | None
    pseudonym: str | None
    title: str | None
    organisation: str | None
    identifier: Identifier | None
    structure: Identifier | None

    @property
    def nominative(self) -> bool:
        """Names a person: both surname and given name are present (PDT-INF-617)."""
        return bool(self.surname and self.given_name)

    @property
    def display(self) -> str:
        """The name as printed in reports: "GIVEN SURNAME", else the pseudonym, else the CN."""
        person = " ".join(p for p in (self.given_name, self.surname) if p)
        return person or self.pseudonym or self.common_name or ""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a certificate is. `card_number` is the ten digits printed on the card."""

    kind: ProductKind
    category: Category
    pki: Pki
    holder: Holder
    card_type: Coded | None = None
    issuer_number: str | None = None
    card_number: str | None = None
    profession: Coded | None = None
    future_profession: Coded | None = None
    specialities: tuple[Coded, ...] = ()
