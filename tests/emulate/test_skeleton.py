"""Tag by tag: the emulated certificates are built as the real ones of the field."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from cpx_tool.catalogue.sets import find_set
from cpx_tool.emulate.organisation import organisation_certificate, organisations
from support.der import certificate_skeleton
from support.emulation import CACHE, cards, planned
from support.paths import shared_cert
from support.pki import rsa_key

CPE_AUTHENTICATION = "TESTCARD_igcsante_auth_CPEnominative_30B0057881-CPET0002_2017.der"
CPS_SIGNATURE = "TESTCARD_igcsante_sign_infirmier_00B6077602_2020.der"


@pytest.mark.parametrize(
    ("real", "role", "slot"),
    [(CPE_AUTHENTICATION, "cpe-employe", 0), (CPS_SIGNATURE, "infirmier", 1)],
)
def test_a_card_s_certificate(real: str, role: str, slot: int) -> None:
    profile = next(p for p in planned(find_set("centre-sante")) if p.role == role)
    (card,) = cards([profile])
    emulated = certificate_skeleton(card.slots[slot].certificate)
    assert emulated == certificate_skeleton(shared_cert(real))


def test_an_organisation_s_certificate() -> None:
    profile = organisations(find_set("centre-sante"), datetime.now(UTC))[0]
    der = organisation_certificate(profile, rsa_key(2048).public_key(), CACHE.authorities().keys)
    real = shared_cert("TESTORG_authcli_10B0127189_2019.der")
    assert certificate_skeleton(der) == certificate_skeleton(real)


@pytest.mark.parametrize("code", ["ACR-ST", "ACR-EL", "ACI-ST-PP", "ACI-EL-PP", "ACI-EL-ORG"])
def test_an_authority(code: str) -> None:
    certificate = CACHE.authorities().certificates[f"{code}-TEST"]
    emulated = certificate_skeleton(certificate.public_bytes(Encoding.DER))
    assert emulated == certificate_skeleton(shared_cert(f"CA_TEST_{code}-TEST.cer"))


def test_a_skeleton_tells_certificates_apart() -> None:
    profile = planned(find_set("centre-sante"))[0]
    (card,) = cards([profile])
    authentication, signature = (certificate_skeleton(slot.certificate) for slot in card.slots)
    assert authentication["subject"] == signature["subject"]
    assert authentication["extensions"] != signature["extensions"]
