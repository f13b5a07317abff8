"""The way to a server: its name, TCP, and an HTTP proxy where there is one."""

from __future__ import annotations

import base64
import errno
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPException, RemoteDisconnected
from queue import Empty, SimpleQueue
from threading import Thread
from time import perf_counter
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from cpx_tool.adapters.bounded_socket import BoundedSocket, Deadline, TooMuch
from cpx_tool.adapters.ended import Ended
from cpx_tool.adapters.http_answer import HEAD_MOST, read_head
from cpx_tool.errors import BadInput
from cpx_tool.model.endpoint import Endpoint, bracketed
from cpx_tool.model.handshake import End, Step
from cpx_tool.model.message import msg

MOST_ADDRESSES = 16
_LEAST_SECONDS = 1.0
"""For each address of several."""
_UNREACHABLE = frozenset(
    {errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.EADDRNOTAVAIL}
)
_RESET = (ConnectionResetError, BrokenPipeError, ConnectionAbortedError)
_OK = range(200, 300)
_Found = tuple[int, int, int, str, tuple[str | int, ...]]
"""As getaddrinfo gives it."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy. `credentials` are "user:password" or ""; they are shown nowhere."""

    host: str
    port: int
    credentials: str = ""

    def __repr__(self) -> str:
        return f"Proxy({self.text})"

    @property
    def text(self) -> str:
        """Without the credentials."""
        return f"http://{bracketed(self.host)}:{self.port}"


@dataclass
class Way:
    """What was seen on the way; filled as it is gone."""

    proxy: str = ""
    addresses: tuple[str, ...] = ()
    address: str = ""
    seconds: dict[Step, float] | None = None

    def took(self, step: Step, start: float) -> None:
        """The step lasted since `start` (perf_counter)."""
        if self.seconds is not None:
            self.seconds[step] = self.seconds.get(step, 0.0) + perf_counter() - start


def read_proxy(text: str) -> Proxy:
    """An HTTP proxy from http://[user:password@]host:port. Raises `BadInput`, which does not show
    the text: it may hold a password.
    """
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        port = parts.port or 0
    except ValueError:
        raise _no_proxy() from None
    if parts.scheme != "http" or not parts.hostname or not port or not text.isprintable():
        raise _no_proxy()
    credentials = ""
    if parts.username is not None:
        credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return Proxy(parts.hostname, port, credentials)


def read_proxy_option(text: str) -> Proxy:
    """The same from a command line, where other users of the machine can read a password. Raises
    `BadInput`.
    """
    proxy = read_proxy(text)
    if proxy.credentials:
        raise BadInput(
            msg("A password does not belong on a command line: others can read it there."),
            msg("Put user and password into HTTPS_PROXY: http://user:password@host:port."),
        )
    return proxy


def proxy_of_environment(endpoint: Endpoint) -> Proxy | None:
    """The one that HTTPS_PROXY, or the system's settings, name for this host; None: go directly.

    Raises `BadInput`.
    """
    named = getproxies().get("https")
    if not named or proxy_bypass(f"{endpoint.host}:{endpoint.port}"):
        return None
    return read_proxy(named)


def _no_proxy() -> BadInput:
    return BadInput(
        msg("The address of the proxy cannot be used."),
        msg("Write it as http://host:port (--proxy, or HTTPS_PROXY); other proxies are not used."),
    )


def reach(endpoint: Endpoint, proxy: Proxy | None, deadline: Deadline, way: Way) -> socket.socket:
    """A connection to the endpoint, through the proxy where there is one. Raises `Ended`."""
    if proxy is None:
        return _connect(endpoint.host, endpoint.port, deadline, way)
    way.proxy = proxy.text
    start = perf_counter()
    try:
        sock = _connect(proxy.host, proxy.port, deadline, Way())
    except Ended as ended:
        way.took(Step.PROXY, start)
        detail = ended.stop.end.value
        raise Ended(Step.PROXY, End.PROXY_UNREACHABLE, detail) from None
    try:
        _ask_through(sock, endpoint, proxy, deadline)
    except BaseException:
        sock.close()
        raise
    finally:
        way.took(Step.PROXY, start)
    return sock


def _connect(host: str, port: int, deadline: Deadline, way: Way) -> socket.socket:
    start = perf_counter()
    try:
        found = _resolve(host, port, deadline)
    finally:
        way.took(Step.RESOLVE, start)
    way.addresses = tuple(dict.fromkeys(str(item[4][0]) for item in found))
    start = perf_counter()
    try:
        return _connect_to_one(found, deadline, way)
    finally:
        way.took(Step.CONNECT, start)


def _resolve(host: str, port: int, deadline: Deadline) -> Sequence[_Found]:
    """What getaddrinfo finds, in a thread: nothing bounds it."""
    answer: SimpleQueue[object] = SimpleQueue()

    def ask() -> None:
        try:
            answer.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answer.put(error)

    Thread(target=ask, daemon=True).start()
    try:
        found = answer.get(timeout=deadline.left())
    except (Empty, TimeoutError):
        raise Ended(Step.RESOLVE, End.TIMEOUT) from None
    if isinstance(found, socket.gaierror) and found.errno not in _UNKNOWN_NAME:
        raise Ended(Step.RESOLVE, End.RESOLVER_FAILED, str(found.strerror))
    if isinstance(found, Exception):
        raise Ended(Step.RESOLVE, End.NO_SUCH_HOST)
    assert isinstance(found, list)  # noqa: S101 - of getaddrinfo
    return found[:MOST_ADDRESSES]


_UNKNOWN_NAME = frozenset(
    number
    for number in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", None))
    if number is not None
)


def _connect_to_one(found: Sequence[_Found], deadline: Deadline, way: Way) -> socket.socket:
    """The first address that answers. Raises `Ended` with what the last one said."""
    ended = Ended(Step.CONNECT, End.UNREACHABLE)
    for number, (family, kind, protocol, _, address) in enumerate(found):
        way.address = str(address[0])
        sock: socket.socket | None = None
        try:
            left = deadline.left()
            sock = socket.socket(family, kind, protocol)
            sock.settimeout(min(left, max(_LEAST_SECONDS, left / (len(found) - number))))
            sock.connect(address)
        except OSError as error:
            if sock is not None:
                sock.close()
            ended = Ended(Step.CONNECT, *_end_of(error))
        else:
            return sock
    raise ended


def _end_of(error: OSError) -> tuple[End, str]:
    """What an error of the system means here, and its name where that says more."""
    if isinstance(error, TimeoutError):
        return End.TIMEOUT, ""
    if isinstance(error, ConnectionRefusedError):
        return End.REFUSED, ""
    if isinstance(error, _RESET):
        return End.RESET, ""
    return End.UNREACHABLE, errno.errorcode.get(error.errno or 0, "")


def end_of(error: OSError) -> tuple[End, str]:
    """The same for a connection that stood: nothing there is unreachable."""
    end, detail = _end_of(error)
    return (End.RESET, detail) if end in (End.UNREACHABLE, End.REFUSED) else (end, detail)


def _ask_through(sock: socket.socket, endpoint: Endpoint, proxy: Proxy, deadline: Deadline) -> None:
    """HTTP CONNECT (RFC 9110, 9.3.6). Raises `Ended`."""
    host = bracketed(endpoint.host)
    lines = [f"CONNECT {host}:{endpoint.port} HTTP/1.1", f"Host: {host}:{endpoint.port}"]
    if proxy.credentials:
        basic = base64.b64encode(proxy.credentials.encode()).decode()
        lines.append(f"Proxy-Authorization: Basic {basic}")
    bounded = BoundedSocket(sock, deadline, HEAD_MOST)
    try:
        bounded.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        # byte by byte: what follows the head is the server's
        answer = read_head(lambda _: bounded.recv(1), "CONNECT")
    except RemoteDisconnected:
        raise Ended(Step.PROXY, End.PROXY_UNREACHABLE, End.CLOSED.value) from None
    except HTTPException:
        raise Ended(Step.PROXY, End.PROXY_REFUSED, End.NOT_HTTP.value) from None
    except TooMuch:
        raise Ended(Step.PROXY, End.PROXY_REFUSED, End.TOO_MUCH.value) from None
    except OSError as error:
        raise Ended(Step.PROXY, End.PROXY_UNREACHABLE, end_of(error)[0].value) from None
    if answer.status not in _OK:
        raise Ended(Step.PROXY, End.PROXY_REFUSED, f"{answer.status} {answer.reason}".strip())
