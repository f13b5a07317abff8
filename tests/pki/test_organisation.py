"""Usages, file names and structures of ORG certificates."""

from __future__ import annotations

from dataclasses import replace

import pytest
from asn1crypto import keys
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cpx_tool.i18n import say
from cpx_tool.model.software import Usage
from cpx_tool.pki.certificate import read_certificate
from cpx_tool.pki.organisation import same_key, structure_flaw, usage_in_name, usage_of
from support.paths import shared_cert
from support.pki import key, rsa_key
from support.software import AUTH_CLI, AUTO, CONF, SERV_SSL, SIGN, Usages


@pytest.mark.parametrize(
    ("file", "usage"),
    [
        ("TESTORG_authcli_10B0127189_2019.der", Usage.AUTH_CLI),
        ("TESTORG_servssl_platines_2017.der", Usage.SERV_SSL),
        ("TESTORG_sign_testsign_318751275100020_2021.der", Usage.SIGN),
        ("TESTORG_sign_tomwsrevoque_REVOKEDNAME_2019.der", Usage.SIGN),
        ("PRODORG_sign_signature.rpps.fr_2016.der", Usage.SIGN),
    ],
)
def test_the_usages_of_real_certificates(file: str, usage: Usage) -> None:
    assert usage_of(read_certificate(shared_cert(file))) is usage


@pytest.mark.parametrize(
    ("usages", "usage"),
    [
        (AUTH_CLI, Usage.AUTH_CLI),
        (SIGN, Usage.SIGN),
        (SERV_SSL, Usage.SERV_SSL),
        (CONF, None),
        ((AUTH_CLI[0], SIGN[1]), None),
        ((SIGN[0], AUTH_CLI[1]), None),
        ((AUTH_CLI[0], ()), None),
        ((AUTH_CLI[0], SERV_SSL[1]), None),
    ],
)
def test_a_usage_is_known_by_both_extensions(usages: Usages, usage: Usage | None) -> None:
    assert usage_of(read_certificate(replace(AUTO, usages=usages).der())) is usage


@pytest.mark.parametrize("usage", ["AUTH_CLI", "SIGN", "CONF"])
def test_the_portal_s_file_names(usage: str) -> None:
    name = f"asip-p12-EL-TEST-ORG-{usage}-20211201-101530"
    for path in (f"{name}.p12", f"/downloads/{name} (1).p12", f"INSI-AUTO {name}.pfx"):
        assert usage_in_name(path) is Usage(usage)


@pytest.mark.parametrize(
    "name",
    [
        "INSI-AUTO.p12",
        "asip-p12-EL-TEST-ORG-OTHER-20211201-101530.p12",
        "asip-p12-EL-TEST-ORG-SIGN-2021.p12",
        "asip-p12-EL-ORG-SIGN-20211201-101530.p12",
    ],
)
def test_other_names_say_nothing(name: str) -> None:
    assert usage_in_name(name) is None


@pytest.mark.parametrize(
    "text",
    [
        "10B0152872",
        "1690780000",
        "12A0000001",
        "2187512751",
        "318751275100020",
        "300000000029751",
        "499700367909006",
        "50B0152872",
        "0B1234567801",
        "01234567890123",
    ],
)
def test_what_may_be_a_structure(text: str) -> None:
    assert structure_flaw(text) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0B0152872", "lacks its prefix: 1 for a FINESS (10B0152872)."),
        ("690780000", "1 for a FINESS (1690780000), 2 for a SIREN (2690780000)"),
        ("18751275100020", "lacks its prefix: 3 for a SIRET (318751275100020)."),
        ("00000000029751", "3 for a SIRET (300000000029751)"),
        ("10b0152872", "digits and capital letters"),
        ("10B0152872 ", "digits and capital letters"),
        ("9990000000", "from 0 to 5"),
        ("", "from 0 to 5"),
        ("10B015287", "0B015287 is no FINESS"),
        ("10B01528722", "is no FINESS"),
        ("1QB0152872", "is no FINESS"),
        ("218751275", "2 for a SIREN (2218751275)"),
        ("21875127510", "is no SIREN"),
        ("31875127510002", "lacks its prefix"),
        ("3187512751000200", "is no SIRET"),
        ("318751275100021", "not the key of this SIRET"),
        ("5690780", "is no FINESS-EJ"),
    ],
)
def test_what_is_no_structure_and_why(text: str, words: str) -> None:
    flaw = structure_flaw(text)
    assert flaw is not None
    assert words in say(flaw)


def spki(name: str) -> bytes:
    public = key(name).public_key()
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def test_one_key_is_one_key() -> None:
    assert same_key(spki("one"), spki("one"))
    assert not same_key(spki("one"), spki("other"))
    assert not same_key(b"", spki("one"))


def test_the_parameters_of_the_algorithm_do_not_count() -> None:
    public = rsa_key(2048).public_key()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    other = keys.PublicKeyInfo.load(der)
    other["algorithm"] = {"algorithm": "rsassa_pss"}
    assert other.dump(force=True) != der
    assert same_key(other.dump(force=True), der)
