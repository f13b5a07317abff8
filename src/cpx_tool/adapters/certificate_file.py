"""Reads a file of certificates that the user named."""

from __future__ import annotations

from pathlib import Path

from cpx_tool.adapters.files import read_file
from cpx_tool.errors import BadInput
from cpx_tool.model.certificate import Certificate
from cpx_tool.model.message import msg
from cpx_tool.pki.certificate import MAX_BYTES, read_certificate, read_certificates


def read_certificate_file(file: Path) -> list[Certificate]:
    """The certificates of a file, DER or PEM. Raises `BadInput` for a file that holds none."""
    hint = msg("Give certificate files (.cer, .der, .pem, .p7b).")
    data = read_file(file, MAX_BYTES, hint)
    try:
        return [read_certificate(der) for der in read_certificates(data)]
    except BadInput as error:
        reason = msg("{file}: {reason}", file=str(file), reason=error.reason)
        raise BadInput(reason, hint) from None
