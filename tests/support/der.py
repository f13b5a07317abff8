"""DER by hand: the skeleton of a certificate, and certificates that no library would make.

A skeleton is what stands where, and nothing of what it says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from asn1crypto import core, parser, x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

_SET, _OID, _BOOLEAN = 0x11, 6, 1
_TAG_BIT_STRING, _TAG_T61_STRING, _TAG_PRINTABLE_STRING = 0x03, 0x14, 0x13
_TAG_SEQUENCE, _TAG_SET = 0x30, 0x31
_SUBJECT = 5
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
    return [_skeleton(element) for element in _elements(contents)]


def _elements(contents: bytes) -> Iterator[bytes]:
    while contents:
        *_, header, value, trailer = parser.parse(contents)
        size = len(header) + len(value) + len(trailer)
        yield contents[:size]
        contents = contents[size:]


Attribute = tuple[str, str]
"""OID and value."""


def with_legacy_subject(
    der: bytes, key: rsa.RSAPrivateKey, rdns: Sequence[Sequence[Attribute]]
) -> bytes:
    """The certificate with this subject, written as on IGC-CPS 2ter cards; signed anew by `key`.

    The attributes of an RDN stand in the order given, where DER wants a SET OF sorted (X.690,
    11.6); values that are not ASCII are Latin-1 in T61String.
    """
    tbs = list(_elements(x509.Certificate.load(der)["tbs_certificate"].contents))
    tbs[_SUBJECT] = tlv(_TAG_SEQUENCE, b"".join(_rdn(rdn) for rdn in rdns))
    signed = tlv(_TAG_SEQUENCE, b"".join(tbs))
    signature = key.sign(signed, padding.PKCS1v15(), SHA256())
    _, algorithm, _ = _elements(x509.Certificate.load(der).contents)
    return tlv(_TAG_SEQUENCE, signed + algorithm + tlv(_TAG_BIT_STRING, b"\0" + signature))


def _rdn(attributes: Sequence[Attribute]) -> bytes:
    inside = (
        tlv(_TAG_SEQUENCE, core.ObjectIdentifier(oid).dump() + _text(text))
        for oid, text in attributes
    )
    return tlv(_TAG_SET, b"".join(inside))


def _text(text: str) -> bytes:
    tag = _TAG_PRINTABLE_STRING if text.isascii() else _TAG_T61_STRING
    return tlv(tag, text.encode("latin-1"))


def tlv(tag: int, contents: bytes) -> bytes:
    """Tag, length, contents."""
    size = len(contents)
    if size < 0x80:
        return bytes([tag, size]) + contents
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + contents
