"""Where the certificates of one card come from: chain, anchor, revocation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from cpx_tool.judge.check import Answer, check
from cpx_tool.judge.facts import Certificates
from cpx_tool.judge.reading import ReadCertificate
from cpx_tool.judge.trust_answers import (
    anchor_answer,
    chain_answer,
    crl_answer,
    issuer_answer,
    revoked_answer,
)
from cpx_tool.model.finding import Outcome, Severity
from cpx_tool.model.message import msg

_ORDER = (Outcome.FAILED, Outcome.ERROR, Outcome.SKIPPED, Outcome.PASSED)


@check(
    "CERT-ISSUER",
    msg("The certificates of the issuers are at hand"),
    msg("cpx-tool trust where shows where to download them; cpx-tool trust import keeps them."),
    severity=Severity.WARNING,
)
def issuers_at_hand(certificates: Certificates) -> Answer | None:
    """Without them nothing is wrong, and nothing is proven."""
    return _worst(certificates, lambda item: issuer_answer(item.chain))


@check(
    "CERT-CHAIN",
    msg("The chain of issuers holds"),
    msg(
        "The card does not come from the PKI that it names, its certificate is damaged, or an "
        "issuer's certificate at hand is wrong: download the issuers again (cpx-tool trust where), "
        "then ask where the card is from."
    ),
)
def chain_holds(certificates: Certificates) -> Answer | None:
    """Every signature up to the anchor (RFC 5280, 6.1)."""
    return _worst(certificates, lambda item: chain_answer(item.chain))


@check(
    "CERT-ANCHOR",
    msg("The chain ends at a CA that is known"),
    msg(
        "Compare its fingerprint (cpx-tool trust list) with what the ANS publishes; to take the "
        "acceptance back, delete its file in the directory shown there."
    ),
    severity=Severity.WARNING,
)
def anchor_known(certificates: Certificates) -> Answer | None:
    """Known by its SHA-256 fingerprint, or accepted by the user, which every report says."""
    return _worst(certificates, lambda item: anchor_answer(item.chain))


@check(
    "CERT-CRL",
    msg("A CRL of the issuer, or an OCSP answer, that counts now is at hand"),
    msg("Download the CRL again, then: cpx-tool trust import FILE."),
    severity=Severity.WARNING,
)
def crl_at_hand(certificates: Certificates) -> Answer | None:
    """In force at the moment of the observation (RFC 5280, 5.1.2.5)."""
    return _worst(certificates, lambda item: crl_answer(item.chain, item.revocation))


@check(
    "CERT-REVOKED",
    msg("The certificates are not revoked"),
    msg("A revoked card never works again: order the set again (form 414, part 3)."),
)
def not_revoked(certificates: Certificates) -> Answer | None:
    """As the CRLs and OCSP answers at hand say (RFC 5280, 6.3; RFC 6960)."""
    return _worst(certificates, lambda item: revoked_answer(item.revocation))


def _worst(
    certificates: Certificates, question: Callable[[ReadCertificate], Answer | None]
) -> Answer | None:
    """The worst answer, with the certificate it is about where the others answer otherwise."""
    answers = list(_answers(certificates, question))
    if not answers:
        return None
    label, worst = min(answers, key=lambda pair: _ORDER.index(pair[1].outcome))
    if all(answer == worst for _, answer in answers):
        return worst
    return replace(worst, message=msg("{label}: {problem}", label=label, problem=worst.message))


def _answers(
    certificates: Certificates, question: Callable[[ReadCertificate], Answer | None]
) -> Iterator[tuple[str, Answer]]:
    for item in certificates:
        answer = question(item) if item.chain.path else None  # CERT-READABLE says it
        if answer is not None:
            yield item.object.label, answer
