"""The child process that fills SoftHSM: reads a specification from standard input."""

from __future__ import annotations

import ctypes
import errno
import secrets
import struct
import sys
from pathlib import Path
from typing import Any

import msgspec
import pkcs11
from pkcs11 import Attribute, CertificateType, KeyType, Mechanism, ObjectClass
from pkcs11.attributes import AttributeMapper
from pkcs11.exceptions import PKCS11Error

from cpx_tool.adapters.pkcs11 import ckr_name
from cpx_tool.adapters.softhsm_spec import (
    DataSpec,
    EmulationSpec,
    KeySpec,
    ObjectSpec,
    TokenSpec,
    WriterAnswer,
    WrittenToken,
)
from cpx_tool.adapters.system import end_with_parent

_RW_SERIAL_SESSION = 6
_SECURITY_OFFICER = 0
_LABEL_BYTES = 32
_TOKEN_SERIAL = 0x8000534A
"""CKA_OS_TOKENSERIAL, the attribute in which SoftHSM 2 keeps a token's serial number."""


def main() -> None:
    """Write every token of the specification; answer with where they are, or why not."""
    end_with_parent()
    spec = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=EmulationSpec)
    answer = WriterAnswer()
    try:
        answer.tokens = write(spec)
    except NotSoftHsm:
        answer.not_softhsm = True
    except Refused as error:
        answer.refusal = str(error)
    except PKCS11Error as error:
        answer.refusal = ckr_name(error)
    except OSError as error:
        answer.refusal = errno.errorcode.get(error.errno or 0, "I/O")
    sys.stdout.buffer.write(msgspec.msgpack.encode(answer))


def write(spec: EmulationSpec) -> list[WrittenToken]:
    """Make the tokens, then fill them.

    Raises `NotSoftHsm`, `Refused`, the binding's errors, and `OSError` of the store's files.
    """
    library = _load(spec.module)
    directory = Path(spec.tokens_directory)
    for token in spec.tokens:
        before = set(directory.iterdir())
        _init_token(library, token.label, spec.pin.encode())
        created = set(directory.iterdir()) - before
        if len(created) != 1:  # another module, which keeps its tokens elsewhere
            raise NotSoftHsm
        _set_serial(created.pop() / "token.object", token.serial.encode())
    module = pkcs11.lib(spec.module)
    by_serial = {token.serial.decode(): token for token in module.get_tokens()}
    if not {token.serial for token in spec.tokens} <= set(by_serial):
        raise Refused("the serial numbers do not show")
    for token in spec.tokens:
        _fill(by_serial[token.serial], token, spec.pin)
    slots = (by_serial[token.serial].slot for token in spec.tokens)
    written = [
        WrittenToken(token.serial, slot.slot_id, slot.slot_description.strip())
        for token, slot in zip(spec.tokens, slots, strict=True)
    ]
    module.finalize()
    return written


class NotSoftHsm(Exception):
    """The library is none, or another one than SoftHSM 2."""


class Refused(Exception):
    """SoftHSM refused a call; the text says which and how."""


def _load(path: str) -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(path)
        _ = library.C_Initialize
    except (OSError, AttributeError):
        raise NotSoftHsm from None
    return library


def _init_token(library: Any, label: str, pin: bytes) -> None:
    """C_InitToken and C_InitPIN: python-pkcs11 has neither, softhsm2-util wants PINs in argv."""
    so_pin = secrets.token_hex(8).encode()
    _call(library, "C_Initialize", None)
    slot = _last_slot(library)
    padded = label.encode().ljust(_LABEL_BYTES)
    ulong = ctypes.c_ulong
    _call(library, "C_InitToken", slot, so_pin, ulong(len(so_pin)), padded)
    session = ulong()
    flags = ulong(_RW_SERIAL_SESSION)
    _call(library, "C_OpenSession", slot, flags, None, None, ctypes.byref(session))
    _call(library, "C_Login", session, ulong(_SECURITY_OFFICER), so_pin, ulong(len(so_pin)))
    _call(library, "C_InitPIN", session, pin, ulong(len(pin)))
    _call(library, "C_Finalize", None)


def _last_slot(library: Any) -> ctypes.c_ulong:
    """The uninitialised token is always the last slot (SoftHSM 2)."""
    count = ctypes.c_ulong()
    _call(library, "C_GetSlotList", ctypes.c_ubyte(0), None, ctypes.byref(count))
    if not count.value:
        raise NotSoftHsm
    slots = (ctypes.c_ulong * count.value)()
    _call(library, "C_GetSlotList", ctypes.c_ubyte(0), slots, ctypes.byref(count))
    return ctypes.c_ulong(slots[count.value - 1])


def _call(library: Any, name: str, *arguments: Any) -> None:
    code = getattr(library, name)(*arguments)
    if code != 0:
        raise Refused(f"{name}: 0x{code:x}")


def _set_serial(path: Path, serial: bytes) -> None:
    """SoftHSM draws a random serial; real ones are the head of the card number.

    The file is: 8 bytes generation, then attributes: type and kind (8 bytes each, big endian),
    kind 3 (byte string) followed by its length (8 bytes) and the bytes.
    """
    content = path.read_bytes()
    head = struct.pack(">QQ", _TOKEN_SERIAL, 3)
    if head not in content:
        raise NotSoftHsm
    start = content.index(head) + len(head)
    (length,) = struct.unpack(">Q", content[start : start + 8])
    rest = content[start + 8 + length :]
    path.write_bytes(content[:start] + struct.pack(">Q", len(serial)) + serial + rest)


def _fill(token: Any, spec: TokenSpec, pin: str) -> None:
    mapper = AttributeMapper()
    mapper.register_handler(Attribute.ALLOWED_MECHANISMS, _pack_mechanisms, bytes)
    with token.open(rw=True, user_pin=pin, attribute_mapper=mapper) as session:
        for item in spec.objects:
            session.create_object(_certificate(item))
            session.create_object(_public_key(item))
            if item.key is not None:
                session.create_object(_private_key(item, item.key))
        for data in spec.data:
            session.create_object(_data(data))


def _pack_mechanisms(names: list[str]) -> bytes:
    numbers = (Mechanism[name.removeprefix("CKM_")] for name in names)
    return b"".join(struct.pack("L", number) for number in numbers)


def _certificate(item: ObjectSpec) -> dict[Attribute, Any]:
    return {
        Attribute.CLASS: ObjectClass.CERTIFICATE,
        Attribute.CERTIFICATE_TYPE: CertificateType.X_509,
        Attribute.TOKEN: True,
        Attribute.PRIVATE: False,
        Attribute.LABEL: item.certificate_label,
        Attribute.ID: bytes.fromhex(item.id),
        Attribute.SUBJECT: item.subject,
        Attribute.ISSUER: item.issuer,
        Attribute.SERIAL_NUMBER: item.serial_number,
        Attribute.VALUE: item.certificate,
    }


def _public_key(item: ObjectSpec) -> dict[Attribute, Any]:
    return {
        Attribute.CLASS: ObjectClass.PUBLIC_KEY,
        Attribute.KEY_TYPE: KeyType.RSA,
        Attribute.TOKEN: True,
        Attribute.PRIVATE: False,
        Attribute.LABEL: f"Cle publique - {item.certificate_label}",
        Attribute.ID: bytes.fromhex(item.id),
        Attribute.MODULUS: item.public_modulus,
        Attribute.PUBLIC_EXPONENT: item.public_exponent,
        Attribute.VERIFY: True,
        Attribute.VERIFY_RECOVER: False,
        Attribute.ENCRYPT: item.decrypts,
        Attribute.WRAP: False,
    }


def _private_key(item: ObjectSpec, key: KeySpec) -> dict[Attribute, Any]:
    return {
        Attribute.CLASS: ObjectClass.PRIVATE_KEY,
        Attribute.KEY_TYPE: KeyType.RSA,
        Attribute.TOKEN: True,
        Attribute.PRIVATE: True,
        Attribute.SENSITIVE: True,
        Attribute.EXTRACTABLE: False,
        Attribute.LABEL: item.key_label,
        Attribute.ID: bytes.fromhex(item.id),
        Attribute.SIGN: True,
        Attribute.DECRYPT: item.decrypts,
        Attribute.SIGN_RECOVER: False,
        Attribute.UNWRAP: False,
        Attribute.ALLOWED_MECHANISMS: item.mechanisms,
        Attribute.MODULUS: key.modulus,
        Attribute.PUBLIC_EXPONENT: key.public_exponent,
        Attribute.PRIVATE_EXPONENT: key.private_exponent,
        Attribute.PRIME_1: key.prime_1,
        Attribute.PRIME_2: key.prime_2,
        Attribute.EXPONENT_1: key.exponent_1,
        Attribute.EXPONENT_2: key.exponent_2,
        Attribute.COEFFICIENT: key.coefficient,
    }


def _data(data: DataSpec) -> dict[Attribute, Any]:
    return {
        Attribute.CLASS: ObjectClass.DATA,
        Attribute.TOKEN: True,
        Attribute.PRIVATE: data.private,
        Attribute.LABEL: data.label,
        Attribute.APPLICATION: "CPS",
        Attribute.VALUE: data.value,
    }


if __name__ == "__main__":
    main()
