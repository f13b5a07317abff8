"""trust, and inspect's chain and revocation, as a user runs them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from support.cli import cpx, cpx_json
from support.paths import SHARED_CERTS, shared_cert
from support.pki import CrlSpec, authority, key, leaf, pem, root

ROOT = root()
CA = authority(ROOT)
LEAF = leaf(CA)
AT = ("--at", "2025-06-01")
CPS = "TESTCARD_igcsante_sign_infirmier_00B6077602_2020.der"
CPE = "TESTCARD_igcsante_auth_CPEnominative_30B0057881-CPET0002_2017.der"
REVOKED = "TESTORG_sign_tomwsrevoque_REVOKEDNAME_2019.der"
PRODUCTION = "PRODORG_sign_signature.rpps.fr_2016.der"


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """A store of one's own."""
    return {"CPX_TRUST_DIR": str(tmp_path / "trust")}


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A directory: root.cer, ca.cer, leaf.cer, ca.crl (which revokes nothing)."""
    directory = tmp_path / "made"
    directory.mkdir()
    for name, content in {
        "root.cer": ROOT.der(),
        "ca.cer": CA.der(),
        "leaf.cer": LEAF.der(),
        "ca.crl": CrlSpec(CA).der(),
    }.items():
        (directory / name).write_bytes(content)
    return directory


def inspected(*arguments: str | Path, env: dict[str, str]) -> dict[str, Any]:
    body = cpx_json("inspect", *arguments, env=env)
    (entry,) = body["certificates"]
    found: dict[str, Any] = entry
    return found


# --- made certificates ------------------------------------------------------------------------


def test_an_unknown_ca_is_refused_then_accepted_and_said(made: Path, env: dict[str, str]) -> None:
    refused = cpx("trust", "import", made / "root.cer", env=env)
    assert refused.returncode == 1
    assert "REFUSED" in refused.stdout
    assert "--accept-unknown" in refused.stdout
    assert "Nothing was imported" in refused.stderr
    assert cpx("trust", "import", made / "leaf.cer", env=env).returncode == 1

    accepted = cpx("trust", "import", made / "root.cer", "--accept-unknown", env=env)
    assert accepted.returncode == 0, accepted.stdout
    assert "ACCEPTED" in accepted.stdout
    assert cpx("trust", "import", made / "root.cer", env=env).returncode == 0
    listed = cpx("trust", "list", env=env).stdout.splitlines()
    at = next(i for i, line in enumerate(listed) if "ACCEPTED by you" in line)
    sha256 = hashlib.sha256(ROOT.der()).hexdigest()
    assert listed[at + 1].strip() == f"SHA-256 {sha256.upper()}"
    file = Path(listed[at + 2].strip())
    assert (file.is_file(), file.stem) == (True, sha256)
    assert cpx_json("trust", "list", env=env)["authorities"][0]["acceptance"] == str(file)

    done = cpx("inspect", made / "leaf.cer", "--ca-dir", made, *AT, env=env)
    assert done.returncode == 0
    assert "not a known CA: you accepted it" in " ".join(done.stdout.split())
    entry = inspected(made / "leaf.cer", "--ca-dir", made, *AT, env=env)
    assert entry["chain"]["outcome"] == "verified"
    assert entry["chain"]["anchor"]["origin"] == "accepted"
    assert entry["revocation"]["outcome"] == "good"


def test_a_directory_of_cas_is_no_trust(made: Path, env: dict[str, str]) -> None:
    entry = inspected(made / "leaf.cer", "--ca-dir", made, *AT, env=env)
    assert entry["chain"]["outcome"] == "not-trusted"
    assert entry["revocation"]["outcome"] == "no-crl"


def test_a_file_may_bring_its_own_chain(made: Path, env: dict[str, str]) -> None:
    cpx("trust", "import", made / "root.cer", "--accept-unknown", env=env)
    bundle = made / "bundle.pem"
    bundle.write_bytes(pem(LEAF.der()) + pem(CA.der()))
    body = cpx_json("inspect", bundle, *AT, env=env)
    assert [e["chain"]["outcome"] for e in body["certificates"]] == ["verified", "verified"]
    assert body["at"] == "2025-06-01T00:00:00Z"


def test_what_is_wrong_fails(made: Path, env: dict[str, str]) -> None:
    cpx("trust", "import", made / "root.cer", made / "ca.cer", "--accept-unknown", env=env)
    forged = made / "forged.cer"
    forged.write_bytes(LEAF.but(signer=key("somebody else")).der())
    done = cpx("inspect", forged, *AT, env=env)
    assert done.returncode == 1
    assert "BROKEN" in done.stdout
    late = cpx("inspect", made / "leaf.cer", "--at", "2028-01-01", env=env)
    assert (late.returncode, "expired on" in late.stdout) == (1, True)


def test_import_tells_everything_as_json(made: Path, env: dict[str, str]) -> None:
    done = cpx("trust", "import", made, "--accept-unknown", "--json", env=env)
    items = {Path(i["file"]).name: i for i in json.loads(done.stdout)["imported"]}
    assert {name: item["status"] for name, item in items.items()} == {
        "root.cer": "accepted",
        "ca.cer": "issued-by-anchor",
        "leaf.cer": "not-a-ca",
        "ca.crl": "crl",
    }
    assert done.returncode == 0
    listing = cpx_json("trust", "list", env=env)
    assert len(listing["authorities"]) == 2
    assert [a["anchor"] and a["anchor"]["origin"] for a in listing["authorities"]] == [
        None,
        "accepted",
    ]
    assert len(listing["crls"]) == 1


def test_where_shows_addresses_on_one_line(env: dict[str, str]) -> None:
    text = cpx("trust", "where", env=env).stdout
    for address in (
        "http://igc-sante.esante.gouv.fr/AC%20TEST/ACI-FO-PP-TEST.cer",
        "http://igc-sante.esante.gouv.fr/AC%20TEST/Chaine_de_certification-IGC-Sante-TEST.p7b",
    ):
        assert f"    {address}\n" in text
    assert text.count("this file is enough") == 1
    assert text.index("this file is enough") < text.index("IGC-Sante-TEST.p7b")
    assert " ".join(text.split()).endswith("and add --accept-unknown.")
    body = cpx_json("trust", "where", env=env)
    assert len(body["authorities"]) == 18
    assert not any(a["in_store"] for a in body["authorities"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("trust", "import"), "PATH"),
        (("trust", "import", "gone"), "cannot be read"),
        (("trust", "forget"), "forget"),
        (("inspect", "x", "--at", "tomorrow"), "tomorrow"),
        (("inspect", "x", "--crl", "gone"), "cannot be read"),
        (("inspect", "x", "--ca-dir", "gone"), "cannot be read"),
    ],
)
def test_bad_input_in_one_line(arguments: tuple[str, ...], words: str, env: dict[str, str]) -> None:
    done = cpx(*arguments, env=env)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_crl_that_is_refused_is_named(made: Path, env: dict[str, str]) -> None:
    done = cpx("inspect", made / "leaf.cer", "--crl", made / "leaf.cer", env=env)
    assert done.returncode == 2
    assert "leaf.cer" in done.stderr


def test_a_damaged_file_is_unreadable_input(made: Path, env: dict[str, str]) -> None:
    (made / "bad.cer").write_bytes(b"hello")
    done = cpx("trust", "import", made / "bad.cer", env=env)
    assert done.returncode == 2
    assert "UNREADABLE" in done.stdout


# --- the real ones ----------------------------------------------------------------------------


def real(name: str) -> Path:
    shared_cert(name)
    return SHARED_CERTS / name


def test_real_cas_are_imported_as_known(env: dict[str, str]) -> None:
    real(CPE)
    done = cpx("trust", "import", SHARED_CERTS, env=env)
    assert done.returncode == 0, done.stdout
    listing = cpx_json("trust", "list", env=env)
    assert len(listing["authorities"]) == 7
    assert {a["anchor"]["origin"] for a in listing["authorities"]} == {"known"}
    assert len(listing["crls"]) == 2

    revoked = cpx("inspect", real(REVOKED), "--at", "2019-06-28", env=env)
    assert revoked.returncode == 1
    assert "REVOKED on 2019-06-14 13:26 UTC" in revoked.stdout

    entry = inspected(real(CPE), env=env)
    assert entry["chain"]["outcome"] == "verified"
    assert entry["chain"]["anchor"]["code"] == "ACR-ST-TEST"

    where = cpx_json("trust", "where", env=env)
    assert sum(a["in_store"] for a in where["authorities"]) == 7


def test_a_real_cps_needs_a_ca_that_is_not_at_hand(env: dict[str, str]) -> None:
    done = cpx("inspect", real(CPS), env=env)
    assert done.returncode == 0
    text = " ".join(done.stdout.split())
    assert "not at hand: ACI-FO-PP-TEST" in text
    assert "http://igc-sante.esante.gouv.fr/AC%20TEST/ACI-FO-PP-TEST.cer" in text


def test_a_production_certificate_is_verified_as_production(env: dict[str, str]) -> None:
    entry = inspected(real(PRODUCTION), "--ca-dir", SHARED_CERTS, env=env)
    assert entry["chain"]["outcome"] == "verified"
    assert entry["chain"]["anchor"]["pki"] == "igc-sante"
    done = cpx("inspect", real(PRODUCTION), "--ca-dir", SHARED_CERTS, env=env)
    assert "Trusted as: IGC-Santé (production)" in done.stdout


def test_a_crl_given_by_hand(env: dict[str, str]) -> None:
    crl = real("CRL_TEST_ACI-EL-ORG-TEST_2019.pem")
    good = inspected(
        real("TESTORG_authcli_10B0127189_2019.der"),
        "--ca-dir",
        SHARED_CERTS,
        "--crl",
        crl,
        "--at",
        "2019-07-01T12:00",
        env=env,
    )
    assert good["revocation"]["outcome"] == "good"
    assert good["revocation"]["crl"]["this_update"] == "2019-06-27T22:00:09Z"
