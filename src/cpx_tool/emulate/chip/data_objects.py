"""Security data objects of IAS ECC, as GET DATA answers them: PINs and private keys.

Their shapes are those that a real card gave, as far as OpenSC's threads quote it (issue 2275
and pull request 2217); the values are the emulated card's own.
"""

from __future__ import annotations

from cpx_tool.emulate.chip.contents import Contents, HeldKey
from cpx_tool.emulate.chip.pin import Pin
from cpx_tool.emulate.chip.status import Refusal, Status
from cpx_tool.emulate.tlv import tlv
from cpx_tool.pki.tlv import read_tlvs

_REQUEST, _TEMPLATE = 0x4D, 0x70
_OBJECT_CLASS = 0xBF
_PIN_CLASS, _KEY_CLASS = 0x81, 0x90
_CONTROL = b"\xa0\x80"
_PIN_FIELDS, _KEY_FIELDS = b"\x7f\x41\x80", b"\x7f\x48\x80"

_USER_PIN_RULES = bytes.fromhex("F3000013FF00")
_UNBLOCKING_RULES = bytes.fromhex("F3FF00FFFF00")
_QUALIFIED_RULES = bytes.fromhex("4311FF00")
_AUTHENTICATION_RULES = bytes.fromhex("331111FF00")
_FREE_RULES = bytes.fromhex("2300FF00")
"""Access mode byte, then a condition for each bit that is set: 11 is the holder's PIN, 00 none."""


def data_object(contents: Contents, request: bytes) -> bytes:
    """What `4D{70{BF class reference{tags}}}` asks for. Raises `Refusal`."""
    kind, reference, wanted = _asked(request)
    if kind == _PIN_CLASS:
        body = _of_pin(contents.pin(reference), reference, wanted)
    elif kind == _KEY_CLASS:
        body = _of_key(_held(contents, reference), wanted)
    else:
        raise Refusal(Status.NO_OBJECT)
    inner = bytes([_OBJECT_CLASS, kind, reference, len(body)]) + body
    return tlv(_TEMPLATE, inner)


def _asked(request: bytes) -> tuple[int, int, bytes]:
    """Class, reference, and the tags that are wanted.

    The object's tag has three bytes whatever their bits say, so that it is cut by hand.
    """
    inner = _value(_value(request, _REQUEST), _TEMPLATE)
    if len(inner) < 4 or inner[0] != _OBJECT_CLASS or len(inner) != 4 + inner[3]:  # noqa: PLR2004
        raise Refusal(Status.BAD_DATA)
    return inner[1], inner[2], inner[4:]


def _value(data: bytes, tag: int) -> bytes:
    found = read_tlvs(data)
    if len(found) != 1 or found[0].tag != tag:
        raise Refusal(Status.BAD_DATA)
    return found[0].value


def _of_pin(pin: Pin, reference: int, wanted: bytes) -> bytes:
    if wanted == _PIN_FIELDS:
        length = bytes([pin.length])
        return tlv(0x7F41, tlv(0x80, length), tlv(0x81, length))
    if wanted != _CONTROL:
        raise Refusal(Status.NO_OBJECT)
    uses = b"" if pin.uses is None else tlv(0x9D, pin.uses.to_bytes(2, "big"))
    rules = _UNBLOCKING_RULES if reference != 1 else _USER_PIN_RULES
    return tlv(
        0xA0,
        tlv(0x9A, bytes([pin.most])),
        tlv(0x9B, bytes([pin.left])),
        uses,
        tlv(0xA1, tlv(0x8C, rules)),
    )


def _of_key(held: HeldKey, wanted: bytes) -> bytes:
    if wanted == _KEY_FIELDS:  # OpenSC goes on after this word only [seen]
        raise Refusal(Status.BAD_DATA)
    if wanted != _CONTROL:
        raise Refusal(Status.NO_OBJECT)
    rules = _QUALIFIED_RULES if held.qualified else _AUTHENTICATION_RULES
    if held.free:
        rules = _FREE_RULES
    size = held.key.size.to_bytes(2, "big")
    return tlv(0xA0, tlv(0xA1, tlv(0x8C, rules)), tlv(0x80, size))


def _held(contents: Contents, reference: int) -> HeldKey:
    held = contents.keys.get(reference | 0x80)
    if held is None:
        raise Refusal(Status.NO_OBJECT)
    return held
