"""The certificates of an emulated card, extension by extension as on real test cards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.x509.oid import (
    ExtendedKeyUsageOID,
    NameOID,
    ObjectIdentifier,
)

from cpx_tool.emulate.authorities import AUTHORITIES, Authority, key_usage, policies
from cpx_tool.emulate.defects import Defect
from cpx_tool.emulate.leaf import (
    DEPARTMENT,
    TEST_POLICY,
    Extension,
    Leaf,
    make_leaf,
    private_extension,
)
from cpx_tool.emulate.profile import ISSUER_NUMBER, Profile
from cpx_tool.pki import extensions

PRODUCTION_POLICY = "1.2.250.1.213.1.7.1.1.1.1.1"
"""Under the production arc; the real policies of production cards are not published."""

_PSEUDONYM = ObjectIdentifier("2.5.4.65")
_PRODUCTION = 0x00
_ANOTHER = "ACI-EL-PP-TEST"
"""A CA that issues no card."""


def issuer_of(card: Profile) -> Authority:
    """FORT for a CPS, STANDARD for a CPE (both seen).

    Those of a CPF and of a CDE or CDA/CPA are not published: as a CPS, and as a CPE.
    """
    return AUTHORITIES["ACI-FO-PP-TEST" if card.professional else "ACI-ST-PP-TEST"]


def authentication_certificate(
    card: Profile, public: RSAPublicKey, keys: Mapping[str, RSAPrivateKey]
) -> bytes:
    """DER: digitalSignature; clientAuth and smart card logon; UPN."""
    extended = x509.ExtendedKeyUsage(
        [ExtendedKeyUsageOID.CLIENT_AUTH, ObjectIdentifier(extensions.SMARTCARD_LOGON)]
    )
    upn = x509.OtherName(ObjectIdentifier(extensions.UPN), core.UTF8String(_principal(card)).dump())
    own = [
        (key_usage("digital_signature"), True),
        (policies(_policy(card)), False),
        (extended, False),
        (x509.SubjectAlternativeName([upn]), False),
    ]
    return _make(card, public, keys, own)


def signature_certificate(
    card: Profile, public: RSAPublicKey, keys: Mapping[str, RSAPrivateKey]
) -> bytes:
    """DER: nonRepudiation; emailProtection; private key usage period."""
    own = [
        (key_usage("content_commitment"), True),
        (policies(_policy(card)), False),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False),
        (x509.PrivateKeyUsagePeriod(card.not_before, card.not_after), False),
    ]
    return _make(card, public, keys, own)


def technical_certificate(
    card: Profile, public: RSAPublicKey, keys: Mapping[str, RSAPrivateKey]
) -> bytes:
    """DER: digitalSignature; clientAuth. What a card shows that is read without contacts.

    None was ever published: that it names the holder, and what its key is for, are choices.
    """
    own = [
        (key_usage("digital_signature"), True),
        (policies(_policy(card)), False),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False),
    ]
    return _make(card, public, keys, own)


def _make(
    card: Profile, public: RSAPublicKey, keys: Mapping[str, RSAPrivateKey], own: list[Extension]
) -> bytes:
    leaf = Leaf(
        issuer=issuer_of(card),
        subject=_subject(card),
        not_before=card.not_before,
        not_after=card.not_after,
        holder=card.serial,
        own=tuple(own),
        private=tuple(_private(card)),
    )
    return make_leaf(leaf, public, keys, _ANOTHER if Defect.FORGED in card.defects else None)


def _private(card: Profile) -> Iterator[Extension]:
    """The ANS's own extensions, in the order and encoding of real cards.

    No speciality: a card of the IGC-Santé has it in CPS_INFO_PS only.
    """
    number = core.PrintableString(f"{ISSUER_NUMBER}/{card.card_number}")
    values: list[tuple[str, core.Asn1Value]] = [
        (extensions.CATEGORY, core.OctetString(bytes([card.category]))),
        (extensions.CARD_TYPE, core.Integer(card.card_type)),
        (extensions.CARD_NUMBER, number),
    ]
    if card.profession is not None:
        values.append((extensions.PROFESSION, core.Integer(card.profession)))
    if card.future_profession is not None:  # its encoding is not published: as the other one's
        values.append((extensions.FUTURE_PROFESSION, core.Integer(card.future_profession)))
    for oid, value in values:
        yield private_extension(oid, value)


def _subject(card: Profile) -> x509.Name:
    """Given name, CN and surname are one multi-valued RDN, which DER sorts."""
    names: list[list[tuple[ObjectIdentifier, str | None]]] = [[(NameOID.COUNTRY_NAME, "FR")]]
    if card.structure is not None:
        names += [
            [(NameOID.STATE_OR_PROVINCE_NAME, DEPARTMENT)],
            [(NameOID.ORGANIZATION_NAME, card.organisation)],
            [(NameOID.ORGANIZATIONAL_UNIT_NAME, card.structure)],
        ]
    names.append([(NameOID.TITLE, card.title)])
    if card.pseudonym is not None:
        names += [[(_PSEUDONYM, card.pseudonym)], [(NameOID.COMMON_NAME, card.common_name)]]
    else:
        names.append(
            [
                (NameOID.GIVEN_NAME, card.given_name),
                (NameOID.COMMON_NAME, card.common_name),
                (NameOID.SURNAME, card.surname),
            ]
        )
    return x509.Name([_rdn(rdn) for rdn in names])


def _rdn(parts: list[tuple[ObjectIdentifier, str | None]]) -> x509.RelativeDistinguishedName:
    return x509.RelativeDistinguishedName(
        [x509.NameAttribute(oid, value) for oid, value in parts if value]
    )


def _principal(card: Profile) -> str:
    """PS: type digit, dot, number; CPE: without the dot. As seen on real cards."""
    name = card.common_name
    if card.professional:
        name = f"{name[0]}.{name[1:]}"
    return f"{name}@carte-cps.fr"


def _policy(card: Profile) -> str:
    return PRODUCTION_POLICY if card.category == _PRODUCTION else TEST_POLICY
