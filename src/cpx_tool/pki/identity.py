"""Says who a certificate is: product, category, PKI, holder, identifiers.

The profiles are those of real certificates of the IGC-Santé and the IGC-CPS 2ter; codes are
those of the ANS's nomenclatures.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from cpx_tool.model.certificate import Certificate, Name
from cpx_tool.model.identity import (
    Category,
    Coded,
    Holder,
    Identifier,
    Identity,
    Pki,
    ProductKind,
)
from cpx_tool.pki.luhn import luhn_valid

EMULATION = "CPX-TOOL EMULATION"
"""The organisation (O) of the issuers that the emulator makes, and of no other."""

Label = Callable[[str, str], str | None]
"""(table, code) → French label: the catalogue's `label`, a sibling of this room."""

_CATEGORIES = {
    0x00: Category.PRODUCTION_CARD,
    0x02: Category.PRODUCTION_MODULE,
    0x03: Category.PRODUCTION_SOFTWARE,
    0x80: Category.TEST_CARD,
    0x82: Category.TEST_MODULE,
    0x83: Category.TEST_SOFTWARE,
}

_RPPS = "RPPS"
_ADELI = "ADELI"
_FINESS = "FINESS"
_SIREN = "SIREN"
_SIRET = "SIRET"

_PERSON_KINDS = {
    "0": _ADELI,
    "1": "CABINET-ADELI",
    "2": "DRASS",
    "3": _FINESS,
    "4": _SIREN,
    "5": _SIRET,
    "6": "CABINET-RPPS",
    "8": _RPPS,
    "9": "STUDENT",
}
"""TRE_G08. With 1 and 3 to 6, the structure's number is followed by "/" and the person's."""

_STRUCTURE_KINDS = {
    "0": "CABINET-ADELI",
    "1": _FINESS,
    "2": _SIREN,
    "3": _SIRET,
    "4": "CABINET-RPPS",
    "5": "FINESS-EJ",
}
"""TRE_G07."""

_DIGITS = {_RPPS: 11, _SIRET: 14}
"""The identifiers with a known key, and their length: the last digit is a Luhn key."""

_PERSON_ID = re.compile(r"[0-9][0-9A-Z]+(/[0-9A-Za-z]+)?")
_STRUCTURE_ID = re.compile(r"[0-5][0-9A-Z]+")
_CARD_NUMBER = re.compile(r"([0-9]{10})/([0-9]{10})")


def identify(certificate: Certificate, label: Label) -> Identity:
    """Who this certificate is. What it does not say stays None; `label` gives French labels."""
    pki = issuing_pki(certificate)
    category = category_of(certificate)
    kind = _kind(certificate, category)
    issuer_number, card_number = _split_card_number(certificate.card_number)
    return Identity(
        kind=kind,
        category=category,
        pki=pki,
        holder=_holder(certificate, kind),
        card_type=_coded("TRE_G02", certificate.card_type, label),
        issuer_number=issuer_number,
        card_number=card_number,
        profession=_coded("TRE_G15", certificate.profession, label),
        future_profession=_coded("TRE_G16", certificate.future_profession, label),
        specialities=tuple(Coded(c, label("TRE_R01", c)) for c in certificate.specialities),
    )


def category_of(certificate: Certificate) -> Category:
    """The TRE_G01 category of the private extension."""
    return category_of_code(certificate.category)


def category_of_code(code: int | None) -> Category:
    """What a TRE_G01 code stands for."""
    return Category.NOT_KNOWN if code is None else _CATEGORIES.get(code, Category.NOT_KNOWN)


def issuing_pki(certificate: Certificate) -> Pki:
    """The PKI, by the issuer's full name: a clone of the test PKI has the same CN.

    The clone adds OU=RECETTE (seen on a real certificate). A name is no signature: whoever must
    be sure verifies the chain. Test PKIs are recognised narrowly, production ones broadly.
    """
    issuer = certificate.issuer
    organisations = _values(issuer, "O")
    if organisations == (EMULATION,):
        return Pki.EMULATED
    if _values(issuer, "C") != ("FR",) or len(organisations) != 1:
        return Pki.NOT_KNOWN
    common_name = certificate.issuer_value("CN") or ""
    units = set(_values(issuer, "OU"))
    if organisations == ("ASIP-SANTE",):
        return _igc_sante(units, common_name)
    return _igc_cps(organisations[0], units, common_name)


def _igc_sante(units: set[str], common_name: str) -> Pki:
    if "RECETTE" in units:
        is_clone = common_name.startswith("TEST AC ")
        return Pki.IGC_SANTE_RECETTE if is_clone else Pki.NOT_KNOWN
    if units == {"0002 187512751", "IGC-SANTE TEST"} and common_name.startswith("TEST AC "):
        return Pki.IGC_SANTE_TEST
    return Pki.IGC_SANTE if "IGC-SANTE" in units else Pki.NOT_KNOWN


def _igc_cps(organisation: str, units: set[str], common_name: str) -> Pki:
    if organisation == "TEST" and units == {"TEST PROFESSIONNEL"}:
        return Pki.IGC_CPS_TEST
    # production: from public directories of its CAs ("GIP-CPS CLASSE-1"), no certificate seen
    if organisation == "GIP-CPS" and not any("TEST" in u for u in (*units, common_name)):
        return Pki.IGC_CPS
    return Pki.NOT_KNOWN


def _kind(certificate: Certificate, category: Category) -> ProductKind:
    if certificate.is_ca:
        return ProductKind.AUTHORITY
    if category in (Category.TEST_CARD, Category.PRODUCTION_CARD):
        return ProductKind.CARD
    if category in (Category.TEST_SOFTWARE, Category.PRODUCTION_SOFTWARE):
        return _software(certificate)
    if category is Category.NOT_KNOWN and _has_card_fields(certificate):
        return ProductKind.CARD
    return ProductKind.NOT_KNOWN


def _has_card_fields(certificate: Certificate) -> bool:
    return certificate.card_number is not None or certificate.card_type is not None


def _software(certificate: Certificate) -> ProductKind:
    """A person's carries a profession or a surname; an organisation's neither (both seen)."""
    if certificate.profession is not None or certificate.subject_value("SN"):
        return ProductKind.PERSON_SOFTWARE
    return ProductKind.ORGANISATION


def _holder(certificate: Certificate, kind: ProductKind) -> Holder:
    names_person = kind in (ProductKind.CARD, ProductKind.PERSON_SOFTWARE)
    common_name = certificate.subject_value("CN")
    units = _values(certificate.subject, "OU")
    structure = None if kind is ProductKind.AUTHORITY else next(filter(_is_structure, units), None)
    return Holder(
        common_name=common_name,
        surname=certificate.subject_value("SN"),
        given_name=certificate.subject_value("GN"),
        pseudonym=certificate.subject_value("pseudonym"),
        title=certificate.subject_value("title"),
        organisation=certificate.subject_value("O"),
        identifier=person_identifier(common_name) if names_person and common_name else None,
        structure=structure_identifier(structure) if structure else None,
    )


def person_identifier(text: str) -> Identifier | None:
    """A PS_IdNat: a TRE_G08 digit and the number ("899700075122", "30B0057881/CPET0002").

    None when it does not look like one. `key_valid` is judged for RPPS and SIRET only: for
    the others no key is documented.
    """
    if not _PERSON_ID.fullmatch(text) or text[0] not in _PERSON_KINDS:
        return None
    kind = _PERSON_KINDS[text[0]]
    return Identifier(text, kind, _key_valid(kind, text[1:].partition("/")[0]))


def structure_identifier(text: str) -> Identifier | None:
    """A Struct_IdNat: a TRE_G07 digit and the number ("10B0127189"); None when it is not one."""
    if not _is_structure(text):
        return None
    kind = _STRUCTURE_KINDS[text[0]]
    return Identifier(text, kind, _key_valid(kind, text[1:]))


def _is_structure(text: str) -> bool:
    # an IGC-CPS 2ter card has its holder's profession in OU
    return _STRUCTURE_ID.fullmatch(text) is not None


def _key_valid(kind: str, number: str) -> bool | None:
    if kind not in _DIGITS:
        return None
    return len(number) == _DIGITS[kind] and luhn_valid(number)


def _split_card_number(text: str | None) -> tuple[str | None, str | None]:
    if text is None:
        return None, None
    parts = _CARD_NUMBER.fullmatch(text)
    return (parts[1], parts[2]) if parts else (None, text)


def coded(table: str, code: int, label: Label) -> Coded:
    """A code of two digits or more, as the nomenclatures write it, with its label."""
    text = f"{code:02d}"
    return Coded(text, label(table, text))


def _coded(table: str, code: int | None, label: Label) -> Coded | None:
    return None if code is None else coded(table, code, label)


def _values(name: Name, short_type: str) -> tuple[str, ...]:
    return tuple(value for rdn in name for kind, value in rdn if kind == short_type)
