"""Handshakes with servers: the first step that fails, and who else was there."""

from __future__ import annotations

from collections.abc import Iterator

from cpx_tool.judge.blame_rule import Found, rule
from cpx_tool.judge.case import Case
from cpx_tool.judge.tls_causes import Cause
from cpx_tool.judge.tls_parts import first_failure, part_of
from cpx_tool.model.blame import Part, Sureness
from cpx_tool.model.finding import Finding, JudgedHandshake, Outcome, Verdict
from cpx_tool.model.message import msg

_BY_THE_CARD = {
    Cause.CLIENT_EXPIRED.value: "CERT-NOT-EXPIRED",
    Cause.CLIENT_REVOKED.value: "CERT-REVOKED",
}


@rule(
    "SERVER-CONFIRMS",
    Part.CARD,
    Sureness.CERTAIN,
    msg("The server and this tool say the same of the card's certificate."),
)
def server_confirms(case: Case) -> Iterator[Found]:
    """Expired, or revoked, on both sides."""
    for shaken, failure in _failures(case):
        own = _BY_THE_CARD.get(failure.code)
        if own is not None and case.outcome(shaken.subject, own) is Outcome.FAILED:
            yield Found(_explained(case, shaken), (failure.subject,), (failure.message,))


@rule(
    "OTHERS-ACCEPTED",
    Part.CARD,
    Sureness.LIKELY,
    msg("The same server accepted another client in the same run: it refuses this one."),
)
def others_are_accepted(case: Case) -> Iterator[Found]:
    """What the server refuses may be the certificate, or its holder's rights."""
    for shaken, failure in _failures(case):
        refused = failure.check in ("TLS-ACCEPTED", "TLS-HTTP", "TLS-SIGNATURE")
        others = tuple(
            other.subject
            for other in case.handshakes
            if other.verdict is Verdict.PASSED
            and other.handshake.endpoint == shaken.handshake.endpoint
        )
        if refused and any(others):
            told = msg("Accepted there: {names}.", names=others)
            yield Found(_explained(case, shaken), (failure.subject,), (failure.message, told))


@rule(
    "FIRST-STEP",
    Part.SERVER,
    Sureness.LIKELY,
    msg("The first step that fails says which part ends it; later ones only follow."),
)
def first_step(case: Case) -> Iterator[Found]:
    """By the step's code (`tls_parts`)."""
    for shaken, failure in _failures(case):
        points = part_of(failure.code)
        if points is not None:
            yield Found(
                _explained(case, shaken),
                (failure.subject,),
                (failure.message,),
                part=points[0],
                sureness=points[1],
            )


def _failures(case: Case) -> Iterator[tuple[JudgedHandshake, Finding]]:
    """Each handshake of which something is open, with the step that decides."""
    for shaken in case.handshakes:
        failure = first_failure(shaken)
        if failure is not None and _explained(case, shaken):
            yield shaken, failure


def _explained(case: Case, shaken: JudgedHandshake) -> tuple[Finding, ...]:
    known = {id(finding) for finding in shaken.findings}
    return tuple(finding for finding in case.open if id(finding) in known)


RULES = (server_confirms, others_are_accepted, first_step)
