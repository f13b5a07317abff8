"""The running programs that have to do with readers, through /proc: only what this user may see."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from cpx_tool.adapters.root_files import Root, group_name, user_name
from cpx_tool.model.message import msg
from cpx_tool.model.station import Hold, Holder, Holders, Process, Unknown

SERVICE = "pcscd"
_LIBRARY = "libpcsclite.so"
_MOST_MAPS = 4 * 1024 * 1024


def service_processes(root: Root) -> tuple[Process, ...]:
    """The processes of pcscd: anybody may see these."""
    return tuple(
        replace(process, groups=_groups(root, pid))
        for pid in _pids(root)
        if root.line(f"/proc/{pid}/comm") == SERVICE and (process := _process(root, pid))
    )


def _groups(root: Root, pid: int) -> tuple[str, ...] | None:
    """Its effective group, and the others (proc_pid_status(5)); None where they do not show."""
    text = root.text(f"/proc/{pid}/status") or ""
    own = re.search(r"^Gid:\s+\d{1,10}\s+(\d{1,10})\s", text, re.MULTILINE | re.ASCII)
    others = re.search(r"^Groups:([ \t\d]*)$", text, re.MULTILINE | re.ASCII)
    if own is None or others is None:
        return None
    numbers = dict.fromkeys((own[1], *others[1].split()))
    return tuple(group_name(int(number[:10])) for number in numbers)


def holders(
    root: Root,
    socket: str,
    devices: frozenset[str],
    clients_of: Callable[[str], frozenset[int] | None],
    ours: frozenset[int],
) -> Holders | Unknown:
    """Who is connected to the service at `socket`, has its library loaded, or holds one of the
    USB `devices` ("/dev/bus/usb/001/004"). `ours` are processes of this run.
    """
    pids = _pids(root)
    if not pids:
        return Unknown(msg("The processes of this system cannot be listed."))
    clients = clients_of(socket)
    found: list[Holder] = []
    unseen = 0
    matched: set[int] = set()
    for pid in pids:
        files = _files(root, pid)
        if files is None:
            unseen += bool(root.text(f"/proc/{pid}/cmdline", 1))  # the kernel's threads have none
            continue
        inodes = {inode for link in files if (inode := _inode(link)) is not None}
        connected = inodes & (clients or frozenset())
        matched |= connected
        hold = _hold(root, pid, files & devices, connected)
        process = _process(root, pid) if hold and pid not in ours else None
        if hold and process and process.name != SERVICE:
            found.append(Holder(process, hold))
    unmatched = None if clients is None else len(clients - matched)
    return Holders(tuple(found), unseen, unmatched)


def _hold(root: Root, pid: int, devices: set[str], connected: set[int]) -> Hold | None:
    if devices:
        return Hold.DEVICE
    if connected:
        return Hold.CONNECTED
    maps = root.text(f"/proc/{pid}/maps", _MOST_MAPS) or ""
    return Hold.LOADED if _LIBRARY in maps else None


def _pids(root: Root) -> list[int]:
    return sorted(int(n) for n in root.names("/proc") or () if n.isascii() and n.isdecimal())


def _files(root: Root, pid: int) -> set[str] | None:
    """Where the descriptors of a process lead; None where this user may not see it."""
    names = root.names(f"/proc/{pid}/fd")
    if names is None:
        return None
    return {root.link(f"/proc/{pid}/fd/{name}") for name in names}


def _inode(link: str) -> int | None:
    number = link.removeprefix("socket:[").removesuffix("]")
    return int(number) if number != link and number.isascii() and number.isdecimal() else None


def _process(root: Root, pid: int) -> Process | None:
    """None for one that has ended by now."""
    name = root.line(f"/proc/{pid}/comm")
    try:
        user = user_name(root.path(f"/proc/{pid}").stat().st_uid)
    except OSError:
        return None
    return Process(pid, name, user) if name else None
