"""Servers that send nonsense, or without end: each ends in time with a name, and costs little.

The client runs in a process of its own, which judges and shows what it saw, and writes it to JSON.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from tlslite.constants import ContentType, HandshakeType

from cpx_tool.adapters.bounded_socket import BoundedSocket, Deadline
from cpx_tool.adapters.tls_connection import ObservedConnection
from cpx_tool.adapters.tls_watch import Watch
from cpx_tool.model.handshake import MAX_AUTHORITIES, MAX_SCHEMES, End, ServerProof, Step
from support.cli import cpx, cpx_json
from support.pki import key, root
from support.tls import misbehaving
from support.tls.crooked import (
    HELLO_REQUEST,
    KEY_UPDATE,
    TICKET,
    WARNING,
    Change,
    Crooked,
    CrookedServer,
    altered,
    answer,
    answering,
    certificate_body,
    ders_of,
    dripping,
    endless,
    instead,
    message,
    pouring,
    read_request,
    request_body,
)
from support.tls.knocker import Knock, Knocker, Seen, knocker
from support.tls.pki import HOST, FilePki, KeyKind
from support.tls.sockets import Handler, Listener, listening

SECONDS = 60
"""What a connection may take that ends by itself, on a busy machine, too."""
BRIEF = Knock(0, 1)
"""For those that do not."""
SHORT = Knock(0, 4)
"""The same, where there is a handshake before."""
MOST_MEMORY = 64 * 1024 * 1024
"""By which the process may grow, over what an honest server takes."""
V12, V13 = "TLSv1.2", "TLSv1.3"
OK = b"HTTP/1.1 200 OK\r\n"


@dataclass(frozen=True)
class Place:
    """The client's process, what an honest server made it take, and servers to be made crooked:
    with a P-256 key, and with an RSA key.
    """

    knocker: Knocker
    peak: int
    server: Crooked
    rsa: Crooked

    def knock(self, handler: Handler, knock: Knock | None = None) -> Seen:
        """What came of it; it took little memory."""
        with listening(handler) as listener:
            asked = knock or Knock(0, SECONDS)
            seen = self.knocker.knock(replace(asked, port=listener.port))
        assert seen.peak - self.peak < MOST_MEMORY
        return seen


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One for all tests of this file."""
    pki = FilePki(tmp_path_factory.mktemp("garbage"))
    server = Crooked(pki.server(kind=KeyKind.P256), V13)
    with knocker(pki) as process, listening(server.but(asks=True).serve) as honest:
        seen = process.knock(Knock(honest.port, 60))
        assert (seen.connection.stop, seen.signatures) == (None, 1)
        yield Place(process, seen.peak, server, server.but(identity=pki.server()))


# --- before any encryption --------------------------------------------------------------------

PLAIN: dict[str, tuple[Handler, End]] = {
    "random bytes": (misbehaving.random_bytes(1), End.NOT_TLS),
    "other random bytes": (misbehaving.random_bytes(2), End.NOT_TLS),
    "too long a record": (
        misbehaving.endless(b"\x16\x03\x03\xff\xff" + bytes(65_535)),
        End.MALFORMED,
    ),
    "a message without end": (misbehaving.endless(misbehaving.LONG_MESSAGE), End.TOO_MUCH),
    "half a ServerHello, and silence": (misbehaving.half_server_hello(hangs=True), End.TIMEOUT),
    "half a ServerHello": (misbehaving.half_server_hello(hangs=False), End.CLOSED),
    "a byte now and then": (misbehaving.drip, End.TIMEOUT),
    "warnings": (misbehaving.endless(misbehaving.WARNING), End.TOO_MUCH),
    "an alert that nobody knows": (misbehaving.saying(b"\x15\x03\x03\0\2\2\xfe"), End.ALERT),
    "changes of cipher": (misbehaving.endless(misbehaving.CHANGE), End.MALFORMED),
    "empty records": (misbehaving.endless(misbehaving.EMPTY), End.MALFORMED),
}


@pytest.mark.parametrize("name", PLAIN)
def test_nonsense_in_the_place_of_a_hello(place: Place, name: str) -> None:
    handler, end = PLAIN[name]
    seen = place.knock(handler, BRIEF if end is End.TIMEOUT else None)
    _ends(seen, Step.HELLO, end)
    assert seen.signatures == 0


def _ends(seen: Seen, step: Step, end: End, detail: str = "") -> None:
    stop = seen.connection.stop
    assert stop is not None
    assert (stop.step, stop.end) == (step, end)
    assert detail in stop.detail


def test_time_that_is_up_between_two_reads() -> None:
    """tlslite-ng looks at the number of an error of the socket."""
    ours, theirs = socket.socketpair()
    with ours, theirs:

        def clock() -> float:
            asked, _, _ = select.select([theirs], [], [], 0)
            return 99.0 if asked else 0.0

        bounded = BoundedSocket(ours, Deadline(1, clock), 1_000)
        connection = ObservedConnection(bounded, Watch(), lambda _: ServerProof(0))
        with pytest.raises(TimeoutError):
            connection.shake_hands(V13, HOST, None)


# --- the messages of a handshake ----------------------------------------------------------------


def _showing(version: str, ders: Sequence[bytes]) -> Change:
    return instead(HandshakeType.certificate, certificate_body(ders, version))


@pytest.mark.parametrize("version", [V12, V13])
def test_no_certificate_or_none_that_can_be_read(place: Place, version: str) -> None:
    good = ders_of(place.server.identity)[0]
    noise = b"\x30\x82\xff\xffnoise"
    for ders in ([], [noise], [good, noise]):
        server = place.server.but(version=version, change=_showing(version, ders))
        _ends(place.knock(server.serve), Step.CHAIN, End.NOT_TRUSTED)
    for ders in ([], [noise]):
        server = place.server.but(version=version, change=_showing(version, ders))
        seen = place.knock(server.serve, Knock(0, SECONDS, insecure=True))
        _ends(seen, Step.REQUEST, End.MALFORMED)
    broken = place.server.but(
        version=version, change=altered(HandshakeType.certificate, lambda body: body[:-9])
    )
    _ends(place.knock(broken.serve), Step.CHAIN, End.MALFORMED, "Certificate")


def test_as_many_certificates_as_there_may_be_and_more(place: Place) -> None:
    good = ders_of(place.server.identity)[0]
    server = place.server.but(version=V12)
    seen = place.knock(server.but(change=_showing(V12, [good] * 100)).serve)
    assert (seen.connection.stop, len(seen.connection.chain)) == (None, 100)
    for ders in ([good] * 1_500, [good] * 10_000, [good] + [b""] * 200_000):
        seen = place.knock(server.but(change=_showing(V12, ders)).serve)
        _ends(seen, Step.CHAIN, End.TOO_MUCH)
        assert seen.connection.chain == ()


def _vouched_for(
    public: CertificatePublicKeyTypes, names: Sequence[str] = (), common_name: str = HOST
) -> bytes:
    """A certificate for localhost that the client trusts."""
    ca, now = root("servers"), datetime.now(UTC)
    subject = x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)
    return (
        x509.CertificateBuilder(ca.subject, x509.Name([subject]), public, 7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(list(map(x509.DNSName, [HOST, *names]))), False)
        .sign(ca.own_key, SHA256())
        .public_bytes(Encoding.DER)
    )


def _rsa(bits: int, exponent: int = 65_537) -> rsa.RSAPublicKey:
    """A key that nobody has."""
    return rsa.RSAPublicNumbers(exponent, (1 << bits) - 159).public_key()


@pytest.mark.parametrize("version", [V12, V13])
@pytest.mark.parametrize(
    ("public", "detail"),
    [
        (_rsa(16_384), "too large: 16384"),
        (_rsa(8_192, (1 << 8_190) + 1), "RSA exponent 8191 bit"),
        (_rsa(2_048, (1 << 64) + 1), "RSA exponent 65 bit"),
        (ec.generate_private_key(ec.SECP256K1()).public_key(), "secp256k1"),
        (ed25519.Ed25519PrivateKey.generate().public_key(), ""),
    ],
    ids=["RSA of 16384 bits", "a huge exponent", "a long exponent", "an odd curve", "Ed25519"],
)
def test_keys_that_did_not_sign_this(
    place: Place, version: str, public: CertificatePublicKeyTypes, detail: str
) -> None:
    change = _showing(version, [_vouched_for(public)])
    for server in (place.server, place.rsa):
        seen = place.knock(server.but(version=version, change=change).serve)
        _ends(seen, Step.REQUEST, End.MALFORMED, detail)


def _group(bits: int) -> Callable[[bytes], bytes]:
    prime = ((1 << bits) - 1).to_bytes(bits // 8)
    sized = len(prime).to_bytes(2) + prime
    return lambda _: sized + b"\0\1\2" + sized + b"\4\1\1\0" + bytes(256)


@pytest.mark.parametrize(
    ("bits", "detail"),
    [(8_192, ""), (8_200, "DH 8200 bit"), (131_072, "DH 131072 bit"), (8, ""), (0, "")],
)
def test_groups_of_any_size(place: Place, bits: int, detail: str) -> None:
    change = altered(HandshakeType.server_key_exchange, _group(bits))
    server = place.rsa.but(version=V12, ciphers=("dhe_rsa",), change=change)
    _ends(place.knock(server.serve), Step.REQUEST, End.MALFORMED, detail)


@pytest.mark.parametrize("version", [V12, V13])
def test_thousands_of_names_of_cas(place: Place, version: str) -> None:
    names = [b"\x30\x0e\x31\x0c%010d" % number for number in range(3_000)]
    change = instead(HandshakeType.certificate_request, request_body(version, names=names))
    seen = place.knock(place.server.but(version=version, asks=True, change=change).serve)
    assert (seen.connection.stop, seen.signatures) == (None, 1)
    assert seen.connection.request is not None
    assert seen.connection.request.count == 3_000
    assert seen.connection.request.authorities == tuple(names[:MAX_AUTHORITIES])


@pytest.mark.parametrize(
    ("version", "schemes"),
    [
        (V12, []),
        (V13, []),
        (V12, [0xFEFE, 0x0A0A]),
        (V13, [0xFEFE, 0x0A0A]),
        (V13, range(0x4000, 0x4000 + 30_000)),
    ],
)
def test_schemes_that_nobody_has(place: Place, version: str, schemes: Sequence[int]) -> None:
    change = instead(HandshakeType.certificate_request, request_body(version, schemes))
    seen = place.knock(place.server.but(version=version, asks=True, change=change).serve)
    _ends(seen, Step.REQUEST, End.NOT_SIGNABLE)
    assert seen.connection.request is not None
    assert len(seen.connection.request.schemes) == min(len(schemes), MAX_SCHEMES)
    assert seen.signatures == 0


def _twice(kind: int, content: bytes) -> bytes:
    asks = kind == ContentType.handshake and content[0] == HandshakeType.certificate_request
    return content * 2 if asks else content


@pytest.mark.parametrize(("version", "step"), [(V12, Step.REQUEST), (V13, Step.CHAIN)])
def test_a_request_that_comes_twice(place: Place, version: str, step: Step) -> None:
    seen = place.knock(place.server.but(version=version, asks=True, change=_twice).serve)
    _ends(seen, step, End.MALFORMED)
    assert seen.signatures == 0


@pytest.mark.parametrize(("version", "step"), [(V12, Step.VERDICT), (V13, Step.REQUEST)])
def test_a_wrong_finished(place: Place, version: str, step: Step) -> None:
    change = altered(HandshakeType.finished, lambda body: bytes(len(body)))
    _ends(place.knock(place.server.but(version=version, change=change).serve), step, End.MALFORMED)


def test_a_compressed_certificate_that_was_not_asked_for(place: Place) -> None:
    def compress(kind: int, content: bytes) -> bytes:
        if kind != ContentType.handshake or content[0] != HandshakeType.certificate:
            return content
        return message(HandshakeType.compressed_certificate, b"\0\1\0\xff\xff\0\0\4bomb")

    seen = place.knock(place.server.but(change=compress).serve)
    _ends(seen, Step.CHAIN, End.MALFORMED, "compressed_certificate")


# --- after the handshake ------------------------------------------------------------------------


@pytest.mark.parametrize("version", [V12, V13])
@pytest.mark.parametrize(
    ("kind", "content"),
    [(ContentType.application_data, b""), (ContentType.alert, WARNING)],
    ids=["empty records", "warnings"],
)
def test_what_says_nothing_without_end(
    place: Place, version: str, kind: int, content: bytes
) -> None:
    server = place.server.but(version=version, after=endless(kind, content))
    _ends(place.knock(server.serve), Step.HTTP, End.TOO_MUCH)


def test_tickets_without_end(place: Place) -> None:
    tickets = endless(ContentType.handshake, TICKET, together=100)
    _ends(place.knock(place.server.but(after=tickets).serve), Step.HTTP, End.TOO_MUCH)
    asking = place.server.but(after=tickets, asks=True)
    seen = place.knock(asking.serve)
    _ends(seen, Step.HTTP, End.TOO_MUCH)
    assert (seen.connection.accepted, seen.signatures) == (True, 1)


@pytest.mark.parametrize(
    ("version", "content", "step"),
    [
        (V13, KEY_UPDATE, Step.HTTP),  # its keys stay the same: the second is not readable
        (V13, KEY_UPDATE * 1_000, Step.HTTP),
        (V13, HELLO_REQUEST, Step.HTTP),
        (V12, HELLO_REQUEST * 4_000, Step.REQUEST),
        (V12, TICKET, Step.HTTP),
    ],
)
def test_messages_of_a_handshake_after_it(
    place: Place, version: str, content: bytes, step: Step
) -> None:
    server = place.server.but(version=version, after=endless(ContentType.handshake, content))
    _ends(place.knock(server.serve), step, End.MALFORMED)


def test_a_renegotiation_that_leads_nowhere(place: Place) -> None:
    def again(server: CrookedServer, listener: Listener) -> None:
        read_request(server)
        server.say(ContentType.handshake, HELLO_REQUEST)
        listener.stopped.wait()

    server = place.server.but(version=V12, after=again)
    _ends(place.knock(server.serve, SHORT), Step.REQUEST, End.TIMEOUT)


def test_the_key_signs_once_however_often_it_is_asked(place: Place) -> None:
    def ask(server: CrookedServer) -> None:
        for _ in server.request_post_handshake_auth():
            pass

    def before(server: CrookedServer, listener: Listener) -> None:
        ask(server)
        answer(server, listener)

    def again_and_again(server: CrookedServer, listener: Listener) -> None:
        read_request(server)
        for _ in range(3):
            ask(server)
            server.read(0, 0)
        answer(server, listener)

    seen = place.knock(place.server.but(after=before).serve)
    assert (seen.connection.stop, seen.signatures) == (None, 1)
    for asks in (False, True):  # in the handshake, too
        seen = place.knock(place.server.but(after=again_and_again, asks=asks).serve)
        _ends(seen, Step.REQUEST, End.MALFORMED, "CertificateRequest")
        assert seen.signatures == 1


# --- the answer -----------------------------------------------------------------------------------

NO_HTTP = {
    "headers without end": pouring(b"X-More: and more\r\n", OK),
    "a header without end": pouring(b"x" * 10_000, OK + b"X: "),
    "a status line without end": pouring(b"x" * 10_000, b"HTTP/1.1 200 "),
    "a page alone": answering(b"<html>hello</html>"),
    "no status": answering(b"HTTP/1.1 OK 200\r\n\r\n"),
}


@pytest.mark.parametrize("name", NO_HTTP)
def test_an_answer_that_is_none(place: Place, name: str) -> None:
    _ends(place.knock(place.server.but(after=NO_HTTP[name]).serve), Step.HTTP, End.NOT_HTTP)


def test_to_be_continued_without_end(place: Place) -> None:
    server = place.server.but(after=pouring(b"HTTP/1.1 100 Continue\r\n\r\n"))
    _ends(place.knock(server.serve), Step.HTTP, End.TOO_MUCH)


@pytest.mark.parametrize("version", [V12, V13])
@pytest.mark.parametrize("length", [b"Content-Length: 100000000\r\n", b""], ids=["100 MB", "any"])
def test_of_a_long_body_the_beginning_is_read(place: Place, version: str, length: bytes) -> None:
    after = pouring(b"a line\n" * 2_000, OK + length + b"\r\n")
    seen = place.knock(place.server.but(version=version, after=after).serve)
    assert seen.connection.stop is None
    assert seen.connection.http is not None
    assert seen.connection.http.body_bytes == 65_536
    assert seen.connection.http.first_line == "a line"


@pytest.mark.parametrize(
    "after",
    [
        pouring(b"x", OK + b"\r\nfirst\n"),
        dripping(b"x", 0.1, OK + b"\r\nfirst\n"),
        answering(OK + b"Content-Length: 99\r\n\r\nfirst\n"),
        answering(OK + b"Transfer-Encoding: chunked\r\n\r\n6\r\nfirst\n\r\nno number"),
    ],
    ids=["tiny records", "a byte now and then", "cut", "wrong chunks"],
)
def test_a_body_counts_as_far_as_it_comes(
    place: Place, after: Callable[[CrookedServer, Listener], None]
) -> None:
    seen = place.knock(place.server.but(after=after).serve, SHORT)
    assert seen.connection.stop is None
    assert seen.connection.http is not None
    assert (seen.connection.http.status, seen.connection.http.first_line) == (200, "first")


# --- text that a terminal would obey --------------------------------------------------------------

HOSTILE = "a\x1b[2Jb\u202ec\x9b2J"


def test_names_and_answers_that_a_terminal_would_obey(place: Place) -> None:
    answer = f"HTTP/1.1 400 {HOSTILE}\r\nServer: {HOSTILE}\r\n\r\n<title>{HOSTILE}</title>"
    der = _vouched_for(key("server").public_key(), _many_names())
    change = _showing(V12, [der])
    server = place.server.but(version=V12, change=change, after=answering(answer.encode()))
    seen = place.knock(server.serve)  # which looks at the report, too
    http = seen.connection.http
    assert http is not None
    assert "[2Jb c" in http.first_line
    assert all(text.isprintable() for text in (http.reason, http.server, http.first_line))
    assert seen.connection.proof is not None
    assert len(seen.connection.proof.names) == 100


def _many_names() -> list[str]:
    return [f"{number}.{'x' * 50}.example" for number in range(5_000)]


# --- the command ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "seconds", "code"),
    [
        ("random bytes", "60", "not-tls"),
        ("a message without end", "60", "hello-too-long"),
        ("half a ServerHello, and silence", "1", "hello-silent"),
        ("warnings", "60", "hello-too-long"),
    ],
)
def test_the_command_names_it(name: str, seconds: str, code: str) -> None:
    with listening(PLAIN[name][0]) as listener:
        asked = ("tls-test", "--endpoint", _url(listener), "--no-card", "--timeout", seconds)
        result = cpx(*asked)
        body = cpx_json(*asked)
    assert (result.returncode, result.stderr) == (1, "")
    assert all(line.isprintable() for line in result.stdout.splitlines())
    assert body["handshakes"][0]["codes"] == [code]


def test_the_command_shows_what_is_hostile(tmp_path: Path) -> None:
    pki = FilePki(tmp_path)
    identity = pki.server(kind=KeyKind.P256)
    der = _vouched_for(key("server").public_key(), ["a\x1b[2Jb", "-" * 10_000], HOSTILE)
    said = f"HTTP/1.1 200 {HOSTILE}\r\n\r\n{HOSTILE}".encode()
    server = Crooked(identity, V13, _showing(V13, [der]), after=answering(said))
    kept = tmp_path / "seen.json"
    with listening(server.serve) as listener:
        options = (*NOBODY, "--ca-file", pki.ca, "--save-observation", kept)
        result = cpx("tls-test", "--endpoint", _url(listener), *options)
    assert result.returncode == 0
    assert all(line.isprintable() for line in result.stdout.splitlines())
    assert cpx("tls-test", "--observation", kept).stdout == result.stdout


NOBODY = ("--no-card", "--timeout", "20")


def _url(listener: Listener) -> str:
    return f"https://{HOST}:{listener.port}/"
