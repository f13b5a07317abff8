"""Run as a program: MODULE in argv, PIN on standard input, all tokens as JSON on the output."""

from __future__ import annotations

import json
import sys
from typing import Any

import pkcs11
from pkcs11 import MGF, Attribute, KeyType, Mechanism, ObjectClass
from pkcs11.exceptions import PKCS11Error

MESSAGE = b"dumped"
DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420") + bytes(32)
MECHANISMS = (
    (Mechanism.RSA_PKCS, None, DIGEST_INFO),
    (Mechanism.SHA256_RSA_PKCS, None, MESSAGE),
    (Mechanism.RSA_X_509, None, bytes(256)),
    (Mechanism.SHA256_RSA_PKCS_PSS, (Mechanism.SHA256, MGF.SHA256, 32), MESSAGE),
)
FLAGS = (
    Attribute.PRIVATE,
    Attribute.SENSITIVE,
    Attribute.EXTRACTABLE,
    Attribute.SIGN,
    Attribute.DECRYPT,
    Attribute.MODIFIABLE,
)
BYTES = (
    Attribute.ID,
    Attribute.VALUE,
    Attribute.MODULUS,
    Attribute.SUBJECT,
    Attribute.SERIAL_NUMBER,
    Attribute.PRIVATE_EXPONENT,
)


def get(item: Any, attribute: Attribute) -> Any:
    try:
        return item[attribute]
    except PKCS11Error as error:
        return type(error).__name__


def show(item: Any) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "class": ObjectClass(get(item, Attribute.CLASS)).name,
        "label": get(item, Attribute.LABEL),
        "application": get(item, Attribute.APPLICATION),
    }
    shown.update((flag.name, get(item, flag)) for flag in FLAGS)
    for attribute in BYTES:
        value = get(item, attribute)
        shown[attribute.name] = value if isinstance(value, str) else bytes(value).hex()
    return shown


def sign(key: Any, mechanism: Mechanism, parameter: Any, data: bytes) -> str:
    try:
        return bytes(key.sign(data, mechanism=mechanism, mechanism_param=parameter)).hex()
    except PKCS11Error as error:
        return type(error).__name__


def dump(slot: Any, pin: str) -> dict[str, Any]:
    token = slot.get_token()
    with token.open() as session:
        free = [show(item) for item in list(session.get_objects())]
    with token.open(user_pin=pin) as session:
        everything = [show(item) for item in list(session.get_objects())]
        template = {Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.KEY_TYPE: KeyType.RSA}
        keys = list(session.get_objects(template))
        signatures = {key.label: {m[0].name: sign(key, *m) for m in MECHANISMS} for key in keys}
    return {
        "slot_id": slot.slot_id,
        "slot_description": slot.slot_description.strip(),
        "label": token.label,
        "serial": token.serial.decode(),
        "mechanisms": sorted(mechanism.name for mechanism in slot.get_mechanisms()),
        "free": free,
        "all": everything,
        "signatures": signatures,
    }


def main() -> None:
    pin = sys.stdin.read()
    slots = pkcs11.lib(sys.argv[1]).get_slots()
    initialised = pkcs11.TokenFlag.TOKEN_INITIALIZED
    print(json.dumps([dump(s, pin) for s in slots if s.get_token().flags & initialised]))


if __name__ == "__main__":
    main()
