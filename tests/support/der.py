"""The skeleton of a certificate: what stands where, and nothing of what it says."""

from __future__ import annotations

from typing import Any

from asn1crypto import parser, x509

_SET, _OID, _BOOLEAN = 0x11, 6, 1
_UNIVERSAL = 0
_CONSTRUCTED = 1
_HEAD = (
    "version",
    "serial_number",
    "signature",
    "issuer",
    "validity",
    "subject",
    "subject_public_key_info",
)

Skeleton = Any
"""A tag for a primitive, (tag, contents) for an OID or a BOOLEAN, [tag, ...] for the rest."""


def certificate_skeleton(der: bytes) -> dict[str, Skeleton]:
    """Tags, OIDs and critical flags; the contents of extensions included, their order kept.

    Elements of a SET are sorted: DER sorts them by what they say.
    """
    tbs = x509.Certificate.load(der)["tbs_certificate"]
    head: dict[str, Skeleton] = {name: _skeleton(tbs[name].dump()) for name in _HEAD}
    inside = [
        (e["extn_id"].dotted, e["critical"].native, _skeleton(e["extn_value"].contents))
        for e in tbs["extensions"]
    ]
    return {**head, "extensions": inside}


def _skeleton(der: bytes) -> Skeleton:
    kind, method, tag, _, contents, _ = parser.parse(der, strict=True)
    if method == _CONSTRUCTED:
        inside = _split(contents)
        return [(kind, tag), *(sorted(inside, key=repr) if _is_set(kind, tag) else inside)]
    if kind == _UNIVERSAL and tag in (_OID, _BOOLEAN):
        return ((kind, tag), contents.hex())
    return (kind, tag)


def _is_set(kind: int, tag: int) -> bool:
    return (kind, tag) == (_UNIVERSAL, _SET)


def _split(contents: bytes) -> list[Skeleton]:
    inside = []
    while contents:
        *_, header, value, trailer = parser.parse(contents)
        size = len(header) + len(value) + len(trailer)
        inside.append(_skeleton(contents[:size]))
        contents = contents[size:]
    return inside
