"""Each private part of tlslite-ng that we override or rely on: what only it can do, is done.

These fail when an update of the library changes it. They are to be run before the pin is moved.
"""

from __future__ import annotations

import socket
import ssl
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import pem
from asn1crypto.algos import DHParameters
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA3_256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from tlslite.constants import HandshakeType
from tlslite.extensions import RenegotiationInfoExtension
from tlslite.handshakesettings import HandshakeSettings
from tlslite.mathtls import FFDHE2048
from tlslite.messages import Finished, HelloRequest, ServerHello
from tlslite.tlsconnection import TLSConnection
from tlslite.utils.keyfactory import parsePEMKey
from tlslite.x509 import X509
from tlslite.x509certchain import X509CertChain

from cpx_tool.adapters import tls_client
from cpx_tool.errors import BadInput
from cpx_tool.model.fault import Fault, FaultKind
from cpx_tool.model.handshake import MAX_AUTHORITIES, Asked, End, KeyUse, NameMatch, Step, Stop
from cpx_tool.model.message import msg
from support.pki import key as ca_key
from support.pki import root
from support.tls.apache import CARD, apache
from support.tls.crooked import Crooked, certificate_body, instead, message, request_body
from support.tls.keys import PKCS1, PSS, FileKey, connect
from support.tls.misbehaving import WARNING, record
from support.tls.nginx import Verify, nginx
from support.tls.openssl import Versions, s_server
from support.tls.pki import FilePki, Flaw, Identity, KeyKind
from support.tls.sockets import Handler, Listener, listening

ROOT = Path(__file__).parents[2]
SAID = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


def test_the_version_is_pinned_and_that_one_is_tested() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (pin,) = [line for line in project["dependencies"] if line.startswith("tlslite-ng")]
    assert pin == f"tlslite-ng=={version('tlslite-ng')}"


# --- _getNextRecord -------------------------------------------------------------------------


def test_the_servers_certificates_are_seen_before_anything_is_signed(file_pki: FilePki) -> None:
    served = file_pki.server(Flaw.SELF_SIGNED)
    for versions in (Versions.TLS_1_2, Versions.TLS_1_3):
        key = FileKey(file_pki.client())
        with s_server(served, trusted=file_pki.clients_ca, versions=versions) as server:
            seen = connect(server.port, file_pki, key)
        assert seen.stop == Stop(Step.CHAIN, End.NOT_TRUSTED)
        assert seen.chain[:1] == ders(served)
        assert (key.asked, seen.sent) == ([], ())


def test_a_certificate_that_the_library_cannot_parse_is_judged_all_the_same(
    file_pki: FilePki,
) -> None:
    """It is looked at as it is on the wire."""
    junk = b"\x30\x03\x02\x01\x00"
    with listening(library_server(file_pki.server(), sends=[junk])) as server:
        seen = connect(server.port, file_pki, FileKey(file_pki.client()))
    assert seen.chain == (junk,)
    assert seen.stop == Stop(Step.CHAIN, End.NOT_TRUSTED)
    assert seen.proof is not None
    assert seen.proof.name is NameMatch.UNREADABLE


def test_the_warning_about_the_name_is_skipped(file_pki: FilePki) -> None:
    """The library takes every alert for the end."""
    with listening(after_a_warning(file_pki.server())) as server:
        seen = connect(server.port, file_pki)
    assert seen.stop is None
    assert seen.http is not None


@pytest.mark.parametrize(("bits", "end"), [(2_048, None), (9_000, End.MALFORMED)])
def test_a_group_that_would_take_minutes_is_refused(
    file_pki: FilePki, tmp_path: Path, bits: int, end: End | None
) -> None:
    parameters = tmp_path / "dh.pem"
    parameters.write_text(_group(bits), encoding="ascii")
    options = ("-cipher", "DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0", "-dhparam", parameters)
    with s_server(
        file_pki.server(), *options, trusted=file_pki.clients_ca, versions=Versions.TLS_1_2
    ) as server:
        seen = connect(server.port, file_pki, FileKey(file_pki.client()))
    assert seen.cipher == "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"
    if end is None:
        assert seen.stop is None
    else:
        assert seen.stop == Stop(Step.REQUEST, end, f"DH {bits} bit")


STATIC_RSA = b"\x00\x9c"
"""TLS_RSA_WITH_AES_128_GCM_SHA256."""


def without_its_key(identity: Identity, received: list[bytes]) -> Handler:
    """Shows the certificate, which is public, and asks for one: RSA key exchange needs no more."""

    def handler(connection: socket.socket, _listener: Listener) -> None:
        hello = b"\x03\x03" + bytes(32) + b"\0" + STATIC_RSA + b"\0\0\x05\xff\x01\0\x01\0"
        messages = (
            (HandshakeType.server_hello, hello),
            (HandshakeType.certificate, certificate_body(ders(identity), "TLSv1.2")),
            (HandshakeType.certificate_request, request_body("TLSv1.2")),
            (HandshakeType.server_hello_done, b""),
        )
        connection.recv(65_536)
        connection.sendall(b"".join(record(22, message(kind, body)) for kind, body in messages))
        received.append(connection.recv(65_536))

    return handler


def test_no_certificate_goes_to_a_server_that_has_not_proved_its_key(file_pki: FilePki) -> None:
    key, received = FileKey(file_pki.client()), list[bytes]()
    with listening(without_its_key(file_pki.server(), received)) as server:
        seen = connect(server.port, file_pki, key)
    cipher = "TLS_RSA_WITH_AES_128_GCM_SHA256"
    assert seen.stop == Stop(Step.REQUEST, End.NO_FORWARD_SECRECY, cipher)
    assert (key.asked, seen.sent, received) == ([], (), [b""])


def test_without_a_certificate_rsa_key_exchange_is_looked_at(file_pki: FilePki) -> None:
    options = ("-cipher", "AES128-GCM-SHA256")
    with s_server(
        file_pki.server(), *options, trusted=file_pki.clients_ca, versions=Versions.TLS_1_2
    ) as server:
        nobody = connect(server.port, file_pki)
        somebody = connect(server.port, file_pki, FileKey(file_pki.client()))
    assert nobody.cipher == somebody.cipher == "TLS_RSA_WITH_AES_128_GCM_SHA256"
    assert nobody.request is not None
    assert nobody.stop is None or nobody.stop.step is Step.VERDICT
    assert somebody.stop is not None
    assert somebody.stop.end is End.NO_FORWARD_SECRECY


# --- _getMsg, _sendMsg ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("versions", "named", "cipher"),
    [
        (Versions.TLS_1_2, "TLSv1.2", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
        (Versions.TLS_1_3, "TLSv1.3", "TLS_AES_256_GCM_SHA384"),
    ],
)
def test_every_message_is_seen(
    file_pki: FilePki, versions: Versions, named: str, cipher: str
) -> None:
    """The names of the CAs among it, which TLS 1.3 has in an extension that the library does not
    know.
    """
    asks = ("-client_sigalgs", "RSA-PSS+SHA384:RSA+SHA256:ECDSA+SHA256")
    ciphers = ("-cipher", "ECDHE-RSA-AES256-GCM-SHA384", "-ciphersuites", "TLS_AES_256_GCM_SHA384")
    key = FileKey(file_pki.client())
    with s_server(
        file_pki.server(),
        *asks,
        *ciphers,
        *("-groups", "P-384"),
        trusted=file_pki.clients_ca,
        versions=versions,
    ) as server:
        seen = connect(server.port, file_pki, key)
    assert (seen.version, seen.cipher) == (named, cipher)
    assert seen.group == ("secp384r1" if versions is Versions.TLS_1_3 else "")
    assert seen.request is not None
    (name,) = seen.request.authorities
    assert name == root("clients").subject.public_bytes()
    assert seen.request.count == 1
    assert seen.request.schemes == (
        "rsa_pss_rsae_sha384",
        "rsa_pkcs1_sha256",
        "ecdsa_secp256r1_sha256",
    )
    assert seen.request.when is Asked.HANDSHAKE
    assert seen.sent == ders(file_pki.client())
    assert seen.accepted
    assert seen.http is not None
    assert set(seen.seconds) == set(Step) - {Step.PROXY, Step.REQUEST}


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_the_own_issuer_is_found_at_the_end_of_a_long_list(file_pki: FilePki, version: str) -> None:
    """The list is cut; that it lacks our issuer would not be true."""
    own = root("clients").subject.public_bytes()
    names = [b"\x30\x0e\x31\x0c%010d" % number for number in range(MAX_AUTHORITIES)]
    change = instead(
        HandshakeType.certificate_request, request_body(version, names=[*names, own, own])
    )
    server = Crooked(file_pki.server(), version, change, asks=True)
    with listening(server.serve) as listener:
        seen = connect(listener.port, file_pki, FileKey(file_pki.client()))
    assert (seen.stop, bool(seen.sent)) == (None, True)
    assert seen.request is not None
    assert seen.request.authorities == (*names[:-1], own)
    assert seen.request.count == MAX_AUTHORITIES + 2


def test_post_handshake_authentication_is_seen(file_pki: FilePki) -> None:
    """The library answers it by itself, with what it asks us for."""
    key = FileKey(file_pki.client())
    with apache(file_pki.server(), trusted=file_pki.clients_ca) as server:
        seen = connect(server.port, file_pki, key, path=CARD)
    assert seen.request is not None
    assert seen.request.when is Asked.POST_HANDSHAKE
    assert seen.http is not None
    assert "verify=SUCCESS" in seen.http.first_line
    assert (len(key.asked), seen.sent) == (1, ders(file_pki.client()))


def test_nobody_can_be_asked_after_the_handshake_too(file_pki: FilePki) -> None:
    """`_client_keypair`: the library by itself would say so of a key only (RFC 8446, 4.2.6)."""
    with apache(file_pki.server(), trusted=file_pki.clients_ca) as server:
        seen = connect(server.port, file_pki, path=CARD)
    assert seen.request is not None
    assert seen.request.when is Asked.POST_HANDSHAKE
    assert seen.stop == Stop(Step.VERDICT, End.ALERT, "certificate_required")


# --- _sendMsg, _handshakeClientAsyncHelper, `closed`, `session`: renegotiation ----------------


def test_a_renegotiation_is_done(file_pki: FilePki) -> None:
    key = FileKey(file_pki.client())
    with apache(file_pki.server(), trusted=file_pki.clients_ca) as server:
        seen = connect(server.port, file_pki, key, path=CARD, newest="TLSv1.2")
    assert seen.stop is None
    assert seen.request is not None
    assert seen.request.when is Asked.RENEGOTIATION
    assert seen.http is not None
    assert "verify=SUCCESS" in seen.http.first_line
    assert len(key.asked) == 1


def test_a_renegotiation_is_bound_to_what_was_before(file_pki: FilePki) -> None:
    """RFC 5746, 3.5: both Finished of before, and nothing else; what we send is checked, too."""
    ends = {}
    for kind in ("right", "wrong", "empty", "missing"):
        with listening(renegotiating(file_pki.server(), kind)) as server:
            ends[kind] = connect(server.port, file_pki, newest="TLSv1.2").stop
    bad = Stop(Step.REQUEST, End.MALFORMED, "RFC 5746")
    assert ends == {"right": None, "wrong": bad, "empty": bad, "missing": bad}


def test_a_server_that_goes_silent_after_a_renegotiation_has_not_refused(
    file_pki: FilePki,
) -> None:
    with listening(renegotiating(file_pki.server(), "right", says=b"")) as server:
        seen = connect(server.port, file_pki, newest="TLSv1.2")
    assert seen.accepted
    assert seen.stop == Stop(Step.HTTP, End.CLOSED)


def test_a_renegotiation_with_another_certificate_ends_it(file_pki: FilePki) -> None:
    """Whether that holds, too, or not."""
    ends = []
    for flaw in (Flaw.SELF_SIGNED, Flaw.NO_AKI):
        another = file_pki.server(flaw)
        with listening(renegotiating(file_pki.server(), "right", then=another)) as server:
            ends.append(connect(server.port, file_pki, newest="TLSv1.2").stop)
    assert ends == [Stop(Step.REQUEST, End.MALFORMED, "another Certificate")] * 2


def test_the_library_by_itself_does_not_renegotiate(file_pki: FilePki) -> None:
    """If it did, ours would have to go."""
    with apache(file_pki.server(), trusted=file_pki.clients_ca) as server:
        settings = HandshakeSettings()
        settings.maxVersion = (3, 3)
        with socket.create_connection(("127.0.0.1", server.port)) as plain:
            own = TLSConnection(plain)
            own.handshakeClientCert(settings=settings, serverName="localhost")
            with pytest.raises(ValueError, match="Renegotiation"):
                own.handshakeClientCert(settings=settings, serverName="localhost")


# --- _sigHashesToList -----------------------------------------------------------------------


def test_what_is_signed_is_chosen_among_what_the_key_can(file_pki: FilePki) -> None:
    """And what is accepted of the server is not: its certificate is of a curve here."""
    served = file_pki.server(kind=KeyKind.P256)
    able = ("rsa_pkcs1_sha512", "rsa_pkcs1_sha384")
    asks = ("-client_sigalgs", "RSA-PSS+SHA256:RSA+SHA256:RSA+SHA384")
    chosen = []
    with s_server(served, *asks, trusted=file_pki.clients_ca, versions=Versions.TLS_1_2) as server:
        for one in (able, able[:1], ()):
            key = FileKey(file_pki.client(), one)
            seen = connect(server.port, file_pki, key)
            chosen.append((seen.scheme, seen.stop, len(key.asked)))
    unable = Stop(Step.REQUEST, End.NOT_SIGNABLE)
    assert chosen == [("rsa_pkcs1_sha384", None, 1), ("", unable, 0), ("", unable, 0)]


def test_pkcs1_is_not_signed_in_tls_1_3(file_pki: FilePki) -> None:
    key = FileKey(file_pki.client(), PKCS1)
    with s_server(file_pki.server(), trusted=file_pki.clients_ca) as server:
        first = connect(server.port, file_pki, key)
        second = connect(server.port, file_pki, key, newest="TLSv1.2")
    assert first.stop == Stop(Step.REQUEST, End.NOT_SIGNABLE)
    assert (second.stop, second.version) == (None, "TLSv1.2")
    assert [scheme for scheme, _ in key.asked] == ["rsa_pkcs1_sha256"]


@pytest.mark.parametrize("able", [PSS, PKCS1])
def test_a_server_of_tls_1_2_that_takes_pss_alone(file_pki: FilePki, able: tuple[str, ...]) -> None:
    """The library gives up at once there, were it not for what we add to the request."""
    key = FileKey(file_pki.client(), able)
    asks = ("-client_sigalgs", "RSA-PSS+SHA256")
    with s_server(
        file_pki.server(), *asks, trusted=file_pki.clients_ca, versions=Versions.TLS_1_2
    ) as server:
        seen = connect(server.port, file_pki, key)
    assert seen.request is not None
    assert seen.request.schemes == ("rsa_pss_rsae_sha256",)
    if able is PSS:
        assert (seen.stop, seen.scheme) == (None, "rsa_pss_rsae_sha256")
    else:
        assert seen.stop == Stop(Step.REQUEST, End.NOT_SIGNABLE)


# --- the key: `sign`, `verify` --------------------------------------------------------------

PREFIXES = {
    "sha1": "3021300906052b0e03021a05000414",
    "sha256": "3031300d060960864801650304020105000420",
    "sha384": "3041300d060960864801650304020205000430",
    "sha512": "3051300d060960864801650304020305000440",
}
"""Of a DigestInfo (RFC 8017, 9.2, note 1)."""
SIZES = {"sha1": 20, "sha256": 32, "sha384": 48, "sha512": 64}


def test_the_key_gets_a_digest_info_or_a_hash_and_the_server_takes_what_it_signs(
    file_pki: FilePki,
) -> None:
    asks = ("-client_sigalgs", f"{OPENSSL_SCHEMES}:RSA+SHA1", "-cipher", "ALL:@SECLEVEL=0")
    for versions, able in ((Versions.TLS_1_2, PSS + PKCS1), (Versions.TLS_1_3, PSS)):
        with s_server(
            file_pki.server(), *asks, trusted=file_pki.clients_ca, versions=versions
        ) as server:
            for scheme in able:
                key = FileKey(file_pki.client(), (scheme,))
                seen = connect(server.port, file_pki, key)
                assert (seen.stop, seen.scheme, seen.accepted) == (None, scheme, True)
                ((asked, data),) = key.asked
                hashed = scheme.rpartition("_")[2]
                prefix = PREFIXES[hashed] if scheme in PKCS1 else ""
                assert asked == scheme
                assert data.hex().startswith(prefix)
                assert len(data) == len(prefix) // 2 + SIZES[hashed]


_BITS = (256, 384, 512)
OPENSSL_SCHEMES = ":".join([f"{kind}+SHA{bits}" for kind in ("RSA-PSS", "RSA") for bits in _BITS])


def test_a_signature_of_another_key_is_not_sent(file_pki: FilePki, tmp_path: Path) -> None:
    key = FileKey(_of_another_key(file_pki.client(), tmp_path))
    for newest in ("TLSv1.2", "TLSv1.3"):
        with s_server(file_pki.server(), trusted=file_pki.clients_ca) as server:
            seen = connect(server.port, file_pki, key, newest=newest)
        assert seen.stop == Stop(Step.SIGNATURE, End.WRONG_SIGNATURE)


def test_a_key_that_refuses_ends_it(file_pki: FilePki) -> None:
    key = FileKey(file_pki.client(), faulty=True)
    with s_server(file_pki.server(), trusted=file_pki.clients_ca) as server:
        seen = connect(server.port, file_pki, key)
    assert seen.stop == Stop(Step.SIGNATURE, End.NOT_SIGNED)
    assert seen.signature is not None
    assert seen.signature.fault is not None
    assert len(key.asked) == 1


class Broken(FileKey):
    """Stumbles over something of its own."""

    def sign(self, scheme: str, data: bytes) -> tuple[bytes, KeyUse]:
        raise RuntimeError(scheme)


def test_an_error_of_ours_is_no_fault_of_the_server(file_pki: FilePki) -> None:
    with s_server(file_pki.server(), trusted=file_pki.clients_ca) as server:
        seen = connect(server.port, file_pki, Broken(file_pki.client()))
    assert seen.stop == Stop(Step.SIGNATURE, End.NOT_SIGNED)
    assert seen.signature is not None
    assert seen.signature.fault == Fault(FaultKind.ERROR, "sign", "RuntimeError")


class Unasked(FileKey):
    """A PIN would have to be typed, and nobody is there."""

    def ready(self) -> bool:
        raise BadInput(msg("No PIN."), msg("Type one."))


class Stumbling(FileKey):
    """Fails before it comes to sign."""

    def ready(self) -> bool:
        raise RuntimeError


def test_what_a_person_has_to_do_is_told_as_such(file_pki: FilePki) -> None:
    with s_server(file_pki.server(), trusted=file_pki.clients_ca) as server:
        with pytest.raises(BadInput):
            connect(server.port, file_pki, Unasked(file_pki.client()))
        seen = connect(server.port, file_pki, Stumbling(file_pki.client()))
    assert (seen.stop, seen.sent) == (Stop(Step.SIGNATURE, End.NOT_SIGNED), ())
    assert seen.signature is not None


@pytest.mark.parametrize("versions", [Versions.TLS_1_2, Versions.TLS_1_3])
def test_a_certificate_is_not_sent_where_nothing_will_be_signed(
    file_pki: FilePki, versions: Versions
) -> None:
    """The server gets to know nobody's name then."""
    locked = FileKey(file_pki.client(), locked=True)
    unable = FileKey(file_pki.client(), ("rsa_pkcs1_sha1",))
    asks = ("-client_sigalgs", "RSA-PSS+SHA256", "-msg")
    ends = []
    with s_server(
        file_pki.server(), *asks, trusted=file_pki.clients_ca, versions=versions
    ) as server:
        for key in (locked, unable):
            seen = connect(server.port, file_pki, key)
            assert (seen.sent, seen.signature, key.asked) == ((), None, [])
            ends.append(seen.stop)
        assert connect(server.port, file_pki, FileKey(file_pki.client())).sent
        seen_there = received(server.log())
    assert (seen_there.count("ClientHello"), seen_there.count("Certificate")) == (3, 1)
    assert ends == [Stop(Step.SIGNATURE, End.NO_LOGIN), Stop(Step.REQUEST, End.NOT_SIGNABLE)]


def received(log: str) -> list[str]:
    """What s_server -msg shows of the messages that came."""
    shown = (line for line in log.splitlines() if line.startswith("<<<"))
    return [line.rpartition(", ")[2] for line in shown]


# --- X509 -----------------------------------------------------------------------------------


def test_a_certificate_of_ours_that_the_library_cannot_parse_is_presented(
    file_pki: FilePki,
) -> None:
    """An algorithm it does not know (SHA-3), for one; an update may know it."""
    client = _signed_with_sha3(file_pki)
    with pytest.raises(Exception):  # noqa: B017, PT011 - of whatever kind: we do without
        X509().parseBinary(bytearray(ders(client)[0]))
    key = FileKey(client)
    verify = Verify.OPTIONAL_NO_CA  # OpenSSL 3.0 does not know it either
    with nginx(file_pki.server(), trusted=file_pki.clients_ca, verify=verify) as server:
        seen = connect(server.port, file_pki, key)
    assert (seen.stop, seen.sent) == (None, ders(client))
    assert seen.http is not None
    assert "subject=CN=client" in seen.http.first_line


@pytest.mark.parametrize("versions", [Versions.TLS_1_2, Versions.TLS_1_3])
def test_a_key_of_a_curve_ends_it_where_it_is_asked_for(
    file_pki: FilePki, versions: Versions
) -> None:
    key = FileKey(file_pki.server(kind=KeyKind.P256))
    with s_server(file_pki.server(), trusted=file_pki.clients_ca, versions=versions) as server:
        seen = connect(server.port, file_pki, key)
    assert seen.stop == Stop(Step.REQUEST, End.NO_RSA_KEY)
    assert (seen.sent, key.asked) == ((), [])
    assert seen.request is not None


# --- servers --------------------------------------------------------------------------------


def ders(identity: Identity) -> tuple[bytes, ...]:
    found = x509.load_pem_x509_certificates(identity.certificate.read_bytes())
    return tuple(one.public_bytes(Encoding.DER) for one in found)


def _group(bits: int) -> str:
    """Parameters of that size, which need not be good."""
    generator, prime = FFDHE2048 if bits == 2_048 else (2, 2**bits - 1)
    der = DHParameters({"p": prime, "g": generator}).dump()
    return pem.armor("DH PARAMETERS", der).decode()


def _signed_with_sha3(pki: FilePki) -> Identity:
    """As `pki.client()`, but for the algorithm of its CA's signature."""
    client = pki.client()
    old = x509.load_pem_x509_certificate(client.certificate.read_bytes())
    builder = (
        x509.CertificateBuilder()
        .subject_name(old.subject)
        .issuer_name(old.issuer)
        .public_key(old.public_key())
        .serial_number(3)
        .not_valid_before(old.not_valid_before_utc)
        .not_valid_after(old.not_valid_after_utc)
    )
    for extension in old.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    path = pki.directory / "sha3.pem"
    made = builder.sign(ca_key("clients"), SHA3_256())
    path.write_bytes(made.public_bytes(Encoding.PEM))
    return Identity(path, client.key)


def _of_another_key(client: Identity, directory: Path) -> Identity:
    """The same certificate with a key that is not its own."""
    path = directory / "another.key"
    key = rsa.generate_private_key(65537, 2048)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return Identity(client.certificate, path)


def after_a_warning(identity: Identity) -> Handler:
    """The alert, and then TLS as ever."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.certificate, identity.key)
    context.maximum_version = ssl.TLSVersion.TLSv1_2

    def handler(connection: socket.socket, _listener: Listener) -> None:
        connection.sendall(WARNING)
        with context.wrap_socket(connection.dup(), server_side=True) as secured:
            secured.recv(65_536)
            secured.sendall(SAID)

    return handler


def library_server(identity: Identity, sends: list[bytes]) -> Handler:
    """tlslite-ng's own server, of TLS 1.2, which sends these certificates as its own."""

    def handler(connection: socket.socket, _listener: Listener) -> None:
        chain, key = _loaded(identity)
        for item, der in zip(chain.x509List, sends, strict=True):
            item.bytes = bytearray(der)
        with _swallowed():
            TLSConnection(connection).handshakeServer(
                certChain=chain, privateKey=key, settings=_settings()
            )

    return handler


class _Renegotiating(TLSConnection):
    """Binds the second handshake to the first as told; sees what the client sends."""

    kind = ""
    again = False
    finished: tuple[bytes, ...] = ()

    def _getMsg(self, *args: Any, **more: Any) -> Iterator[Any]:  # noqa: N802 - tlslite-ng's
        for result in super()._getMsg(*args, **more):
            bound = getattr(result, "getExtension", lambda _: None)(0xFF01)
            if self.again and bound is not None:
                # the client's Finished is what it must send; the library's server wants it empty
                assert bytes(bound.renegotiated_connection) == self.finished[0]
                bound.renegotiated_connection = bytearray()
            if isinstance(result, Finished) and not self.again:
                self.finished = (bytes(result.verify_data),)
            yield result

    def _sendMsg(self, msg: Any, *args: Any, **more: Any) -> Iterator[Any]:  # noqa: N802 - tlslite-ng's
        if isinstance(msg, Finished) and not self.again:
            self.finished = (*self.finished, bytes(msg.verify_data))
        if isinstance(msg, ServerHello) and self.again:
            others = [one for one in msg.extensions if one.extType != 0xFF01]
            right = b"".join(self.finished)
            told = {"right": right, "wrong": bytes(len(right)), "empty": b""}
            if self.kind in told:
                bound = RenegotiationInfoExtension().create(bytearray(told[self.kind]))
                others.append(bound)
            msg.extensions = others
        yield from super()._sendMsg(msg, *args, **more)


def renegotiating(
    identity: Identity, kind: str, then: Identity | None = None, says: bytes = SAID
) -> Handler:
    """A server that wants a second handshake after the request."""

    def handler(connection: socket.socket, _listener: Listener) -> None:
        chain, key = _loaded(identity)
        server = _Renegotiating(connection)
        server.kind = kind
        with _swallowed():
            server.handshakeServer(certChain=chain, privateKey=key, settings=_settings())
            server.read(65_536, 1)
            for _ in server._sendMsg(HelloRequest().create(), update_hashes=False):
                pass
            server.again = server.closed = True
            chain, key = _loaded(then or identity)
            server.handshakeServer(certChain=chain, privateKey=key, settings=_settings())
            server.write(says)
            server.close()

    return handler


def _settings() -> HandshakeSettings:
    settings = HandshakeSettings()
    settings.maxVersion = (3, 3)
    settings.versions = [(3, 3)]
    return settings


def _loaded(identity: Identity) -> tuple[X509CertChain, Any]:
    chain = X509CertChain()
    chain.parsePemList(identity.certificate.read_text(encoding="ascii"))
    return chain, parsePEMKey(identity.key.read_text(encoding="ascii"), private=True)


@contextmanager
def _swallowed() -> Iterator[None]:
    """Whatever a client that hangs up makes of the server."""
    try:
        yield
    except AssertionError:
        raise
    except Exception:  # noqa: S110
        pass


# --- the end of a handshake ------------------------------------------------------------------


def test_a_refusal_that_comes_late_is_one(
    file_pki: FilePki, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With TLS 1.3 the request may be out by then; nothing was accepted all the same."""
    monkeypatch.setattr(tls_client, "LATE_SECONDS", 0.0)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served = file_pki.server()
    context.load_cert_chain(served.certificate, served.key)
    context.load_verify_locations(file_pki.clients_ca)
    context.verify_mode = ssl.CERT_REQUIRED

    def handler(connection: socket.socket, _listener: Listener) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        server = context.wrap_bio(incoming, outgoing, server_side=True)
        refused = False
        while got := connection.recv(65_536):
            incoming.write(got)
            with suppress(ssl.SSLError):
                try:
                    server.do_handshake()
                except ssl.SSLCertVerificationError:
                    refused = True
            time.sleep(0.2 if refused else 0)
            connection.sendall(outgoing.read())

    with listening(handler) as server:
        seen = connect(server.port, file_pki, FileKey(file_pki.expired_client()))
    assert seen.stop == Stop(Step.VERDICT, End.ALERT, "certificate_expired")
    assert not seen.accepted


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_server_that_says_goodbye_has_closed(file_pki: FilePki, newest: ssl.TLSVersion) -> None:
    """The library's write raises another error then than its read."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served = file_pki.server()
    context.load_cert_chain(served.certificate, served.key)
    context.load_verify_locations(file_pki.clients_ca)
    context.verify_mode = ssl.CERT_REQUIRED
    context.maximum_version = newest
    context.num_tickets = 0

    def handler(connection: socket.socket, _listener: Listener) -> None:
        with context.wrap_socket(connection.dup(), server_side=True) as secured:
            secured.unwrap()

    with listening(handler) as server:
        seen = connect(server.port, file_pki, FileKey(file_pki.client()))
    early = newest is ssl.TLSVersion.TLSv1_3
    assert seen.stop == Stop(Step.VERDICT if early else Step.HTTP, End.CLOSED)
