"""Observations built in the test: real certificates, real signatures, no card and no clock.

`centre_sante` is a good set of six; `dataclasses.replace` and `with_card` make it wrong.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from cpx_tool.judge import reading
from cpx_tool.judge.reading import ReadCard
from cpx_tool.model.observation import (
    CardObservation,
    Hash,
    ModuleObservation,
    Observation,
    PinRecord,
    PinResult,
    SignatureTry,
    Workstation,
)
from cpx_tool.model.reader import CardKind, Pcsc, PcscStatus, Reader, ReaderState
from cpx_tool.model.token import (
    CertificateObject,
    DataObject,
    ModuleInfo,
    PrivateKey,
    Slot,
    TokenFlag,
    TokenInfo,
)
from cpx_tool.model.trust import TrustMaterial
from cpx_tool.pki.trust import make_trust
from support.certificates import (
    Person,
    authentication_certificate,
    authority_certificate,
    revocation_list,
    signature_certificate,
)

NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
"""When every observation here was made; the certificates are valid from 2024 to 2026."""

AUTHENTICATION = "Certificat d'Authentification CPS"
SIGNATURE = "Certificat de Signature CPS"
AUTHENTICATION_ID = "e828bd080f8025000001ff001020"
SIGNATURE_ID = "e828bd080f8025000001ff001010"
PKCS1 = "CKM_RSA_PKCS"
PSS = "CKM_SHA256_RSA_PKCS_PSS"
CPS4_ATR = "3B9B188001001225006480040100009044"
FLAGS = (TokenFlag.INITIALIZED, TokenFlag.LOGIN_REQUIRED, TokenFlag.PIN_INITIALIZED)

_STAFF = {"organisation": "CENTRE DE SANTE 12718", "structure": "10B0127189"}

PEOPLE: Mapping[str, Person] = {
    "cde-directeur": Person(
        card_number="3100000011",
        card_type=2,
        title="Personnel santé ou social",
        common_name="30B0127189/CPET0001",
        given_name="ANNE",
        surname="DIRECTRICE127180001",
        **_STAFF,
    ),
    "medecin-generaliste": Person(
        card_number="3100000012",
        card_type=0,
        title="Médecin",
        common_name="899700075122",
        given_name="ADÈLE",
        surname="DOC0007512",
        profession=10,
        speciality="SM26",
    ),
    "chirurgien-dentiste": Person(
        card_number="3100000013",
        card_type=0,
        title="Chirurgien-Dentiste",
        common_name="899700041983",
        given_name="BASILE",
        surname="DENTISTE0004198",
        profession=40,
    ),
    "cpe-employe": Person(
        card_number="3100000014",
        card_type=2,
        title="Personnel santé ou social",
        common_name="30B0127189/CPET0002",
        given_name="CHARLES",
        surname="ADMINISTRATIF127180002",
        **_STAFF,
    ),
    "cpe-employe-delegue": Person(
        card_number="3100000015",
        card_type=2,
        title="Personnel santé ou social",
        common_name="30B0127189/CPET0003",
        given_name="DENISE",
        surname="ADMINISTRATIF127180003",
        **_STAFF,
    ),
    "infirmier": Person(
        card_number="3100000016",
        card_type=0,
        title="Infirmier",
        common_name="899700218896",
        given_name="ELSA",
        surname="INFIRMIER0021889",
        profession=60,
    ),
}
"""Role → fictional holder of the six cards of "Centre de santé"."""


def centre_sante(key: rsa.RSAPrivateKey) -> Observation:
    """A workstation with six readers and the six good cards of the set, in the set's order."""
    return observation(
        *(card(key, person, slot) for slot, person in enumerate(PEOPLE.values())),
    )


def emulated(seen: Observation, key: rsa.RSAPrivateKey, *revoked: int) -> Observation:
    """The same cards as those of an emulation, whose CA and CRL are at hand."""
    authority = authority_certificate(key)
    trust = TrustMaterial(
        certificates=(authority,),
        crls=(revocation_list(key, NOW - timedelta(days=1), *revoked),),
        emulated=(hashlib.sha256(authority).hexdigest(),),
    )
    return replace(seen, emulated=True, trust=trust)


def read_card(seen: CardObservation) -> ReadCard:
    """The card read, with no CA at hand."""
    return reading.read_card(seen, make_trust(TrustMaterial(), ()), NOW)


def observation(*cards: CardObservation) -> Observation:
    """These cards, each in a reader of its own."""
    readers = tuple(
        Reader(c.reader, ReaderState.CARD_PRESENT, CPS4_ATR, CardKind.CPS4)
        for c in cards
        if c.reader is not None
    )
    info = ModuleInfo("/opt/cps/libcps3_pkcs11_lux.so", "ANS", "CPS3 PKCS#11 LINUX", "3.1")
    return Observation(
        schema_version=1,
        tool_version="0.0",
        run_id="0123456789abcdef",
        observed_at=NOW,
        emulated=False,
        workstation=Workstation("poste-1", "Linux", "3.11.2"),
        pcsc=Pcsc(PcscStatus.OK if readers else PcscStatus.NO_READER, readers),
        module=ModuleObservation(info.path, "known-place", info=info),
        slots=tuple(c.slot for c in cards),
        cards=cards,
    )


def card(key: rsa.RSAPrivateKey, person: Person, slot_id: int = 0) -> CardObservation:
    """A good CPS4 of that person, logged in, both keys tried; both are `key`."""
    modulus = f"{key.public_key().public_numbers().n:x}"
    reader = f"Reader {slot_id:02d}"
    return CardObservation(
        slot=Slot(slot_id, reader, True),
        reader=reader,
        token=TokenInfo(
            label=f"CPS4v1-{person.card_number}",
            manufacturer="ANS",
            model="ChipDoc",
            serial=person.card_number[:8],
            flags=FLAGS,
            mechanisms=(PKCS1, "CKM_SHA256_RSA_PKCS", PSS),
        ),
        certificates=(
            CertificateObject(
                AUTHENTICATION, AUTHENTICATION_ID, authentication_certificate(key, person)
            ),
            CertificateObject(SIGNATURE, SIGNATURE_ID, signature_certificate(key, person)),
        ),
        data=data_objects(person),
        pin=PinRecord(PinResult.ACCEPTED, flags=FLAGS),
        keys=(
            PrivateKey("CPS_PRIV_AUT", AUTHENTICATION_ID, 2048, modulus),
            PrivateKey("CPS_PRIV_SIG", SIGNATURE_ID, 2048, modulus),
        ),
        signatures=(
            signature(key, AUTHENTICATION_ID, "CPS_PRIV_AUT"),
            signature(key, SIGNATURE_ID, "CPS_PRIV_SIG"),
            signature(key, AUTHENTICATION_ID, "CPS_PRIV_AUT", PSS),
        ),
    )


def data_objects(person: Person) -> tuple[DataObject, ...]:
    """The data objects of that person's card, as the ANS's own viewer reads them."""
    names = [(0x81, text(person.surname)), (0x83, text(person.given_name))]
    who = [(0x80, bytes([person.card_type])), (0x81, text(person.common_name))]
    if person.profession is not None:
        who.append((0x82, bytes([person.profession])))
    digits = person.card_number.isascii() and person.card_number.isdigit()
    number = person.card_number if digits else ""  # BCD holds no other
    return (
        id_card(
            (0x81, bytes.fromhex(number)),
            (0x82, bytes([person.category])),
            (0x83, bytes.fromhex("20240115")),
            (0x84, bytes.fromhex("202701")),
        ),
        DataObject("CPS_NAME_PS", tlv(0xE4, *names), private=False),
        info_ps(*who),
        DataObject("CPS_ACTIVITY_01_PS", tlv(0xEE, (0x80, b"\x01\x00")), private=True),
    )


def id_card(*fields: tuple[int, bytes]) -> DataObject:
    """A CPS_ID_CARD with these tags and values."""
    return DataObject("CPS_ID_CARD", tlv(0xE3, *fields), private=False)


def info_ps(*fields: tuple[int, bytes]) -> DataObject:
    """A CPS_INFO_PS with these tags and values."""
    return DataObject("CPS_INFO_PS", tlv(0xED, *fields), private=False)


def tlv(tag: int, *fields: tuple[int, bytes]) -> bytes:
    """One data object in BER-TLV, of short fields."""
    content = b"".join(bytes([inner, len(value)]) + value for inner, value in fields)
    return bytes([tag, 0x81, len(content)]) + content


def text(value: str | None) -> bytes:
    """At most 27 bytes of Latin-1."""
    return (value or "").encode("latin-1", "replace")[:27]


def signature(
    key: rsa.RSAPrivateKey,
    key_id: str,
    label: str,
    mechanism: str = PKCS1,
    hash_name: Hash = Hash.SHA256,
) -> SignatureTry:
    """A challenge signed as a card signs it."""
    challenge = f"{key_id}{mechanism}{hash_name}".encode()
    algorithm = SHA1() if hash_name is Hash.SHA1 else SHA256()  # noqa: S303 - as cards do
    salt = algorithm.digest_size
    pss = padding.PSS(padding.MGF1(algorithm), salt) if mechanism.endswith("_PSS") else None
    signed = key.sign(challenge, pss or padding.PKCS1v15(), algorithm)
    return SignatureTry(key_id, label, mechanism, challenge, signed, 0.25, hash=hash_name)


def card_of(seen: Observation, role: str) -> CardObservation:
    """The card of that role's person."""
    return seen.cards[list(PEOPLE).index(role)]


def with_card(
    seen: Observation, role: str, change: Callable[[CardObservation], CardObservation]
) -> Observation:
    """The same observation with that role's card changed."""
    place = list(PEOPLE).index(role)
    cards = list(seen.cards)
    cards[place] = change(cards[place])
    return replace(seen, cards=tuple(cards))


def without_cards(seen: Observation, *roles: str) -> Observation:
    """The same observation with empty readers where those cards were."""
    gone = {card_of(seen, role).reader for role in roles}
    readers = tuple(
        Reader(r.name, ReaderState.EMPTY) if r.name in gone else r for r in seen.pcsc.readers
    )
    cards = tuple(c for c in seen.cards if c.reader not in gone)
    return replace(seen, cards=cards, pcsc=replace(seen.pcsc, readers=readers))


def no_login(seen: CardObservation, pin: PinRecord) -> CardObservation:
    """The card with that line in the ledger, and nothing that a login would have shown."""
    free = tuple(item for item in seen.data if not item.private)
    return replace(seen, pin=pin, keys=None, signatures=(), data=free)
