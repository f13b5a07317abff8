"""Inputs of legal shape and absurd size, for `make fuzz`: as many of everything as a file holds.

Each is as large as what reads it lets through, or larger.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from cpx_tool.pki.certificate import MAX_CERTIFICATES
from support.pki import AT, CrlSpec, pem
from support.targets import CA, LEAF, observation_seeds
from support.tls import crooked, misbehaving, spoilt
from support.tree import EXTENSIONS, KEY, SERIAL, SUBJECT, VALIDITY, Node, changed, part, tlv

Made = Callable[[], bytes]

CERTIFICATE, FILE, CRL, TOML, OBSERVATION = 60_000, 1_000_000, 15_500_000, 255_000, 60_000_000
"""What a reader lets through, in bytes, less some head."""

COMMON_NAME, EMPTY = bytes.fromhex("0603550403"), tlv(0x30, b"")
LONG_OID = tlv(0x06, b"\xff" * CERTIFICATE + b"\x7f")


def filled(piece: bytes, size: int) -> bytes:
    """As many of them as fit."""
    return piece * (size // len(piece))


def _certificate(place: int, content: bytes, tag: int = 0x30) -> bytes:
    return changed(LEAF.der(), part(place), lambda _: Node(tag, content))


def _extension(oid: str, value: bytes) -> bytes:
    """The leaf with one extension only."""
    one = tlv(0x30, tlv(0x06, bytes.fromhex(oid)) + tlv(0x04, tlv(0x30, value)))
    return _certificate(EXTENSIONS, tlv(0x30, one), 0xA3)


def _nested(tag: int, size: int) -> bytes:
    content = b""
    while len(content) < size:
        content = tlv(tag, content)
    return content


def _oids(head: bytes, tail: bytes) -> Iterator[bytes]:
    """Elements that differ in their OID, without end."""
    number = 1 << 21
    while True:
        digits = [0x80 | number >> shift & 0x7F for shift in (21, 14, 7)]
        yield tlv(0x30, tlv(0x06, head + bytes([*digits, number & 0x7F])) + tail)
        number += 1


def _until(size: int, pieces: Iterator[bytes]) -> bytes:
    content = bytearray()
    while len(content) < size:
        content += next(pieces)
    return bytes(content)


ATTRIBUTE = tlv(0x30, COMMON_NAME + tlv(0x0C, b"A"))
URI = tlv(0x86, b"a")
CERTIFICATES: Mapping[str, Made] = {
    "RDNs": lambda: _certificate(SUBJECT, filled(tlv(0x31, ATTRIBUTE), CERTIFICATE)),
    "attributes": lambda: _certificate(SUBJECT, tlv(0x31, filled(ATTRIBUTE, CERTIFICATE))),
    "a name": lambda: _certificate(
        SUBJECT, tlv(0x31, tlv(0x30, COMMON_NAME + tlv(0x0C, b"D" * CERTIFICATE)))
    ),
    "an OID in a name": lambda: _certificate(
        SUBJECT, tlv(0x31, tlv(0x30, LONG_OID + tlv(0x0C, b"D")))
    ),
    "extensions": lambda: _certificate(
        EXTENSIONS, tlv(0x30, _until(CERTIFICATE, _oids(b"\x2a", tlv(0x04, b"")))), 0xA3
    ),
    "the same extension": lambda: _certificate(
        EXTENSIONS, tlv(0x30, filled(tlv(0x30, COMMON_NAME + tlv(0x04, b"")), CERTIFICATE)), 0xA3
    ),
    "extended key usages": lambda: _extension("551d25", filled(COMMON_NAME, CERTIFICATE)),
    "one extended key usage": lambda: _extension("551d25", LONG_OID),
    "policies": lambda: _extension("551d20", filled(tlv(0x30, COMMON_NAME), CERTIFICATE)),
    "one policy": lambda: _extension("551d20", tlv(0x30, LONG_OID)),
    "server names": lambda: _extension("551d11", filled(tlv(0x82, b"a"), CERTIFICATE)),
    "one other name": lambda: _extension("551d11", tlv(0xA0, LONG_OID + tlv(0xA0, b"\x05\0"))),
    "CRL addresses": lambda: _extension(
        "551d1f", filled(tlv(0x30, tlv(0xA0, tlv(0xA0, URI))), CERTIFICATE)
    ),
    "CA addresses": lambda: _extension(
        "2b06010505070101",
        filled(tlv(0x30, tlv(0x06, bytes.fromhex("2b06010505073002")) + URI), CERTIFICATE),
    ),
    "specialities": lambda: _extension("2a817a0147040205", filled(tlv(0x0C, b"SM26"), CERTIFICATE)),
    "a nested extension": lambda: _extension("551d11", _nested(0x30, CERTIFICATE)),
    "a nested name": lambda: _certificate(SUBJECT, _nested(0x31, CERTIFICATE)),
    "a modulus": lambda: _certificate(
        KEY,
        tlv(0x30, bytes.fromhex("06092a864886f70d0101010500"))
        + tlv(0x03, b"\0" + tlv(0x30, tlv(0x02, b"\x7f" * CERTIFICATE) + tlv(0x02, b"\3"))),
    ),
    "a curve": lambda: _certificate(
        KEY, tlv(0x30, bytes.fromhex("06072a8648ce3d0201") + LONG_OID) + tlv(0x03, b"\0")
    ),
    "a serial number": lambda: _certificate(SERIAL, b"\x7f" * CERTIFICATE, 0x02),
    "dates": lambda: _certificate(VALIDITY, tlv(0x18, b"2" * CERTIFICATE) + tlv(0x17, b"")),
    "no end": lambda: filled(b"\x30\x80", CERTIFICATE),
    "a tag": lambda: b"\x30\x82\xf0\x00\x3f" + b"\xff" * CERTIFICATE,
}
FILES: Mapping[str, Made] = {
    "PEM blocks of nothing": lambda: filled(pem(b""), FILE),
    "PEM blocks": lambda: filled(pem(EMPTY), FILE),
    "certificates in PEM": lambda: filled(pem(LEAF.der()), FILE),
    "as many certificates as are read": lambda: b"".join(
        pem(LEAF.but(serial=number).der()) for number in range(1, MAX_CERTIFICATES + 1)
    ),
    "PEM blocks that only begin": lambda: filled(b"-----BEGIN CERTIFICATE-----\n", FILE),
    "a PEM label": lambda: b"-----BEGIN " + b"A" * CERTIFICATE * 15 + b"-----\nx\n-----END -----\n",
    "PEM labels": lambda: _until(
        FILE - 99, (b"-----BEGIN %d-----\n-----END-----\n" % n for n in iter(range(10**6)))
    ),
    "a bundle of nothing": lambda: _bundle(filled(EMPTY, FILE - 99)),
    "a bundle": lambda: _bundle(filled(LEAF.der(), FILE - 9_999)),
    "a nested bundle": lambda: _bundle(_nested(0xA0, FILE // 2)),
    "a bundle without end": lambda: b"\x30\x80" + SIGNED_DATA + filled(b"\xa0\x80", FILE - 99),
}
SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")


def _bundle(certificates: bytes) -> bytes:
    head = bytes.fromhex("0201013100300b06092a864886f70d010701")
    signed = tlv(0x30, head + tlv(0xA0, certificates) + tlv(0x31, b""))
    return tlv(0x30, SIGNED_DATA + tlv(0xA0, signed))


# --- CRLs -------------------------------------------------------------------------------------

NAME, LIST, WRAPPED = 2, 5, 6


def _crl(place: int, content: bytes, tag: int = 0x30) -> bytes:
    der = CrlSpec(CA, {7: (AT, None)}).der()
    return changed(der, (0, place), lambda _: Node(tag, content))


def _crl_extension(oid: str, value: bytes) -> bytes:
    one = tlv(0x30, tlv(0x06, bytes.fromhex(oid)) + tlv(0x04, value))
    return _crl(WRAPPED, tlv(0x30, one), 0xA0)


DATE = tlv(0x17, b"250101000000Z")
ENTRY = tlv(0x30, tlv(0x02, b"\x40" + bytes(15)) + DATE)
LOOKS_CRITICAL = tlv(0x30, tlv(0x02, b"\x40\x01\x01\xff\x04" + bytes(11)) + DATE)
OURS = tlv(0x30, tlv(0x02, LEAF.serial.to_bytes(2, "big")) + DATE)
CRLS: Mapping[str, Made] = {
    "entries": lambda: _crl(LIST, filled(ENTRY, CRL)),
    "entries, ours the last": lambda: _crl(LIST, filled(ENTRY, CRL) + OURS),
    "entries that look critical": lambda: _crl(LIST, filled(LOOKS_CRITICAL, CRL)),
    "entries of nothing": lambda: _crl(LIST, filled(EMPTY, CRL) + OURS),
    "an entry": lambda: _crl(LIST, tlv(0x30, OURS[2:] + tlv(0x30, filled(EMPTY, CRL)))),
    "extensions": lambda: _crl(
        WRAPPED, tlv(0x30, _until(CRL, _oids(b"\x2a", tlv(0x04, b"")))), 0xA0
    ),
    "the same extension": lambda: _crl(
        WRAPPED, tlv(0x30, filled(tlv(0x30, COMMON_NAME + tlv(0x04, b"")), CRL)), 0xA0
    ),
    "RDNs": lambda: _crl(NAME, filled(tlv(0x31, ATTRIBUTE), CRL)),
    "an OID": lambda: _crl(NAME, tlv(0x31, tlv(0x30, tlv(0x06, b"\xff" * CRL) + tlv(0x0C, b"")))),
    "a number": lambda: _crl_extension("551d14", tlv(0x02, b"\x7f" * CRL)),
    "addresses": lambda: _crl_extension(
        "551d1c", tlv(0x30, tlv(0xA0, tlv(0xA0, filled(URI, CRL))))
    ),
    "a key identifier": lambda: _crl_extension("551d23", tlv(0x30, tlv(0x80, bytes(CRL)))),
    "nested": lambda: _crl(WRAPPED, _nested(0x30, 500_000), 0xA0),
    "parts": lambda: tlv(0x30, filled(EMPTY, CRL)),
    "no end": lambda: filled(b"\x30\x80", CRL),
    "a tag": lambda: b"\x30\x84\x00\xec\x00\x00\x3f" + b"\xff" * CRL,
    "PEM blocks": lambda: filled(pem(CrlSpec(CA).der(), "X509 CRL"), CRL),
    "PEM blocks of nothing": lambda: filled(b"-----BEGIN X509 CRL-----\n", CRL),
    "a line": lambda: b"-----BEGIN " + b"-" * CRL,
}

# --- set files and observations ---------------------------------------------------------------

HEAD = b'name = "a"\ntitle = "a"\nsize = 1\n'
CARD = b'[[card]]\nrole = "a"\ntitle = "b"\ncard_type = "CPS"\n'
SETS: Mapping[str, Made] = {
    "cards": lambda: HEAD + filled(b"[[card]]\n", TOML),
    "keys": lambda: _until(TOML, (b"k%d=1\n" % n for n in iter(range(10**6)))),
    "tables": lambda: _until(TOML, (b"[a%d]\n" % n for n in iter(range(10**6)))),
    "a key": lambda: b"x" * TOML + b"=1",
    "a dotted key": lambda: filled(b"a.", TOML) + b"a=1",
    "a dotted table": lambda: b"[" + filled(b"a.", TOML) + b"a]\n",
    "nested lists": lambda: b"x=" + b"[" * (TOML // 2) + b"]" * (TOML // 2),
    "nested tables": lambda: b"x=" + filled(b"{a=", TOML),
    "a text": lambda: b'title = "' + filled(b"\\u0041", TOML) + b'"',
    "quotes": lambda: b"'" * TOML,
    "double quotes": lambda: b'"' * TOML,
    "a text of quotes": lambda: b'x = """' + filled(b'"" ', TOML),
    "comments": lambda: b"#" * TOML,
    "lines": lambda: b"\n" * TOML,
    "brackets": lambda: filled(b"[]", TOML),
    "a number": lambda: b"size = " + b"9" * TOML,
    "a fraction": lambda: b"size = 1e" + b"9" * TOML,
    "a date": lambda: b"size = 1979-05-27T07:32:00." + b"9" * TOML,
    "specialities": lambda: HEAD + CARD + b"specialities = [" + filled(b'"SM26",', TOML) + b"]",
    "aliases": lambda: HEAD + b"aliases = [" + filled(b'"SM26",', TOML) + b"]",
    "backslashes": lambda: b'x = "' + filled(b"\\\\", TOML) + b'"\n',
}


def _observation(value: Any, *path: str | int) -> bytes:
    """One card, with so many of a value in place of one."""
    seen = json.loads(observation_seeds()[1])
    place = seen
    for step in path[:-1]:
        place = place[step]
    size = len(json.dumps(value)) + 2
    place[path[-1]] = [value] * (OBSERVATION // size)
    return json.dumps(seen).encode()


NO_CERTIFICATE = {"label": "", "id": "", "der": ""}
NO_CARD = {
    "slot": {"id": 0, "description": "", "token_present": True},
    "reader": None,
    "token": None,
}
OBSERVATIONS: Mapping[str, Made] = {
    "cards": lambda: _observation(NO_CARD, "cards"),
    "certificates": lambda: _observation(NO_CERTIFICATE, "cards", 0, "certificates"),
    "CAs": lambda: _observation("", "trust", "certificates"),
    "CRLs": lambda: _observation("AAAA", "trust", "crls"),
    "answers": lambda: _observation("AAAA", "trust", "answers"),
    "accepted": lambda: _observation("", "trust", "accepted"),
    "flags": lambda: _observation("initialized", "cards", 0, "token", "flags"),
    "something else": lambda: b'{"a": [' + filled(b"[],", OBSERVATION) + b"0]}",
    "nested": lambda: filled(b'{"a":', OBSERVATION),
    "a version": lambda: b'{"schema_version": ' + b"9" * 5_000_000 + b"}",
}


def _flight(*messages: bytes) -> bytes:
    """A ServerHello of TLS 1.2, and these after it, in records as long as they may be."""
    content = b"".join(messages)
    pieces = [content[at : at + RECORD] for at in range(0, len(content), RECORD)]
    return spoilt.plain(_hello() + b"".join(misbehaving.record(22, piece) for piece in pieces))


def _certificates(ders: list[bytes]) -> bytes:
    return crooked.message(11, crooked.certificate_body(ders, "TLSv1.2"))


RECORD, HANDSHAKE = 2**14, 1_000_000
"""A record, and what a server may send before the end of a handshake, in bytes."""


@cache
def _hello() -> bytes:
    """Of a server whose key exchange is RSA."""
    flight = spoilt.flight(2)
    return flight[: 5 + int.from_bytes(flight[3:5])]


SERVERS: Mapping[str, Made] = {
    "a message": lambda: spoilt.plain(misbehaving.LONG_MESSAGE * 60),
    "warnings": lambda: spoilt.plain(filled(misbehaving.WARNING, HANDSHAKE)),
    "changes of cipher": lambda: _flight() + filled(misbehaving.CHANGE, HANDSHAKE),
    "certificates": lambda: _flight(_certificates([LEAF.der()] * 2_000)),
    "certificates without content": lambda: _flight(_certificates([b""] * 300_000)),
    "a certificate": lambda: _flight(_certificates([_nested(0x30, HANDSHAKE)])),
    "names of CAs": lambda: _flight(
        _certificates([LEAF.der()]),
        crooked.message(13, crooked.request_body("TLSv1.2", names=[b""] * 32_000)),
    ),
    "schemes": lambda: _flight(
        _certificates([LEAF.der()]),
        crooked.message(13, crooked.request_body("TLSv1.2", [0x0804] * 32_000)),
    ),
    "messages without content": lambda: _flight(filled(bytes(4), HANDSHAKE)),
    "a page": lambda: spoilt.plain(filled(b"HTTP/1.1 200 OK\r\n", HANDSHAKE)),
}

LARGE: Mapping[str, Mapping[str, Made]] = {
    "certificate": {**CERTIFICATES, **FILES},
    "inspect": {**CERTIFICATES, **FILES},
    "chain": CERTIFICATES,
    "crl": CRLS,
    "ocsp": CERTIFICATES,
    "p12": CERTIFICATES,
    "card-object": {
        "objects": lambda: filled(b"\x80\0", FILE),
        "padding": lambda: bytes(FILE),
        "one": lambda: b"\xe3\x83\x0f\x42\x00" + b"\x83\0" * 500_000,
    },
    "set-file": SETS,
    "observation": OBSERVATIONS,
    "endpoint": {
        "a name": lambda: b"https://" + b"a" * FILE,
        "labels": lambda: b"https://" + filled("é.".encode(), FILE),
        "a path": lambda: b"https://server/" + filled(b"%C3%A9 ", FILE),
    },
    "chip": {
        "one command": lambda: b"\3\xff\xff" + b"\0\xa4" * 32_767 + b"\0",
        "commands": lambda: b"\3" + b"\0\4\0\x84\0\0" * 20_000,
        "a chain": lambda: b"\4" + (b"\1\4\x11\x2a\x80\x86\xff" + bytes(255)) * 1_000,
    },
    "tls": SERVERS,
}
"""Target → name → input."""
