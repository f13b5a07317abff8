"""This machine's clock, and what it can be held against. The network is never asked."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime

from cpx_tool.adapters.root_files import Root
from cpx_tool.adapters.system import now
from cpx_tool.model.message import msg
from cpx_tool.model.station import Clock, Unknown

_WRITTEN = (
    "/var/lib/systemd/timesync/clock",
    "/var/lib/dpkg/status",
    "/var/lib/rpm/rpmdb.sqlite",
    "/etc/machine-id",
)
"""Files that the system dates itself. timesyncd keeps the time of its last run in the first."""
_SYNCHRONISED = "/run/systemd/timesync/synchronized"
_STATE_UNSYNCHRONISED = 5  # TIME_ERROR of adjtimex(2)


def clock(
    root: Root,
    environment: Mapping[str, str],
    released: date,
    kernel: Callable[[], bool | None],
) -> Clock:
    """The clock; `kernel` tells whether the kernel calls it synchronised (None: not known)."""
    return Clock(
        now=now(),
        released=released,
        newest=_newest(root),
        synchronised=_synchronised(root, kernel),
        zone=_zone(root, environment),
    )


def _newest(root: Root) -> datetime | None:
    moments = (_written(root, place) for place in _WRITTEN)
    return max((moment for moment in moments if moment is not None), default=None)


def _written(root: Root, place: str) -> datetime | None:
    try:
        seconds = root.path(place).stat().st_mtime
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=0)
    except (OSError, OverflowError, ValueError):
        return None


def _synchronised(root: Root, kernel: Callable[[], bool | None]) -> bool | Unknown:
    if root.is_there(_SYNCHRONISED):  # systemd-timesyncd(8)
        return True
    told = kernel()
    if told is None:
        return Unknown(msg("This system does not tell whether its clock is synchronised."))
    return told


def kernel_synchronised() -> bool | None:
    """What adjtimex(2) says: any NTP program tells the kernel. None where it cannot be asked."""
    if sys.platform != "linux":
        return None
    try:
        ask = ctypes.CDLL(None, use_errno=True).adjtimex
        room = ctypes.create_string_buffer(512)  # struct timex; all zero only reads
        state = int(ask(room))
    except (OSError, AttributeError):
        return None
    if state < 0:
        return None
    return state != _STATE_UNSYNCHRONISED


def _zone(root: Root, environment: Mapping[str, str]) -> str:
    """The zone that is set; "" for none."""
    if environment.get("TZ"):
        return environment["TZ"][:100]
    if sys.platform == "win32":
        return "Windows"
    link = root.link("/etc/localtime")
    if "zoneinfo/" in link:
        return link.partition("zoneinfo/")[2][:100]
    named = root.line("/etc/timezone")[:100]
    return named or ("/etc/localtime" if root.exists("/etc/localtime") else "")
