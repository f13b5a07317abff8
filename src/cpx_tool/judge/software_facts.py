"""The facts that checks of software certificates may need, as `facts.py` has those of cards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from cpx_tool.judge.facts import Missing
from cpx_tool.judge.software_reading import ReadFile
from cpx_tool.model.certificate import Certificate
from cpx_tool.model.finding import Outcome
from cpx_tool.model.identity import Identity, ProductKind
from cpx_tool.model.message import msg
from cpx_tool.model.software import (
    Purpose,
    SoftwareContents,
    SoftwareFile,
    Usage,
)
from cpx_tool.model.software_key import SoftwareKey
from cpx_tool.model.trust import ChainResult, Revocation

Files: TypeAlias = tuple[ReadFile, ...]

FILE_FACTS: Mapping[str, Any] = {
    "observed": SoftwareFile,
    "contents": SoftwareContents,
    "read": ReadFile,
    "certificate": Certificate,
    "key": SoftwareKey,
    "identity": Identity,
    "organisation": Identity,
    "common_name": str | None,
    "usage": Usage | None,
    "purpose": Purpose,
    "judged_at": datetime,
    "warning_period": timedelta,
    "chain": ChainResult,
    "revocation": Revocation,
}
"""Facts about one file. `read` is of one that opened. `organisation` (its identity), `common_name`
and `usage` are of an organisation's certificate: another one is not asked for them."""

PAIR_FACTS: Mapping[str, Any] = {"files": Files, "purpose": Purpose}
"""Facts about all files together."""


@dataclass(frozen=True, slots=True)
class TrustFound:
    """What came of following the chain of a file's certificate."""

    chain: ChainResult
    revocation: Revocation


def file_facts(
    file: ReadFile,
    trust: TrustFound | None,
    purpose: Purpose,
    judged_at: datetime,
    warning_period: timedelta,
) -> Mapping[str, Any]:
    """What is known of one file; each name of `FILE_FACTS` is present."""
    opened = file.observed.contents is not None
    certificate = file.certificate or _no_certificate(file)
    identity = file.identity or _no_certificate(file)
    organisation = _organisation(identity)
    another = organisation if isinstance(organisation, Missing) else None
    return {
        "observed": file.observed,
        "contents": file.observed.contents or _not_opened(),
        "read": file if opened else _not_opened(),
        "certificate": certificate,
        "key": file.private_key or _no_key(file),
        "identity": identity,
        "organisation": organisation,
        "common_name": another or file.common_name,
        "usage": another or file.usage,
        "purpose": purpose,
        "judged_at": judged_at,
        "warning_period": warning_period,
        "chain": trust.chain if trust else _no_certificate(file),
        "revocation": trust.revocation if trust else _no_certificate(file),
    }


def pair_facts(files: Files, purpose: Purpose) -> Mapping[str, Any]:
    """What is known of all files together."""
    return {"files": files, "purpose": purpose}


def _organisation(identity: Identity | Missing) -> Identity | Missing:
    if isinstance(identity, Missing) or identity.kind is ProductKind.ORGANISATION:
        return identity
    return Missing(Outcome.SKIPPED, msg("It is not an organisation's certificate."))


def _not_opened() -> Missing:
    return Missing(Outcome.SKIPPED, msg("The file was not opened."))


def _no_certificate(file: ReadFile) -> Missing:
    if file.observed.contents is None:
        return _not_opened()
    if file.leaf is None:
        return Missing(Outcome.SKIPPED, msg("The file holds no certificate of its own."))
    return Missing(Outcome.SKIPPED, msg("The certificate is unreadable."))


def _no_key(file: ReadFile) -> Missing:
    if file.observed.contents is None:
        return _not_opened()
    return Missing(Outcome.SKIPPED, msg("The file holds no private key."))
