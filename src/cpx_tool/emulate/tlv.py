"""BER-TLV written (ISO/IEC 7816-4, 6.3); DER elements are among them."""

from __future__ import annotations

_SHORT_FORM = 0x80
SEQUENCE = 0x30


def tlv(tag: int, *parts: bytes) -> bytes:
    """One object: tag as its bytes read big-endian, then the length and all parts."""
    value = b"".join(parts)
    return _number(tag) + _length(len(value)) + value


def sequence(*parts: bytes) -> bytes:
    """A SEQUENCE."""
    return tlv(SEQUENCE, *parts)


def integer(value: int) -> bytes:
    """An INTEGER that is not negative."""
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def octets(value: bytes) -> bytes:
    """An OCTET STRING."""
    return tlv(0x04, value)


def text(value: str) -> bytes:
    """A UTF8String."""
    return tlv(0x0C, value.encode())


def oid(body: str) -> bytes:
    """An OBJECT IDENTIFIER, from its content in hex."""
    return tlv(0x06, bytes.fromhex(body))


def bits(*set_bits: int) -> bytes:
    """A named BIT STRING with these bits set, bit 0 first, no zeros at its end (X.690, 11.2.2)."""
    if not set_bits:
        return tlv(0x03, b"\0")
    size = max(set_bits) // 8 + 1
    number = sum(1 << (8 * size - 1 - bit) for bit in set_bits)
    unused = 8 * size - 1 - max(set_bits)
    return tlv(0x03, bytes([unused]), number.to_bytes(size, "big"))


def _number(tag: int) -> bytes:
    return tag.to_bytes((tag.bit_length() + 7) // 8 or 1, "big")


def _length(length: int) -> bytes:
    if length < _SHORT_FORM:
        return bytes([length])
    body = _number(length)
    return bytes([_SHORT_FORM | len(body)]) + body
