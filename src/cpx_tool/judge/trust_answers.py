"""What the chain and the revocation of a certificate mean for a check: cards and files alike.

That something is not at hand is never a failure, and nothing is asked of it twice: each function
gives None where another one says it.
"""

from __future__ import annotations

from cpx_tool.judge.check import Answer, failed, passed, skipped
from cpx_tool.model.fetch import is_made_up, is_web
from cpx_tool.model.message import Message, msg
from cpx_tool.model.trust import (
    AnchorOrigin,
    ChainOutcome,
    ChainResult,
    Revocation,
    RevocationOutcome,
    RevocationSource,
)
from cpx_tool.pki.canonical import label_of


def issuer_answer(chain: ChainResult) -> Answer | None:
    """Whether every issuer up to the root is at hand; SKIPPED, with the addresses, when not."""
    if chain.outcome is ChainOutcome.ISSUER_NOT_AT_HAND:
        return skipped(chain.reason, _get(chain.missing.addresses if chain.missing else ()))
    if chain.outcome in (ChainOutcome.VERIFIED, ChainOutcome.NOT_TRUSTED):
        names = tuple(label_of(certificate.subject) for certificate in chain.path[1:])
        return passed(msg("At hand: {names}.", names=names))
    return None


def chain_answer(chain: ChainResult) -> Answer | None:
    """Whether the chain holds. None when an issuer, or a fingerprint, is not known yet."""
    if chain.outcome is ChainOutcome.ISSUER_NOT_AT_HAND or chain.unproven is not None:
        return None
    if chain.outcome is ChainOutcome.VERIFIED:
        return passed(chain.reason)
    return failed(chain.reason)


def anchor_answer(chain: ChainResult) -> Answer | None:
    """Who vouches for the end of the chain. Fails, as a warning, where only the user does."""
    if chain.unproven is not None:
        return skipped(
            chain.reason,
            msg(
                "If you are sure of that certificate, import it with cpx-tool trust import "
                "--accept-unknown: every report will say so."
            ),
        )
    if chain.anchor is None:
        return None
    name = label_of(chain.path[-1].subject)
    if chain.anchor.origin is AnchorOrigin.ACCEPTED:
        return failed(
            msg("{name} is not known to this version: a user accepted it.", name=name),
        )
    if chain.anchor.origin is AnchorOrigin.EMULATED:
        return passed(msg("{name}, which the emulation made.", name=name))
    return passed(msg("{name}, a known CA.", name=name))


def crl_answer(chain: ChainResult, revocation: Revocation) -> Answer | None:
    """Whether a CRL or an OCSP answer that counts now is at hand. None without a verified chain."""
    if chain.outcome is not ChainOutcome.VERIFIED or len(chain.path) == 1:
        return None
    if revocation.outcome in (RevocationOutcome.NO_CRL, RevocationOutcome.UNKNOWN):
        hint = None if revocation.too_late else _get(revocation.addresses)
        return skipped(revocation.reason, hint)
    if revocation.outcome is RevocationOutcome.STALE:
        return failed(revocation.reason)
    if revocation.source is RevocationSource.OCSP:
        return passed(msg("An OCSP answer of {date}.", date=revocation.this_update or ""))
    return passed(msg("A CRL of {date}.", date=revocation.this_update or ""))


def revoked_answer(revocation: Revocation) -> Answer | None:
    """Whether the certificate is revoked. None when nothing at hand can tell."""
    if revocation.outcome is RevocationOutcome.REVOKED:
        return failed(revocation.reason)
    return passed(revocation.reason) if revocation.outcome is RevocationOutcome.GOOD else None


def _get(addresses: tuple[str, ...]) -> Message:
    """Directories (LDAP) are left out, as a browser does not read them; and addresses made up."""
    web = [a for a in addresses if is_web(a) and not is_made_up(_host(a))]
    if not web:
        return msg("Name the directory or the file that it is in: --ca-dir DIR, --crl FILE.")
    return msg("Download {address}, then: cpx-tool trust import FILE.", address=web[0])


def _host(address: str) -> str:
    """Without a library, which refuses what certificates may hold."""
    return address.partition("//")[2].partition("/")[0].partition(":")[0]
