"""Distinguished names: RDNs by type, whatever their order and string type."""

from __future__ import annotations

from asn1crypto import core

from cpx_tool.model.certificate import Name

_SHORT_TYPES = {
    "2.5.4.3": "CN",
    "2.5.4.4": "SN",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "street",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.12": "title",
    "2.5.4.42": "GN",
    "2.5.4.65": "pseudonym",
    "2.5.4.97": "organizationIdentifier",
    "0.9.2342.19200300.100.1.1": "UID",
    "0.9.2342.19200300.100.1.25": "DC",
    "1.2.840.113549.1.9.1": "emailAddress",
}

# X.680, 8.4: universal tags. Real IGC-CPS 2ter cards carry Latin-1 in T61String (20).
_ENCODINGS = {
    12: "utf-8",
    18: "ascii",
    19: "latin-1",
    20: "latin-1",
    22: "latin-1",
    26: "ascii",
    28: "utf-32-be",
    30: "utf-16-be",
}


class _Attribute(core.Sequence):  # type: ignore[misc]
    _fields = [("type", core.ObjectIdentifier), ("value", core.Any)]  # noqa: RUF012


class _Rdn(core.SetOf):  # type: ignore[misc]
    _child_spec = _Attribute


class _RdnSequence(core.SequenceOf):  # type: ignore[misc]
    _child_spec = _Rdn


def read_name(der: bytes) -> tuple[Name, bool]:
    """The name, and whether all of it could be read.

    A value that is no text is shown as "#" and its DER in hex (RFC 4514, 2.4). Raises
    whatever asn1crypto raises when the structure itself is broken.
    """
    whole = True
    name: list[tuple[tuple[str, str], ...]] = []
    for rdn in _RdnSequence.load(der, strict=True):
        values: list[tuple[str, str]] = []
        for attribute in rdn:
            text, readable = _value(attribute["value"].dump())
            whole = whole and readable
            oid = attribute["type"].dotted
            values.append((_SHORT_TYPES.get(oid, oid), text))
        name.append(tuple(values))
    return tuple(name), whole


def raw_text(der: bytes, short_type: str) -> str | None:
    """The first value of that type, exactly as it stands; None where there is no such text.

    Raises whatever asn1crypto raises when the structure itself is broken.
    """
    for rdn in _RdnSequence.load(der, strict=True):
        for attribute in rdn:
            oid = attribute["type"].dotted
            if _SHORT_TYPES.get(oid, oid) == short_type:
                return _text(core.load(attribute["value"].dump(), strict=True))
    return None


def shown(text: str) -> str:
    """The text with control characters replaced, so that it can be printed anywhere."""
    return "".join(c if c.isprintable() or c == "\N{NO-BREAK SPACE}" else "\ufffd" for c in text)


def _value(der: bytes) -> tuple[str, bool]:
    text = _text(core.load(der, strict=True))
    if text is None:
        return f"#{der.hex()}", False
    return shown(text), shown(text) == text


def _text(value: core.Asn1Value) -> str | None:
    encoding = _ENCODINGS.get(value.tag) if (value.class_, value.method) == (0, 0) else None
    if encoding is None:
        return None
    try:
        text: str = value.contents.decode(encoding)
    except UnicodeDecodeError:
        return None
    return text
