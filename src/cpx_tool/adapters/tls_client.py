"""One connection to a server with tlslite-ng, as far as it comes."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from http.client import HTTPException, RemoteDisconnected
from time import perf_counter

from tlslite.constants import AlertDescription
from tlslite.errors import (
    TLSAbruptCloseError,
    TLSClosedConnectionError,
    TLSLocalAlert,
    TLSRemoteAlert,
)

from cpx_tool import __version__
from cpx_tool.adapters.bounded_socket import BoundedSocket, Deadline, TooMuch
from cpx_tool.adapters.ended import Ended
from cpx_tool.adapters.http_answer import printable_line, read_answer
from cpx_tool.adapters.reach import Proxy, Way, end_of, reach
from cpx_tool.adapters.server_proof import ServerTrust
from cpx_tool.adapters.tls_connection import ObservedConnection
from cpx_tool.adapters.tls_key import NoRsaKey, RemoteKey
from cpx_tool.adapters.tls_watch import Watch
from cpx_tool.errors import CpxError
from cpx_tool.model.endpoint import Endpoint
from cpx_tool.model.handshake import Connection, End, HttpAnswer, ServerProof, Step, Stop
from cpx_tool.ports import ClientKey

HANDSHAKE_MOST = 1024 * 1024
"""Bytes received until the handshake is done; the longest list of CA names seen has 20 kB."""
ANSWER_MOST = 512 * 1024
"""Bytes received of the HTTP answer, records around it included."""
LATE_SECONDS = 0.5
"""How long a first word after a handshake of TLS 1.3 is waited for: a ticket, or a refusal."""
_LONGEST_DETAIL = 200
_RECORD_TYPES = range(20, 25)
_MAJOR = 3


@dataclass(frozen=True, slots=True)
class TlsliteClient:
    """Satisfies `ports.TlsClient`. `seconds` is how long one connection may take, without the time
    that the key takes; `proxies` are those to go through, by endpoint.
    """

    trust: ServerTrust
    seconds: float
    insecure: bool = False
    proxies: Mapping[Endpoint, Proxy | None] | None = None

    def connect(self, endpoint: Endpoint, newest: str, key: ClientKey | None) -> Connection:
        """See `ports.TlsClient.connect`."""
        deadline, watch = Deadline(self.seconds), Watch()
        way = Way(seconds=watch.seconds)
        http: HttpAnswer | None = None
        stop: Stop | None = None
        own = None if key is None else (key, _remote(key, watch, deadline))
        try:
            sock = reach(endpoint, (self.proxies or {}).get(endpoint), deadline, way)
        except Ended as ended:
            stop = ended.stop
        else:
            bounded = BoundedSocket(sock, deadline, HANDSHAKE_MOST)
            try:
                http = self._talk(endpoint, newest, bounded, watch, own)
            except CpxError:  # of the key: a person has to do something
                raise
            except Exception as error:  # whatever a hostile server makes the library stumble over
                stop = _stop(error, watch, bounded)
                watch.end(stop.step)
            finally:
                bounded.close()
        return _written_down(newest, way, watch, key, http, stop)

    def _talk(
        self,
        endpoint: Endpoint,
        newest: str,
        sock: BoundedSocket,
        watch: Watch,
        own: tuple[ClientKey, RemoteKey | None] | None,
    ) -> HttpAnswer:
        connection = ObservedConnection(sock, watch, partial(self._prove, endpoint))
        connection.insecure = self.insecure
        connection.shake_hands(newest, _server_name(endpoint.host), own)
        if watch.version != "TLSv1.3":
            watch.accepted = True
        elif watch.request is not None and sock.has_more(LATE_SECONDS):
            connection.read(0, 0)  # the verdict comes after our Finished
        watch.end(Step.VERDICT)
        sock.allow(ANSWER_MOST)
        connection.ignoreAbruptClose = True  # many servers close without a word
        if watch.accepted or watch.request is None:
            watch.begin(Step.HTTP)  # otherwise the verdict is still to come
        start = perf_counter()
        connection.write(_request(endpoint))
        http = read_answer(partial(_read, connection))
        watch.accepted = True
        watch.took(Step.HTTP, start)
        with suppress(Exception):  # close_notify is a courtesy: servers log where it lacks
            connection.close()
        return http

    def _prove(self, endpoint: Endpoint, chain: Sequence[bytes]) -> ServerProof:
        return self.trust.prove(chain, endpoint.host)


def _remote(key: ClientKey, watch: Watch, deadline: Deadline) -> RemoteKey | None:
    try:
        return RemoteKey(key, watch, deadline)
    except NoRsaKey:
        return None


def _read(connection: ObservedConnection, size: int) -> bytes:
    return connection.read(size, 1)


def _request(endpoint: Endpoint) -> bytes:
    lines = (
        f"GET {endpoint.path} HTTP/1.1",
        f"Host: {endpoint.authority}",
        f"User-Agent: cpx-tool/{__version__}",
        "Accept: */*",
        "Connection: close",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _server_name(host: str) -> str | None:
    """What the extension server_name says; nothing for an address (RFC 6066, 3)."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host
    return None


def _stop(error: Exception, watch: Watch, sock: BoundedSocket) -> Stop:
    """Where and why a connection ended, from what was raised."""
    if isinstance(error, Ended):
        return error.stop
    if not watch.version and sock.head and not _is_tls(sock.head):
        return Stop(Step.HELLO, End.NOT_TLS, printable_line(sock.head.decode("latin-1")))
    return Stop(watch.step, *_end(error))


def _end(error: Exception) -> tuple[End, str]:
    if isinstance(error, TLSRemoteAlert | TLSLocalAlert):
        return _end_by_alert(error)
    if isinstance(error, TLSAbruptCloseError | TLSClosedConnectionError | RemoteDisconnected):
        return End.CLOSED, ""
    if isinstance(error, OSError):
        return end_of(error)
    name = type(error).__name__
    if isinstance(error, HTTPException):
        return End.NOT_HTTP, name
    return (End.TOO_MUCH, "") if isinstance(error, TooMuch) else (End.MALFORMED, name)


def _end_by_alert(error: TLSRemoteAlert | TLSLocalAlert) -> tuple[End, str]:
    """Alerts of the server are its word; ours say what the library objects to."""
    name = AlertDescription.toRepr(error.description) or str(error.description)
    if isinstance(error, TLSRemoteAlert):
        ends = error.description == AlertDescription.close_notify
        return (End.CLOSED, "") if ends else (End.ALERT, name)
    words = printable_line((error.message or "").strip().split("\n")[-1])
    return End.MALFORMED, f"{name}: {words}"[:_LONGEST_DETAIL] if words else name


def _is_tls(head: bytes) -> bool:
    """A record of TLS begins with its type and the major version (RFC 8446, 5.1)."""
    return head[0] in _RECORD_TYPES and head[1:2] in (b"", bytes((_MAJOR,)))


def _written_down(
    newest: str,
    way: Way,
    watch: Watch,
    key: ClientKey | None,
    http: HttpAnswer | None,
    stop: Stop | None,
) -> Connection:
    reached = Connection(
        offered=newest,
        addresses=way.addresses,
        address=way.address,
        proxy=way.proxy,
        signable=key.schemes() if key else (),
        http=http,
        stop=stop,
        seconds={step: round(spent, 6) for step, spent in watch.seconds.items()},
    )
    return replace(
        reached,
        version=watch.version,
        cipher=watch.cipher,
        group=watch.group,
        chain=watch.chain,
        proof=watch.proof,
        request=watch.request,
        scheme=watch.scheme,
        signature=watch.signature,
        sent=key.certificates if key and watch.presented else (),
        accepted=watch.accepted,
    )
