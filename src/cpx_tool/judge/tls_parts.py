"""Cause of a TLS step → the part that it points to."""

from __future__ import annotations

from collections.abc import Mapping

from cpx_tool.judge.tls_causes import Cause
from cpx_tool.model.blame import Part, Sureness
from cpx_tool.model.finding import Finding, JudgedHandshake, Outcome, Severity

_LIKELY: Mapping[Part, tuple[Cause, ...]] = {
    Part.NETWORK: (
        Cause.NAME_UNKNOWN,
        Cause.RESOLVER_FAILED,
        Cause.RESOLVER_SILENT,
        Cause.UNREACHABLE,
        Cause.CONNECT_SILENT,
        Cause.CONNECT_RESET,
        Cause.PROXY_REFUSED,
        Cause.PROXY_UNREACHABLE,
        Cause.HELLO_RESET,
    ),
    Part.TRUST: (Cause.SERVER_ISSUER_UNKNOWN, Cause.SERVER_SELF_SIGNED),
    Part.OPTIONS: (Cause.NEWER_WANTED,),
}
_POSSIBLE: Mapping[Part, tuple[Cause, ...]] = {
    Part.CARD: (Cause.NOT_SIGNED, Cause.WRONG_SIGNATURE, Cause.NO_CERTIFICATE, Cause.NO_RSA_KEY),
    Part.MIDDLEWARE: (Cause.NO_LOGIN,),
}
_CERTAIN: Mapping[Part, tuple[Cause, ...]] = {
    Part.SERVER: (Cause.PLAIN_HTTP, Cause.OLD_VERSION),
    Part.NETWORK: (Cause.PROXY_AUTHENTICATION,),
    Part.PIN: (Cause.PIN_REFUSED,),
}
_POINTS: Mapping[str, tuple[Part, Sureness]] = {
    **{cause.value: (Part.SERVER, Sureness.LIKELY) for cause in Cause},
    **{
        cause.value: (part, sureness)
        for sureness, parts in (
            (Sureness.CERTAIN, _CERTAIN),
            (Sureness.LIKELY, _LIKELY),
            (Sureness.POSSIBLE, _POSSIBLE),
        )
        for part, causes in parts.items()
        for cause in causes
    },
}
"""What is not named here is the server's: it answered, and that was its answer."""


def part_of(code: str) -> tuple[Part, Sureness] | None:
    """What a cause by itself points to; None for one that is none of ours."""
    return _POINTS.get(code)


def first_failure(shaken: JudgedHandshake) -> Finding | None:
    """The step that decides: the first that failed or could not be answered."""
    wrong = (Outcome.FAILED, Outcome.ERROR)
    decisive = (f for f in shaken.findings if f.severity is Severity.BLOCKER)
    return next((f for f in decisive if f.outcome in wrong or f.blocked_by_pin), None)
