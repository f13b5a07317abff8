"""Asking a real server on this machine, also one that misbehaves in every way."""

from __future__ import annotations

import errno
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from cpx_tool import __version__
from cpx_tool.adapters.fetch import MAX_REDIRECTS, PARALLEL, HttpFetch
from cpx_tool.i18n import say
from cpx_tool.model.fetch import Failure, FetchProblem, Reply, Request
from cpx_tool.ports import Fetch
from support import web as pages
from support.pki import dn, rsa_key
from support.web import Web, serving

BODY = bytes(range(256)) * 40
LONG, SHORT = 30.0, 0.3
"""Deadlines: one that no test waits for, and one that tests of waiting do."""


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the machine has."""
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as running:
        yield running


def ask(*urls: str, deadline: float = LONG, limit: int = 100_000) -> tuple[Reply, ...]:
    web: Fetch = HttpFetch(deadline)
    return web.fetch([Request(url, limit) for url in urls])


def failure(url: str, deadline: float = LONG, limit: int = 100_000) -> Failure:
    (reply,) = ask(url, deadline=deadline, limit=limit)
    assert reply.failure is not None, reply.body[:100]
    assert reply.body == b""
    assert say(reply.failure.reason)
    return reply.failure


# --- answers ----------------------------------------------------------------------------------


def test_the_body_comes_as_it_is(web: Web) -> None:
    (reply,) = ask(web.at("/a", BODY))
    assert reply == Reply(BODY)
    (asked,) = web.asked
    assert asked.method == "GET"
    assert asked.headers["User-Agent"] == f"cpx-tool/{__version__}"
    assert asked.headers["Accept-Encoding"] == "identity"
    assert not {"Cookie", "Authorization", "Referer"} & set(asked.headers)


def test_replies_stand_in_the_order_of_the_requests(web: Web) -> None:
    urls = [web.at(f"/{n}", bytes([n]) * 9) for n in range(3 * PARALLEL)]
    assert [reply.body for reply in ask(*urls)] == [bytes([n]) * 9 for n in range(3 * PARALLEL)]
    assert ask() == ()


def test_a_question_is_posted(web: Web) -> None:
    request = Request(web.at("/ocsp", b"answer"), 100, b"question", "application/ocsp-request")
    assert HttpFetch(LONG).fetch([request]) == (Reply(b"answer"),)
    (asked,) = web.asked
    assert (asked.method, asked.body) == ("POST", b"question")
    assert asked.headers["Content-Type"] == "application/ocsp-request"


def test_an_answer_without_a_length_ends_with_the_connection(web: Web) -> None:
    url = web.at("/a", pages.raw(b"HTTP/1.0 200 OK\r\n\r\nhello"))
    assert ask(url) == (Reply(b"hello"),)


def test_blanks_and_accents_of_a_path_are_escaped(web: Web) -> None:
    web.at("/TEST%20CLASSE-1%C3%A9.crl?a=b%20c", BODY)
    assert ask(web.url + "/TEST CLASSE-1é.crl?a=b c#part") == (Reply(BODY),)
    web.at("/AC%20TEST/x.cer", BODY)
    assert ask(web.url + "/AC%20TEST/x.cer") == (Reply(BODY),)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(web: Web, status: int) -> None:
    web.at("/c", BODY)
    web.at("/b", pages.redirect("c"))
    assert ask(web.at("/a", pages.redirect(f"{web.url}/b", status))) == (Reply(BODY),)


def test_no_cookie_is_kept(web: Web) -> None:
    web.at("/b", BODY)
    ask(web.at("/a", pages.answer(b"", 302, Location="/b", Set_Cookie="a=b")))
    assert all("Cookie" not in asked.headers for asked in web.asked)


# --- what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize("status", [204, 404, 407, 500, 503])
def test_another_status(web: Web, status: int) -> None:
    found = failure(web.at("/a", pages.answer(b"", status)))
    assert found.problem is FetchProblem.STATUS
    assert str(status) in say(found.reason)


@pytest.mark.parametrize("announced", [True, False])
def test_too_large(web: Web, announced: bool) -> None:
    url = web.at("/a", pages.unbounded(100_000_000, announced=announced))
    assert failure(url).problem is FetchProblem.TOO_LARGE


def test_what_is_announced_too_large_is_not_waited_for(web: Web) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100001\r\n\r\n"
    assert failure(web.at("/a", pages.drip(head))).problem is FetchProblem.TOO_LARGE


def test_the_limit_is_exact(web: Web) -> None:
    url = web.at("/a", BODY)
    assert ask(url, limit=len(BODY)) == (Reply(BODY),)
    assert failure(url, limit=len(BODY) - 1).problem is FetchProblem.TOO_LARGE
    endless = web.at("/b", pages.raw(b"HTTP/1.0 200 OK\r\n\r\n" + BODY))
    assert ask(endless, limit=len(BODY)) == (Reply(BODY),)
    assert failure(endless, limit=len(BODY) - 1).problem is FetchProblem.TOO_LARGE


@pytest.mark.parametrize("page", [pages.half(BODY), pages.half_chunked(BODY), pages.raw(b"")])
def test_half_an_answer(web: Web, page: pages.Page) -> None:
    assert failure(web.at("/a", page)).problem is FetchProblem.CUT_SHORT


@pytest.mark.parametrize(
    "text", [b"hello\r\n\r\n", b"\x16\x03\x01", b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 999]
)
def test_what_is_no_http(web: Web, text: bytes) -> None:
    assert failure(web.at("/a", pages.raw(text))).problem is FetchProblem.NOT_HTTP


def test_an_answer_that_is_compressed_unasked(web: Web) -> None:
    found = failure(web.at("/a", pages.compressed(BODY)))
    assert found.problem is FetchProblem.UNEXPECTED
    assert "gzip" in say(found.reason)


def test_a_redirect_without_an_end(web: Web) -> None:
    found = failure(web.at("/a", pages.redirect("/a")))
    assert found.problem is FetchProblem.REDIRECT
    assert len(web.asked) == MAX_REDIRECTS + 1


@pytest.mark.parametrize(
    "to", ["file:///etc/hostname", "ftp://127.0.0.1/a", "ldap://127.0.0.1/", "data:,a", ""]
)
def test_a_redirect_to_something_else(web: Web, to: str) -> None:
    found = failure(web.at("/a", pages.redirect(to)))
    assert found.problem is FetchProblem.REDIRECT
    assert (to or "does not say where") in say(found.reason)


def test_a_redirect_to_what_is_no_address(web: Web) -> None:
    for to in ("http://[", "http://a:b@127.0.0.1/"):
        assert failure(web.at("/a", pages.redirect(to))).problem is FetchProblem.ADDRESS
    found = failure(web.at("/a", pages.redirect("http://x.invalid/")))
    assert found.problem is FetchProblem.MADE_UP


def test_a_question_does_not_become_another(web: Web) -> None:
    web.at("/b", b"answer")

    def posted(status: int) -> Reply:
        url = web.at("/a", pages.redirect("/b", status))
        (reply,) = HttpFetch(LONG).fetch([Request(url, 100, b"question", "a/b")])
        return reply

    assert posted(307) == posted(308) == Reply(b"answer")
    assert all(asked.body == b"question" for asked in web.asked)
    for status in (301, 302, 303):
        found = posted(status).failure
        assert found is not None
        assert found.problem is FetchProblem.REDIRECT


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("ldap://127.0.0.1/cn=x?certificaterevocationlist", FetchProblem.SCHEME),
        ("file:///etc/hostname", FetchProblem.SCHEME),
        ("ftp://127.0.0.1/", FetchProblem.SCHEME),
        ("", FetchProblem.SCHEME),
        ("hello", FetchProblem.SCHEME),
        ("http://", FetchProblem.ADDRESS),
        ("http:///path", FetchProblem.ADDRESS),
        ("http://[::1", FetchProblem.ADDRESS),
        ("http://127.0.0.1:port/", FetchProblem.ADDRESS),
        ("http://127.0.0.1:99999/", FetchProblem.ADDRESS),
        ("http://user@127.0.0.1/", FetchProblem.ADDRESS),
        ("http://user:word@127.0.0.1/", FetchProblem.ADDRESS),
        ("http://a b/", FetchProblem.ADDRESS),
        ("http://" + "a" * 70 + ".example/", FetchProblem.ADDRESS),
        ("http://emulated.invalid/ca.cer", FetchProblem.MADE_UP),
        ("http://A.B.INVALID.:80/", FetchProblem.MADE_UP),
    ],
)
def test_addresses_that_are_not_asked(url: str, problem: FetchProblem) -> None:
    assert failure(url).problem is problem


# --- no answer --------------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
    return port


def test_nobody_listens() -> None:
    host = f"127.0.0.1:{free_port()}"
    found = failure(f"http://{host}/")
    assert found.problem is FetchProblem.REFUSED
    assert host in say(found.reason)


class Resolver:
    """Stands in for the name servers; `asked` counts."""

    def __init__(self, outcome: OSError | threading.Event) -> None:
        self.outcome = outcome
        self.asked: list[str] = []

    def __call__(self, host: str, *arguments: object, **options: object) -> list[object]:
        self.asked.append(host)
        if isinstance(self.outcome, threading.Event):
            self.outcome.wait()
            raise socket.gaierror(socket.EAI_NONAME, "too late")
        raise self.outcome


def resolve(monkeypatch: pytest.MonkeyPatch, outcome: OSError | threading.Event) -> Resolver:
    resolver = Resolver(outcome)
    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    return resolver


@pytest.mark.parametrize("code", [socket.EAI_NONAME, socket.EAI_AGAIN])
def test_a_name_that_cannot_be_resolved(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    resolve(monkeypatch, socket.gaierror(code, "no"))
    found = failure("http://igc.example/a")
    assert found.problem is FetchProblem.NAME
    assert "igc.example" in say(found.reason)


@pytest.mark.parametrize(
    ("number", "problem"),
    [
        (errno.ENETUNREACH, FetchProblem.UNREACHABLE),
        (errno.EHOSTUNREACH, FetchProblem.UNREACHABLE),
        (errno.ETIMEDOUT, FetchProblem.TIMEOUT),
        (errno.ECONNRESET, FetchProblem.CUT_SHORT),
        (errno.EPERM, FetchProblem.FAILED),
    ],
)
def test_what_the_system_says(
    monkeypatch: pytest.MonkeyPatch, number: int, problem: FetchProblem
) -> None:
    resolve(monkeypatch, OSError(number, "no"))
    assert failure("http://igc.example/a").problem is problem


def test_a_name_below_invalid_is_not_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver = resolve(monkeypatch, socket.gaierror(socket.EAI_NONAME, "no"))
    found = failure("http://emulated.invalid/x")
    assert resolver.asked == []
    assert "emulated.invalid" in say(found.reason)


# --- deadlines --------------------------------------------------------------------------------

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n"


@pytest.mark.parametrize(
    "page",
    [pages.hang, pages.drip(b""), pages.drip(HEAD), pages.drip(HEAD + b"\r\n")],
    ids=["hang", "status line", "headers", "body"],
)
def test_the_deadline_is_one_for_all(web: Web, page: pages.Page) -> None:
    found = failure(web.at("/a", page), deadline=SHORT)
    assert found.problem is FetchProblem.TIMEOUT
    assert "0.3 seconds" in say(found.reason)


def test_redirects_share_the_deadline(web: Web) -> None:
    web.at("/b", pages.hang)
    url = web.at("/a", pages.redirect("/b"))
    assert failure(url, deadline=SHORT).problem is FetchProblem.TIMEOUT


def test_a_name_server_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = threading.Event()
    resolve(monkeypatch, hanging)
    try:
        found = failure("http://igc.example/a", deadline=SHORT)
    finally:
        hanging.set()
    assert found.problem is FetchProblem.TIMEOUT


def test_a_silent_host_costs_one_deadline_not_eighteen(web: Web) -> None:
    urls = [web.at(f"/{n}", pages.hang) for n in range(18)]
    replies = ask(*urls, deadline=SHORT)
    assert {r.failure.problem for r in replies if r.failure} == {FetchProblem.TIMEOUT}
    assert len(replies) == 18
    assert len(web.asked) <= PARALLEL


def test_a_silent_host_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver = resolve(monkeypatch, socket.gaierror(socket.EAI_NONAME, "no"))
    client = HttpFetch(LONG)
    for path in ("a", "b"):
        (reply,) = client.fetch([Request(f"http://igc.example/{path}", 100)])
        assert reply.failure is not None
        assert reply.failure.problem is FetchProblem.NAME
    assert resolver.asked == ["igc.example"]
    client.fetch([Request("https://igc.example/", 100)])
    assert len(resolver.asked) == 2


def test_each_host_shows_itself_before_the_second_address_of_any(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolver = resolve(monkeypatch, socket.gaierror(socket.EAI_NONAME, "no"))
    hosts = [f"{n}.example" for n in range(PARALLEL)]
    ask(*(f"http://{host}/{n}" for host in hosts for n in range(20)))
    assert set(hosts) <= set(resolver.asked[: PARALLEL + 1])


def test_a_host_that_answers_is_asked_on_though_it_was_silent_once(web: Web) -> None:
    client = HttpFetch(1.5)
    there, hanging = web.at("/a", BODY), web.at("/b", pages.hang)
    found = [client.fetch([Request(url, len(BODY))])[0] for url in (there, hanging, there)]
    assert [reply.failure is None for reply in found] == [True, False, True]


def test_a_host_that_hangs_up_once_is_asked_again(web: Web) -> None:
    client = HttpFetch(LONG)
    hung_up, there = web.at("/a", pages.raw(b"")), web.at("/b", BODY)
    found = [client.fetch([Request(url, len(BODY))])[0] for url in (hung_up, there)]
    assert [reply.failure is None for reply in found] == [False, True]


def test_an_error_page_is_an_answer_of_the_host(web: Web) -> None:
    client = HttpFetch(LONG)
    gone, redirected = web.url + "/gone", web.at("/r", pages.redirect("http://127.0.0.1:1/"))
    there = web.at("/a", BODY)
    for url in (gone, redirected):
        (reply,) = client.fetch([Request(url, 100)])
        assert reply.failure is not None
    assert client.fetch([Request(there, len(BODY))]) == (Reply(BODY),)


# --- https ------------------------------------------------------------------------------------


def test_a_server_whose_certificate_is_nobodys(tmp_path: Path) -> None:
    own, name, now = rsa_key(2048), dn("127.0.0.1"), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, own.public_key(), 1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False
        )
        .sign(own, SHA256())
    )
    file = tmp_path / "server.pem"
    file.write_bytes(
        own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with serving(context) as web:
        found = failure(web.at("/a", BODY))
        assert found.problem is FetchProblem.TLS
        assert web.asked == []


def test_a_server_that_speaks_no_tls(web: Web) -> None:
    url = web.at("/a", BODY).replace("http:", "https:")
    assert failure(url).problem is FetchProblem.TLS


# --- proxies ----------------------------------------------------------------------------------


def test_a_proxy_is_asked_in_the_place_of_the_server(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", web.url.replace("//", "//user:word@"))
    web.at("http://igc.example/ca.cer", BODY)
    assert ask("http://igc.example/ca.cer") == (Reply(BODY),)
    (asked,) = web.asked
    assert asked.headers["Host"] == "igc.example"
    assert asked.headers["Proxy-Authorization"].startswith("Basic ")


def test_hosts_that_no_proxy_serves(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    url = web.at("/a", BODY)
    assert failure(url).problem is FetchProblem.PROXY
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert ask(url) == (Reply(BODY),)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_none(scheme: str, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = f"127.0.0.1:{free_port()}"
    monkeypatch.setenv(f"{scheme}_proxy", f"http://user:word@{proxy}")
    found = failure(f"{scheme}://igc.example/a")
    assert found.problem is FetchProblem.PROXY
    assert proxy in say(found.reason)
    assert "word" not in say(found.reason)


def test_a_proxy_that_makes_no_tunnel(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", web.url)
    assert failure("https://igc.example/a").problem is FetchProblem.PROXY


@pytest.mark.parametrize("value", ["socks5://127.0.0.1:1", "http:nonsense"])
def test_a_proxy_of_another_kind(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", value)
    found = failure("http://igc.example/a")
    assert found.problem is FetchProblem.PROXY
    assert "cannot be used" in say(found.reason)
