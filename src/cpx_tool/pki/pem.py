"""PEM (RFC 7468), read as far as it goes."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

MARK = b"-----BEGIN "

_BASE64 = re.compile(rb"[A-Za-z0-9+/]*")
_SEQUENCE = b"M"
"""The first character of every DER SEQUENCE in base64."""


def blocks(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Each block's label and base64, of a last one without end, too, where it begins as DER."""
    label, body = "", list[bytes]()
    for raw in data.splitlines():
        line = raw.strip()
        if line.startswith(MARK) and line.endswith(b"-----"):
            label, body = line[len(MARK) : -5].decode("ascii", "replace"), []
        elif line.startswith(b"-----END ") and label:
            yield label, b"".join(body)
            label = ""
        elif label:
            body.append(line)
    if label and body and body[0].startswith(_SEQUENCE):
        yield label, b"".join(body)


def decoded(body: bytes) -> bytes:
    """The bytes, up to where the base64 breaks. Raises `ValueError` when there are none."""
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        good = _BASE64.match(body)
        start = good[0][: len(good[0]) // 4 * 4] if good else b""
        if not start:
            raise ValueError("no base64") from None
        return base64.b64decode(start)
