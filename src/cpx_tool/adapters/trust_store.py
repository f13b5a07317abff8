"""The user's store of CA certificates and CRLs: a directory of DER files.

    authorities/<sha256>.cer   known CAs, and those that a chain vouches for
    accepted/<sha256>.cer      unknown CAs that the user accepted: the place is the acceptance
    crls/<scope>.crl           the newest CRL of each CA

Being here makes nothing an anchor but in `accepted/`: what is known is looked up in the catalogue
at each reading. A file whose name is not its fingerprint is not used. Files appear whole.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cpx_tool.adapters.files import write_whole
from cpx_tool.adapters.system import user_data
from cpx_tool.adapters.trust_files import MAX_FILES
from cpx_tool.errors import BadInput, why
from cpx_tool.model.certificate import Certificate
from cpx_tool.model.message import msg
from cpx_tool.model.trust import Anchors, Authority, StoredAuthority, StoredCrl, StoreListing
from cpx_tool.pki.certificate import BadCertificate, read_certificate
from cpx_tool.pki.crl import MAX_CRL, BadCrl, Crl, read_crl

TRUST_VARIABLE = "CPX_TRUST_DIR"

_AUTHORITIES = "authorities"
_ACCEPTED = "accepted"
_CRLS = "crls"


@dataclass(frozen=True, slots=True)
class StoreContents:
    """Certificates by SHA-256, and CRLs, in DER; `problems` are files that do not belong there."""

    authorities: Mapping[str, bytes]
    accepted: Mapping[str, bytes]
    crls: tuple[bytes, ...]
    problems: tuple[str, ...]

    @property
    def certificates(self) -> tuple[bytes, ...]:
        """All of them."""
        return tuple({**self.authorities, **self.accepted}.values())


NOTHING_STORED = StoreContents({}, {}, (), ())


@dataclass(frozen=True, slots=True)
class TrustStore:
    """The store in `directory`, which need not exist until something is added."""

    directory: Path

    def read(self) -> StoreContents:
        """Everything in the store. Raises `BadInput` when it cannot be read."""
        problems: list[str] = []
        try:
            return StoreContents(
                authorities=dict(self._certificates(_AUTHORITIES, problems)),
                accepted=dict(self._certificates(_ACCEPTED, problems)),
                crls=tuple(self._crls(problems)),
                problems=tuple(problems),
            )
        except OSError as error:
            raise BadInput(
                msg(
                    "The store of CA certificates {path} cannot be read: {why}.",
                    path=str(self.directory),
                    why=why(error),
                ),
                msg("Set {variable} to a directory you may read.", variable=TRUST_VARIABLE),
            ) from None

    def listing(
        self, known: tuple[Authority, ...], others: tuple[tuple[str, int], ...]
    ) -> StoreListing:
        """What the store holds, for a person. Raises `BadInput` when it cannot be read."""
        contents = self.read()
        anchors = Anchors(known, frozenset(contents.accepted))
        certificates = sorted(
            map(read_certificate, contents.certificates), key=lambda c: (c.subject, c.sha256)
        )
        return StoreListing(
            directory=str(self.directory),
            authorities=tuple(
                StoredAuthority(
                    c,
                    anchors.of(c.sha256),
                    str(self._path(c.sha256, _ACCEPTED)) if c.sha256 in contents.accepted else None,
                )
                for c in certificates
            ),
            crls=tuple(
                StoredCrl(crl.issuer_name, crl.this_update, crl.next_update)
                for crl in map(read_crl, contents.crls)
            ),
            problems=contents.problems,
            others=others,
        )

    def add_authority(self, der: bytes, *, accepted: bool) -> None:
        """Keep a CA's certificate. Raises `BadInput` when it cannot be written."""
        folder = _ACCEPTED if accepted else _AUTHORITIES
        self._write(self._path(hashlib.sha256(der).hexdigest(), folder), der)

    def add_crl(self, der: bytes, crl: Crl, issuer: Certificate) -> bool:
        """Keep a CRL that `issuer` signed; False when a newer one of the same scope is there.

        Raises `BadInput` when it cannot be written.
        """
        path = self.directory / _CRLS / f"{_scope(crl, issuer)}.crl"
        with contextlib.suppress(OSError, BadCrl):
            if read_crl(_content(path)).this_update >= crl.this_update:
                return False
        self._write(path, der)
        return True

    def _path(self, sha256: str, folder: str) -> Path:
        return self.directory / folder / f"{sha256}.cer"

    def _certificates(self, folder: str, problems: list[str]) -> Iterator[tuple[str, bytes]]:
        for path in self._files(folder):
            der = _content(path)
            if _is_named_after(der, path):
                yield path.stem, der
            else:
                problems.append(str(path))

    def _crls(self, problems: list[str]) -> Iterator[bytes]:
        for path in self._files(_CRLS):
            der = _content(path)
            try:
                read_crl(der)
            except BadCrl:
                problems.append(str(path))
            else:
                yield der

    def _files(self, folder: str) -> list[Path]:
        directory = self.directory / folder
        if not directory.is_dir():
            return []
        inside = (f for f in directory.iterdir() if f.is_file() and not f.name.startswith("."))
        return sorted(inside)[:MAX_FILES]

    def _write(self, path: Path, content: bytes) -> None:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(path, content, mode=0o600)
        except OSError as error:
            raise BadInput(
                msg(
                    "{path} cannot be written: {why}.",
                    path=str(path),
                    why=why(error),
                ),
                msg("Set {variable} to a directory you may write to.", variable=TRUST_VARIABLE),
            ) from None


def store_directory(environment: Mapping[str, str]) -> Path | None:
    """CPX_TRUST_DIR, else the user's own data directory; None where no home is known."""
    chosen = environment.get(TRUST_VARIABLE)
    if chosen:
        return Path(chosen)
    own = user_data()
    return own / "trust" if own is not None else None


def _scope(crl: Crl, issuer: Certificate) -> str:
    limits = repr((crl.users_only, crl.authorities_only, crl.points)).encode()
    return hashlib.sha256(issuer.public_key + limits).hexdigest()


def _is_named_after(der: bytes, path: Path) -> bool:
    try:
        return read_certificate(der).sha256 == path.stem
    except BadCertificate:
        return False


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_CRL + 1)
