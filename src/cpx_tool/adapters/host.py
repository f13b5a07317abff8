"""The workstation that modules are looked for on: this one, or a tree made by a test."""

from __future__ import annotations

import os
import platform
import re
import sys
import sysconfig
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PureWindowsPath
from typing import TypeAlias

from cpx_tool.adapters.loader_cache import loadable_libraries
from cpx_tool.adapters.system import process_bits
from cpx_tool.model.middleware import System

RegistryValue: TypeAlias = "str | int | None"
Registry: TypeAlias = Callable[[str, str], RegistryValue]
"""Key with its hive (`HKLM\\…`) and name of a value ("" for the default one) → the value."""

_VARIABLE = re.compile(r"%([^%]+)%")
_MACHINES = {"amd64": "x86_64", "x64": "x86_64", "arm64": "aarch64", "x86": "i686", "i386": "i686"}


@dataclass(frozen=True, slots=True)
class Host:
    """What a search asks of a workstation. With `root`, all its paths are below that directory.

    `machine` is as `uname -m` says it on Linux; `bits` is the bitness of this very process, which
    a module must have.
    """

    system: System
    machine: str
    bits: int
    environment: Mapping[str, str] = field(default_factory=dict)
    registry: Registry = lambda _key, _name: None
    libc: str = ""
    """ "glibc" or "musl"; "" where it is not known, or no such thing is there."""
    loadable: Callable[[], frozenset[str] | None] = lambda: None
    """Names of libraries that the loader finds without a path; None where that is not known."""
    root: Path | None = None

    @property
    def built_for(self) -> str:
        """What a module must be built for: "64-bit x86_64"."""
        return f"{self.bits}-bit {self.machine}"

    def at(self, place: str) -> Path | None:
        """The path of a place, its %VARIABLES% filled in; None where one is not set."""
        wanted = _VARIABLE.findall(place) if self.system is System.WINDOWS else []
        if not all(self._variable(name) for name in wanted):
            return None
        filled = _VARIABLE.sub(lambda m: self._variable(m[1]), place) if wanted else place
        if self.root is None:
            return Path(filled)
        if self.system is not System.WINDOWS:
            return self.root / filled.lstrip("/")
        path = PureWindowsPath(filled)
        return self.root.joinpath(path.drive.rstrip(":"), *path.parts[1:])

    def _variable(self, name: str) -> str:
        """Names of variables have no case on Windows."""
        named = {key.upper(): value for key, value in self.environment.items()}
        return named.get(name.upper(), "")


def this_host(environment: Mapping[str, str]) -> Host:
    """This workstation."""
    machine = machine_name(platform.machine())
    return Host(
        system=this_system(),
        machine=machine,
        bits=process_bits(),
        environment=environment,
        registry=_registry_value,
        libc=_libc(),
        loadable=partial(loadable_libraries, machine),
    )


def this_system() -> System:
    """The operating system; what is neither Windows nor macOS is looked at as Linux."""
    if sys.platform == "win32":
        return System.WINDOWS
    return System.MACOS if sys.platform == "darwin" else System.LINUX


def machine_name(name: str) -> str:
    """One name for each architecture: Windows and macOS have others than Linux."""
    return _MACHINES.get(name.lower(), name.lower())


def _libc() -> str:
    if platform.libc_ver()[0] == "glibc":
        return "glibc"
    return "musl" if "musl" in str(sysconfig.get_config_var("SOABI")) else ""


if sys.platform == "win32":
    import winreg

    _HIVES = {"HKLM": winreg.HKEY_LOCAL_MACHINE, "HKCU": winreg.HKEY_CURRENT_USER}

    def _registry_value(key: str, name: str) -> RegistryValue:
        """In the 64-bit view; None where there is no such value."""
        hive, _, path = key.partition("\\")
        access = winreg.KEY_READ | winreg.KEY_WOW64_64KEY
        try:
            with winreg.OpenKey(_HIVES[hive], path, access=access) as found:
                value, _kind = winreg.QueryValueEx(found, name)
        except OSError:
            return None
        if isinstance(value, str):
            return os.path.expandvars(value)
        return value if isinstance(value, int) else None

else:

    def _registry_value(_key: str, _name: str) -> RegistryValue:
        """There is no registry."""
        return None
