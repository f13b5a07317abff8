"""python-pkcs11: one module, in this process. Run it in a worker: a module may crash or hang."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import pkcs11
from pkcs11 import MGF, Attribute, Mechanism, ObjectClass
from pkcs11.exceptions import PKCS11Error

from cpx_tool.adapters.token_numbers import open_sessions, pin_lengths
from cpx_tool.model.fault import (
    CARD_CHANGED,
    MALFORMED_ANSWER,
    NO_SUCH_KEY,
    NOT_LOADED,
    SESSIONS_LEFT,
    Fault,
    FaultKind,
)
from cpx_tool.model.token import (
    FORBIDDING_FLAGS,
    CertificateObject,
    DataObject,
    ModuleInfo,
    PrivateContents,
    PrivateKey,
    Seal,
    Slot,
    TokenContents,
    TokenFlag,
    TokenInfo,
    seal,
)
from cpx_tool.ports import MAX_SLOTS, Pin, TokenFault

P = ParamSpec("P")
R = TypeVar("R")

_FLAGS = (
    (pkcs11.TokenFlag.TOKEN_INITIALIZED, TokenFlag.INITIALIZED),
    (pkcs11.TokenFlag.LOGIN_REQUIRED, TokenFlag.LOGIN_REQUIRED),
    (pkcs11.TokenFlag.USER_PIN_INITIALIZED, TokenFlag.PIN_INITIALIZED),
    (pkcs11.TokenFlag.PROTECTED_AUTHENTICATION_PATH, TokenFlag.PROTECTED_PATH),
    (pkcs11.TokenFlag.USER_PIN_COUNT_LOW, TokenFlag.PIN_COUNT_LOW),
    (pkcs11.TokenFlag.USER_PIN_FINAL_TRY, TokenFlag.PIN_FINAL_TRY),
    (pkcs11.TokenFlag.USER_PIN_LOCKED, TokenFlag.PIN_LOCKED),
    (pkcs11.TokenFlag.USER_PIN_TO_BE_CHANGED, TokenFlag.PIN_TO_BE_CHANGED),
    (pkcs11.TokenFlag.WRITE_PROTECTED, TokenFlag.WRITE_PROTECTED),
)

_PSS_PARAMETERS = {
    20: (Mechanism.SHA_1, MGF.SHA1, 20),
    32: (Mechanism.SHA256, MGF.SHA256, 32),
    48: (Mechanism.SHA384, MGF.SHA384, 48),
    64: (Mechanism.SHA512, MGF.SHA512, 64),
}
"""CK_RSA_PKCS_PSS_PARAMS by the length of the hash in bytes; the salt is as long (RFC 8446, 4.2.3).
The binding's own default is SHA-1.
"""

_MECHANISMS = {
    "CKM_RSA_PKCS": (Mechanism.RSA_PKCS, None),
    "CKM_RSA_X_509": (Mechanism.RSA_X_509, None),
    "CKM_SHA1_RSA_PKCS": (Mechanism.SHA1_RSA_PKCS, None),
    "CKM_SHA256_RSA_PKCS": (Mechanism.SHA256_RSA_PKCS, None),
    "CKM_SHA1_RSA_PKCS_PSS": (Mechanism.SHA1_RSA_PKCS_PSS, _PSS_PARAMETERS[20]),
    "CKM_SHA256_RSA_PKCS_PSS": (Mechanism.SHA256_RSA_PKCS_PSS, _PSS_PARAMETERS[32]),
}


_ONLY_IN_WORDS = {
    "Buffer was too small": "CKR_BUFFER_TOO_SMALL",
    "already initialized": "CKR_CRYPTOKI_ALREADY_INITIALIZED",
    "not initialized": "CKR_CRYPTOKI_NOT_INITIALIZED",
    "Parallel not supported": "CKR_SESSION_PARALLEL_NOT_SUPPORTED",
    "User type invalid": "CKR_USER_TYPE_INVALID",
}
"""Codes for which the binding has no exception of their own, by a part of its text."""

_NO_SENSE = (LookupError, TypeError, ValueError, AttributeError)
"""What the binding raises over values that a module should not return."""


def ckr_name(error: PKCS11Error) -> str:
    """The CKR_* name of a python-pkcs11 exception, or "CKR 0x…" for a code it does not map."""
    code = re.search(r"error code (0x[0-9a-fA-F]+)", str(error))
    if code:
        return f"CKR {code[1]}"
    name = type(error).__name__
    if name == "PKCS11Error":
        text = str(error)
        return next((ckr for part, ckr in _ONLY_IN_WORDS.items() if part in text), NOT_LOADED)
    return "CKR_" + re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).upper()


def _guarded(call: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Turn the library's errors into `TokenFault`, named after the PKCS#11 function."""

    def decorate(method: Callable[P, R]) -> Callable[P, R]:
        @wraps(method)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return method(*args, **kwargs)
            except PKCS11Error as error:
                fault = Fault(FaultKind.ERROR, call, ckr_name(error), str(error))
                raise TokenFault(fault) from None  # its frames may hold the PIN
            except _NO_SENSE as error:
                # the binding trips over values that a module should not return
                fault = Fault(FaultKind.ERROR, call, MALFORMED_ANSWER, type(error).__name__)
                raise TokenFault(fault) from None

        return guarded

    return decorate


@dataclass(frozen=True, slots=True)
class _Login:
    """The session that keeps a login alive, and the token it was made on."""

    session: Any
    names: tuple[str, str]


class Pkcs11Tokens:
    """Satisfies `ports.Tokens` with the module at `path`. One thread only.

    C_Initialize(NULL) is all the binding offers, so nothing locks (PKCS#11 v2.40, 5.4).
    """

    def __init__(self, path: str) -> None:
        self._path = os.path.realpath(path)  # a second path to one module fails to initialise
        self._lib: Any = None
        self._slots: dict[int, Any] = {}
        self._logins: dict[int, _Login] = {}

    @_guarded("C_Initialize")
    def load(self) -> ModuleInfo:
        """Load the library and initialise it."""
        self._lib = pkcs11.lib(self._path)
        major, minor = self._lib.library_version
        return ModuleInfo(
            path=self._path,
            manufacturer=_clean(self._lib.manufacturer_id),
            description=_clean(self._lib.library_description),
            version=f"{major}.{minor}",
        )

    @_guarded("C_GetSlotList")
    def slots(self) -> tuple[Slot, ...]:
        """All slots; an uninitialised token (SoftHSM always shows one) counts as absent."""
        return tuple(
            Slot(
                slot.slot_id,
                _clean(slot.slot_description),
                number < MAX_SLOTS and _has_token(slot),
            )
            for number, slot in enumerate(self._list_slots())
        )

    @_guarded("C_GetSlotList")
    def numbering(self) -> tuple[Slot, ...]:
        """All slots; what is in them is not asked."""
        return tuple(
            Slot(slot.slot_id, _clean(slot.slot_description), False) for slot in self._list_slots()
        )

    @_guarded("C_GetTokenInfo")
    def has_token(self, slot_id: int) -> bool:
        """Whether there is an initialised token."""
        return _has_token(self._slot(slot_id))

    @_guarded("C_GetTokenInfo")
    def token_info(self, slot_id: int) -> TokenInfo:
        """Read afresh: the flags decide whether a PIN may be tried."""
        slot = self._slot(slot_id)
        token = slot.get_token()
        label, serial = _names(token)
        return TokenInfo(
            label=label,
            manufacturer=_clean(token.manufacturer_id),
            model=_clean(token.model),
            serial=serial,
            flags=_token_flags(token),
            mechanisms=tuple(sorted(map(_mechanism_name, slot.get_mechanisms()))),
            pin_lengths=pin_lengths(self._path, slot_id),
        )

    @_guarded("C_FindObjects")
    def read(self, slot_id: int) -> TokenContents:
        """Public certificates and free data objects."""
        info = self.token_info(slot_id)
        with self._session(slot_id) as session:
            certificates = _objects(session, ObjectClass.CERTIFICATE)
            data = _objects(session, ObjectClass.DATA)
            return TokenContents(
                info,
                tuple(map(_certificate, certificates)),
                tuple(map(_data, data)),
            )

    @_guarded("C_Login")
    def login(self, slot_id: int, pin: Pin | None, expected: Seal) -> None:
        """One C_Login, on the expected card only; without a PIN on the reader's pad.

        Where it fails the binding leaks the session: end this process then.
        """
        with self._session(slot_id) as session:
            certificates = [_value(c)[0] for c in _objects(session, ObjectClass.CERTIFICATE)]
        token = self._slot(slot_id).get_token()  # the last look, next to C_Login
        if seal(*_names(token), certificates) != expected:
            raise _card_changed("C_Login")
        forbidding = _forbidding(_token_flags(token), on_pad=pin is None)
        if forbidding is not None:
            raise TokenFault(Fault(FaultKind.ERROR, "C_Login", forbidding.value))
        secret = pkcs11.PROTECTED_AUTH if pin is None else pin.reveal()
        self._logins[slot_id] = _Login(token.open(user_pin=secret), _names(token))

    @_guarded("C_FindObjects")
    def read_private(self, slot_id: int) -> PrivateContents:
        """Private keys and protected data; what was already free is left out."""
        with self._session(slot_id) as session:
            keys = _objects(session, ObjectClass.PRIVATE_KEY)
            data = [_data(item) for item in _objects(session, ObjectClass.DATA)]
            return PrivateContents(
                tuple(map(_private_key, keys)),
                tuple(item for item in data if item.private),
            )

    @_guarded("C_Sign")
    def sign(self, slot_id: int, key_id: str, mechanism: str, data: bytes) -> bytes:
        """Sign in a session of its own: a failed operation leaves a session stuck."""
        chosen, parameter = _chosen(mechanism, data)
        with self._session(slot_id) as session:
            template = {
                Attribute.CLASS: ObjectClass.PRIVATE_KEY,
                Attribute.ID: bytes.fromhex(key_id),
            }
            keys = list(session.get_objects(template))  # list first: ends the search
            if not keys:
                raise TokenFault(Fault(FaultKind.ERROR, "C_Sign", NO_SUCH_KEY))
            signature = keys[0].sign(data, mechanism=chosen, mechanism_param=parameter)
            return bytes(signature)

    def logout(self, slot_id: int) -> None:
        """Close the session of `login`, which logs out; all others are closed by then."""
        self._let_go(slot_id)
        left = open_sessions(self._path, slot_id)
        if left:
            raise TokenFault(Fault(FaultKind.ERROR, "C_CloseSession", SESSIONS_LEFT, str(left)))

    def close(self) -> None:
        """C_Finalize."""
        for slot_id in list(self._logins):
            self._let_go(slot_id)
        if self._lib is not None:
            with suppress(PKCS11Error):
                self._lib.finalize()

    def _let_go(self, slot_id: int) -> None:
        login = self._logins.pop(slot_id, None)
        if login is not None:
            with suppress(PKCS11Error):
                login.session.close()

    def _list_slots(self) -> list[Any]:
        """All slots; those with a token only, where one that fails would hide the others.

        The binding's listing ends at the first slot that fails. OpenSC 0.23: a card that does not
        answer fails once, one that cannot be powered up fails always, and neither is a token.
        """
        failure: PKCS11Error | None = None
        for with_token in (False, False, True):
            try:
                listed = list(self._lib.get_slots(token_present=with_token))
            except PKCS11Error as error:
                failure = error
            else:
                self._slots = {slot.slot_id: slot for slot in listed}
                return listed
        assert failure is not None  # noqa: S101 - three times
        raise failure

    def _slot(self, slot_id: int) -> Any:
        """The slot, as listed before: listing asks every slot, and a module may show thousands.

        What is in it is asked afresh by whoever uses it.
        """
        if slot_id not in self._slots:
            self._list_slots()
        try:
            return self._slots[slot_id]
        except KeyError:
            raise pkcs11.SlotIDInvalid from None

    @contextmanager
    def _session(self, slot_id: int) -> Iterator[Any]:
        token = self._slot(slot_id).get_token()
        login = self._logins.get(slot_id)
        if login is not None and login.names != _names(token):
            raise _card_changed("C_OpenSession")
        session = token.open()
        try:
            yield session
        finally:
            with suppress(PKCS11Error):  # the card may be gone
                session.close()


def _chosen(mechanism: str, data: bytes) -> tuple[Any, Any]:
    """The binding's mechanism and its parameter. `KeyError` for what is not signed with here."""
    if mechanism == "CKM_RSA_PKCS_PSS":
        return Mechanism.RSA_PKCS_PSS, _PSS_PARAMETERS[len(data)]
    return _MECHANISMS[mechanism]


def _names(token: Any) -> tuple[str, str]:
    """Label and serial number."""
    return _clean(token.label), _clean(token.serial.decode("ascii", "replace"))


def _token_flags(token: Any) -> tuple[TokenFlag, ...]:
    return tuple(ours for theirs, ours in _FLAGS if token.flags & theirs)


def _forbidding(flags: tuple[TokenFlag, ...], *, on_pad: bool) -> TokenFlag | None:
    """The flag that forbids this login: the gate's, and a pad that came or went meanwhile."""
    if (TokenFlag.PROTECTED_PATH in flags) is not on_pad:
        return TokenFlag.PROTECTED_PATH
    return next((flag for flag in FORBIDDING_FLAGS if flag in flags), None)


def _card_changed(call: str) -> TokenFault:
    return TokenFault(Fault(FaultKind.ERROR, call, CARD_CHANGED))


def _clean(text: str) -> str:
    """Modules pad with blanks; the Cryptolib pads the model with NULs."""
    return text.split("\0", 1)[0].strip()


def _has_token(slot: Any) -> bool:
    try:
        flags = slot.get_token().flags
    except (pkcs11.TokenNotPresent, pkcs11.TokenNotRecognised):
        return False
    except (PKCS11Error, *_NO_SENSE):
        return True  # a card that answers with an error is there: reading it will say so
    return bool(flags & pkcs11.TokenFlag.TOKEN_INITIALIZED)


def _mechanism_name(mechanism: Any) -> str:
    if isinstance(mechanism, Mechanism):
        return f"CKM_{mechanism.name.lstrip('_')}"
    return f"0x{int(mechanism):08x}"


def _objects(session: Any, object_class: ObjectClass) -> list[Any]:
    return list(session.get_objects({Attribute.CLASS: object_class}))


def _attribute(item: Any, attribute: Attribute, default: Any) -> Any:
    try:
        return item[attribute]
    except (PKCS11Error, LookupError, ValueError):
        return default


def _value(item: Any) -> tuple[bytes, str]:
    """CKA_VALUE and, where it cannot be had, why.

    The Cryptolib answers CKR_OK and no bytes when reading the card failed (its 5.2 sources,
    pkcs15_cert_get_attribute).
    """
    try:
        value = bytes(item[Attribute.VALUE])
    except PKCS11Error as error:
        return b"", ckr_name(error)
    return value, "" if value else "empty"


def _certificate(item: Any) -> CertificateObject:
    der, error = _value(item)
    label = str(_attribute(item, Attribute.LABEL, ""))
    return CertificateObject(label, bytes(_attribute(item, Attribute.ID, b"")).hex(), der, error)


def _data(item: Any) -> DataObject:
    value, error = _value(item)
    label = str(_attribute(item, Attribute.LABEL, ""))
    return DataObject(label, value, bool(_attribute(item, Attribute.PRIVATE, False)), error)


def _private_key(item: Any) -> PrivateKey:
    modulus = bytes(_attribute(item, Attribute.MODULUS, b""))
    return PrivateKey(
        label=str(_attribute(item, Attribute.LABEL, "")),
        id=bytes(_attribute(item, Attribute.ID, b"")).hex(),
        bits=int.from_bytes(modulus, "big").bit_length(),
        modulus=modulus.hex().lstrip("0"),
    )
