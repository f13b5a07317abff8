"""Who the emulated cards are: fictional holders, deterministic for each set and role."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cpx_tool.catalogue.nomenclature import label
from cpx_tool.catalogue.sets import load_sets
from cpx_tool.emulate.defects import Defect
from cpx_tool.model.cardset import CardSet, ExpectedCard
from cpx_tool.pki.luhn import luhn_key

ISSUER_NUMBER = "8025000001"
"""Card issuer: 80 (health), 250 (France), 00001; in each real card number extension."""

CPS3_MECHANISMS = (
    "CKM_SHA_1",
    "CKM_SHA256",
    "CKM_RSA_X_509",
    "CKM_RSA_PKCS",
    "CKM_SHA1_RSA_PKCS",
    "CKM_SHA256_RSA_PKCS",
)
CPS4_MECHANISMS = (
    *CPS3_MECHANISMS,
    "CKM_RSA_PKCS_PSS",
    "CKM_SHA1_RSA_PKCS_PSS",
    "CKM_SHA256_RSA_PKCS_PSS",
)
"""As the Cryptolib announces them (release 5.2.2, module 3.01)."""

CPS3_ATR = "3BAC00402A001225006480000310009000"
CPS4_ATR = "3B9B188001001225006480040100009044"

_GIVEN_NAMES = ("ALIX", "BASILE", "CLOE", "DENIS", "ELSA", "FELIX", "GAELLE", "HUGO", "INES")
_PREFIXES = {
    10: "DOC",
    21: "PHARMA",
    40: "DENTISTE",
    50: "SAGEFEMME",
    60: "INFIRM",
    70: "MASSEUR",
    98: "MANIP",
}
_CPS = 0
_OTHER_PROFESSIONS = (26, 28)
_EXTRA_OFFSET = 500
_LIFETIME_YEARS = 3


@dataclass(frozen=True, slots=True)
class Profile:
    """One emulated card in plain values. Certificates are made of it by `certificates.py`.

    `structure` is a Struct_IdNat and None for a CPS, whose DN has none; `serial` are the
    eight hex digits of the token.
    """

    role: str
    title_in_set: str
    card_number: str
    serial: str
    card_type: int
    category: int
    profession: int | None
    title: str
    common_name: str
    surname: str | None
    given_name: str | None
    pseudonym: str | None
    organisation: str | None
    structure: str | None
    not_before: datetime
    not_after: datetime
    defects: frozenset[Defect]

    @property
    def cps3(self) -> bool:
        """Emulates a CPS3 instead of a CPS4."""
        return Defect.PKCS1_ONLY in self.defects

    @property
    def label(self) -> str:
        """Token label as on real cards: kind and version, "-", card number."""
        return f"{'CPS3v3' if self.cps3 else 'CPS4v1'}-{self.card_number}"

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """What this card can do."""
        return CPS3_MECHANISMS if self.cps3 else CPS4_MECHANISMS

    @property
    def atr(self) -> str:
        """The ATR such a card would give, hex."""
        return CPS3_ATR if self.cps3 else CPS4_ATR


def profiles(
    card_set: CardSet, defects: dict[str, frozenset[Defect]], now: datetime
) -> tuple[Profile, ...]:
    """The cards to write, in the set's order, defects applied. `now` is aware."""
    written: list[Profile] = []
    for position, expected in enumerate(card_set.cards, start=1):
        wrong = defects.get(expected.role, frozenset())
        if Defect.MISSING in wrong:
            continue
        if Defect.FOREIGN in wrong:
            written.append(_foreign(card_set, wrong, now))
            continue
        card = _profile(card_set, expected, position, wrong, now)
        written.append(card)
        if Defect.DUPLICATE in wrong:
            written.append(replace(card, serial=_other_serial(card.serial)))
        if Defect.EXTRA in wrong:
            written.append(_profile(card_set, expected, position + _EXTRA_OFFSET, wrong, now))
    return tuple(written)


def _profile(
    card_set: CardSet,
    expected: ExpectedCard,
    position: int,
    wrong: frozenset[Defect],
    now: datetime,
) -> Profile:
    number = f"99{_ordinal(card_set):03d}{position:03d}01"
    not_before, not_after = _validity(wrong, now)
    base = Profile(
        role=expected.role,
        title_in_set=expected.title,
        card_number=expected.card_number or number,
        serial=(expected.card_number or number)[:8],
        card_type=expected.card_type,
        category=0x00 if Defect.PRODUCTION in wrong else 0x80,
        profession=expected.profession,
        title="",
        common_name="",
        surname=None,
        given_name=None,
        pseudonym=None,
        organisation=None,
        structure=None,
        not_before=not_before,
        not_after=not_after,
        defects=wrong,
    )
    if expected.profession is not None:
        card = _professional(base, expected.profession, card_set, position)
    else:
        card = _staff(base, expected, card_set, position)
    if Defect.WRONG_PROFESSION in wrong:
        other = next(code for code in _OTHER_PROFESSIONS if code != card.profession)
        card = replace(card, profession=other)
    return card


def _professional(base: Profile, code: int, card_set: CardSet, position: int) -> Profile:
    """A CPS: PS_IdNat = 8 + RPPS; 997… are test numbers, the last digit is a Luhn key."""
    index = f"{_ordinal(card_set):03d}{position:04d}"
    rpps = "997" + index
    return replace(
        base,
        title=label("TRE_G15", f"{code:02d}") or "",
        common_name=f"8{rpps}{luhn_key(rpps)}",
        surname=f"{_PREFIXES.get(code, 'PRO')}{index}",
        given_name=_given_name(position),
    )


def _staff(base: Profile, expected: ExpectedCard, card_set: CardSet, position: int) -> Profile:
    """CPE form: 3 + FINESS + "/" + number. The form of a CDE is not published: the same."""
    finess = f"0B0{_ordinal(card_set):06d}"
    card = replace(
        base,
        organisation=f"{card_set.title.upper()} EMULE",
        structure=f"1{finess}",
    )
    if expected.nominative is False:  # PDT-INF-617: neither surname nor given name
        return replace(
            card,
            title="Carte de service santé ou social",
            common_name=f"3{finess}/{position:09d}",
            pseudonym=f"EMPLOYE{position:09d}",
        )
    return replace(
        card,
        title="Personnel santé ou social",
        common_name=f"3{finess}/CPET{position:04d}",
        surname=f"ADMINISTRATIF{_ordinal(card_set):05d}{position:04d}",
        given_name=_given_name(position),
    )


def _foreign(card_set: CardSet, wrong: frozenset[Defect], now: datetime) -> Profile:
    """A card whose profession this set does not hold, from a set that does."""
    own = {card.profession for card in card_set.cards}
    for other in load_sets():
        for position, card in enumerate(other.cards, start=1):
            if card.card_type == _CPS and card.profession not in own:
                profile = _profile(other, card, position, wrong, now)
                return replace(profile, role="", title_in_set=card.title)
    raise LookupError("the catalogue holds no card that this set does not")


def _validity(wrong: frozenset[Defect], now: datetime) -> tuple[datetime, datetime]:
    """Three years to the second, as on real cards."""
    now = now.replace(microsecond=0)
    start = now - timedelta(days=1)
    if Defect.NOT_YET_VALID in wrong:
        start = now + timedelta(days=30)
    if Defect.EXPIRED in wrong:
        start = _years(now - timedelta(days=30), -_LIFETIME_YEARS)
    if Defect.EXPIRING_SOON in wrong:
        start = _years(now + timedelta(days=20), -_LIFETIME_YEARS)
    return start, _years(start, _LIFETIME_YEARS)


def _years(moment: datetime, years: int) -> datetime:
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:  # 29 February
        return moment.replace(year=moment.year + years, day=28)


def _ordinal(card_set: CardSet) -> int:
    """Three digits that tell one set's numbers from another's."""
    names = [known.name for known in load_sets()]
    if card_set.name in names:
        return 100 + names.index(card_set.name)
    return 200 + int(hashlib.sha256(card_set.name.encode()).hexdigest(), 16) % 800


def _given_name(position: int) -> str:
    return _GIVEN_NAMES[position % len(_GIVEN_NAMES)]


def _other_serial(serial: str) -> str:
    # SoftHSM stops at two tokens with one serial
    return serial[:-1] + ("f" if serial[-1] != "f" else "e")
