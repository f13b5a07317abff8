"""ELF, as far as it says whether a shared library can be loaded: its head and what it needs.

Nothing of the file is believed: every offset is looked up within what was read, and a library
that contradicts itself raises `BadElf`. Source: System V gABI, chapters 4 and 5; ld.so(8).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

MAGIC = b"\x7fELF"
_MACHINES = {0x03: "i686", 0x28: "arm", 0x3E: "x86_64", 0xB7: "aarch64", 0xF3: "riscv64"}

_LIBRARY = 3  # ET_DYN
_LOAD, _DYNAMIC = 1, 2  # PT_*
_NEEDED, _STRTAB, _RPATH, _RUNPATH, _END = 1, 5, 15, 29, 0  # DT_*
_MAX_ENTRIES = 4096
_MAX_NAMES = 512
_MAX_NAME = 4096


_ORIGIN = re.compile(r"\$(ORIGIN\b|\{ORIGIN\})")


class BadElf(Exception):
    """The bytes begin as ELF does, and do not go on so."""


@dataclass(frozen=True, slots=True)
class Elf:
    """A shared library: `needed` as DT_NEEDED; the search paths as they stand there."""

    bits: int
    machine: str
    library: bool
    needed: tuple[str, ...] = ()
    rpath: str = ""
    runpath: str = ""


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where things stand in the headers of a class: format, and indices into what it gives."""

    header: str
    program: str
    place: tuple[int, int, int, int]
    """Of p_offset, p_vaddr, p_filesz and p_type among the fields of a program header."""
    dynamic: str


_LAYOUTS = {
    1: _Layout("HHIIIIIHHH", "IIIIIIII", (1, 2, 4, 0), "II"),
    2: _Layout("HHIQQQIHHH", "IIQQQQQQ", (2, 3, 5, 0), "QQ"),
}
_IDENT = 16


def read_elf(data: bytes) -> Elf:
    """What a whole file says. Raises `BadElf`."""
    if len(data) < _IDENT or data[:4] != MAGIC or data[4] not in _LAYOUTS or data[5] not in (1, 2):
        raise BadElf("head")
    layout, order = _LAYOUTS[data[4]], "<" if data[5] == 1 else ">"
    kind, machine, _, _, start, _, _, _, size, count = _unpack(order + layout.header, data, _IDENT)
    bits = 32 if data[4] == 1 else 64
    name = _MACHINES.get(machine, f"ELF machine {machine:#x}")
    if kind != _LIBRARY:
        return Elf(bits, name, library=False)
    if size < struct.calcsize(order + layout.program):
        raise BadElf("program headers")
    segments = [
        _segment(_unpack(order + layout.program, data, start + index * size), layout)
        for index in range(count)
    ]
    return _linked(data, segments, order + layout.dynamic, Elf(bits, name, library=True))


def from_origin(part: str, directory: str) -> str:
    """A part of a search path, $ORIGIN in it replaced by the directory of the file that has it."""
    return _ORIGIN.sub(lambda _: directory, part)


@dataclass(frozen=True, slots=True)
class _Segment:
    kind: int
    offset: int
    address: int
    size: int


def _segment(fields: tuple[int, ...], layout: _Layout) -> _Segment:
    offset, address, size, kind = (fields[index] for index in layout.place)
    return _Segment(kind, offset, address, size)


def _linked(data: bytes, segments: list[_Segment], entry: str, elf: Elf) -> Elf:
    dynamic = next((s for s in segments if s.kind == _DYNAMIC), None)
    if dynamic is None:  # linked to nothing
        return elf
    entries = list(_entries(data, dynamic, entry))
    table = next((value for tag, value in entries if tag == _STRTAB), None)
    if table is None:
        raise BadElf("no string table")
    base = _offset(segments, table)

    def texts(wanted: int) -> tuple[str, ...]:
        found = [value for tag, value in entries if tag == wanted]
        if len(found) > _MAX_NAMES:
            raise BadElf("too many names")
        return tuple(_text(data, base + value) for value in found)

    return replace(
        elf,
        needed=texts(_NEEDED),
        rpath=":".join(texts(_RPATH)),
        runpath=":".join(texts(_RUNPATH)),
    )


def _entries(data: bytes, dynamic: _Segment, entry: str) -> Iterator[tuple[int, int]]:
    step = struct.calcsize(entry)
    for index in range(min(dynamic.size // step, _MAX_ENTRIES)):
        tag, value = _unpack(entry, data, dynamic.offset + index * step)
        if tag == _END:
            return
        yield tag, value


def _offset(segments: list[_Segment], address: int) -> int:
    """Where in the file an address of the loaded library stands."""
    for segment in segments:
        if segment.kind == _LOAD and segment.address <= address < segment.address + segment.size:
            return segment.offset + address - segment.address
    raise BadElf("an address outside the file")


def _text(data: bytes, start: int) -> str:
    end = data.find(b"\0", start, start + _MAX_NAME)
    if start >= len(data) or end < 0:
        raise BadElf("a name outside the file")
    return data[start:end].decode("utf-8", "replace")


def _unpack(layout: str, data: bytes, offset: int) -> tuple[int, ...]:
    if offset > len(data) - struct.calcsize(layout):
        raise BadElf("it ends too early")
    return struct.unpack_from(layout, data, offset)
