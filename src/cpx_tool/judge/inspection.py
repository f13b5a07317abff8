"""Certificate files by themselves: who they are, whether they can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cpx_tool.catalogue.authorities import authorities
from cpx_tool.catalogue.nomenclature import label
from cpx_tool.errors import BadInput, ExitCode
from cpx_tool.model.inspection import FileEntry, Inspected
from cpx_tool.model.trust import ChainOutcome, RevocationOutcome, TrustMaterial
from cpx_tool.pki.certificate import read_certificate
from cpx_tool.pki.dossier import make_dossier
from cpx_tool.pki.identity import identify
from cpx_tool.pki.trust import Trust, make_trust

_WRONG = (ChainOutcome.BROKEN, ChainOutcome.WRONG_PKI)


def inspect_entries(
    entries: Sequence[FileEntry], at_hand: TrustMaterial, at: datetime
) -> list[Inspected]:
    """Judge each as of `at` (aware); a file may hold its own chain. Pure."""
    trust = make_trust(at_hand, authorities(), (entry.der for entry in entries))
    return [_inspect(entry, trust, at) for entry in entries]


def inspection_exit_code(found: Sequence[Inspected]) -> ExitCode:
    """The documented exit code: what could not be read goes before what is wrong."""
    if any(entry.problem is not None for entry in found):
        return ExitCode.USAGE
    return ExitCode.FAILED if any(map(_fails, found)) else ExitCode.PASSED


def _inspect(entry: FileEntry, trust: Trust, at: datetime) -> Inspected:
    if entry.problem is not None:
        return Inspected(entry.file, None, None, entry.problem, hint=entry.hint)
    try:
        certificate = read_certificate(entry.der)
    except BadInput as error:
        return Inspected(entry.file, None, None, error.reason, hint=error.hint)
    chain = trust.chain(entry.der, at)
    revocation = trust.revocation(chain, at)
    return Inspected(
        file=entry.file,
        certificate=certificate,
        identity=identify(certificate, label),
        problem=None,
        chain=chain,
        revocation=revocation,
        dossier=make_dossier([("", certificate)], label),
    )


def _fails(entry: Inspected) -> bool:
    """Something is wrong; that something is not at hand is not."""
    damaged = entry.certificate is not None and bool(entry.certificate.problems)
    wrong = entry.chain is not None and entry.chain.outcome in _WRONG
    revoked = entry.revocation is not None and entry.revocation.outcome is RevocationOutcome.REVOKED
    return damaged or wrong or revoked
