"""The way to a server: names, addresses, proxies; each failure is named."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest

from cpx_tool.adapters.bounded_socket import Deadline
from cpx_tool.adapters.reach import (
    MOST_ADDRESSES,
    Ended,
    Proxy,
    Way,
    proxy_of_environment,
    reach,
    read_proxy,
    read_proxy_option,
)
from cpx_tool.errors import BadInput
from cpx_tool.i18n import say
from cpx_tool.model.endpoint import Endpoint
from cpx_tool.model.handshake import End, Step, Stop
from support.tls.proxies import CREDENTIALS, Manner, proxy
from support.tls.sockets import Listener, closed_port, listening

SECONDS = 20.0
SOON = 0.2
"""For what is meant to end by the deadline."""


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name.upper()}_PROXY", raising=False)


def hello(connection: socket.socket, _listener: Listener) -> None:
    """As in TLS, the client speaks first."""
    connection.recv(2)
    connection.sendall(b"hello")


def at(port: int, host: str = "127.0.0.1") -> Endpoint:
    return Endpoint(host, port, "/")


def said(endpoint: Endpoint, through: Proxy | None = None) -> tuple[bytes, Way]:
    """The first bytes from there, and the way."""
    way = Way(seconds={})
    with reach(endpoint, through, Deadline(SECONDS), way) as sock:
        sock.sendall(b"hi")
        return sock.recv(5), way


def stop(endpoint: Endpoint, through: Proxy | None = None, seconds: float = SECONDS) -> Stop:
    with pytest.raises(Ended) as ended:
        reach(endpoint, through, Deadline(seconds), Way())
    return ended.value.stop


# --- names and addresses ----------------------------------------------------------------------


def test_a_name_is_resolved_and_reached() -> None:
    with listening(hello) as server:
        got, way = said(at(server.port, "localhost"))
    assert got == b"hello"
    assert way.address == "127.0.0.1"
    assert "127.0.0.1" in way.addresses
    assert way.seconds is not None
    assert set(way.seconds) == {Step.RESOLVE, Step.CONNECT}


def test_an_address_of_ipv6() -> None:
    try:
        server = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("there is no IPv6 here")
    with server:
        way = Way()
        reach(at(server.getsockname()[1], "::1"), None, Deadline(SECONDS), way).close()
    assert (way.addresses, way.address) == (("::1",), "::1")


def test_nobody_listens() -> None:
    with closed_port() as port:
        assert stop(at(port)) == Stop(Step.CONNECT, End.REFUSED)


def test_no_way_leads_there() -> None:
    """Linux refuses a connection to all of a network by itself."""
    found = stop(at(443, "255.255.255.255"))
    assert (found.step, found.end) == (Step.CONNECT, End.UNREACHABLE)
    assert found.detail.startswith("E")


def test_a_server_that_does_not_answer() -> None:
    """Its queue of connections is full: the system does not answer for it any more."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        port = server.getsockname()[1]
        waiting = []
        while len(waiting) < 8:
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
            waiting.append(sock)
        assert stop(at(port), seconds=SOON) == Stop(Step.CONNECT, End.TIMEOUT)
        for sock in waiting:
            sock.close()


@pytest.mark.parametrize("host", ["x" * 64, "a..b", "no.such.name.invalid"])
def test_a_name_that_nobody_has(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if host.endswith(".invalid"):  # without a name service at hand the answer would be another
        answering(monkeypatch, socket.gaierror(socket.EAI_NONAME, "unknown"))
    assert stop(at(443, host)) == Stop(Step.RESOLVE, End.NO_SUCH_HOST)


def answering(monkeypatch: pytest.MonkeyPatch, *answer: Any) -> None:
    """The name service says that: an error, or addresses and ports."""

    def getaddrinfo(*_: Any, **__: Any) -> list[Any]:
        if isinstance(answer[0], Exception):
            raise answer[0]
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*kind, place) for place in answer]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def test_a_name_service_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, socket.gaierror(socket.EAI_AGAIN, "Temporary failure"))
    assert stop(at(443, "x")) == Stop(Step.RESOLVE, End.RESOLVER_FAILED, "Temporary failure")


def test_a_name_service_that_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: released.wait() and [])
    try:
        assert stop(at(443, "x"), seconds=SOON) == Stop(Step.RESOLVE, End.TIMEOUT)
    finally:
        released.set()


def test_a_name_without_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [])
    assert stop(at(443, "x")) == Stop(Step.CONNECT, End.UNREACHABLE)


def test_the_first_address_that_answers_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(hello) as server:
        answering(monkeypatch, ("127.0.0.2", server.port), ("127.0.0.1", server.port))
        got, way = said(at(server.port, "x"))
    assert got == b"hello"
    assert (way.addresses, way.address) == (("127.0.0.2", "127.0.0.1"), "127.0.0.1")


def test_what_the_last_address_says_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with closed_port() as port:
        answering(monkeypatch, ("255.255.255.255", port), ("127.0.0.1", port))
        assert stop(at(port, "x")) == Stop(Step.CONNECT, End.REFUSED)


def test_no_more_than_some_addresses_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    with closed_port() as port:
        answering(monkeypatch, *[(f"127.0.1.{n}", port) for n in range(200)])
        way = Way()
        with pytest.raises(Ended):
            reach(at(port, "x"), None, Deadline(SECONDS), way)
    assert len(way.addresses) == MOST_ADDRESSES


def test_past_the_deadline_nothing_is_tried() -> None:
    with closed_port() as port:
        assert stop(at(port), seconds=-1).end is End.TIMEOUT


# --- proxies ----------------------------------------------------------------------------------


def test_through_a_proxy_that_resolves_the_name() -> None:
    with listening(hello) as server, proxy() as between:
        endpoint = at(server.port, "known.to.the.proxy.invalid")
        got, way = said(endpoint, Proxy("127.0.0.1", between.port))
    assert got == b"hello"
    (head,) = between.asked
    assert head[0] == f"CONNECT known.to.the.proxy.invalid:{server.port} HTTP/1.1"
    assert head[1] == f"Host: known.to.the.proxy.invalid:{server.port}"
    assert not any(line.lower().startswith("proxy-authorization") for line in head)
    assert (way.proxy, way.addresses, way.address) == (f"http://127.0.0.1:{between.port}", (), "")
    assert way.seconds is not None
    assert set(way.seconds) == {Step.PROXY}


def test_an_address_of_ipv6_behind_a_proxy_is_in_brackets() -> None:
    with listening(hello) as server, proxy() as between:
        said(at(server.port, "2001:db8::1"), Proxy("127.0.0.1", between.port))
    assert between.asked[0][0] == f"CONNECT [2001:db8::1]:{server.port} HTTP/1.1"


@pytest.mark.parametrize(
    ("manner", "end", "detail"),
    [
        (Manner.FORBIDDEN, End.PROXY_REFUSED, "403 Forbidden"),
        (Manner.AUTHENTICATE, End.PROXY_REFUSED, "407 Proxy Authentication Required"),
        (Manner.UNREACHABLE, End.PROXY_REFUSED, "502 Bad Gateway"),
        (Manner.GARBAGE, End.PROXY_REFUSED, "not-http"),
        (Manner.CLOSE, End.PROXY_UNREACHABLE, "closed"),
    ],
)
def test_a_proxy_that_does_not_let_through(manner: Manner, end: End, detail: str) -> None:
    with proxy(manner) as between:
        found = stop(at(443, "x"), Proxy("127.0.0.1", between.port))
    assert found == Stop(Step.PROXY, end, detail)


def test_a_proxy_that_is_silent() -> None:
    with proxy(Manner.HANG) as between:
        found = stop(at(443, "x"), Proxy("127.0.0.1", between.port), SOON)
    assert found == Stop(Step.PROXY, End.PROXY_UNREACHABLE, "timeout")


def test_a_proxy_that_is_not_there() -> None:
    with closed_port() as port:
        found = stop(at(443, "x"), Proxy("127.0.0.1", port))
        assert found == Stop(Step.PROXY, End.PROXY_UNREACHABLE, "refused")
    assert stop(at(443, "x"), Proxy("y" * 64, 1)).detail == "no-such-host"


def test_a_proxy_that_talks_without_end() -> None:
    def chatter(connection: socket.socket, listener: Listener) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while not listener.stopped.is_set():
            connection.sendall(b"X: y\r\n" * 10_000)

    with listening(chatter) as between:
        found = stop(at(443, "x"), Proxy("127.0.0.1", between.port))
    assert (found.step, found.end) == (Step.PROXY, End.PROXY_REFUSED)


def test_credentials_are_said_to_the_proxy_and_to_nobody_else() -> None:
    with listening(hello) as server, proxy(Manner.AUTHENTICATE) as between:
        named = read_proxy(f"http://{CREDENTIALS}@127.0.0.1:{between.port}")
        got, way = said(at(server.port), named)
    assert got == b"hello"
    shown = f"{named!r} {named} {named.text} {way}"
    assert not [secret for secret in ("user", "secret", "dXNlcjpzZWNyZXQ") if secret in shown]


def test_credentials_are_not_in_what_failed() -> None:
    with proxy(Manner.AUTHENTICATE) as between:
        wrong = read_proxy(f"http://someone:hush@127.0.0.1:{between.port}")
        found = stop(at(443, "x"), wrong)
    assert found.detail.startswith("407")
    assert "hush" not in repr(found)


# --- how a proxy is named ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("http://proxy:3128", Proxy("proxy", 3128)),
        ("http://proxy:3128/", Proxy("proxy", 3128)),
        ("proxy:3128", Proxy("proxy", 3128)),
        ("http://[::1]:8080", Proxy("::1", 8080)),
        ("http://user:p%40ss%3A@proxy:80", Proxy("proxy", 80, "user:p@ss:")),
        ("http://user@proxy:80", Proxy("proxy", 80, "user:")),
        ("user:secret@proxy:80", Proxy("proxy", 80, "user:secret")),
    ],
)
def test_a_proxy_is_read(text: str, read: Proxy) -> None:
    assert read_proxy(text) == read


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http://",
        "http://proxy",
        "http://proxy:0",
        "http://proxy:99999",
        "http://proxy:no",
        "https://user:hush@proxy:443",
        "socks5://user:hush@proxy:1080",
        "http://user:hush@proxy:80\r\nX: y",
        "http://[user:hush@proxy:80",
    ],
)
def test_what_is_no_proxy_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(BadInput) as error:
        read_proxy(text)
    assert error.value.hint is not None
    shown = say(error.value.reason) + say(error.value.hint)
    assert "hush" not in shown


def test_a_password_does_not_stand_on_a_command_line() -> None:
    assert read_proxy_option("http://proxy.example:8080") == Proxy("proxy.example", 8080)
    with pytest.raises(BadInput) as caught:
        read_proxy_option("http://user:hushhush@proxy.example:8080")
    assert "hushhush" not in say(caught.value.reason) + say(caught.value.hint)


def test_a_proxy_of_ipv6_is_shown_in_brackets() -> None:
    assert Proxy("::1", 8080).text == "http://[::1]:8080"


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy"])
def test_the_environment_names_it(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    assert proxy_of_environment(at(443, "x")) is None
    monkeypatch.setenv(name, "http://proxy:3128")
    assert proxy_of_environment(at(443, "x")) == Proxy("proxy", 3128)


def test_the_proxy_for_http_is_not_for_us(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy:3128")
    assert proxy_of_environment(at(443, "x")) is None


@pytest.mark.parametrize(
    ("no_proxy", "host", "goes_directly"),
    [
        ("server.example", "server.example", True),
        ("server.example", "www.server.example", True),
        (".server.example", "www.server.example", True),
        ("server.example", "myserver.example", False),
        ("other, server.example", "server.example", True),
        ("*", "anything", True),
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "127.0.0.2", False),
        ("::1", "::1", True),
        ("server.example:443", "server.example", True),
        ("server.example:8443", "server.example", False),
        ("", "server.example", False),
    ],
)
def test_no_proxy_lists_who_is_reached_directly(
    monkeypatch: pytest.MonkeyPatch, no_proxy: str, host: str, goes_directly: bool
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    assert (proxy_of_environment(at(443, host)) is None) == goes_directly


def test_a_proxy_in_the_environment_that_cannot_be_used_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks5://proxy:1080")
    with pytest.raises(BadInput):
        proxy_of_environment(at(443, "x"))
    monkeypatch.setenv("NO_PROXY", "x")
    assert proxy_of_environment(at(443, "x")) is None
