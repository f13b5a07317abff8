"""ctypes: numbers of a token that python-pkcs11 reads and does not show."""

from __future__ import annotations

import ctypes
import sys

_GET_TOKEN_INFO = 6
"""The place of C_GetTokenInfo in CK_FUNCTION_LIST (PKCS#11 v2.40, 3.6)."""

_LONGEST = 255
_MOST_SESSIONS = 1_000_000
_PACKING = {"_pack_": 1} if sys.platform == "win32" else {}
"""PKCS#11 v2.40, 2.1: structures are packed on Windows, and laid out as usual elsewhere."""


class _FunctionList(ctypes.Structure):
    locals().update(_PACKING)
    _fields_ = (
        ("version", ctypes.c_ubyte * 2),
        ("functions", ctypes.c_void_p * (_GET_TOKEN_INFO + 1)),
    )


class _TokenInfo(ctypes.Structure):
    locals().update(_PACKING)
    _fields_ = (
        ("texts", ctypes.c_ubyte * 96),
        ("flags", ctypes.c_ulong),
        ("most_sessions", ctypes.c_ulong),
        ("sessions", ctypes.c_ulong),
        ("most_writing_sessions", ctypes.c_ulong),
        ("writing_sessions", ctypes.c_ulong),
        ("longest_pin", ctypes.c_ulong),
        ("shortest_pin", ctypes.c_ulong),
        ("rest", ctypes.c_ubyte * 256),  # more than there is: a module may write past its own
    )


def pin_lengths(path: str, slot_id: int) -> tuple[int, int] | None:
    """ulMinPinLen and ulMaxPinLen (PKCS#11 v2.40, 3.2) of a token, or None where the module says
    nothing that makes sense. The module at `path` is loaded and initialised in this process.
    """
    info = _token_info(path, slot_id)
    if info is None:
        return None
    shortest, longest = info.shortest_pin, info.longest_pin
    return (shortest, longest) if 0 < shortest <= longest <= _LONGEST else None


def open_sessions(path: str, slot_id: int) -> int:
    """ulSessionCount (PKCS#11 v2.40, 3.2): this process's sessions with a token, 0 where the
    module does not tell (CK_UNAVAILABLE_INFORMATION, or nonsense).
    """
    info = _token_info(path, slot_id)
    return info.sessions if info is not None and info.sessions <= _MOST_SESSIONS else 0


def _token_info(path: str, slot_id: int) -> _TokenInfo | None:
    get_list = ctypes.CDLL(path).C_GetFunctionList
    listed = ctypes.POINTER(_FunctionList)()
    if get_list(ctypes.byref(listed)) != 0 or not listed:
        return None
    prototype = ctypes.CFUNCTYPE(ctypes.c_ulong, ctypes.c_ulong, ctypes.POINTER(_TokenInfo))
    address = listed.contents.functions[_GET_TOKEN_INFO]
    info = _TokenInfo()
    if not address or prototype(address)(slot_id, ctypes.byref(info)) != 0:
        return None
    return info
