"""A server to be asked, and those that have a name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from cpx_tool.model.message import Message


def bracketed(host: str) -> str:
    """A host as it stands before a port: an IPv6 address in brackets (RFC 3986, 3.2.2)."""
    return f"[{host}]" if ":" in host else host


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to knock: https://host:port/path. `name` is the one in the catalogue, or in the user's
    configuration file, "" for an address given as such.

    `host` is in ASCII (IDNA), or an IP address without brackets; `path` begins with "/" and
    includes the query.
    """

    host: str
    port: int
    path: str
    name: str = ""

    @property
    def url(self) -> str:
        """The address; the port only where it is not 443."""
        return f"https://{self.authority}{self.path}"

    @property
    def shown(self) -> str:
        """The address, behind its name where it has one."""
        return f"{self.name} ({self.url})" if self.name else self.url

    @property
    def authority(self) -> str:
        """Host and port as an address and the header Host have them (RFC 9110, 7.2)."""
        port = "" if self.port == 443 else f":{self.port}"  # noqa: PLR2004 - of https
        return f"{bracketed(self.host)}{port}"


class Caller(StrEnum):
    """What a server expects of those who call it, as far as a source says so."""

    CARD = "card"
    ORG = "org"
    """A software certificate of an organisation."""
    NOT_KNOWN = "not-known"


class CertificateAsked(StrEnum):
    """Whether a server is known to ask for a client certificate in the TLS handshake."""

    YES = "yes"
    NOT_KNOWN = "not-known"


@dataclass(frozen=True, slots=True)
class KnownEndpoint:
    """An endpoint with a name: of the catalogue, which says who states it, or of the user's
    configuration file, of which nothing else is known.
    """

    endpoint: Endpoint
    title: Message | None = None
    client: Caller = Caller.NOT_KNOWN
    asked: CertificateAsked = CertificateAsked.NOT_KNOWN
    note: Message | None = None
    source: str | None = None
    file: Path | None = None
    """The configuration file; None for those of the catalogue."""

    @property
    def name(self) -> str:
        """Stable, and never empty."""
        return self.endpoint.name
