"""Whether a server's certificate holds: as OpenSSL says, with name and purpose besides."""

from __future__ import annotations

import re
import subprocess
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import pytest
from asn1crypto import pem
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from cpx_tool.adapters.server_proof import (
    MOST_CERTIFICATES,
    UNREADABLE,
    ServerTrust,
    read_ca_file,
)
from cpx_tool.errors import BadInput
from cpx_tool.i18n import say
from cpx_tool.model.handshake import MAX_NAMES, AnchorSource, NameMatch, ServerProof
from support.pki import END, Spec, authority, leaf, root
from support.tls.pki import HOST, FilePki, Flaw, KeyKind
from support.tls.programs import find_program

NOBODY = AnchorSource.CA_FILE


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "en")


@pytest.fixture(autouse=True)
def _no_system_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """None of this machine's anchors: an empty directory, and no file."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))


def sent(pki: FilePki, flaw: Flaw) -> tuple[bytes, ...]:
    """What a server with this flaw sends."""
    content = pki.server(flaw, KeyKind.P256).certificate.read_bytes()
    found = x509.load_pem_x509_certificates(content)
    return tuple(one.public_bytes(Encoding.DER) for one in found)


def trusting(*paths: Path) -> ServerTrust:
    return ServerTrust({AnchorSource.CA_FILE: [der for p in paths for der in read_ca_file(p)]})


def openssl(pki: FilePki, flaw: Flaw, *options: str | Path) -> int:
    """The number of what `openssl verify` says; 0 where nothing is wrong."""
    file = pki.server(flaw, KeyKind.P256).certificate
    done = subprocess.run(
        [
            find_program("openssl"),
            "verify",
            "-partial_chain",
            *("-no-CApath", "-no-CAstore", "-CAfile", pki.ca),
            *("-untrusted", file, *options, file),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(r"^error (\d+) at", done.stdout + done.stderr, re.MULTILINE)
    assert (found is None) == (done.returncode == 0)
    return int(found[1]) if found else 0


@pytest.mark.parametrize("flaw", Flaw)
def test_openssl_says_the_same(file_pki: FilePki, flaw: Flaw) -> None:
    proof = trusting(file_pki.ca).prove(sent(file_pki, flaw), HOST)
    assert proof.error == openssl(file_pki, flaw)
    purpose = openssl(file_pki, flaw, "-purpose", "sslserver")
    assert (proof.error, proof.server_use) == (0, True) if not purpose else not proof.holds
    strict = openssl(file_pki, flaw, "-x509_strict")
    if proof.error == 0:
        assert bool(proof.strict_text) == bool(strict)


def test_each_flaw_has_its_own_proof(file_pki: FilePki) -> None:
    trust = trusting(file_pki.ca)
    found = {flaw: trust.prove(sent(file_pki, flaw), HOST) for flaw in Flaw}
    assert {flaw for flaw, proof in found.items() if proof.holds} == {
        Flaw.NONE,
        Flaw.NO_AKI,
        Flaw.WITH_INTERMEDIATE,
    }
    assert {flaw: proof.error for flaw, proof in found.items() if proof.error} == {
        Flaw.EXPIRED: 10,
        Flaw.NOT_YET_VALID: 9,
        Flaw.SELF_SIGNED: 18,
        Flaw.UNKNOWN_CA: 20,
        Flaw.PRIVATE_EXTENSION: 34,
        Flaw.INTERMEDIATE_MISSING: 20,
    }
    assert {flaw for flaw, proof in found.items() if not proof.server_use} == {Flaw.CLIENT_ONLY}
    assert found[Flaw.OTHER_NAME].name is NameMatch.DIFFERS
    assert found[Flaw.NO_SAN].name is NameMatch.NONE
    assert found[Flaw.NO_AKI].strict_text
    assert not found[Flaw.NONE].strict_text


def test_the_chain_ends_at_the_anchor_and_says_where_that_is_from(file_pki: FilePki) -> None:
    (anchor,) = read_ca_file(file_pki.ca)
    chain = sent(file_pki, Flaw.WITH_INTERMEDIATE)
    for source in (AnchorSource.CA_FILE, AnchorSource.IMPORTED):
        proof = ServerTrust({source: [anchor]}).prove(chain, HOST)
        assert (proof.chain, proof.anchor) == ((*chain, anchor), source)


def test_an_intermediate_can_be_an_anchor(file_pki: FilePki) -> None:
    """As curl has it (X509_V_FLAG_PARTIAL_CHAIN)."""
    own, between = sent(file_pki, Flaw.WITH_INTERMEDIATE)
    proof = ServerTrust({AnchorSource.IMPORTED: [between]}).prove([own], HOST)
    assert (proof.holds, proof.chain) == (True, (own, between))
    assert proof.anchor is AnchorSource.IMPORTED


def test_the_depth_says_which_certificate_it_is(file_pki: FilePki) -> None:
    ca = root("servers")
    between = authority(ca, "between").but(end=END.replace(year=2025))
    own = leaf(between, HOST).der()
    proof = ServerTrust({NOBODY: [ca.der()]}).prove([own, between.der()], HOST)
    assert (proof.error, proof.depth) == (10, 1)


# --- chains of a hostile server ---------------------------------------------------------------


@pytest.mark.parametrize(
    "chain", [(), (b"",), (b"junk",), (b"\x30\x00",), (b"\x30\x84\xff\xff\xff\xff",)]
)
def test_what_cannot_be_read_is_told(chain: tuple[bytes, ...]) -> None:
    proof = ServerTrust({}).prove(chain, HOST)
    assert (proof.error, proof.name) == (UNREADABLE, NameMatch.UNREADABLE)
    assert not proof.holds


def test_junk_behind_a_good_certificate_is_told(file_pki: FilePki) -> None:
    chain = (*sent(file_pki, Flaw.NONE), b"junk")
    assert trusting(file_pki.ca).prove(chain, HOST).error == UNREADABLE


def test_so_many_certificates_are_looked_at_and_no_more(file_pki: FilePki) -> None:
    own, between = sent(file_pki, Flaw.WITH_INTERMEDIATE)
    trust = trusting(file_pki.ca)
    assert trust.prove([own, *[own] * (MOST_CERTIFICATES - 2), between], HOST).holds
    assert not trust.prove([own, *[own] * (MOST_CERTIFICATES - 1), between], HOST).holds
    assert trust.prove([own, between, *[b"junk"] * 100_000][:100], HOST).error == UNREADABLE


# --- names ------------------------------------------------------------------------------------


def named(*names: x509.GeneralName) -> Spec:
    return leaf(root("servers"), HOST).but(extra=((x509.SubjectAlternativeName(names), False),))


def match(host: str, *names: x509.GeneralName) -> ServerProof:
    return ServerTrust({NOBODY: [root("servers").der()]}).prove([named(*names).der()], host)


DNS, IP = x509.DNSName, x509.IPAddress


@pytest.mark.parametrize(
    ("host", "name", "fits"),
    [
        ("server.example", DNS("server.example"), True),
        ("SERVER.example", DNS("server.EXAMPLE"), True),
        ("server.example", DNS("*.example"), False),  # of a whole top-level domain
        ("www.server.example", DNS("*.server.example"), True),
        ("a.www.server.example", DNS("*.server.example"), False),
        ("server.example", DNS("*.server.example"), False),
        ("www.server.example", DNS("w*.server.example"), False),
        ("xn--caf-dma.example", DNS("xn--caf-dma.example"), True),
        ("xn--caf-dma.example", DNS("cafe.example"), False),
        ("192.0.2.1", IP(IPv4Address("192.0.2.1")), True),
        ("192.0.2.1", IP(IPv4Address("192.0.2.2")), False),
        ("192.0.2.1", DNS("192.0.2.1"), False),
        ("2001:db8::1", IP(IPv6Address("2001:db8:0::1")), True),
        ("2001:db8::1", IP(IPv6Address("2001:db8::2")), False),
        ("server.example", IP(IPv4Address("192.0.2.1")), False),
    ],
)
def test_names(host: str, name: x509.GeneralName, fits: bool) -> None:
    proof = match(host, name)
    assert proof.error == 0
    assert (proof.name is NameMatch.MATCHES, proof.holds) == (fits, fits)


def test_the_names_are_listed_and_not_without_end() -> None:
    proof = match("b.example", DNS("a.example"), IP(IPv4Address("192.0.2.1")))
    assert proof.names == ("a.example", "192.0.2.1")
    many = match("a999.example", *[DNS(f"a{n}.example") for n in range(1_000)])
    assert (many.name, len(many.names)) == (NameMatch.MATCHES, MAX_NAMES)


def test_the_common_name_does_not_count(file_pki: FilePki) -> None:
    assert trusting(file_pki.ca).prove(sent(file_pki, Flaw.NO_SAN), HOST).name is NameMatch.NONE


@pytest.mark.parametrize(
    ("uses", "serves"),
    [
        ([ExtendedKeyUsageOID.SERVER_AUTH], True),
        ([ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH], True),
        ([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE], True),
        ([ExtendedKeyUsageOID.CLIENT_AUTH], False),
        (None, True),
    ],
)
def test_what_a_certificate_is_for(uses: list[x509.ObjectIdentifier] | None, serves: bool) -> None:
    spec = named(DNS(HOST))
    if uses is not None:
        spec = spec.but(extra=(*spec.extra, (x509.ExtendedKeyUsage(uses), False)))
    proof = ServerTrust({NOBODY: [root("servers").der()]}).prove([spec.der()], HOST)
    assert (proof.server_use, proof.holds) == (serves, serves)


# --- the system's store -------------------------------------------------------------------------


def test_the_systems_store_is_a_file_or_a_directory(
    file_pki: FilePki, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    chain = sent(file_pki, Flaw.NONE)
    assert ServerTrust({}).prove(chain, HOST).error == 20
    monkeypatch.setenv("SSL_CERT_FILE", str(file_pki.ca))
    proof = ServerTrust({}).prove(chain, HOST)
    assert (proof.holds, proof.anchor) == (True, AnchorSource.SYSTEM)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    (tmp_path / "ca.pem").write_bytes(file_pki.ca.read_bytes())
    subprocess.run([find_program("openssl"), "rehash", tmp_path], check=True)
    proof = ServerTrust({}).prove(chain, HOST)
    assert (proof.holds, proof.anchor) == (True, AnchorSource.SYSTEM)


def test_the_same_anchor_at_hand_twice_is_no_harm(
    file_pki: FilePki, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(file_pki.ca))
    anchors = list(read_ca_file(file_pki.ca)) * 2
    given = {AnchorSource.CA_FILE: anchors, AnchorSource.IMPORTED: anchors}
    assert ServerTrust(given).prove(sent(file_pki, Flaw.NONE), HOST).holds


@pytest.mark.parametrize("broken", [b"", b"junk\n", b"-----BEGIN CERTIFICATE-----\n"])
def test_a_system_store_that_is_broken_is_told(
    file_pki: FilePki, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, broken: bytes
) -> None:
    path = tmp_path / "store.pem"
    path.write_bytes(broken)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with pytest.raises(BadInput) as error:
        trusting(file_pki.ca)
    assert str(path) in say(error.value.reason)


# --- --ca-file ----------------------------------------------------------------------------------


@pytest.fixture
def ca_file(tmp_path: Path) -> Path:
    return tmp_path / "ca.pem"


def test_pem_der_and_bundles_are_read(file_pki: FilePki, ca_file: Path) -> None:
    (der,) = read_ca_file(file_pki.ca)
    (other,) = read_ca_file(file_pki.other_ca)
    ca_file.write_bytes(der)
    assert read_ca_file(ca_file) == (der,)
    bundle = b"# Two, with words between\r\n" + file_pki.ca.read_bytes() + b"subject=CN=x\n"
    bundle += file_pki.other_ca.read_bytes() + file_pki.ca.read_bytes()
    for content in (bundle, bundle.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + bundle):
        ca_file.write_bytes(content)
        assert read_ca_file(ca_file) == (der, other)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "holds no certificate"),
        (b"no certificate", "holds no certificate"),
        (b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", "certificate 1 cannot"),
        (b"-----BEGIN CERTIFICATE-----\n???\n-----END CERTIFICATE-----\n", "certificate 1 cannot"),
        (pem.armor("PUBLIC KEY", b"\x30\x00"), "holds no certificate"),
    ],
)
def test_a_file_that_cannot_be_used_is_told(ca_file: Path, content: bytes, told: str) -> None:
    ca_file.write_bytes(content)
    with pytest.raises(BadInput) as error:
        read_ca_file(ca_file)
    assert say(error.value.reason).startswith(str(ca_file))
    assert told in say(error.value.reason)
    assert error.value.hint is not None


def test_one_bad_certificate_in_a_bundle_is_told_by_its_number(
    file_pki: FilePki, ca_file: Path
) -> None:
    bad = b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
    ca_file.write_bytes(file_pki.ca.read_bytes() + bad)
    with pytest.raises(BadInput) as error:
        read_ca_file(ca_file)
    assert "certificate 2 cannot be read" in say(error.value.reason)


def test_a_file_that_is_not_there_is_told(ca_file: Path) -> None:
    with pytest.raises(BadInput):
        read_ca_file(ca_file)
    with pytest.raises(BadInput):
        read_ca_file(ca_file.parent)
