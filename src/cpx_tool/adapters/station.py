"""The workstation without a card, as far as the system's files and our own process show it."""

from __future__ import annotations

import os
import platform
import re
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from cpx_tool import RELEASED, __version__
from cpx_tool.adapters import unix_sockets
from cpx_tool.adapters.root_files import Root
from cpx_tool.adapters.station_clock import clock, kernel_synchronised
from cpx_tool.adapters.station_packages import COMPILED, packages, version_of
from cpx_tool.adapters.station_processes import holders
from cpx_tool.adapters.station_service import Ask, ask_program, pcsc_lite_version, service
from cpx_tool.adapters.station_system import session, system
from cpx_tool.adapters.station_usb import node, usb
from cpx_tool.model.message import msg
from cpx_tool.model.observation import Workstation
from cpx_tool.model.station import (
    Clock,
    Holders,
    Packages,
    Service,
    Session,
    System,
    Unknown,
    Usb,
    Versions,
)

_ELSEWHERE = Unknown(msg("Not known on this system."))
_PACKAGES = "/var/lib/dpkg/status"
_MOST_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What surrounds PC/SC and the module."""

    host: str
    versions: Versions
    system: System
    session: Session
    service: Service | Unknown
    holders: Holders | Unknown
    usb: Usb | Unknown
    clock: Clock
    packages: Packages


def surroundings(
    root: Root, environment: Mapping[str, str], ask: Ask = ask_program
) -> Surroundings:
    """Looks at everything; what cannot be seen says so, and nothing is changed. Never raises.

    `root` holds the system's files; `ask` runs a program and gives what it prints.
    """
    on_linux = sys.platform == "linux"
    seen_usb = usb(root) if on_linux else _ELSEWHERE
    seen_service = service(root, environment, ask) if on_linux else _ELSEWHERE
    return Surroundings(
        host=socket.gethostname(),
        versions=_versions(root, seen_service, seen_usb),
        system=system(root, environment),
        session=session(root, environment, terminal=_has_terminal()),
        service=seen_service,
        holders=_holders(root, seen_service, seen_usb),
        usb=seen_usb,
        clock=clock(root, environment, date.fromisoformat(RELEASED), kernel_synchronised),
        packages=packages(),
    )


def workstation(root: Root, environment: Mapping[str, str]) -> Workstation:
    """Where this runs, as it stands in an observation."""
    kind = session(root, environment, terminal=_has_terminal()).kind
    return Workstation(
        host=socket.gethostname(),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=platform.python_version(),
        session=kind.value,
        pcsc_lite=pcsc_lite_version(),
        packages=tuple(f"{name} {version_of(name)}" for name in COMPILED.values()),
    )


def _holders(root: Root, seen: Service | Unknown, readers: Usb | Unknown) -> Holders | Unknown:
    if isinstance(seen, Unknown):
        return seen
    devices = () if isinstance(readers, Unknown) else readers.readers
    nodes = frozenset(node(r.bus, r.device) for r in devices if r.bus and r.device)
    ours = frozenset((os.getpid(),))
    return holders(root, seen.socket.path, nodes, unix_sockets.clients_of, ours)


def _versions(root: Root, seen: Service | Unknown, readers: Usb | Unknown) -> Versions:
    drivers = () if isinstance(readers, Unknown) else readers.drivers
    lite = "" if isinstance(seen, Unknown) or isinstance(seen.version, Unknown) else seen.version
    return Versions(
        tool=__version__,
        python=platform.python_version(),
        pcsc_lite=lite,
        ccid=next((d.version for d in drivers if d.name == "ifd-ccid"), ""),
        opensc=_debian_version(root, "opensc-pkcs11"),
    )


def _debian_version(root: Root, package: str) -> str:
    """The version of an installed Debian package; "" where dpkg does not know it."""
    text = root.text(_PACKAGES, _MOST_BYTES) or ""
    entry = re.search(rf"^Package: {package}\n(?:.+\n)*", text, re.MULTILINE)
    if entry is None or "\nStatus: install ok installed\n" not in entry[0]:
        return ""
    version = re.search(r"^Version: (\S{1,60})", entry[0], re.MULTILINE)
    return version[1] if version else ""


def _has_terminal() -> bool:
    for descriptor in range(3):
        with suppress(OSError):
            if os.isatty(descriptor):
                return True
    return False
