"""Whether a certificate is revoked: what CRLs and OCSP answers say, taken together.

A revocation counts, whoever states it. Of two that say "not revoked", the newer answers. A hold
can end (RFC 5280, 5.3.1), so a newer "not revoked" outvotes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from cpx_tool.model.certificate import Certificate
from cpx_tool.model.message import Message, msg
from cpx_tool.model.trust import ChainOutcome, ChainResult, Revocation, RevocationOutcome
from cpx_tool.pki.canonical import label_of
from cpx_tool.pki.crl import HOLD, Crl, judge_crls
from cpx_tool.pki.ocsp import Ocsp, judge_ocsp

_ANSWERS = (RevocationOutcome.REVOKED, RevocationOutcome.GOOD)
_RANKS = {
    RevocationOutcome.REVOKED: 4,
    RevocationOutcome.GOOD: 3,
    RevocationOutcome.STALE: 2,
    RevocationOutcome.UNKNOWN: 1,
    RevocationOutcome.NO_CRL: 0,
}


def judge_revocation(
    chain: ChainResult, crls: Sequence[Crl], at: datetime, answers: Sequence[Ocsp] = ()
) -> Revocation:
    """Whether the certificate of a chain is revoked, as of `at` (aware). Never raises.

    CRLs and OCSP answers may be anybody's: each is verified. Only a verified chain can be
    judged, as without it nobody knows whose word counts. An issuer that is revoked answers for
    the certificate.
    """
    if not chain.path:
        return _not_known(msg("The certificate cannot be read."))
    if chain.outcome is not ChainOutcome.VERIFIED:
        reason = msg("Nothing can be said of it, as the chain is not verified.")
        return _not_known(reason, chain.path[0].crl_urls)
    if len(chain.path) == 1:
        return _not_known(msg("The certificate is itself an anchor: nobody speaks for it."))
    own, *upper = (
        _judge(subject, issuer, crls, answers, at)
        for subject, issuer in zip(chain.path, chain.path[1:], strict=False)
    )
    if own.outcome is RevocationOutcome.REVOKED:
        return own
    for authority, answer in zip(chain.path[1:], upper, strict=False):
        if answer.outcome is RevocationOutcome.REVOKED:
            return _of_authority(authority, answer)
    return own


def _judge(
    subject: Certificate,
    issuer: Certificate,
    crls: Sequence[Crl],
    answers: Sequence[Ocsp],
    at: datetime,
) -> Revocation:
    by_crl = judge_crls(subject, issuer, crls, at)
    by_ocsp = judge_ocsp(subject, issuer, answers, crls, at)
    best = max((by_crl, *by_ocsp), key=_rank)
    others = tuple(a.reason for a in by_ocsp if a is not best and a.outcome not in _ANSWERS)
    answered = best.outcome in _ANSWERS
    return replace(
        best,
        addresses=() if answered else by_crl.addresses,
        others=tuple(dict.fromkeys(others)),
        too_late=by_crl.too_late and not answered,
    )


def _rank(answer: Revocation) -> tuple[int, datetime, bool]:
    """For ever revoked; then what holds for now, by its date; then what says little."""
    held = answer.outcome is RevocationOutcome.REVOKED and answer.cause == HOLD
    rank = _RANKS[RevocationOutcome.GOOD if held else answer.outcome]
    return rank, answer.this_update or datetime.min.replace(tzinfo=UTC), held


def _of_authority(authority: Certificate, answer: Revocation) -> Revocation:
    name = label_of(authority.subject)
    reason = msg("The issuer {name} is revoked: {reason}", name=name, reason=answer.reason)
    return replace(answer, reason=reason, authority=name)


def _not_known(reason: Message, addresses: tuple[str, ...] = ()) -> Revocation:
    return Revocation(RevocationOutcome.NO_CRL, reason, addresses=addresses)
