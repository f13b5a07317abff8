"""Which system this is, and how the user came to be on it."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Mapping

from cpx_tool.adapters.root_files import Root, assignments
from cpx_tool.adapters.system import process_bits
from cpx_tool.model.station import Enclosure, Session, SessionKind, System

_CI = ("CI", "GITLAB_CI", "GITHUB_ACTIONS", "JENKINS_URL", "TF_BUILD", "TEAMCITY_VERSION")
_SSH = ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY")
_XRDP = (SessionKind.REMOTE_DESKTOP, ("XRDP_SESSION",))
_TYPES = {
    "x11": SessionKind.DESKTOP,
    "wayland": SessionKind.DESKTOP,
    "mir": SessionKind.DESKTOP,
    "tty": SessionKind.CONSOLE,
}
"""What pam_systemd(8) calls a session's type."""
_NO_SESSION = "4294967295"  # audit's session id of a process that nobody logged in for
_SHOWN = 100
"""Of a name that a file of the system holds."""


def system(root: Root, environment: Mapping[str, str]) -> System:
    """The operating system, by os-release where there is one (os-release(5))."""
    release = assignments(root.text("/etc/os-release") or root.text("/usr/lib/os-release") or "")
    return System(
        kernel=f"{platform.system()} {platform.release()}",
        name=(release.get("PRETTY_NAME") or release.get("NAME") or _own_name())[:_SHOWN],
        distribution=release.get("ID", "")[:_SHOWN].lower(),
        like=tuple(release.get("ID_LIKE", "")[:_SHOWN].lower().split()),
        version=release.get("VERSION_ID", "")[:_SHOWN],
        machine=platform.machine(),
        bits=process_bits(),
        enclosure=_enclosure(root, environment),
    )


def _own_name() -> str:
    if sys.platform == "darwin":
        return f"macOS {platform.mac_ver()[0]}"
    return f"{platform.system()} {platform.version()}"


def _enclosure(root: Root, environment: Mapping[str, str]) -> Enclosure:
    kernel = root.line("/proc/sys/kernel/osrelease").lower()
    if "WSL_DISTRO_NAME" in environment or "microsoft" in kernel:
        return Enclosure.WSL
    marks = ("/.dockerenv", "/run/.containerenv", "/run/systemd/container")
    if "container" in environment or any(root.is_there(mark) for mark in marks):
        return Enclosure.CONTAINER
    return Enclosure.NONE


def session(root: Root, environment: Mapping[str, str], *, terminal: bool) -> Session:
    """How the user came here. `terminal`: one of the standard streams is a terminal."""
    if sys.platform == "win32":
        kind, evidence = _windows(environment)
        return Session(kind, evidence)
    noted = _systemd(root, environment)
    kind, evidence = _kind(environment, noted, terminal=terminal)
    active = noted.get("ACTIVE")
    return Session(kind, evidence, None if active is None else active == "1", os.geteuid() == 0)


def _windows(environment: Mapping[str, str]) -> tuple[SessionKind, str]:
    """Windows names the session of a person; services, and sshd's children, have none."""
    if mark := _first(environment, _SSH):
        return SessionKind.SSH, mark
    if mark := _first(environment, _CI):
        return SessionKind.CI, mark
    name = environment.get("SESSIONNAME", "")
    if name.upper().startswith("RDP-"):
        return SessionKind.REMOTE_DESKTOP, f"SESSIONNAME={name[:_SHOWN]}"
    if name.upper() == "CONSOLE":
        return SessionKind.DESKTOP, "SESSIONNAME=Console"
    return SessionKind.SERVICE, "SESSIONNAME"


def _kind(
    environment: Mapping[str, str], noted: Mapping[str, str], *, terminal: bool
) -> tuple[SessionKind, str]:
    """The environment first: a shell over ssh may have joined a session at the screen (tmux)."""
    for kind, marks in ((SessionKind.CI, _CI), (SessionKind.SSH, _SSH), _XRDP):
        if mark := _first(environment, marks):
            return kind, mark
    service = noted.get("SERVICE", "")[:_SHOWN]
    if "rdp" in service or "vnc" in service:
        return SessionKind.REMOTE_DESKTOP, f"SERVICE={service}"
    if noted.get("REMOTE") == "1":
        return SessionKind.SSH, f"SERVICE={service}"
    shown = noted.get("TYPE") or environment.get("XDG_SESSION_TYPE", "")
    if shown in _TYPES:
        return _TYPES[shown], f"TYPE={shown}"
    return _without_a_session(environment, terminal=terminal)


def _without_a_session(
    environment: Mapping[str, str], *, terminal: bool
) -> tuple[SessionKind, str]:
    if sys.platform == "darwin" and terminal:
        return SessionKind.DESKTOP, ""
    if "INVOCATION_ID" in environment and not terminal:  # systemd.exec(5)
        return SessionKind.SERVICE, "INVOCATION_ID"
    if not terminal:
        return SessionKind.SERVICE, ""
    return SessionKind.UNKNOWN, ""


def _systemd(root: Root, environment: Mapping[str, str]) -> Mapping[str, str]:
    """What logind noted of the session: as `loginctl show-session`, without starting it."""
    for name in (environment.get("XDG_SESSION_ID", ""), root.line("/proc/self/sessionid")):
        if re.fullmatch(r"[A-Za-z0-9]{1,32}", name) and name != _NO_SESSION:
            text = root.text(f"/run/systemd/sessions/{name}")
            if text is not None:
                return assignments(text)
    return {}


def _first(environment: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((name for name in names if environment.get(name)), "")
