"""Why a step of a handshake came out as it did: one stable code for each cause.

A code says one thing, and no other check gives it; docs/tls.md lists all of them.
"""

from __future__ import annotations

from enum import StrEnum


class Cause(StrEnum):
    """Stable codes, the same in every language; never used for anything else."""

    RESOLVED = "resolved"
    NAME_UNKNOWN = "name-unknown"
    RESOLVER_FAILED = "resolver-failed"
    RESOLVER_SILENT = "resolver-silent"

    CONNECTED = "connected"
    CONNECTION_REFUSED = "connection-refused"
    UNREACHABLE = "unreachable"
    CONNECT_SILENT = "connect-silent"
    CONNECT_RESET = "connect-reset"

    TUNNEL = "tunnel"
    PROXY_REFUSED = "proxy-refused"
    PROXY_AUTHENTICATION = "proxy-authentication"
    PROXY_UNREACHABLE = "proxy-unreachable"

    HELLO = "hello"
    NOT_TLS = "not-tls"
    PLAIN_HTTP = "plain-http"
    HELLO_CLOSED = "hello-closed"
    HELLO_RESET = "hello-reset"
    HELLO_SILENT = "hello-silent"
    HELLO_REFUSED = "hello-refused"
    """An alert in the place of a ServerHello; no version or no cipher in common, mostly."""
    HELLO_MALFORMED = "hello-malformed"
    HELLO_TOO_LONG = "hello-too-long"

    PROTOCOL = "protocol"
    OLD_VERSION = "old-version"

    SERVER_TRUSTED = "server-trusted"
    SERVER_EXPIRED = "server-expired"
    SERVER_NOT_YET_VALID = "server-not-yet-valid"
    SERVER_ISSUER_UNKNOWN = "server-issuer-unknown"
    SERVER_SELF_SIGNED = "server-self-signed"
    SERVER_CRITICAL_EXTENSION = "server-critical-extension"
    SERVER_NOT_FOR_SERVERS = "server-not-for-servers"
    SERVER_UNREADABLE = "server-unreadable"
    SERVER_REFUSED = "server-refused"
    """OpenSSL's verdict is another: its words are in the message."""
    SERVER_CERTIFICATE_LOST = "server-certificate-lost"
    """The connection broke off before the certificate was there."""

    SERVER_STRICT = "server-strict"
    SERVER_NOT_STRICT = "server-not-strict"

    SERVER_NAME = "server-name"
    SERVER_OTHER_NAME = "server-other-name"
    SERVER_NO_NAME = "server-no-name"
    SERVER_NAME_UNREADABLE = "server-name-unreadable"

    INSECURE = "insecure"

    ASKED = "asked"
    NOT_ASKED = "not-asked"
    REQUEST_LOST = "request-lost"
    """The connection broke off after the server's certificate, before it was clear."""

    ISSUERS_NAMED = "issuers-named"
    """Nobody presented a certificate to compare them with."""
    ISSUER_LISTED = "issuer-listed"
    ANY_ISSUER = "any-issuer"
    ISSUER_NOT_LISTED = "issuer-not-listed"

    SCHEMES_ACCEPTED = "schemes-accepted"
    """What the server takes, where nobody has a key to sign with."""
    SCHEME = "scheme"
    SCHEME_AT_TLS_1_2 = "scheme-at-tls12"
    """After a second connection."""
    NO_PSS_FOR_TLS_1_3 = "no-pss-for-tls13"
    NO_COMMON_SCHEME = "no-common-scheme"
    NO_RSA_KEY = "no-rsa-key"

    SIGNED = "signed"
    NO_CERTIFICATE = "no-certificate"
    NO_LOGIN = "no-login"
    PIN_REFUSED = "pin-refused"
    NOT_SIGNED = "not-signed"
    WRONG_SIGNATURE = "wrong-signature"

    ACCEPTED = "accepted"
    CLIENT_UNKNOWN_CA = "client-unknown-ca"
    """The server does not know who issued the certificate, though it names that issuer, or none."""
    CLIENT_ISSUER_NOT_LISTED = "client-issuer-not-listed"
    """The same, and the issuer is not among those that it names."""
    CLIENT_EXPIRED = "client-expired"
    CLIENT_REVOKED = "client-revoked"
    CLIENT_BAD = "client-bad"
    CLIENT_UNSUPPORTED = "client-unsupported"
    CLIENT_UNKNOWN = "client-unknown"
    CLIENT_REQUIRED = "client-required"
    CLIENT_DENIED = "client-denied"
    CLIENT_SIGNATURE_REFUSED = "client-signature-refused"
    CLIENT_OTHER_ALERT = "client-other-alert"
    CLIENT_CLOSED = "client-closed"
    CLIENT_RESET = "client-reset"
    CLIENT_SILENT = "client-silent"
    CLIENT_MALFORMED = "client-malformed"
    DEMANDED = "demanded"
    """Nobody presented a certificate, and the server refused that in the handshake."""

    ANSWERED = "answered"
    EXPECTED_STATUS = "expected-status"
    OTHER_STATUS = "other-status"
    HTTP_NO_CERTIFICATE = "http-no-certificate"
    HTTP_CERTIFICATE_ERROR = "http-certificate-error"
    HTTP_DENIED = "http-denied"
    HTTP_REFUSED = "http-refused"
    HTTP_SERVER_ERROR = "http-server-error"
    HTTP_CLOSED = "http-closed"
    HTTP_RESET = "http-reset"
    HTTP_SILENT = "http-silent"
    HTTP_ALERT = "http-alert"
    HTTP_MALFORMED = "http-malformed"
    NOT_HTTP = "not-http"
    HTTP_DEMANDED = "http-demanded"
    """Nobody presented a certificate, and the page says that one is needed."""

    PROVEN = "proven"
    SAME_WITHOUT = "same-without-certificate"
    CONTROL_LOST = "control-lost"
