"""An emulated card complete: certificates, keys and objects, ready to be written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from cpx_tool.emulate.certificates import authentication_certificate, signature_certificate
from cpx_tool.emulate.defects import Defect
from cpx_tool.emulate.objects import data_objects
from cpx_tool.emulate.profile import Profile
from cpx_tool.model.token import DataObject

AID = "e828bd080f8025000001ff0010"
"""The IAS application of the card: CKA_ID is this and one byte."""

_CPS3_IDS = (AID + "02", AID + "01")
_CPS4_IDS = (AID + "20", AID + "10")
_BROKEN_BYTES = 700


@dataclass(frozen=True, slots=True)
class KeySlot:
    """One key pair's place on the card: what stands under one CKA_ID (hex).

    `key` is None where the private key is absent; `decrypts` adds CKA_DECRYPT.
    """

    id: str
    key_label: str
    certificate_label: str
    certificate: bytes
    whole_certificate: bytes
    key: RSAPrivateKey | None
    decrypts: bool


@dataclass(frozen=True, slots=True)
class EmulatedCard:
    """Everything a token of SoftHSM is filled with."""

    profile: Profile
    slots: tuple[KeySlot, ...]
    data: tuple[DataObject, ...]


@dataclass(frozen=True, slots=True)
class CardKeys:
    """The keys of one card; `stray` belongs to no certificate."""

    authentication: RSAPrivateKey
    signature: RSAPrivateKey
    stray: RSAPrivateKey


def make_card(
    profile: Profile, keys: CardKeys, authority_keys: Mapping[str, RSAPrivateKey]
) -> EmulatedCard:
    """The card as its profile and its defects say."""
    defects = profile.defects
    public = keys.authentication.public_key()
    authentication = authentication_certificate(profile, public, authority_keys)
    public = keys.signature.public_key()
    signature = signature_certificate(profile, public, authority_keys)
    pairs = [(authentication, keys.authentication), (signature, keys.signature)]
    if Defect.SWAPPED in defects:
        pairs.reverse()
    ids = _CPS3_IDS if profile.cps3 else _CPS4_IDS
    auth_key: RSAPrivateKey | None = pairs[0][1]
    if Defect.KEY_MISMATCH in defects:
        auth_key = keys.stray
    if Defect.NO_PRIVATE_KEY in defects:
        auth_key = None
    shown = pairs[1][0]
    if Defect.BROKEN_CERTIFICATE in defects:
        shown = shown[:_BROKEN_BYTES]
    slots = (
        KeySlot(
            ids[0],
            "CPS_PRIV_AUT",
            "Certificat d'Authentification CPS",
            pairs[0][0],
            pairs[0][0],
            auth_key,
            decrypts=True,
        ),
        KeySlot(
            ids[1],
            "CPS_PRIV_SIG",
            "Certificat de Signature CPS",
            shown,
            pairs[1][0],
            pairs[1][1],
            decrypts=False,
        ),
    )
    return EmulatedCard(profile, slots, data_objects(profile))
