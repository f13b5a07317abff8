"""Finds the PKCS#11 module of this workstation."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cpx_tool.adapters.library_file import usable_library
from cpx_tool.errors import NothingToCheck
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
    if option is not None:
        return FoundModule(usable_library(Path(option)), "option")
    if environment.get(MODULE_VARIABLE):
        named = Path(environment[MODULE_VARIABLE])
        return FoundModule(usable_library(named, MODULE_VARIABLE), "environment")
    for place in known_places():
        if place.is_file():
            return FoundModule(usable_library(place), "known-place")
    raise NothingToCheck(
        msg("No PKCS#11 module was found on this workstation."),
        msg(
            "Install the Cryptolib CPS of the ANS (or OpenSC), or name the module with "
            "--module FILE or {variable}. To see the tool work without a card: "
            "cpx-tool emulate --set centre-sante --into DIR, then add --emulated DIR.",
            variable=MODULE_VARIABLE,
        ),
    )
