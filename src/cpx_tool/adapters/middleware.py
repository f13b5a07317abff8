"""Finds the PKCS#11 module of this workstation, and looks at its file before it is loaded."""

from __future__ import annotations

import os
import platform
import struct
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cpx_tool.errors import BadInput, NothingToCheck, why
from cpx_tool.model.message import msg

MODULE_VARIABLE = "CPX_PKCS11_MODULE"

_LINUX = (
    "/opt/santesocial/CPS/lib/libcps3_pkcs11_lux.so",
    "/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so",
    "/usr/lib/aarch64-linux-gnu/opensc-pkcs11.so",
    "/usr/lib64/opensc-pkcs11.so",
    "/usr/lib/opensc-pkcs11.so",
    "/usr/lib64/pkcs11/opensc-pkcs11.so",
)
_MACOS = (
    "/usr/local/lib/libcps3_pkcs11_osx.dylib",
    "/Library/OpenSC/lib/opensc-pkcs11.so",
    "/opt/homebrew/lib/opensc-pkcs11.so",
)
_WINDOWS = (
    r"%WINDIR%\System32\cps3_pkcs11_w64.dll",
    r"%WINDIR%\System32\cps3_pkcs11_w32.dll",
    r"%ProgramFiles%\OpenSC Project\OpenSC\pkcs11\opensc-pkcs11.dll",
)

_ELF_MACHINES = {0x3E: "x86_64", 0xB7: "aarch64", 0x03: "i686", 0x28: "arm"}
_ELF_HEADER = 20


@dataclass(frozen=True, slots=True)
class FoundModule:
    """A module's path, and who chose it: "option", "environment" or "known-place"."""

    path: Path
    source: str


def known_places() -> tuple[Path, ...]:
    """Where the Cryptolib CPS and OpenSC install their module; the first that exists is used.

    Source: release notes Linux 5.2.2, macOS 5.2.1, MSI functional specification, annex A.
    """
    if sys.platform == "win32":
        return tuple(Path(os.path.expandvars(place)) for place in _WINDOWS)
    return tuple(map(Path, _MACOS if sys.platform == "darwin" else _LINUX))


def find_module(option: str | None, environment: Mapping[str, str]) -> FoundModule:
    """The module to use: `--module`, then CPX_PKCS11_MODULE, then the known places.

    Raises `BadInput` for a named module that cannot be one, `NothingToCheck` when there is none.
    """
    if option:
        return FoundModule(_usable(Path(option)), "option")
    if environment.get(MODULE_VARIABLE):
        return FoundModule(_usable(Path(environment[MODULE_VARIABLE])), "environment")
    for place in known_places():
        if place.is_file():
            return FoundModule(_usable(place), "known-place")
    raise NothingToCheck(
        msg("No PKCS#11 module was found on this workstation."),
        msg(
            "Install the Cryptolib CPS of the ANS (or OpenSC), or name the module with "
            "--module FILE or {variable}. To see the tool work without a card: "
            "cpx-tool emulate --set centre-sante --into DIR, then add --emulated DIR.",
            variable=MODULE_VARIABLE,
        ),
    )


def _usable(path: Path) -> Path:
    """The absolute path, after the checks that the loader's own words would blur."""
    hint = msg("Give the path of the PKCS#11 library itself, for this machine's architecture.")
    if path.is_dir():
        raise BadInput(msg("The module {path} is a directory.", path=str(path)), hint)
    try:
        with path.open("rb") as file:
            head = file.read(_ELF_HEADER)
    except FileNotFoundError:
        raise BadInput(msg("The module {path} does not exist.", path=str(path)), hint) from None
    except OSError as error:
        reason = msg(
            "The module {path} cannot be read: {why}.",
            path=str(path),
            why=why(error),
        )
        raise BadInput(reason, hint) from None
    if sys.platform == "linux":
        _check_elf(path, head)
    return path.absolute()


def _check_elf(path: Path, head: bytes) -> None:
    hint = msg("Install the build of the module for {machine}.", machine=platform.machine())
    if len(head) < _ELF_HEADER or head[:4] != b"\x7fELF":
        raise BadInput(
            msg("The module {path} is not a Linux shared library.", path=str(path)),
            msg("Give the path of the PKCS#11 library itself (a .so file)."),
        )
    bits = {1: 32, 2: 64}.get(head[4], 0)
    order = "<" if head[5] == 1 else ">"
    (machine,) = struct.unpack(order + "H", head[18:20])
    name = _ELF_MACHINES.get(machine, f"ELF machine {machine:#x}")
    if bits != struct.calcsize("P") * 8 or name != platform.machine():
        reason = msg(
            "The module {path} is built for another architecture ({bits}-bit {name}).",
            path=str(path),
            bits=bits,
            name=name,
        )
        raise BadInput(reason, hint)
