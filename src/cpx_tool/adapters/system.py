"""The workstation itself: its name, its system, its clock; and what processes leave on it."""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import socket
import sys
from datetime import UTC, datetime

from cpx_tool.model.observation import Workstation


def now() -> datetime:
    """Now, in UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def workstation() -> Workstation:
    """Where this runs."""
    return Workstation(
        host=socket.gethostname(),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=platform.python_version(),
    )


_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
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


def end_with_parent() -> None:
    """A call that hangs would outlive a parent that was killed (Linux only)."""
    if sys.platform == "linux":
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def child_environment() -> dict[str, str]:
    """Our environment without secrets, for the processes we start."""
    return {name: value for name, value in os.environ.items() if name not in _SECRETS}


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
