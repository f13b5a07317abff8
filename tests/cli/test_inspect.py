"""inspect, as a user runs it: who each certificate is, in text and as JSON."""

from __future__ import annotations

import base64
import json
import shutil
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509 import load_der_x509_certificate

from support.certificates import EXTENSIONS
from support.cli import cpx, cpx_json
from support.der import with_legacy_subject
from support.paths import SHARED_CERTS, shared_cert

EMULATED = "emulated by cpx-tool, not of the ANS"


def blocks(*files: Path, code: int = 0) -> list[str]:
    """What is printed of each certificate, on one line each."""
    done = cpx("inspect", *files)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return [" ".join(block.split()) for block in done.stdout.split("\n\n") if block.strip()]


def entries(*files: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = cpx_json("inspect", *files)["certificates"]
    return found


# --- emulated cards and their CAs -------------------------------------------------------------


@pytest.fixture(scope="session")
def checked(pristine: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An emulation, and what check-set observed of it."""
    folder = tmp_path_factory.mktemp("inspect")
    cards = shutil.copytree(pristine, folder / "cards")
    saved = folder / "seen.json"
    options = ("--emulated", cards, "--save-observation", saved)
    assert cpx("check-set", "--set", "centre-sante", *options).returncode == 0
    return cards, saved


@pytest.mark.softhsm
def test_the_certificates_of_a_token_say_who_the_card_is(
    checked: tuple[Path, Path], tmp_path: Path
) -> None:
    _, saved = checked
    judged = cpx_json("judge", saved, "--set", "centre-sante")["cards"]
    (doctor,) = (c for c in judged if c["role"]["role"] == "medecin-generaliste")
    files = {"Authentification": tmp_path / "auth.der", "Signature": tmp_path / "sign.der"}
    for card in json.loads(saved.read_text())["cards"]:
        if card["token"]["label"] == doctor["token"]["label"]:
            for item in card["certificates"]:
                (file,) = (files[word] for word in files if word in item["label"])
                file.write_bytes(base64.b64decode(item["der"]))

    for entry in entries(*files.values()):
        assert entry["identity"] == doctor["identity"]
        assert (entry["identity"]["category"], entry["identity"]["pki"]) == (
            "test-card",
            "emulated",
        )
        assert entry["identity"]["profession"]["code"] == "10"
        assert entry["not_after"] == doctor["not_after"]
        assert entry["unreadable_parts"] == []
    usages = ("digitalSignature", "nonRepudiation")
    for block, usage in zip(blocks(*files.values()), usages, strict=True):
        for words in (
            "Product: card",
            "Category: TEST card",
            f"PKI: {EMULATED}",
            f"Holder: {doctor['identity']['holder']['display']}",
            "Title: Médecin",
            "Card type: Carte de Professionnel de Santé (CPS) (00)",
            f"Card number: {doctor['identity']['card_number']}",
            "Profession: Médecin (10)",
            f"Key usage: {usage}",
            f"Valid: from {doctor['not_before'][:10]} to {doctor['not_after'][:10]}",
        ):
            assert words in block


@pytest.mark.softhsm
def test_the_cas_of_an_emulation_and_their_bundle(checked: tuple[Path, Path]) -> None:
    cards, _ = checked
    bundle = cards / "ca" / "bundle.pem"
    single = sorted(set((cards / "ca").glob("*.pem")) - {bundle})
    for block in blocks(*single):
        assert "Product: certification authority" in block
        assert f"PKI: {EMULATED}" in block
        assert "Holder: EMULATED TEST AC" in block
    found = entries(*single)
    assert [entry["file"] for entry in found] == list(map(str, single))
    assert {entry["identity"]["kind"] for entry in found} == {"authority"}
    of_bundle = entries(bundle)
    assert {entry["file"] for entry in of_bundle} == {str(bundle)}
    assert {e["sha256"] for e in of_bundle} == {e["sha256"] for e in found}
    assert len(of_bundle) == len(single)


def test_der_and_pem_give_the_same(card_der: bytes, tmp_path: Path) -> None:
    der, pem = tmp_path / "card.der", tmp_path / "card.pem"
    der.write_bytes(card_der)
    pem.write_text(ssl.DER_cert_to_PEM_cert(card_der))
    of_der, of_pem = entries(der, pem)
    assert of_der["identity"]["holder"]["display"] == "ADÈLE DOC0007512"
    assert {**of_der, "file": ""} == {**of_pem, "file": ""}


# --- certificates that pyca/cryptography refuses ----------------------------------------------

COUNTRY, ORGANISATION, UNIT = "2.5.4.6", "2.5.4.10", "2.5.4.11"
COMMON_NAME, SURNAME, GIVEN_NAME = "2.5.4.3", "2.5.4.4", "2.5.4.42"
OWNER = [[(COUNTRY, "FR")], [(ORGANISATION, "TEST")]]
NUMBER = [(COMMON_NAME, "899700075122"), (SURNAME, "DOC0007512")]
LEGACY = {
    "unsorted": [*OWNER, [*NUMBER, (GIVEN_NAME, "ADELE")]],
    "unsorted-latin-1": [*OWNER, [(UNIT, "Médecin")], [*NUMBER, (GIVEN_NAME, "ADÈLE")]],
}
"""Subjects as IGC-CPS 2ter cards carry them."""


@pytest.mark.parametrize("kind", LEGACY)
def test_a_certificate_that_pyca_refuses_is_read_all_the_same(
    card_der: bytes, key: rsa.RSAPrivateKey, tmp_path: Path, kind: str
) -> None:
    der = with_legacy_subject(card_der, key, LEGACY[kind])
    with pytest.raises(ValueError, match="InvalidSetOrdering"):
        load_der_x509_certificate(der)
    file = tmp_path / "legacy.der"
    file.write_bytes(der)

    given_name = dict(LEGACY[kind][-1])[GIVEN_NAME]
    (block,) = blocks(file)
    assert f"Holder: {given_name} DOC0007512" in block
    assert "Category: TEST card" in block
    assert "Profession: Médecin (10)" in block
    assert "Unreadable" not in block
    (entry,) = entries(file)
    holder = entry["identity"]["holder"]
    assert (holder["given_name"], holder["surname"]) == (given_name, "DOC0007512")
    assert entry["identity"]["category"] == "test-card"
    assert entry["unreadable_parts"] == []


@pytest.mark.parametrize(
    ("profession", "words", "code"),
    [(None, "not present", 0), ("0400", "unreadable", 1), ("02024e20", "unknown code 20000", 0)],
)
def test_what_matters_for_a_product_and_is_not_there_is_said(
    make_certificate: Callable[..., bytes],
    tmp_path: Path,
    profession: str | None,
    words: str,
    code: int,
) -> None:
    extensions = {**EXTENSIONS, "1.2.250.1.71.1.2.7": profession}
    file = tmp_path / "card.der"
    file.write_bytes(make_certificate({k: v for k, v in extensions.items() if v is not None}))
    (block,) = blocks(file, code=code)
    assert f" Profession: {words} " in block
    assert "Future profession" not in block


def test_the_sources_of_each_value(card_der: bytes, tmp_path: Path) -> None:
    file = tmp_path / "card.der"
    file.write_bytes(card_der)
    done = cpx("inspect", file, "--sources")
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert lines[lines.index("Profession: Médecin (10)") + 1] == "← extension 1.2.250.1.71.1.2.7"
    (entry,) = entries(file)
    assert entry["dossier"]["profession"]["sightings"] == [
        {
            "source": "extension",
            "name": None,
            "place": "1.2.250.1.71.1.2.7",
            "state": "read",
            "value": {"code": "10", "label": "Médecin"},
            "raw": None,
        }
    ]
    assert entry["dossier"]["issued"] == {
        "state": "not-known",
        "value": None,
        "origin": None,
        "sightings": [],
    }


# --- the real ones ----------------------------------------------------------------------------

SOFTWARE, CARD = "TEST software certificate", "TEST card"
CPS = "Carte de Professionnel de Santé (CPS) (00)"
CPE = "Carte de Personnel d'Etablissement (CDE/CPE) (02)"
TEST_PKI, TWO_TER = "IGC-Santé TEST", "IGC-CPS 2ter TEST"
NURSE, DOCTOR = "Infirmier (60)", "Médecin (10)"
REAL = {
    "PRODORG_sign_signature.rpps.fr_2016.der": (
        "PRODUCTION software certificate",
        "IGC-Santé (production)",
        "signature.rpps.fr",
        (None, None),
        ("2016-11-07", "2019-12-07"),
    ),
    "TESTCARD_cps2ter_sign_medecin_899900038839_2016.der": (
        CARD,
        TWO_TER,
        "ADEMIS TRAL",
        (CPS, DOCTOR),
        ("2016-02-01", "2020-03-31"),
    ),
    "TESTCARD_igcsante_auth_CPEnominative_30B0057881-CPET0002_2017.der": (
        CARD,
        TEST_PKI,
        "CHARLES ADMINISTRATIF-CH057880002",
        (CPE, None),
        ("2017-03-23", "2020-03-23"),
    ),
    "TESTCARD_igcsante_sign_infirmier_00B6077602_2020.der": (
        CARD,
        TEST_PKI,
        "GUY INFIRMCH7760",
        (CPS, NURSE),
        ("2020-05-15", "2023-05-15"),
    ),
    "TESTORG_authcli_10B0127189_2019.der": (
        SOFTWARE,
        TEST_PKI,
        "Certificat Wizard DMP 2019-R2",
        (None, None),
        ("2019-03-18", "2022-03-18"),
    ),
    "TESTORG_servssl_platines_2017.der": (
        SOFTWARE,
        TEST_PKI,
        "platines.qualif1.henix.asipsante.fr",
        (None, None),
        ("2017-07-31", "2020-07-31"),
    ),
    "TESTORG_sign_testsign_318751275100020_2021.der": (
        SOFTWARE,
        TEST_PKI,
        "testsign.test.asipsante.fr",
        (None, None),
        ("2021-12-23", "2024-12-23"),
    ),
    "TESTORG_sign_tomwsrevoque_REVOKEDNAME_2019.der": (
        SOFTWARE,
        TEST_PKI,
        "tomwsrevoque.henix.asipsante.fr",
        (None, None),
        ("2019-06-14", "2022-07-14"),
    ),
    "TESTSOFT_igcsante_sign_PP_medecin_899900063480_2019.der": (
        SOFTWARE,
        TEST_PKI,
        "MAX LIBRE",
        (None, DOCTOR),
        ("2019-01-28", "2022-02-28"),
    ),
}
"""Category, PKI, holder, (card type, profession) and validity of each end entity."""
REAL_CAS = {
    "CA_PROD_ACI-EL-ORG.cer": "AC IGC-SANTE ELEMENTAIRE ORGANISATIONS",
    "CA_PROD_ACR-EL.cer": "AC RACINE IGC-SANTE ELEMENTAIRE",
    "CA_TEST_ACI-EL-ORG-TEST.cer": "TEST AC IGC-SANTE ELEMENTAIRE ORGANISATIONS",
    "CA_TEST_ACI-EL-PP-TEST.cer": "TEST AC IGC-SANTE ELEMENTAIRE PERSONNES",
    "CA_TEST_ACI-ST-PP-TEST.cer": "TEST AC IGC-SANTE STANDARD PERSONNES",
    "CA_TEST_ACR-EL-TEST.cer": "TEST AC RACINE IGC-SANTE ELEMENTAIRE",
    "CA_TEST_ACR-ST-TEST.cer": "TEST AC RACINE IGC-SANTE STANDARD",
}
CRLS = ("CRL_TEST_ACI-EL-ORG-TEST_2019.pem", "CRL_TEST_ACR-EL-TEST_2019.pem")


def real(*names: str) -> list[Path]:
    for name in names:
        shared_cert(name)
    return [SHARED_CERTS / name for name in names]


def test_the_real_ones_are_those_of_the_tables_above() -> None:
    real(*REAL)
    found = {path.name for path in SHARED_CERTS.iterdir() if path.is_file()}
    assert found == {*REAL, *REAL_CAS, *CRLS}


def test_all_real_certificates_in_one_run() -> None:
    found = blocks(*real(*REAL, *REAL_CAS))
    assert len(found) == len(REAL) + len(REAL_CAS)
    for block, (category, pki, holder, (card_type, profession), dates) in zip(
        found[: len(REAL)], REAL.values(), strict=True
    ):
        wanted = {
            "Category": category,
            "PKI": pki,
            "Holder": holder,
            "Card type": card_type,
            "Profession": profession,
            "Valid": f"from {dates[0]} to {dates[1]}",
        }
        for name, value in wanted.items():
            assert f" {name}: {value} " in block if value else f" {name}: " not in block
    for block, (name, holder) in zip(found[len(REAL) :], REAL_CAS.items(), strict=True):
        pki = "IGC-Santé (production)" if "PROD" in name else TEST_PKI
        for words in ("Product: certification authority", f"PKI: {pki}", f"Holder: {holder}"):
            assert f" {words} " in block


def test_all_real_certificates_as_json() -> None:
    body = cpx_json("inspect", *real(*REAL, *REAL_CAS))
    found = {Path(entry["file"]).name: entry for entry in body["certificates"]}
    assert {name for name, entry in found.items() if entry["problem"]} == set()
    codes = {SOFTWARE: "test-software", CARD: "test-card"}
    pkis = {TEST_PKI: "igc-sante-test", TWO_TER: "igc-cps-2ter-test"}
    for name, (category, pki, holder, labels, dates) in REAL.items():
        entry, identity = found[name], found[name]["identity"]
        assert identity["category"] == codes.get(category, "production-software")
        assert identity["pki"] == pkis.get(pki, "igc-sante")
        assert identity["holder"]["display"] == holder
        shown = tuple(_shown(identity[key]) for key in ("card_type", "profession"))
        assert shown == labels
        assert (entry["not_before"][:10], entry["not_after"][:10]) == dates
        assert entry["unreadable_parts"] == []
    for name in REAL_CAS:
        assert found[name]["identity"]["kind"] == "authority"


def _shown(coded: dict[str, str] | None) -> str | None:
    return f"{coded['label']} ({coded['code']})" if coded else None


def test_a_crl_among_them_is_named_and_the_others_are_shown() -> None:
    doctor, nurse = (name for name in REAL if "cps2ter" in name or "infirmier" in name)
    first, crl, last = blocks(*real(nurse, CRLS[0], doctor), code=2)
    assert f"Holder: {REAL[nurse][2]} " in first
    assert "This file holds no certificate, but a CRL: use --crl FILE. → Give" in crl
    assert crl.startswith(str(SHARED_CERTS))
    assert f"Holder: {REAL[doctor][2]} " in last
    body = cpx_json("inspect", *real(nurse, CRLS[0], doctor))
    assert [bool(entry["problem"]) for entry in body["certificates"]] == [False, True, False]
    assert "--crl FILE" in body["certificates"][1]["problem"]


def test_a_file_that_is_nothing_does_not_hide_the_others(
    make_certificate: Callable[..., bytes], tmp_path: Path
) -> None:
    good, bad, gone = (tmp_path / name for name in ("good.der", "bad.der", "gone.der"))
    good.write_bytes(make_certificate())
    bad.write_bytes(b"hello")
    of_gone, of_bad, of_good = blocks(gone, bad, good, code=2)
    assert "cannot be read" in of_gone
    assert "This is not a certificate" in of_bad
    assert "Holder: ADÈLE DOC0007512" in of_good
