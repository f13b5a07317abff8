"""Distinguished names: RDNs by type, whatever their order and string type."""

from __future__ import annotations

from cpx_tool.model.certificate import Name
from cpx_tool.pki.der import SEQUENCE, SET, content, dotted, elements, is_whole

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


def read_name(der: bytes) -> tuple[Name, bool]:
    """The name, and whether all of it could be read. Never raises.

    A value that is no text is shown as "#" and its DER in hex (RFC 4514, 2.4); what is broken
    around it is left out.
    """
    whole = is_whole(der, SEQUENCE)
    name: list[tuple[tuple[str, str], ...]] = []
    for rdn in elements(content(der)):
        read = [_attribute(attribute) for attribute in elements(content(rdn))]
        whole = whole and is_whole(rdn, SET) and bool(read) and all(fine for _, fine in read)
        values = tuple(value for value, _ in read if value is not None)
        if values:
            name.append(values)
    return tuple(name), whole


def raw_text(der: bytes, short_type: str) -> str | None:
    """The first value of that type, exactly as it stands; None where there is no such text."""
    for rdn in elements(content(der)):
        for attribute in elements(content(rdn)):
            kind, value = (*elements(content(attribute)), b"", b"")[:2]
            if _type(kind) == short_type:
                return _text(value)
    return None


def shown(text: str) -> str:
    """The text with control characters replaced, so that it can be printed anywhere."""
    return "".join(c if c.isprintable() or c == "\N{NO-BREAK SPACE}" else "\ufffd" for c in text)


def _attribute(der: bytes) -> tuple[tuple[str, str] | None, bool]:
    """Type and value, and whether both could be read."""
    parts = elements(content(der))
    name = _type(parts[0]) if len(parts) == len(("type", "value")) else None
    if name is None:
        return None, False
    value = parts[1]
    text = _text(value)
    if text is None:
        return (name, f"#{value.hex()}"), False
    return (name, shown(text)), shown(text) == text and is_whole(der, SEQUENCE)


def _type(kind: bytes) -> str | None:
    try:
        oid = dotted(kind)
    except Exception:  # asn1crypto declares no errors of its own
        return None
    return _SHORT_TYPES.get(oid, oid)


def _text(der: bytes) -> str | None:
    encoding = _ENCODINGS.get(der[0]) if is_whole(der) else None
    if encoding is None:
        return None
    try:
        return content(der).decode(encoding)
    except UnicodeDecodeError:
        return None
