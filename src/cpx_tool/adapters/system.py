"""This machine's clock, the user's own places; and what processes leave behind."""

from __future__ import annotations

import ctypes
import os
import signal
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import platformdirs

from cpx_tool.errors import BadInput
from cpx_tool.model.message import msg


def now() -> datetime:
    """Now, in UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def process_bits() -> int:
    """32 or 64, of this very process: what a module must have."""
    return struct.calcsize("P") * 8


def user_cache() -> Path | None:
    """The user's cache directory of this tool; None where the system knows no home."""
    return _own_place(platformdirs.user_cache_dir)


def user_config() -> Path | None:
    """The user's configuration directory of this tool; None where the system knows no home."""
    return _own_place(platformdirs.user_config_dir)


def user_data() -> Path | None:
    """The user's data directory of this tool; None where the system knows no home."""
    return _own_place(platformdirs.user_data_dir)


def user_state() -> Path | None:
    """The user's state directory of this tool; None where the system knows no home."""
    return _own_place(platformdirs.user_state_dir)


def _own_place(find: Callable[[str], str]) -> Path | None:
    try:
        place = Path(find("cpx-tool"))
    except RuntimeError:
        return None
    return place if place.is_absolute() else None  # older versions leave the "~" as it is


def no_home() -> BadInput:
    """The error where one of these directories is needed and not known."""
    return BadInput(
        msg("Your home directory is not known to the system."),
        msg("Set HOME to the absolute path of a directory you may write to."),
    )


_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_SECRETS = ("CPX_PIN", "CPX_P12_PASSWORD")


def keep_no_core() -> None:
    """A crash must not leave a core file with a secret in it.

    Linux heeds the limit only where cores go to files, not to a program (core(5)); a process
    that is not dumpable leaves none at all.
    """
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _prctl(_PR_SET_DUMPABLE, 0)


def limit_memory(size: int) -> None:
    """This process gets no more than `size` bytes of addresses (not on Windows)."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard == resource.RLIM_INFINITY or hard > size:
        with suppress(ValueError, OSError):  # macOS refuses what is below its own use
            resource.setrlimit(resource.RLIMIT_AS, (size, size))


def peak_memory() -> int:
    """The memory of this process at its most, in bytes; 0 on Windows.

    Linux carries ru_maxrss over from the process that started this one; VmHWM is its own.
    """
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return 0
    unit = 1 if sys.platform == "darwin" else 1024  # getrusage(2) of each
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def signal_name(number: int) -> str:
    """The name of a signal ("SIGSEGV"); "signal 35" for one that has none."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def end_with_parent() -> None:
    """A call that hangs would outlive a parent that was killed (Linux only).

    Linux counts the thread that started this process as its parent (prctl(2)): it must live as
    long as its process does.
    """
    if sys.platform == "linux":
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def exchange(one: Path, other: Path) -> bool:
    """Let two paths of one file system change places in one step; False where that cannot be.

    renameat2(2) of Linux: nobody sees one of them missing, and no kill comes in between.
    """
    if sys.platform != "linux":
        return False
    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    if rename is None:  # a C library of before 2018
        return False
    paths = (os.fsencode(one), os.fsencode(other))
    return bool(rename(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], _RENAME_EXCHANGE) == 0)


def lock(descriptor: int) -> None:
    """Lock an open file against other processes. Raises `OSError` while another one has it; it
    ends with the descriptor.
    """
    try:
        import fcntl  # noqa: PLC0415 - not on Windows
    except ImportError:
        import msvcrt  # noqa: PLC0415

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def child_environment() -> dict[str, str]:
    """Our environment without secrets, for the processes we start."""
    return {name: value for name, value in os.environ.items() if name not in _SECRETS}


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
