"""Who the emulated cards are: fictional holders, the same at each run for a set and a role."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cpx_tool.catalogue.nomenclature import label
from cpx_tool.catalogue.sets import load_sets
from cpx_tool.emulate.defects import Defect
from cpx_tool.errors import BadInput
from cpx_tool.model.cardset import CardSet, ExpectedCard
from cpx_tool.model.message import msg
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
CPS3_CONTACTLESS_ATR = "3B8F80010031B86404B0ECC1739401808290000E"
CPS4_ATR = "3B9B188001001225006480040100009044"

_CPS, _CPF = 0, 1
_DOCTOR = 10
_OTHER_PROFESSIONS = (26, 28)
_TEST, _PRODUCTION = 0x80, 0x00

_MADAME, _MONSIEUR = 22, 31
_GIVEN_NAMES = (
    ("INES", _MADAME),
    ("ADELE", _MADAME),
    ("BASILE", _MONSIEUR),
    ("CLOE", _MADAME),
    ("DENIS", _MONSIEUR),
    ("ELSA", _MADAME),
    ("FELIX", _MONSIEUR),
    ("GAELLE", _MADAME),
    ("HUGO", _MONSIEUR),
)
_PREFIXES = {
    10: "DOC",
    21: "PHARMA",
    26: "AUDIO",
    28: "OPTICIEN",
    40: "DENTISTE",
    50: "SAGEFEMME",
    60: "INFIRM",
    70: "MASSEUR",
    80: "PEDICURE",
    98: "MANIP",
}

_LIBERAL, _SALARIED = 0x00, 0x01
"""TRE_G17."""
_PRIVATE_PRACTICE = "SA07"
_SECTORS = {
    "centre-sante": "SA05",
    "centre-hospitalier": "SA01",
    "cabinet-officine": "SA33",
    "laboratoire": "SA25",
    "audioprothesiste": "SA42",
}
"""TRE_R02, for the sets whose name says it."""

_NUMBERS = 1000
_EXTRA_OFFSET = 500
_ORGANISATION_CHARACTERS = 40
_TITLE_CHARACTERS = 64
_LIFETIME_YEARS = 3
_SLOT_MASK = 0x7FFFFFFF


@dataclass(frozen=True, slots=True)
class Activity:
    """An exercise situation: TRE_G17 mode, company name, Struct_IdNat, TRE_R02 sector."""

    mode: int
    company: str
    structure: str
    sector: str


@dataclass(frozen=True, slots=True)
class Profile:
    """One emulated card in plain values; `certificates.py` and `objects.py` build on them.

    `organisation` and `structure` (a Struct_IdNat) are those of the DN, None where it has
    none, as on a CPS. `serial` are the eight hex digits of the token. `role` is empty for a
    card that has no place in the set. Codes are those of TRE_G01 (`category`), TRE_G02
    (`card_type`), TRE_G15, TRE_G16, TRE_G03 (`civility`) and TRE_R01 (`speciality`).
    """

    role: str
    title_in_set: str
    card_number: str
    serial: str
    card_type: int
    category: int
    profession: int | None
    future_profession: int | None
    speciality: str | None
    title: str
    common_name: str
    civility: int
    surname: str | None
    given_name: str | None
    pseudonym: str | None
    organisation: str | None
    structure: str | None
    activities: tuple[Activity, ...]
    not_before: datetime
    not_after: datetime
    defects: frozenset[Defect]

    @property
    def cps3(self) -> bool:
        """Emulates a CPS3 instead of a CPS4."""
        return Defect.PKCS1_ONLY in self.defects

    @property
    def professional(self) -> bool:
        """A CPS or CPF: the holder is a health professional, or becomes one."""
        return self.card_type in (_CPS, _CPF)

    @property
    def label(self) -> str:
        """Token label as on real cards: kind and version, "-", card number."""
        return f"{'CPS3v3' if self.cps3 else 'CPS4v1'}-{self.card_number}"

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """What this card announces."""
        return CPS3_MECHANISMS if self.cps3 else CPS4_MECHANISMS

    @property
    def atr(self) -> str:
        """The ATR such a card would give, hex."""
        return CPS3_ATR if self.cps3 else CPS4_ATR

    @property
    def slot_id(self) -> int:
        """The slot SoftHSM gives the token: it derives it from the serial."""
        return int(self.serial, 16) & _SLOT_MASK


def profiles(
    card_set: CardSet, defects: Mapping[str, frozenset[Defect]], now: datetime
) -> tuple[Profile, ...]:
    """The cards to write, in the set's order, defects applied. `now` is aware.

    Raises `BadInput` where the catalogue holds no card that is foreign to the set.
    """
    written: list[Profile] = []
    for position, expected in enumerate(card_set.cards, start=1):
        wrong = defects.get(expected.role, frozenset())
        if Defect.MISSING not in wrong:
            written += _cards_for(_Place(card_set, expected, position), wrong, now)
    return _told_apart(written)


@dataclass(frozen=True, slots=True)
class Structure:
    """The fictional structure of a set: its cards' employer, its software certificates' holder."""

    set_name: str
    title: str

    @property
    def code(self) -> str:
        """Five digits of the set's name: they stay when other sets come and go."""
        digest = hashlib.sha256(self.set_name.encode()).digest()
        return f"{int.from_bytes(digest[:8], 'big') % 100_000:05d}"

    @property
    def finess(self) -> str:
        """A test FINESS: fake département 0B, index, and the key that all known ones have."""
        body = f"0B0{self.code}"
        return body + luhn_key(body.replace("B", "2"))

    @property
    def identifier(self) -> str:
        """The Struct_IdNat: 1 stands for FINESS (TRE_G07)."""
        return f"1{self.finess}"

    @property
    def organisation(self) -> str:
        """Ends with the index of its identifier, as the names of the ANS's test structures."""
        decomposed = unicodedata.normalize("NFKD", self.title.upper())
        plain = decomposed.encode("ascii", "ignore").decode()
        return f"{plain[:_ORGANISATION_CHARACTERS].strip()} EMULE {self.code}"


@dataclass(frozen=True, slots=True)
class _Place:
    """A card's place in its set, and the numbers that come of it."""

    card_set: CardSet
    expected: ExpectedCard
    position: int

    @property
    def structure(self) -> Structure:
        return Structure(self.card_set.name, self.card_set.title)

    @property
    def set_code(self) -> str:
        return self.structure.code

    @property
    def rank(self) -> str:
        return f"{self.position % _NUMBERS:03d}"

    @property
    def card_number(self) -> str:
        """Ten digits without a key: real ones are Luhn-valid neither alone nor with the issuer.

        99 is the emulator's mark; the eight digits of the token's serial tell cards apart.
        """
        stated = self.expected.card_number
        return stated or f"99{self.set_code[:3]}{self.rank}{self.set_code[3:]}"

    @property
    def rpps_index(self) -> str:
        return self.set_code[:4] + self.rank

    @property
    def activity(self) -> Activity:
        structure = self.structure
        sector = _SECTORS.get(self.card_set.name, _PRIVATE_PRACTICE)
        return Activity(_SALARIED, structure.organisation, structure.identifier, sector)


def _cards_for(place: _Place, wrong: frozenset[Defect], now: datetime) -> list[Profile]:
    if Defect.FOREIGN in wrong:
        return [_foreign(place.card_set, wrong, now)]
    card = _profile(place, wrong, now)
    cards = [card]
    if Defect.DUPLICATE in wrong:
        cards.append(card)
    if Defect.EXTRA in wrong:
        unnumbered = replace(place.expected, card_number=None)
        beside = replace(place, expected=unnumbered, position=place.position + _EXTRA_OFFSET)
        cards.append(_profile(beside, wrong, now))
    return cards


def _profile(place: _Place, wrong: frozenset[Defect], now: datetime) -> Profile:
    expected = place.expected
    given_name, civility = _GIVEN_NAMES[place.position % len(_GIVEN_NAMES)]
    # from a midnight on: a card made twice on a day has the same certificates, for `compare`
    dated = wrong & {Defect.EXPIRED, Defect.NOT_YET_VALID, Defect.EXPIRING_SOON}
    issued = now if dated else now.replace(hour=0, minute=0, second=0)
    not_before, not_after = validity(issued, wrong)
    card = Profile(
        role=expected.role,
        title_in_set=expected.title,
        card_number=place.card_number,
        serial=place.card_number[:8],
        card_type=expected.card_type,
        category=_PRODUCTION if Defect.PRODUCTION in wrong else _TEST,
        profession=expected.profession,
        future_profession=expected.future_profession,
        speciality=expected.specialities[0] if expected.specialities else None,
        title="",
        common_name="",
        civility=civility,
        surname=None,
        given_name=given_name,
        pseudonym=None,
        organisation=None,
        structure=None,
        activities=(place.activity,),
        not_before=not_before,
        not_after=not_after,
        defects=wrong,
    )
    card = _professional(card, place) if card.professional else _staff(card, place)
    if Defect.WRONG_PROFESSION in wrong:  # the title stays: the two contradict each other
        other = next(code for code in _OTHER_PROFESSIONS if code != card.profession)
        card = replace(card, profession=other)
    return card


def _professional(card: Profile, place: _Place) -> Profile:
    """A CPS: PS_IdNat = 8 + RPPS; 997… are test numbers, the last digit is a Luhn key.

    A CPF's DN is not published: the same, with the future profession as its title.
    """
    if card.profession is None and card.future_profession is None:
        card = replace(card, profession=_DOCTOR)
    table = "TRE_G15" if card.profession is not None else "TRE_G16"
    code = card.profession if card.profession is not None else card.future_profession or 0
    body = f"997{place.rpps_index}"
    card = replace(
        card,
        title=label(table, f"{code:02d}") or place.expected.title[:_TITLE_CHARACTERS],
        common_name=f"8{body}{luhn_key(body)}",
        surname=f"{_PREFIXES.get(code, 'PRO')}{place.rpps_index}",
    )
    if card.profession == _DOCTOR:  # a second situation: a practice of one's own
        practice = f"4{card.common_name[1:]}001"
        own = Activity(_LIBERAL, f"CABINET {card.surname}", practice, _PRIVATE_PRACTICE)
        card = replace(card, activities=(*card.activities, own))
    return card


def _staff(card: Profile, place: _Place) -> Profile:
    """CPE form: 3 + FINESS + "/" + number. Those of a CDE and a CDA/CPA are not published."""
    own = place.structure
    card = replace(card, organisation=own.organisation, structure=own.identifier)
    if place.expected.nominative is False:  # PDT-INF-617: neither surname nor given name
        number = f"{place.position:09d}"
        return replace(
            card,
            title="Carte de service santé ou social",
            common_name=f"3{own.finess}/{number}",
            pseudonym=f"EMPLOYE{number}",
            given_name=None,
        )
    rank = f"{place.position:04d}"
    return replace(
        card,
        title="Personnel santé ou social",
        common_name=f"3{own.finess}/CPET{rank}",
        surname=f"ADMINISTRATIF{place.set_code}{rank}",
    )


def _foreign(card_set: CardSet, wrong: frozenset[Defect], now: datetime) -> Profile:
    """A card whose profession this set does not hold, from a set that does."""
    own = {card.profession for card in card_set.cards}
    for other in load_sets():
        for position, card in enumerate(other.cards, start=1):
            if card.card_type == _CPS and card.profession not in own:
                return replace(_profile(_Place(other, card, position), wrong, now), role="")
    raise BadInput(
        msg(
            "No card of the catalogue is foreign to the set {name}: it holds every profession.",
            name=card_set.name,
        ),
        msg("Choose another set or another defect."),
    )


def validity(now: datetime, wrong: frozenset[Defect] = frozenset()) -> tuple[datetime, datetime]:
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


def _told_apart(cards: Iterable[Profile]) -> tuple[Profile, ...]:
    """The same cards, each with a slot of its own: SoftHSM loads nothing when two share one.

    A letter in the serial shows that it is not the head of the card number.
    """
    taken: set[int] = set()
    apart: list[Profile] = []
    for card in cards:
        spare = (f"{card.serial[:4]}f{n:03x}" for n in range(0x1000))
        alone = card
        while alone.slot_id in taken:
            alone = replace(card, serial=next(spare))
        taken.add(alone.slot_id)
        apart.append(alone)
    return tuple(apart)
