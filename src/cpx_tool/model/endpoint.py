"""A server to be asked."""

from __future__ import annotations

from dataclasses import dataclass


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
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == 443 else f":{self.port}"  # noqa: PLR2004 - of https
        return f"https://{host}{port}{self.path}"
