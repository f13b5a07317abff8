"""What happened between this workstation and a server: plain values, in the order of the wire.

Facts only. What they mean, step by step, is judged elsewhere (`judge/tls.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cpx_tool.model.endpoint import Endpoint
from cpx_tool.model.fault import CARD_GONE, Fault, FaultKind

RAW_MECHANISM = "CKM_RSA_X_509"
"""RSA without padding: PSS can be made with it."""
PSS_MECHANISM = "CKM_RSA_PKCS_PSS"
_NOT_THIS_MECHANISM = (
    "CKR_MECHANISM_INVALID",
    "CKR_FUNCTION_NOT_SUPPORTED",
    "CKR_KEY_TYPE_INCONSISTENT",
    "CKR_KEY_FUNCTION_NOT_PERMITTED",
)
"""How modules refuse a key's mechanism (PKCS#11 3.0, 5.1)."""


class Step(StrEnum):
    """The steps of one connection, in their order."""

    RESOLVE = "resolve"
    CONNECT = "connect"
    PROXY = "proxy"
    HELLO = "hello"
    """From our ClientHello to the server's ServerHello."""
    CHAIN = "chain"
    """The server's certificate, verified."""
    REQUEST = "request"
    """Whether a client certificate is asked for."""
    SIGNATURE = "signature"
    """The client's key signs."""
    VERDICT = "verdict"
    """What the server says of it."""
    HTTP = "http"
    """Request and answer."""


class End(StrEnum):
    """Why a connection ended where it did. Stable codes; `Stop.detail` has the particulars."""

    NO_SUCH_HOST = "no-such-host"
    RESOLVER_FAILED = "resolver-failed"
    REFUSED = "refused"
    """Connection refused: nothing listens there."""
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    CLOSED = "closed"
    """The server closed the connection in order."""
    RESET = "reset"
    NOT_TLS = "not-tls"
    """What came is not TLS; `detail` is how it begins."""
    ALERT = "alert"
    """The server sent a fatal alert; `detail` is its name ("unknown_ca")."""
    MALFORMED = "malformed"
    """TLS that breaks the rules; `detail` is the library's reason."""
    TOO_MUCH = "too-much"
    """More bytes than any honest handshake has."""
    OLD_VERSION = "old-version"
    """The server chose TLS 1.1 or older; `detail` is which."""
    NOT_TRUSTED = "not-trusted"
    """We ended it: the server's certificate was not accepted (`ServerProof`)."""
    NO_RSA_KEY = "no-rsa-key"
    """We ended it: a certificate was asked for, and that at hand has no RSA key."""
    NO_FORWARD_SECRECY = "no-forward-secrecy"
    """We ended it: the server chose RSA key exchange, by which it proves that it has its key only
    after the client has signed; `detail` is the cipher suite.
    """
    NOT_SIGNABLE = "not-signable"
    """We ended it: the key cannot sign any of the schemes asked for."""
    NO_LOGIN = "no-login"
    """We ended it: the card did not accept the PIN, or PIN safety did not let it be tried."""
    NOT_SIGNED = "not-signed"
    """We ended it: the key did not sign; `Connection.signature` says why."""
    WRONG_SIGNATURE = "wrong-signature"
    """We ended it: the signature was not made with the key of the certificate."""
    PROXY_REFUSED = "proxy-refused"
    """The proxy answered CONNECT with another status than 2xx; `detail` is its status line, or an
    `End` where it has none.
    """
    PROXY_UNREACHABLE = "proxy-unreachable"
    """The proxy itself could not be reached; `detail` is an `End` of that connection."""
    NOT_HTTP = "not-http"
    """The answer is no HTTP; `detail` is how http.client names what is wrong."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Where and why a connection ended before its end."""

    step: Step
    end: End
    detail: str = ""


class AnchorSource(StrEnum):
    """Where the anchor is from that a server's chain ended at."""

    SYSTEM = "system"
    CA_FILE = "ca-file"
    IMPORTED = "imported"
    """Among the anchors of `cpx-tool trust`: known to the catalogue, or accepted by the user."""


class NameMatch(StrEnum):
    """Whether a certificate is for the server that was asked (RFC 6125)."""

    MATCHES = "matches"
    DIFFERS = "differs"
    NONE = "none"
    """It has no subject alternative name: the common name does not count any more."""
    UNREADABLE = "unreadable"


MAX_CERTIFICATES = 100
"""A server that sends more is not listened to any longer; honest ones send three or four."""
MAX_NAMES = 100


@dataclass(frozen=True, slots=True)
class ServerProof:
    """Whether the server's certificate holds. `error` is OpenSSL's number and `text` its words
    (X509_V_ERR_*; 0: none), `depth` at which certificate of the chain, 0 the server's own.

    `chain` is the verified one, DER, from the server's to the anchor; empty where there is none.
    """

    error: int
    text: str = ""
    depth: int = 0
    chain: tuple[bytes, ...] = ()
    anchor: AnchorSource | None = None
    strict_text: str = ""
    """What OpenSSL says besides when it is strict (X509_V_FLAG_X509_STRICT), "" where it does not:
    Python 3.13 and later are strict of themselves.
    """
    server_use: bool = True
    """Extended key usage admits a server (RFC 5280, 4.2.1.12), or is absent."""
    name: NameMatch = NameMatch.MATCHES
    names: tuple[str, ...] = ()
    """Those in the certificate: DNS names and IP addresses, no more than `MAX_NAMES`."""

    @property
    def holds(self) -> bool:
        """Whether a client that insists would go on."""
        return self.error == 0 and self.server_use and self.name is NameMatch.MATCHES


MAX_AUTHORITIES = 500
"""How many CA names are kept; some 150 were seen in the field."""
MAX_SCHEMES = 100
"""How many signature schemes are kept; some 50 are assigned."""


class Asked(StrEnum):
    """When the server asked for a client certificate."""

    HANDSHAKE = "handshake"
    RENEGOTIATION = "renegotiation"
    """TLS 1.2, after the HTTP request (RFC 5246, 7.4.1.1)."""
    POST_HANDSHAKE = "post-handshake"
    """TLS 1.3, after the HTTP request (RFC 8446, 4.6.2)."""


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """The server's CertificateRequest. `authorities` are DER names, `schemes` as in RFC 8446
    ("rsa_pss_rsae_sha256"), no more than the first `MAX_SCHEMES`; an unknown scheme is "0x…" hex.
    """

    when: Asked
    authorities: tuple[bytes, ...] = ()
    """No more than `MAX_AUTHORITIES`, the first and, of those after them, the issuers of what is
    presented; `count` is how many there were.
    """
    count: int = 0
    schemes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyUse:
    """The key was asked for a signature: by which mechanism (CKM_*; "" for a key in a file), how
    long it took, and why it failed if it did. What it gave was verified before it was sent.
    """

    mechanism: str
    seconds: float = 0.0
    fault: Fault | None = None

    @property
    def is_vain_promise(self) -> bool:
        """The raw operation was refused, or PSS as such: modules announce them also for cards that
        do not have them.
        """
        fault = self.fault
        if fault is None or fault.kind is not FaultKind.ERROR:
            return False
        if self.mechanism == PSS_MECHANISM:
            return fault.code in _NOT_THIS_MECHANISM
        return self.mechanism == RAW_MECHANISM and fault.code not in CARD_GONE


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """Status line and the first line of the body, cut and made printable."""

    status: int
    reason: str
    first_line: str = ""
    server: str = ""
    body_bytes: int = 0
    """How many were read; not more than 64 KiB are."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One connection, as far as it came.

    `offered` is the newest version offered, `version` what the server chose ("TLSv1.3").
    `sent` are the certificates that we presented (DER, own first): none, when not asked or none at
    hand. `seconds` is how long each step took. `chain` is what the server sent.
    """

    offered: str
    addresses: tuple[str, ...] = ()
    address: str = ""
    proxy: str = ""
    version: str = ""
    cipher: str = ""
    group: str = ""
    chain: tuple[bytes, ...] = ()
    proof: ServerProof | None = None
    request: CertificateRequest | None = None
    signable: tuple[str, ...] = ()
    """The schemes that this key can sign, of all there are, best first."""
    scheme: str = ""
    """The scheme that was taken."""
    signature: KeyUse | None = None
    sent: tuple[bytes, ...] = ()
    accepted: bool = False
    """The handshake was completed, the server's Finished or, with TLS 1.3, its first word after
    ours was seen."""
    http: HttpAnswer | None = None
    stop: Stop | None = None
    seconds: Mapping[Step, float] = field(default_factory=dict)


class ClientKind(StrEnum):
    """Who knocks."""

    CARD = "card"
    FILE = "file"
    NOBODY = "nobody"
    """No certificate is presented."""


@dataclass(frozen=True, slots=True)
class Client:
    """Who knocks: a card by its key, a file by its path; and its certificate (DER, b"" if none)."""

    kind: ClientKind
    name: str = ""
    certificate: bytes = b""
    issuers: tuple[bytes, ...] = ()
    """The CA certificates above it that are at hand, nearest first."""


@dataclass(frozen=True, slots=True)
class Handshake:
    """One client at one endpoint. There may be a second connection, at TLS 1.2, and `control`,
    which presented no certificate after the first ones had succeeded.

    `choices` stands for the options that it was made with, "" where nobody said: a handshake with
    others answers another question.
    """

    endpoint: Endpoint
    client: Client
    insecure: bool
    expect_status: int | None
    connections: tuple[Connection, ...]
    control: Connection | None = None
    choices: str = ""
