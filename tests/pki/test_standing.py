"""What a CA's certificate is worth: its name proves nothing, its fingerprint does."""

from __future__ import annotations

import hashlib

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from cpx_tool.catalogue.authorities import authorities
from cpx_tool.i18n import say
from cpx_tool.model.trust import Anchors, ImportStatus
from cpx_tool.pki.link import make_pool, read_link
from cpx_tool.pki.standing import Standing, standing_of
from support.paths import SHARED_CERTS, shared_cert
from support.pki import AT, Spec, authority, key, leaf, root

KNOWN = Anchors(authorities())
UNITS = ("0002 187512751", "IGC-SANTE TEST")


def igc(common_name: str, *units: str) -> x509.Name:
    rdns = [(NameOID.COUNTRY_NAME, "FR"), (NameOID.ORGANIZATION_NAME, "ASIP-SANTE")]
    rdns += [(NameOID.ORGANIZATIONAL_UNIT_NAME, unit) for unit in units or UNITS]
    rdns.append((NameOID.COMMON_NAME, common_name))
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in rdns])


def stands(der: bytes, *pool: bytes, anchors: Anchors = KNOWN) -> Standing:
    standing = standing_of(read_link(der), make_pool([der, *pool]), anchors, AT)
    assert say(standing.reason)
    return standing


@pytest.mark.parametrize(
    "name",
    [
        "CA_PROD_ACI-EL-ORG",
        "CA_PROD_ACR-EL",
        "CA_TEST_ACI-EL-ORG-TEST",
        "CA_TEST_ACI-EL-PP-TEST",
        "CA_TEST_ACI-ST-PP-TEST",
        "CA_TEST_ACR-EL-TEST",
        "CA_TEST_ACR-ST-TEST",
    ],
)
def test_real_cas_are_known(name: str) -> None:
    standing = stands(shared_cert(f"{name}.cer"))
    assert standing.status is ImportStatus.KNOWN
    assert standing.authority is not None
    assert standing.authority.code == name.split("_")[2]


def test_every_ca_at_hand_is_in_that_list() -> None:
    files = sorted(path.stem for path in SHARED_CERTS.glob("CA_*.cer"))
    assert len(files) in (0, 7)


def test_a_known_name_with_another_fingerprint_is_refused() -> None:
    name = igc("TEST AC RACINE IGC-SANTE ELEMENTAIRE")
    forged = Spec(name, key("forged"), name, key("forged")).der()
    standing = stands(forged)
    assert standing.status is ImportStatus.OTHER_FINGERPRINT
    assert "NOT" in say(standing.reason)
    trusting = Anchors(authorities(), frozenset({hashlib.sha256(forged).hexdigest()}))
    assert stands(forged, anchors=trusting).status is ImportStatus.OTHER_FINGERPRINT


def test_a_name_known_by_its_key_alone() -> None:
    name = igc("TEST AC IGC-SANTE FORT PERSONNES")
    other = Spec(name, key("forged"), igc("TEST AC RACINE IGC-SANTE FORT"), key("fort"))
    assert stands(other.der()).status is ImportStatus.OTHER_FINGERPRINT
    # a stated key identifier is only a statement: it must not pass for the key
    stated = x509.SubjectKeyIdentifier(bytes.fromhex("3af1e7f5ceebedf78dc9c9b29fedd46529dc1ffd"))
    claims = other.but(ski=False, extra=((stated, False),))
    standing = stands(claims.der())
    assert standing.status is ImportStatus.UNKNOWN
    assert "its key" not in say(standing.reason)


def test_a_name_of_which_nothing_else_is_known() -> None:
    name = igc("TEST AC RACINE IGC-SANTE FORT")
    standing = stands(Spec(name, key("fort"), name, key("fort")).der())
    assert standing.status is ImportStatus.UNKNOWN
    assert "ACR-FO-TEST" in say(standing.reason)


def test_the_recette_clone_and_other_names_are_unknown() -> None:
    name = igc("TEST AC RACINE IGC-SANTE ELEMENTAIRE", *UNITS, "RECETTE")
    clone = stands(Spec(name, key("clone"), name, key("clone")).der())
    assert (clone.status, "RECETTE" in say(clone.reason)) == (ImportStatus.UNKNOWN, True)
    name = igc("TEST AC RACINE IGC-SANTE ELEMENTAIRE", "SOMEBODY")
    other = stands(Spec(name, key("clone"), name, key("clone")).der())
    assert (other.status, "full name" in say(other.reason)) == (ImportStatus.UNKNOWN, True)
    assert stands(root().der()).status is ImportStatus.UNKNOWN


def test_an_unknown_ca_that_an_anchor_issued() -> None:
    top = root()
    middle = authority(top)
    trusting = Anchors((), frozenset({hashlib.sha256(top.der()).hexdigest()}))
    standing = stands(middle.der(), top.der(), anchors=trusting)
    assert standing.status is ImportStatus.ISSUED_BY_ANCHOR
    assert stands(middle.der(), top.der()).status is ImportStatus.UNKNOWN


def test_no_ca_and_no_whole_certificate() -> None:
    assert stands(leaf(root()).der()).status is ImportStatus.NOT_A_CA
    forged = root().but(signer=key("somebody else")).der()
    assert stands(forged).status is ImportStatus.UNREADABLE
