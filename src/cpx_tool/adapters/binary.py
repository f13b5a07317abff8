"""Which machines the head of a library says it is built for: Mach-O and PE; ELF is `elf.py`.

Sources: Apple, mach-o/loader.h and mach-o/fat.h; Microsoft, PE Format.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

HEAD_BYTES = 4096
"""As much of a file as its head may take: a fat Mach-O names its parts there, a PE its header."""

_MACH = {
    b"\xfe\xed\xfa\xce": ">",
    b"\xfe\xed\xfa\xcf": ">",
    b"\xce\xfa\xed\xfe": "<",
    b"\xcf\xfa\xed\xfe": "<",
}
_FAT = {b"\xca\xfe\xba\xbe": 20, b"\xca\xfe\xba\xbf": 32}
_MAX_PARTS = 30
"""A Java class begins with the same four bytes; its version, 45 or more, follows them."""
_CPUS = {
    0x07: (32, "i686"),
    0x0C: (32, "arm"),
    0x01000007: (64, "x86_64"),
    0x0100000C: (64, "aarch64"),
}
_PE_CPUS = {
    0x014C: (32, "i686"),
    0x01C4: (32, "arm"),
    0x8664: (64, "x86_64"),
    0xAA64: (64, "aarch64"),
}
_PE_PLACE = 0x3C
_DLL = 0x2000


@dataclass(frozen=True, slots=True)
class Built:
    """A library's format, and the machines it is built for: (bits, name)."""

    format: str
    targets: tuple[tuple[int, str], ...]


def read_head(head: bytes) -> Built | None:
    """What the first bytes of a file say; None where they are not those of a Mach-O or a PE."""
    if head[:4] in _MACH:
        return _mach(head, _MACH[head[:4]])
    if head[:4] in _FAT:
        return _fat(head, _FAT[head[:4]])
    return _pe(head) if head[:2] == b"MZ" else None


def _mach(head: bytes, order: str) -> Built | None:
    cpu = _number(head, 4, order + "I")
    return None if cpu is None else Built("Mach-O", (_target(cpu, _CPUS),))


def _fat(head: bytes, step: int) -> Built | None:
    count = _number(head, 4, ">I")
    if count is None or not 0 < count <= _MAX_PARTS:
        return None
    cpus = [_number(head, 8 + index * step, ">I") for index in range(count)]
    return Built("Mach-O", tuple(_target(cpu, _CPUS) for cpu in cpus if cpu is not None))


def _pe(head: bytes) -> Built | None:
    place = _number(head, _PE_PLACE, "<I")
    if place is None or head[place : place + 4] != b"PE\0\0":
        return None
    cpu, characteristics = _number(head, place + 4, "<H"), _number(head, place + 22, "<H")
    if cpu is None or characteristics is None or not characteristics & _DLL:
        return None
    return Built("PE", (_target(cpu, _PE_CPUS),))


def _target(cpu: int, names: dict[int, tuple[int, str]]) -> tuple[int, str]:
    return names.get(cpu, (0, f"machine {cpu:#x}"))


def _number(head: bytes, offset: int, layout: str) -> int | None:
    if offset > len(head) - struct.calcsize(layout):
        return None
    (number,) = struct.unpack_from(layout, head, offset)
    return int(number)
