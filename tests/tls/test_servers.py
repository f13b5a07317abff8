"""The test servers do what their names say, to a client of OpenSSL's with its key in a file."""

from __future__ import annotations

import errno
import socket
import ssl
import subprocess
import threading
from pathlib import Path

import pytest

from support.processes import wait_for_end
from support.tls import misbehaving
from support.tls.apache import CARD, apache
from support.tls.client import context, get, refusal
from support.tls.gnutls import gnutls_serv
from support.tls.nginx import Verify, nginx
from support.tls.openssl import Ask, Versions, s_server
from support.tls.pki import HOST, FilePki, Flaw, KeyKind
from support.tls.programs import Program, find_program
from support.tls.proxies import Manner, Proxy, proxy
from support.tls.sockets import Handler, closed_port, listening, over_tls
from support.tls.stunnel import PAGE, stunnel

SECONDS = 20


# --- real programs --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("versions", "protocol"),
    [(Versions.TLS_1_2, "TLSv1.2"), (Versions.TLS_1_3, "TLSv1.3"), (Versions.BOTH, "TLSv1.3")],
)
def test_s_server_asks_for_a_certificate_that_it_trusts(
    file_pki: FilePki, versions: Versions, protocol: str
) -> None:
    trust = file_pki.clients_ca
    with s_server(file_pki.server(), trusted=trust, versions=versions) as server:
        answer = get(server.port, file_pki.ca, file_pki.client())
        assert (answer.protocol, "HTTP/1.0 200 ok" in answer.text) == (protocol, True)
        assert "CN=client\n" in answer.text.replace(" ", "")  # it shows the client's certificate
        assert "alert" in refusal(server.port, file_pki.ca, None)
        assert "expired" in refusal(server.port, file_pki.ca, file_pki.expired_client())
        server.wait_for("certificate has expired")


def test_s_server_that_asks_for_nothing_or_for_what_may_be_missing(file_pki: FilePki) -> None:
    for ask in (Ask.NO, Ask.OPTIONAL):
        with s_server(file_pki.server(), ask=ask) as server:
            assert "no client certificate available" in get(server.port, file_pki.ca).text


def test_s_server_takes_the_schemes_it_is_told(file_pki: FilePki) -> None:
    only = ("-client_sigalgs", "ECDSA+SHA256")
    trust = file_pki.clients_ca
    with s_server(file_pki.server(), *only, trusted=trust) as server:
        assert "alert" in refusal(server.port, file_pki.ca, file_pki.client())  # its key is RSA


def test_s_server_limited_to_an_old_version(file_pki: FilePki) -> None:
    with s_server(file_pki.server(), versions=Versions.TLS_1_1) as server:
        assert "protocol version" in refusal(server.port, file_pki.ca, None)
        command = f"{find_program('openssl')} s_client -tls1_1 -cipher DEFAULT@SECLEVEL=0"
        done = subprocess.run(
            [*command.split(), "-connect", f"127.0.0.1:{server.port}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        assert b"TLSv1.1" in done.stdout
        assert b"Cipher is (NONE)" not in done.stdout


def test_thousands_of_names_of_cas(file_pki: FilePki) -> None:
    with s_server(
        file_pki.server(), trusted=file_pki.many_names(3_000), versions=Versions.TLS_1_2
    ) as server:
        assert "200 ok" in get(server.port, file_pki.ca, file_pki.client()).text
        done = subprocess.run(
            [find_program("openssl"), "s_client", "-connect", f"127.0.0.1:{server.port}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout.replace(" ", "").count("\nCN=00") == 3_000


def test_nginx_tells_what_it_verified(file_pki: FilePki) -> None:
    client, expired = file_pki.client(), file_pki.expired_client()
    served = file_pki.server(kind=KeyKind.P256)
    said = {}
    for verify in Verify:
        with nginx(served, trusted=file_pki.clients_ca, verify=verify) as server:
            said[verify] = [
                get(server.port, file_pki.ca, who).text for who in (client, expired, None)
            ]
            assert "GET / HTTP/1.0" in server.log()
    success = "verify=SUCCESS subject=CN=client,O=TEST,C=FR"
    assert success in said[Verify.ON][0]
    assert "400 The SSL certificate error" in said[Verify.ON][1]
    assert "400 No required SSL certificate was sent" in said[Verify.ON][2]
    assert "verify=NONE" in said[Verify.OPTIONAL][2]
    assert "400 The SSL certificate error" in said[Verify.OPTIONAL][1]
    assert success in said[Verify.OPTIONAL_NO_CA][0]
    assert "verify=NONE" in said[Verify.OFF][0]


def test_nginx_without_the_ca_of_the_client(file_pki: FilePki) -> None:
    """A 200 that proves nothing."""
    with nginx(
        file_pki.server(),
        trusted=file_pki.other_ca,
        verify=Verify.OPTIONAL_NO_CA,
        protocols="TLSv1.2",
    ) as server:
        answer = get(server.port, file_pki.ca, file_pki.client())
    assert answer.protocol == "TLSv1.2"
    assert "200 OK" in answer.text
    assert "verify=FAILED:unable to" in answer.text


@pytest.mark.parametrize(
    ("newest", "sign"),
    [
        ("TLSv1_2", "Awaiting re-negotiation handshake"),
        ("TLSv1_3", "verify client post handshake"),
    ],
)
def test_apache_asks_when_the_place_is_asked_for(file_pki: FilePki, newest: str, sign: str) -> None:
    with apache(file_pki.server(), trusted=file_pki.clients_ca) as server:
        elsewhere = get(server.port, file_pki.ca, file_pki.client(), newest=newest)
        card = get(server.port, file_pki.ca, file_pki.client(), path=CARD, newest=newest)
        assert "verify=NONE" in elsewhere.text
        assert "verify=SUCCESS subject=CN=client,O=TEST,C=FR" in card.text
        assert card.protocol.replace(".", "_") == newest
        server.wait_for(sign)
        with pytest.raises(OSError, match="expired"):
            get(server.port, file_pki.ca, file_pki.expired_client(), path=CARD, newest=newest)


def test_apache_asks_at_once(file_pki: FilePki) -> None:
    with apache(file_pki.server(), trusted=file_pki.clients_ca, at_once=True) as server:
        assert "verify=SUCCESS" in get(server.port, file_pki.ca, file_pki.client()).text
        assert "alert" in refusal(server.port, file_pki.ca, None)


def test_gnutls_serv(file_pki: FilePki) -> None:
    with gnutls_serv(
        file_pki.server(), trusted=file_pki.clients_ca, priority="NORMAL:-VERS-TLS1.3"
    ) as server:
        answer = get(server.port, file_pki.ca, file_pki.client())
        assert (answer.protocol, "HTTP/1.0 200 OK" in answer.text) == ("TLSv1.2", True)
        assert "alert" in refusal(server.port, file_pki.ca, None)
        addresses = listened_to(server)
    assert addresses == {"127.0.0.1"}


def listened_to(server: Program) -> set[str]:
    """The IPv4 addresses of its port."""
    lines = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    found = [line.split()[1].split(":") for line in lines if line.split()[3] == "0A"]
    return {
        socket.inet_ntoa(bytes.fromhex(address)[::-1])
        for address, port in found
        if int(port, 16) == server.port
    }


def test_stunnel(file_pki: FilePki) -> None:
    with stunnel(file_pki.server(), trusted=file_pki.clients_ca) as server:
        answer = get(server.port, file_pki.ca, file_pki.client())
        assert answer.text.endswith(PAGE.decode())
        assert "alert" in refusal(server.port, file_pki.ca, None)
        server.wait_for("peer did not return a certificate")


def test_a_program_is_dead_afterwards(file_pki: FilePki) -> None:
    with s_server(file_pki.server()) as server:
        pid = server.process.pid
    wait_for_end(pid)
    assert not server.directory.exists()


# --- the certificates of servers ------------------------------------------------------------


def test_what_openssl_says_of_each_flaw(file_pki: FilePki) -> None:
    said = {flaw: verified(file_pki, flaw) for flaw in Flaw}
    assert {flaw for flaw, words in said.items() if words == ""} == {
        Flaw.NONE,
        Flaw.NO_AKI,
        Flaw.WITH_INTERMEDIATE,
    }
    fragments = {
        Flaw.EXPIRED: "has expired",
        Flaw.NOT_YET_VALID: "not yet valid",
        Flaw.OTHER_NAME: "not valid for 'localhost'",
        Flaw.SELF_SIGNED: "self-signed certificate",
        Flaw.UNKNOWN_CA: "unable to get local issuer",
        Flaw.NO_SAN: "not valid for 'localhost'",
        Flaw.PRIVATE_EXTENSION: "unhandled critical extension",
        Flaw.CLIENT_ONLY: "unsuitable certificate purpose",
        Flaw.INTERMEDIATE_MISSING: "unable to get local issuer",
    }
    assert {flaw: words for flaw, words in fragments.items() if words not in said[flaw]} == {}


def verified(file_pki: FilePki, flaw: Flaw) -> str:
    """Of a server with this flaw; empty where nothing is wrong."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served = file_pki.server(flaw, KeyKind.P384)
    tls.load_cert_chain(served.certificate, served.key)
    with listening(over_tls(misbehaving.saying(b"HTTP/1.0 200 OK\r\n\r\n"), served)) as server:
        try:
            get(server.port, file_pki.ca)
        except ssl.SSLCertVerificationError as error:
            return str(error)
    return ""


# --- servers that misbehave -----------------------------------------------------------------


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), SECONDS)


def hello(port: int) -> tuple[str, bytes]:
    """How a connection ends after a ClientHello, and the first bytes: up to 64 KiB."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    made = ssl.create_default_context()
    client = made.wrap_bio(incoming, outgoing, server_hostname=HOST)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    got = b""
    with connected(port) as plain:
        try:
            plain.sendall(outgoing.read())
            while len(got) < 65_536:
                more = plain.recv(65_536)
                if not more:
                    return "closed", got
                got += more
        except OSError as error:
            return errno.errorcode[error.errno or 0], got
    return "goes on", got


def test_a_closed_port() -> None:
    with closed_port() as port, pytest.raises(ConnectionRefusedError):
        connected(port)


@pytest.mark.parametrize(
    ("handler", "end", "begins"),
    [
        (misbehaving.close_after_hello, "closed", b""),
        (misbehaving.reset_after_hello, "ECONNRESET", b""),
        (misbehaving.plain_http, "closed", b"HTTP/1.1 400 Bad Request\r\n"),
        (misbehaving.half_server_hello(hangs=False), "closed", b"\x16\x03\x03\x00\x2a\x02\x00"),
        (misbehaving.endless(misbehaving.WARNING), "goes on", misbehaving.WARNING * 2),
        (misbehaving.endless(misbehaving.CHANGE), "goes on", misbehaving.CHANGE * 2),
        (misbehaving.endless(misbehaving.LONG_MESSAGE), "goes on", misbehaving.LONG_MESSAGE),
    ],
)
def test_how_a_connection_ends(handler: Handler, end: str, begins: bytes) -> None:
    with listening(handler) as server:
        ended, got = hello(server.port)
    assert (ended, got[: len(begins)]) == (end, begins)
    assert server.connections == 1


def test_random_bytes_are_the_same_for_a_seed() -> None:
    said = []
    for seed in (1, 1, 2):
        with listening(misbehaving.random_bytes(seed)) as server:
            said.append(hello(server.port)[1])
    assert said[0] == said[1] != said[2]


@pytest.mark.parametrize(
    "handler",
    [misbehaving.hang, misbehaving.half_server_hello(hangs=True), misbehaving.drip],
)
def test_a_server_that_is_slow_goes_on_until_it_is_stopped(handler: Handler) -> None:
    """The client, which waits without a deadline, sees the end only then."""
    ended = threading.Event()
    with listening(handler) as server:
        thread = threading.Thread(target=lambda: (hello(server.port), ended.set()))
        thread.start()
        assert not ended.wait(0.3)
    thread.join()
    assert ended.is_set()


def test_a_long_body_after_a_real_handshake(file_pki: FilePki) -> None:
    size = 3_000_001
    with listening(over_tls(misbehaving.long_body(size), file_pki.server())) as server:
        answer = get(server.port, file_pki.ca)
    head, _, body = answer.text.partition("\r\n\r\n")
    assert head.endswith(f"Content-Length: {size}")
    assert len(body) == size


def test_headers_without_end(file_pki: FilePki) -> None:
    with (
        listening(over_tls(misbehaving.endless_headers, file_pki.server())) as server,
        connected(server.port) as plain,
        context(file_pki.ca, None).wrap_socket(plain, server_hostname=HOST) as tls,
    ):
        tls.sendall(b"GET / HTTP/1.0\r\n\r\n")
        got = b""
        while len(got) < 1_000_000:
            got += tls.recv(65_536)
    assert b"\r\n\r\n" not in got


# --- proxies --------------------------------------------------------------------------------


def through(proxied: Proxy, port: int, *headers: str) -> tuple[str, socket.socket]:
    """The proxy's first line, and the connection."""
    plain = connected(proxied.port)
    lines = (f"CONNECT server.example:{port} HTTP/1.1", f"Host: server.example:{port}", *headers)
    plain.sendall("".join(f"{line}\r\n" for line in (*lines, "")).encode())
    return plain.recv(65_536).partition(b"\r\n")[0].decode("latin-1"), plain


def test_a_proxy_digs_a_tunnel(file_pki: FilePki) -> None:
    with s_server(file_pki.server(), ask=Ask.NO) as server, proxy() as proxied:
        status, plain = through(proxied, server.port)
        assert status == "HTTP/1.1 200 Connection established"
        with plain, context(file_pki.ca, None).wrap_socket(plain, server_hostname=HOST) as tls:
            tls.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert tls.recv(20).startswith(b"HTTP/1.0 200 ok")
    assert proxied.tunnels == 1
    assert proxied.asked[0][0] == f"CONNECT server.example:{server.port} HTTP/1.1"


def test_a_proxy_that_asks_who_one_is(file_pki: FilePki) -> None:
    known = "Proxy-Authorization: Basic dXNlcjpzZWNyZXQ="
    with closed_port() as port, proxy(Manner.AUTHENTICATE) as proxied:
        for headers, begins in (((), "HTTP/1.1 407"), ((known,), "")):
            status, plain = through(proxied, port, *headers)
            plain.close()
            assert status.startswith(begins)
        assert proxied.tunnels == 1


@pytest.mark.parametrize(
    ("manner", "status"),
    [
        (Manner.FORBIDDEN, "HTTP/1.1 403 Forbidden"),
        (Manner.UNREACHABLE, "HTTP/1.1 502 Bad Gateway"),
        (Manner.GARBAGE, "\x00\x01\x02 this is no proxy"),
        (Manner.CLOSE, ""),
    ],
)
def test_a_proxy_that_digs_none(manner: Manner, status: str) -> None:
    with closed_port() as port, proxy(manner) as proxied:
        said, plain = through(proxied, port)
        plain.close()
    assert (said, proxied.tunnels) == (status, 0)
