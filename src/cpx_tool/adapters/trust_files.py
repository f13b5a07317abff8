"""Certificates and CRLs in files and directories; what is found is believed by nobody yet."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cpx_tool.adapters.files import read_file
from cpx_tool.errors import BadInput, no_such_file, why
from cpx_tool.model.message import Message, msg
from cpx_tool.pki.certificate import (
    MAX_BYTES,
    BadCertificate,
    read_certificate,
    read_certificates,
)
from cpx_tool.pki.crl import MAX_CRL, BadCrl, RefusedCrl, read_crl, read_crls

SUFFIXES = (".cer", ".crt", ".der", ".pem", ".p7b", ".p7c", ".crl")
MAX_FILES = 500
"""In a directory; further ones are not looked at."""

_LINUX = ("/etc/opt/santesocial/CPS/Coffre",)
_MACOS = ("/Library/Application Support/santesocial/CPS/Coffre",)
_WINDOWS = (r"%ALLUSERSPROFILE%\santesocial\cps\coffre",)


@dataclass(frozen=True, slots=True)
class Found:
    """What a file holds, or `problem`, why nothing."""

    file: str
    certificates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    problem: Message | None = None


def middleware_stores() -> tuple[Path, ...]:
    """Where the Cryptolib CPS keeps CA certificates: production ones only, as shipped.

    Source: Linux, listing of the RPM 5.2.2; Windows, MSI functional specification, annex A;
    macOS, by analogy.
    """
    if sys.platform == "win32":
        return tuple(Path(os.path.expandvars(place)) for place in _WINDOWS)
    return tuple(map(Path, _MACOS if sys.platform == "darwin" else _LINUX))


def read_paths(paths: Sequence[Path]) -> tuple[Found, ...]:
    """Everything in these files and directories (not below them). Raises `BadInput` for a path
    that is not there or cannot be listed; a file that holds nothing usable is `Found.problem`.
    """
    return tuple(read_found(file) for path in paths for file in _files(path))


def read_place(directory: Path) -> tuple[Found, ...]:
    """The files of a directory that may be absent, and whose contents may be anything."""
    try:
        files = list(_files(directory)) if directory.is_dir() else []
    except BadInput:
        return ()
    return tuple(map(read_found, files))


def read_found(path: Path) -> Found:
    """What a file holds. Never raises: what cannot be read is a `problem`."""
    try:
        data = _content(path)
        certificates, crls = _split(data, path.suffix.lower())
    except BadInput as error:
        return Found(str(path), problem=error.reason)
    return Found(str(path), certificates, crls)


def read_crl_file(path: Path) -> tuple[bytes, ...]:
    """The CRLs that a file holds. Raises `BadInput` with the file, for one that cannot be used."""
    try:
        return _crls(_content(path))
    except BadInput as error:
        reason = msg("{file}: {reason}", file=str(path), reason=error.reason)
        raise BadInput(reason, error.hint) from None


def certificates_of(found: Sequence[Found]) -> tuple[bytes, ...]:
    """All certificates of these files."""
    return tuple(der for entry in found for der in entry.certificates)


def crls_of(found: Sequence[Found]) -> tuple[bytes, ...]:
    """All CRLs of these files."""
    return tuple(der for entry in found for der in entry.crls)


def _files(path: Path) -> Iterator[Path]:
    try:
        if not path.is_dir():
            path.stat()
            yield path
            return
        inside = sorted(f for f in path.iterdir() if f.suffix.lower() in SUFFIXES and f.is_file())
    except OSError as error:
        reason = msg("{path} cannot be read: {why}.", path=str(path), why=why(error))
        hint = _hint()
        if isinstance(error, FileNotFoundError):
            hint = no_such_file(path, hint)
        raise BadInput(reason, hint) from None
    except ValueError:  # a NUL in the path
        raise BadInput(msg("{path} is not a path.", path=str(path)), _hint()) from None
    yield from inside[:MAX_FILES]


def _content(path: Path) -> bytes:
    return read_file(path, MAX_CRL, _hint())


def _split(data: bytes, suffix: str) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """Certificates and CRLs. Raises `BadInput` when there is neither."""
    if b"-----BEGIN " in data:
        return _split_pem(data)
    if len(data) > MAX_BYTES or suffix == ".crl":
        return (), _crls(data)
    try:
        certificates = read_certificates(data)
        if certificates == (data,):  # anything passes as DER until it is read
            read_certificate(data)
    except BadCertificate as error:
        try:
            return (), _crls(data)
        except RefusedCrl:
            raise
        except BadCrl:
            raise error from None
    return certificates, ()


def _split_pem(data: bytes) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    certificates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    problem: BadInput | None = None
    if b" CRL-----" in data:
        crls = _crls(data)
    try:
        certificates = read_certificates(data)
    except BadCertificate as error:
        problem = error
    if problem is not None and not crls:
        raise problem
    return certificates, crls


def _crls(data: bytes) -> tuple[bytes, ...]:
    found = read_crls(data)
    for der in found:
        read_crl(der)
    return found


def _hint() -> Message:
    return msg("Give files (.cer, .der, .pem, .p7b, .crl) or a directory of them.")
