"""The real certificates of the field are read as it was looked at and written down once.

`make golden` writes tests/golden again; what changed there is for a person to judge.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

import golden

CRLS = set(golden.CRLS)
CPE = "TESTCARD_igcsante_auth_CPEnominative_30B0057881-CPET0002_2017.der"
CPS = "TESTCARD_igcsante_sign_infirmier_00B6077602_2020.der"
CPS2TER = "TESTCARD_cps2ter_sign_medecin_899900038839_2016.der"
REVOKED = "TESTORG_sign_tomwsrevoque_REVOKEDNAME_2019.der"
IN_FORCE = "2019-06-28T00:00:00Z"


def kept(name: str) -> Any:
    return json.loads((golden.GOLDEN / f"{name}.json").read_text(encoding="utf-8"))


def test_what_is_said_of_the_real_certificates_is_what_was_kept() -> None:
    if not golden.CERTIFICATES.is_dir():
        pytest.skip("the real certificates are not beside this checkout")
    said = golden.written()
    found = {path.name: path.read_text(encoding="utf-8") for path in golden.GOLDEN.iterdir()}
    assert sorted(found) == sorted(said)
    for name, text in said.items():
        assert found[name].splitlines() == text.splitlines(), f"{name}: make golden; git diff"


def test_every_real_certificate_is_kept() -> None:
    if not golden.CERTIFICATES.is_dir():
        pytest.skip("the real certificates are not beside this checkout")
    at_hand = {path.name for path in golden.CERTIFICATES.iterdir() if path.is_file()}
    assert at_hand == golden.MOMENTS.keys() | CRLS


# --- what the files kept must say, whatever the tool says -------------------------------------


def test_the_files_are_those_of_the_table() -> None:
    names = {path.name.removesuffix(".json") for path in golden.GOLDEN.iterdir()}
    assert names == golden.MOMENTS.keys() | CRLS


@pytest.mark.parametrize("name", golden.MOMENTS)
def test_nothing_is_lost(name: str) -> None:
    assert kept(name)["certificate"]["unreadable_parts"] == []
    assert kept(name)["certificate"]["problem"] is None


def test_the_revoked_one_is_revoked_from_its_date_on() -> None:
    before, *after = kept(REVOKED)["at"].values()
    assert (before["revocation"]["outcome"], before["exit_code"]) == ("no-crl", 0)
    assert len(after) == 2
    for answer in after:
        assert answer["chain"]["outcome"] == "verified"
        assert answer["revocation"]["outcome"] == "revoked"
        assert answer["revocation"]["revoked_at"] == "2019-06-14T13:26:24Z"
        assert answer["exit_code"] == 1


def test_the_cpe_chains_to_the_test_ca() -> None:
    chain = kept(CPE)["at"][IN_FORCE]["chain"]
    assert chain["outcome"] == "verified"
    assert [link["subject"].rpartition("CN=")[2] for link in chain["path"][1:]] == [
        "TEST AC IGC-SANTE STANDARD PERSONNES",
        "TEST AC RACINE IGC-SANTE STANDARD",
    ]
    assert chain["anchor"]["code"] == "ACR-ST-TEST"


def test_the_issuer_of_the_cps_is_not_at_hand_and_its_address_is_said() -> None:
    (answer,) = kept(CPS)["at"].values()
    assert answer["chain"]["outcome"] == "issuer-not-at-hand"
    assert answer["chain"]["message"].endswith("not at hand: ACI-FO-PP-TEST.")
    assert answer["chain"]["missing_issuer"]["addresses"] == [
        "http://igc-sante.esante.gouv.fr/AC%20TEST/ACI-FO-PP-TEST.cer"
    ]
    assert answer["exit_code"] == 0


def test_the_cps2ter_card_is_read_in_full() -> None:
    identity = kept(CPS2TER)["certificate"]["identity"]
    holder = identity["holder"]
    assert (holder["given_name"], holder["surname"]) == ("ADEMIS", "TRAL")
    assert holder["identifier"] == {"value": "899900038839", "kind": "RPPS", "key_valid": True}
    assert (identity["card_number"], identity["category"]) == ("2500577253", "test-card")
    assert (identity["card_type"]["code"], identity["profession"]["code"]) == ("00", "10")
    assert [coded["code"] for coded in identity["specialities"]] == ["SM26"]
    assert "OU=Médecin" in kept(CPS2TER)["certificate"]["subject"]
    assert [weak["detail"] for weak in kept(CPS2TER)["at"][IN_FORCE]["chain"]["weak"]] == ["sha1"]


def test_the_crls_count_for_their_cas() -> None:
    for name in golden.CRLS:
        (imported,), (listed,) = kept(name)["trust import"], kept(name)["trust list"]
        assert (imported["status"], imported["subject"]) == ("crl", listed["issuer"])
        assert listed["this_update"] < IN_FORCE < listed["next_update"]
