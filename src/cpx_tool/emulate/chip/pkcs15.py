"""PKCS#15 directories of an emulated card (ISO/IEC 7816-15, PKCS #15 v1.1), in DER.

What they say of keys, PINs and algorithms is what a real CPS3 was seen to say (OpenSC, issue
2267 and pull request 2217). File identifiers that no source names are choices.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cpx_tool.emulate.tlv import bits, integer, octets, oid, sequence, text, tlv

MANUFACTURER = "EMULATED TEST CARD"
"""manufacturerID of TokenInfo: what programs show that do not look at certificates."""

APPLICATION = "CPS"
"""applicationName of each data object, CKA_APPLICATION."""

_PATH_OF_KEY = b""
"""Empty: a key is no file. A path would be selected before it is used [seen]."""

_PRIVATE, _MODIFIABLE = 0, 1
_DECRYPT, _SIGN, _NON_REPUDIATION = 1, 2, 9
_SENSITIVE, _ALWAYS_SENSITIVE, _NEVER_EXTRACTABLE = 0, 2, 3
_INITIALIZED, _UNBLOCKING, _SECURITY_OFFICER = 4, 6, 7
_ASCII = 1
_LOGIN_REQUIRED, _RANDOM_NUMBERS = 1, 2
_MODE_SIGN, _MODE_DECIPHER, _MODE_AUTHENTICATE = 5, 7, 9

_HOLDER = octets(b"\x01")
"""authId of the holder's PIN."""
_UNBLOCKER = octets(b"\x02")
"""authId of the code that unblocks it: OpenSC finds it by this [seen]."""


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """A private key: CKA_ID, reference on the card; `qualified` signs hashes only, `free` needs no
    PIN and signs only.
    """

    label: str
    id: bytes
    reference: int
    bits: int
    qualified: bool
    free: bool = False


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A certificate (`id`) or a data object (`private`, `modifiable`) in a file."""

    label: str
    path: bytes
    id: bytes = b""
    private: bool = False
    modifiable: bool = False


@dataclass(frozen=True, slots=True)
class PinEntry:
    """A PIN: reference on the card, its length. `unblocking`: the code that resets the other."""

    label: str
    reference: int
    length: int
    unblocking: bool


def object_directory(directories: Iterable[tuple[int, bytes]]) -> bytes:
    """EF.ODF: the tag of each kind of directory (A0 keys, A4 certificates, A7 data, A8 PINs), and
    where it is.
    """
    return b"".join(tlv(tag, _path(path)) for tag, path in directories)


def private_keys(entries: Sequence[KeyEntry]) -> bytes:
    """EF.PrKDF."""
    return b"".join(map(_private_key, entries))


def certificates(entries: Sequence[FileEntry]) -> bytes:
    """EF.CDF."""
    return b"".join(
        sequence(
            sequence(text(entry.label), bits()),
            sequence(octets(entry.id)),
            tlv(0xA1, sequence(_path(entry.path))),
        )
        for entry in entries
    )


def data_objects(entries: Sequence[FileEntry]) -> bytes:
    """EF.DODF."""
    return b"".join(map(_data_object, entries))


def pins(entries: Sequence[PinEntry]) -> bytes:
    """EF.AODF; the holder's PIN comes first (needed by Cryptolib 5.2.2 [seen])."""
    return b"".join(map(_pin, entries))


def token_info(label: str, serial: bytes, *, pss: bool, login: bool = True) -> bytes:
    """EF.TokenInfo. The middleware takes the serial number from EF.SN; OpenSC takes this one."""
    flags = (_LOGIN_REQUIRED, _RANDOM_NUMBERS) if login else (_RANDOM_NUMBERS,)
    algorithms = (*_ALGORITHMS, *_PSS_ALGORITHMS) if pss else _ALGORITHMS
    return sequence(
        integer(0),
        octets(serial),
        text(MANUFACTURER),
        tlv(0x80, label.encode()),
        bits(*flags),
        tlv(0xA2, *(each.encoded(number) for number, each in enumerate(algorithms, start=1))),
    )


def application_template(aid: bytes, label: str, path: bytes) -> bytes:
    """An entry of EF.DIR. Without a path the middleware adds file identifiers to the AID, which
    no card knows [seen].
    """
    return tlv(
        0x61, tlv(0x4F, aid), tlv(0x50, label.encode()), tlv(0x51, path), tlv(0x73, tlv(0x4F, aid))
    )


@dataclass(frozen=True, slots=True)
class _AlgorithmInfo:
    """CKM_* number, operations (1 signature, 5 decipherment, 6 hash), OID, card's reference."""

    mechanism: int
    operation: int
    identifier: str
    reference: int

    def encoded(self, number: int) -> bytes:
        return sequence(
            integer(number),
            integer(self.mechanism),
            b"\x05\0",
            bits(self.operation),
            oid(self.identifier),
            integer(self.reference),
        )


_RSA = "2a864886f70d0101"
_ALGORITHMS = (
    _AlgorithmInfo(0x220, 6, "2b0e03021a", 0x10),
    _AlgorithmInfo(0x250, 6, "608648016503040201", 0x40),
    _AlgorithmInfo(0x06, 1, f"{_RSA}05", 0x12),
    _AlgorithmInfo(0x40, 1, f"{_RSA}0b", 0x42),
    _AlgorithmInfo(0x01, 1, f"{_RSA}01", 0x02),
    _AlgorithmInfo(0x01, 5, f"{_RSA}01", 0x1A),
)
"""OpenSC looks here for the references of algorithms, which the keys do not name [seen]."""
_PSS_ALGORITHMS = (_AlgorithmInfo(0x0D, 1, f"{_RSA}0a", 0x2C),)


def _private_key(entry: KeyEntry) -> bytes:
    if entry.free:
        common = (text(entry.label), bits())
        return _key_object(entry, common, bits(_SIGN))
    modes: tuple[int, ...] = (_MODE_DECIPHER, _MODE_AUTHENTICATE)
    flags, usage = bits(_PRIVATE, _MODIFIABLE), bits(_DECRYPT, _SIGN)
    if entry.qualified:
        flags, usage, modes = bits(_PRIVATE), bits(_NON_REPUDIATION), (_MODE_SIGN,)
    rules = sequence(*(sequence(bits(mode), _HOLDER) for mode in modes))
    return _key_object(entry, (text(entry.label), flags, _HOLDER, rules), usage)


def _key_object(entry: KeyEntry, common: Iterable[bytes], usage: bytes) -> bytes:
    access = bits(_SENSITIVE, _ALWAYS_SENSITIVE, _NEVER_EXTRACTABLE)
    return sequence(
        sequence(*common),
        sequence(octets(entry.id), usage, access, integer(entry.reference)),
        tlv(0xA1, sequence(_path(_PATH_OF_KEY), integer(entry.bits))),
    )


def _data_object(entry: FileEntry) -> bytes:
    flags = [_PRIVATE] * entry.private + [_MODIFIABLE] * entry.modifiable
    common = [text(entry.label), bits(*flags)]
    if entry.private:
        common.append(_HOLDER)
    return sequence(sequence(*common), sequence(text(APPLICATION)), tlv(0xA1, _path(entry.path)))


def _pin(entry: PinEntry) -> bytes:
    flags: tuple[int, ...] = (_INITIALIZED,)
    unblocked_by = _UNBLOCKER
    if entry.unblocking:
        flags, unblocked_by = (_INITIALIZED, _UNBLOCKING, _SECURITY_OFFICER), b""
    return sequence(
        sequence(text(entry.label), bits(_PRIVATE, _MODIFIABLE), unblocked_by),
        sequence(octets(bytes([entry.reference]))),
        tlv(
            0xA1,
            sequence(
                bits(*flags),
                tlv(0x0A, bytes([_ASCII])),
                integer(entry.length),
                integer(entry.length),
                integer(entry.length),
                tlv(0x80, bytes([entry.reference])),
                _path(b"\x3f\x00"),
            ),
        ),
    )


def _path(path: bytes) -> bytes:
    return sequence(octets(path))
