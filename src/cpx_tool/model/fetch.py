"""What is asked of the web, what it answered, and what that was worth."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cpx_tool.model.message import Message


class Document(StrEnum):
    """What is expected at an address."""

    CERTIFICATE = "certificate"
    """The certificate of a CA, or a bundle with it."""
    CRL = "crl"
    OCSP = "ocsp"
    """An answer about one certificate."""


def is_web(url: str) -> bool:
    """Whether a browser opens it: http or https, not LDAP."""
    return url.lower().startswith(("http://", "https://"))


def is_made_up(host: str) -> bool:
    """Whether nobody can have that name: below .invalid (RFC 6761, 6.4), as emulated cards say."""
    return host.rstrip(".").endswith(".invalid")


@dataclass(frozen=True, slots=True)
class Address:
    """Something to ask for. `about` names the certificate it is asked for, or the CA; `question`
    is the OCSP request (DER), empty for what is only fetched.
    """

    document: Document
    url: str
    about: str = ""
    question: bytes = b""

    @property
    def is_web(self) -> bool:
        """Whether it is asked at all; LDAP, which certificates name too, is not."""
        return is_web(self.url)


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request: GET, or POST where there is a `body`. An answer of more than `limit`
    bytes is refused.
    """

    url: str
    limit: int
    body: bytes = b""
    media_type: str = ""


class FetchProblem(StrEnum):
    """Why nothing came of an address. Stable codes, shown in reports."""

    SCHEME = "scheme"
    """Neither http nor https: not asked."""
    ADDRESS = "address"
    """No usable address: not asked."""
    MADE_UP = "made-up"
    """A name below .invalid, which nobody can have: not asked."""
    NAME = "name"
    """The name of the host cannot be resolved."""
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    TLS = "tls"
    PROXY = "proxy"
    NOT_HTTP = "not-http"
    STATUS = "status"
    """Another HTTP status than 200."""
    REDIRECT = "redirect"
    """Redirected to what is not followed."""
    TOO_LARGE = "too-large"
    CUT_SHORT = "cut-short"
    UNEXPECTED = "unexpected"
    """Something came, but not what was expected there."""
    FAILED = "failed"
    """Anything else that the system reports."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why nothing came of a request."""

    problem: FetchProblem
    reason: Message


@dataclass(frozen=True, slots=True)
class Reply:
    """The body of an answer, or the failure."""

    body: bytes = b""
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of an address: `content` says what was fetched, `failure` why nothing was."""

    document: Document
    url: str
    about: str
    content: Message | None = None
    failure: Failure | None = None
