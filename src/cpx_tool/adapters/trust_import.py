"""Fills the user's store: each certificate and CRL is judged before it is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from cpx_tool.adapters.trust_files import Found
from cpx_tool.adapters.trust_store import TrustStore
from cpx_tool.model.certificate import Certificate
from cpx_tool.model.message import Message, msg
from cpx_tool.model.trust import Anchors, Authority, Imported, ImportStatus
from cpx_tool.pki.canonical import label_of
from cpx_tool.pki.certificate import BadCertificate
from cpx_tool.pki.crl import BadCrl, read_crl, signed_by
from cpx_tool.pki.link import Link, Pool, make_pool, read_link
from cpx_tool.pki.standing import standing_of

_KEPT = (ImportStatus.KNOWN, ImportStatus.ISSUED_BY_ANCHOR)


@dataclass(slots=True)
class Importer:
    """One import: `anchors` grows with what is accepted on the way."""

    store: TrustStore
    known: tuple[Authority, ...]
    accept_unknown: bool
    at: datetime
    _anchors: Anchors = field(default_factory=Anchors, init=False)
    _pool: Pool = field(default_factory=Pool, init=False)
    _present: dict[str, Certificate] = field(default_factory=dict, init=False)

    def run(self, found: Sequence[Found]) -> tuple[Imported, ...]:
        """Import what the files hold, in their order. Raises `BadInput` when the store cannot be
        read or written.
        """
        contents = self.store.read()
        self._anchors = Anchors(self.known, frozenset(contents.accepted))
        offered = [der for entry in found for der in entry.certificates]
        self._pool = make_pool((*contents.certificates, *offered))
        for der in contents.certificates:
            self._remember(der)
        # roots first: they vouch for the others, and the CAs of all for the CRLs
        certificates = sorted(_certificates(found), key=lambda item: not _is_root(item[2]))
        results = {place: self._certificate(file, der) for place, file, der in certificates}
        results |= {place: self._crl(file, der) for place, file, der in _crls(found)}
        results |= {(i, 0, 0): _unreadable(e) for i, e in enumerate(found) if e.problem}
        return tuple(results[place] for place in sorted(results))

    def _certificate(self, file: str, der: bytes) -> Imported:
        try:
            link = read_link(der)
        except BadCertificate as error:
            return Imported(file, ImportStatus.UNREADABLE, error.reason)
        certificate = link.certificate
        result = self._judged(file, link)
        if certificate.sha256 in self._present:
            reason = msg("Already in the store.")
            return replace(result, status=ImportStatus.DUPLICATE, reason=reason, hint=None)
        if result.status in _KEPT:
            self.store.add_authority(der, accepted=False)
        elif result.status is ImportStatus.ACCEPTED:
            self.store.add_authority(der, accepted=True)
            accepted = self._anchors.accepted | {certificate.sha256}
            self._anchors = Anchors(self.known, accepted)
        else:
            return result
        self._present[certificate.sha256] = certificate
        return result

    def _judged(self, file: str, link: Link) -> Imported:
        standing = standing_of(link, self._pool, self._anchors, self.at)
        status, reason = standing.status, standing.reason
        if status is ImportStatus.UNKNOWN and self.accept_unknown:
            status = ImportStatus.ACCEPTED
            reason = msg("{reason} Accepted because you said so.", reason=reason)
        return Imported(
            file=file,
            status=status,
            reason=reason,
            name=link.certificate.subject,
            sha256=link.certificate.sha256,
            code=standing.authority.code if standing.authority else None,
            hint=_hint(status),
        )

    def _crl(self, file: str, der: bytes) -> Imported:
        try:
            crl = read_crl(der)
        except BadCrl as error:
            return Imported(file, ImportStatus.CRL_REFUSED, error.reason, hint=error.hint)
        name = label_of(crl.issuer_name)
        issuer = next((ca for ca in self._present.values() if signed_by(crl, ca)), None)
        if issuer is None:
            return Imported(
                file=file,
                status=ImportStatus.CRL_REFUSED,
                reason=msg("No CA in the store signed this CRL of {name}.", name=name),
                name=crl.issuer_name,
                hint=msg("Import the certificate of that CA first, or together with the CRL."),
            )
        if not self.store.add_crl(der, crl, issuer):
            reason = msg("The store holds this CRL of {name} already, or a newer one.", name=name)
            return Imported(file, ImportStatus.DUPLICATE, reason, crl.issuer_name)
        reason = msg("CRL of {name}, made on {date}.", name=name, date=crl.this_update)
        return Imported(file, ImportStatus.CRL, reason, crl.issuer_name)

    def _remember(self, der: bytes) -> None:
        try:
            certificate = read_link(der).certificate
        except BadCertificate:
            return
        self._present[certificate.sha256] = certificate


def _hint(status: ImportStatus) -> Message | None:
    if status is ImportStatus.UNKNOWN:
        return msg(
            "Ask where it comes from. If you trust it, import it with --accept-unknown: "
            "every report will say so."
        )
    if status is ImportStatus.OTHER_FINGERPRINT:
        return msg(
            "Do not use it. Download it again from the address that `cpx-tool trust where` "
            "shows; if it stays so, report it."
        )
    return None


def _certificates(found: Sequence[Found]) -> Iterator[tuple[tuple[int, int, int], str, bytes]]:
    """Place, file and DER of each."""
    for i, entry in enumerate(found):
        for j, der in enumerate(entry.certificates):
            yield (i, 1, j), entry.file, der


def _crls(found: Sequence[Found]) -> Iterator[tuple[tuple[int, int, int], str, bytes]]:
    for i, entry in enumerate(found):
        for j, der in enumerate(entry.crls):
            yield (i, 2, j), entry.file, der


def _unreadable(entry: Found) -> Imported:
    return Imported(entry.file, ImportStatus.UNREADABLE, entry.problem or msg("not known"))


def _is_root(der: bytes) -> bool:
    try:
        return read_link(der).self_issued
    except BadCertificate:
        return False
