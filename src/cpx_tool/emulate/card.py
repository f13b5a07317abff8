"""An emulated card complete: certificates, keys and objects, ready to be written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from cpx_tool.emulate.certificates import (
    authentication_certificate,
    signature_certificate,
    technical_certificate,
)
from cpx_tool.emulate.defects import Defect
from cpx_tool.emulate.objects import data_objects
from cpx_tool.emulate.profile import Profile
from cpx_tool.model.token import AUTHENTICATION_LABEL, SIGNATURE_LABEL, DataObject
from cpx_tool.pki.dossier import TECHNICAL_LABEL

AID = "e828bd080f8025000001ff0010"
"""The IAS application of the card: CKA_ID is this and one byte."""

_CPS3_IDS = (f"{AID}02", f"{AID}01")
_CPS4_IDS = (f"{AID}20", f"{AID}10")

_NOT_SIGNING = ("CKM_SHA_1", "CKM_SHA256", "CKM_RSA_X_509")
_NOT_AUTHENTICATING = (*_NOT_SIGNING, "CKM_SHA1_RSA_PKCS", "CKM_SHA256_RSA_PKCS")
"""What the middleware announces, but real cards refuse: raw RSA with either key, hash and
PKCS#1 in one step with the authentication key."""

_BROKEN_BYTES = 700


@dataclass(frozen=True, slots=True)
class KeySlot:
    """One key pair's place on the card: what stands under one CKA_ID (hex).

    `certificate` is what the card shows, `whole_certificate` what it would be without a
    defect; `key` is None where the private key is absent. `mechanisms` are those that the
    private key accepts; `decrypts` adds CKA_DECRYPT.
    """

    id: str
    key_label: str
    certificate_label: str
    certificate: bytes
    whole_certificate: bytes
    key: RSAPrivateKey | None
    mechanisms: tuple[str, ...]
    decrypts: bool


@dataclass(frozen=True, slots=True)
class EmulatedCard:
    """Everything a token of SoftHSM is filled with."""

    profile: Profile
    slots: tuple[KeySlot, ...]
    data: tuple[DataObject, ...]


@dataclass(frozen=True, slots=True)
class CardKeys:
    """The keys of one card; `stray` belongs to no certificate, and few cards have one."""

    authentication: RSAPrivateKey
    signature: RSAPrivateKey
    stray: RSAPrivateKey | None = None


def make_card(
    profile: Profile, keys: CardKeys, authority_keys: Mapping[str, RSAPrivateKey]
) -> EmulatedCard:
    """The card as its profile and its defects say."""
    slots = _slots(profile, keys, authority_keys)
    return EmulatedCard(profile, slots, data_objects(profile))


def technical_slot(
    profile: Profile, key: RSAPrivateKey, authority_keys: Mapping[str, RSAPrivateKey]
) -> KeySlot:
    """What a CPS3 shows that is read without contacts (labels and CKA_ID as the ANS's tests of
    the Cryptolib have them).
    """
    certificate = technical_certificate(profile, key.public_key(), authority_keys)
    return KeySlot(
        id=f"{AID}03",
        key_label="CPS_PRIV_TECH_AUT",
        certificate_label=TECHNICAL_LABEL,
        certificate=certificate,
        whole_certificate=certificate,
        key=key,
        mechanisms=("CKM_RSA_PKCS",),
        decrypts=False,
    )


def _slots(
    profile: Profile, keys: CardKeys, authority_keys: Mapping[str, RSAPrivateKey]
) -> tuple[KeySlot, ...]:
    defects = profile.defects
    authentication = authentication_certificate(
        profile, keys.authentication.public_key(), authority_keys
    )
    signature = signature_certificate(profile, keys.signature.public_key(), authority_keys)
    pairs = [(authentication, keys.authentication), (signature, keys.signature)]
    if Defect.SWAPPED in defects:  # keys and all: only their usages tell
        pairs.reverse()
    (auth_whole, auth_key), (sign_whole, sign_key) = pairs
    auth_id, sign_id = _CPS3_IDS if profile.cps3 else _CPS4_IDS
    broken = Defect.BROKEN_CERTIFICATE in defects
    return (
        KeySlot(
            id=auth_id,
            key_label="CPS_PRIV_AUT",
            certificate_label=AUTHENTICATION_LABEL,
            certificate=auth_whole,
            whole_certificate=auth_whole,
            key=_authentication_key(auth_key, keys, defects),
            mechanisms=_without(profile.mechanisms, _NOT_AUTHENTICATING),
            decrypts=True,
        ),
        KeySlot(
            id=sign_id,
            key_label="CPS_PRIV_SIG",
            certificate_label=SIGNATURE_LABEL,
            certificate=sign_whole[:_BROKEN_BYTES] if broken else sign_whole,
            whole_certificate=sign_whole,
            key=sign_key,
            mechanisms=_without(profile.mechanisms, _NOT_SIGNING),
            decrypts=False,
        ),
    )


def _authentication_key(
    right: RSAPrivateKey, keys: CardKeys, defects: frozenset[Defect]
) -> RSAPrivateKey | None:
    if Defect.NO_PRIVATE_KEY in defects:
        return None
    return keys.stray if Defect.KEY_MISMATCH in defects else right


def _without(mechanisms: tuple[str, ...], refused: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in mechanisms if name not in refused)
