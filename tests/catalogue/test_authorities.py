"""The known CAs: as the certificates are, and read strictly."""

from __future__ import annotations

import hashlib
from importlib import resources

import pytest

import cpx_tool.catalogue
from cpx_tool.catalogue.authorities import (
    authorities,
    bundles,
    read_authorities,
    read_bundles,
)
from cpx_tool.model.identity import Pki
from cpx_tool.pki.canonical import canonical
from cpx_tool.pki.certificate import read_certificate
from support.paths import SHARED_CERTS, shared_cert

TEXT = (resources.files(cpx_tool.catalogue) / "authorities.toml").read_text(encoding="utf-8")
WITH_FINGERPRINT = {
    "ACR-EL-TEST",
    "ACI-EL-ORG-TEST",
    "ACI-EL-PP-TEST",
    "ACR-ST-TEST",
    "ACI-ST-PP-TEST",
    "ACR-EL",
    "ACI-EL-ORG",
}


def test_eighteen_cas_in_two_pkis() -> None:
    found = authorities()
    assert len(found) == 18
    assert {a.code for a in found if a.sha256} == WITH_FINGERPRINT
    for authority in found:
        test = authority.code.endswith("-TEST")
        assert authority.pki is (Pki.IGC_SANTE_TEST if test else Pki.IGC_SANTE)
        assert authority.url.endswith(f"/{authority.code}.cer")
        assert ("/AC%20TEST/" in authority.url) is test
        assert authority.crl_url is not None
        assert authority.crl_url.endswith(f"/CRL/{authority.code}.crl")


def test_a_ca_known_by_the_key_that_cards_name() -> None:
    (fort,) = (a for a in authorities() if a.code == "ACI-FO-PP-TEST")
    card = read_certificate(shared_cert("TESTCARD_igcsante_sign_infirmier_00B6077602_2020.der"))
    assert fort.sha256 is None
    assert fort.key_id == card.authority_key_id
    assert canonical(fort.name) == canonical(card.issuer)
    assert (fort.url,) == card.issuer_urls


@pytest.mark.parametrize("code", sorted(WITH_FINGERPRINT))
def test_entries_are_as_the_certificates(code: str) -> None:
    pki = "TEST" if code.endswith("-TEST") else "PROD"
    der = shared_cert(f"CA_{pki}_{code}.cer")
    certificate = read_certificate(der)
    (authority,) = (a for a in authorities() if a.code == code)
    assert authority.sha256 == hashlib.sha256(der).hexdigest()
    assert authority.key_id == certificate.subject_key_id
    assert authority.name == certificate.subject
    by_code = {a.code: a for a in authorities()}
    parent = by_code[authority.parent] if authority.parent else authority
    assert parent.name == certificate.issuer


def test_addresses_are_those_that_certificates_name() -> None:
    by_name = {canonical(a.name): a for a in authorities()}
    for path in sorted(SHARED_CERTS.glob("TEST*.der")) + sorted(SHARED_CERTS.glob("PROD*.der")):
        certificate = read_certificate(path.read_bytes())
        known = by_name.get(canonical(certificate.issuer))
        if known is not None:
            assert certificate.issuer_urls == (known.url,)
            assert certificate.crl_urls[0] == known.crl_url
    for path in sorted(SHARED_CERTS.glob("CA_*_ACI-*.cer")):
        certificate = read_certificate(path.read_bytes())
        assert certificate.crl_urls[0] == by_name[canonical(certificate.issuer)].crl_url


def test_bundles() -> None:
    assert [b.pki for b in bundles()] == [Pki.IGC_SANTE_TEST, Pki.IGC_SANTE]
    assert all(b.url.endswith(".p7b") for b in bundles())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("sha256 = ", "sha265 = "),
        ('sha256 = "01325a', 'sha256 = "01325'),
        ('sha256 = "01325a', 'sha256 = "0X325a'),
        ('sha256 = "01325a', 'sha256 = "01325A'),
        ('code = "ACR-EL"', 'code = "ACR-EL-TEST"'),
        ('code = "ACR-EL"', 'code = "ROOT"'),
        ('parent = "ACR-EL-TEST"', 'parent = "ACR-EL"'),
        ('parent = "ACR-EL-TEST"\n', ""),
        ('pki = "igc-sante-test"\nname', 'pki = "igc"\nname'),
        ('"C=FR",', '"C:FR",'),
        ('"http://igc-sante.esante.gouv.fr/AC/ACR-EL', '"ftp://igc-sante.esante.gouv.fr/AC/ACR-EL'),
        ('"http://igc-sante.esante.gouv.fr/CRL/', '"ftp://igc-sante.esante.gouv.fr/CRL/'),
        ("crl = ", "url2 = "),
        ('[[authority]]\ncode = "ACR-FO"', '[[authority]]\ncode = "ACR-FO"\nnote = "1"'),
        ("[[authority]]", "[[authorities]]"),
        ("key_id = ", "key_id = 1 # "),
    ],
)
def test_what_is_not_as_described_is_refused(old: str, new: str) -> None:
    assert old in TEXT
    with pytest.raises(ValueError, match=r"\S"):
        read_authorities(TEXT.replace(old, new, 1))


def test_a_fingerprint_that_stands_twice_is_refused() -> None:
    (first, second) = (a.sha256 for a in authorities() if a.code in ("ACR-EL-TEST", "ACR-EL"))
    assert first
    assert second
    with pytest.raises(ValueError, match="twice"):
        read_authorities(TEXT.replace(second, first))


def test_a_bundle_with_an_unknown_key_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown"):
        read_bundles(TEXT.replace("[[bundle]]", '[[bundle]]\nsize = "2"', 1))
