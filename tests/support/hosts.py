"""Workstations made of a directory: Linux, macOS or Windows, whatever this machine is."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from cpx_tool.adapters.host import Host, RegistryValue
from cpx_tool.model.middleware import System

CRYPTOLIB_LINUX = "/opt/santesocial/CPS/lib/libcps3_pkcs11_lux.so"
OPENSC_LINUX = "/usr/lib64/opensc-pkcs11.so"
P11_KIT_LINUX = "/usr/lib64/p11-kit-proxy.so"
MOZILLA_LINUX = "/usr/lib64/mozilla/pkcs11-modules/cps3.json"
CRYPTOLIB_MACOS = "/usr/local/lib/libcps3_pkcs11_osx.dylib"
OPENSC_MACOS = "/Library/OpenSC/lib/opensc-pkcs11.so"
W64 = r"C:\Windows\System32\cps3_pkcs11_w64.dll"
W32 = r"C:\Windows\SysWOW64\cps3_pkcs11_w32.dll"
OLD = r"C:\Windows\SysWOW64\cps_pkcs11_w32.dll"
PRODUCT_KEY = r"HKLM\SOFTWARE\ASIP\Cryptolib CPS"
MOZILLA_KEY = r"HKLM\SOFTWARE\Mozilla\PKCS11Modules\cps3"

_WINDOWS = {
    "WINDIR": r"C:\Windows",
    "ProgramFiles": r"C:\Program Files",
    "ALLUSERSPROFILE": r"C:\ProgramData",
}


@dataclass
class Tree:
    """A workstation below `root`; `put` makes its files."""

    root: Path
    system: System
    machine: str = "x86_64"
    bits: int = 64
    registry: dict[tuple[str, str], RegistryValue] = field(default_factory=dict)
    loadable: frozenset[str] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def host(self) -> Host:
        """As discovery takes it."""
        own = _WINDOWS if self.system is System.WINDOWS else {}
        return Host(
            system=self.system,
            machine=self.machine,
            bits=self.bits,
            environment={**own, **self.environment},
            registry=lambda key, name: self.registry.get((key, name)),
            libc="glibc" if self.system is System.LINUX else "",
            loadable=lambda: self.loadable,
            root=self.root,
        )

    def put(self, place: str, content: bytes) -> Path:
        """A file of this workstation, at its path in this tree."""
        path = self.host.at(place)
        assert path is not None
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def declare(self, place: str, path: str, kind: str = "pkcs11") -> Path:
        """A declaration for Firefox."""
        body = {"name": "cps3", "description": "CPS", "type": kind, "path": path}
        return self.put(place, json.dumps(body).encode())


def linux(root: Path, **changes: object) -> Tree:
    return replace(Tree(root, System.LINUX), **changes)  # type: ignore[arg-type]


def macos(root: Path, machine: str = "aarch64") -> Tree:
    return Tree(root, System.MACOS, machine)


def windows(root: Path, machine: str = "x86_64", bits: int = 64) -> Tree:
    return Tree(root, System.WINDOWS, machine, bits)


def elf(
    *needed: str, machine: int = 0x3E, bits: int = 64, rpath: str = "", runpath: str = ""
) -> bytes:
    """A shared library of ELF that needs these, as far as a loader looks first."""
    strings = b"\0"
    entries: list[tuple[int, int]] = []
    for tag, text in (*((1, name) for name in needed), (15, rpath), (29, runpath)):
        if text:
            entries.append((tag, len(strings)))
            strings += text.encode() + b"\0"
    word, header, program = (
        ("Q", "HHIQQQIHHHHHH", "IIQQQQQQ")
        if bits == 64
        else (
            "I",
            "HHIIIIIHHHHHH",
            "IIIIIIII",
        )
    )
    head = 16 + struct.calcsize("<" + header)
    size = struct.calcsize("<" + program)
    at_dynamic = head + 2 * size
    count = len(entries) + 2
    at_strings = at_dynamic + count * struct.calcsize("<" + word * 2)
    entries += [(5, 0x1000 + at_strings), (0, 0)]
    dynamic = b"".join(struct.pack("<" + word * 2, *entry) for entry in entries)
    total = at_strings + len(strings)

    def segment(kind: int, offset: int, length: int) -> bytes:
        place = (offset, 0x1000 + offset, 0x1000 + offset, length, length)
        fields = (kind, 5, *place, 1) if bits == 64 else (kind, *place, 5, 1)
        return struct.pack("<" + program, *fields)

    ident = b"\x7fELF" + bytes([2 if bits == 64 else 1, 1, 1]) + bytes(9)
    fields = (3, machine, 1, 0, head, 0, 0, head, size, 2, 0, 0, 0)
    return (
        ident
        + struct.pack("<" + header, *fields)
        + segment(1, 0, total)
        + segment(2, at_dynamic, len(dynamic))
        + dynamic
        + strings
    )


def pe(machine: int = 0x8664, characteristics: int = 0x2022) -> bytes:
    """The head of a DLL."""
    head = b"MZ" + bytes(58) + struct.pack("<I", 64)
    return head + b"PE\0\0" + struct.pack("<HHIIIHH", machine, 0, 0, 0, 0, 0, characteristics)


def mach_o(cpu: int = 0x0100000C) -> bytes:
    """The head of a dylib."""
    return struct.pack("<IIIIIIII", 0xFEEDFACF, cpu, 0, 6, 0, 0, 0, 0)


def fat_mach_o(*cpus: int) -> bytes:
    """The head of a dylib for several machines."""
    parts = b"".join(struct.pack(">IIIII", cpu, 0, 4096, 4096, 12) for cpu in cpus)
    return struct.pack(">II", 0xCAFEBABE, len(cpus)) + parts
