"""What a file is that was taken for a PKCS#12, and what to do about it."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable

from asn1crypto import core, crl, csr, keys

from cpx_tool.model.message import Message, msg, nmsg
from cpx_tool.pki.certificate import MAX_CERTIFICATE, is_pkcs7, read_certificate

Words = tuple[Message, Message]
"""The reason, and the remedy."""

_PEM_LABEL = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----")
_PFX_HEAD = bytes.fromhex("020103")
"""INTEGER 3, the version, with which a PKCS#12 begins (RFC 7292, 4)."""
_MAX_LENGTH_OCTETS = 4

_GIVE_P12 = msg("Give the .p12 (or .pfx) file that was withdrawn from the portal.")
_AGAIN = msg("Withdraw or copy it again, as a binary file.")
_REQUEST = msg(
    "A request becomes a certificate on the IGC-Santé's portal: withdraw the .p12 there, in the "
    "browser that made the request."
)
_JOIN = msg(
    "Put certificate and key together: openssl pkcs12 -export -in CERT.pem -inkey KEY.pem "
    "-out FILE.p12"
)
_CONVERT = msg(
    "Convert it: keytool -importkeystore -srckeystore FILE -destkeystore FILE.p12 "
    "-deststoretype PKCS12"
)

_SIGNATURES: tuple[tuple[bytes, Words], ...] = (
    (b"\xfe\xed\xfe\xed", (msg("This is a Java keystore (JKS), not a PKCS#12."), _CONVERT)),
    (b"\xce\xce\xce\xce", (msg("This is a Java keystore (JCEKS), not a PKCS#12."), _CONVERT)),
    (b"PK\x03\x04", (msg("This is a ZIP archive, not a PKCS#12."), msg("Unpack it first."))),
)


def what_it_is(data: bytes) -> Words:
    """Why these bytes are no PKCS#12 that can be read, in the words of what they are."""
    if not data:
        return msg("The file is empty."), _AGAIN
    for head, words in _SIGNATURES:
        if data.startswith(head):
            return words
    if _PEM_LABEL.search(data):
        return _pem(data)
    return _text(data) or _der(data) or _damaged(data)


def _pem(data: bytes) -> Words:
    labels = tuple(dict.fromkeys(label.decode() for label in _PEM_LABEL.findall(data)))
    reason = msg("This is PEM text, not a PKCS#12. It holds: {found}.", found=labels)
    if any("REQUEST" in label for label in labels):
        return reason, _REQUEST
    if any("PRIVATE KEY" in label for label in labels):
        return reason, _JOIN
    return reason, _GIVE_P12


def _text(data: bytes) -> Words | None:
    """A web page in place of a download, a PKCS#12 in base64, other text."""
    try:
        text = data.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        return None
    if text.startswith("<"):
        return msg("This is a web page or XML, not a PKCS#12."), _AGAIN
    try:
        inside = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        inside = b""
    if inside[:1] == b"\x30":
        return (
            msg("This is base64 text, not a binary file."),
            msg("Decode it first: base64 -d FILE > FILE.p12"),
        )
    if all(character.isprintable() or character.isspace() for character in text):
        return msg("This is text, not a PKCS#12."), _GIVE_P12
    return None


def _der(data: bytes) -> Words | None:
    if is_pkcs7(data):
        reason = msg("This is a PKCS#7 bundle of certificates, not a PKCS#12: it holds no key.")
        return reason, _GIVE_P12
    if len(data) > MAX_CERTIFICATE:
        return None
    return next((words for read, words in _KINDS if _reads(read, data)), None)


def _as(kind: type[core.Asn1Value]) -> Callable[[bytes], object]:
    """Forced: asn1crypto parses late."""
    return lambda data: kind.load(data, strict=True).native


_KINDS: tuple[tuple[Callable[[bytes], object], Words], ...] = (
    (
        read_certificate,
        (msg("This is a certificate alone, not a PKCS#12: it holds no key."), _GIVE_P12),
    ),
    (_as(csr.CertificationRequest), (msg("This is a certificate request (CSR)."), _REQUEST)),
    (_as(crl.CertificateList), (msg("This is a CRL, not a PKCS#12."), _GIVE_P12)),
    (_as(keys.PrivateKeyInfo), (msg("This is a private key alone, not encrypted."), _JOIN)),
    (_as(keys.EncryptedPrivateKeyInfo), (msg("This is a private key alone."), _JOIN)),
)


def _reads(read: Callable[[bytes], object], data: bytes) -> bool:
    try:
        read(data)
    except Exception:  # asn1crypto declares no errors of its own
        return False
    return True


def _damaged(data: bytes) -> Words:
    end = _end(data)
    if end > len(data):
        missing = end - len(data)
        return (
            nmsg(
                "It is cut short: {count} byte is missing.",
                "It is cut short: {count} bytes are missing.",
                missing,
            ),
            _AGAIN,
        )
    if 0 < end < len(data):
        return msg("It is damaged: something follows behind its end."), _AGAIN
    return msg("This is not a PKCS#12, or it is damaged."), _GIVE_P12


def _end(data: bytes) -> int:
    """Where a PKCS#12 ends, as its head announces it (X.690, 8.1.3); 0 where it is none."""
    if data[:1] != b"\x30" or _PFX_HEAD not in data[1:10]:
        return 0
    octets = data[1] & 0x7F if data[1] & 0x80 else 0
    if octets > _MAX_LENGTH_OCTETS:
        return 0
    length = int.from_bytes(data[2 : 2 + octets], "big") if octets else data[1]
    return 2 + octets + length
