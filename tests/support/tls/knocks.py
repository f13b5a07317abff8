"""`cpx-tool tls-test` with emulated cards behind the counting module, at servers on 127.0.0.1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.proxy import PIN, Proxy, Run
from support.tls.pki import HOST

PSS_MECHANISMS = ("d", "e", "43")
"""CKM_RSA_PKCS_PSS, CKM_SHA1_RSA_PKCS_PSS, CKM_SHA256_RSA_PKCS_PSS."""
RAW_MECHANISM = "3"
"""CKM_RSA_X_509."""

NOBODY = ("--no-card",)
ALL_CARDS = ("--all-cards",)


@dataclass(frozen=True)
class Knocked:
    """What one run came to: its handshakes, and what reached the tokens."""

    run: Run

    @property
    def handshakes(self) -> list[dict[str, Any]]:
        """One for each card and endpoint."""
        found: list[dict[str, Any]] = self.run.body["handshakes"]
        return found

    @property
    def logins(self) -> int:
        """Calls of C_Login, on all tokens."""
        return self._called("C_Login")

    @property
    def signs(self) -> int:
        """Calls of C_SignInit: signatures that were asked of the tokens."""
        return self._called("C_SignInit")

    @property
    def signatures(self) -> int:
        """Pairs of calls of C_Sign, the first of which asks for the length: signatures made."""
        return self._called("C_Sign") // 2

    def _called(self, function: str) -> int:
        return sum(call.function == function for call in self.run.calls)


@dataclass(frozen=True)
class Knocker:
    """Cards behind `proxy`. Of the roles in `without_pss` the token announces no PSS; `ca` is what
    vouches for the servers.
    """

    proxy: Proxy
    ca: Path
    without_pss: tuple[str, ...] = ()

    def card(self, role: str) -> tuple[str, ...]:
        """The option that presents the card of this role."""
        return ("--card", self.proxy.number(self.proxy.serial(role)))

    def knock(
        self,
        who: Sequence[str],
        urls: Sequence[str],
        *options: str | Path,
        rules: Sequence[str] = (),
        timeout: float = 30,
    ) -> Knocked:
        """One run. `who` is the option that says who is presented."""
        pin = None if who == NOBODY or "--p12" in options else PIN
        endpoints = [word for url in urls for word in ("--endpoint", url)]
        given = [*endpoints, *who, "--ca-file", str(self.ca), *map(str, options)]
        rules = (*self._rules(), *rules)
        return Knocked(self.proxy.check(*rules, pin=pin, timeout=timeout, options=given))

    def _rules(self) -> list[str]:
        serials = map(self.proxy.serial, self.without_pss)
        return [f"without {serial} {one}" for serial in serials for one in PSS_MECHANISMS]


def url(port: int, path: str = "/", host: str = HOST) -> str:
    """The address of a server on this machine."""
    return f"https://{host}:{port}{path}"
