"""Files of software certificates: each one opened, or why not. No file hides another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from cpx_tool.adapters.files import read_file
from cpx_tool.adapters.pkcs12 import Opened, WrongPassword, open_pkcs12
from cpx_tool.adapters.pkcs12_key import Pkcs12Key
from cpx_tool.errors import BadInput
from cpx_tool.model.message import msg
from cpx_tool.model.software import SoftwareContents, SoftwareFile
from cpx_tool.pki.certificate import BadCertificate, read_certificate
from cpx_tool.pki.pfx import MAX_BYTES, BadPfx, Pfx, read_pfx
from cpx_tool.ports import Password, PasswordSource

_EMPTY = Password("")


def read_software_file(path: Path, source: PasswordSource) -> SoftwareFile:
    """Open one file. Never raises: what stands in the way is its `problem`.

    A password is asked of `source` only where the file needs one.
    """
    try:
        content, pfx = _content(path)
        opened, password = _open(content, pfx, source, str(path))
    except BadInput as error:
        return SoftwareFile(str(path), problem=error.reason, hint=error.hint)
    contents = SoftwareContents(
        certificates=tuple(opened.certificates),
        key=opened.key,
        keys=max(pfx.keys, int(opened.key is not None)),
        protected=not pfx.bare_keys and bool(password.reveal()),
    )
    return SoftwareFile(str(path), contents)


def open_key(path: Path, source: PasswordSource) -> Pkcs12Key:
    """The key of one file, ready to sign for TLS; close it. Raises `BadInput`."""
    content, pfx = _content(path)
    opened, password = _open(content, pfx, source, str(path))
    if opened.key is None or opened.key.algorithm != "RSA":
        raise BadInput(
            msg("{path} holds no RSA key to sign with.", path=str(path)),
            msg("See what is in it: cpx-tool check-p12 {path}", path=str(path)),
        )
    chain = _own_first(opened.certificates, opened.key.public_key)
    if not chain:
        raise BadInput(
            msg("{path} holds no certificate for its key.", path=str(path)),
            msg("See what is in it: cpx-tool check-p12 {path}", path=str(path)),
        )
    return Pkcs12Key(content, password, chain)


def _own_first(certificates: Sequence[bytes], public_key: bytes) -> tuple[bytes, ...]:
    """The certificate of this key (SubjectPublicKeyInfo), then the others but for roots; none
    where there is no such certificate.
    """
    own, others = [], []
    for der in certificates:
        try:
            read = read_certificate(der)
        except BadCertificate:
            continue
        if read.public_key == public_key:
            own.append(der)
        elif read.subject != read.issuer:
            others.append(der)
    return (own[0], *others) if own else ()


def _content(path: Path) -> tuple[bytes, Pfx]:
    """Raises `BadInput`."""
    content = read_file(path, MAX_BYTES, msg("Give the .p12 (or .pfx) file itself."))
    return content, read_pfx(content)


def _open(content: bytes, pfx: Pfx, source: PasswordSource, file: str) -> tuple[Opened, Password]:
    """Raises `BadInput` when no password opens it."""
    tried = _EMPTY
    for password in _passwords(pfx, source, file):
        tried = password
        try:
            return open_pkcs12(content, password), password
        except WrongPassword:
            continue
    if not tried.reveal():
        raise BadPfx(
            msg("It does not open with an empty password."),
            msg("Give the password that was chosen when the key and the request were made."),
        )
    raise BadPfx(
        msg("It does not open with this password: it is another one, or the file is damaged."),
        msg(
            "The password is the one chosen when the key and the request were made. If it is "
            "lost, nobody has it: request the certificate again."
        ),
    )


def _passwords(pfx: Pfx, source: PasswordSource, file: str) -> Iterator[Password]:
    """Where nothing is encrypted, a seal may still have been made with a password."""
    if not pfx.encrypted:
        yield _EMPTY
    if pfx.locked:
        yield from source.passwords(file)
