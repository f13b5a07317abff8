"""Who the card is, against what the set says of its role."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cpx_tool.catalogue.dossier import coded_words, source_words
from cpx_tool.catalogue.nomenclature import label
from cpx_tool.catalogue.sets import title_fits
from cpx_tool.judge.check import Answer, check, failed, passed, skipped
from cpx_tool.judge.matching import PROFESSIONS
from cpx_tool.model.cardset import ExpectedCard
from cpx_tool.model.dossier import Dossier, Entry, Sighting, SourceKind
from cpx_tool.model.finding import Severity
from cpx_tool.model.identity import Coded, Identifier, Identity
from cpx_tool.model.message import Message, msg
from cpx_tool.model.token import TokenInfo
from cpx_tool.pki.identity import coded
from cpx_tool.pki.proof import Proof, TestProof
from cpx_tool.pki.sightings import number_in_label

CARD_TYPES = "TRE_G02"

_COMPARE = msg("Wrong card or wrong set: compare with the number printed on the card.")

_IN_BOTH = {
    "card_number": msg("card number"),
    "category": msg("category"),
    "card_type": msg("card type"),
    "profession": msg("profession"),
    "identifier": msg("identifier"),
}
"""What certificates and data objects both say, by the keys of the dossier."""


@check(
    "CARD-TEST",
    msg("The card is a TEST card"),
    msg(
        "Take this card out at once and give it back to its holder: it is a real card. "
        "Its PIN was not tried."
    ),
)
def card_is_test(proof: TestProof) -> Answer:
    """The very proof that PIN safety rests on: all certificates, and CPS_ID_CARD."""
    if proof.proof is Proof.PROVEN:
        return passed(msg("Category: test card"))
    if proof.proof is Proof.PRODUCTION:
        return failed(proof.reason)
    return failed(proof.reason, msg("Check where this card comes from; its PIN was not tried."))


@check(
    "CARD-NUMBER",
    msg("The card number is the one the set file pins"),
    msg("Insert the card of that number, or correct card_number in the set file."),
)
def number_matches(identity: Identity, expected: ExpectedCard) -> Answer | None:
    """Only a set file of one's own pins numbers (extension 1.2.250.1.71.1.2.3)."""
    if expected.card_number is None:
        return None
    found = msg(
        "Expected {expected}, found {found}.",
        expected=expected.card_number,
        found=identity.card_number or "—",
    )
    return passed(found) if identity.card_number == expected.card_number else failed(found)


@check("CARD-TYPE", msg("The card type is the one the set expects"), _COMPARE)
def card_type_matches(identity: Identity, expected: ExpectedCard) -> Answer:
    """TRE_G02, extension 1.2.250.1.71.1.2.2."""
    wanted = coded(CARD_TYPES, expected.card_type, label)
    return _compare(wanted, identity.card_type)


@check("CARD-PROFESSION", msg("The profession is the one the set expects"), _COMPARE)
def profession_matches(identity: Identity, expected: ExpectedCard) -> Answer | None:
    """TRE_G15, extension 1.2.250.1.71.1.2.7; the title is free text and does not decide."""
    if expected.profession is None:
        return None
    return _compare(coded(PROFESSIONS, expected.profession, label), identity.profession)


@check("CARD-NOMINATIVE", msg("The card names a person, or not, as the set expects"), _COMPARE)
def nominative_matches(identity: Identity, expected: ExpectedCard) -> Answer | None:
    """An anonymous card has neither surname nor given name (DMP fiche PDT-INF-617)."""
    if expected.nominative is None:
        return None
    found = (
        msg("The card names {holder}.", holder=identity.holder.display)
        if identity.holder.nominative
        else msg("The card names no person.")
    )
    return passed(found) if identity.holder.nominative is expected.nominative else failed(found)


@check(
    "CARD-SPECIALITY",
    msg("The speciality is the one the set expects"),
    _COMPARE,
    severity=Severity.WARNING,
)
def speciality_matches(identity: Identity, expected: ExpectedCard) -> Answer | None:
    """TRE_R01; optional in certificates, so its absence proves nothing."""
    if not expected.specialities:
        return None
    if not identity.specialities:
        return skipped(msg("The certificates carry no speciality."))
    found = tuple(coded_words(coded) for coded in identity.specialities)
    if any(coded.code in expected.specialities for coded in identity.specialities):
        return passed(msg("{found}", found=found))
    return failed(
        msg("Expected {expected}, found {found}.", expected=expected.specialities, found=found)
    )


@check("CARD-TITLE-EXPECTED", msg("The title is one that the set expects"), _COMPARE)
def title_expected(identity: Identity, expected: ExpectedCard) -> Answer | None:
    """Only a set file states patterns; upper and lower case and accents do not count."""
    if not expected.title_patterns:
        return None
    found = msg(
        "Expected {expected}, found {found}.",
        expected=expected.title_patterns,
        found=identity.holder.title or "—",
    )
    return passed(found) if title_fits(expected, identity) else failed(found)


@check(
    "CARD-TITLE",
    msg("The title agrees with the profession code"),
    msg("The code decides; have the card replaced if your software shows the title."),
    severity=Severity.WARNING,
)
def title_agrees(identity: Identity) -> Answer | None:
    """The title of a CPS is the TRE_G15 label of its profession, on all test cards seen."""
    title = identity.holder.title
    if identity.profession is None or identity.profession.label is None or title is None:
        return None
    found = msg("Title “{title}”, code {code}", title=title, code=coded_words(identity.profession))
    return passed(found) if title == identity.profession.label else failed(found)


@check(
    "CARD-IDENTIFIER",
    msg("The holder's identifier has a valid key"),
    msg("Real software refuses such an identifier; have the card replaced."),
    severity=Severity.WARNING,
)
def identifier_key(identity: Identity) -> Answer | None:
    """The eleventh digit of an RPPS number is a Luhn key, as that of all test holders seen."""
    identifier = identity.holder.identifier
    if identifier is None or identifier.key_valid is None:
        return None
    found = msg("{kind} {value}", kind=identifier.kind, value=identifier.value)
    return passed(found) if identifier.key_valid else failed(found)


@check(
    "CARD-LABEL",
    msg("The token's label carries the card number of the certificates"),
    msg(
        "The middleware may show a stale cache: empty it, put the card in again. "
        "Two cards of one serial number mix up their contents."
    ),
    severity=Severity.WARNING,
)
def label_agrees(token: TokenInfo, identity: Identity) -> Answer | None:
    """The label is kind, version, "-" and card number: "CPS4v1-3100603746" (Cryptolib CPS)."""
    shown = number_in_label(token.label)
    if shown is None or identity.card_number is None:
        return None
    found = msg("Label {label}, card {number}", label=token.label, number=identity.card_number)
    return passed(found) if shown == identity.card_number else failed(found)


@check(
    "CARD-DATA-AGREE",
    msg("The card's data objects agree with its certificates"),
    msg(
        "Software that reads the data objects takes this card for another one. The middleware may "
        "show a stale cache: empty it, put the card in again; if it persists, have the card "
        "replaced by the ANS."
    ),
    severity=Severity.WARNING,
)
def data_agrees(dossier: Dossier) -> Answer | None:
    """Number, category, type, profession and holder's identifier, where both say them.

    The objects' format is known from the ANS's own viewer only (cpgeslux 6.08). Names are not
    compared: the objects cut them off, in an encoding that is not published. CARD-DATA says
    which objects cannot be read, CARD-LABEL compares the token's label.
    """
    entries = dict(dossier.entries())
    pairs = [pair for key in _IN_BOTH for pair in _both(key, entries[key])]
    if not pairs:
        return None
    different = tuple(_difference(*pair) for pair in pairs if pair[1].value != pair[2].value)
    if different:
        return failed(msg("The data objects say otherwise: {differences}.", differences=different))
    names = tuple(_IN_BOTH[key] for key, _, _ in pairs)
    return passed(msg("The same in both: {fields}.", fields=names))


def _both(key: str, entry: Entry[Any]) -> Iterator[tuple[str, Sighting[Any], Sighting[Any]]]:
    """What each data object says beside what the certificates agree on, where both say it."""
    said = [sighting for sighting in entry.sightings if sighting.value is not None]
    certain = next((s for s in said if s.source == entry.origin), None)
    if certain is None or entry.informative:
        return
    for sighting in said:
        if sighting.source.kind is SourceKind.DATA_OBJECT:
            yield key, sighting, certain


def _difference(key: str, found: Sighting[Any], certain: Sighting[Any]) -> Message:
    return msg(
        "{field} {found} ({found_in}), but {certain} ({certain_in})",
        field=_IN_BOTH[key],
        found=_value(found.value),
        found_in=source_words(found.source),
        certain=_value(certain.value),
        certain_in=source_words(certain.source),
    )


def _value(value: Any) -> Message | str:
    if isinstance(value, Coded):
        return coded_words(value)
    return value.value if isinstance(value, Identifier) else str(value)


def _compare(wanted: Coded, found: Coded | None) -> Answer:
    if found is None:
        return failed(
            msg(
                "Expected {expected}, but the certificates carry none.",
                expected=coded_words(wanted),
            )
        )
    if found.code == wanted.code:
        return passed(coded_words(found))
    return failed(
        msg(
            "Expected {expected}, found {found}.",
            expected=coded_words(wanted),
            found=coded_words(found),
        )
    )
