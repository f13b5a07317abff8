"""Several software certificates together: are they the pair that INSi asks for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

from cpx_tool.judge.check import Answer, Scope, check, failed, passed
from cpx_tool.judge.software_facts import Files
from cpx_tool.judge.software_reading import ReadFile
from cpx_tool.model.finding import Severity
from cpx_tool.model.message import Message, msg
from cpx_tool.model.software import Purpose
from cpx_tool.pki.insi_name import NAMES

_PAIR = 2


@check(
    "P12-DISTINCT",
    msg("No certificate stands in two of the files"),
    msg("Leave one of the files out; request what is missing."),
    scope=Scope.FILES,
)
def certificates_distinct(files: Files) -> Answer | None:
    """The same certificate twice is no pair, whatever the files are called."""
    if len(files) < _PAIR:
        return None
    twice = _repeated((f.certificate.sha256, f.key) for f in files if f.certificate is not None)
    if twice:
        return failed(msg("The same certificate is in: {files}.", files=twice))
    return _unless_unread(files, msg("Each file holds another certificate."))


@check(
    "P12-PAIR",
    msg("The files are one INSI-AUTO and one INSI-MANU"),
    msg(
        "INSi takes a pair: INSI-AUTO for batches, INSI-MANU for people without a card. Give "
        "both, and no third one; request what is missing on the portal."
    ),
    scope=Scope.FILES,
)
def pair_complete(files: Files, purpose: Purpose) -> Answer | None:
    """ANS's ordering guide: two ORG certificates, "auto" and "manu"."""
    if purpose is not Purpose.INSI or len(files) < _PAIR:
        return None
    names = [f.common_name for f in files if f.certificate is not None]
    lost = tuple(name for name in NAMES if name not in names)
    more = tuple(name for name in NAMES if names.count(name) > 1)
    others = tuple(name or "—" for name in names if name not in NAMES)
    if more:
        return failed(msg("More than one file is: {names}.", names=more))
    if others:
        return failed(msg("Neither INSI-AUTO nor INSI-MANU: {names}.", names=others))
    if lost and len(names) == len(files):
        return failed(msg("Missing: {names}.", names=lost))
    return _unless_unread(files, msg("One INSI-AUTO and one INSI-MANU."))


@check(
    "P12-PAIR-STRUCTURE",
    msg("The pair is of one structure"),
    msg("Request one of the two again, for the structure of the other."),
    scope=Scope.FILES,
)
def pair_of_one_structure(files: Files, purpose: Purpose) -> Answer | None:
    """The same Struct_IdNat (OU) in both."""
    if purpose is not Purpose.INSI or len(files) < _PAIR:
        return None
    found = [f.identity.holder.structure for f in files if f.identity is not None]
    values = tuple(dict.fromkeys(s.value for s in found if s is not None))
    if len(values) > 1:
        return failed(msg("Different structures: {structures}.", structures=values))
    if None in found:
        return None  # P12-STRUCTURE says it
    return _unless_unread(files, msg("{structure}", structure=values))


@check(
    "P12-PAIR-KEY",
    msg("Each file has a private key of its own"),
    msg("Make a key for each request: who loses one, loses both."),
    severity=Severity.WARNING,
    scope=Scope.FILES,
)
def keys_distinct(files: Files) -> Answer | None:
    """Two certificates over one key. Where the certificate is the same, P12-DISTINCT says it."""
    if len(files) < _PAIR:
        return None
    by_certificate = {f.certificate.sha256: f for f in files if f.certificate is not None}
    keyed = [f for f in by_certificate.values() if f.private_key is not None]
    twice = _repeated((f.private_key.public_key, f.key) for f in keyed if f.private_key)
    if twice:
        return failed(msg("The same private key is in: {files}.", files=twice))
    return _unless_unread(files, msg("No key stands twice."))


def _repeated(found: Iterable[tuple[Hashable, str]]) -> tuple[str, ...]:
    """The names of whatever stands more than once."""
    pairs = list(found)
    counted = Counter(what for what, _ in pairs)
    return tuple(name for what, name in pairs if counted[what] > 1)


def _unless_unread(files: Sequence[ReadFile], good: Message) -> Answer | None:
    """Nothing is said of a file that could not be read: a check of its own says why."""
    return passed(good) if all(f.certificate is not None for f in files) else None
