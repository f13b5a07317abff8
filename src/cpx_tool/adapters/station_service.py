"""The PC/SC service of Linux as the system shows it: socket, process, systemd, polkit, version."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from cpx_tool.adapters.root_files import Root, owners
from cpx_tool.adapters.station_processes import service_processes
from cpx_tool.adapters.system import child_environment
from cpx_tool.model.message import msg
from cpx_tool.model.station import READERS_GROUP, Polkit, Service, Socket, Start, Unknown

SOCKET_VARIABLE = "PCSCLITE_CSOCK_NAME"
_SOCKETS = ("/run/pcscd/pcscd.comm", "/var/run/pcscd/pcscd.comm")
_PROGRAMS = ("/usr/sbin/pcscd", "/usr/local/sbin/pcscd", "/sbin/pcscd", "/usr/bin/pcscd")
_UNIT_PLACES = ("/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib")
_POLICY = "/usr/share/polkit-1/actions/org.debian.pcsc-lite.policy"
_RULES = (
    "/etc/polkit-1/rules.d",
    "/run/polkit-1/rules.d",
    "/usr/local/share/polkit-1/rules.d",
    "/usr/share/polkit-1/rules.d",
)
_ACTION = "org.debian.pcsc-lite"
_PATIENCE_SECONDS = 5.0

Ask = Callable[[Sequence[str]], str]
"""Runs a program and gives what it prints, "" when it cannot."""


def service(root: Root, environment: Mapping[str, str], ask: Ask) -> Service:
    """The service, whether it runs or not."""
    program = next((place for place in _PROGRAMS if root.exists(place)), "")
    told = ask([str(root.path(program)), "--version"]) if program else ""
    return Service(
        socket=_socket(root, environment),
        running=service_processes(root),
        start=_start(root, program),
        version=_version(told) or Unknown(msg("pcscd did not tell its version.")),
        polkit=_polkit(root, told),
    )


def ask_program(argv: Sequence[str]) -> str:
    """What a program prints within some seconds; "" when it cannot be run."""
    try:
        done = subprocess.run(
            argv,
            env={**child_environment(), "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("utf-8", errors="replace")


def pcsc_lite_version() -> str:
    """The version of this machine's pcsc-lite; "" where there is none."""
    path = os.pathsep.join(str(Path(place).parent) for place in _PROGRAMS)
    program = shutil.which("pcscd", path=path)
    return _version(ask_program([program, "--version"])) if program else ""


def _version(told: str) -> str:
    found = re.search(r"pcsc-lite version ([0-9][\w.-]{0,30})", told)
    return found[1].rstrip(".") if found else ""


def _socket(root: Root, environment: Mapping[str, str]) -> Socket:
    chosen = environment.get(SOCKET_VARIABLE)
    places = (chosen,) if chosen else _SOCKETS
    for place in places:
        path = root.path(place)
        try:
            status = path.lstat()
            usable = stat.S_ISSOCK(path.stat().st_mode) and os.access(path, os.R_OK | os.W_OK)
        except (OSError, ValueError):
            continue
        return Socket(place, True, stat.filemode(status.st_mode), *owners(status), usable)
    return Socket(places[0], False)


def _start(root: Root, program: str) -> Start | Unknown:
    """By the files that systemctl makes: it need not run for that (systemd.unit(5))."""
    if not program:
        return Start.NOT_INSTALLED
    if not root.exists("/run/systemd/system"):  # sd_booted(3)
        return Unknown(msg("systemd does not run this system."))
    if root.link("/etc/systemd/system/pcscd.socket") == "/dev/null":
        return Start.MASKED
    if _wanted(root, "sockets.target.wants/pcscd.socket"):
        return Start.ON_DEMAND
    if _wanted(root, "multi-user.target.wants/pcscd.service"):
        return Start.AT_BOOT
    return Start.BY_HAND


def _wanted(root: Root, unit: str) -> bool:
    return any(root.is_there(f"{place}/systemd/system/{unit}") for place in _UNIT_PLACES)


def _polkit(root: Root, told: str) -> Polkit:
    features = re.search(r"^Enabled features:(.*)$", told, re.MULTILINE)
    if features:
        asked: bool | None = "polkit" in features[1].split()
    else:
        asked = True if root.exists(_POLICY) else None
    return Polkit(asked, _rule(root))


def _rule(root: Root) -> bool | None:
    """A rule of ours: sssd brings one for itself, that speaks of pcscd, too.

    None where one of the directories is closed to this user."""
    closed = False
    for place in _RULES:
        names = root.names(place)
        closed |= names is None and root.is_there(place)
        for name in names or ():
            text = (root.text(f"{place}/{name}") or "") if name.endswith(".rules") else ""
            if _ACTION in text and READERS_GROUP in text:
                return True
    return None if closed else False
