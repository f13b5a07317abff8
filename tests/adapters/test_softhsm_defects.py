"""Each defect as its token shows it: the card is wrong in this way, and in no other."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_der_x509_certificate

from cpx_tool.catalogue.nomenclature import label
from cpx_tool.emulate.defects import Defect
from cpx_tool.model.emulation import EmulatedToken, Emulation
from support.dump_tokens import MESSAGE
from support.emulation import dump, emulate, openssl

pytestmark = pytest.mark.softhsm

Token = dict[str, Any]
AUTHENTICATION = "Certificat d'Authentification CPS"
SIGNATURE = "Certificat de Signature CPS"
CATEGORY, PROFESSION = "1.2.250.1.71.1.2.5", "1.2.250.1.71.1.2.7"
TEST, PRODUCTION = b"\x04\x01\x80", b"\x04\x01\x00"

GOOD: Mapping[str, object] = {
    "expired": False,
    "not yet valid": False,
    "30 days left": True,
    "category": {TEST},
    "title fits": True,
    "usages": ["digital_signature", "non_repudiation"],
    "keys": ["CPS_PRIV_AUT", "CPS_PRIV_SIG"],
    "key fits": [True, True],
    "pss": True,
    "kind": "CPS4v1",
}
CHANGED: Mapping[str, Mapping[str, object]] = {
    "expired": {"expired": True, "30 days left": False},
    "not-yet-valid": {"not yet valid": True},
    "expiring-soon": {"30 days left": False},
    "wrong-profession": {"title fits": False},
    "production": {"category": {PRODUCTION}},
    "swapped": {"usages": ["non_repudiation", "digital_signature"]},
    "key-mismatch": {"key fits": [False, True]},
    "broken-certificate": {"usages": ["digital_signature", None], "key fits": [True, None]},
    "no-private-key": {"keys": ["CPS_PRIV_SIG"], "key fits": [None, True]},
    "pkcs1-only": {"pss": False, "kind": "CPS3v3"},
    "revoked": {},
    "forged": {},
    "duplicate": {},
    "extra": {},
    "foreign": {},
}
"""Of one card; what a set lacks or holds too many of stands in the tests below."""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[EmulatedToken, Token]]]:
    """Defect → the tokens that have it and what they show; "" → those without one."""
    six = ("duplicate", "extra", "expired", "revoked", "forged", "foreign")
    single = [name for name in CHANGED if name not in six]
    places = [f"{name}={position}" for position, name in enumerate(single, start=1)]
    into = tmp_path_factory.mktemp("defects")
    sets = (
        emulate(into / "9", *places, set_name="centre-hospitalier"),
        emulate(into / "6", *(f"{name}={place}" for place, name in enumerate(six, start=1))),
    )
    found: dict[str, list[tuple[EmulatedToken, Token]]] = {}
    for emulation in sets:
        for token, seen in _pairs(emulation):
            found.setdefault(" ".join(token.defects), []).append((token, seen))
    return found


def _pairs(emulation: Emulation) -> list[tuple[EmulatedToken, Token]]:
    by_slot = {seen["slot_id"]: seen for seen in dump(emulation)}
    return [(token, by_slot[token.slot_id]) for token in emulation.tokens]


def facts(token: Token) -> dict[str, object]:
    """Everything that can be wrong with a card, as it shows itself."""
    certificates = [_certificate(token, name) for name in (AUTHENTICATION, SIGNATURE)]
    read = [certificate for certificate in certificates if certificate is not None]
    keys = {o["label"]: o["MODULUS"] for o in token["all"] if o["class"] == "PRIVATE_KEY"}
    fits = [
        None if certificate is None or name not in keys else keys[name] == _modulus(certificate)
        for certificate, name in zip(certificates, ("CPS_PRIV_AUT", "CPS_PRIV_SIG"), strict=True)
    ]
    now = datetime.now(UTC)
    tried = [signed["SHA256_RSA_PKCS_PSS"] for signed in token["signatures"].values()]
    return {
        "expired": any(c.not_valid_after < now for c in read),
        "not yet valid": any(c.not_valid_before > now for c in read),
        "30 days left": all(c.not_valid_after > now + timedelta(days=30) for c in read),
        "category": {_extension(c, CATEGORY) for c in read},
        "title fits": all(map(_title_fits, read)),
        "usages": [None if c is None else " ".join(c.key_usage_value.native) for c in certificates],
        "keys": sorted(keys),
        "key fits": fits,
        "pss": all(signed != "MechanismInvalid" for signed in tried),
        "kind": token["label"].split("-")[0],
    }


def _certificate(token: Token, name: str) -> x509.Certificate | None:
    """None when it is cut off; no token is without one."""
    try:
        return x509.Certificate.load(_value(token, name), strict=True)
    except ValueError:
        return None


def _value(token: Token, name: str) -> bytes:
    (item,) = (o for o in token["free"] if (o["class"], o["label"]) == ("CERTIFICATE", name))
    return bytes.fromhex(item["VALUE"])


def _modulus(certificate: x509.Certificate) -> str:
    return f"{certificate.public_key['public_key'].parsed['modulus'].native:x}"


def _extension(certificate: x509.Certificate, oid: str) -> bytes | None:
    found = certificate["tbs_certificate"]["extensions"]
    return next((e["extn_value"].contents for e in found if e["extn_id"].dotted == oid), None)


def _title_fits(certificate: x509.Certificate) -> bool:
    profession = _extension(certificate, PROFESSION)
    title = str(certificate.subject.native["title"])
    return profession is None or title == label("TRE_G15", f"{profession[2]:02d}")


def test_every_defect_is_looked_at() -> None:
    assert {*CHANGED, "missing"} == {defect.value for defect in Defect}


@pytest.mark.parametrize("defect", CHANGED)
def test_a_card_has_its_defect_and_no_other(
    shown: dict[str, list[tuple[EmulatedToken, Token]]], defect: str
) -> None:
    for _, token in shown[defect]:
        assert facts(token) == {**GOOD, **CHANGED[defect]}


def test_a_duplicate_is_one_card_in_two_slots_an_extra_one_is_another_card(
    shown: dict[str, list[tuple[EmulatedToken, Token]]],
) -> None:
    for defect, numbers in (("duplicate", 1), ("extra", 2)):
        tokens = [token for token, _ in shown[defect]]
        assert len(tokens) == 2
        assert len({token.role for token in tokens}) == 1
        assert len({token.card_number for token in tokens}) == numbers
        seen = {_modulus(c) for _, t in shown[defect] if (c := _certificate(t, AUTHENTICATION))}
        assert len(seen) == numbers


def test_a_foreign_card_has_a_profession_that_the_set_does_not_hold(
    shown: dict[str, list[tuple[EmulatedToken, Token]]],
) -> None:
    ((token, seen),) = shown["foreign"]
    certificate = _certificate(seen, AUTHENTICATION)
    assert certificate is not None
    assert token.role == ""
    assert _extension(certificate, PROFESSION) not in (
        None,
        *(bytes([2, 1, n]) for n in (10, 40, 60)),
    )


def test_a_production_card_says_so_in_its_policy_too(
    shown: dict[str, list[tuple[EmulatedToken, Token]]],
) -> None:
    ((_, token),) = shown["production"]
    for name in (AUTHENTICATION, SIGNATURE):
        certificate = _certificate(token, name)
        assert certificate is not None
        (policy,) = certificate.certificate_policies_value.native
        assert policy["policy_identifier"].startswith("1.2.250.1.213.1.7.1.")


def test_what_a_wrong_key_signs_does_not_verify(
    shown: dict[str, list[tuple[EmulatedToken, Token]]],
) -> None:
    ((_, token),) = shown["key-mismatch"]
    _verify(token, SIGNATURE, "CPS_PRIV_SIG")
    with pytest.raises(InvalidSignature):
        _verify(token, AUTHENTICATION, "CPS_PRIV_AUT")


def _verify(token: Token, name: str, key: str) -> None:
    public = load_der_x509_certificate(_value(token, name)).public_key()
    assert isinstance(public, RSAPublicKey)
    signed = bytes.fromhex(token["signatures"][key]["SHA256_RSA_PKCS_PSS"])
    public.verify(signed, MESSAGE, PSS(MGF1(SHA256()), 32), SHA256())


def test_a_revoked_card_stands_in_the_crl_and_a_forged_one_is_not_of_its_ca(
    tmp_path: Path,
) -> None:
    emulation = emulate(tmp_path / "emulation", "revoked=2", "forged=3")
    folder = Path(emulation.directory) / "ca"
    lists = tmp_path / "crls.pem"
    lists.write_text("".join(openssl("crl", "-in", path) for path in sorted(folder.glob("*.crl"))))
    said = {}
    for token, seen in _pairs(emulation):
        assert facts(seen) == GOOD
        leaf = tmp_path / "leaf.der"
        leaf.write_bytes(_value(seen, SIGNATURE))
        trust = ("-CRLfile", lists, "-CAfile", folder / "bundle.pem")
        done = subprocess.run(
            ["openssl", "verify", "-crl_check", *trust, leaf],
            capture_output=True,
            text=True,
            check=False,
        )
        said[" ".join(token.defects)] = done.stdout + done.stderr
    assert said[""].endswith("OK\n")
    assert "certificate revoked" in said["revoked"]
    assert "certificate signature failure" in said["forged"]


def test_a_missing_card_is_not_there(tmp_path: Path) -> None:
    emulation = emulate(tmp_path / "emulation", "missing=6")
    roles = [token.role for token, _ in _pairs(emulation)]
    assert len(roles) == len(dump(emulation)) == 5
    assert "infirmier" not in roles
