"""Of all that is at hand, what could count for some certificates."""

from __future__ import annotations

import hashlib

from cpx_tool.model.trust import RevocationOutcome, TrustMaterial
from cpx_tool.pki.trust import make_trust, relevant
from support.pki import AT, CrlSpec, OcspSpec, authority, leaf, root

ROOT = root()
CA = authority(ROOT)
LEAF = leaf(CA)
OTHER = authority(root("elsewhere"), "other")
ABOUT_LEAF, ABOUT_CA = OcspSpec(LEAF, CA).der(), OcspSpec(CA, ROOT).der()
ABOUT_OTHERS = (OcspSpec(leaf(CA).but(serial=9), CA).der(), OcspSpec(leaf(OTHER), OTHER).der())
MATERIAL = TrustMaterial(
    certificates=(OTHER.der(), CA.der(), ROOT.der()),
    crls=(CrlSpec(OTHER).der(), CrlSpec(CA).der(), CrlSpec(ROOT).der()),
    answers=(*ABOUT_OTHERS, ABOUT_LEAF, ABOUT_CA, b"junk"),
)


def test_issuers_upwards_their_crls_and_answers_about_any_of_them() -> None:
    assert relevant(MATERIAL, [LEAF.der()]) == TrustMaterial(
        certificates=(CA.der(), ROOT.der()),
        crls=(CrlSpec(CA).der(), CrlSpec(ROOT).der()),
        answers=(ABOUT_LEAF, ABOUT_CA),
    )
    assert relevant(MATERIAL, []) == TrustMaterial()


def test_answers_are_judged_with_the_rest() -> None:
    believed = MATERIAL.plus(TrustMaterial(accepted=(hashlib.sha256(ROOT.der()).hexdigest(),)))
    trust = make_trust(believed, ())
    assert len(trust.answers) == 4
    chain = trust.chain(LEAF.der(), AT)
    assert trust.revocation(chain, AT).outcome is RevocationOutcome.GOOD
    without = make_trust(TrustMaterial(MATERIAL.certificates, accepted=believed.accepted), ())
    assert without.revocation(chain, AT).outcome is RevocationOutcome.NO_CRL


def test_each_answer_is_kept_once() -> None:
    assert MATERIAL.plus(MATERIAL) == MATERIAL
