"""Handshakes as they would be observed, good and bad: one for each cause that the judge knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from cpx_tool.judge.tls_causes import Cause
from cpx_tool.model.endpoint import Endpoint
from cpx_tool.model.fault import Fault, FaultKind
from cpx_tool.model.handshake import (
    AnchorSource,
    Asked,
    CertificateRequest,
    Client,
    ClientKind,
    Connection,
    End,
    Handshake,
    HttpAnswer,
    KeyUse,
    NameMatch,
    ServerProof,
    Step,
    Stop,
)
from cpx_tool.model.observation import PinRecord, PinRefusal, PinResult
from cpx_tool.pki.certificate import cut_apart
from support.pki import authority, leaf, root

ENDPOINT = Endpoint("server.example", 443, "/")
NAME = "2800262487"
OK = HttpAnswer(200, "OK", "Welcome")
LISTED = (root("clients").der(), root("strangers").der())
"""Two CAs: the client's, and another one."""


@dataclass(frozen=True)
class Case:
    """A handshake, and what became of the card's PIN."""

    handshake: Handshake
    pin: PinRecord | None = None


@cache
def own_certificate() -> bytes:
    """The client's, from the CA "clients"."""
    return leaf(root("clients"), "client").der()


@cache
def server_chain() -> tuple[bytes, ...]:
    """The server's, and that of the CA between it and the root."""
    between = authority(root("servers"), "between")
    return leaf(between, ENDPOINT.host).der(), between.der()


def subject_of(der: bytes) -> bytes:
    """The subject's name, DER."""
    return cut_apart(der).subject


def proof(**changes: object) -> ServerProof:
    """A server's certificate that holds, but for the changes."""
    good = ServerProof(
        0,
        chain=(*server_chain(), root("servers").der()),
        anchor=AnchorSource.CA_FILE,
        names=(ENDPOINT.host,),
    )
    return replace(good, **changes)  # type: ignore[arg-type]


def request(**changes: object) -> CertificateRequest:
    """Asks for certificates of both CAs, but for the changes."""
    names = tuple(subject_of(der) for der in LISTED)
    schemes = ("rsa_pss_rsae_sha256", "rsa_pkcs1_sha256")
    asked = CertificateRequest(Asked.HANDSHAKE, names, len(names), schemes)
    return replace(asked, **changes)  # type: ignore[arg-type]


def connection(**changes: object) -> Connection:
    """All went well, but for the changes."""
    good = Connection(
        offered="TLSv1.3",
        addresses=("192.0.2.1",),
        address="192.0.2.1",
        version="TLSv1.3",
        cipher="TLS_AES_256_GCM_SHA384",
        group="x25519",
        chain=server_chain(),
        proof=proof(),
        request=request(),
        signable=("rsa_pss_rsae_sha256", "rsa_pkcs1_sha256"),
        scheme="rsa_pss_rsae_sha256",
        signature=KeyUse("CKM_RSA_PKCS_PSS", 0.1),
        sent=(own_certificate(),),
        accepted=True,
        http=OK,
        seconds=dict.fromkeys(Step, 0.002),
    )
    return replace(good, **changes)  # type: ignore[arg-type]


_SEEN_BY: Mapping[Step, tuple[str, ...]] = {
    Step.RESOLVE: ("addresses",),
    Step.CONNECT: ("address",),
    Step.PROXY: (),
    Step.HELLO: ("version", "cipher", "group"),
    Step.CHAIN: ("chain", "proof"),
    Step.REQUEST: ("request",),
    Step.SIGNATURE: ("scheme", "signature", "sent"),
    Step.VERDICT: ("accepted",),
    Step.HTTP: ("http",),
}


def stopped(step: Step, end: End, detail: str = "", **changes: object) -> Connection:
    """A connection that ended at this step; what that step and those after it show is not there,
    but for the changes.
    """
    steps = list(Step)
    unseen = {name for one in steps[steps.index(step) :] for name in _SEEN_BY[one]}
    nothing = Connection("TLSv1.3")
    gone = {name: getattr(nothing, name) for name in unseen}
    spent = dict.fromkeys(steps[: steps.index(step) + 1], 0.002)
    return connection(**{**gone, "seconds": spent, "stop": Stop(step, end, detail), **changes})


def refused(**changes: object) -> Connection:
    """The server's certificate is not accepted."""
    wrong = proof(**{"chain": (), "anchor": None, **changes})
    return stopped(Step.CHAIN, End.NOT_TRUSTED, chain=server_chain(), proof=wrong)


def alert(name: str, **changes: object) -> Connection:
    """The server refuses the client after it signed."""
    fields = {name: getattr(connection(), name) for name in ("scheme", "signature", "sent")}
    return stopped(Step.VERDICT, End.ALERT, name, **{**fields, **changes})


def cut(step: Step, end: End) -> Connection:
    """The connection is cut after the client signed."""
    fields = {name: getattr(connection(), name) for name in ("scheme", "signature", "sent")}
    accepted = step is Step.HTTP
    return stopped(step, end, **{**fields, "accepted": accepted})


def page(status: int, line: str = "") -> Connection:
    """That answer to the request."""
    return connection(http=HttpAnswer(status, "Reason", line))


def by_card(*connections: Connection, **changes: object) -> Handshake:
    """A card at the endpoint; none of the connections: it was not presented."""
    client = Client(ClientKind.CARD, NAME, own_certificate())
    shaken = Handshake(ENDPOINT, client, False, None, connections)
    return replace(shaken, **changes)  # type: ignore[arg-type]


def by_nobody(only: Connection, **changes: object) -> Handshake:
    """No certificate at the endpoint."""
    unsigned = {"sent": (), "signature": None, "scheme": "", "signable": ()}
    only = replace(only, **unsigned)  # type: ignore[arg-type]
    return by_card(only, client=Client(ClientKind.NOBODY), **changes)


_UNASKED = {"request": None, "scheme": "", "signature": None, "sent": ()}
_NO_SCHEME = stopped(Step.REQUEST, End.NOT_SIGNABLE, request=request(), signable=())
_AT_1_2 = {"offered": "TLSv1.2", "version": "TLSv1.2"}
_STRANGE = request(authorities=(subject_of(LISTED[1]),), count=1)
_REFUSED_PIN = PinRecord(PinResult.REFUSED, PinRefusal.PRODUCTION)


def _signing(end: End, **changes: object) -> Handshake:
    return by_card(stopped(Step.SIGNATURE, end, scheme="rsa_pss_rsae_sha256", **changes))


def _reaching(step: Step, end: End, detail: str = "", proxy: str = "") -> Handshake:
    return by_card(stopped(step, end, detail, proxy=proxy))


_PROXY = "http://192.0.2.8:3128"

CASES: Mapping[Cause, Case | Handshake] = {
    Cause.RESOLVED: by_card(connection()),
    Cause.NAME_UNKNOWN: _reaching(Step.RESOLVE, End.NO_SUCH_HOST),
    Cause.RESOLVER_FAILED: _reaching(Step.RESOLVE, End.RESOLVER_FAILED, "Try again"),
    Cause.RESOLVER_SILENT: _reaching(Step.RESOLVE, End.TIMEOUT),
    Cause.CONNECTED: by_card(connection()),
    Cause.CONNECTION_REFUSED: _reaching(Step.CONNECT, End.REFUSED),
    Cause.UNREACHABLE: _reaching(Step.CONNECT, End.UNREACHABLE, "EHOSTUNREACH"),
    Cause.CONNECT_SILENT: _reaching(Step.CONNECT, End.TIMEOUT),
    Cause.CONNECT_RESET: _reaching(Step.CONNECT, End.RESET),
    Cause.TUNNEL: by_card(connection(proxy=_PROXY)),
    Cause.PROXY_REFUSED: _reaching(Step.PROXY, End.PROXY_REFUSED, "403 Forbidden", _PROXY),
    Cause.PROXY_AUTHENTICATION: _reaching(Step.PROXY, End.PROXY_REFUSED, "407 Who", _PROXY),
    Cause.PROXY_UNREACHABLE: _reaching(Step.PROXY, End.PROXY_UNREACHABLE, "refused", _PROXY),
    Cause.HELLO: by_card(connection()),
    Cause.NOT_TLS: _reaching(Step.HELLO, End.NOT_TLS, "SSH-2.0-OpenSSH"),
    Cause.PLAIN_HTTP: _reaching(Step.HELLO, End.NOT_TLS, "HTTP/1.1 400 Bad Request"),
    Cause.HELLO_CLOSED: _reaching(Step.HELLO, End.CLOSED),
    Cause.HELLO_RESET: _reaching(Step.HELLO, End.RESET),
    Cause.HELLO_SILENT: _reaching(Step.HELLO, End.TIMEOUT),
    Cause.HELLO_REFUSED: _reaching(Step.HELLO, End.ALERT, "handshake_failure"),
    Cause.NEWER_WANTED: by_card(
        stopped(Step.HELLO, End.ALERT, "protocol_version", offered="TLSv1.2")
    ),
    Cause.HELLO_MALFORMED: _reaching(Step.HELLO, End.MALFORMED, "decode_error"),
    Cause.HELLO_TOO_LONG: _reaching(Step.HELLO, End.TOO_MUCH),
    Cause.PROTOCOL: by_card(connection()),
    Cause.OLD_VERSION: by_card(
        stopped(Step.HELLO, End.OLD_VERSION, "TLSv1.1", version="TLSv1.1", cipher="AES")
    ),
    Cause.SERVER_TRUSTED: by_card(connection()),
    Cause.SERVER_EXPIRED: by_card(refused(error=10, text="certificate has expired")),
    Cause.SERVER_NOT_YET_VALID: by_card(refused(error=9, text="not yet valid")),
    Cause.SERVER_ISSUER_UNKNOWN: by_card(refused(error=20, text="unable to get local issuer")),
    Cause.SERVER_SELF_SIGNED: by_card(refused(error=18, text="self-signed certificate")),
    Cause.SERVER_CRITICAL_EXTENSION: by_card(refused(error=34, text="unhandled")),
    Cause.SERVER_NOT_FOR_SERVERS: by_card(refused(server_use=False)),
    Cause.SERVER_UNREADABLE: by_card(refused(error=-1, name=NameMatch.UNREADABLE, names=())),
    Cause.SERVER_REFUSED: by_card(refused(error=7, text="certificate signature failure")),
    Cause.SERVER_CERTIFICATE_LOST: by_card(stopped(Step.CHAIN, End.CLOSED)),
    Cause.SERVER_STRICT: by_card(connection()),
    Cause.SERVER_NOT_STRICT: by_card(connection(proof=proof(strict_text="Missing AKI"))),
    Cause.SERVER_NAME: by_card(connection()),
    Cause.SERVER_OTHER_NAME: by_card(refused(name=NameMatch.DIFFERS, names=("other.example",))),
    Cause.SERVER_NO_NAME: by_card(refused(name=NameMatch.NONE, names=())),
    Cause.SERVER_NAME_UNREADABLE: by_card(refused(name=NameMatch.UNREADABLE, names=())),
    Cause.INSECURE: by_card(connection(proof=proof(error=10)), insecure=True),
    Cause.ASKED: by_card(connection()),
    Cause.NOT_ASKED: by_card(connection(**_UNASKED)),
    Cause.REQUEST_LOST: by_card(stopped(Step.REQUEST, End.CLOSED)),
    Cause.ISSUERS_NAMED: by_nobody(page(403)),
    Cause.ISSUER_LISTED: by_card(connection()),
    Cause.ANY_ISSUER: by_card(connection(request=request(authorities=(), count=0))),
    Cause.ISSUER_NOT_LISTED: by_card(connection(request=_STRANGE)),
    Cause.SCHEMES_ACCEPTED: by_nobody(page(403)),
    Cause.SCHEME: by_card(connection()),
    Cause.SCHEME_AT_TLS_1_2: by_card(_NO_SCHEME, connection(**_AT_1_2)),
    Cause.NO_PSS_FOR_TLS_1_3: by_card(
        _NO_SCHEME, stopped(Step.HELLO, End.ALERT, "protocol_version", offered="TLSv1.2")
    ),
    Cause.NO_COMMON_SCHEME: by_card(replace(_NO_SCHEME, version="TLSv1.2")),
    Cause.SECOND_CONNECTION_LOST: by_card(
        _NO_SCHEME, stopped(Step.HELLO, End.TIMEOUT, offered="TLSv1.2")
    ),
    Cause.NO_RSA_KEY: by_card(stopped(Step.REQUEST, End.NO_RSA_KEY, request=request())),
    Cause.SIGNED: by_card(connection()),
    Cause.NO_CERTIFICATE: Case(
        by_card(client=Client(ClientKind.CARD, NAME)),
        PinRecord(PinResult.REFUSED, PinRefusal.NOT_ASKED),
    ),
    Cause.NO_FORWARD_SECRECY: by_card(
        stopped(
            Step.REQUEST,
            End.NO_FORWARD_SECRECY,
            request=request(),
            version="TLSv1.2",
            cipher="TLS_RSA_WITH_AES_128_GCM_SHA256",
        )
    ),
    Cause.NO_LOGIN: Case(_signing(End.NO_LOGIN), PinRecord(PinResult.REFUSED, PinRefusal.LOCKED)),
    Cause.PIN_REFUSED: Case(_signing(End.NO_LOGIN), PinRecord(PinResult.WRONG)),
    Cause.NOT_SIGNED: _signing(
        End.NOT_SIGNED,
        signature=KeyUse("CKM_RSA_PKCS_PSS", fault=Fault(FaultKind.CRASH, "C_Sign", "SIGSEGV")),
    ),
    Cause.WRONG_SIGNATURE: _signing(End.WRONG_SIGNATURE, signature=KeyUse("CKM_RSA_PKCS_PSS")),
    Cause.ACCEPTED: by_card(connection()),
    Cause.CLIENT_UNKNOWN_CA: by_card(alert("unknown_ca")),
    Cause.CLIENT_ISSUER_NOT_LISTED: by_card(alert("unknown_ca", request=_STRANGE)),
    Cause.CLIENT_EXPIRED: by_card(alert("certificate_expired")),
    Cause.CLIENT_REVOKED: by_card(alert("certificate_revoked")),
    Cause.CLIENT_BAD: by_card(alert("bad_certificate")),
    Cause.CLIENT_UNSUPPORTED: by_card(alert("unsupported_certificate")),
    Cause.CLIENT_UNKNOWN: by_card(alert("certificate_unknown")),
    Cause.CLIENT_REQUIRED: by_card(alert("certificate_required")),
    Cause.CLIENT_DENIED: by_card(alert("access_denied")),
    Cause.CLIENT_SIGNATURE_REFUSED: by_card(alert("decrypt_error")),
    Cause.CLIENT_OTHER_ALERT: by_card(alert("internal_error")),
    Cause.CLIENT_CLOSED: by_card(cut(Step.VERDICT, End.CLOSED)),
    Cause.CLIENT_RESET: by_card(cut(Step.VERDICT, End.RESET)),
    Cause.CLIENT_SILENT: by_card(cut(Step.VERDICT, End.TIMEOUT)),
    Cause.CLIENT_MALFORMED: by_card(cut(Step.VERDICT, End.MALFORMED)),
    Cause.DEMANDED: by_nobody(alert("certificate_required")),
    Cause.ANSWERED: by_card(connection()),
    Cause.EXPECTED_STATUS: by_card(page(405), expect_status=405),
    Cause.OTHER_STATUS: by_card(page(200), expect_status=405),
    Cause.HTTP_NO_CERTIFICATE: by_card(page(400, "400 No required SSL certificate was sent")),
    Cause.HTTP_CERTIFICATE_ERROR: by_card(page(400, "400 The SSL certificate error")),
    Cause.HTTP_DENIED: by_card(page(403)),
    Cause.HTTP_REFUSED: by_card(page(400)),
    Cause.HTTP_SERVER_ERROR: by_card(page(502)),
    Cause.HTTP_CLOSED: by_card(cut(Step.HTTP, End.CLOSED)),
    Cause.HTTP_RESET: by_card(cut(Step.HTTP, End.RESET)),
    Cause.HTTP_SILENT: by_card(cut(Step.HTTP, End.TIMEOUT)),
    Cause.HTTP_ALERT: by_card(cut(Step.HTTP, End.ALERT)),
    Cause.HTTP_MALFORMED: by_card(cut(Step.HTTP, End.MALFORMED)),
    Cause.NOT_HTTP: by_card(cut(Step.HTTP, End.NOT_HTTP)),
    Cause.HTTP_DEMANDED: by_nobody(page(400, "400 No required SSL certificate was sent")),
    Cause.PROVEN: by_card(connection(), control=page(403)),
    Cause.SAME_WITHOUT: by_card(connection(), control=page(200)),
    Cause.CONTROL_LOST: by_card(connection(), control=stopped(Step.CONNECT, End.REFUSED)),
}
"""For each cause a handshake that has it. Good ones have several."""


def case(cause: Cause) -> Case:
    """That of the table."""
    found = CASES[cause]
    return found if isinstance(found, Case) else Case(found)


PRODUCTION = Case(by_card(), _REFUSED_PIN)
"""A card that must not be logged in to: it is presented nowhere."""
